"""Separated rows of hand-written data, as ppmlhdfe's primer has them: which rows, why, and what the fit does."""

import numpy as np
import pandas as pd
import pytest

from northroute.errors import ModelError
from northroute.frequentist import conditional_poisson, negative_binomial, poisson, regression
from northroute.frequentist.checks import separated, singletons
from northroute.frequentist.design import design
from northroute.frequentist.separation import RECTIFIER, SINGLETON, ZERO_LEVEL, prune


def _prune(table: pd.DataFrame, formula: str) -> tuple[list[int], set[str]]:
    found = prune(design(table, regression(formula)))
    return np.flatnonzero(~found.keep).tolist(), set(found.reason[~found.keep])


def test_covariate_zero_wherever_counts_are_positive() -> None:
    # x is 0 at every positive count and positive at rows 0 and 1: its coefficient would go to minus infinity
    table = pd.DataFrame({"y": [0, 0, 0, 1, 2, 3], "x": [2, 1, 0, 0, 0, 0], "z": [1.0, 5, 2, 4, 3, 6]})
    rows, reasons = _prune(table, "y ~ x + z")
    assert rows == [0, 1]
    assert reasons == {RECTIFIER}
    with pytest.raises(ModelError, match=r"\['x'\] is collinear"):  # nothing of x is left once they are gone
        poisson(table, "y ~ x + z")


def test_no_separation_when_signs_differ() -> None:
    table = pd.DataFrame({"y": [0, 0, 0, 1, 2, 3], "x": [2, -1, 0, 0, 0, 0], "z": [1.0, 5, 2, 4, 3, 6]})
    assert _prune(table, "y ~ x + z")[0] == []


def test_combination_of_two_covariates() -> None:
    # a and b vary at the positive counts, a - b is zero there, and positive at the first two rows only
    table = pd.DataFrame({"y": [0, 0, 0, 2, 1, 3, 4], "a": [3.0, 2, 1, 1, 2, 0.5, 3], "b": [1.0, 1.5, 1, 1, 2, 0.5, 3]})
    rows, reasons = _prune(table, "y ~ a + b")
    assert rows == [0, 1]
    assert reasons == {RECTIFIER}


def test_level_with_zeros_only_and_singletons_cascade() -> None:
    table = pd.DataFrame(
        {
            "y": [0, 0, 1, 2, 3, 1, 5],
            "unit": ["a", "a", "b", "b", "c", "c", "d"],
            "time": [1, 2, 1, 2, 1, 2, 3],
            "x": [0.1, 0.5, 0.2, 0.9, 0.4, 0.3, 0.8],
        }
    )
    found = prune(design(table, regression("y ~ x | unit + time")))
    assert found.reason.tolist() == [ZERO_LEVEL, ZERO_LEVEL, "", "", "", "", SINGLETON]
    assert found.detail[0] == "unit"


def test_covariate_with_effects() -> None:
    # within units, x moves only at zero counts of unit b: separated by x and the effect together
    table = pd.DataFrame(
        {
            "y": [1, 2, 3, 4, 0, 2, 1, 3],
            "unit": list("aaaabbbb"),
            "x": [0.0, 0, 0, 0, 1, 0, 0, 0],
            "z": [0.3, 0.1, 0.7, 0.2, 0.4, 0.9, 0.5, 0.6],
        }
    )
    rows, reasons = _prune(table, "y ~ x + z | unit")
    assert rows == [4]
    assert reasons == {RECTIFIER}


def test_dropping_separated_rows_leaves_the_other_slopes(regions_frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    table = regions_frame.assign(flag=0.0)
    zeros = table.index[(table["drug_incident"] == 0).to_numpy()]
    chosen = rng.choice(zeros, 12, replace=False)
    table.loc[chosen, "flag"] = 1.0
    formula = "drug_incident ~ interdiction + flag | unit + month"
    found = poisson(table, formula, on_collinear="drop")
    without = poisson(table.drop(index=list(chosen)), "drug_incident ~ interdiction | unit + month")
    assert found.dropped == {RECTIFIER: 12}
    assert found.collinear == ("flag",)
    assert found.coef[0] == pytest.approx(without.coef[0], rel=1e-7)
    check = separated(table, formula, show=("unit", "month"))
    assert check.passed is False
    assert set(check.table["row"]) == set(chosen)
    assert set(check.table["source"]) == {"SIMULATED"}
    assert "flag" in check.sentence


def test_all_zero_unit_is_counted_or_refused(groups: pd.DataFrame) -> None:
    table = groups[groups["g"] < 40].assign(y=lambda d: d["y"].where(d["g"] != 3, 0))
    empty = table.groupby("g")["y"].sum().eq(0).sum()
    assert poisson(table, "y ~ x | g").dropped == {ZERO_LEVEL: 5 * empty}
    assert conditional_poisson(table, "y ~ x", group="g").dropped == {ZERO_LEVEL: 5 * empty}
    with pytest.raises(ModelError, match=r"no finite estimate.*on_separated='drop'"):
        negative_binomial(table, "y ~ x | g")
    with pytest.raises(ModelError, match=r"zero: g\)\. Drop them"):
        poisson(table, "y ~ x | g", on_separated="refuse")


def test_singletons_are_listed() -> None:
    table = pd.DataFrame({"y": [1, 2, 3, 4, 9], "u": list("aabbc"), "x": [0.1, 0.4, 0.2, 0.6, 0.5]})
    check = singletons(table, "y ~ x | u")
    assert check.table["row"].tolist() == [4]
    assert "alone in a level" in check.sentence
