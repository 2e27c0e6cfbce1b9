"""The maps of the page: which are drawn, what they say, and what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure

from northroute.claims import measures as of
from northroute.claims.measures import Measure, Rate
from northroute.errors import DataError, GateError, MissingDataError
from northroute.report import maps
from northroute.report.maps import section as map_sections
from northroute.report.maps.section import EventMap
from northroute.sources import boundaries, regions
from northroute.sources.boundaries import Boundaries
from tests.report import made_up


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
    assert [p.name for p in section.figures] == [
        *("map_regions", "map_drug_offences_kazakhstan", "map_homicide_kyrgyzstan")
    ]
    homicide = section.figures[2]
    assert "Kyrgyzstan 2014–2022, grade B" in homicide.caption
    assert "not violence of criminal groups" in homicide.caption
    assert "9 regions" in homicide.alt
    assert homicide.narrow is not None
    wide, tall = homicide.draw(), homicide.narrow()
    assert tall.get_figwidth() < 6 < 10 < wide.get_figwidth()
    assert tall.get_figheight() > wide.get_figheight()
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
    first, second = (map_sections.section(r, outlines).figures[1].key for r in (rates, other))
    assert first != second


def test_the_first_map_says_where_hubs_and_corridor_lie(outlines: Boundaries) -> None:
    first = map_sections.orientation(outlines)
    assert "51 regions" in first.alt
    hubs, corridor = first.alt.split("Hatched")
    assert "Gorno-Badakhshan" in hubs and "Balkan" in hubs and "Mangystau" not in hubs
    assert "Mangystau" in corridor and "Balkan" not in corridor
    assert first.narrow is not None and first.narrow().get_figwidth() < 6


def test_simulated_rates_are_marked(outlines: Boundaries) -> None:
    picture = map_sections.simulated_rates(made_up.site().region_rates, outlines)
    assert picture.alt.startswith("SIMULATED") and picture.caption.startswith("SIMULATED")
    assert "Shymkent" in picture.alt or "51 regions" in picture.alt
    assert picture.narrow is not None
    for figure in (picture.draw(), picture.narrow()):
        texts = [t.get_text() for t in figure.texts]
        assert "SIMULATED" in texts
        assert any("Shymkent" in t.get_text() for axes in figure.axes for t in axes.texts)


def test_posterior_rates_are_those_of_the_draws() -> None:
    draws = np.random.default_rng(5).normal(size=(2, 100, 2, 2))
    level = xr.DataArray(
        draws,
        dims=("chain", "draw", "outcome", "unit"),
        coords={"outcome": ["drug_incident", "state_violence"], "unit": ["KZ-SHY", "KZ-YUZ"]},
    )
    made = replace(
        made_up.fit("levels", simulated=True),
        tree=xr.DataTree.from_dict({"posterior": level.to_dataset(name="unit_level")}),
    )
    table = maps.posterior(made, "drug_incident")
    assert list(table.index) == ["KZ-SHY", "KZ-YUZ"]
    own = np.exp(draws[:, :, 0, 1]).ravel()
    assert table.loc["KZ-YUZ"].to_numpy() == pytest.approx(np.quantile(own, [0.5, 0.055, 0.945]))
    refused = replace(made_up.fit("levels", passed=False), tree=made.tree)
    with pytest.raises(GateError):
        maps.posterior(refused, "drug_incident")
