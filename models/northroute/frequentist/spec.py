"""What is fitted: a count regression by names or by formula, and the small-sample conventions of its errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from northroute.errors import ModelError
from northroute.frequentist.formula import NO_INTERCEPT, bare, split, split_terms

Convention = Literal["fixest", "stata", "ppmlhdfe", "statsmodels", "none"]

CONVENTIONS: Final[dict[Convention, str]] = {
    "fixest": "G/(G-1) x (N-1)/(N-K), K without effects nested in the clusters (fixest's default)",
    "stata": "G/(G-1) (Stata's maximum-likelihood commands)",
    "ppmlhdfe": "G/(G-1) (ppmlhdfe's asymptotic factor; absorbed effects never count)",
    "statsmodels": "G/(G-1) x (N-1)/(N-K), K with all effects (statsmodels with dummies)",
    "none": "no correction",
}
"""Small-sample factors on the cluster-robust covariance by software; N rows, K coefficients, G clusters.

With several cluster variables G is the smallest number of clusters. Without clusters G/(G-1) x (N-1)/(N-K) becomes N/(N-K),
and G/(G-1) becomes N/(N-1).
"""


@dataclass(frozen=True)
class PoissonSpec:
    """A Poisson pseudo-maximum-likelihood regression.

    Attributes
    ----------
    name : str
    outcome : str
    covariates : tuple of str
        Columns, or formula terms such as ``a:b`` and ``log(x)``.
    exposure : str, optional
        Its log enters with coefficient one.
    effects : tuple of str
        Absorbed fixed effects: index levels ``unit`` and ``month``, or columns, or ``a^b``. Empty: an intercept.
    cluster : str
        ``country``, ``unit``, or a column. Independent errors are not offered for counts.
    convention : {"fixest", "stata", "ppmlhdfe", "statsmodels", "none"}
        Small-sample factor, see :data:`CONVENTIONS`.
    """

    name: str
    outcome: str
    covariates: tuple[str, ...]
    exposure: str | None = None
    effects: tuple[str, ...] = ("unit", "month")
    cluster: str = "country"
    convention: Convention = "fixest"

    def __post_init__(self) -> None:
        not_text("covariates", self.covariates)
        not_text("effects", self.effects)

    def describe(self) -> str:
        """One line for tables: the model in words."""
        parts = [f"Poisson of {self.outcome} on {', '.join(self.covariates)}"]
        parts.append(f"log exposure {self.exposure}" if self.exposure else "no exposure")
        parts.append(f"effects of {' and '.join(self.effects)} absorbed" if self.effects else "intercept")
        parts.append(f"clustered by {self.cluster}, t(G-1), factor of {self.convention}")
        return "; ".join(parts)


@dataclass(frozen=True)
class Regression:
    """The mean of a count: outcome, right-hand side, absorbed effects, exposure. Every estimator takes one, or a formula.

    Attributes
    ----------
    outcome : str
        Column of counts.
    terms : tuple of str
        Right-hand side: columns of any name, or terms such as ``a:b``, ``a*b``, ``log(x)``, ``C(group)``; inside a term
        a name that is no identifier stands in backticks. ``0`` or ``-1``: no intercept; beside absorbed effects, which
        take it up, it changes nothing.
    effects : tuple of str
        Absorbed effects: columns, or ``a^b`` for their combinations. Empty: an intercept is estimated.
    exposure : str, optional
        Positive column; its log enters with coefficient one.
    offset : str, optional
        Column that enters with coefficient one as it is.
    name : str
        For tables; by default the formula.
    """

    outcome: str
    terms: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    exposure: str | None = None
    offset: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        not_text("terms", self.terms)
        not_text("effects", self.effects)
        if "" in (self.outcome, self.exposure, self.offset):
            raise ModelError(
                f"'{self.formula}': outcome, exposure or offset has an empty name. Name a column, or none."
            )

    @property
    def formula(self) -> str:
        """The formula, ``outcome ~ terms | effects``."""
        right = " + ".join(self.terms) or "1"
        return f"{self.outcome} ~ {right}" + f" | {' + '.join(self.effects)}" * bool(self.effects)

    @property
    def label(self) -> str:
        """The name, or the formula without one."""
        return self.name or self.formula

    def describe(self) -> str:
        """Say the mean in words."""
        named = [t for t in self.terms if t != NO_INTERCEPT]
        parts = [f"{self.outcome} on {', '.join(named) or 'an intercept'}"]
        if len(named) < len(self.terms) and not self.effects:
            parts.append("no intercept")
        if self.exposure:
            parts.append(f"log exposure {self.exposure}")
        if self.offset:
            parts.append(f"offset {self.offset}")
        if self.effects:
            parts.append(f"effects of {' and '.join(self.effects)} absorbed")
        return "; ".join(parts)


def regression(
    formula: str | Regression, *, exposure: str | None = None, offset: str | None = None, name: str = ""
) -> Regression:
    """Read ``outcome ~ a + b:c | effect1 + effect2^effect3``; a :class:`Regression` is returned as it is.

    Raises
    ------
    ModelError
        If the formula has no ``~``, no outcome, or more than one ``|``; or if a Regression comes with an exposure or offset
        of its own here.
    """
    if isinstance(formula, Regression):
        if exposure or offset or name:
            raise ModelError(f"{formula.label}: give exposure, offset and name in the Regression, not beside it.")
        return formula
    sides = [piece for _, piece in split(formula, "~")]
    parts = [piece for _, piece in split(sides[1], "|")] if len(sides) == 2 else []
    if not 1 <= len(parts) <= 2 or not sides[0].strip() or not parts[0].strip():
        raise ModelError(f"'{formula}' is not a formula; write 'outcome ~ a + b | effect1 + effect2'.")
    effects = tuple(effect_name(e) for _, e in split(parts[1], "+")) if len(parts) == 2 else ()
    if any(not e for e in effects):
        raise ModelError(f"'{formula}' has an empty effect after the bar; write 'outcome ~ a | effect1 + effect2'.")
    return Regression(bare(sides[0]), split_terms(parts[0]), effects, exposure, offset, name)


def effect_name(effect: str) -> str:
    """Return an effect without backticks and without spaces around ``^``."""
    return "^".join(bare(part) for _, part in split(effect, "^"))


def not_text(what: str, values: Sequence[str] | str) -> None:
    """Raise a ModelError if a sequence of names is one text, whose letters would be taken for names, or repeats effects."""
    if not isinstance(values, str) and len(set(values)) < len(values) and what == "effects":
        raise ModelError(f"effects {tuple(values)} have one twice; name each once.")
    if isinstance(values, str):
        raise ModelError(f"{what} are a sequence of names: write ('{values}',), not '{values}'.")
