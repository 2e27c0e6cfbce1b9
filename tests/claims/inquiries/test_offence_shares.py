"""Shares of registered offences: frames, readings by hand, and worlds in which the answer is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from northroute.claims.inquiries import offence_shares as asked
from northroute.claims.inquiries.models import YES
from northroute.claims.inquiry import REFERENCE, Side
from northroute.errors import DataError
from tests.claims.inquiries.trials import read, register, stated, tables

FUNCTIONS = tuple(asked.INQUIRIES)
SIDES: tuple[Side, ...] = ("true", "threshold", "false")


def _reference(function: str) -> pd.DataFrame:
    frame = stated(asked.INQUIRIES, function)[REFERENCE].job.frame
    return frame[frame["answer"] == YES].set_index("region")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_specifications_are_the_registered_ones(function: str) -> None:
    labels = list(stated(asked.INQUIRIES, function))
    assert labels[0] == REFERENCE
    assert sorted(labels[1:]) == sorted(register().asked(function)[1].variants)


def test_what_is_counted() -> None:
    lethal = _reference("offences.lethal_share")
    assert (lethal["count"].sum(), lethal["total"].sum()) == (517, 5290)
    # Karagandy: 45 murders among 45 + 182 + 141 + 10 + 4 + 34
    assert list(lethal.loc["KZ-KAR", ["yes", "total", "open_robbery"]]) == [45, 416, 141]
    assert _reference("offences.violence_share")["total"].sum() == 155200
    groups = _reference("offences.several_people")
    assert (groups["yes"].sum(), groups["total"].sum()) == (294, 947)
    arms = _reference("offences.arms_with_drugs")
    assert (arms["yes"].sum(), arms["total"].sum()) == (0, 6293)
    assert (arms["other_yes"].sum(), arms["other_total"].sum()) == (250, 155200 - 6293)


def test_all_deaths_are_counted_among_what_can_cause_them() -> None:
    frame = stated(asked.INQUIRIES, "offences.lethal_share")["all deaths caused by offences"].job.frame
    rows = frame[frame["answer"] == YES]
    # 517 murders, 367 deaths by grievous harm, 26 others, which are no part of the violent offences
    assert (rows["yes"].sum(), rows["total"].sum()) == (910, 5290 + 26)


def test_almaty_is_left_out() -> None:
    frame = stated(asked.INQUIRIES, "offences.several_people")["without Almaty"].job.frame
    assert frame["region"].nunique() == 16
    assert "KZ-ALA" not in set(frame["region"])


def test_a_part_larger_than_its_whole_is_refused() -> None:
    with pytest.raises(DataError, match="are said to be a part of"):
        asked.part_of(tables(), ("191",), ("192",))


def test_an_offence_that_is_not_there_is_refused() -> None:
    frame = tables()["offences"].frame
    table = replace(tables()["offences"], frame=frame[frame["article"] != "297"])
    with pytest.raises(DataError, match="article '297'"):
        asked.armed({**tables(), "offences": table}, ("297",))


def test_the_national_share_weighs_the_regions() -> None:
    own = np.array([[[0.2, 0.5]]])
    np.testing.assert_allclose(asked.national(own, np.array([30.0, 10.0])), 0.275)


def test_the_share_when_some_of_the_others_are_left_out() -> None:
    # 10 of 100; two thirds of the other 90 are left out: 10 of 40
    assert asked.left_out(np.array(0.1), np.array(1 / 3)) == pytest.approx(0.25)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_worlds_are_told_apart(function: str) -> None:
    probability = {side: read(asked.INQUIRIES, function, side)[0] for side in SIDES}
    assert probability["true"] > 0.95
    assert 0.02 < probability["threshold"] < 0.98
    assert probability["false"] < 0.05


def test_what_is_read() -> None:
    _, values = read(asked.INQUIRIES, "offences.several_people", "true")
    share, own = values["share of ended sale cases by a group"], values["the same, of the regions themselves"]
    # 17 regions of concentration 60: the mean is known to 0.02
    assert np.median(share.draws) == pytest.approx(0.7, abs=0.06)
    assert own.draws.std() < share.draws.std()
    assert share.region == (0.5, None)
    assert own.region == (None, None)
