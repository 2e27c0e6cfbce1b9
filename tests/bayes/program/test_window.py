"""A window of rows, and a likelihood without some rows, have the log likelihood of the same rows in the whole program."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from northroute.bayes.coordinates.prior_coordinates import prior_values
from northroute.bayes.kernel import batch
from northroute.bayes.program.assemble import assemble
from northroute.bayes.program.window import hold_out, log_likelihood_rows
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept
from tests.bayes.kernel.examples import point
from tests.bayes.kernel.oracle import assert_gradient
from tests.bayes.models import full, heavy, panel, paths, small

ERRORS = dist.NormalErrors("known", "z", "exposure", Prior("normal", 1.0, "slope"), dist.SD, dist.SD)
MODELS = [
    full(),
    paths(),
    heavy(),
    small(dist.Normal(known="known")),
    small(dist.StudentT(None, "known")),
    Model("errors", "number", ERRORS, (Intercept(), Effects("country"))),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: f"{m.name} {type(m.distribution).__name__}")
def test_rows_keep_their_likelihood_in_a_window_and_held_out(model: Any) -> None:
    assembled, rng = assemble(model, panel()), np.random.default_rng(1)
    values = prior_values(assembled, 5, rng)
    whole = batch.log_likelihood(assembled.program, values)
    rows = np.array([50, 51, 52, 7, 8, 80, 3])
    assert_allclose(log_likelihood_rows(assembled.program, values, rows), whole[:, rows], rtol=1e-10)
    held = np.zeros(assembled.rows, bool)
    held[rows] = True
    without = hold_out(model, assembled.frame, held)
    program = without.assembled.program
    assert_gradient(program, point(program, 2))
    inside = ~held[without.assembled.frame["place among all rows"].to_numpy()]
    every = batch.log_likelihood(without.whole, values)
    assert_allclose(batch.log_likelihood(program, values)[:, inside], every[:, inside], rtol=1e-10)
