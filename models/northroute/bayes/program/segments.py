"""One entry for every family of outcomes: what the record of its rows needs, and how outcomes are drawn again.

Besides it a family has a class among :mod:`northroute.bayes.statement.distributions`, a density in the kernel, and that
density in PyMC (:mod:`northroute.bayes.samplers.plain_outcomes`); a test holds that none lacks one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.bayes.kernel.scalars import cholesky_of
from northroute.bayes.kernel.tables import Program, Record
from northroute.bayes.program.builder import Builder
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement import intake, suited
from northroute.bayes.statement.codes import Part
from northroute.bayes.statement.distributions import Distribution
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.model import Model
from northroute.errors import ModelError

Fields = dict[str, Any]
"""Arguments of :func:`northroute.bayes.program.records.segment` that a family has of its own."""


@dataclass(frozen=True)
class Segment:
    """Rows of one response."""

    response: str
    rows: slice
    distribution: Distribution
    part: Part
    cell: int


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What the record of a segment is written from.

    Attributes
    ----------
    builder : Builder
    model : Model
    frame : pandas.DataFrame
        All rows.
    segment : Segment
    y : array, shape (row,)
        The segment's outcomes.
    spread : array, shape (row,)
        How widely they lie on the scale of the predictor, which default priors suit.
    """

    builder: Builder
    model: Model
    frame: pd.DataFrame
    segment: Segment
    y: Array
    spread: Array

    def scalar(self, name: str, prior: Prior, start: float, support: suited.Support = "positive") -> int:
        """Create the response's own scalar; with one distribution for all responses they share a name."""
        model, response = self.model, self.segment.response
        prior = suited.within(model.name, name, prior, support)
        if isinstance(model.distribution, Mapping):
            name = f"{name}_{response}"
        elif model.response is not None:
            return self.builder.extend(name, prior, model.response, response, start)
        return int(self.builder.scalar(name, prior, starts=start))

    def residual(self, law: dist.Normal | dist.StudentT | dist.NormalErrors, least: float) -> Fields:
        """Create the standard deviation where one is estimated, and return it with the known ones where there are any."""
        found: Fields = {}
        if law.sd is not None:
            sd = suited.deviation(self.model.name, "sd_residual", law.sd, dist.SD, self.spread[0])
            found["auxiliary"] = self.scalar("sd_residual", sd, max(float(self.y.std()), least))
        if law.known is not None:
            rows, alone = self.segment.rows, law.sd is None
            found["known"] = intake.known(self.model.name, self.frame, law.known, rows, alone=alone)
        return found


@dataclass(frozen=True, eq=False)
class Replicates:
    """What a segment's outcomes are drawn from.

    Attributes
    ----------
    program : Program
    segment : Segment
    record : Record
        The segment's.
    values : array, shape (draw, value)
    eta : array, shape (draw, 2, row)
        Both predictors.
    """

    program: Program
    segment: Segment
    record: Record
    values: Array
    eta: Array

    @property
    def mean(self) -> Array:
        """The first predictor, shape (draw, row)."""
        return self.eta[:, 0]

    @property
    def cells(self) -> Array:
        """The same, shape (draw, cell, row of the cell)."""
        return self.mean.reshape(len(self.values), -1, self.segment.cell)

    @property
    def totals(self) -> Array:
        """Sums of the observed counts, shape (cell,)."""
        return np.asarray(self.data("outcome").reshape(-1, self.segment.cell).sum(axis=1))

    @property
    def scalar(self) -> Array:
        """The auxiliary scalar, shape (draw, 1); zero without one."""
        at = int(self.record.auxiliary)
        return self.values[:, [at]] if at >= 0 else np.zeros((len(self.values), 1))

    def data(self, field: str) -> Array:
        """Return what the program holds of every row under a field of the record, zero where there is none."""
        at, n = int(getattr(self.record, field)), self.eta.shape[2]
        return self.program.data[at : at + n] if at >= 0 else np.zeros(n)


@dataclass(frozen=True)
class Entry:
    """A family: ``write`` creates its scalars and returns its fields, ``draw`` returns outcomes of shape (draw, row)."""

    write: Callable[[Outcomes, Any], Fields]
    draw: Callable[[Replicates, Any, np.random.Generator], Array]


def _write_measure(of: Outcomes, law: dist.Normal | dist.StudentT) -> Fields:
    found = of.residual(law, 1e-3 * of.spread[0])
    if not found:
        raise ModelError(f"{of.model.name}: the {law.describe()} needs 'sd' or 'known'.")
    return found | ({"df": law.df} if isinstance(law, dist.StudentT) else {})


def _write_errors(of: Outcomes, law: dist.NormalErrors) -> Fields:
    found, name = of.residual(law, 1e-3), of.model.name
    predictor = intake.predictor(name, of.frame, law.predictor, law.predictor_sd, of.segment.rows)
    slope = int(of.builder.scalar("slope", law.slope, starts=0.0))
    spread = suited.within(name, "sd_predictor", law.spread, "positive")
    omega = int(of.builder.scalar("sd_predictor", spread, starts=float(predictor[:, 0].std())))
    return found | {"predictor": predictor, "slope": slope, "omega": omega}


def _write_correlated(of: Outcomes, law: dist.MultivariateNormal) -> Fields:
    dim, cell = str(of.model.response), of.segment.cell
    of.builder.coords[dim] = list(of.frame[dim].iloc[:cell].astype(str))
    sds = [suited.deviation(of.model.name, "sd_residual", law.sd, dist.RESIDUAL, s) for s in of.spread[:cell]]
    deviations = of.builder.scalar("sd_residual", sds, (dim,))
    return {"deviations": deviations, "correlation": of.builder.correlation("corr_residual", dim, law.lkj)}


def _write_concentration(of: Outcomes, law: dist.DirichletMultinomial) -> Fields:
    name = "inverse_root_concentration"
    root = suited.within(of.model.name, name, law.inverse_root, "positive")
    return {"auxiliary": int(of.builder.scalar(name, root, starts=0.3))}


def _draw_counts(of: Replicates, law: dist.Counts, rng: np.random.Generator) -> Array:
    return dist.draw_counts(law, of.segment.part, rng, of.mean, of.eta[:, 1], law.natural(of.scalar))


def _draw_measure(of: Replicates, law: dist.Normal | dist.StudentT, rng: np.random.Generator) -> Array:
    return law.draw(rng, of.mean, np.hypot(of.scalar, of.data("known")))


def _draw_errors(of: Replicates, law: dist.NormalErrors, rng: np.random.Generator) -> Array:
    record, n = of.record, of.eta.shape[2]
    x, tau = of.program.data[record.predictor :][: 2 * n].reshape(n, 2).T
    slope, omega = of.values[:, [record.slope]], of.values[:, [record.omega]]
    reliability = np.square(omega) / (np.square(omega) + np.square(tau))
    variance = np.square(of.scalar) + np.square(of.data("known"))
    variance = variance + np.square(slope * tau) * reliability
    return law.draw(rng, of.mean + slope * reliability * x, np.sqrt(variance))


def _draw_correlated(of: Replicates, law: dist.MultivariateNormal, rng: np.random.Generator) -> Array:
    at, cell = int(of.record.deviations), of.segment.cell
    sd = of.values[:, of.program.index[at : at + cell]]
    factor = cholesky_factors(of.program, int(of.record.correlation), cell, of.values)
    return law.draw(rng, of.cells, sd[:, :, None] * factor)


def _draw_shares(of: Replicates, law: dist.Multinomial, rng: np.random.Generator) -> Array:
    return law.draw(rng, of.cells, of.totals)


def _draw_varying_shares(of: Replicates, law: dist.DirichletMultinomial, rng: np.random.Generator) -> Array:
    return law.draw(rng, of.cells, of.totals, law.natural(of.scalar)[:, :, None])


FAMILIES: Final[Mapping[type[Distribution], Entry]] = {
    dist.Poisson: Entry(lambda of, law: {}, _draw_counts),
    dist.NegativeBinomial: Entry(
        lambda of, law: {"auxiliary": of.scalar("root_dispersion", law.root_dispersion, 0.5)}, _draw_counts
    ),
    dist.GeneralisedPoisson: Entry(
        lambda of, law: {"auxiliary": of.scalar("excess", law.excess, 0.2, "share")}, _draw_counts
    ),
    dist.Normal: Entry(_write_measure, _draw_measure),
    dist.StudentT: Entry(_write_measure, _draw_measure),
    dist.NormalErrors: Entry(_write_errors, _draw_errors),
    dist.MultivariateNormal: Entry(_write_correlated, _draw_correlated),
    dist.Multinomial: Entry(lambda of, law: {}, _draw_shares),
    dist.DirichletMultinomial: Entry(_write_concentration, _draw_varying_shares),
}
"""Every family by its class."""


def cholesky_factors(program: Program, table: int, size: int, values: Array) -> Array:
    """Return the Cholesky factors, shape (draw, size, size), of the correlation whose identifiers begin at ``table``."""
    factors = np.zeros((len(values), size, size))
    for factor, draw in zip(factors, values, strict=True):
        cholesky_of(draw, program.index, table, size, factor)
    return factors
