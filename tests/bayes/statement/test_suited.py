"""Default priors suit the data whatever their units, and say what they are; priors of the user's stay as they are."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from northroute.bayes import BayesFit, Model, Prior, Sampling, fit_model
from northroute.bayes.coordinates.prior_coordinates import prior_values
from northroute.bayes.kernel import batch
from northroute.bayes.program import priors
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.program.quantities import named
from northroute.bayes.samplers.plain import pymc_model
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement import suited
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.latent import Hidden
from northroute.bayes.statement.terms.places import BYM2
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.bayes.statement.terms.process import GP
from northroute.bayes.statement.terms.time import AR1, Walk
from northroute.errors import ModelError

Array = NDArray[np.float64]
QUICK = Sampling(chains=2, draws=1000, tune=300, prior_draws=100)


def table(rows: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"altitude": rng.normal(450, 35, rows)})
    frame["deaths"] = rng.poisson(np.exp(14 - 0.03 * frame["altitude"]))
    frame["kind"] = np.where(np.arange(rows) % 3 == 0, "a", "b")
    frame["place"] = [f"p{i % 8}" for i in range(rows)]
    frame["month"] = np.arange(rows) // 8
    frame["year"] = 2000.0 + np.arange(rows) % 20
    frame["income"] = 30_000 + 8000 * rng.normal(size=rows) - 100 * frame["altitude"]
    return frame


def used(made: Assembled) -> dict[str, str]:
    return {r["parameter"]: r["prior"] for r in priors.used(made)}


def counts(*terms: Any, **options: Any) -> Model:
    return Model("m", "deaths", dist.Poisson(), terms, **options)


def predictors(made: Assembled, draws: int = 4) -> tuple[Array, Any]:
    """Predictors by draw from the prior, and what is reported of these draws."""
    values = np.ascontiguousarray(prior_values(made, draws, np.random.default_rng(5)))
    return batch.predictors(made.unswept().program, values)[:, 0], named(made, values[None]).isel(chain=0)


@pytest.mark.parametrize("by", [None, "kind"])
@pytest.mark.parametrize("slopes_by", [None, "kind"])
def test_the_reported_intercept_is_that_at_zero_and_the_sampled_one_an_average_rows(
    by: str | None, slopes_by: str | None
) -> None:
    frame = table()
    made = assemble(counts(Linear(("altitude", "year"), by=slopes_by), Intercept(by=by)), frame)
    eta, found = predictors(made)
    kind = pd.factorize(frame["kind"])[0]
    x = frame[["altitude", "year"]].to_numpy()
    slope = found["slope"].to_numpy()
    slopes = slope[:, :, kind] if slopes_by else slope[:, :, None]
    level = found["intercept"].to_numpy()
    level = level[:, kind] if by else level[:, None]
    np.testing.assert_allclose(eta, level + np.einsum("dcr,rc->dr", slopes + 0 * x.T, x), atol=1e-9)
    average = found["intercept_average"].to_numpy()
    for k in range(2):
        mean = eta[:, kind == k].mean(axis=1) if by else eta.mean(axis=1)
        np.testing.assert_allclose(mean, average[:, k] if by else average, atol=1e-9)


def test_slopes_of_some_responses_are_centred_over_all_rows_of_their_intercept() -> None:
    frame = table()
    model = counts(Intercept(), Linear(("altitude",), only=("a",)), response="kind")
    made = assemble(model, frame)
    eta, found = predictors(made)
    x = made.frame["altitude"].to_numpy() * (made.frame["kind"] == "a").to_numpy()
    expected = found["intercept"].to_numpy()[:, None] + found["slope"].to_numpy() * x
    np.testing.assert_allclose(eta, expected, atol=1e-9)
    np.testing.assert_allclose(eta.mean(axis=1), found["intercept_average"], atol=1e-9)


def test_a_users_prior_is_of_the_intercept_at_zero_and_moves_nothing() -> None:
    made = assemble(counts(Intercept(Prior.normal(mean=14, sd=3)), Linear(("altitude",))), table())
    assert list(made.layout.parameters) == ["intercept", "slope"] and not made.layout.derived
    assert used(made)["intercept"] == "normal(14, 3)"
    own = assemble(counts(Intercept(), Linear(("altitude",), Prior.normal(mean=0, sd=0.1))), table())
    assert used(own)["slope"] == "normal(0, 0.1)"
    assert "intercept_average" in own.layout.parameters


def test_units_do_not_matter() -> None:
    metres, feet = table(), table().assign(altitude=lambda f: f["altitude"] * 3.28084 + 1000)
    terms = (Intercept(), Linear(("altitude",)), Effects("place", ("1", "altitude")))
    one, two = (assemble(counts(*terms), f) for f in (metres, feet))
    for name in ("slope", "sd_place"):
        ours, theirs = (
            [m.layout.scalars[i].prior.scale for i in m.layout.parameters[name].ids.ravel()]  # type: ignore[union-attr]
            for m in (one, two)
        )
        assert theirs[-1] == pytest.approx(ours[-1] / 3.28084)
    assert used(one)["intercept_average"] == used(two)["intercept_average"]
    width = max(metres["altitude"].std(ddof=0), np.ptp(metres["altitude"]) / 4)
    assert used(one)["slope"] == f"normal(0, {1 / width:g})"
    rate = np.log(metres["deaths"].mean())
    assert used(one)["intercept_average"] == f"normal({rate:g}, 2)"


def test_widths() -> None:
    rare = (np.arange(1000) == 4).astype(float)
    assert suited.width(rare) == 0.5  # an indicator's slope is between two groups however rare one is
    assert suited.width(7 * rare) == 3.5
    x = np.random.default_rng(1).normal(size=20)
    assert suited.width(x) == max(x.std(), np.ptp(x) / 4)
    heavy = np.append(x, 60.0)
    assert suited.width(heavy) == np.ptp(heavy) / 4


def test_measures_are_on_the_scale_of_their_outcome() -> None:
    frame = table()
    small = frame.assign(income=frame["income"] / 1000)
    for law in (dist.Normal(), dist.StudentT()):
        terms = (
            Intercept(),
            Linear(("altitude",)),
            Effects("place"),
            Walk("month"),
            AR1("month", name="path"),
            GP(("year",)),
            BYM2("place", (("p0", "p1"), ("p1", "p2")), name="map"),
        )
        one, two = (assemble(Model("m", "income", law, terms), f) for f in (frame, small))
        for a, b in zip(one.layout.scalars, two.layout.scalars, strict=True):
            assert a.prior is not None and b.prior is not None
            factor = 1 if a.prior.family in ("beta", "inverse_gamma") else 1000
            assert a.prior.scale == pytest.approx(factor * b.prior.scale)
    y = frame["income"].to_numpy()
    normal = assemble(Model("m", "income", dist.Normal(), (Intercept(),)), frame)
    assert used(normal)["intercept"] == f"normal({y.mean():g}, {2 * y.std():g})"
    assert used(normal)["sd_residual"] == f"half_normal({y.std():g})"


def test_responses_have_their_own_scales() -> None:
    one = table().assign(kind="count", value=lambda f: f["deaths"].astype(float))
    two = table().assign(kind="income", value=lambda f: f["income"])
    both = pd.concat([one, two], ignore_index=True)
    laws: dict[str, dist.Distribution] = {"count": dist.Poisson(), "income": dist.Normal()}
    terms = (Intercept(by="kind"), Linear(("altitude",), by="kind"), Walk("month", by="kind"))
    found = used(assemble(Model("m", "value", laws, terms, response="kind"), both))
    assert (
        found["slope[altitude, count]"] == used(assemble(counts(Intercept(), Linear(("altitude",))), table()))["slope"]
    )
    s = two["income"].std(ddof=0)
    assert found["intercept_average[income]"] == f"normal({two['income'].mean():g}, {2 * s:g})"
    assert found["sd_month[income]"] == f"half_normal({0.2 * s:g})"
    assert found["sd_month[count]"] == "half_normal(0.2)"


def test_latents_that_enter_by_loadings_have_no_scale_of_the_outcome() -> None:
    made = assemble(Model("m", "income", dist.Normal(), (Intercept(), Hidden(Effects("place")))), table())
    assert used(made)["sd_place"] == "half_normal(1)"


def test_the_plain_statement_is_the_same_model() -> None:
    model = pymc_model(counts(Intercept(), Linear(("altitude",), by="kind"), Effects("place", ("1", "year"))), table())
    assert {"intercept", "intercept_average", "slope"} <= set(model.named_vars)


def test_priors_by_coefficient() -> None:
    own = Prior.normal(mean=-0.02, sd=0.01)
    found = used(assemble(counts(Intercept(), Linear(("altitude", "year"), {"altitude": own})), table()))
    assert found["slope[altitude]"] == "normal(-0.02, 0.01)"
    assert found["slope[year]"] == f"normal(0, {1 / suited.width(table()['year'].to_numpy()):g})"
    level = used(assemble(counts(Intercept({"a": Prior.normal(mean=1, sd=1)}, by="kind")), table()))
    assert level["intercept[a]"] == "normal(1, 1)"
    sd = used(
        assemble(counts(Intercept(), Effects("place", ("1", "year"), sd={"1": Prior.half_normal(sd=3)})), table())
    )
    assert sd["sd_place[1]"] == "half_normal(3)"


@pytest.mark.parametrize(
    ("term", "message"),
    [
        (
            Linear(("altitude",), {"altitudes": Prior.normal(mean=0, sd=1)}),
            "'altitudes' is given for 'slope', which has 'alt",
        ),
        (Linear(("altitude",), {"altitude": 2.0}), "prior of 'slope' of 'altitude' is 2.0"),  # type: ignore[dict-item]
        (Intercept({"a": Prior.normal(mean=0, sd=1)}, name="b"), "by name need 'by'"),
        (Linear(("altitude", "altitude")), "names 'altitude' twice"),
        (Effects("place", ("1", "1")), "name a column twice"),
        (Effects("place", sd=Prior.normal(mean=0, sd=1)), r"'sd_place', normal\(0, 1\), reaches below zero"),
        (Effects("place", sd=Prior.flat()), "reaches below zero"),
        (Effects("place", sd=None), "prior of 'sd_place' is None"),  # type: ignore[arg-type]
        (Walk("month", sd=Prior.uniform(lower=-1, upper=1)), "'sd_month', .* reaches below zero"),
        (AR1("month", sd=Prior.student_t(df=3, location=0, scale=1)), "'sd_month', .* reaches below zero"),
        (GP(("year",), sd=Prior.normal(mean=1, sd=1)), "'sd_year', .* reaches below zero"),
        (BYM2("place", (("p0", "p1"),), rho=Prior.half_normal(sd=1)), "'rho_place', .* reaches beyond 0 to 1"),
    ],
)
def test_priors_that_cannot_be_are_refused(term: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        assemble(counts(Intercept(name="level"), term), table())


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (dist.NegativeBinomial(Prior.normal(mean=0, sd=1)), "'root_dispersion', .* below zero"),
        (dist.GeneralisedPoisson(Prior.half_normal(sd=1)), "'excess', .* beyond 0 to 1"),
        (dist.Normal(Prior.normal(mean=0, sd=1)), "'sd_residual', .* below zero"),
    ],
)
def test_priors_of_distributions_lie_where_they_may(law: dist.Distribution, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        assemble(Model("m", "deaths", law, (Intercept(),)), table())


def test_degrees_of_freedom_are_a_number() -> None:
    with pytest.raises(ModelError, match="They are not estimated"):
        dist.StudentT(df=Prior.gamma(shape=2, rate=0.1))  # type: ignore[arg-type]


def fitted(model: Model, frame: pd.DataFrame) -> BayesFit:
    fit = fit_model(model, frame, QUICK)
    assert fit.gate.passed, fit.gate.failures
    return fit


def test_a_slope_on_metres_is_the_maximum_likelihood_one() -> None:
    frame = table()
    theirs = sm.GLM(frame["deaths"], sm.add_constant(frame[["altitude"]]), family=sm.families.Poisson()).fit()
    fit = fitted(counts(Intercept(), Linear(("altitude",))), frame)
    for name, own in (("const", "intercept"), ("altitude", "slope")):
        draws = fit.draws(own)
        assert abs(draws.mean() - theirs.params[name]) < 0.5 * theirs.bse[name]
        assert draws.std() == pytest.approx(theirs.bse[name], rel=0.15)  # 2000 draws: 3 % and the prior's part
    assert not [c for c in fit.gate.checks if c.passed is None and c.value is not None]  # nothing to tell of the prior
    assert {"parameter", "prior", "reason"} == set(fit.info["priors"][0])


def test_money_and_years_are_the_least_squares_ones() -> None:
    frame = table()
    theirs = sm.OLS(frame["income"], sm.add_constant(frame[["altitude", "year"]])).fit()
    fit = fitted(Model("m", "income", dist.Normal(), (Intercept(), Linear(("altitude", "year")))), frame)
    slopes = fit.draws("slope").mean(axis=(0, 1))
    assert abs(fit.draws("intercept").mean() - theirs.params["const"]) < 0.5 * theirs.bse["const"]
    assert np.abs(slopes - theirs.params[["altitude", "year"]]).max() < 0.5 * theirs.bse["altitude"]
    assert fit.draws("sd_residual").mean() == pytest.approx(theirs.scale**0.5, rel=0.05)
