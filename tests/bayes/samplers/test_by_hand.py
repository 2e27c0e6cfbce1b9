"""Models written by hand in PyMC, from the table and the documentation alone: the kernel's density is theirs.

The plain statement is read off the program's tables, so an error between a term and its table would be in it and in the
kernel alike. Nothing here reads a program's table but to put both densities at the same point.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose
from scipy import fft

from northroute.bayes import COUNTS, CountSpec, Model, Prior, pymc_model
from northroute.bayes.distributions import NegativeBinomial, Poisson
from northroute.bayes.ladder import designs
from northroute.bayes.ladder.formulate import formulate
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.terms import AR1, Effects, Intercept, Linear
from northroute.panel import Panel
from northroute.sources.simulated import EXPOSURE_UNIT
from tests.bayes.kernel.examples import point
from tests.bayes.kernel.oracle import compiled_terms, density, pymc_point

MONTHS = 24


def assert_same_density(assembled: Assembled, ours: pm.Model, by_hand: pm.Model) -> None:
    """Compare the kernel, the public PyMC model and the one by hand, up to a constant, at random points."""
    program, layout = assembled.program, assembled.layout
    stated, hand, gaps, between = compiled_terms(ours), compiled_terms(by_hand), [], []
    for seed in (1, 2, 3, 4):
        theta = point(program, seed)
        at, log_jacobian = pymc_point(by_hand, program, layout, theta)
        theirs = sum(float(np.sum(t)) for t in hand(at))
        gaps.append(density(program, theta)[0] - theirs - log_jacobian)
        between.append(sum(float(np.sum(t)) for t in stated(at)) - theirs)
    assert_allclose(gaps, gaps[0], rtol=0, atol=1e-7)
    assert_allclose(between, 0.0, atol=1e-7)
    assert np.ptp([density(program, point(program, s))[0] for s in (1, 2, 3, 4)]) > 1  # points apart


# --- the ladder -----------------------------------------------------------------------------------------------------------


def panel() -> Panel:
    """Regions of five countries, some outcomes unobserved and a covariate missing."""
    found = designs.small_design(months=MONTHS)
    frame = found.frame.copy()
    frame.loc[frame.index[[3, 50]], "drug_incident"] = pd.NA
    frame.loc[frame.index[77], "interdiction"] = np.nan
    return replace(found, frame=frame)


def observed(panel: Panel) -> pd.DataFrame:
    frame = panel.frame.reset_index()
    return frame[frame["drug_incident"].notna() & frame["interdiction"].notna()]


def code(values: "pd.Series[Any]") -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return pd.factorize(values)[0].astype(np.int64)


def outcome(frame: pd.DataFrame, log_mean: pt.TensorVariable) -> None:
    """State a negative binomial of Var = mu + root^2 mu^2, rates per unit of exposure."""
    root = pm.HalfNormal("root_dispersion", COUNTS["root_dispersion"].scale)
    mu = pt.exp(log_mean + np.log(frame["all_events"].to_numpy(float) / EXPOSURE_UNIT))
    pm.NegativeBinomial("count", mu=mu, alpha=1 / root**2, observed=frame["drug_incident"].to_numpy(int))


def pooled(frame: pd.DataFrame) -> pt.TensorVariable:
    intercept = pm.Normal("intercept", COUNTS["intercept"].location, COUNTS["intercept"].scale)
    unit_slope = pm.Normal("unit_slope", 0, COUNTS["unit_slope"].scale, shape=1)
    slope = pm.Normal("slope", 0, COUNTS["slope"].scale, shape=1)
    by_unit = frame.drop_duplicates("unit")["log_density"].mean()
    x = frame["log_density"].to_numpy() - by_unit
    return intercept + unit_slope[0] * x + slope[0] * frame["interdiction"].to_numpy()


def slopes(frame: pd.DataFrame) -> pt.TensorVariable:
    """Countries' levels and slopes sum to zero; units vary around their country."""
    country, unit, x = code(frame["country"]), code(frame["unit"]), frame["interdiction"].to_numpy()
    level = pm.HalfNormal("sd_country", COUNTS["sd_country"].scale) * pm.ZeroSumNormal("z_country", shape=5)
    own = pm.HalfNormal("sd_unit", COUNTS["sd_unit"].scale) * pm.Normal("z_unit", shape=designs.REGIONS)
    sd_slope = pm.HalfNormal("sd_slope", COUNTS["sd_slope"].scale, shape=1)
    slope = sd_slope[0] * pm.ZeroSumNormal("z_slope", shape=(1, 5))[0]
    return pooled(frame) + level[country] + own[unit] + slope[country] * x


def walk(frame: pd.DataFrame) -> pt.TensorVariable:
    """A walk over months, by the inverse cosine transform of its periods, and a season that sums to zero."""
    k = np.arange(1, MONTHS)
    spectrum = np.vstack([np.zeros(MONTHS - 1), np.diag(0.5 / np.sin(np.pi * k / (2 * MONTHS)))])
    path = pt.as_tensor(fft.idct(spectrum, axis=0, norm="ortho")) @ pm.Normal("z_month", shape=(MONTHS - 1, 1))
    steps = pm.HalfNormal("sd_month", COUNTS["sd_month"].scale) * path[:, 0]
    season = pm.HalfNormal("sd_season", COUNTS["sd_season"].scale) * pm.ZeroSumNormal("z_season", shape=12)
    number = frame["month"].dt.year * 12 + frame["month"].dt.month
    return slopes(frame) + steps[(number - number.min()).to_numpy()] + season[code(frame["month"].dt.month)]


@pytest.mark.parametrize(("step", "mean"), [("pooled", pooled), ("slopes", slopes), ("walk", walk)])
def test_steps_of_the_ladder(step: str, mean: Callable[[pd.DataFrame], pt.TensorVariable]) -> None:
    data = panel()
    spec: CountSpec = designs.ladder_specs(data)[step]
    with pm.Model() as by_hand:
        outcome(observed(data), mean(observed(data)))
    stated = formulate(data, spec)
    assert_same_density(assemble(stated.model, stated.frame), spec.pymc_model(data), by_hand)


# --- models of a user's ---------------------------------------------------------------------------------------------------


def table() -> pd.DataFrame:
    """Two kinds of counts in seven places, in no order, one outcome and one exposure missing, months as text."""
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        [(f"p{p}", f"2020-{m:02d}", k) for p in range(7) for m in (1, 2, 4, 5) for k in ("seizure", "arrest")],
        columns=["place", "month", "kind"],
    )
    n = len(frame)
    frame = frame.assign(x=rng.normal(2, 3, n), z=rng.normal(size=n), hours=rng.uniform(1, 9, n))
    frame["count"] = rng.negative_binomial(1.0, 0.3, n).astype(float)
    frame.loc[4, "count"], frame.loc[9, "hours"] = np.nan, np.nan
    return frame.iloc[rng.permutation(n)]


def kept() -> pd.DataFrame:
    return table().dropna(subset=["count", "hours"])


def test_two_responses_with_correlated_effects_of_places() -> None:
    half, wide = Prior.half_normal(sd=0.8), Prior.normal(mean=1, sd=2)
    model = Model(
        "two",
        "count",
        NegativeBinomial(Prior.half_normal(sd=0.7)),
        (
            Intercept(wide, by="kind"),
            Linear(("x", "z"), Prior.normal(mean=0, sd=0.3)),
            Effects("place", by="kind", correlated=True, lkj=3.0, sd=half),
        ),
        exposure="hours",
        exposure_unit=2.0,
        response="kind",
    )
    frame = kept()
    kinds, places = (
        pd.factorize(frame["kind"])[1],
        pd.factorize(frame.sort_values("kind", key=_first(frame), kind="stable")["place"])[1],
    )
    with pm.Model() as by_hand:
        root = pm.HalfNormal("root_dispersion", 0.7, shape=2)
        intercept = pm.Normal("intercept", 1, 2, shape=2)
        slope = pm.Normal("slope", 0, 0.3, shape=2)
        sd = pm.HalfNormal("sd_place", 0.8, shape=2)
        factor = pm.LKJCorr("z_corr_place", n=2, eta=3.0)
        effect = (pm.Normal("z_place", shape=(7, 2)) @ factor.T) * sd
        for j, kind in enumerate(kinds):
            own = frame[frame["kind"] == kind]
            eta = intercept[j] + slope[0] * own["x"].to_numpy() + slope[1] * own["z"].to_numpy()
            eta += effect[places.get_indexer(own["place"]), j] + np.log(own["hours"].to_numpy() / 2.0)
            y = own["count"].to_numpy(int)
            pm.NegativeBinomial(f"count_{kind}", mu=pt.exp(eta), alpha=1 / root[j] ** 2, observed=y)
    assert_same_density(assemble(model, table()), pymc_model(model, table()), by_hand)


def _first(frame: pd.DataFrame) -> Callable[["pd.Series[str]"], "pd.Series[int]"]:
    """Key that puts kinds in the order in which they appear."""
    order = {k: i for i, k in enumerate(dict.fromkeys(frame["kind"]))}
    return lambda kinds: kinds.map(order)


def test_an_autoregression_and_a_hurdle() -> None:
    model = Model(
        "one",
        "count",
        Poisson(),
        (
            Intercept(Prior.normal(mean=0, sd=1)),
            Linear(("x",), Prior.student_t(df=4, location=0.1, scale=0.5)),
            AR1("month", sd=Prior.exponential(rate=2), ar=Prior.beta(a=2, b=3)),
        ),
        part="hurdle",
        part_terms=(
            Intercept(Prior.normal(mean=-1, sd=1), name="zero"),
            Linear(("z",), Prior.normal(mean=0, sd=1), name="zero_slope", dim="zero_covariate"),
        ),
    )
    frame = table().dropna(subset="count")
    with pm.Model() as by_hand:
        intercept = pm.Normal("intercept", 0, 1)
        slope = pm.StudentT("slope", nu=4, mu=0.1, sigma=0.5, shape=1)
        sd, ar = pm.Exponential("sd_month", 2), pm.Beta("ar_month", 2, 3)
        innovation = pm.Normal("z_month", shape=5)
        path = [innovation[0]]  # February to April is two steps: March has a state that no row sees
        for t in range(1, 5):
            path.append(ar * path[-1] + pt.sqrt(1 - ar**2) * innovation[t])
        month = sd * (pt.stack(path) - pt.mean(pt.stack(path)))
        zero, zero_slope = pm.Normal("zero", -1, 1), pm.Normal("zero_slope", 0, 1, shape=1)
        eta = intercept + slope[0] * frame["x"].to_numpy() + month[frame["month"].str[-2:].astype(int).to_numpy() - 1]
        any_zero = pm.math.sigmoid(zero + zero_slope[0] * frame["z"].to_numpy())  # part_terms are the logit of a zero
        pm.HurdlePoisson("count", psi=1 - any_zero, mu=pt.exp(eta), observed=frame["count"].to_numpy(int))
    assert_same_density(assemble(model, table()), pymc_model(model, table()), by_hand)


# --- an ordinary PyMC model -----------------------------------------------------------------------------------------------


def test_dimensions_and_labels_are_the_tables() -> None:
    frame = kept().set_index("place", append=True)
    terms = (Intercept(by="kind"), Linear(("x",)), Effects("month", zero_sum=True))
    plain = pymc_model(Model("named", "count", Poisson(), terms, response="kind"), frame)
    seizures = frame[frame["kind"] == "seizure"]
    assert plain.named_vars_to_dims["count_seizure"] == ("row_seizure",)
    assert list(plain.coords["row_seizure"]) == [f"{i} {p}" for i, p in seizures.index]
    np.testing.assert_array_equal(plain.rvs_to_values[plain["count_seizure"]].eval(), seizures["count"])
    assert plain.named_vars_to_dims["month_effect"] == plain.named_vars_to_dims["z_month"] == ("month",)
    assert list(plain.coords["month"]) == list(
        dict.fromkeys(frame.sort_values("kind", key=_first(frame), kind="stable")["month"])
    )


def test_the_step_on_a_panel_has_units_and_months() -> None:
    data = panel()
    plain = designs.ladder_specs(data)["walk"].pymc_model(data)
    frame = observed(data)
    assert list(plain.coords["row"]) == list(frame["unit"] + " " + frame["month"].dt.strftime("%Y-%m"))
    assert list(plain.coords["unit"]) == list(data.units)
    assert plain.named_vars_to_dims["month_effect"] == ("month",)
    assert plain.named_vars_to_dims["z_slope"] == ("varying", "country")
    with plain:
        drawn = pm.sample_prior_predictive(2, random_seed=1, var_names=["count", "unit_effect"])
    assert drawn["prior_predictive"]["count"].dims == ("chain", "draw", "row")
