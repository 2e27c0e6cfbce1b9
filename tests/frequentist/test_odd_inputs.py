"""Tables as ordinary users have them: every estimator gives the same coefficients, or one line that says what to do."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from northroute.errors import ModelError, SimulatedDataError
from northroute.frequentist import (
    Estimate,
    Regression,
    checks,
    conditional_poisson,
    gee,
    hurdle,
    negative_binomial,
    poisson,
    random_effects,
    zero_inflated,
)
from northroute.frequentist.covariance import Columns, cluster, heteroskedastic, stacked
from northroute.frequentist.effects import average_marginal_effects, semi_elasticities
from northroute.frequentist.event_study import event_study
from northroute.frequentist.predict import predict

Change = Callable[[pd.DataFrame], pd.DataFrame]
Maker = Callable[[pd.DataFrame], Estimate]
TERMS = "y ~ x + b"
EVERY: dict[str, Maker] = {
    "Poisson": lambda d: poisson(d, TERMS, exposure="hours"),
    "Poisson with effects": lambda d: poisson(d, f"{TERMS} | g + month", exposure="hours"),
    "negative binomial": lambda d: negative_binomial(d, TERMS, exposure="hours"),
    "zero-inflated": lambda d: zero_inflated(d, TERMS, zero="1", exposure="hours"),
    "hurdle": lambda d: hurdle(d, TERMS, exposure="hours"),
    "GEE": lambda d: gee(d, TERMS, group="g", correlation="autoregressive", exposure="hours"),
    "conditional": lambda d: conditional_poisson(d, TERMS, group="g", exposure="hours"),
    "random effects": lambda d: random_effects(d, TERMS, group="g", exposure="hours"),
    "event study": lambda d: (
        event_study(
            *(d, "y", "2015-06", ("KAZ",)),
            before=3,
            after=3,
            effects=("g", "month"),
            exposure="hours",
            covariates=("x", "b"),
        ).estimate
    ),
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """40 groups of 12 months, with more zeros and more variance than a Poisson has."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"g": np.repeat(np.arange(40), 12), "t": np.tile(np.arange(12), 40)})
    n = len(frame)
    frame["country"] = np.array(["KAZ", "KGZ", "UZB", "TJK"])[frame["g"] % 4]
    frame["month"] = [f"2015-{t + 1:02d}" for t in frame["t"]]
    frame["x"], frame["other"] = rng.normal(size=n), 1
    frame["b"] = (rng.random(n) < 0.4).astype(float)
    frame["hours"] = rng.uniform(1, 3, n)
    mean = frame["hours"] * rng.gamma(2, 0.5, 40)[frame["g"]] * rng.gamma(3, 1 / 3, n)
    frame["y"] = rng.poisson(mean * np.exp(0.2 + 0.3 * frame["x"] + 0.2 * frame["b"])) * rng.binomial(1, 0.9, n)
    return frame


@pytest.fixture(scope="module")
def plain(table: pd.DataFrame) -> dict[str, Estimate]:
    """Every estimator on the table as it is."""
    return {name: make(table) for name, make in EVERY.items()}


def _words(frame: pd.DataFrame) -> "pd.Series[str]":
    return frame["b"].map({0.0: "no", 1.0: "yes"})


SAME: dict[str, Change] = {
    "counts nullable": lambda d: d.assign(y=d["y"].astype("Int64")),
    "counts of Arrow": lambda d: d.assign(y=d["y"].astype("int64[pyarrow]")),
    "counts in few bits": lambda d: d.assign(y=d["y"].astype("uint8")),
    "counts sparse": lambda d: d.assign(y=pd.arrays.SparseArray(d["y"])),
    "counts as decimals": lambda d: d.assign(y=d["y"].map(Decimal).astype(object)),
    "fractions": lambda d: d.assign(x=d["x"].map(Fraction).astype(object)),
    "long doubles": lambda d: d.assign(x=d["x"].astype(np.longdouble)),
    "true and false": lambda d: d.assign(b=d["b"] > 0),
    "true and false as objects": lambda d: d.assign(b=(d["b"] > 0).astype(object)),
    "words": lambda d: d.assign(b=_words(d)),
    "words of Arrow": lambda d: d.assign(b=_words(d).astype("string[pyarrow]")),
    "an empty word": lambda d: d.assign(b=_words(d).replace("no", "")),
    "categories that no row has": lambda d: d.assign(
        b=pd.Categorical(_words(d), ["never", "no", "yes"]), g=pd.Categorical(d["g"], range(99))
    ),
    "groups of mixed types": lambda d: d.assign(g=d["g"].astype(object).mask(d["g"] % 2 == 0, d["g"].astype(str))),
    "groups of pairs": lambda d: d.assign(g=d["g"].map(lambda v: (v, "a"))),
    "an index of one label": lambda d: d.set_axis([0] * len(d)),
    "an index called as a column": lambda d: d.rename_axis("y"),
    "levels called as columns": lambda d: d.set_index(["g", "t"], drop=False),
    "another column twice": lambda d: pd.concat([d, d[["other"]]], axis=1),
    "a column without a name": lambda d: d.rename(columns={"other": None}),
    "a column called by a number": lambda d: d.rename(columns={"other": 0}),
    "another order": lambda d: d.sample(frac=1, random_state=0),
    "months of Arrow": lambda d: d.assign(month=pd.to_datetime(d["month"]).astype("timestamp[us][pyarrow]")),
    "months of local time": lambda d: d.assign(month=pd.to_datetime(d["month"]).dt.tz_localize("Asia/Almaty")),
    "months with blanks": lambda d: d.assign(month=" " + d["month"] + " "),
}
GAPS: dict[str, Change] = {
    "counts": lambda d: d.assign(y=d["y"].astype("Int64").mask(_gap(d))),
    "counts as objects": lambda d: d.assign(y=d["y"].astype(object).mask(_gap(d), None)),
    "numbers": lambda d: d.assign(x=d["x"].astype("Float64").mask(_gap(d))),
    "truth": lambda d: d.assign(b=(d["b"] > 0).astype("boolean").mask(_gap(d))),
    "words": lambda d: d.assign(b=_words(d).astype("string").mask(_gap(d))),
    "exposure": lambda d: d.assign(hours=d["hours"].mask(_gap(d))),
}
REFUSED: dict[str, tuple[Change, str]] = {
    "text of counts": (lambda d: d.assign(y=d["y"].astype(str)), r"'y' does not hold numbers \(str\)"),
    "text of gaps": (lambda d: d.assign(y=d["y"].astype(str).mask(_gap(d), "..")), r"first '\.\.'.*leave gaps empty"),
    "spans of time": (lambda d: d.assign(y=pd.to_timedelta(d["y"], unit="D")), "does not hold numbers"),
    "lists": (lambda d: d.assign(y=d["y"].map(lambda v: [v])), "does not hold numbers"),
    "decimal commas": (lambda d: d.assign(x=_text(d).str.replace(".", ",")), "numbers written as text"),
    "per cent": (lambda d: d.assign(x=_text(d) + " %"), "numbers written as text"),
    "thousands": (lambda d: d.assign(x=[f"{v:,}" for v in 1000 + d.index]), "numbers written as text"),
    "gaps of their own": (lambda d: d.assign(x=_text(d).mask(_gap(d), "n.a.")), "numbers written as text, and 'n.a.'"),
    "numbers and words": (lambda d: d.assign(x=d["x"].astype(object).mask(_gap(d), "a")), "mixes category and number"),
    "a column twice": (lambda d: pd.concat([d, d[["x"]]], axis=1), r"several columns called \['x'\]"),
    "levels of columns": (lambda d: d.set_axis(pd.MultiIndex.from_product([["a"], d.columns]), axis=1), "no column"),
    "no row": (lambda d: d.iloc[:0], r"no row"),
    "exposure without bounds": (lambda d: d.assign(hours=d["hours"].mask(_gap(d), np.inf)), "must be positive"),
    "a dictionary": (lambda d: {"y": [1]}, "Give a Panel or a table"),  # type: ignore[dict-item, return-value]
    "a column of a table": (lambda d: d["y"], "not a Series"),  # type: ignore[dict-item, return-value]
}


def _gap(frame: pd.DataFrame) -> "pd.Series[bool]":
    return pd.Series(frame["t"] % 11 == 3, index=frame.index)


def _text(frame: pd.DataFrame) -> "pd.Series[str]":
    return frame["x"].astype(str)


@pytest.mark.parametrize("case", SAME)
def test_the_same_fit(table: pd.DataFrame, plain: dict[str, Estimate], case: str) -> None:
    for name, make in EVERY.items():
        np.testing.assert_allclose(make(SAME[case](table)).coef, plain[name].coef, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("case", GAPS)
def test_gaps_are_left_out_and_counted(table: pd.DataFrame, case: str) -> None:
    gap = _gap(table)
    for name, make in EVERY.items():
        found, right = make(GAPS[case](table)), make(table[~gap])
        np.testing.assert_allclose(found.coef, right.coef, atol=1e-6, err_msg=name)
        assert sum(found.dropped.values()) - sum(right.dropped.values()) == gap.sum()


@pytest.mark.parametrize("case", REFUSED)
def test_one_line_that_says_what_to_do(table: pd.DataFrame, case: str) -> None:
    change, message = REFUSED[case]
    for make in EVERY.values():
        with pytest.raises(ModelError, match=message) as refusal:
            make(change(table))
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("make", [gee, random_effects])
def test_groups_of_two_columns(table: pd.DataFrame, make: Callable[..., Estimate]) -> None:
    with pytest.raises(ModelError, match=r"several columns called \['g'\]"):
        make(pd.concat([table, table[["g"]]], axis=1), TERMS, group="g")


@pytest.mark.parametrize("marks", ["no", None, 2])
def test_a_mark_that_cannot_be_read_is_refused(table: pd.DataFrame, marks: Any) -> None:
    with pytest.raises(SimulatedDataError, match=r"'simulated'.*neither true nor false"):
        poisson(table.assign(simulated=marks), TERMS)


@pytest.mark.parametrize("marks", [False, 0, 0.0])
def test_a_mark_that_says_no(table: pd.DataFrame, marks: Any) -> None:
    assert not poisson(table.assign(simulated=marks), TERMS).simulated
    assert poisson(table.assign(simulated=[*[marks] * (len(table) - 1), 1]), TERMS).simulated


# --- scale: what is found depends on no unit


def _z(found: Estimate) -> Any:
    errors = cluster(found, "g") if found.groups else heteroskedastic(found)
    slopes = [i for i, t in enumerate(found.terms) if not t.endswith("Intercept")]
    return (found.coef / errors.se)[slopes]


@pytest.mark.parametrize("name", [n for n in EVERY if n != "event study"])
@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_z_values_have_no_unit(table: pd.DataFrame, plain: dict[str, Estimate], name: str, unit: float) -> None:
    right = _z(plain[name])
    for column in ("x", "b", "hours"):
        np.testing.assert_allclose(_z(EVERY[name](table.assign(**{column: table[column] * unit}))), right, rtol=1e-5)


@pytest.mark.parametrize("name", ["Poisson", "Poisson with effects", "GEE"])
@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_a_quasi_likelihood_s_outcome_has_any_unit(
    table: pd.DataFrame, plain: dict[str, Estimate], name: str, unit: float
) -> None:
    found = EVERY[name](table.assign(y=table["y"] * unit))
    np.testing.assert_allclose(_z(found), _z(plain[name]), rtol=1e-5)
    np.testing.assert_allclose(found.mean, plain[name].mean * unit, rtol=1e-5)


def test_whatever_is_made_of_a_fit_has_no_unit(table: pd.DataFrame, plain: dict[str, Estimate]) -> None:
    kinds = ("cluster:country", "cluster:g,month", "crv3:country", "webb:country", "dk:3", "randomisation:country:6")
    columns = Columns("g")
    right = stacked(plain["Poisson with effects"], kinds, columns=columns)
    effect = average_marginal_effects(plain["Poisson with effects"], right[0], ["x"])
    for unit in (1e-9, 1e9):
        found = EVERY["Poisson with effects"](table.assign(x=table["x"] * unit))
        for one, other in zip(stacked(found, kinds, columns=columns), right, strict=True):
            np.testing.assert_allclose(one.p, other.p, rtol=1e-4, atol=1e-8)
            one.table()
        made = average_marginal_effects(found, cluster(found, "country"), ["x"])
        assert made["events_per_row"].iloc[0] == pytest.approx(effect["events_per_row"].iloc[0] / unit, rel=1e-5)
        assert made["p"].iloc[0] == pytest.approx(effect["p"].iloc[0], rel=1e-4)
        semi_elasticities(cluster(found, "country"))
        np.testing.assert_allclose(predict(found, found.design.frame), found.mean, rtol=1e-8)


@pytest.mark.parametrize("name", [n for n in EVERY if n != "event study"])
def test_a_column_far_from_its_spread_is_refused_or_right(
    table: pd.DataFrame, plain: dict[str, Estimate], name: str
) -> None:
    far = table.assign(x=table["x"] + 1e7)
    if name in ("Poisson with effects", "conditional"):
        np.testing.assert_allclose(_z(EVERY[name](far)), _z(plain[name]), rtol=1e-5)
        return
    with pytest.raises(ModelError, match=r"Write center\(\) around it"):
        EVERY[name](far)
    found = poisson(far, "y ~ center(x) + b", exposure="hours")
    np.testing.assert_allclose(_z(found), _z(plain["Poisson"]), rtol=1e-5)


@pytest.mark.parametrize("two_part", [zero_inflated, hurdle])
def test_a_year_as_a_covariate_is_not_endless(table: pd.DataFrame, two_part: Callable[..., Estimate]) -> None:
    """The intercept of a year's trend is that of the year 0, far from the data: its error is wide and says nothing."""
    year = table.assign(x=2010 + table["t"] * 0.3)
    found, right = two_part(year, TERMS), two_part(year.assign(x=year["x"] - 2010), TERMS)
    np.testing.assert_allclose(found.coef[1], right.coef[1], rtol=1e-5)
    np.testing.assert_allclose(found.loglik, right.loglik, rtol=1e-9)


def test_a_size_that_is_always_one(table: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="every positive 'y' is one, so that its size has no finite estimate"):
        hurdle(table.assign(y=(table["y"] > 0).astype(int)), TERMS)


@pytest.mark.parametrize("distribution", ["poisson", "negative binomial"])
def test_a_size_that_is_always_one_in_a_category(table: pd.DataFrame, distribution: Any) -> None:
    ones = table.assign(y=table["y"].mask(table["country"] == "TJK", table["y"].clip(upper=1)))
    with pytest.raises(
        ModelError, match=r"goes to one along \['country\[T.TJK\]'\], where every positive count is one"
    ):
        hurdle(ones, "y ~ x + country", zero="x", distribution=distribution)


# --- names


NAMES = ("naïve ё", "µ", "x\u0301", " blank ", "a:b", "a,b", "`tick`", "[red]x", "source", "rows", "0 x")


@pytest.mark.parametrize("name", NAMES)
def test_columns_of_any_name_in_every_place(table: pd.DataFrame, plain: dict[str, Estimate], name: str) -> None:
    right = plain["Poisson with effects"].coef
    term = poisson(table.rename(columns={"x": name}), Regression("y", (name, "b"), ("g", "month"), "hours"))
    np.testing.assert_allclose(term.coef, right, atol=1e-8)
    assert term.terms[0] == name
    np.testing.assert_allclose(predict(term, term.design.frame), term.mean)
    by = table.rename(columns={"country": name})
    found = poisson(by, Regression("y", ("x", "b"), ("g", "month"), "hours"))
    for kind in ("cluster:{}", "crv3:{}", "randomisation:{}:6"):
        one = stacked(found, (kind.format(name),), columns=Columns("g"))[0]
        other = stacked(plain["Poisson with effects"], (kind.format("country"),), columns=Columns("g"))[0]
        np.testing.assert_allclose(one.p, other.p, rtol=1e-6)
    shares = checks.leverage(found, "x", by=name).table
    assert sorted(shares["cluster"]) == ["KAZ", "KGZ", "TJK", "UZB"]
    assert shares["rows"].sum() == found.rows


def test_a_sign_that_python_takes_for_another(table: pd.DataFrame) -> None:
    """The micro sign and the Greek letter are one name to Python and two columns to a table."""
    both = table.rename(columns={"x": "\u00b5", "b": "\u03bc"})
    found = poisson(both, Regression("y", ("\u00b5",), exposure="hours"))
    np.testing.assert_allclose(found.coef, poisson(table, "y ~ x", exposure="hours").coef)


def test_an_empty_name_is_no_exposure() -> None:
    with pytest.raises(ModelError, match="has an empty name"):
        Regression("y", ("x",), exposure="")
