"""Expected counts of a fit's rows, from its reported quantities alone, as they are or with covariates set elsewhere.

Both linear predictors are put together again from the posterior and the constants that a fit of the ladder keeps, so a fit
read back from its file answers without its panel. What is not known to enter a predictor is refused, never left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import sparse

from northroute.arrays import Array
from northroute.bayes.answers.columns import Columns, Key, columns
from northroute.bayes.fit import BayesFit
from northroute.bayes.ladder.formulate import LAWS
from northroute.bayes.program.predict import NUMBERS
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.codes import Part
from northroute.bayes.statement.priors import COUNTS
from northroute.errors import ModelError

Of = Literal["reported", "all"]
"""Events that are counted, or all events, reported or not (step ``reporting``)."""
_SLOPES: Final = ("unit_slope", "common_slope", "slope", "shock_mean", "detection_slope")
_COVARIATES: Final = ("unit_covariate", "covariate", "varying", "shock", "detection_covariate")
_SECOND: Final = ("zero_", "detection_")
_DERIVED: Final = ("unit_level", "slope_country", "shock_country", "dispersion", "concentration")
_OTHER: Final = ("sd_", "corr_", "rho_", "ar_", "length_", "root_dispersion", "excess")


@dataclass(frozen=True, eq=False)
class Entry:
    """A value that enters a predictor at each row, times a column where it is a slope.

    Attributes
    ----------
    values : array, shape (draw, cell)
    cell : int array, shape (row,)
    column : (str, str), optional
    """

    values: Array
    cell: NDArray[np.intp]
    column: Key | None = None

    def at(self, draws: slice) -> Array:
        """Return the value at every row, shape (draw, row)."""
        return np.asarray(self.values[draws][:, self.cell])


@dataclass(frozen=True, eq=False)
class Predictor:
    """What expected counts are made of.

    Attributes
    ----------
    shape : (int, int)
        Chains and draws.
    log_exposure : array, shape (row,)
    labels : mapping of str to array of str, shape (row,)
        Where each row belongs: ``country``, ``unit``, ``month``, ``outcome``.
    columns : Columns
    mean, second : tuple of Entry
        Of the log mean, and of the logit of zeros or detection.
    auxiliary : Entry, optional
        Square root of the dispersion, or the generalised Poisson's lambda.
    law : Counts
    part : Part
        What the second predictor is of.
    """

    shape: tuple[int, int]
    log_exposure: Array
    labels: Mapping[str, NDArray[np.str_]]
    columns: Columns
    mean: tuple[Entry, ...]
    second: tuple[Entry, ...]
    auxiliary: Entry | None
    law: dist.Counts
    part: Part

    def blocks(self) -> Iterator[slice]:
        """Blocks of draws whose expected counts fit into memory."""
        total = self.shape[0] * self.shape[1]
        step = max(1, NUMBERS // self.log_exposure.size)
        return (slice(first, min(first + step, total)) for first in range(0, total, step))

    def linear(self, draws: slice) -> tuple[Array, Array]:
        """Return both linear predictors of a block of draws, offset included, each of shape (draw, row)."""
        eta = np.tile(self.log_exposure, (draws.stop - draws.start, 1))
        second = np.zeros_like(eta)
        for out, entries in ((eta, self.mean), (second, self.second)):
            for entry in entries:
                out += entry.at(draws) * (1.0 if entry.column is None else self.columns.values[entry.column])
        return eta, second

    def moved(self, draws: slice, base: tuple[Array, Array], change: Mapping[Key, Array]) -> tuple[Array, Array]:
        """Return both predictors where columns change, from those where they do not."""
        found = [base[0], base[1]]
        for which, entries in enumerate((self.mean, self.second)):
            for entry in entries:
                if entry.column is not None and entry.column in change:
                    step = change[entry.column] - self.columns.values[entry.column]
                    found[which] = found[which] + entry.at(draws) * step
        return found[0], found[1]

    def counts(self, draws: slice, linear: tuple[Array, Array], of: Of = "reported") -> Array:
        """Return expected counts of a block of draws, shape (draw, row)."""
        scalar = np.zeros(1) if self.auxiliary is None else self.auxiliary.at(draws)
        part = Part.NONE if self.part is Part.DETECTION and of == "all" else self.part
        return dist.expected_counts(self.law, part, *linear, self.law.natural(scalar))


def predictor(fit: BayesFit, of: Of = "reported") -> Predictor:
    """Read what expected counts are made of from a fit of the ladder.

    Raises
    ------
    GateError
        If the fit failed its diagnostics and was not allowed.
    ModelError
        If the fit is not one of the ladder, has a quantity that is not known to enter the mean, or ``of`` is ``"all"``
        and reporting is not modelled.
    """
    names = [str(n) for n in fit.tree["posterior"].to_dataset().data_vars]
    constants = fit.tree["constant_data"].to_dataset()
    if "spec" not in fit.info.get("spec", {}) or "outcome_of_row" not in constants:
        raise ModelError(f"'{fit.name}' is not a fit of the ladder, or an old one. Fit it again with fit_counts.")
    spec = fit.info["spec"]["spec"]
    if of == "all" and spec["step"] != "reporting":
        raise ModelError(f"'{fit.name}' does not model reporting, so all events are not known. Use of='reported'.")
    labels = {d: _labels(constants, d) for d in ("country", "unit", "month", "outcome")}
    read = columns(fit, labels["month"])
    number = constants["month_of_row"].to_numpy()
    place = {
        **labels,
        "month_of_year": (constants["season_of_row"].to_numpy() + 1).astype(str),
        "country_month": np.char.add(np.char.add(labels["country"], " "), labels["month"]),
        "month_point": number.astype(float).astype(str),
    }
    first: list[Entry] = []
    second: list[Entry] = []
    auxiliary = None
    for name in names:
        if name in _DERIVED:
            continue
        if name in ("root_dispersion", "excess"):
            auxiliary = _entries(fit.parameter(name), place)[0]
        elif name.endswith(("_effect", "intercept")) or name in _SLOPES:
            (second if name.startswith(_SECOND) else first).extend(_entries(fit.parameter(name), place))
        elif not name.startswith(_OTHER):
            raise ModelError(
                f"'{fit.name}' has '{name}', and how it enters the mean is not known here. Answers on the scale of counts "
                "are for the steps of the ladder."
            )
    intercept = fit.parameter("intercept")
    shape = (intercept.sizes["chain"], intercept.sizes["draw"])
    exposure = constants["log_exposure"].to_numpy().astype(float)
    law = LAWS[spec["distribution"]](COUNTS)
    part = dist.PARTS["detection"] if spec["step"] == "reporting" else dist.PARTS.get(spec["part"], Part.NONE)
    return Predictor(shape, exposure, labels, read, tuple(first), tuple(second), auxiliary, law, part)


def expected(
    made: Predictor,
    member: sparse.csr_array,
    changes: Sequence[Mapping[Key, Array]] = (),
    of: Of = "reported",
) -> Array:
    """Sum expected counts over groups of rows, as observed and with columns changed.

    Parameters
    ----------
    made : Predictor
    member : sparse array, shape (row, group)
        Weight of each row in each group.
    changes : sequence of mapping
        Columns that change, one mapping a scenario (see :meth:`Columns.at`).
    of : {"reported", "all"}

    Returns
    -------
    array, shape (1 + scenario, chain, draw, group)
        As observed first.
    """
    chains, draws = made.shape
    out = np.empty((1 + len(changes), chains * draws, member.shape[1]))
    for block in made.blocks():
        base = made.linear(block)
        out[0, block] = made.counts(block, base, of) @ member
        for s, change in enumerate(changes, start=1):
            out[s, block] = made.counts(block, made.moved(block, base, change), of) @ member
    return out.reshape(1 + len(changes), chains, draws, -1)


def _labels(constants: xr.Dataset, dim: str) -> NDArray[np.str_]:
    return np.asarray(constants[dim].to_numpy().astype(str)[constants[f"{dim}_of_row"].to_numpy()])


def _entries(parameter: xr.DataArray, place: Mapping[str, NDArray[np.str_]]) -> list[Entry]:
    """Where a parameter enters: one entry, or one for each covariate that it is a slope of."""
    slopes = [str(d) for d in parameter.dims if d in _COVARIATES]
    if slopes:
        dim = slopes[0]
        found = []
        for label in map(str, parameter[dim].to_numpy()):
            (entry,) = _entries(parameter.sel({dim: label}, drop=True), place)
            found.append(Entry(entry.values, entry.cell, (dim, label)))
        return found
    dims = [str(d) for d in parameter.dims[2:]]
    unknown = [d for d in dims if d not in place]
    if unknown:
        raise ModelError(f"'{parameter.name}' has dimension '{unknown[0]}', whose rows are not known.")
    rows = place["country"].size
    cell = np.zeros(rows, dtype=np.intp)
    for dim in dims:
        known = {label: i for i, label in enumerate(parameter[dim].to_numpy().astype(str))}
        cell = cell * len(known) + np.fromiter((known[v] for v in place[dim]), dtype=np.intp, count=rows)
    flat = parameter.to_numpy().reshape(parameter.sizes["chain"] * parameter.sizes["draw"], -1)
    return [Entry(np.ascontiguousarray(flat, dtype=float), cell)]
