"""Draws of a fit as the checks need them: as points of a density, with log likelihoods by row, and replicated outcomes."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from northroute import seeds
from northroute.arrays import Array, Ints
from northroute.bayes.checks.arrays import LogLikelihood, RowBlocks
from northroute.bayes.coordinates import centring
from northroute.bayes.coordinates.curvature import log_densities
from northroute.bayes.fit import BayesFit
from northroute.bayes.kernel import batch
from northroute.bayes.ladder.formulate import formulate
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.program import predict
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.program.table_rows import table_order
from northroute.bayes.program.window import log_likelihood_rows
from northroute.conventions import DEFAULT_SEED
from northroute.errors import ModelError
from northroute.panel import Panel

ESS_ROWS: Final = 200
"""Rows whose likelihoods tell the relative effective size."""


@dataclass(frozen=True)
class Drawn:
    """Draws of a fit, chains one after the other; a :class:`northroute.bayes.checks.Density`.

    Attributes
    ----------
    assembled : Assembled
        The model on its data, centred as it was sampled.
    theta : array, shape (draw, dim)
        Coordinates.
    values : array, shape (draw, value)
    chains : int
    stored : array, shape (draw, row), optional
        Log likelihood of every row of the model, where the fit keeps it.
    kept : int array, shape (kept row,), optional
        The rows that the checks look at, by default all: see :meth:`looking_at`.
    """

    assembled: Assembled
    theta: Array
    values: Array
    chains: int
    stored: Array | None = None
    kept: Ints | None = None

    def looking_at(self, rows: Ints) -> "Drawn":
        """Return the same draws, their checks restricted to some rows: the counts of a model that has measures too, say."""
        return replace(self, kept=rows)

    @property
    def rows(self) -> Ints:
        """Positions in the frame of the rows that are looked at."""
        return np.arange(self.assembled.rows, dtype=np.int64) if self.kept is None else self.kept

    @property
    def frame(self) -> pd.DataFrame:
        """The rows that are looked at."""
        return self.assembled.frame.iloc[self.rows]

    @property
    def counts(self) -> Ints:
        """Their counts."""
        return self.frame[self.assembled.model.outcome].to_numpy(np.int64)

    @property
    def draws(self) -> Array:
        """Coordinates, shape (draw, dim)."""
        return self.theta

    def log_posterior(self, theta: Array) -> Array:
        """Log posterior, up to a constant, of coordinates (draw, dim); shape (draw,), minus infinity where undefined."""
        found = log_densities(self.assembled.program, theta)
        return np.where(np.isfinite(found), found, -np.inf)

    def log_likelihood_rows(self, theta: Array, rows: Ints) -> Array:
        """Log likelihood of rows at coordinates (draw, dim); shape (draw, k)."""
        values, _ = batch.values_of(self.assembled.program, np.ascontiguousarray(theta))
        return log_likelihood_rows(self.assembled.program, values, self.rows[rows])

    def log_likelihood(self) -> LogLikelihood:
        """Log likelihood (draw, row): the stored one, or computed block by block."""
        at, program, values = self.rows, self.assembled.program, self.values
        if self.stored is not None:
            return self.stored if self.kept is None else self.stored[:, at]
        return RowBlocks(lambda rows: log_likelihood_rows(program, values, at[rows]), len(values), at.size)

    def thinned(self, most: int) -> "Drawn":
        """Return evenly spaced draws of every chain, at most ``most`` in all."""
        total = len(self.theta)
        per_chain = total // self.chains
        step = max(1, -(-total // most))
        kept = np.arange(total).reshape(self.chains, per_chain)[:, ::step].ravel()
        stored = None if self.stored is None else self.stored[kept]
        return replace(self, theta=self.theta[kept], values=self.values[kept], stored=stored)

    def relative_ess(self) -> float:
        """Effective over actual number of draws of the likelihood, a mean over some evenly spaced rows."""
        from arviz_stats.base import array_stats

        at = self.rows[np.unique(np.linspace(0, self.rows.size - 1, min(ESS_ROWS, self.rows.size)).astype(np.int64))]
        part = log_likelihood_rows(self.assembled.program, self.values, at)
        part = part[:, np.ptp(part, axis=0) > 0]
        likelihood = np.exp(part - part.max(axis=0)).reshape(self.chains, -1, part.shape[1])
        sizes = [
            float(array_stats.ess(x, chain_axis=0, draw_axis=1, method="mean")) for x in np.moveaxis(likelihood, 2, 0)
        ]
        return min(1.0, float(np.nanmean(sizes)) / len(self.theta))


def drawn(fit: BayesFit, assembled: Assembled) -> Drawn:
    """Read a fit's draws again.

    Parameters
    ----------
    fit : BayesFit
    assembled : Assembled
        The model that was fitted, on the data that it was fitted to.

    Raises
    ------
    ModelError
        If the fit does not belong to the model, or keeps no coordinates.
    """
    group = fit.tree["coordinates"].to_dataset() if "coordinates" in fit.tree.children else {}
    if "theta" not in group or "centring" not in group:
        raise ModelError(f"Fit '{fit.name}' keeps no coordinates of its draws. Fit again.")
    theta = group["theta"].transpose("chain", "draw", "coordinate").to_numpy()
    observed = fit.tree["observed_data"]["y"].to_numpy()
    order = table_order(assembled.frame)
    own = assembled.frame[assembled.model.outcome].to_numpy(float)[order]
    if theta.shape[2] != assembled.program.dim or not np.array_equal(observed, own):
        raise ModelError(f"Fit '{fit.name}' is of other data or of another model. Give those that it was fitted to.")
    centred = replace(assembled, program=centring.written(assembled, group["centring"].to_numpy()))
    flat = np.ascontiguousarray(theta.reshape(-1, theta.shape[2]))
    values, _ = batch.values_of(centred.program, flat)
    kept = fit.tree["log_likelihood"].to_dataset()
    if "row" not in kept.dims:  # too large to keep, or by cell
        return Drawn(centred, flat, values, theta.shape[0])
    stored = np.empty((len(flat), order.size))
    stored[:, order] = kept["y"].transpose("chain", "draw", "row").to_numpy().reshape(len(flat), -1)
    return Drawn(centred, flat, values, theta.shape[0], stored)


def of_counts(fit: BayesFit, panel: Panel, spec: CountSpec) -> Drawn:
    """Read the draws of a step of the ladder again, from the panel and specification that it was fitted to."""
    stated = formulate(panel, spec)
    return drawn(fit, assemble(stated.model, stated.frame))


def replicates(drawn: Drawn, most: int = 1000, *, seed: int = DEFAULT_SEED) -> Ints:
    """Posterior predictive counts, shape (draw, row), of the draws of ``drawn.thinned(most)``, in their order."""
    name = f"posterior predictive {drawn.assembled.model.name}"
    found = predict.simulate(drawn.assembled, drawn.thinned(most).values, seeds.generator(name, seed))
    return found[:, drawn.rows].astype(np.int64)
