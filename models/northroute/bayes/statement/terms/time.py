"""Effects of ordered times: random walks and stationary autoregressions, one for all groups or one for each."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd

from northroute.arrays import Array, Bools
from northroute.bayes.statement import intake, suited
from northroute.bayes.statement.families import SUITED, Prior, Suited
from northroute.bayes.statement.terms.context import Context
from northroute.bayes.statement.terms.writer import Batches, Ids
from northroute.errors import ModelError
from northroute.panel import periods
from northroute.panel.periods import Periods

Step = Literal["day", "week", "month", "quarter", "year"]
FREQUENCY: Final[dict[Step, str]] = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
SPARSE: Final = {"day": 2, "period": 20}
"""More states than this for every time that the data have, and nobody has said what a step is: refused."""
STEP = Prior("half_normal", 0.2, "a rate seldom moves by more than half within one step")
SD = Prior("half_normal", 1.0, "times' rates within a factor of about 7 of each other")
PERSISTENCE = Prior("beta", 2.0, "memory of one step: 0.09 to 0.91 with 95 %", shape=2.0)


class _Path:
    """What both kinds of paths have in common."""

    time: str
    group: str | tuple[str, ...] | None
    by: str | None
    correlated: bool
    lkj: float
    only: tuple[str, ...] | None
    name: str | None
    step: Step | None

    @property
    def stem(self) -> str:
        """Stem of the reported names."""
        return self.name or "_".join((*intake.words(self.group or ()), self.time))


@dataclass(frozen=True)
class Walk(_Path):
    """A random walk over ordered times that sums to zero: ``x[t] - x[t - 1] ~ normal(0, sd)``.

    It is sampled in the cosines that diagonalise its precision (:func:`walk_basis`).

    Attributes
    ----------
    time : str
        Column of dates, periods, text (:func:`northroute.panel.periods.read`) or whole numbers; ``201501`` is a month. Times
        run from the first to the last in the data, with none left out between: 120 days have 120 states.
    group : str or tuple of str, optional
        Columns whose combinations have a walk each.
    by : str, optional
        Column whose levels have walks of their own (the response, say), each with its own ``sd``.
    correlated : bool
        Correlations of the steps over the levels of ``by``, LKJ(``lkj``).
    sd : Prior
        Of the standard deviation of one step; the default suits the outcome's spread.
    sd_varies : bool
        Each group has a standard deviation of its own.
    shortest : int, optional
        Shortest period, in steps, that is kept; by default none is cut. What is cut leaves steps smaller than ``sd``.
    only : tuple of str, optional
        Responses that it enters.
    name : str, optional
        Stem of the reported names ``<name>_effect`` (group, time, level of ``by``), ``sd_<name>`` and ``corr_<name>``;
        default the group's and the time's names.
    step : {"day", "week", "month", "quarter", "year"}, optional
        What one step is; dates within one share its state. By default as the times are: dates are days, unless all are a
        day of the month (months, quarters or years) or seven days apart (weeks).
    """

    time: str
    group: str | tuple[str, ...] | None = None
    by: str | None = None
    correlated: bool = False
    lkj: float = 2.0
    sd: Prior | Suited = SUITED
    sd_varies: bool = True
    shortest: int | None = None
    only: tuple[str, ...] | None = None
    name: str | None = None
    step: Step | None = field(default=None, repr=False)  # what it decides stands in the labels and tables

    def __post_init__(self) -> None:
        intake.checked(
            self,
            flags=("correlated", "sd_varies"),
            positive=("lkj",),
            whole=("shortest",),
            names=("time", "by", "name"),
        )

    def add(self, context: Context) -> None:
        """Add the term to the model.

        Raises
        ------
        ModelError
            If times are missing, cannot be read, are fewer than three, or too few for the states between them; or no
            period is as long as ``shortest``.
        """
        grid = _grid(self, context)
        times = len(grid.times)
        functions = times - 1 if self.shortest is None else min(times - 1, 2 * times // max(self.shortest, 1))
        if functions < 1:
            raise ModelError(
                f"{context.model}: no period of a walk over {times} times is as long as 'shortest' = {self.shortest}. "
                f"Give at most {2 * times}."
            )
        sd = grid.deviations(self.sd, STEP, varies=self.sd_varies)
        block = Batches(
            np.arange(len(grid.groups) + 1) * functions,
            sd,
            correlation=grid.correlation(),
            basis=walk_basis(times)[:, :functions],
        )
        grid.enter(context.builder.effects(block))


@dataclass(frozen=True)
class AR1(_Path):
    """A stationary first-order autoregression over ordered times, less its mean over them.

    Before its mean is taken off, ``x[t] ~ normal(ar x[t - 1], sd sqrt(1 - ar^2))`` and every ``x[t]`` has standard
    deviation ``sd``.

    Attributes
    ----------
    time : str
        Column of dates, periods, text or whole numbers; see :class:`Walk`.
    group : str or tuple of str, optional
        Columns whose combinations have a path each.
    by : str, optional
        Column whose levels have paths of their own, each with its own ``sd``.
    correlated : bool
        Correlations over the levels of ``by``, LKJ(``lkj``).
    sd : Prior
        Of the marginal standard deviation; the default suits the outcome's spread.
    ar : Prior
        Of the autocorrelation at one step; on (0, 1), or uniform within (-1, 1).
    sd_varies, ar_varies : bool
        Each group has a standard deviation, an autocorrelation of its own.
    only : tuple of str, optional
        Responses that it enters.
    name : str, optional
        Stem of the reported names ``<name>_effect`` (group, time, level of ``by``), ``sd_<name>``, ``ar_<name>`` and
        ``corr_<name>``; default the group's and the time's names.
    step : {"day", "week", "month", "quarter", "year"}, optional
        What one step is; see :class:`Walk`.
    """

    time: str
    group: str | tuple[str, ...] | None = None
    by: str | None = None
    correlated: bool = False
    lkj: float = 2.0
    sd: Prior | Suited = SUITED
    ar: Prior = PERSISTENCE
    sd_varies: bool = True
    ar_varies: bool = False
    only: tuple[str, ...] | None = None
    name: str | None = None
    step: Step | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        intake.checked(
            self, flags=("correlated", "sd_varies", "ar_varies"), positive=("lkj",), names=("time", "by", "name")
        )

    def add(self, context: Context) -> None:
        """Add the term to the model.

        Raises
        ------
        ModelError
            If times are missing, cannot be read, are fewer than three, or too few for the states between them; or the
            prior of ``ar`` goes beyond (-1, 1).
        """
        bounded = self.ar.support == "interval" and self.ar.location >= -1 and self.ar.location + self.ar.scale <= 1
        if self.ar.support != "unit" and not bounded:
            raise ModelError(
                f"{context.model}: the prior of 'ar' goes beyond (-1, 1), where the path is not stationary. Give a beta, "
                "or a uniform within it."
            )
        grid = _grid(self, context)
        batches = len(grid.groups)
        sd = grid.deviations(self.sd, SD, varies=self.sd_varies)
        ar = context.builder.scalar(f"ar_{self.stem}", self.ar, grid.group_dim if self.ar_varies else ())
        block = Batches(
            np.arange(batches + 1) * len(grid.times),
            sd,
            correlation=grid.correlation(),
            autoregression=np.broadcast_to(ar, (batches,)),
            demean=True,
        )
        grid.enter(context.builder.effects(block))


def walk_basis(times: int) -> Array:
    r"""Basis B, shape (time, time - 1): a centred random walk with unit steps is ``B @ z``, z standard normal.

    The walk's precision is the Laplacian of a path, whose eigenvectors are the cosines of the discrete cosine transform
    and whose eigenvalues are :math:`4\sin^2(\pi k / 2T)` (Strang 1999, SIAM Review 41:135). Column k has the period
    :math:`2T / k`.
    """
    k, t = np.arange(1, times), np.arange(times) + 0.5
    cosines = np.sqrt(2 / times) * np.cos(np.pi * np.outer(t, k) / times)
    return np.asarray(cosines / (2 * np.sin(np.pi * k / (2 * times))))


def time_codes(context: Context, column: str, kept: Bools, step: Step | None = None) -> tuple[Ids, list[str]]:
    """Return the code of each kept row's time, and the labels of all times from the data's first to their last.

    The range is that of all rows, so that terms of different responses share it.

    Raises
    ------
    ModelError
        If the column is missing, has missing values in kept rows, cannot be read as times (what hours are, say, or mixed
        kinds), or its times are so sparse that most states between them were never seen, and no ``step`` is given.
    """
    context.require([column])
    values = context.frame[column]
    missing = int(values[kept].isna().sum())
    if missing:
        raise ModelError(
            f"{context.model}: '{column}' is missing in {missing} rows. Leave those rows out, or date them."
        )
    known = values.notna().to_numpy()
    try:
        given = _stepped(values[known], column, step)
        found = periods.read(given, column)
    except ValueError as failure:
        raise ModelError(f"{context.model}: {str(failure).rstrip('.')}.") from failure
    if step is not None and found.unit != step:
        raise ModelError(
            f"{context.model}: '{column}' holds {found.unit}s, and a step is a {step}. Give dates, or leave 'step' out."
        )
    seen = np.unique(found.numbers)
    first, states = int(seen[0]), int(seen[-1] - seen[0]) + 1
    if step is None and states > SPARSE.get(found.unit, states) * seen.size:
        numbered = "Number them 1, 2, 3 in steps of equal length."
        dated = f"Say what a step is, step='month' or step='{found.unit}' say."
        raise ModelError(
            f"{context.model}: '{column}' has {seen.size} different {found.unit}s among {states} from first to last, and a "
            f"state each would be mostly unseen. {numbered if found.unit == 'period' else dated}"
        )
    codes = np.full(len(values), -1, dtype=np.int64)
    codes[known] = found.numbers - first
    return codes[kept], _time_labels(given, found, first, states)


def _stepped(values: "pd.Series[Any]", column: str, step: Step | None) -> "pd.Series[Any]":
    """Return times as they are; dates as periods of ``step`` if it is given, since that was asked for."""
    if step is not None:
        intake.one_of(column, "step", step, get_args(Step))
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            return pd.Series(pd.DatetimeIndex(values).tz_localize(None).to_period(FREQUENCY[step]))
    return values


def _time_labels(values: "pd.Series[Any]", found: Periods, first: int, states: int) -> list[str]:
    """Name every state: ``2015-01-31``, ``2015-W05``, ``2015-01``, ``2015Q1``, ``2015``, or its number."""
    numbers = np.arange(first, first + states)
    match found.unit:
        case "day":
            return [str(d) for d in numbers.astype("datetime64[D]")]
        case "week":
            thursday = 7 * numbers + (7 if _weekday(values.iloc[0]) < 3 else 0)  # weeks are numbered from Thursdays
            return [f"{d:%G-W%V}" for d in pd.DatetimeIndex(thursday.astype("datetime64[D]").astype("datetime64[s]"))]
        case "month":
            return [f"{(n - 1) // 12:04d}-{(n - 1) % 12 + 1:02d}" for n in numbers]
        case "quarter":
            return [f"{n // 4:04d}Q{n % 4 + 1}" for n in numbers]
    return [str(n) for n in numbers]


def _weekday(week: object) -> int:
    """Day of the week, from 0 for Monday, on which a week begins that is a period, a date or text."""
    text = str(week.start_time if isinstance(week, pd.Period) else week)
    return 0 if "W" in text.upper() else pd.Timestamp(text).weekday()


@dataclass(frozen=True)
class _Grid:
    """Groups by times by levels of ``by``: labels, each kept row's place, and the dimensions that are reported."""

    path: _Path
    context: Context
    kept: Bools
    groups: list[str]
    times: list[str]
    levels: list[str]
    place: tuple[Ids, Ids, Ids]
    group_dim: tuple[str, ...]
    time_dim: str
    by_dim: tuple[str, ...]

    def deviations(self, given: Prior | Suited, default: Prior, *, varies: bool) -> Ids:
        """Create the standard deviations, by default suited to each level's spread; return identifiers (group, level)."""
        own, name = self.group_dim if varies else (), f"sd_{self.path.stem}"
        spreads = self.context.spread[self.kept]
        priors = [
            suited.deviation(self.context.model, name, given, default, suited.spread(spreads[self.place[2] == level]))
            for level in range(len(self.levels))
        ]
        rows = len(self.groups) if own else 1
        sd = self.context.builder.scalar(name, priors * rows, (*own, *self.by_dim))
        return np.broadcast_to(sd.reshape(rows, len(self.levels)), (len(self.groups), len(self.levels)))

    def correlation(self) -> Ids | None:
        """Create correlations over the levels of ``by``, if the path has them."""
        if not self.path.correlated:
            return None
        if not self.by_dim:
            raise ModelError(
                f"{self.context.model}: '{self.path.stem}' has nothing to correlate. Name a column of several levels in "
                "'by'."
            )
        return self.context.builder.correlation(f"corr_{self.path.stem}", self.by_dim[0], self.path.lkj)

    def enter(self, ids: Ids) -> None:
        """Report the coefficients, shape (group * time, level), and add them to the rows."""
        cube, builder = ids.reshape(len(self.groups), len(self.times), len(self.levels)), self.context.builder
        dims = (*self.group_dim, self.time_dim, *self.by_dim)
        builder.report(f"{self.path.stem}_effect", cube.reshape([len(builder.coords[d]) for d in dims]), dims)
        self.context.add(self.kept, cube[self.place])


def _grid(path: _Path, context: Context) -> _Grid:
    kept = context.rows(path.only)
    time_of, times = time_codes(context, path.time, kept, path.step)
    if len(times) < 3:
        raise ModelError(
            f"{context.model}: '{path.time}' has {len(times)} times, too few for a path over them. Leave the term out."
        )
    columns = intake.words(path.group or ())
    group_of, groups = context.codes(columns, kept)
    level_of, levels = context.codes(intake.words(path.by or ()), kept)
    return _Grid(
        path,
        context,
        kept,
        groups,
        times,
        levels,
        (group_of, time_of, level_of),
        (context.dimension("_".join(columns), groups),) if columns else (),
        context.dimension(path.time, times),
        (context.dimension(path.by, levels),) if path.by and len(levels) > 1 else (),
    )
