"""Student t outcomes from end to end: outliers bend no slope, responses have laws of their own, bad input is refused."""

import numpy as np
import pandas as pd
import pytest

from northroute.bayes.engine import Origin, fit_model
from northroute.bayes.fit import BayesFit
from northroute.bayes.program.assemble import assemble
from northroute.bayes.samplers.settings import Sampling
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.errors import ModelError
from tests.bayes.models import panel, small

WIDE = Prior("normal", 5.0, "wide beside the data")
SD = Prior("half_normal", 2.0, "wide beside the data")
TERMS = (Intercept(WIDE), Linear(("x",), WIDE))


def line(outliers: bool) -> pd.DataFrame:
    """SIMULATED: forty rows around a slope of one half, two of them typed with the decimal point in the wrong place."""
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"x": np.linspace(-2, 2, 40)})
    frame["y"] = 1.0 + 0.5 * frame.x + rng.normal(0, 0.3, 40)
    if outliers:
        frame.loc[[36, 39], "y"] = [-14.0, -20.0]
    return frame


def fitted(law: dist.Distribution, frame: pd.DataFrame) -> BayesFit:
    model = Model("line", "y", law, TERMS)
    return fit_model(model, frame, Sampling(draws=1000), origin=Origin("line", simulated=True))


def test_two_gross_outliers_bend_the_slope_of_a_normal_and_not_of_a_student_t() -> None:
    clean = fitted(dist.Normal(SD), line(False)).draws("slope")
    heavy = fitted(dist.StudentT(SD), line(True))
    normal = fitted(dist.Normal(SD), line(True))
    assert heavy.gate.passed
    assert heavy.info["attempts"] == 1
    sd = clean.std()
    assert abs(heavy.draws("slope").mean() - clean.mean()) < sd
    assert heavy.draws("slope").std() < 2 * sd
    assert abs(normal.draws("slope").mean() - clean.mean()) > 10 * sd


def test_a_student_t_with_many_degrees_of_freedom_is_the_normal() -> None:
    normal, limit = (fitted(law, line(False)) for law in (dist.Normal(SD), dist.StudentT(SD, df=1e6)))
    for name in ("slope", "intercept", "sd_residual"):
        a, b = normal.draws(name), limit.draws(name)
        assert a.mean() == pytest.approx(b.mean(), abs=0.2 * b.std())
        assert a.std() == pytest.approx(b.std(), rel=0.1)


def test_responses_have_scales_of_their_own_by_mapping_and_together() -> None:
    frame = panel()
    mapped = {"seizure": dist.StudentT(), "arrest": dist.StudentT(None, "known", df=3.0)}
    terms = (Intercept(by="response"), Effects("country", by="response"))
    found = assemble(Model("mapped", "number", mapped, terms, response="response"), frame)
    assert {s.response: s.distribution for s in found.segments} == mapped
    assert "sd_residual_seizure" in found.layout.parameters
    assert "sd_residual_arrest" not in found.layout.parameters
    together = assemble(Model("together", "number", dist.StudentT(), terms, response="response"), frame)
    assert together.layout.parameters["sd_residual"].dims == ("response",)
    assert "Student t with 4 degrees of freedom" in together.model.describe()


@pytest.mark.parametrize(
    ("law", "value", "why"),
    [
        (dist.StudentT(None), 1.0, "needs 'sd' or 'known'"),
        (dist.StudentT(known="absent"), 1.0, r"no column \['absent'\]"),
        (dist.StudentT(known="known"), np.nan, "zero or more"),
        (dist.StudentT(known="known"), -1.0, "zero or more"),
        (dist.StudentT(None, "known"), 0.0, "are positive"),
        (dist.Normal(None, "known"), np.inf, "are positive"),
    ],
)
def test_scales_that_are_none_are_refused(law: dist.Distribution, value: float, why: str) -> None:
    frame = panel()
    frame.loc[7, "known"] = value
    with pytest.raises(ModelError, match=why):
        assemble(small(law), frame)


def test_an_infinite_outcome_is_refused() -> None:
    frame = panel()
    frame.loc[7, "number"] = -np.inf
    with pytest.raises(ModelError, match="infinite in row 7"):
        assemble(small(dist.StudentT()), frame)
