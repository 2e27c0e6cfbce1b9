"""Rate ratios, marginal effects with their exposure, the regression table, the coefficient plot."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from northroute.errors import ModelError
from northroute.frequentist import (
    Estimate,
    Regression,
    gee,
    hurdle,
    negative_binomial,
    poisson,
    random_effects,
    zero_inflated,
)
from northroute.frequentist.coefficient_plot import coefficient_plot
from northroute.frequentist.covariance import cluster, heteroskedastic, jackknife, score_bootstrap
from northroute.frequentist.effects import average_marginal_effects, bootstrap_effects, marginal, semi_elasticities
from northroute.frequentist.table import regression_table
from northroute.frequentist.two_part import Distribution, Kind, expected


def test_marginal_effect_is_slope_times_mean_count(fit: Estimate) -> None:
    # with unit effects fitted and observed totals agree, so that the effect is the slope times the mean count
    errors = cluster(fit, "country")
    row = average_marginal_effects(fit, errors, ["interdiction"]).iloc[0]
    assert row["events_per_row"] == pytest.approx(fit.coef[0] * fit.design.y.mean(), rel=1e-6)
    assert row["se"] == pytest.approx(errors.se[0] * fit.design.y.mean(), rel=1e-5)
    assert row["source"] == "SIMULATED"


def test_exposure_stays_in_marginal_effects(groups: pd.DataFrame) -> None:
    # ten times the exposure with the same rates and ten times the counts: ten times the events
    found = poisson(groups, "y ~ x", exposure="hours")
    more = poisson(groups.assign(y=10 * groups["y"], hours=10 * groups["hours"]), "y ~ x", exposure="hours")
    assert marginal(more, "x")[0] == pytest.approx(10 * marginal(found, "x")[0], rel=1e-8)
    half = poisson(groups.assign(hours=groups["hours"] / 2), "y ~ x", exposure="hours")
    assert marginal(half, "x")[0] == pytest.approx(marginal(found, "x")[0], rel=1e-8)


def test_interactions_and_powers_match_statsmodels(groups: pd.DataFrame) -> None:
    found = poisson(groups, "y ~ x + z + x:z + I(x ** 2)", exposure="hours")
    value, gradient = marginal(found, "x")
    b = dict(zip(found.terms, found.coef, strict=True))
    slope = b["x"] + b["x:z"] * groups["z"] + 2 * b["I(x ** 2)"] * groups["x"]
    assert value == pytest.approx(float((found.mean * slope).mean()), rel=1e-7)
    # the gradient against refitted means at moved coefficients
    step = 1e-6
    for j in range(len(found.coef)):
        moved = found.coef + step * np.eye(len(found.coef))[j]
        mean = np.exp(found.design.x @ moved + found.design.offset)
        c = dict(zip(found.terms, moved, strict=True))
        other = float((mean * (c["x"] + c["x:z"] * groups["z"] + 2 * c["I(x ** 2)"] * groups["x"])).mean())
        assert gradient[j] == pytest.approx((other - value) / step, rel=1e-3, abs=1e-5)


def test_delta_method_matches_statsmodels(groups: pd.DataFrame) -> None:
    found = poisson(groups, "y ~ x + z")
    ours = average_marginal_effects(found, heteroskedastic(found, convention="none"), ["x", "z"], prob=0.95)
    model = sm.Poisson(groups["y"], sm.add_constant(groups[["x", "z"]])).fit(disp=0, cov_type="HC0")
    theirs = model.get_margeff()
    np.testing.assert_allclose(ours["events_per_row"], theirs.margeff, rtol=1e-6)
    np.testing.assert_allclose(ours["se"], theirs.margeff_se, rtol=1e-5)


@pytest.mark.parametrize("part", ["zero-inflated", "hurdle"])
@pytest.mark.parametrize("distribution", ["poisson", "negative binomial"])
def test_two_part_effects_are_changes_of_the_expected_count(
    groups: pd.DataFrame, part: Kind, distribution: Distribution
) -> None:
    make = zero_inflated if part == "zero-inflated" else hurdle
    found = make(groups, "y ~ x + z", exposure="hours", distribution=distribution)
    value, _ = marginal(found, "x")
    # the same coefficients on a table with x a little larger
    step = 1e-4
    sides = []
    for sign in (1, -1):
        index = []
        start = 0
        for block in found.blocks:
            x = block.x.copy()
            if "x" in block.terms:
                x[:, block.terms.index("x")] += sign * step
            index.append(x @ found.coef[start : start + x.shape[1]] + block.offset)
            start += x.shape[1]
        sides.append(expected(part, distribution, np.column_stack(index)).mean())
    assert value == pytest.approx((sides[0] - sides[1]) / (2 * step), rel=1e-5)


@pytest.mark.parametrize("make", [negative_binomial, random_effects, gee])
def test_other_families_have_effects(groups: pd.DataFrame, make: object) -> None:
    options = {} if make is negative_binomial else {"group": "g"}
    found = make(groups, "y ~ x + z", exposure="hours", **options)  # type: ignore[operator]
    value, gradient = marginal(found, "x")
    assert value == pytest.approx(found.coef[found.term("x")] * found.mean.mean(), rel=1e-6)
    assert gradient.shape == found.coef.shape


def test_bootstrap_agrees_with_the_delta_method(groups: pd.DataFrame) -> None:
    small = groups[groups["g"] < 150]
    found = poisson(small, "y ~ x | g", exposure="hours")
    delta = average_marginal_effects(found, cluster(found, "g", convention="none"), ["x"]).iloc[0]
    drawn = bootstrap_effects(found, ["x"], by="g", draws=150).iloc[0]
    # 150 draws: the bootstrap's standard error is good to 1 / sqrt(300), 6 %, and it counts the mean count's variance, too
    assert drawn["se"] == pytest.approx(delta["se"], rel=0.35)
    assert drawn["events_per_row"] == pytest.approx(delta["events_per_row"])


def test_semi_elasticities(fit: Estimate) -> None:
    row = semi_elasticities(cluster(fit, "country"), change=0.5).iloc[0]
    assert row["percent"] == pytest.approx(100 * (np.exp(0.5 * fit.coef[0]) - 1))
    assert row["low"] < row["percent"] < row["high"]


def test_effects_refuse(fit: Estimate) -> None:
    with pytest.raises(ModelError, match="not in the formula"):
        marginal(fit, "log_density")
    with pytest.raises(ModelError, match="not a numeric column"):
        marginal(fit, "country")
    with pytest.raises(ModelError, match="delta method needs errors with a covariance"):
        average_marginal_effects(fit, score_bootstrap(fit, "country"), ["interdiction"])


def test_table_says_everything(fit: Estimate, regions_frame: pd.DataFrame, tmp_path: Path) -> None:
    wider = poisson(
        regions_frame,
        "drug_incident ~ interdiction + interdiction:hub | unit + month",
        exposure="all_events",
        name="by hub",
    )
    errors = [cluster(fit, "country"), jackknife(fit, "country"), score_bootstrap(fit, "country")]
    table = regression_table((fit, errors), (wider, [cluster(wider, "country")]))
    frame = table.frame()
    assert set(frame["source"]) == {"SIMULATED"}
    text = frame.to_string()
    for needed in (
        "clustered by country",
        "CRV3",
        "7,776",
        "5 country",
        "2,448",
        "unit (51); month (48)",
        "all_events",
    ):
        assert needed in text
    for path in (
        table.to_csv(tmp_path / "t.csv"),
        table.to_latex(tmp_path / "t.tex"),
        table.to_html(tmp_path / "t.html"),
    ):
        assert "SIMULATED" in path.read_text(encoding="utf-8")
    again = pd.read_csv(tmp_path / "t.csv")
    assert again["se"][0] == errors[0].se[0]  # every digit kept
    assert "0.0" in "\n".join(table.lines())


def test_latex_headers_are_distinct_and_names_escaped(groups: pd.DataFrame, tmp_path: Path) -> None:
    names = ("x_1", "rate%", "a&b", "x<y|z", "$c$", r"p~q^2\#{}")
    frame = groups.assign(**{n: np.random.default_rng(k).normal(size=len(groups)) for k, n in enumerate(names)})
    fits = [poisson(frame, Regression("y", t, name="50% & my_model")) for t in (names, names[:1])]
    table = regression_table(*((f, [cluster(f, "g")]) for f in fits))
    text = table.to_latex(tmp_path / "t.tex").read_text(encoding="utf-8")
    header = next(line for line in text.splitlines() if line.startswith("term"))
    cells = [c.strip(" \\") for c in header.replace(r"\&", "and").split("&")]
    assert cells == ["term", "errors", r"(1) 50\% and my\_model", r"(2) 50\% and my\_model"]
    for shown in (r"x\_1", r"rate\%", r"a\&b", r"x\textless{}y\textbar{}z", r"\$c\$", r"\textbackslash"):
        assert shown in text
    assert not {"<", ">", "|"} & set(text)
    # a coefficient that three decimals would print as zero keeps its digits
    tiny = poisson(groups.assign(x=groups["x"] * 1e9), "y ~ x", exposure="hours")
    shown_tiny = regression_table((tiny, [cluster(tiny, "g")])).frame()
    assert float(shown_tiny.loc[shown_tiny["term"] == "x", shown_tiny.columns[-1]].item()) == pytest.approx(
        tiny.coef[1], rel=0.01
    )


def test_coefficient_plot(fit: Estimate) -> None:
    figure = coefficient_plot([cluster(fit, "country"), cluster(fit, "unit"), score_bootstrap(fit, "country")])
    labels = [t.get_text() for t in figure.legends[0].get_texts()]
    assert labels == ["drugs: clustered by country, t(4)", "drugs: clustered by unit, t(50)"]
    assert any(t.get_text() == "SIMULATED" for t in figure.texts)
    with pytest.raises(ModelError, match="errors that have intervals"):
        coefficient_plot([score_bootstrap(fit, "country")])
