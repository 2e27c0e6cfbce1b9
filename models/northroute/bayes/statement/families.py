"""One prior: a family, its numbers and one line of reason.

Numbers are given by names of the family's own, ``Prior.gamma(shape=25, rate=4)``, and are checked. What is stored, and what
data files hold, are three numbers, of which a family uses some, by these names:

================ ======================== ======================= ======================
family           location                 scale                   shape
================ ======================== ======================= ======================
normal           mean                     standard deviation
student_t        centre                   scale                   degrees of freedom
lognormal        mean of the log          sd of the log
half_normal                               sd before folding at 0
half_cauchy                               scale before folding
half_student_t                            scale before folding    degrees of freedom
exponential                               mean (1 / rate)
gamma                                     1 / rate                shape
inverse_gamma                             scale (Stan's beta)     shape (Stan's alpha)
beta                                      b                       a
uniform          lower end                width
flat                                      (not used; give 1)
================ ======================== ======================= ======================
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from northroute.arrays import Array
from northroute.errors import ModelError

Family = Literal[
    "normal",
    "student_t",
    "lognormal",
    "half_normal",
    "half_cauchy",
    "half_student_t",
    "exponential",
    "gamma",
    "inverse_gamma",
    "beta",
    "uniform",
    "flat",
]
Support = Literal["real", "positive", "unit", "interval"]

FAMILIES: Final[tuple[Family, ...]] = get_args(Family)
"""Every family in a fixed order: a family's code is its place here, and compiled samplers read it."""

LOCATED: Final = frozenset({"normal", "student_t", "lognormal", "uniform"})
"""Families with a location."""
SHAPED: Final = frozenset({"student_t", "half_student_t", "gamma", "inverse_gamma", "beta"})
"""Families with a shape."""
_NOT_GIVEN: Final = float("nan")
"""Stands, by identity, for a shape that was not given."""
_TOLD: Final[Mapping[Family, tuple[str, str]]] = {
    "normal": ("mean, sd", "({location:g}, {scale:g})"),
    "student_t": ("df, location, scale", "(df {shape:g}, location {location:g}, scale {scale:g})"),
    "lognormal": ("mean_log, sd_log", "({location:g}, {scale:g})"),
    "half_normal": ("sd", "({scale:g})"),
    "half_cauchy": ("scale", "({scale:g})"),
    "half_student_t": ("df, scale", "(df {shape:g}, scale {scale:g})"),
    "exponential": ("rate", "(mean {scale:g})"),
    "gamma": ("shape, rate", "(shape {shape:g}, scale {scale:g})"),
    "inverse_gamma": ("shape, scale", "(shape {shape:g}, scale {scale:g})"),
    "beta": ("a, b", "({shape:g}, {scale:g})"),
    "uniform": ("lower, upper", "({location:g}, {upper:g})"),
    "flat": ("", ""),
}
"""What each family's constructor takes, by name, and what its numbers are in words."""

GIVEN: Final = "given with the model"
"""The reason of a prior that comes without one."""


@dataclass(frozen=True)
class Suited:
    """Stands for a default prior that is suited to the data when a model meets them.

    :mod:`northroute.bayes.statement.suited` says to what, and a fit's ``info["priors"]`` which prior it became.
    """


SUITED: Final = Suited()


@dataclass(frozen=True)
class Prior:
    """One prior, best made by its family's constructor: ``Prior.normal(mean=0, sd=2)``, ``Prior.gamma(shape=25, rate=4)``.

    The table at the head of the module says what location, scale and shape mean in each family; these, too, are given by
    name: ``Prior("gamma", shape=25, scale=1 / 4, reason="...")``.

    Attributes
    ----------
    family : str
        One of :data:`FAMILIES`. ``flat`` is improper: it may be fitted, and cannot be simulated from.
    scale : float
        Positive.
    reason : str
        One line: why these numbers, in the parameter's units.
    location : float
        Zero in families that have none.
    shape : float
        Positive; needed in the families of :data:`SHAPED`, one in others.

    Raises
    ------
    ModelError
        For an unknown family, a reason that is no text (a number in its place, say), a shape that is not given, or numbers
        that the family does not allow.
    """

    family: Family
    scale: float
    reason: str
    location: float = 0.0
    shape: float = _NOT_GIVEN

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ModelError(f"No family of priors '{self.family}'. Use one of {', '.join(FAMILIES)}.")
        taken = ", ".join(f"{name}=..." for name in _TOLD[self.family][0].split(", ") if name)
        named = f"Write Prior.{self.family}({taken})."
        if not isinstance(self.reason, str):
            raise ModelError(
                f"Prior of the {self.family} family: the reason is {self.reason!r}, not text; numbers are given by name. "
                f"{named}"
            )
        if self.shape is _NOT_GIVEN:
            if self.family in SHAPED:
                raise ModelError(f"Prior of the {self.family} family: no shape was given, and it has one. {named}")
            object.__setattr__(self, "shape", 1.0)
        numbers = (self.location, self.scale, self.shape)
        if not all(_is_number(n) for n in numbers):
            raise ModelError(f"Prior of the {self.family} family: {numbers} are not all numbers. {named}")
        if not np.all(np.isfinite(numbers)) or self.scale <= 0 or self.shape <= 0:
            raise ModelError(
                f"Prior {self}: scale and shape must be positive and every number finite. Mend the numbers."
            )
        for name, value, empty, having in (
            ("location", self.location, 0.0, LOCATED),
            ("shape", self.shape, 1.0, SHAPED),
        ):
            if self.family not in having and value != empty:
                raise ModelError(f"Prior {self}: {self.family} has no {name}, but {value:g} was given. Leave it out.")

    @classmethod
    def normal(cls, *, mean: float, sd: float, reason: str = GIVEN) -> "Prior":
        """Return a normal prior."""
        _positive("normal", sd=sd)
        return cls("normal", sd, reason, location=mean)

    @classmethod
    def student_t(cls, *, df: float, location: float, scale: float, reason: str = GIVEN) -> "Prior":
        """Return a Student t with ``df`` degrees of freedom; its sd is ``scale * sqrt(df / (df - 2))``."""
        _positive("student_t", df=df, scale=scale)
        return cls("student_t", scale, reason, location=location, shape=df)

    @classmethod
    def lognormal(cls, *, mean_log: float, sd_log: float, reason: str = GIVEN) -> "Prior":
        """Return the prior of a number whose log is normal; its median is ``exp(mean_log)``."""
        _positive("lognormal", sd_log=sd_log)
        return cls("lognormal", sd_log, reason, location=mean_log)

    @classmethod
    def half_normal(cls, *, sd: float, reason: str = GIVEN) -> "Prior":
        """Return a normal around zero, of standard deviation ``sd``, folded to positive numbers."""
        _positive("half_normal", sd=sd)
        return cls("half_normal", sd, reason)

    @classmethod
    def half_cauchy(cls, *, scale: float, reason: str = GIVEN) -> "Prior":
        """Return a folded Cauchy; its median is ``scale``."""
        _positive("half_cauchy", scale=scale)
        return cls("half_cauchy", scale, reason)

    @classmethod
    def half_student_t(cls, *, df: float, scale: float, reason: str = GIVEN) -> "Prior":
        """Return a folded Student t with ``df`` degrees of freedom."""
        _positive("half_student_t", df=df, scale=scale)
        return cls("half_student_t", scale, reason, shape=df)

    @classmethod
    def exponential(cls, *, rate: float, reason: str = GIVEN) -> "Prior":
        """Return an exponential with mean ``1 / rate``."""
        _positive("exponential", rate=rate)
        return cls("exponential", 1 / rate, reason)

    @classmethod
    def gamma(cls, *, shape: float, rate: float, reason: str = GIVEN) -> "Prior":
        """Return a gamma with mean ``shape / rate`` and variance ``shape / rate**2``."""
        _positive("gamma", shape=shape, rate=rate)
        return cls("gamma", 1 / rate, reason, shape=shape)

    @classmethod
    def inverse_gamma(cls, *, shape: float, scale: float, reason: str = GIVEN) -> "Prior":
        """Return the prior of one over a gamma of this shape and of rate ``scale``; its mean is ``scale / (shape - 1)``."""
        _positive("inverse_gamma", shape=shape, scale=scale)
        return cls("inverse_gamma", scale, reason, shape=shape)

    @classmethod
    def beta(cls, *, a: float, b: float, reason: str = GIVEN) -> "Prior":
        """Return a beta with mean ``a / (a + b)``."""
        _positive("beta", a=a, b=b)
        return cls("beta", b, reason, shape=a)

    @classmethod
    def uniform(cls, *, lower: float, upper: float, reason: str = GIVEN) -> "Prior":
        """Return a uniform between two ends."""
        if not (_is_number(lower) and _is_number(upper) and lower < upper):
            raise ModelError(f"Prior.uniform: lower={lower!r} is not below upper={upper!r}. Give two ends in order.")
        return cls("uniform", upper - lower, reason, location=lower)

    @classmethod
    def flat(cls, *, reason: str = GIVEN) -> "Prior":
        """Return the improper flat prior, which may be fitted and cannot be simulated from."""
        return cls("flat", 1.0, reason)

    @property
    def numbers(self) -> tuple[int, float, float, float]:
        """Family code, location, scale and shape, for compiled samplers."""
        return FAMILIES.index(self.family), float(self.location), float(self.scale), float(self.shape)

    @property
    def support(self) -> Support:
        """Where the density is positive; ``interval`` is ``location`` to ``location + scale``."""
        match self.family:
            case "normal" | "student_t" | "flat":
                return "real"
            case "beta":
                return "unit"
            case "uniform":
                return "interval"
        return "positive"

    @property
    def median(self) -> float:
        """The median."""
        return self.quantile(0.5)

    def quantile(self, p: float) -> float:
        """Return the value below which a share ``p`` of the prior lies.

        Raises
        ------
        ModelError
            For a flat prior, or ``p`` outside 0 to 1.
        """
        if not 0 <= p <= 1:
            raise ModelError(f"No quantile at p = {p:g}. Give a probability between 0 and 1.")
        base = self._base()
        return float(base.isf((1 - p) / 2) if self._folded else base.ppf(p))

    def log_density(self, x: ArrayLike) -> Array:
        """Normalised log density at ``x``, with ``x``'s shape; minus infinity outside the support, zero for flat."""
        values = np.asarray(x, dtype=float)
        if self.family == "flat":
            return np.zeros_like(values)
        log_density = np.asarray(self._base().logpdf(values), dtype=float)
        return np.where(values >= 0, np.log(2) + log_density, -np.inf) if self._folded else log_density

    def draw(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Draw from the prior, for estimands that need no model.

        Raises
        ------
        ModelError
            For a flat prior.
        """
        match self.family.removeprefix("half_"):
            case "normal":
                drawn = rng.normal(self.location, self.scale, size)
            case "student_t":
                drawn = self.location + self.scale * rng.standard_t(self.shape, size)
            case "cauchy":
                drawn = self.scale * rng.standard_cauchy(size)
            case "lognormal":
                drawn = rng.lognormal(self.location, self.scale, size)
            case "exponential":
                drawn = rng.exponential(self.scale, size)
            case "gamma":
                drawn = rng.gamma(self.shape, self.scale, size)
            case "inverse_gamma":
                drawn = self.scale / rng.gamma(self.shape, 1.0, size)
            case "beta":
                drawn = rng.beta(self.shape, self.scale, size)
            case "uniform":
                drawn = rng.uniform(self.location, self.location + self.scale, size)
            case _:
                raise self._improper()
        return np.abs(drawn) if self._folded else drawn

    def __str__(self) -> str:
        numbers = {"location": self.location, "scale": self.scale, "shape": self.shape}
        return self.family + _TOLD[self.family][1].format(**numbers, upper=self.location + self.scale)

    @property
    def _folded(self) -> bool:
        return self.family.startswith("half_")

    def _base(self) -> Any:
        """Return scipy's distribution, before it is folded."""
        from scipy import stats

        at, scale, shape = self.location, self.scale, self.shape
        match self.family.removeprefix("half_"):
            case "normal":
                return stats.norm(at, scale)
            case "student_t":
                return stats.t(shape, at, scale)
            case "cauchy":
                return stats.cauchy(0, scale)
            case "lognormal":
                return stats.lognorm(scale, scale=np.exp(at))
            case "exponential":
                return stats.expon(scale=scale)
            case "gamma":
                return stats.gamma(shape, scale=scale)
            case "inverse_gamma":
                return stats.invgamma(shape, scale=scale)
            case "beta":
                return stats.beta(shape, scale)
            case "uniform":
                return stats.uniform(at, scale)
        raise self._improper()

    def _improper(self) -> ModelError:
        return ModelError(
            "A flat prior is improper: it has no quantiles and cannot be simulated from. "
            "Give a proper prior, such as a wide normal, where prior draws are needed."
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _positive(family: Family, **numbers: float) -> None:
    """Raise a ModelError that names a number of a family which is not positive and finite."""
    for name, value in numbers.items():
        if not _is_number(value) or not 0 < value < np.inf:
            raise ModelError(f"Prior.{family}: {name} is {value!r}. Give a positive number.")
