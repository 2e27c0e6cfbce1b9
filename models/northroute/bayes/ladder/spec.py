"""What is fitted to a panel: the specification of a count model, one step of the ladder."""

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from northroute.bayes.statement.intake import checked, one_of, words
from northroute.bayes.statement.priors import COUNTS, DEFAULT, Prior, Priors
from northroute.errors import ModelError
from northroute.panel import Panel

if TYPE_CHECKING:
    import pymc as pm

Step = Literal["pooled", "country", "slopes", "dynamic", "spatial", "reporting", "joint"]
Family = Literal["negative_binomial", "poisson", "generalised_poisson"]
_NAMES: Final = ("unit_covariates", "covariates", "varying", "shocks", "detection", "outcomes")
_PAIRS: Final = ("interactions", "edges")
_CHOICES: Final[dict[str, tuple[Any, ...]]] = {
    "step": get_args(Step),
    "distribution": get_args(Family),
    "part": (None, "zero_inflated", "hurdle"),
    "month": ("shared", "country"),
    "time": ("walk", "ar1", "gp"),
}


@dataclass(frozen=True)
class CountSpec:
    """One step of the ladder on a panel of counts; a step uses what the steps below it use, and what is its own.

    Attributes
    ----------
    name : str
        Names the fit, its file and its random stream.
    outcome : str
        With ``outcomes``, only a label.
    exposure : str, optional
        Its log enters with coefficient one.
    exposure_unit : float
        Rates are per this much exposure (100 articles, say).
    unit_covariates : tuple of str
        Covariates that are constant within a unit.
    covariates : tuple of str
        Unit-month covariates with one slope for all countries.
    varying : tuple of str
        Unit-month covariates whose slope varies by country (from step ``slopes`` on).
    month : {"shared", "country"}
        Time common to all units, or each country its own (from step ``dynamic`` on).
    priors : mapping of str to Prior
    step : str
    distribution : {"negative_binomial", "poisson", "generalised_poisson"}
    part : {"zero_inflated", "hurdle"}, optional
        Zeros beyond those of the counts; the logit of a zero (structural, or any) varies by country.
    interactions : tuple of (str, str)
        Products of covariates, standardised, with slopes that vary like ``varying``.
    within_between : bool
        Split every covariate of ``covariates`` and ``varying`` into the unit's mean and the deviation from it.
    time : {"walk", "ar1", "gp"}
        What time is made of (from step ``dynamic`` on).
    season : bool
    shocks : tuple of str
        Months (``"2020-03"``) from which on the level differs, each with a coefficient by country.
    edges : tuple of (str, str)
        Neighbouring units (step ``spatial``).
    detection : tuple of str
        Covariates of the chance that an event is reported (step ``reporting``).
    outcomes : tuple of str
        Outcomes fitted together (step ``joint``).

    Raises
    ------
    ModelError
        If a step, distribution, part or kind of time is none of these, pairs are no pairs, a prior is none, or
        ``exposure_unit`` is not positive.
    """

    name: str
    outcome: str
    exposure: str | None = None
    exposure_unit: float = 1.0
    unit_covariates: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    varying: tuple[str, ...] = ()
    month: Literal["shared", "country"] = "shared"
    priors: Priors = field(default_factory=lambda: COUNTS)
    step: Step = "dynamic"
    distribution: Family = "negative_binomial"
    part: Literal["zero_inflated", "hurdle"] | None = None
    interactions: tuple[tuple[str, str], ...] = ()
    within_between: bool = False
    time: Literal["walk", "ar1", "gp"] = "walk"
    season: bool = True
    shocks: tuple[str, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()
    detection: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = ("name", "outcome", "exposure")
        checked(self, flags=("within_between", "season"), positive=("exposure_unit",), names=names)
        for what in _NAMES:
            if isinstance(getattr(self, what), str):  # ("x") is a name and not a tuple
                object.__setattr__(self, what, words(getattr(self, what)))
            given = list(getattr(self, what))
            twice = [c for c in given if given.count(c) > 1]
            if twice:
                raise ModelError(f"{self.name}: '{what}' has '{twice[0]}' twice. Name it once.")
        for what, choices in _CHOICES.items():
            one_of(self.name, what, getattr(self, what), choices)
        for what in _PAIRS:
            odd = [p for p in getattr(self, what) if isinstance(p, str) or len(p) != 2]
            if odd:
                raise ModelError(f"{self.name}: '{what}' has {odd[0]!r}, which is no pair. Write it as (('a', 'b'),).")
        unknown, lacking = (
            sorted(set(self.priors) - set(COUNTS)),
            sorted(set(DEFAULT.counts) - set(self.priors)),
        )
        if unknown or lacking:
            what = f"has no prior '{unknown[0]}'" if unknown else f"lacks the prior of '{lacking[0]}'"
            raise ModelError(
                f"{self.name}: a step of the ladder {what}. Change priors by replaced(COUNTS, slope=...), say."
            )
        odd = [k for k, p in self.priors.items() if not isinstance(p, Prior)]
        if odd:
            raise ModelError(f"{self.name}: the prior of '{odd[0]}' is {self.priors[odd[0]]!r}. Give a Prior.")

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for JSON and for the fit's key."""
        return asdict(self)

    def pymc_model(self, panel: Panel) -> "pm.Model":
        """Return the step on a panel as an ordinary PyMC model, see :func:`northroute.bayes.pymc_model`.

        Raises
        ------
        ModelError
            If the specification does not suit the panel.
        """
        from northroute.bayes.ladder.formulate import formulate  # whose steps read specifications
        from northroute.bayes.samplers.plain import pymc_model

        stated = formulate(panel, self)
        return pymc_model(stated.model, stated.labelled())
