"""A fit's columns are made once and the same everywhere: predictions, marginal effects and refits cannot learn them anew."""

import decimal

import numpy as np
import pandas as pd
import pyfixest as pf
import pytest

from northroute.errors import ModelError
from northroute.frequentist import Regression, hurdle, negative_binomial, poisson, regression, zero_inflated
from northroute.frequentist.covariance import cluster, jackknife
from northroute.frequentist.effects import average_marginal_effects, bootstrap_effects, marginal
from northroute.frequentist.predict import predict


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """600 rows of 20 units; two covariates, a category of three levels, counts."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"unit": np.repeat(np.arange(20), 30), "a": rng.normal(10, 2, 600), "b": rng.normal(size=600)})
    frame["g"] = rng.choice(["KAZ", "KGZ", "UZB"], 600)
    frame["five"] = frame["unit"] % 5
    return frame.assign(y=rng.poisson(np.exp(0.3 * (frame["a"] - 10) - 0.2 * frame["b"] + 0.4 * (frame["g"] == "UZB"))))


@pytest.mark.filterwarnings("ignore")  # pyfixest's own
@pytest.mark.parametrize("way", ["0 + a + b", "-1 + a + b", "a + b - 1", "a - 1 + b", "a + b + 0", "a + b"])
def test_no_intercept_changes_nothing_beside_effects(table: pd.DataFrame, way: str) -> None:
    found = poisson(table, f"y ~ {way} | unit")
    known = pf.fepois("y ~ a + b | unit", table).coef()
    assert found.terms == ("a", "b")
    np.testing.assert_allclose(found.coef, known[["a", "b"]], rtol=1e-5)


@pytest.mark.parametrize("way", ["0 + a + b", "-1 + a + b", "a + b - 1", "a - 1 + b"])
def test_no_intercept_is_none_without_effects(table: pd.DataFrame, way: str) -> None:
    assert poisson(table, f"y ~ {way}").terms == ("a", "b")
    # a category then has a column a level, and the same means
    all_levels = poisson(table, "y ~ 0 + g")
    assert all_levels.terms == ("g[KAZ]", "g[KGZ]", "g[UZB]")
    np.testing.assert_allclose(np.exp(all_levels.coef), table.groupby("g")["y"].mean(), rtol=1e-8)
    assert poisson(table, "y ~ 0 + g + a | unit").terms == ("g[T.KGZ]", "g[T.UZB]", "a")


def test_formulas_are_split_where_they_are() -> None:
    assert regression("y ~ `a + b` + log(c - 1) - 1 | `my unit` + a ^ b").terms == ("0", "`a + b`", "log(c - 1)")
    assert regression("y ~ x | `my unit` + a ^ b").effects == ("my unit", "a^b")
    assert regression("y ~ a * b - a").terms == ("a * b - a",)
    assert regression("y ~ I(a | b)").effects == ()
    for terms in ({"terms": "ab"}, {"terms": ("a",), "effects": "unit"}):
        with pytest.raises(ModelError, match="sequence of names"):
            Regression("y", **terms)


TERMS = ("scale(a)", "center(a)", "poly(a, 2)", "bs(a, df=4)", "g", "a:g", "C(five)", "C(g, contr.sum)", "a * b - a")


@pytest.mark.parametrize("term", TERMS)
def test_rows_of_the_fit_are_predicted_as_fitted(table: pd.DataFrame, term: str) -> None:
    ordered = table.sort_values("a", ignore_index=True)
    for formula in (f"y ~ {term}", f"y ~ {term} + b | unit"):
        found = poisson(ordered, formula, on_collinear="drop" if "five" in term else "refuse")
        if found.collinear:
            continue
        np.testing.assert_allclose(predict(found, ordered[:50]), found.mean[:50], rtol=1e-6)
        np.testing.assert_allclose(predict(found, ordered.iloc[[7]]), found.mean[7], rtol=1e-6)
        assert predict(found, ordered[:0]).empty


@pytest.mark.parametrize("make", [zero_inflated, hurdle])
def test_both_parts_remember(table: pd.DataFrame, make: object) -> None:
    part = {"zero": "scale(a)"}
    counts = table.assign(y=table["y"] * (np.random.default_rng(2).random(600) < 0.7))
    found = make(counts, "y ~ center(a) + g", **part)  # type: ignore[operator]
    np.testing.assert_allclose(predict(found, counts[:30]), found.mean[:30], rtol=1e-8)
    plain = make(counts, "y ~ a + g", **dict.fromkeys(part, "a"))  # type: ignore[operator]
    assert marginal(found, "a")[0] == pytest.approx(marginal(plain, "a")[0], rel=1e-6)
    gap = counts.assign(z=counts["a"].where(counts.index > 9))
    left = make(gap, "y ~ b", **dict.fromkeys(part, "z"))  # type: ignore[operator]
    assert left.dropped == {"covariate missing": 10}


def test_marginal_effects_are_those_of_the_same_model(table: pd.DataFrame) -> None:
    plain = average_marginal_effects(fit := poisson(table, "y ~ a"), cluster(fit, "five"), ["a"]).iloc[0]
    assert plain["events_per_row"] == pytest.approx(fit.coef[1] * fit.mean.mean(), rel=1e-8)
    for term in ("center(a)", "scale(a)", "poly(a, 1)", "I(a / 1e9)", "bs(a, df=1, degree=1)"):
        other = poisson(table, f"y ~ {term}")
        row = average_marginal_effects(other, cluster(other, "five"), ["a"]).iloc[0]
        for name in ("events_per_row", "se", "p"):
            assert row[name] == pytest.approx(plain[name], rel=1e-5), term
    # log: the derivative by hand, also near zero
    low = table.assign(a=np.exp(table["a"] - 16))
    found = poisson(low, "y ~ log(a)")
    assert marginal(found, "a")[0] == pytest.approx(float((found.mean * found.coef[1] / low["a"]).mean()), rel=1e-7)
    spline = poisson(table, "y ~ bs(a, df=5)")
    moved = 1e-6
    inside = table[(table["a"] > table["a"].min() + 1e-3) & (table["a"] < table["a"].max() - 1e-3)]
    slope = (
        predict(spline, inside.assign(a=inside["a"] + moved)) - predict(spline, inside.assign(a=inside["a"] - moved))
    ) / 2e-6
    # the two rows at the ends of the spline are all that differs
    assert marginal(spline, "a")[0] == pytest.approx(float(slope.mean()), rel=0.02)


def test_resampled_fits_remember(table: pd.DataFrame) -> None:
    fits = [poisson(table, f"y ~ {t}", name="same stream") for t in ("a", "scale(a)")]
    draws = [bootstrap_effects(f, ["a"], by="unit", draws=20).iloc[0] for f in fits]
    assert draws[0]["se"] == pytest.approx(draws[1]["se"], rel=1e-5)


def test_levels_that_were_not_seen(table: pd.DataFrame) -> None:
    for term in ("g", "C(g)", "a:g", "C(g, contr.sum)"):
        found = poisson(table, f"y ~ {term}")
        for rows in (["KAZ", "COL"], ["COL"]):
            with pytest.raises(
                ModelError, match=r"row \d has 'COL' in 'g', a level that the fit has not seen; it has seen 'KAZ'"
            ):
                predict(found, pd.DataFrame({"g": rows, "a": 10.0}))
        with pytest.raises(ModelError, match="'g' is missing in row 1"):
            predict(found, pd.DataFrame({"g": ["KAZ", None], "a": 10.0}))
        with pytest.raises(ModelError, match="has not seen"):
            predict(found, pd.DataFrame({"g": [1.0], "a": 10.0}))
    with pytest.raises(ModelError, match="level that the fit has not seen"):
        poisson(table, "y ~ C(g, levels=['KAZ', 'KGZ'])")
    number = poisson(table, "y ~ a")
    with pytest.raises(ModelError, match="'a' was a number in the fit"):
        predict(number, pd.DataFrame({"a": ["ten"]}))
    with pytest.raises(ModelError, match="not finite in row 0"):
        predict(number, pd.DataFrame({"a": [np.inf]}))
    with pytest.raises(ModelError, match="beyond all bounds"):
        predict(number, pd.DataFrame({"a": [1e9]}))
    flag = table.assign(f=table["b"] > 0, h=(table["b"] > 0) * 1)
    for formula in ("y ~ C(f)", "y ~ C(h)", "y ~ f", "y ~ h"):
        for value in (1, True, 1.0):
            mean = predict(poisson(flag, formula), pd.DataFrame({"f": [value], "h": [value]}))
            assert mean.item() == pytest.approx(flag.loc[flag["f"], "y"].mean()), (formula, value)
    by_year = poisson(table, "y ~ C(five)")
    same = predict(by_year, pd.DataFrame({"five": [3.0]}))
    assert same.item() == pytest.approx(table.loc[table["five"] == 3, "y"].mean())


def test_unused_categories_are_no_terms(table: pd.DataFrame) -> None:
    rows = table[table["g"] != "KGZ"]
    known = poisson(rows, "y ~ a + g")
    for column in (pd.Categorical(table["g"]), pd.Categorical(table["g"], ordered=True)):
        found = poisson(table.assign(g=column)[table["g"] != "KGZ"], "y ~ a + g")
        assert found.terms == known.terms
        np.testing.assert_allclose(found.coef, known.coef)
        np.testing.assert_allclose(
            predict(found, table.assign(g=column)[table["g"] == "UZB"][:5]), known.mean[rows["g"] == "UZB"][:5]
        )


@pytest.mark.parametrize("level", ["KAZ", "UZB"])
def test_a_category_of_zeros_goes_with_its_rows(table: pd.DataFrame, level: str) -> None:
    zero = table.assign(y=table["y"].where(table["g"] != level, 0))
    found = poisson(zero, "y ~ a + g")
    known = poisson(zero[zero["g"] != level], "y ~ a + g")
    assert found.terms == known.terms
    np.testing.assert_allclose(found.coef, known.coef, rtol=1e-7)
    assert sum(found.dropped.values()) == int((table["g"] == level).sum())


def test_a_category_that_leaves_with_a_cluster_is_named(table: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match=r"\['g\[T\..+\]'\] have no row without it; put the category behind the bar"):
        jackknife(poisson(table, "y ~ a + g"), "g")
    assert np.isfinite(jackknife(poisson(table, "y ~ a | g"), "g").se).all()


NAMES = ("GDP-pc", "my x", "2015", "rate%", "class", "C", "log", "scale", "np", "a:b", "x[1]", "größe", "is it?", "x.y")


@pytest.mark.parametrize("name", NAMES)
def test_columns_of_any_name(table: pd.DataFrame, name: str) -> None:
    frame = table.rename(columns={"b": name}).assign(GDP=1.5, pc=table["a"])
    known = poisson(table, "y ~ a + b + a:b + center(b)", on_collinear="drop")
    for terms in (("a", name), ("a", f"`{name}`"), ("a", f"scale(`{name}`)"), ("a", f"a:`{name}`"), ("log(a)", name)):
        found = poisson(frame, Regression("y", terms))
        np.testing.assert_allclose(predict(found, frame), found.mean, rtol=1e-9)
        effect = average_marginal_effects(found, cluster(found, "five"), [name])["events_per_row"].item()
        assert np.isfinite(effect)
    assert poisson(frame, Regression("y", ("a", name))).terms == ("Intercept", "a", name)
    assert poisson(frame, f"y ~ a + `{name}`").terms == ("Intercept", "a", name)
    assert known.collinear
    by_unit = frame.rename(columns={"unit": "my unit"})
    assert poisson(by_unit, f"y ~ `{name}` | `my unit`").coef == pytest.approx(poisson(table, "y ~ b | unit").coef)


def test_cells_without_rows_are_no_terms(table: pd.DataFrame) -> None:
    hole = table[(table["g"] != "UZB") | (table["five"] != 4)]
    found = poisson(hole, "y ~ g * C(five)")
    known = hole.groupby(["g", "five"])["y"].mean()
    assert len(found.terms) == len(known) == 14
    assert found.design.empty == ("g[T.UZB]:C(five)[T.4]",)
    here = hole.drop_duplicates(["g", "five"])
    np.testing.assert_allclose(
        predict(found, here), known.loc[list(zip(here["g"], here["five"], strict=True))], rtol=1e-6
    )
    with pytest.raises(ModelError, match=r"do not identify the mean of row 0.*g\[T.UZB\]:C\(five\)\[T.4\]"):
        predict(found, pd.DataFrame({"g": ["UZB"], "five": [4]}))
    assert negative_binomial(hole.assign(y=hole["y"] ** 2), "y ~ g * C(five)").terms[:-1] == found.terms


def test_names_that_cannot_be_told_apart_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match=r"two terms are called \['Intercept'\]"):
        poisson(table.rename(columns={"a": "Intercept"}), Regression("y", ("Intercept",)))
    with pytest.raises(ModelError, match=r"several columns called \['a'\]"):
        poisson(pd.concat([table, table[["a"]]], axis=1), "y ~ a")
    assert poisson(table, "y ~ Q('a') + b").terms == ("Intercept", "a", "b")
    for formula, message in (
        ("y ~ a b", "cannot read 'a b'"),
        ("y ~ a + y", "the outcome 'y' is on both sides"),
        ("y ~ a | unit + unit", "have one twice"),
    ):
        with pytest.raises(ModelError, match=message):
            poisson(table.assign(ab=1.0), formula)
    with pytest.raises(ModelError, match=r"write 0.89 for 89 %"):
        cluster(poisson(table, "y ~ a"), "five").table(89)
    with pytest.raises(ModelError, match=r"no column \['nosuch'\]"):
        poisson(table, "y ~ log(nosuch)")
    with pytest.raises(ModelError, match="Panel or a table"):
        poisson("table.csv", "y ~ a")  # type: ignore[arg-type]


def test_types_enter_as_what_they_are(table: pd.DataFrame) -> None:
    known = poisson(table, "y ~ a + b").coef
    for other in (
        table.assign(a=table["a"].astype(object)),
        table.assign(a=table["a"].map(lambda v: decimal.Decimal(repr(float(v))))),
        table.assign(a=table["a"].astype("Float64"), y=table["y"].astype("Int64")),
        table.set_index(np.zeros(600, int)),
    ):
        np.testing.assert_allclose(poisson(other, "y ~ a + b").coef, known, rtol=1e-12)
    small = table.assign(a=(table["a"] * 10).astype("int8"), c=(table["a"] * 10).astype("int8"))
    wide = small.assign(a=small["a"].astype(float), c=small["c"].astype(float))
    for formula in ("y ~ I(a ** 2)", "y ~ a:c"):
        np.testing.assert_allclose(poisson(small, formula).coef, poisson(wide, formula).coef)
    flag = table.assign(f=table["b"] > 0)
    np.testing.assert_allclose(poisson(flag, "y ~ f:a").coef, poisson(flag.assign(f=flag["f"] * 1), "y ~ f:a").coef)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.assign(a=d["a"].astype(str)), "holds numbers written as text"),
        (lambda d: d.assign(a=[1, "x"] * 300), "mixes"),
        (lambda d: d.assign(a=pd.date_range("2015-01-01", periods=600)), "holds dates, which are neither"),
        (lambda d: d.assign(a=pd.period_range("2015-01", periods=600, freq="M")), "holds periods"),
        (lambda d: d.assign(a=d["a"] * 1j), "complex"),
        (lambda d: d.assign(y="many"), "'y' does not hold numbers"),
    ],
)
def test_types_that_are_neither_are_refused(table: pd.DataFrame, change: object, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        poisson(change(table), "y ~ a")  # type: ignore[operator]


def test_gaps_inside_functions_are_dropped_and_counted(table: pd.DataFrame) -> None:
    gap = table.assign(a=table["a"].where(table.index > 4))
    for term in ("scale(a)", "poly(a, 2)", "bs(a, df=4)", "log(a)", "C(g):a"):
        assert poisson(gap, f"y ~ {term}").dropped == {"covariate missing": 5}


def test_what_looks_at_other_rows_is_refused(table: pd.DataFrame) -> None:
    for term in ("lag(a)", "a.shift(1, fill_value=0)", "np.cumsum(a)"):
        with pytest.raises(ModelError, match=r"shift rows|order of the rows"):
            poisson(table, f"y ~ {term}")
    found = poisson(table, "y ~ I(a - a.mean())")
    assert found.coef[1] == pytest.approx(poisson(table, "y ~ a").coef[1])
    with pytest.raises(ModelError, match=r"depends on the other rows.*Use center"):
        predict(found, table[:5])
    with pytest.raises(ModelError, match="depends on the other rows"):
        marginal(found, "a")


def test_a_category_and_a_step_have_no_derivative(table: pd.DataFrame) -> None:
    for formula in ("y ~ a + C(five)", "y ~ five + C(five)", "y ~ a:C(five)"):
        with pytest.raises(ModelError, match=r"'five' enters as a category, which has no derivative"):
            marginal(poisson(table, formula, on_collinear="drop"), "five")
    with pytest.raises(ModelError, match="step or a kink"):
        marginal(poisson(table, "y ~ I(a > 10)"), "a")
    with pytest.raises(ModelError, match="step or a kink"):
        marginal(poisson(table, "y ~ a + np.floor(a)"), "a")
    with pytest.raises(ModelError, match="exposure, offset or effect as well"):
        marginal(poisson(table, "y ~ log(a)", exposure="a"), "a")
    with pytest.raises(ModelError, match=r"write \('a',\)"):
        average_marginal_effects(fit := poisson(table, "y ~ a"), cluster(fit, "five"), "a")


def test_effects_with_gaps_or_carets_are_not_mixed_up(table: pd.DataFrame) -> None:
    named = table.assign(**{"u^f": table["unit"]})
    assert poisson(named, "y ~ a | u^f").coef == pytest.approx(poisson(table, "y ~ a | unit").coef)
    found = poisson(table, "y ~ a | g^five")
    with pytest.raises(ModelError, match="level of g\\^five that the fit has not seen"):
        predict(found, table[:1].assign(five=np.nan))


def test_negative_binomial_reads_the_same(table: pd.DataFrame) -> None:
    counts = table.assign(
        y=np.random.default_rng(0).poisson(table["y"] * np.random.default_rng(3).gamma(1, 1, 600) + 1)
    )
    one, two = (negative_binomial(counts, f"y ~ {t} + g") for t in ("a", "center(a)"))
    assert one.loglik == pytest.approx(two.loglik)
    np.testing.assert_allclose(predict(two, counts[:9]), one.mean[:9], rtol=1e-6)
