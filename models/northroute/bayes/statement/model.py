"""One specification for every model: an outcome, its distribution, and terms that add up in linear predictors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement import intake
from northroute.bayes.statement.distributions import Distribution
from northroute.bayes.statement.terms.context import Context
from northroute.errors import ModelError

PartName = Literal["zero_inflated", "hurdle", "detection"]


class Term(Protocol):
    """Something that adds to a linear predictor."""

    def add(self, context: Context) -> None:
        """Add the term to the model."""


@dataclass(frozen=True)
class Model:
    """A hierarchical model of one outcome column.

    Attributes
    ----------
    name : str
        Names the fit, its file and its random stream.
    outcome : str
        Column of observed numbers; a row without one is left out and counted.
    distribution : Distribution, or mapping of str to Distribution
        Of every response, or by response.
    terms : tuple of Term
        Of the log mean (counts), the mean (normal), the log share (compositions).
    exposure : str, optional
        Its log enters with coefficient one. Rows without one are left out and counted; a measure none of whose
        rows has one needs none.
    exposure_unit : float
        Rates are per this much exposure.
    response : str, optional
        Column that says which response a row is of; each has a dispersion of its own.
    cell : str, optional
        Column that names the cells of a multivariate normal (over responses) or a composition (over categories).
    part : {"zero_inflated", "hurdle", "detection"}, optional
        What ``part_terms`` are the logit of: a structural zero, any zero (as the part ``zero:`` of
        :func:`northroute.frequentist.hurdle`), or an event's detection.
    part_terms : tuple of Term

    Raises
    ------
    ModelError
        If there is no term, something that is no term, no distribution or no part of that name, or ``exposure_unit`` is not
        positive.
    """

    name: str
    outcome: str
    distribution: Distribution | Mapping[str, Distribution]
    terms: tuple[Term, ...]
    exposure: str | None = None
    exposure_unit: float = 1.0
    response: str | None = None
    cell: str | None = None
    part: PartName | None = None
    part_terms: tuple[Term, ...] = ()

    def __post_init__(self) -> None:
        intake.checked(self, positive=("exposure_unit",), names=("name", "outcome", "exposure", "response", "cell"))
        if set(self.name) & set("/\\"):
            raise ModelError(f"{self.name}: the name is a file's, too. Leave out '/' and '\\'.")
        for what in ("terms", "part_terms"):
            given: Any = getattr(self, what)
            found = (given,) if hasattr(given, "add") and not isinstance(given, set) else tuple(given)
            odd = [t for t in found if isinstance(t, type) or not hasattr(t, "add")]
            if odd:
                raise ModelError(
                    f"{self.name}: '{what}' has {odd[0]!r}, which is no term. Give terms, Intercept() or Linear(('x',)) say."
                )
            object.__setattr__(self, what, found)
        if not self.terms:
            raise ModelError(f"{self.name}: the model has no term. Give at least Intercept().")
        laws = self.distribution.values() if isinstance(self.distribution, Mapping) else [self.distribution]
        for law in laws:
            if isinstance(law, type) or not isinstance(law, dist.Distribution):
                raise ModelError(
                    f"{self.name}: {law!r} is no distribution. Give one of northroute.bayes.distributions, Poisson() say."
                )
        shares = any(isinstance(law, dist.Multinomial | dist.DirichletMultinomial) for law in laws)
        together = shares or any(isinstance(law, dist.MultivariateNormal) for law in laws)
        if together != bool(self.cell) or (self.cell and not self.response):
            raise ModelError(
                f"{self.name}: 'cell', with 'response', goes with a multivariate normal or a composition, and these with "
                "it. Name both columns, or neither."
            )
        if self.part is not None:
            intake.one_of(self.name, "part", self.part, dist.PARTS)
            if not any(isinstance(law, dist.Counts) for law in laws):
                raise ModelError(
                    f"{self.name}: a part of zeros or of detection is of counts, and there are none. Leave it out."
                )
        read = [(t, c) for t in (*self.terms, *self.part_terms) for c in _columns_of(t) if c == self.outcome]
        if read:
            raise ModelError(
                f"{self.name}: {type(read[0][0]).__name__} has the outcome '{self.outcome}' among its columns, which then "
                "explains itself. Name another column."
            )

    def of(self, response: str) -> Distribution:
        """Return the distribution of a response."""
        if isinstance(self.distribution, Mapping):
            if response not in self.distribution:
                raise ModelError(f"{self.name}: no distribution for response '{response}'. Name one.")
            return self.distribution[response]
        return self.distribution

    def describe(self) -> str:
        """One line for tables: the model in words."""
        kinds = self.distribution.values() if isinstance(self.distribution, Mapping) else [self.distribution]
        parts = ["; ".join(dict.fromkeys(d.describe() for d in kinds))]
        parts.append(f"log exposure {self.exposure}" if self.exposure else "no exposure")
        parts += [_words(t) for t in self.terms]
        if self.part:
            parts.append(f"{self.part.replace('_', '-')}: {', '.join(_words(t) for t in self.part_terms)}")
        return "; ".join(parts)


def _columns_of(term: Term) -> tuple[str, ...]:
    """Return what a term reads of a row: covariates, groups, levels and times."""
    inner = getattr(term, "term", None)
    own = vars(term) if inner is None else vars(inner)
    return tuple(c for name in ("columns", "group", "by", "time") for c in intake.words(own.get(name) or ()))


def _words(term: Term) -> str:
    own = {k: v for k, v in vars(term).items() if k not in ("name", "dim") and v not in (False, ("1",), ())}
    inner = ", ".join(filter(None, (_word(k, v) for k, v in own.items())))
    return f"{type(term).__name__}({inner})"


def _word(key: str, value: Any) -> str:
    """Return a term's field in words; pairs are counted, a term within a term is told, numbers and priors are left out."""
    if isinstance(value, tuple) and any(isinstance(v, tuple) for v in value):
        return f"{len(value)} {key}"
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    if isinstance(value, bool):
        return key
    if isinstance(value, str):
        return value
    return _words(value) if hasattr(value, "add") else ""
