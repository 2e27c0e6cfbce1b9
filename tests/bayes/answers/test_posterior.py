"""Draws read again from a fit: log likelihoods by row, densities, rows held out."""

from dataclasses import replace

import numpy as np
import pytest

from northroute.bayes import BayesFit, CountSpec, Sampling, fit_counts
from northroute.bayes.answers.posterior import Drawn, of_counts, replicates
from northroute.bayes.kernel import batch, density
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
def fit(panel: Panel) -> BayesFit:
    return fit_counts(panel, SPEC, Sampling(draws=100, tune=300, pilot=100, retries=0, prior_draws=50))


@pytest.fixture(scope="module")
def own(fit: BayesFit, panel: Panel) -> Drawn:
    return of_counts(fit, panel, SPEC)


def test_draws_read_again_have_the_log_likelihood_that_was_stored(own: Drawn) -> None:
    assert own.stored is not None
    rows = np.array([3, 4, 5, 200, 0])
    # the fit keeps single precision
    np.testing.assert_allclose(own.log_likelihood_rows(own.theta, rows), own.stored[:, rows], rtol=1e-5)


def test_the_log_posterior_is_the_density_that_was_sampled(own: Drawn, fit: BayesFit) -> None:
    """A sampler's energy is minus the log density plus kinetic energy: half a chi squared, apart from the position."""
    found = own.log_posterior(own.theta)
    kinetic = fit.tree["sample_stats"]["energy"].to_numpy().ravel() + found
    dim = own.theta.shape[1]
    # up to a constant; with 400 draws the ratio of variances has a standard error of 0.08, a correlation one of 0.05
    assert kinetic.var() / (dim / 2) == pytest.approx(1, abs=0.3)
    assert abs(np.corrcoef(kinetic, found)[0, 1]) < 0.25
    assert found.std() > 2
    # in the order of the points, and minus infinity where it is undefined
    np.testing.assert_array_equal(own.log_posterior(own.theta[[5, 0]]), found[[5, 0]])
    assert own.log_posterior(np.full((1, dim), 1e6)).tolist() == [-np.inf]


def test_relative_ess_counts_draws_that_differ(own: Drawn) -> None:
    mixed = np.random.default_rng(3).permutation(len(own.theta))
    assert replace(own, values=own.values[mixed]).relative_ess() > 0.8
    # forty draws, each ten times in a row, are worth about forty
    again = replace(own, values=own.values[np.repeat(mixed[:40], 10)])
    assert 0.05 < again.relative_ess() < 0.2


def test_thinning_takes_evenly_spaced_draws_of_every_chain(own: Drawn) -> None:
    thin = own.thinned(100)
    np.testing.assert_array_equal(thin.theta, own.theta.reshape(4, 100, -1)[:, ::4].reshape(100, -1))
    assert own.stored is not None and thin.stored is not None
    np.testing.assert_array_equal(thin.stored, own.stored.reshape(4, 100, -1)[:, ::4].reshape(100, -1))
    assert thin.chains == 4
    assert own.thinned(1000).theta.shape == own.theta.shape
    np.testing.assert_array_equal(replicates(own, 100), replicates(thin, 100))


def test_replicates_are_drawn_from_the_likelihood_of_their_draw_and_row(own: Drawn) -> None:
    assert own.stored is not None
    counts, made = own.counts, replicates(own, 400)
    assert made.shape == (400, counts.size)
    # a replicate is the observed count with the probability that the likelihood says: over all, and row by row
    p, hit = np.exp(own.stored), made == counts
    spread = np.sqrt((p * (1 - p)).sum(axis=0))
    assert abs((hit - p).sum()) < 4 * np.sqrt((p * (1 - p)).sum())
    assert np.abs((hit - p).sum(axis=0) / spread).max() < 5
    # and draw by draw, or the order would not be that of the draws
    assert np.abs((hit - p).sum(axis=1) / np.sqrt((p * (1 - p)).sum(axis=1))).max() < 5


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
    gradient = np.empty(parts.whole.dim)
    gap = [
        density.Density(parts.whole)(t, gradient) - density.Density(parts.assembled.program)(t, gradient) for t in theta
    ]
    np.testing.assert_allclose(np.diff(gap), np.diff(rows.sum(axis=1)), rtol=1e-8)
    with pytest.raises(ModelError, match="held out"):
        hold_out(stated.model, frame, np.zeros(len(frame), bool))
