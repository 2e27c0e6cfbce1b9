"""Smooth functions of one or two covariates: Gaussian processes in the Hilbert-space form."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from northroute.arrays import Array, Ints
from northroute.bayes.statement import suited
from northroute.bayes.statement.codes import Spectrum
from northroute.bayes.statement.families import SUITED, Prior, Suited
from northroute.bayes.statement.intake import checked, words
from northroute.bayes.statement.terms.context import Context
from northroute.bayes.statement.terms.writer import Batches
from northroute.errors import ModelError

Kernel = Literal["squared_exponential", "matern52", "matern32"]
SD = Prior("half_normal", 1.0, "the function's values within a factor of about 7 of each other")
SHORT: Final = 0.001
LONG: Final = 0.95
"""Quantiles of the length's prior between which the approximation holds."""
FEWEST: Final = 5
MOST: Final = 1000
"""Functions beyond this are refused: each point costs as many products in every evaluation."""
SMALLEST_BOUNDARY: Final = 1.2
_KERNELS: Final[dict[Kernel, tuple[float, float, float]]] = {
    "squared_exponential": (1.75, 3.2, 3.035),
    "matern52": (2.65, 4.1, 3.588),
    "matern32": (3.42, 4.5, 3.833),
}
"""Rules a and b of Riutort-Mayol et al. (2023), section 4: functions m >= a c S / l and boundary c >= b l / S; and the lag,
in length scales, at which the correlation has fallen to one in a hundred."""


@dataclass(frozen=True)
class GP:
    """A Gaussian process of one or two covariates, approximated by sines on a box around the data.

    The approximation is that of Riutort-Mayol et al. (2023, Statistics and Computing 33:17). Its number of functions and
    its box follow from the prior of the length scale, see :func:`resolution`. With two covariates they share one length
    scale, so give them in the same units.

    Attributes
    ----------
    columns : tuple of str
        One or two numeric covariates.
    length : Prior
        Of the length scale, in the covariates' own units; the default suits their range
        (:mod:`northroute.bayes.statement.suited`).
    group : str or tuple of str, optional
        Columns whose combinations have a function each.
    kernel : {"squared_exponential", "matern52", "matern32"}
    sd : Prior
        Of the function's marginal standard deviation; the default suits the outcome's spread.
    varies : bool
        Each group has a standard deviation and a length scale of its own.
    functions : int, optional
        Functions along each covariate.
    boundary : float, optional
        Half the box's width over half the data's range, above one.
    demean : bool
        Subtract the function's mean over the distinct points.
    only : tuple of str, optional
        Responses that it enters.
    name : str, optional
        Stem of the reported names ``<name>_effect`` (group, distinct point), ``sd_<name>`` and ``length_<name>``; default
        the covariates' names.
    """

    columns: tuple[str, ...]
    length: Prior | Suited = SUITED
    group: str | tuple[str, ...] | None = None
    kernel: Kernel = "squared_exponential"
    sd: Prior | Suited = SUITED
    varies: bool = True
    functions: int | None = None
    boundary: float | None = None
    demean: bool = False
    only: tuple[str, ...] | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", words(self.columns))  # "x" and ("x") are one column
        checked(self, flags=("varies", "demean"), positive=("boundary",), whole=("functions",), names=("name",))

    @property
    def stem(self) -> str:
        """Stem of the reported names."""
        return self.name or "_".join(self.columns)

    def add(self, context: Context) -> None:
        """Add the term to the model.

        Raises
        ------
        ModelError
            If there are not one or two covariates, one does not vary, the kernel is unknown, the prior of the length
            reaches below zero, or it asks for more functions than are practical.
        """
        self._check(context)
        kept = context.rows(self.only)
        rows = np.column_stack([context.column(c, kept) for c in self.columns])
        points, point_of = np.unique(rows, axis=0, return_inverse=True)
        half = np.ptp(points, axis=0) / 2
        if (half == 0).any():
            flat = self.columns[int(np.argmin(half))]
            raise ModelError(
                f"{context.model}: '{flat}' does not vary over the rows kept. Leave it out of the function."
            )
        prior = self.length if isinstance(self.length, Prior) else suited.length(half)
        s = suited.spread(context.spread[kept])
        deviation = suited.deviation(context.model, f"sd_{self.stem}", self.sd, SD, s)
        basis, frequency = sines(points, *self._resolution(context, half, prior))
        columns = words(self.group or ())
        group_of, groups = context.codes(columns, kept)
        group_dim = (context.dimension("_".join(columns), groups),) if columns else ()
        labels = [" ".join(str(v) for v in point) for point in points.tolist()]
        dims = (*group_dim, context.dimension(f"{self.stem}_point", labels))
        own = group_dim if self.varies else ()
        sd = context.builder.scalar(f"sd_{self.stem}", deviation, own)
        length = context.builder.scalar(f"length_{self.stem}", prior, own)
        batches = len(groups)
        block = Batches(
            np.arange(batches + 1) * frequency.size,
            np.broadcast_to(sd.reshape(-1, 1), (batches, 1)),
            basis=basis,
            spectrum=Spectrum[self.kernel.upper()],
            frequency=frequency,
            length=np.broadcast_to(length, (batches,)),
            space=len(self.columns),
            demean=self.demean,
        )
        ids = context.builder.effects(block).reshape(batches, len(points))
        context.builder.report(f"{self.stem}_effect", ids if group_dim else ids[0], dims)
        context.add(kept, ids[group_of, point_of])

    def _check(self, context: Context) -> None:
        if len(self.columns) not in (1, 2):
            raise ModelError(
                f"{context.model}: a GP has one or two covariates, not {len(self.columns)}. Add several GPs."
            )
        if self.kernel not in _KERNELS:
            raise ModelError(f"{context.model}: no kernel '{self.kernel}'. Use one of {', '.join(_KERNELS)}.")
        if not isinstance(self.length, Suited):
            suited.within(context.model, f"length_{self.stem}", self.length, "positive")
        if self.boundary is not None and self.boundary <= 1:
            raise ModelError(f"{context.model}: boundary {self.boundary:g} cuts the data off. Give a number above one.")
        if self.functions is not None and self.functions < 1:
            raise ModelError(f"{context.model}: a GP needs functions, not {self.functions}. Give a number above zero.")

    def _resolution(self, context: Context, half: Array, prior: Prior) -> tuple[Ints, Array]:
        """Return functions and boundary by covariate."""
        short, long = prior.quantile(SHORT), prior.quantile(LONG)
        found = [resolution(self.kernel, h, short, long, self.boundary) for h in half]
        functions = np.asarray([f if self.functions is None else self.functions for f, _ in found], dtype=np.int64)
        total = int(np.prod(functions))
        if total > MOST:
            raise ModelError(
                f"{context.model}: lengths of '{self.stem}' between {short:.3g} and {long:.3g} over a range of "
                f"{2 * half.max():.3g} need {total} functions, more than {MOST}. Give the length a narrower prior, or "
                "'functions' and 'boundary'."
            )
        return functions, np.asarray([b for _, b in found])


def resolution(
    kernel: Kernel, half_range: float, short: float, long: float, boundary: float | None = None
) -> tuple[int, float]:
    r"""Return the number of functions and the boundary factor that suit length scales between ``short`` and ``long``.

    With S half the data's range, the boundary is

    .. math:: c = \max(1.2,\; b\,l_{long}/S,\; 1 + r\,l_{long}/2S)

    and the functions are :math:`m = \lceil a\,c\,S/l_{short}\rceil`, at least :data:`FEWEST`. The numbers a and b are
    those of Riutort-Mayol et al. (2023), section 4: 1.75 and 3.2 for the squared exponential, 2.65 and 4.1 for the Matern
    5/2, 3.42 and 4.5 for the Matern 3/2. The third bound is ours. The sines vanish at the box's end, which takes from the
    variance of a point the correlation at twice its distance to the end; r is the lag at which that is one in a hundred.

    Parameters
    ----------
    kernel : str
    half_range, short, long : float
        In the covariate's units.
    boundary : float, optional
        A boundary factor to use instead.
    """
    a, b, reach = _KERNELS[kernel]
    ratio = long / half_range
    c = max(SMALLEST_BOUNDARY, b * ratio, 1 + reach * ratio / 2) if boundary is None else boundary
    return max(FEWEST, int(np.ceil(a * c * half_range / short))), float(c)


def sines(points: Array, functions: Ints, boundary: Array) -> tuple[Array, Array]:
    r"""Return the basis at the points and the functions' squared frequencies.

    Along one covariate, with L = c S and x measured from the middle of the range, function j is
    :math:`L^{-1/2}\sin(\pi j (x + L) / 2L)` with squared frequency :math:`(\pi j / 2L)^2`; with two covariates functions
    are products and squared frequencies sums.

    Parameters
    ----------
    points : array, shape (point, covariate)
    functions, boundary : array, shape (covariate,)

    Returns
    -------
    basis : array, shape (point, function)
    frequency : array, shape (function,)
    """
    middle, half = (points.max(axis=0) + points.min(axis=0)) / 2, np.ptp(points, axis=0) / 2
    basis, frequency = np.ones((len(points), 1)), np.zeros(1)
    for d, count in enumerate(functions):
        end = boundary[d] * half[d]
        root = np.pi * np.arange(1, count + 1) / (2 * end)
        along = np.sin(np.outer(points[:, d] - middle[d] + end, root)) / np.sqrt(end)
        basis = (basis[:, :, None] * along[:, None, :]).reshape(len(points), -1)
        frequency = (frequency[:, None] + root**2).ravel()
    return basis, frequency
