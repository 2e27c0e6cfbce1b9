"""Ratios, contrasts, ranks and tipping points against closed forms on hand-made fits."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from northroute.bayes import BayesFit, Check, CountSpec, Gate
from northroute.bayes.answers import contrasts, held_detection, rankings, rate_ratios, tipping_point
from northroute.errors import GateError, ModelError
from northroute.provenance import Provenance

FAILED = Gate((Check("R-hat", 1.2, 1.01, False, "slope", "Sample longer."),))


def made(values: dict[str, Any], gate: Gate | None = None, *, simulated: bool = True) -> BayesFit:
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(values)})
    return BayesFit("made", tree, gate or Gate(()), Provenance("", 1, simulated), {"spec": {}})


def even(mean: float, sd: float = 1.0) -> Any:
    """4,000 draws at the quantiles of a normal, in four shuffled chains."""
    x = stats.norm(mean, sd).ppf((np.arange(4000) + 0.5) / 4000)
    return np.random.default_rng(1).permutation(x).reshape(4, 1000)


def slopes() -> dict[str, Any]:
    own = np.stack([even(0.2, 0.1), even(0.4, 0.1)], axis=-1)[:, :, None]
    country = xr.DataArray(own, dims=("chain", "draw", "varying", "country"))
    country = country.assign_coords(varying=["interdiction"], country=["KAZ", "TJK"])
    return {"slope_country": country, "slope": country.mean("country")}


def test_rate_ratios_are_lognormal() -> None:
    found = rate_ratios(made(slopes()), {"interdiction": 2.0})
    table = found.table.set_index("country")
    for country, mean in (("KAZ", 0.4), ("TJK", 0.8), ("average", 0.6)):
        exact = np.exp(stats.norm(mean, 0.2).ppf([0.055, 0.5, 0.945]))
        np.testing.assert_allclose(table.loc[country, ["lower", "median", "upper"]].astype(float), exact, rtol=0.002)
    assert table.loc["KAZ", "P(> 1)"] == pytest.approx(stats.norm.cdf(2), abs=0.001)
    assert "is associated with 1.82 (89 % ETI 1.32 to 2.51; SIMULATED)" in found.sentence
    with pytest.raises(ModelError, match=r"no slope of \['media'\]"):
        rate_ratios(made(slopes()), {"media": 1.0})


def levels(means: tuple[float, ...]) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    x = rng.normal(means, 1.0, (4, 5000, len(means)))
    return {"level": xr.DataArray(x, dims=("chain", "draw", "place"), coords={"place": list("abcd")[: len(means)]})}


def test_contrasts_and_ranks_of_independent_normals() -> None:
    fit = made(levels((0.0, 1.0, 3.0)))
    table = contrasts(fit, "level", "place").table.set_index(["a", "b"])
    # 20,000 independent draws: a standard error of at most 0.0036
    for (a, b), mean in {("a", "b"): -1, ("a", "c"): -3, ("b", "c"): -2}.items():
        assert table.loc[(a, b), "P(a > b)"] == pytest.approx(stats.norm.cdf(mean / 2**0.5), abs=0.015)
        assert table.loc[(a, b), "median"] == pytest.approx(mean, abs=0.05)
    ranked = rankings(fit, "level", "place", top=2)
    wide = ranked.probabilities.pivot(index="place", columns="rank", values="probability")
    np.testing.assert_allclose(wide.sum(axis=1), 1)
    np.testing.assert_allclose(wide.sum(axis=0), 1)
    own = ranked.table.set_index("place")
    np.testing.assert_allclose(own["P(first)"], wide[1])
    np.testing.assert_allclose(own["P(top 2)"], wide[1] + wide[2])
    assert own["median"].to_dict() == {"a": 3, "b": 2, "c": 1}
    assert rankings(fit, "level", "place", highest=False).table["median"].tolist() == [1, 2, 3]
    assert [t.get_text() for t in ranked.figure().texts] == ["SIMULATED"]


def test_equals_share_ranks_and_groups_rank_apart() -> None:
    fit = made(levels((0.0, 0.0, 0.0, 0.0)))
    chances = rankings(fit, "level", "place").probabilities["probability"]
    np.testing.assert_allclose(chances, 0.25, atol=0.015)
    apart = rankings(fit, "level", "place", top=1, within={"a": "x", "b": "x", "c": "y", "d": "y"})
    assert apart.draws["rank"].max() == 2
    np.testing.assert_allclose(apart.table["P(first)"], 0.5, atol=0.02)


def test_a_failed_fit_refuses_and_an_allowed_one_is_stamped() -> None:
    fit = made(slopes(), FAILED)
    answers: list[Callable[[BayesFit], Any]] = [
        rate_ratios,
        lambda f: contrasts(f, "slope_country", "country"),
        lambda f: rankings(f, "slope_country", "country", top=1),
    ]
    for answer in answers:
        with pytest.raises(GateError, match="failed its diagnostics"):
            answer(fit)
        assert answer(fit.allow_failed()).table["stamp"].str.startswith("FAILED DIAGNOSTICS").all()


def refit(value: float) -> BayesFit:
    draws = xr.DataArray(even(1.0 - value), dims=("chain", "draw"))
    return made({"gap": draws}, FAILED if value == 3.0 else None)


def positive(fit: BayesFit) -> Any:
    return fit.parameter("gap").to_numpy() > 0


def test_the_tipping_point_is_where_the_normal_says() -> None:
    steps: list[float] = []
    found = tipping_point(
        [-2, -1, 0, 2, 3], refit, positive, refine=1, progress=lambda _message, share: steps.append(share)
    )
    at = found.crossings.set_index("level")["value"]
    # the probit of the probability is a straight line here; 4,000 draws are at the quantiles
    assert at[0.5] == pytest.approx(1.0, abs=0.01)
    assert at[0.95] == pytest.approx(1 - stats.norm.ppf(0.95), abs=0.01)
    assert found.table["value"].tolist() == [-2, -1, -0.5, 0, 1, 2, 3]
    last = found.table.iloc[-1]
    assert not last["passed"] and np.isnan(last["probability"]) and last["stamp"].startswith("failed")
    assert found.table["source"].eq("SIMULATED").all()
    assert steps[0] == 0 and steps[-1] == 1 and steps == sorted(steps)
    assert "1 of 7 fits failed" in found.sentence
    assert [t.get_text() for t in found.figure().texts] == ["SIMULATED"]


def test_a_probability_of_one_has_an_error_at_a_tipping_point() -> None:
    found = tipping_point([0, 1], refit, lambda f: f.parameter("gap").to_numpy() < 1e6)
    assert found.table["probability"].tolist() == [1, 1]
    assert found.table["mcse"].tolist() == [1 / 4000, 1 / 4000]  # of one contrary draw, not zero


def test_tipping_points_refuse_what_cannot_be_read() -> None:
    with pytest.raises(GateError, match="every fit failed"):
        tipping_point([0, 1], lambda _: made({}, FAILED), positive)
    with pytest.raises(ModelError, match="two or more different"):
        tipping_point([1, 1], refit, positive)
    with pytest.raises(ModelError, match="true or false by chain and draw"):
        tipping_point([0, 1], refit, lambda f: f.parameter("gap").to_numpy())


def test_detection_is_held_by_a_tight_prior_and_named() -> None:
    spec = CountSpec("r", "y", step="reporting", detection=("media",))
    held = held_detection(spec, -0.5)
    prior = held.priors["detection_slope"]
    assert (held.name, prior.location, prior.scale) == ("r_detection_-0.5", -0.5, 0.01)
    with pytest.raises(ModelError, match="with one covariate"):
        held_detection(CountSpec("r", "y"), 0.5)
