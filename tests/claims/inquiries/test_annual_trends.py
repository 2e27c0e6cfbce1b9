"""Annual seizures in time: frames of the real tables, readings by hand, and worlds in which the answer is known."""

import numpy as np
import pytest

from northroute.claims.inquiries import annual_trends
from northroute.claims.inquiry import REFERENCE
from northroute.errors import ModelError
from tests.claims.inquiries.seizure_trials import as_registered, given, probability, register, stated, tables

INQUIRIES = annual_trends.INQUIRIES
TALIBAN, SYNTHETICS = INQUIRIES


@pytest.mark.parametrize("function", INQUIRIES)
def test_the_specifications_are_the_registered_ones(function: str) -> None:
    assert as_registered(INQUIRIES, function)


@pytest.mark.parametrize("function", INQUIRIES)
def test_worlds_are_told_apart(function: str) -> None:
    assert probability(INQUIRIES, function, "true") > 0.95
    assert 0.02 < probability(INQUIRIES, function, "threshold") < 0.98
    assert probability(INQUIRIES, function, "false") < 0.05


def test_before_and_after_of_the_real_table() -> None:
    frame = stated(INQUIRIES, TALIBAN)[REFERENCE].job.frame
    assert set(frame["year"]) == set(range(2015, 2024)) - {2021}
    row = frame[(frame["iso3"] == "TJK") & (frame["year"] == 2023) & (frame["drug"] == "heroin")].iloc[0]
    assert (row["after"], row["after_near"]) == (1.0, 1.0)
    assert row["value"] == pytest.approx(np.log(4.225), abs=1e-3)
    gram = frame[(frame["iso3"] == "KGZ") & (frame["year"] == 2023) & (frame["drug"] == "methamphetamine")].iloc[0]
    assert gram["value"] == pytest.approx(np.log(0.5 / 100))  # a gram counts as half a kilogram
    assert gram["after_near"] == 0.0
    asked = register().asked(TALIBAN)[1]
    with pytest.raises(ModelError, match="not reported on both sides"):
        annual_trends.interrupted(tables(), asked, after=range(2030, 2031))


def test_synthetics_of_the_real_table() -> None:
    frame = stated(INQUIRIES, SYNTHETICS)[REFERENCE].job.frame
    assert frame["year"].tolist() == [2015, 2018, 2019, 2020, 2021, 2022]  # no synthetic drug reported in the others
    assert frame["value"].mean() == pytest.approx(0, abs=1e-12)
    assert frame["known_sd"].max() == pytest.approx(1.0, abs=0.1)  # 2019 is a printed zero
    assert stated(INQUIRIES, SYNTHETICS)["without 2022"].job.frame["year"].max() == 2021
    job = stated(INQUIRIES, SYNTHETICS)[REFERENCE]
    values = job.read(given(slope={"covariate": {"time": 2.0}}), job.job)
    per_year = 2.0 / np.std([2015, 2018, 2019, 2020, 2021, 2022])
    assert values["yearly trend of the log odds of synthetic drugs"].draws.item() == pytest.approx(per_year)
    with pytest.raises(ModelError, match="2 years report synthetic drugs; a trend needs three"):
        annual_trends.synthetic_share(tables(), register().asked(SYNTHETICS)[1], last=2018)
