"""Slopes of one rate on another: known slopes found in both directions, on simulated counts of the real data's size."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from northroute import provenance
from northroute.bayes import BayesFit, Origin, Sampling, fit_model
from northroute.claims import Register, associations, load
from northroute.claims.associations import PAIRS, X
from northroute.claims.inquiries import homicide
from northroute.claims.inquiries import offence_tables as offences
from northroute.claims.inquiry import Job, Tables
from northroute.errors import DataError, MissingDataError
from northroute.sources import tables as sources

VIOLENCE = PAIRS[0]


def fitted(job: Job) -> BayesFit:
    settings = Sampling(draws=job.draws, target_accept=job.target_accept, retries=2)
    return fit_model(job.model, job.frame, settings, origin=Origin(provenance.frame_hash(job.frame), source=job.source))


@pytest.fixture(scope="module")
def tables() -> Tables:
    return sources.load().tables


@pytest.fixture(scope="module")
def register() -> Register:
    return load()


def test_covariates_are_standardised_log_rates(tables: Tables) -> None:
    frame = associations.pair_frame(tables, VIOLENCE)
    assert len(frame) == 17
    assert frame[X].mean() == pytest.approx(0.0, abs=1e-12)
    assert frame[X].std(ddof=0) == pytest.approx(1.0)
    own = frame.set_index("region")
    assert own.loc["KZ-AKM", "count"] == 33 + 95 + 35 + 4 + 0 + 21  # 99, 106, 191, 192, 125, 194
    rate = np.log(offences.summed(tables, ("297",)) / own["population"])
    assert np.corrcoef(rate, own[X])[0, 1] == pytest.approx(1.0)


def test_a_region_without_the_other_offence_is_refused(tables: Tables) -> None:
    none = replace(VIOLENCE, against=("146",))  # no torture was registered in several regions
    with pytest.raises(DataError, match=r"KZ-\w+"):
        associations.pair_frame(tables, none)


@pytest.mark.parametrize("name", ["offences", "annual_seizures", "vdem", "kg_regions"])
def test_a_missing_table_is_refused(tables: Tables, register: Register, name: str) -> None:
    with pytest.raises(MissingDataError, match=name):
        associations.jobs({n: t for n, t in tables.items() if n != name}, register)


def test_a_missing_fit_is_refused(tables: Tables, register: Register) -> None:
    with pytest.raises(MissingDataError, match="O_side_violence"):
        associations.read(associations.jobs(tables, register), {})


def test_the_fit_of_kyrgyz_homicide_is_that_of_the_claim(tables: Tables, register: Register) -> None:
    job = associations.jobs(tables, register)[associations.KYRGYZ]
    pd.testing.assert_frame_equal(job.frame, homicide.panel(tables))


@pytest.mark.parametrize(("slope", "sure"), [(0.5, True), (-0.5, False)])
def test_a_known_slope_over_regions_is_found(tables: Tables, register: Register, slope: float, sure: bool) -> None:
    job = associations.pair_job(tables, register, VIOLENCE)
    rng = np.random.default_rng(20260101)
    frame = offences.simulated_counts(job, rng, slope * job.frame[X].to_numpy(float), 0.1)
    (found,) = associations._regions(fitted(replace(job, frame=frame)), VIOLENCE, {job.model.name: job}, {})
    assert found.low < slope < found.high
    assert (found.probability > 0.95) if sure else (found.probability < 0.05)
    assert found.rows == 17


@pytest.mark.parametrize(("slope", "sure"), [(1.5, True), (-1.5, False)])
def test_a_known_slope_within_countries_is_found(tables: Tables, register: Register, slope: float, sure: bool) -> None:
    """Weights follow the published course of the index; its error of measurement is small beside it here."""
    job = associations.corruption_job(tables, register, "opiates")
    frame, rng = job.frame, np.random.default_rng(20260102)
    key = pd.MultiIndex.from_frame(frame[["iso3", "year"]])
    course = frame[frame["response"] == "course"].set_index(["iso3", "year"])["value"]
    weighed = (frame["response"] == "weight").to_numpy()
    level = frame["iso3"].map({"KAZ": 2.0, "KGZ": 3.0, "TJK": 4.7, "TKM": 3.6, "UZB": 2.8}).to_numpy(float)
    mean = level[weighed] + slope * course.reindex(key[weighed]).to_numpy(float)
    value = frame["value"].to_numpy(float).copy()
    value[weighed] = mean + 0.3 * rng.standard_t(4, weighed.sum())
    made = replace(job, frame=frame.assign(value=value))
    within, between = associations._countries(fitted(made), "opiates", {job.model.name: made})
    assert (within.probability > 0.95) if sure else (within.probability < 0.05)
    assert within.rows == 34
    assert between.rows == 5
    assert between.low < between.median < between.high


def test_probability_is_that_of_being_above_zero() -> None:
    draws = np.array([[-1.0, 1.0, 2.0, 3.0]])
    median, low, high, probability = associations.summed_up(draws)
    assert (median, probability) == (1.5, 0.75)
    assert low < median < high


def test_articles_have_slopes_by_country() -> None:
    specs = associations.articles()
    assert {s.outcome for s in specs.values()} == {"criminal_violence", "drug_incident"}
    assert all(len(s.varying) == 1 and s.month == "country" for s in specs.values())
