"""Posteriors that are none, by hand-made data for each reason; and the nearest proper ones."""

import numpy as np
import pandas as pd
import pytest

from northroute.bayes import Model, fit_model
from northroute.bayes.distributions import Normal, Poisson
from northroute.bayes.gate.improper import require_proper
from northroute.bayes.program.assemble import assemble
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.model import PartName, Term
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.errors import ModelError

FLAT, PROPER = Prior.flat(), Prior.normal(mean=0.0, sd=1.0)
RNG = np.random.default_rng(1)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(3, 60).astype(float) + 1,
        "x": RNG.normal(size=60),
        "z": RNG.normal(size=60),
        "g": np.repeat(list("abc"), 20),
    }
).assign(twice=lambda d: 1e6 * (2 * d["x"] + 3))
EMPTY = FRAME.assign(y=FRAME["y"].where(FRAME["g"] != "b", 0))
ZEROS = FRAME.assign(y=FRAME["y"].where(np.arange(60) % 3 > 0, 0))
ONE, BY = Intercept(prior=FLAT), Intercept(prior=FLAT, by="g", name="level")
ZERO = Intercept(prior=FLAT, name="zero")


def poisson(*terms: Term, part: PartName | None = None, part_terms: tuple[Term, ...] = ()) -> Model:
    return Model("m", "y", Poisson(), terms, part=part, part_terms=part_terms)


@pytest.mark.parametrize(
    ("model", "frame", "named"),
    [
        (poisson(ONE, Intercept(prior=FLAT, name="again")), FRAME, "intercept, again,"),
        (poisson(ONE, Linear(("x", "twice"), prior=FLAT)), FRAME, "intercept, slope[x], slope[twice],"),
        (poisson(ONE, BY), FRAME, "intercept, level[a], level[b], level[c],"),
        (poisson(BY), EMPTY, "identify level[b],"),
        (Model("m", "y", Normal(), (ONE, BY)), FRAME, "intercept, level[a]"),
        (poisson(ONE, part="zero_inflated", part_terms=(ZERO,)), ZEROS, "identify zero,"),
        (poisson(ONE, part="detection", part_terms=(ZERO,)), ZEROS, "zero,"),
        (poisson(ONE, part="hurdle", part_terms=(ZERO,)), FRAME, "identify zero,"),
    ],
)
def test_what_the_data_do_not_identify_is_named(model: Model, frame: pd.DataFrame, named: str) -> None:
    with pytest.raises(ModelError, match="whose prior is flat, so there is no posterior") as refused:
        require_proper(assemble(model, frame))
    assert named in str(refused.value)


@pytest.mark.parametrize(
    ("model", "frame"),
    [
        (poisson(ONE), FRAME),
        (poisson(ONE, Linear(("x", "z"), prior=FLAT), Effects("g")), EMPTY),
        (poisson(ONE, Intercept(prior=PROPER, name="again")), FRAME),
        (poisson(BY), FRAME),
        (Model("m", "y", Normal(), (BY,)), EMPTY),
        (poisson(ONE, part="hurdle", part_terms=(ZERO,)), ZEROS),
        (poisson(ONE, part="zero_inflated", part_terms=(Intercept(prior=PROPER, name="zero"),)), ZEROS),
    ],
)
def test_what_they_identify_is_fitted(model: Model, frame: pd.DataFrame) -> None:
    require_proper(assemble(model, frame))


def test_shares_of_a_cell_are_known_up_to_a_constant() -> None:
    cells = pd.DataFrame({"c": np.repeat(np.arange(20), 3), "k": np.tile(list("abc"), 20), "n": np.arange(60.0) + 1})
    levels = Intercept(prior=FLAT, by="k")
    model = Model("m", "n", dist.Multinomial(), (levels,), response="k", cell="c")
    with pytest.raises(ModelError, match=r"intercept\[a\], intercept\[b\], intercept\[c\],"):
        require_proper(assemble(model, cells))


def test_a_fit_ends_at_once() -> None:
    with pytest.raises(ModelError, match="no posterior"):
        fit_model(poisson(ONE, ZERO), FRAME)
