"""Draws read again from a fit: log likelihoods by row, densities, rows held out."""

import numpy as np
import pytest

from northroute.bayes import CountSpec, Sampling, fit_counts
from northroute.bayes.answers.posterior import Drawn, of_counts, replicates
from northroute.bayes.kernel import batch
from northroute.bayes.ladder.designs import small_design
from northroute.bayes.ladder.formulate import formulate
from northroute.bayes.program.assemble import assemble
from northroute.bayes.program.window import hold_out, log_likelihood_rows
from northroute.errors import ModelError
from northroute.panel import Panel

SPEC = CountSpec("small", "general_crime", "all_events", 100.0, varying=("interdiction",), step="slopes")


@pytest.fixture(scope="module")
def panel() -> Panel:
    return small_design()


@pytest.fixture(scope="module")
def own(panel: Panel) -> Drawn:
    settings = Sampling(draws=100, tune=100, pilot=50, retries=0, prior_draws=50)
    return of_counts(fit_counts(panel, SPEC, settings), panel, SPEC)


def test_draws_read_again_have_the_log_likelihood_that_was_stored(own: Drawn) -> None:
    assert own.stored is not None
    rows = np.array([3, 4, 5, 200, 0])
    # the fit keeps single precision
    np.testing.assert_allclose(own.log_likelihood_rows(own.theta, rows), own.stored[:, rows], rtol=1e-5)


def test_log_posterior_differences_are_finite_and_thinning_keeps_chains(own: Drawn) -> None:
    assert np.isfinite(own.log_posterior(own.theta)).all()
    assert 0 < own.relative_ess() <= 1
    assert own.thinned(100).theta.shape[0] == 100
    made = replicates(own, 100)
    assert made.shape == (100, own.assembled.rows)
    counts = own.assembled.frame["count"].to_numpy(float)
    assert 0.8 < made.mean() / counts.mean() < 1.25


def test_held_out_likelihood_is_the_whole_less_the_rows(panel: Panel) -> None:
    stated = formulate(panel, SPEC)
    frame = assemble(stated.model, stated.frame).frame
    held = (frame["country"] == "KAZ").to_numpy()
    parts = hold_out(stated.model, frame, held)
    theta = np.random.default_rng(0).normal(0, 0.3, (5, parts.whole.dim))
    values, _ = batch.values_of(parts.whole, theta)
    short = batch.log_likelihood(parts.assembled.program, values)
    rows = log_likelihood_rows(parts.whole, values, parts.rows)
    whole = batch.log_likelihood(parts.whole, values)
    np.testing.assert_allclose(short.sum(axis=1) + rows.sum(axis=1), whole.sum(axis=1), rtol=1e-10)
    # the density that is sampled has tables of repeated counts: differences between points must agree, too
    from northroute.bayes.kernel import density

    gradient = np.empty(parts.whole.dim)
    gap = [
        density.log_density(parts.whole, t, gradient) - density.log_density(parts.assembled.program, t, gradient)
        for t in theta
    ]
    np.testing.assert_allclose(np.diff(gap), np.diff(rows.sum(axis=1)), rtol=1e-8)
    with pytest.raises(ModelError, match="held out"):
        hold_out(stated.model, frame, np.zeros(len(frame), bool))
