"""Rates by country and region: frames by hand, rates near the raw ones, reasons where there is no number."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from northroute import provenance
from northroute.bayes import BayesFit, Origin, Sampling, fit_model
from northroute.claims import Register, load, rate_models, rates
from northroute.claims import measures as of
from northroute.claims.inquiry import Job, Tables
from northroute.claims.measures import Measure, Rate
from northroute.conventions import COUNTRIES, DEFAULT_SEED
from northroute.errors import DataError, MissingDataError
from northroute.sources import tables as sources


def fitted(job: Job) -> BayesFit:
    settings = Sampling(draws=job.draws, target_accept=job.target_accept, retries=2)
    return fit_model(job.model, job.frame, settings, origin=Origin(provenance.frame_hash(job.frame), source=job.source))


@pytest.fixture(scope="module")
def tables() -> Tables:
    return sources.load().tables


@pytest.fixture(scope="module")
def register() -> Register:
    return load()


@pytest.fixture(scope="module")
def jobs(tables: Tables, register: Register) -> dict[str, Job]:
    return rate_models.jobs(tables, register)


@pytest.fixture(scope="module")
def found(tables: Tables, register: Register, jobs: Mapping[str, Job]) -> rates.Rates:
    return rates.read(tables, register, jobs, {name: fitted(job) for name, job in jobs.items()}, DEFAULT_SEED)


def of_country(found: rates.Rates, measure: Measure, place: str) -> Rate:
    (own,) = [r for r in found.countries if r.measure == measure and r.place == place]
    return own


def by_place(found: rates.Rates, measure: Measure, country: str) -> dict[str, Rate]:
    return {r.place: r for r in found.regions if r.measure == measure and r.country == country}


def test_offences_are_the_forms(tables: Tables) -> None:
    frame = rate_models.offence_frame(tables)
    total = frame.groupby(rate_models.KIND)["count"].sum()
    assert total["drug offences"] == 6293  # the form's own total of 2022
    assert total["drug sale (297)"] == 1619
    assert total["complaints"] == 98 + 148  # articles 146 and 362
    assert total["corruption offences"] == 1498
    assert len(frame) == 5 * 17
    per = rate_models.per_100_000(frame)
    np.testing.assert_allclose(frame["count"] / frame["exposure"] * per, frame["count"] / frame["population"] * 1e5)


def test_weights_are_per_million_and_leave_plants_out(tables: Tables) -> None:
    frame = rate_models.weight_frame(tables).set_index(["iso3", "year", "group"])
    people = tables["population"].frame.set_index(["iso3", "year"])["population"]
    kazakh = frame.xs(("KAZ", 2015, "opiates"))
    assert kazakh["kg"] == pytest.approx(464.0, abs=0.1)
    assert kazakh["log_weight"] == pytest.approx(np.log(464.0 / (people["KAZ", 2015] / 1e6)), abs=1e-3)
    # TJK 2016: herb 617.3, resin 2,108.7, ecstasy 3.9, other 21.4; its 254,789 kg of plants are 0.1 kg each by convention
    assert frame.xs(("TJK", 2016, "others"))["kg"] == pytest.approx(617.3 + 2108.7 + 3.9 + 21.4, rel=1e-3)
    turkmen = frame.loc["TKM"].index.get_level_values("year")
    assert sorted(set(turkmen)) == [2015, 2016]


def test_single_seizures_count_placed_and_unplaced(tables: Tables) -> None:
    frame = rate_models.single_frame(tables).set_index(["iso3", "year"])["count"]
    assert len(frame) == 16  # reporting country-years: 4 + 2 + 3 + 1 + 6
    assert frame["UZB", "2011"] == 177
    assert frame["TKM", "2011"] == 99


def test_perception_is_standardised(tables: Tables) -> None:
    frame = rate_models.perception_frame(tables)
    assert len(frame) == 9 * 8
    assert abs(frame["value"].mean()) < 1e-12
    assert frame["value"].std(ddof=0) == pytest.approx(1.0)
    row = frame[(frame["region"] == "KG-B") & (frame["year"] == "2015")].iloc[0]
    assert row["index"] == pytest.approx(34.2, abs=0.05)
    assert row["centre"] + row["scale"] * row["value"] == pytest.approx(row["index"])


def test_a_year_that_is_missing_is_refused(tables: Tables) -> None:
    table = tables["kg_regions"]
    gone = (table.frame["region"] == "KG-N") & (table.frame["year"] == 2019)
    with pytest.raises(DataError, match="corruption perception of 2019 is missing"):
        rate_models.perception_frame({**tables, "kg_regions": replace(table, frame=table.frame[~gone])})


def test_an_index_outside_its_scale_is_refused(tables: Tables) -> None:
    table = tables["kg_regions"]
    own = (table.frame["region"] == "KG-N") & (table.frame["series"] == "corruption_perception")
    frame = table.frame.assign(value=table.frame["value"].mask(own, 101.0))
    with pytest.raises(DataError, match="outside -100 to 100"):
        rate_models.perception_frame({**tables, "kg_regions": replace(table, frame=frame)})


@pytest.mark.parametrize(
    "name", ["offences", "kg_regions", "uz_regions", "placed_seizures", "annual_seizures", "homicide"]
)
def test_a_missing_table_is_refused(tables: Tables, register: Register, name: str) -> None:
    fewer = {n: t for n, t in tables.items() if n != name}
    with pytest.raises(MissingDataError, match=name):
        rate_models.jobs(fewer, register)


def test_a_missing_fit_is_refused(tables: Tables, register: Register, jobs: Mapping[str, Job]) -> None:
    with pytest.raises(MissingDataError, match="O_rates_offences"):
        rates.read(tables, register, jobs, {}, DEFAULT_SEED)


def test_the_fit_of_homicide_is_that_of_the_claim(jobs: Mapping[str, Job]) -> None:
    assert jobs[rate_models.KILLED].model.name == "I_C29_homicide"


def test_rates_of_offences_are_near_the_raw_ones(found: rates.Rates, tables: Tables) -> None:
    frame = rate_models.offence_frame(tables)
    own = frame[frame[rate_models.KIND] == "drug offences"].set_index("region")
    raw = own["count"] / own["population"] * 1e5
    shown = by_place(found, of.DRUG_OFFENCES, "KAZ")
    assert len(shown) == 17
    for region, rate in shown.items():
        assert rate.low < raw[region] < rate.high, region
        assert rate.median == pytest.approx(raw[region], rel=0.05)
    whole = of_country(found, of.DRUG_OFFENCES, "KAZ")
    assert whole.median == pytest.approx(6293 / own["population"].sum() * 1e5, rel=0.01)
    # counts of 6,293 have a relative standard error of 1.3 %; a beta of 89 % is 3.2 of them wide
    assert (whole.high - whole.low) / whole.median == pytest.approx(3.2 / np.sqrt(6293), rel=0.15)


def test_homicide_and_perception_of_kyrgyz_regions_are_near_the_raw_ones(found: rates.Rates, tables: Tables) -> None:
    frame = tables["kg_regions"].frame
    people = tables["region_population"].frame
    chuy = frame[
        (frame["region"] == "KG-C") & (frame["series"] == "homicide_victims") & frame["year"].between(2014, 2022)
    ]
    population = people[(people["region"] == "KG-C") & (people["year"] == 2020)]["population"].item()
    rate = by_place(found, of.VICTIMS, "KGZ")["KG-C"]
    assert rate.years == (2014, 2022)
    assert rate.median == pytest.approx(chuy["value"].mean() / population * 1e5, rel=0.05)
    index = by_place(found, of.PERCEPTION, "KGZ")
    raw = frame[(frame["series"] == "corruption_perception") & frame["year"].between(2015, 2022)]
    for region, own in raw[raw["region"] != "KG"].groupby("region"):
        assert index[str(region)].low < own["value"].mean() < index[str(region)].high
        assert index[str(region)].low > -100
    assert max(index, key=lambda r: index[r].median) == "KG-B"
    assert min(index, key=lambda r: index[r].median) == "KG-GB"


def test_seizures_of_regions_are_near_the_raw_ones(found: rates.Rates, jobs: Mapping[str, Job]) -> None:
    frame = jobs[rate_models.REGION_SEIZURES].frame.set_index("region")
    own = by_place(found, of.SINGLE, "UZB")
    raw = frame["count"] / frame["person_years"] * 1e5
    assert own["UZ-SU"].median == pytest.approx(raw["UZ-SU"], rel=0.03)
    assert own["UZ-SU"].median > 4 * own["UZ-SA"].median
    assert own["UZ-AN"].years == (2011, 2016)
    assert "recalled" not in own["UZ-AN"].note
    assert all("recalled" in r.note for c in ("TJK", "TKM") for r in by_place(found, of.SINGLE, c).values())
    # one seizure alone: the interval reaches far, and never to zero
    assert 0 < own["UZ-AN"].low < raw["UZ-AN"] < own["UZ-AN"].high
    assert {c: len(by_place(found, of.SINGLE, c)) for c in COUNTRIES} == {
        "KAZ": 17,
        "KGZ": 9,
        "TJK": 5,
        "TKM": 6,
        "UZB": 14,
    }


def test_weights_of_countries_are_of_a_typical_year(found: rates.Rates, tables: Tables) -> None:
    frame = rate_models.weight_frame(tables)
    tajik = frame[(frame["iso3"] == "TJK") & (frame["group"] == "opiates")]
    rate = of_country(found, of.OPIATES, "TJK")
    assert rate.median == pytest.approx(np.exp(tajik["log_weight"].median()), rel=0.15)
    assert of_country(found, of.OPIATES, "TKM").note == "2 years reported"
    # two years and partial pooling: wider than eight
    turkmen = of_country(found, of.OPIATES, "TKM")
    assert turkmen.high / turkmen.low > 1.5 * rate.high / rate.low


def test_indices_stay_on_their_scales(found: rates.Rates) -> None:
    for country in COUNTRIES:
        executive, embedded = (of_country(found, m, country) for m in (of.EXECUTIVE, of.EMBEDDED))
        assert 0 < executive.low < executive.median < executive.high < 1
        assert 1 <= embedded.low < embedded.high <= 10
    assert of_country(found, of.EXECUTIVE, "TJK").median == pytest.approx(0.921, abs=0.02)


def test_what_is_not_reported_has_its_reason(found: rates.Rates) -> None:
    absent = [r for r in found.countries if not r.reported]
    assert all(r.note and r.years == (0, 0) for r in absent)
    assert "2015" in of_country(found, of.HOMICIDE, "TKM").note
    assert "register" in of_country(found, of.DRUG_OFFENCES, "TJK").note
    assert "not fitted" in of_country(found, of.COERCION, "KAZ").note  # no fit of articles was given here
    assert not found.refused


def test_every_measure_has_every_country_once(found: rates.Rates) -> None:
    keys = [(r.measure, r.place) for r in found.countries]
    assert len(keys) == len(set(keys))
    assert {p for _, p in keys} == set(COUNTRIES)
    assert len(keys) == 5 * len({m for m, _ in keys})


def test_a_rate_says_what_it_is(found: rates.Rates) -> None:
    (chuy,) = [r for r in found.regions if r.place == "KG-C" and r.measure == of.VICTIMS]
    assert (chuy.name, chuy.years, chuy.source) == ("Chuy", (2014, 2022), "O_rates_homicide")
    assert (chuy.measure.kind, chuy.measure.grade, chuy.measure.construct) == ("O", "B", "criminal violence")
    assert all(np.isfinite([r.median, r.low, r.high]).all() for r in found.regions)
