"""Effects of ordered times: random walks and stationary autoregressions, one for all groups or one for each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.terms.context import Context
from northroute.bayes.statement.terms.writer import Ids
from northroute.errors import ModelError

Array = NDArray[np.float64]
STEP = Prior("half_normal", 0.2, "a rate seldom moves by more than half within one step")
SD = Prior("half_normal", 1.0, "times' rates within a factor of about 7 of each other")
PERSISTENCE = Prior("beta", 2.0, "memory of one step: 0.09 to 0.91 with 95 %", shape=2.0)


@dataclass(frozen=True)
class Walk:
    """A random walk over ordered times that sums to zero: ``x[t] - x[t - 1] ~ normal(0, sd)``.

    It is sampled in the cosines that diagonalise its precision (:func:`walk_basis`).

    Attributes
    ----------
    time : str
        Column of months (timestamps), periods or whole numbers. Times run from the first to the last in the data, with
        none left out between.
    group : str or tuple of str, optional
        Columns whose combinations have a walk each.
    by : str, optional
        Column whose levels have walks of their own (the response, say), each with its own ``sd``.
    correlated : bool
        Correlations of the steps over the levels of ``by``, LKJ(``lkj``).
    sd : Prior
        Of the standard deviation of one step.
    sd_varies : bool
        Each group has a standard deviation of its own.
    shortest : int, optional
        Shortest period, in steps, that is kept; by default none is cut. What is cut leaves steps smaller than ``sd``.
    only : tuple of str, optional
        Responses that it enters.
    name : str, optional
        Stem of the reported names ``<name>_effect`` (group, time, level of ``by``), ``sd_<name>`` and ``corr_<name>``;
        default the group's and the time's names.
    """

    time: str
    group: str | tuple[str, ...] | None = None
    by: str | None = None
    correlated: bool = False
    lkj: float = 2.0
    sd: Prior = STEP
    sd_varies: bool = True
    shortest: int | None = None
    only: tuple[str, ...] | None = None
    name: str | None = None

    @property
    def stem(self) -> str:
        """Stem of the reported names."""
        return self.name or "_".join((*_columns(self.group), self.time))

    def add(self, context: Context) -> None:
        """Add the term to the model.

        Raises
        ------
        ModelError
            If times are missing, are not ordered numbers, or are fewer than three; or no period is as long as ``shortest``.
        """
        kept = context.rows(self.only)
        grid = _grid(context, kept, self.time, self.group, self.by)
        times = len(grid.times)
        functions = times - 1 if self.shortest is None else min(times - 1, 2 * times // max(self.shortest, 1))
        if functions < 1:
            raise ModelError(
                f"{context.model}: no period of a walk over {times} times is as long as 'shortest' = {self.shortest}. "
                f"Give at most {2 * times}."
            )
        sd = grid.deviations(context, self.stem, self.sd, varies=self.sd_varies)
        ids = context.builder.effects(
            np.arange(len(grid.groups) + 1) * functions,
            sd,
            correlation=grid.correlation(context, self.stem, self.lkj) if self.correlated else None,
            basis=walk_basis(times)[:, :functions],
        )
        grid.enter(context, kept, self.stem, ids)


@dataclass(frozen=True)
class AR1:
    """A stationary first-order autoregression over ordered times, less its mean over them.

    Before its mean is taken off, ``x[t] ~ normal(ar x[t - 1], sd sqrt(1 - ar^2))`` and every ``x[t]`` has standard
    deviation ``sd``.

    Attributes
    ----------
    time : str
        Column of months (timestamps), periods or whole numbers; see :class:`Walk`.
    group : str or tuple of str, optional
        Columns whose combinations have a path each.
    by : str, optional
        Column whose levels have paths of their own, each with its own ``sd``.
    correlated : bool
        Correlations over the levels of ``by``, LKJ(``lkj``).
    sd : Prior
        Of the marginal standard deviation.
    ar : Prior
        Of the autocorrelation at one step; on (0, 1), or uniform within (-1, 1).
    sd_varies, ar_varies : bool
        Each group has a standard deviation, an autocorrelation of its own.
    only : tuple of str, optional
        Responses that it enters.
    name : str, optional
        Stem of the reported names ``<name>_effect`` (group, time, level of ``by``), ``sd_<name>``, ``ar_<name>`` and
        ``corr_<name>``; default the group's and the time's names.
    """

    time: str
    group: str | tuple[str, ...] | None = None
    by: str | None = None
    correlated: bool = False
    lkj: float = 2.0
    sd: Prior = SD
    ar: Prior = PERSISTENCE
    sd_varies: bool = True
    ar_varies: bool = False
    only: tuple[str, ...] | None = None
    name: str | None = None

    @property
    def stem(self) -> str:
        """Stem of the reported names."""
        return self.name or "_".join((*_columns(self.group), self.time))

    def add(self, context: Context) -> None:
        """Add the term to the model.

        Raises
        ------
        ModelError
            If times are missing, are not ordered numbers, or are fewer than three; or the prior of ``ar`` goes beyond
            (-1, 1).
        """
        bounded = self.ar.support == "interval" and self.ar.location >= -1 and self.ar.location + self.ar.scale <= 1
        if self.ar.support != "unit" and not bounded:
            raise ModelError(
                f"{context.model}: the prior of 'ar' goes beyond (-1, 1), where the path is not stationary. Give a beta, "
                "or a uniform within it."
            )
        kept = context.rows(self.only)
        grid = _grid(context, kept, self.time, self.group, self.by)
        batches = len(grid.groups)
        sd = grid.deviations(context, self.stem, self.sd, varies=self.sd_varies)
        ar = context.builder.scalar(f"ar_{self.stem}", self.ar, grid.group_dim if self.ar_varies else ())
        ids = context.builder.effects(
            np.arange(batches + 1) * len(grid.times),
            sd,
            correlation=grid.correlation(context, self.stem, self.lkj) if self.correlated else None,
            autoregression=np.broadcast_to(ar, (batches,)),
            demean=True,
        )
        grid.enter(context, kept, self.stem, ids)


def walk_basis(times: int) -> Array:
    r"""Basis B, shape (time, time - 1): a centred random walk with unit steps is ``B @ z``, z standard normal.

    The walk's precision is the Laplacian of a path, whose eigenvectors are the cosines of the discrete cosine transform
    and whose eigenvalues are :math:`4\sin^2(\pi k / 2T)` (Strang 1999, SIAM Review 41:135). Column k has the period
    :math:`2T / k`.
    """
    k, t = np.arange(1, times), np.arange(times) + 0.5
    cosines = np.sqrt(2 / times) * np.cos(np.pi * np.outer(t, k) / times)
    return np.asarray(cosines / (2 * np.sin(np.pi * k / (2 * times))))


def time_codes(context: Context, column: str, kept: NDArray[np.bool_]) -> tuple[Ids, list[str]]:
    """Return the code of each kept row's time, and the labels of all times from the data's first to their last.

    The range is that of all rows, so that terms of different responses share it.

    Raises
    ------
    ModelError
        If the column is missing, has missing values in kept rows, or holds neither timestamps, periods nor whole numbers.
    """
    context.require([column])
    values = context.frame[column]
    missing = int(values[kept].isna().sum())
    if missing:
        raise ModelError(
            f"{context.model}: '{column}' is missing in {missing} rows. Leave those rows out, or date them."
        )
    known = values.notna().to_numpy()
    at = values[known]
    labels: list[str]
    if isinstance(at.dtype, pd.PeriodDtype):
        periods = pd.PeriodIndex(at)
        ordinal = np.asarray(periods.asi8)
        labels = [str(p) for p in pd.period_range(periods.min(), periods.max())]
    elif pd.api.types.is_datetime64_any_dtype(at.dtype):
        stamps = pd.DatetimeIndex(at)
        ordinal = np.asarray(12 * stamps.year + stamps.month - 1)
        labels = [f"{m // 12:04d}-{m % 12 + 1:02d}" for m in range(ordinal.min(), ordinal.max() + 1)]
    elif pd.api.types.is_integer_dtype(at.dtype):
        ordinal = at.to_numpy(np.int64)
        labels = [str(t) for t in range(ordinal.min(), ordinal.max() + 1)]
    else:
        raise ModelError(
            f"{context.model}: times '{column}' are {values.dtype}, whose order and gaps are not known. Turn them into "
            "timestamps, periods or whole numbers."
        )
    codes = np.full(len(values), -1, dtype=np.int64)
    codes[known] = ordinal - ordinal.min()
    return codes[kept], labels


@dataclass(frozen=True)
class _Grid:
    """Groups by times by levels of ``by``: labels, each kept row's place, and the dimensions that are reported."""

    groups: list[str]
    times: list[str]
    levels: list[str]
    place: tuple[Ids, Ids, Ids]
    group_dim: tuple[str, ...]
    time_dim: str
    by_dim: tuple[str, ...]

    def deviations(self, context: Context, stem: str, prior: Prior, *, varies: bool) -> Ids:
        """Create the standard deviations; return identifiers of shape (group, level)."""
        own = self.group_dim if varies else ()
        sd = context.builder.scalar(f"sd_{stem}", prior, (*own, *self.by_dim))
        rows = len(self.groups) if own else 1
        return np.broadcast_to(sd.reshape(rows, len(self.levels)), (len(self.groups), len(self.levels)))

    def correlation(self, context: Context, stem: str, lkj: float) -> Ids:
        """Create correlations over the levels of ``by``."""
        if not self.by_dim:
            raise ModelError(
                f"{context.model}: '{stem}' has nothing to correlate. Name a column of several levels in 'by'."
            )
        return context.builder.correlation(f"corr_{stem}", self.by_dim[0], lkj)

    def enter(self, context: Context, kept: NDArray[np.bool_], stem: str, ids: Ids) -> None:
        """Report the coefficients, shape (group * time, level), and add them to the rows."""
        cube = ids.reshape(len(self.groups), len(self.times), len(self.levels))
        dims = (*self.group_dim, self.time_dim, *self.by_dim)
        context.builder.report(f"{stem}_effect", cube.reshape([len(context.builder.coords[d]) for d in dims]), dims)
        context.add(kept, cube[self.place])


def _grid(
    context: Context, kept: NDArray[np.bool_], time: str, group: str | tuple[str, ...] | None, by: str | None
) -> _Grid:
    time_of, times = time_codes(context, time, kept)
    if len(times) < 3:
        raise ModelError(
            f"{context.model}: '{time}' has {len(times)} times, too few for a path over them. Leave the term out."
        )
    columns = _columns(group)
    none: tuple[Ids, list[str]] = (np.zeros(int(kept.sum()), dtype=np.int64), [""])
    group_of, groups = context.codes(columns, kept) if columns else none
    level_of, levels = context.codes([by], kept) if by else none
    return _Grid(
        groups,
        times,
        levels,
        (group_of, time_of, level_of),
        (context.dimension("_".join(columns), groups),) if columns else (),
        context.dimension(time, times),
        (context.dimension(by, levels),) if by and len(levels) > 1 else (),
    )


def _columns(group: str | Sequence[str] | None) -> tuple[str, ...]:
    if group is None:
        return ()
    return (group,) if isinstance(group, str) else tuple(group)
