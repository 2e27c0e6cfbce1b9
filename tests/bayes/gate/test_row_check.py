"""The share of rows with a large Pareto k, on draws that are the posterior's and on draws that are far wider."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from northroute.bayes.checks import Loo, loo
from northroute.bayes.gate.row_check import MAX_SHARE, check_rows, judge, row_name
from northroute.bayes.kernel import batch
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.model import Model, Term
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.places import BYM2
from northroute.bayes.statement.terms.population import Intercept

ROWS = 120
FRAME = pd.DataFrame(
    {
        "unit": np.repeat(["AAA", "BBB", "CCC"], 40),
        "month": np.tile(pd.date_range("2015-01-01", periods=40, freq="MS"), 3),
        "y": np.random.default_rng(5).poisson(4.0, ROWS).astype(float),
    }
)


def draws(assembled: Assembled, sd: float, chains: int = 4, per_chain: int = 1000) -> NDArray[np.float64]:
    """Values, shape (chain, draw, value), of log rates around that of the data."""
    rng = np.random.default_rng(6)
    theta = np.log(FRAME["y"].mean()) + sd * rng.standard_normal((chains * per_chain, assembled.program.dim))
    return np.asarray(batch.values_of(assembled.program, theta)[0]).reshape(chains, per_chain, -1)


@pytest.fixture(scope="module")
def plain() -> Assembled:
    return assemble(Model("plain", "y", dist.Poisson(), (Intercept(),)), FRAME)


def test_draws_of_the_posterior_pass(plain: Assembled) -> None:
    # the posterior of a log rate has sd 1 / sqrt(total)
    check = check_rows(plain, draws(plain, FRAME["y"].sum() ** -0.5))
    assert (check.value, check.limit, check.passed) == (0.0, MAX_SHARE, True)


def test_wide_draws_fail_and_name_the_worst_row_with_a_next_step(plain: Assembled) -> None:
    values = draws(plain, 2.0)
    check = check_rows(plain, values)
    found = loo(batch.log_likelihood(plain.program, values.reshape(4000, -1)[::4]))
    assert check.value == pytest.approx((found.k > found.limit).mean())
    assert check.passed is False
    assert check.parameter == row_name(plain, int(np.argmax(found.k)))
    assert f"{found.failed.size} rows are above 0.67, the worst has {found.k.max():.2f}" in check.advice
    # one coordinate cannot bend to rows
    assert "The model does not expect them" in check.advice


def test_effects_that_bend_to_rows_are_named_as_the_cause() -> None:
    pairs = assemble(
        Model("pairs", "y", dist.Poisson(), (Intercept(), Effects("pair"))), FRAME.assign(pair=np.arange(ROWS) // 2)
    )
    k = np.where(np.arange(ROWS) % 8 == 3, 0.9, 0.2)
    found = Loo(np.full(ROWS, -2.4), np.full(ROWS, -2.0), k, np.zeros(ROWS, bool), 1000)
    # 48 effective parameters of 62 coordinates
    check = judge(found, pairs, np.arange(ROWS))
    assert check.value == pytest.approx(0.125)
    assert check.passed is False
    assert "effects of their own: drop the finest term" in check.advice


def test_outliers_are_the_likelihoods_matter() -> None:
    counts = np.full(ROWS, 4.0)
    counts[7::9] = 400.0  # thirteen rows
    odd = assemble(Model("odd", "y", dist.Poisson(), (Intercept(),)), FRAME.assign(y=counts))
    rng = np.random.default_rng(7)
    theta = np.log(counts.mean()) + rng.standard_normal((1000, 1)) * 0.01
    check = check_rows(odd, batch.values_of(odd.program, theta)[0][None])
    assert check.value == pytest.approx(13 / ROWS)
    assert check.passed is False and check.parameter == "AAA 2015-08"
    assert "heavier tails" in check.advice


def test_rows_are_named_by_what_the_model_has(plain: Assembled) -> None:
    assert row_name(plain, 41) == "BBB 2015-02"
    dateless = assemble(plain.model, FRAME.assign(month=np.full(ROWS, np.datetime64("NaT", "ns"))))
    assert row_name(dateless, 41) == "BBB"
    bare = assemble(Model("bare", "y", dist.Poisson(), (Intercept(),)), FRAME[["y"]])
    assert row_name(bare, 21) == "row 21"
    both = pd.concat([FRAME.assign(outcome="a"), FRAME.assign(outcome="b")])
    joint = assemble(Model("joint", "y", dist.Poisson(), (Intercept(),), response="outcome"), both)
    assert row_name(joint, ROWS) == "b AAA 2015-01"


@pytest.mark.parametrize("term", [Effects("row"), BYM2("row", tuple((f"r{i}", f"r{i + 1}") for i in range(ROWS - 1)))])
def test_an_effect_for_every_row_says_nothing(term: Term) -> None:
    frame = FRAME.assign(row=[f"r{i}" for i in range(ROWS)])
    own = assemble(Model("own", "y", dist.Poisson(), (Intercept(), term)), frame)
    check = check_rows(own, draws(own, 0.1))
    assert check.passed is None and "effect of its own" in str(check)


def test_what_cannot_be_told_is_said(plain: Assembled) -> None:
    short = assemble(plain.model, FRAME.head(99))
    assert "99 rows of counts are too few for a share" in str(check_rows(short, draws(short, 2.0)))
    measures = assemble(Model("measures", "y", dist.Normal(), (Intercept(),)), FRAME)
    assert "0 rows of counts" in str(check_rows(measures, draws(measures, 0.1)))
    few = check_rows(plain, draws(plain, 0.1, chains=1, per_chain=40))
    assert few.passed is None and "40 draws are too few" in str(few)
    missing = check_rows(plain, np.full((4, 100, 1), np.nan))
    assert missing.passed is None and "does not report all effects" in str(missing)
