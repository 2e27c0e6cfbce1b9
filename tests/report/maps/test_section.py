"""The maps of the page: which are drawn, what they say, and what is refused."""

from dataclasses import replace

import pandas as pd
import pytest
from matplotlib.figure import Figure

from northroute.claims import measures as of
from northroute.claims.measures import Measure, Rate
from northroute.errors import DataError, MissingDataError
from northroute.report.maps import section as map_sections
from northroute.report.maps.section import EventMap
from northroute.sources import boundaries, regions
from northroute.sources.boundaries import Boundaries


@pytest.fixture(scope="module")
def outlines() -> Boundaries:
    return boundaries.load()


def rates_of(country: str, measure: Measure, years: tuple[int, int] = (2022, 2022)) -> list[Rate]:
    frame = regions.load("first-level").frame
    own = frame[frame["iso3"] == country]
    return [
        Rate(str(r), str(n), country, measure, years, 10.0 + i, 8.0 + i, 13.0 + i, "a fit")
        for i, (r, n) in enumerate(zip(own["region"], own["name"], strict=True))
    ]


def test_a_map_for_every_measure_that_is_there(outlines: Boundaries) -> None:
    rates = [
        *rates_of("KAZ", of.DRUG_OFFENCES),
        *rates_of("KGZ", of.VICTIMS, (2014, 2022)),
        *rates_of("TJK", of.SINGLE),
    ]
    section = map_sections.section(rates, outlines)
    assert [p.name for p in section.figures] == ["map_drug_offences_kazakhstan", "map_homicide_kyrgyzstan"]
    homicide = section.figures[1]
    assert "Kyrgyzstan 2014–2022, grade B" in homicide.caption
    assert "not violence of criminal groups" in homicide.caption
    assert "9 regions" in homicide.alt
    assert isinstance(homicide.draw(), Figure)
    assert any("northroute events build" in p for p in section.paragraphs)


def test_all_six_maps_have_their_own_name_and_warning() -> None:
    assert len({m.name for m in map_sections.MAPS}) == 6
    assert all(m.beware.endswith(".") for m in map_sections.MAPS)


def test_values_are_those_of_one_measure_and_country() -> None:
    rates = [*rates_of("KAZ", of.VIOLENT), *rates_of("KAZ", of.DRUG_OFFENCES), *rates_of("UZB", of.SINGLE)]
    table = map_sections.values(rates, "KAZ", of.VIOLENT)
    assert len(table) == 17
    assert table.to_numpy()[0].tolist() == [10.0, 8.0, 13.0]
    assert map_sections.values(rates, "KGZ", of.VIOLENT).empty


def test_a_region_twice_is_refused() -> None:
    rates = rates_of("KAZ", of.VIOLENT)
    with pytest.raises(DataError, match="two rates"):
        map_sections.values([*rates, rates[0]], "KAZ", of.VIOLENT)


def test_no_rate_at_all_is_refused(outlines: Boundaries) -> None:
    with pytest.raises(MissingDataError, match="No region has a rate"):
        map_sections.section(rates_of("TJK", of.SINGLE), outlines)


def test_the_briefs_maps_are_drawn_where_events_are(outlines: Boundaries) -> None:
    names = [str(r) for r in regions.load("first-level").frame["region"]]
    counts = pd.Series([float(i) for i in range(len(names))], index=names)
    middle = pd.Series([1.0 + i for i in range(len(names))], index=pd.Index(names, name="region"))
    table = pd.DataFrame({"median": middle, "low": 0.8 * middle, "high": 1.2 * middle})
    event = EventMap(counts, table, "incidents per 1,000 events", simulated=True)
    section = map_sections.section(rates_of("KAZ", of.DRUG_OFFENCES), outlines, state_violence=event)
    last = section.figures[-1]
    assert last.name == "map_1_state_violence"
    assert "SIMULATED" in last.alt
    assert "2015–2021" in last.alt
    assert isinstance(last.draw(), Figure)
    text = " ".join(section.paragraphs)
    assert "maps (drug-related incidents" in text
    assert "state violence" not in text


def test_a_changed_number_changes_the_key(outlines: Boundaries) -> None:
    rates = rates_of("KAZ", of.VIOLENT)
    other = [*rates[:-1], replace(rates[-1], median=26.5)]
    first, second = (map_sections.section(r, outlines).figures[0].key for r in (rates, other))
    assert first != second
