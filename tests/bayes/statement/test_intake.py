"""What goes into a model and may go wrong in silence: exposures, text for numbers, names, parts that are not there."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from northroute.bayes import COUNTS, CountSpec, Model, Prior, Sampling, fit_model, load
from northroute.bayes.kernel import batch
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.latent import Hidden
from northroute.bayes.statement.terms.places import BYM2
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.bayes.statement.terms.process import GP
from northroute.bayes.statement.terms.time import AR1, Walk
from northroute.errors import ModelError

RATE = 0.02


def table(rows: int = 60, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"people": rng.uniform(800, 1200, rows), "x": rng.normal(size=rows)})
    frame["place"] = [f"p{i % 4}" for i in range(rows)]
    frame["deaths"] = rng.poisson(RATE * frame["people"])
    return frame


def rates(*terms: Any, **changes: Any) -> Model:
    return Model("m", "deaths", dist.Poisson(), terms or (Intercept(),), **{"exposure": "people"} | changes)


def offsets(made: Assembled) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The first predictor of every row where all coordinates are zero."""
    values, _ = batch.values_of(made.program, np.zeros((1, made.program.dim)))
    return np.asarray(batch.predictors(made.program, values)[0, 0])


@pytest.mark.parametrize("kind", [float, "Float64", object])
def test_rows_without_exposure_are_left_out_and_counted(kind: Any) -> None:
    whole = table()
    gap = whole.assign(people=whole["people"].where(whole.index >= 7).astype(kind))
    gap["deaths"] = gap["deaths"].astype("Int64").mask(gap.index == 20)
    made = assemble(rates(), gap)
    assert made.dropped == {"outcome unobserved": 1, "exposure missing": 7}
    assert made.rows == 52
    rest = assemble(rates(), whole[(whole.index >= 7) & (whole.index != 20)])
    for ours, theirs in zip(made.program.tables, rest.program.tables, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_fit_is_that_of_the_rows_with_exposure() -> None:
    gap = table(200)
    gap.loc[:19, "people"] = np.nan
    fit = fit_model(rates(exposure_unit=100.0), gap, Sampling(chains=2, draws=500, prior_draws=50))
    left = gap.loc[20:]
    # the posterior of a Poisson log rate under a wide prior: mean at the log of the ratio, sd one over the root of the count
    mean, sd = np.log(100 * left["deaths"].sum() / left["people"].sum()), left["deaths"].sum() ** -0.5
    assert fit.draws("intercept").mean() == pytest.approx(mean, abs=0.3 * sd)
    assert fit.info["rows"] == 180
    assert fit.info["dropped"] == {"outcome unobserved": 0, "exposure missing": 20}


@pytest.mark.parametrize("exposure", [0.0, -1.0, np.inf])
def test_an_exposure_that_is_no_positive_number_is_refused_by_its_row(exposure: float) -> None:
    frame = table().set_index(pd.Index([f"r{i}" for i in range(60)]))
    frame.loc["r9", "people"] = exposure
    with pytest.raises(ModelError, match=rf"'people' is {exposure:g} in row r9"):
        assemble(rates(), frame)
    frame["deaths"] = frame["deaths"].mask(frame.index == "r9")
    assert assemble(rates(), frame).dropped["outcome unobserved"] == 1


def test_measures_of_no_exposure_need_none_and_others_do() -> None:
    counts = table().assign(response="deaths")
    measures = table().assign(response="score", deaths=0.5, people=np.nan)
    both = pd.concat([counts, measures], ignore_index=True)
    laws: dict[str, dist.Distribution] = {"deaths": dist.Poisson(), "score": dist.Normal()}
    model = Model("m", "deaths", laws, (Intercept(),), exposure="people", response="response")
    made = assemble(model, both)
    assert made.dropped["exposure missing"] == 0
    np.testing.assert_allclose(offsets(made), np.append(np.log(counts["people"]), np.zeros(60)))
    both.loc[60, "people"] = 10.0
    assert assemble(model, both).dropped["exposure missing"] == 59
    counted = pd.concat([counts, measures.assign(deaths=2)], ignore_index=True)
    with pytest.raises(ModelError, match="no row of 'score' has an exposure"):
        assemble(Model("m", "deaths", dist.Poisson(), (Intercept(),), exposure="people", response="response"), counted)
    with pytest.raises(ModelError, match="no row has both"):
        assemble(rates(), counts.assign(people=np.nan))


@pytest.mark.parametrize("column", ["deaths", "people", "x"])
@pytest.mark.parametrize("odd", ["12", "n/a", pd.Timestamp("2020-01-01")])
def test_text_and_dates_are_no_numbers(column: str, odd: Any) -> None:
    frame = table().astype({column: object})
    frame.loc[5, column] = odd
    with pytest.raises(ModelError, match=rf"'{column}' is .* in row 5 and no number in 1 rows"):
        assemble(rates(Intercept(), Linear(("x",))), frame)


def test_a_column_that_is_there_twice_is_refused() -> None:
    frame = table()
    with pytest.raises(ModelError, match="2 columns 'x'"):
        assemble(rates(Intercept(), Linear(("x",))), pd.concat([frame, frame[["x"]]], axis=1))


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ((Intercept(), Intercept()), "Two terms report 'intercept'"),
        ((Intercept(), Linear(("x",)), Linear(("z",))), "Give one of the terms another"),
        ((Intercept(), Linear(("x",), name="place"), Effects("place")), "'place' names both"),
        ((Intercept(), Effects("draw")), "'draw', a name of the draws' own"),
        ((Intercept(), Linear(("x",), 2.5)), "prior of 'slope' is 2.5"),  # type: ignore[arg-type]
    ],
)
def test_names_that_clash_are_refused(terms: tuple[Any, ...], message: str) -> None:
    frame = table().assign(z=lambda f: f["x"] ** 2, draw=lambda f: f["place"])
    with pytest.raises(ModelError, match=message):
        assemble(rates(*terms), frame)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (
            (Intercept(), Effects("oblast/city")),
            "'oblast/city' names .* reads as a path in the fit's file. Rename the column",
        ),
        ((Intercept(), Linear(("x",), name="..")), "'..' names"),
        ((Intercept(), Effects("cut")), "'cut' has the label .*, with a zero character"),
    ],
)
def test_names_that_no_file_takes_are_refused_before_anything_is_sampled(terms: tuple[Any, ...], message: str) -> None:
    frame = table().assign(**{"oblast/city": lambda f: f["place"], "cut": lambda f: f["place"].astype(str) + "\0b"})
    with pytest.raises(ModelError, match=message):
        assemble(rates(*terms), frame)


def test_a_term_may_not_take_the_name_of_a_derived_quantity() -> None:
    model = Model("m", "deaths", dist.NegativeBinomial(), (Intercept(name="dispersion"),))
    with pytest.raises(ModelError, match="'dispersion', a name of the distribution's own"):
        assemble(model, table())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"terms": ()}, "no term"),
        ({"terms": ("x",)}, "'x', which is no term"),
        ({"terms": (Intercept,)}, "no term"),
        ({"distribution": "poisson"}, "'poisson' is no distribution"),
        ({"distribution": dist.Poisson}, "is no distribution"),
        ({"part": "hurdles", "part_terms": (Intercept(name="zero"),)}, "no part 'hurdles'. Use one of 'zero_inflated'"),
        ({"exposure_unit": 0}, "'exposure_unit' is 0"),
        ({"exposure_unit": "100"}, "'exposure_unit' is '100'"),
        ({"name": ""}, "'name' is ''. Give a name"),
        ({"name": "a/b"}, "the name is a file's"),
        ({"outcome": 3}, "'outcome' is 3. Give a name"),
        ({"exposure": ["people"]}, "'exposure' is .'people'.. Give a name"),
        ({"distribution": dist.Multinomial()}, "goes with a multivariate normal or a composition"),
        ({"distribution": dist.MultivariateNormal(), "response": "place"}, "Name both columns, or neither"),
        ({"cell": "place", "response": "x"}, "Name both columns, or neither"),
        (
            {"distribution": dist.Normal(), "part": "hurdle", "part_terms": (Intercept(name="zero"),)},
            "of counts, and there are none",
        ),
        ({"terms": (Intercept(), Linear(("x", "deaths")))}, "Linear has the outcome 'deaths' among its columns"),
        ({"terms": (Intercept(), Effects("deaths"))}, "Effects has the outcome"),
    ],
)
def test_a_model_that_is_none_is_refused_when_it_is_stated(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"terms": (Intercept(),), "distribution": dist.Poisson()} | change
    with pytest.raises(ModelError, match=message):
        Model(**{"name": "m", "outcome": "deaths"} | given)


def test_one_term_alone_is_a_tuple_of_one() -> None:
    assert Model("m", "deaths", dist.Poisson(), Intercept()) == Model("m", "deaths", dist.Poisson(), (Intercept(),))  # type: ignore[arg-type]


def test_data_that_are_no_table_are_refused() -> None:
    with pytest.raises(ModelError, match="the data are a dict"):
        fit_model(rates(), table().to_dict("list"))  # type: ignore[arg-type]


def test_huge_counts_are_refused_at_once() -> None:
    frame = table().assign(deaths=lambda f: f["deaths"] + 2 * 10**10)
    with pytest.raises(ModelError, match="counts above 1e"):
        assemble(rates(), frame)
    assert assemble(rates(), table().assign(deaths=10**9)).rows == 60


def test_an_error_prone_predictor_without_a_value_is_refused() -> None:
    frame = table().assign(error=0.1)
    law = dist.NormalErrors("error", "x", "error", Prior("normal", 1, "test"), Prior("half_normal", 1, "test"))
    frame.loc[4, "x"] = np.nan
    with pytest.raises(ModelError, match="'x' is missing, infinite or a negative error in 1 rows"):
        assemble(Model("m", "people", law, (Intercept(),)), frame)


def test_a_response_or_cell_that_is_missing_is_refused() -> None:
    frame = table().assign(kind=lambda f: f["place"].where(f.index > 3))
    with pytest.raises(ModelError, match="'kind' is missing in 4 rows"):
        assemble(rates(response="kind"), frame)


def test_a_name_alone_is_one_column_and_not_its_letters() -> None:
    assert Linear("x") == Linear(("x",))  # type: ignore[arg-type]
    assert Effects("place", columns="1") == Effects("place")  # type: ignore[arg-type]
    assert GP("x", Prior("half_normal", 1, "test")).columns == ("x",)  # type: ignore[arg-type]
    assert CountSpec("s", "y", covariates="trade").covariates == ("trade",)  # type: ignore[arg-type]


def test_slopes_of_nothing_are_refused() -> None:
    for term, message in ((Linear(()), "names no column"), (Linear(("1",)), "stands for the intercept")):
        with pytest.raises(ModelError, match=message):
            assemble(rates(Intercept(), term), table().assign(**{"1": 2.0}))
    with pytest.raises(ModelError, match="effects of place name no column"):
        assemble(rates(Intercept(), Effects("place", columns=())), table())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"step": "countries"}, "no step 'countries'. Use one of 'pooled'"),
        ({"distribution": "normal"}, "no distribution 'normal'"),
        ({"part": "detection"}, "no part 'detection'"),
        ({"time": "spline"}, "no time 'spline'"),
        ({"interactions": ("ab", "cd")}, "'interactions' has 'ab', which is no pair"),
        ({"interactions": ("trade", "opium")}, "'trade', which is no pair"),
        ({"priors": {**COUNTS, "intercept": 2.0}}, "prior of 'intercept' is 2.0"),
        ({"priors": {**COUNTS, "slopes": COUNTS["slope"]}}, "has no prior 'slopes'"),
        ({"priors": {"slope": COUNTS["slope"]}}, "lacks the prior of 'common_slope'"),
        ({"season": "no"}, "'season' is 'no'. Give True or False"),
        ({"covariates": ("x", "x")}, "'covariates' has 'x' twice"),
        ({"exposure": 3}, "'exposure' is 3. Give a name"),
        ({"exposure_unit": 0.0}, "'exposure_unit' is 0.0"),
    ],
)
def test_a_specification_that_is_none_is_refused_when_it_is_stated(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        CountSpec("s", "y", **change)


@pytest.mark.parametrize(
    "change",
    [
        *({"sampler": "stan"}, {"chains": 0}, {"draws": "500"}, {"draws": 500.5}, {"target_accept": 95}, {"seed": -1}),
        *({"chains": True}, {"seed": "a"}, {"target_accept": "0.9"}, {"force": "yes"}),
    ],
)
def test_settings_that_are_none_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=f"Sampling: .*{next(iter(change))}"):
        Sampling(**change)


def test_a_folder_may_be_text(tmp_path: Path) -> None:
    settings = Sampling(chains=2, draws=100, tune=100, pilot=0, retries=0, prior_draws=20)
    fit = fit_model(rates(exposure_unit=100.0), table(), settings, folder=str(tmp_path / "fits"))
    again = load(str(tmp_path / "fits" / "m.nc"))
    np.testing.assert_array_equal(again.tree["posterior"]["intercept"], fit.tree["posterior"]["intercept"])


def stated(kind: Any, *given: Any, **named: Any) -> Any:
    return kind(*given, **named)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: stated(Linear, None), "None stands where names of columns"),
        (lambda: stated(Linear, "x", centre="no"), "'centre' is 'no'. Give True or False"),
        (lambda: stated(Intercept, name=None), "'name' is None. Give a name"),
        (lambda: stated(Effects, 3), "'group' is 3. Give a column"),
        (lambda: stated(Effects, ()), r"'group' is \(\). Give a column"),
        (lambda: stated(Effects, "place", correlated="no"), "'correlated' is 'no'"),
        (lambda: stated(Effects, "place", lkj="2"), "'lkj' is '2'. Give a positive number"),
        (lambda: stated(Effects, "place", lkj=-1), "'lkj' is -1"),
        (lambda: stated(Effects, "place", zero_sum=1), "'zero_sum' is 1"),
        (lambda: stated(Effects, "place", zero_sum_by=True), "'by', which names no column"),
        (lambda: stated(Walk, "t", shortest="8"), "'shortest' is '8'. Give a whole number"),
        (lambda: stated(AR1, "t", ar_varies=None), "'ar_varies' is None"),
        (lambda: stated(GP, "x", functions=6.5), "'functions' is 6.5. Give a whole number"),
        (lambda: stated(GP, "x", boundary="1.5"), "'boundary' is '1.5'. Give a positive number"),
        (lambda: stated(BYM2, "place", ("p0", "p1")), "'p0', which is no pair"),
        (lambda: stated(BYM2, "place", (("p0", "p1", "p2"),)), "which is no pair"),
        (lambda: stated(Hidden, "x"), "'x' is no term with effects"),
        (lambda: stated(Hidden, stated(Linear, "x")), "is no term with effects"),
    ],
)
def test_a_term_that_is_none_is_refused_when_it_is_stated(make: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        make()
