"""Rows that a model does not expect, on draws that are the posterior's and on draws that are far wider."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.typing import NDArray

from northroute.bayes import Model
from northroute.bayes.calibration.gate_rates import cases
from northroute.bayes.checks import loo
from northroute.bayes.coordinates import centring
from northroute.bayes.engine import attempts
from northroute.bayes.gate.row_check import DRAWS, MAX_SHARE, LeftOut, check_rows, judge, row_name, scalar_name
from northroute.bayes.gate.single_row import MAX_SHIFT, check_single_rows
from northroute.bayes.kernel import batch
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.samplers.draws import Draws
from northroute.bayes.samplers.settings import Sampling
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept

ROWS = 120
FRAME = pd.DataFrame(
    {
        "unit": np.repeat(["AAA", "BBB", "CCC"], 40),
        "month": np.tile(pd.date_range("2015-01-01", periods=40, freq="MS"), 3),
        "y": np.random.default_rng(5).poisson(4.0, ROWS).astype(float),
    }
)


def draws_of(assembled: Assembled, theta: NDArray[np.float64], chains: int = 4) -> Draws:
    """Draws of coordinates, shape (draw, coordinate), as a sampler would return them."""
    values = np.asarray(batch.values_of(assembled.program, theta)[0])
    kept = {
        "theta": (("chain", "draw", "coordinate"), theta.reshape(chains, -1, theta.shape[1])),
        "centring": ("number", centring.read(assembled, assembled.program)),
    }
    return Draws(values.reshape(chains, -1, values.shape[1]), xr.Dataset(), xr.Dataset(kept))


def around(assembled: Assembled, sd: float, draws: int = 4000) -> Draws:
    """Draws of log rates around that of the data."""
    rng = np.random.default_rng(6)
    theta = np.log(FRAME["y"].mean()) + sd * rng.standard_normal((draws, assembled.program.dim))
    return draws_of(assembled, theta)


@pytest.fixture(scope="module")
def plain() -> Assembled:
    return assemble(Model("plain", "y", dist.Poisson(), (Intercept(),)), FRAME)


def test_draws_of_the_posterior_pass(plain: Assembled) -> None:
    # the posterior of a log rate has sd 1 / sqrt(total)
    posterior = around(plain, FRAME["y"].sum() ** -0.5)
    check = check_rows(plain, posterior)
    assert (check.value, check.limit, check.passed) == (0.0, MAX_SHARE, True)
    alone = check_single_rows(plain, posterior)
    # a row moves the log rate by (y - mu) / total, in units of 1 / sqrt(total)
    expected = np.abs(FRAME["y"] - FRAME["y"].mean()).max() / FRAME["y"].sum() ** 0.5
    assert alone.value == pytest.approx(expected, rel=0.1) and alone.passed


def test_outliers_are_the_likelihoods_matter() -> None:
    counts = np.full(ROWS, 4.0)
    counts[7::9] = 400.0  # thirteen rows, none of which tells a fifth of the one rate
    odd = assemble(Model("odd", "y", dist.Poisson(), (Intercept(),)), FRAME.assign(y=counts))
    theta = np.log(counts.mean()) + np.random.default_rng(7).standard_normal((1000, 1)) * 0.01
    check = check_rows(odd, draws_of(odd, theta))
    assert check.value == pytest.approx(13 / ROWS)
    assert check.passed is False
    assert check.parameter in {f"{u} {m:%Y-%m}" for u, m in zip(FRAME["unit"][7::9], FRAME["month"][7::9], strict=True)}


def test_one_gross_row_decides_a_poisson_and_is_named() -> None:
    counts = FRAME["y"].where(FRAME.index != 41, 400.0)
    gross = assemble(Model("gross", "y", dist.Poisson(), (Intercept(),)), FRAME.assign(y=counts))
    theta = np.log(counts.mean()) + np.random.default_rng(7).standard_normal((1000, 1)) * counts.sum() ** -0.5
    assert check_rows(gross, draws_of(gross, theta)).passed
    check = check_single_rows(gross, draws_of(gross, theta))
    # (400 - mu) / sqrt(total), to first order
    assert check.value == pytest.approx((400 - counts.mean()) / counts.sum() ** 0.5, rel=0.1)
    assert check.passed is False and check.parameter == "intercept by BBB 2015-02"


def test_a_heavy_row_may_move_the_dispersion_that_takes_it() -> None:
    counts = FRAME["y"].where(FRAME.index != 41, 40.0)
    heavy = assemble(Model("heavy", "y", dist.NegativeBinomial(), (Intercept(),)), FRAME.assign(y=counts))
    theta = np.random.default_rng(7).standard_normal((1000, 2))
    at = int(heavy.layout.position[int(heavy.layout.parameters["intercept"].ids)])
    theta[:, at] = np.log(counts.mean()) + 0.02 * theta[:, at]
    theta[:, 1 - at] = np.log(0.1) + 0.5 * theta[:, 1 - at]  # of sqrt(dispersion), for which that row alone speaks
    check = check_single_rows(heavy, draws_of(heavy, theta))
    assert check.passed and check.parameter.startswith("intercept by ")


@pytest.fixture(scope="module")
def autoregression() -> tuple[Assembled, Draws]:
    """A Poisson AR(1), one row a time, on data simulated from it: a quarter of its rows have a large Pareto k."""
    rng = np.random.default_rng(1)
    x = np.zeros(150)
    x[0] = rng.normal(0, 0.7)
    for t in range(1, 150):
        x[t] = 0.6 * x[t - 1] + rng.normal(0, 0.7 * 0.8)
    frame = pd.DataFrame({"t": np.arange(150), "y": rng.poisson(np.exp(1.5 + x)).astype(float)})
    assembled = assemble(cases()["ar1_0.6_0.7_150"].model, frame)
    return assembled, attempts(assembled, Sampling()).draws


def test_a_true_model_with_an_effect_a_row_passes(autoregression: tuple[Assembled, Draws]) -> None:
    assembled, draws = autoregression
    kept = draws.values.reshape(-1, draws.values.shape[2])[:: 4000 // DRAWS]
    plain = loo(batch.log_likelihood(assembled.program, np.ascontiguousarray(kept)))
    assert plain.failed.size / 150 > 0.15
    mended = check_rows(assembled, draws)
    assert mended.value is not None and mended.value < 0.05
    alone = check_single_rows(assembled, draws)
    assert alone.value is not None and alone.value < 0.5 * MAX_SHIFT


def test_without_coordinates_it_is_not_computed(autoregression: tuple[Assembled, Draws]) -> None:
    assembled, draws = autoregression
    bare = Draws(draws.values, draws.stats, xr.Dataset())
    assert "without the draws' coordinates" in str(check_rows(assembled, bare))


def test_rows_are_named_by_what_the_model_has(plain: Assembled) -> None:
    assert row_name(plain, 41) == "BBB 2015-02"
    dateless = assemble(plain.model, FRAME.assign(month=np.full(ROWS, np.datetime64("NaT", "ns"))))
    assert row_name(dateless, 41) == "BBB"
    bare = assemble(Model("bare", "y", dist.Poisson(), (Intercept(),)), FRAME[["y"]])
    assert row_name(bare, 21) == "row 21"
    both = pd.concat([FRAME.assign(outcome="a"), FRAME.assign(outcome="b")])
    joint = assemble(Model("joint", "y", dist.Poisson(), (Intercept(),), response="outcome"), both)
    assert row_name(joint, ROWS) == "b AAA 2015-01"


def test_scalars_are_named_by_parameter_and_label() -> None:
    terms = (Intercept(by="unit"), Effects("month"))
    named = assemble(Model("named", "y", dist.Poisson(), terms), FRAME)
    assert [scalar_name(named, i) for i in range(4)] == [
        "intercept[AAA]",
        "intercept[BBB]",
        "intercept[CCC]",
        "sd_month",
    ]


def test_nothing_left_passes(plain: Assembled) -> None:
    none = LeftOut(np.zeros(0, np.int64), 0.0, np.zeros(0), 0.7)
    assert judge(none, plain).passed
    some = LeftOut(np.array([3, 41]), 0.2, np.array([0.8, 0.9]), 0.7)
    assert judge(some, plain).parameter == "BBB 2015-02" and not judge(some, plain).passed


def test_what_cannot_be_told_is_said(plain: Assembled) -> None:
    short = assemble(plain.model, FRAME.head(99))
    assert "99 rows of counts are too few for a share" in str(check_rows(short, around(short, 2.0)))
    measures = assemble(Model("measures", "y", dist.Normal(), (Intercept(),)), FRAME)
    assert "0 rows of counts" in str(check_rows(measures, around(measures, 0.1)))
    assert "no row of counts" in str(check_single_rows(measures, around(measures, 0.1)))
    few = check_rows(plain, around(plain, 0.1, draws=40))
    assert few.passed is None and "40 draws are too few" in str(few)
    missing = Draws(np.full((4, 100, 1), np.nan), xr.Dataset(), xr.Dataset())
    for check in (check_rows(plain, missing), check_single_rows(plain, missing)):
        assert check.passed is None and "does not report all effects" in str(check)
