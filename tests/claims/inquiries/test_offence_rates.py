"""Rates of registered offences: frames, readings by hand, and worlds in which the answer is known."""

import numpy as np
import pytest

from northroute.claims.inquiries import offence_rates as asked
from northroute.claims.inquiries import offence_tables as offences
from northroute.claims.inquiry import REFERENCE, Reader, Side, held
from tests.claims.inquiries.trials import fit, read, register, simulated, stated, tables

FUNCTIONS = tuple(asked.INQUIRIES)
SIDES: tuple[Side, ...] = ("true", "threshold", "false")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_specifications_are_the_registered_ones(function: str) -> None:
    labels = list(stated(asked.INQUIRIES, function))
    assert labels[0] == REFERENCE
    assert sorted(labels[1:]) == sorted(register().asked(function)[1].variants)


def test_what_is_counted() -> None:
    kinds = stated(asked.INQUIRIES, "offences.state_over_criminal")
    by_kind = kinds[REFERENCE].job.frame.groupby("kind")["count"].sum()
    assert by_kind.to_dict() == {"complaints": 246, "violence": 5290}
    mild = kinds["without extortion"].job.frame.groupby("kind")["count"].sum()
    assert mild["violence"] == 5290 - 350
    torture = kinds["torture and coerced testimony only"].job.frame.groupby("kind")["count"].sum()
    assert torture["complaints"] == 98
    border = stated(asked.INQUIRIES, "offences.russian_border")
    assert border["possession (296)"].job.frame["count"].sum() == 4232
    assert border["smuggling (286)"].job.frame["count"].sum() == 284


def test_drug_offences_are_no_part_of_other_crime() -> None:
    frame = asked.crime_frame(tables(), offences.SALE).set_index("region")
    x = frame["log_crime"].to_numpy()
    assert x.mean() == pytest.approx(0, abs=1e-12)
    assert x.std() == pytest.approx(1)
    three = frame.loc[["KZ-AKM", "KZ-ALA", "KZ-KZY"]]
    raw = np.log(np.array([5317 - 257, 34891 - 537, 3164 - 224]) / three["population"].to_numpy())
    got = three["log_crime"].to_numpy()
    # linear in the log rate
    assert (got[1] - got[0]) / (raw[1] - raw[0]) == pytest.approx((got[2] - got[0]) / (raw[2] - raw[0]))


def test_the_ratio_of_the_regions_themselves_leaves_out_what_stands_apart() -> None:
    own = np.log(np.array([[[4.0, 8.0, 1.0, 3.0, 100.0]]]))
    inside, among = np.array([1.0, 1, 0, 0, 0]), np.array([1.0, 1, 1, 1, 0])
    np.testing.assert_allclose(asked.contrasted(own, inside, among), 6 / 2)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_worlds_are_told_apart(function: str) -> None:
    probability = {side: read(asked.INQUIRIES, function, side)[0] for side in SIDES}
    assert probability["true"] > 0.95
    assert 0.02 < probability["threshold"] < 0.98
    assert probability["false"] < 0.05


def test_variants_read_the_same_world_alike() -> None:
    reference, job = simulated(asked.INQUIRIES, "offences.russian_border", "true")
    reader = Reader(fit(job))
    own = stated(asked.INQUIRIES, "offences.russian_border")["ratio of the regions themselves"]
    assert held(own.read(reader, job)) > 0.95
    values = reference.read(reader, job)
    rows = job.frame[job.frame["city"] == 0]
    rate = rows["count"] / rows["population"]
    by_hand = rate[rows["border"] == 1].mean() / rate[rows["border"] == 0].mean()
    # counts near a hundred say the regions' own rates well
    assert np.median(values["ratio of the regions themselves"].draws) == pytest.approx(by_hand, rel=0.04)
    prior = reference.read(Reader(reader.fit, "prior"), job)
    assert (prior["rate ratio, border to other oblasts"].draws < 1).mean() == pytest.approx(0.5, abs=0.03)


def test_complaints_that_exceed_violence_nowhere_and_everywhere() -> None:
    label = "share of regions where complaints exceed violence"
    spread = stated(asked.INQUIRIES, "offences.state_over_criminal")[label]
    sides: tuple[tuple[Side, float], ...] = (("true", 1.0), ("false", 0.0))
    for side, expected in sides:
        _, job = simulated(asked.INQUIRIES, "offences.state_over_criminal", side)
        assert held(spread.read(Reader(fit(job)), job)) == pytest.approx(expected, abs=0.05)
