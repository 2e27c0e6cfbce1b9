"""The errors of a fit by one method: standard errors, reference distribution, p-values, and how to name them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from northroute.arrays import Array
from northroute.conventions import INTERVAL_PROB, SIMULATED_MARK
from northroute.errors import ModelError
from northroute.frequentist.estimate import Estimate


@dataclass(frozen=True)
class Errors:
    """Inference on the coefficients of a fit by one method.

    Attributes
    ----------
    fit : str
        Name of the fit.
    kind : str
        The method in words, such as ``clustered by country``.
    terms : tuple of str
    coef, se, p : array, shape (term,)
        ``se`` is NaN for methods that give a p-value only; ``p`` is two-sided, of a zero coefficient.
    df : float
        Degrees of freedom of t; NaN for methods that give a p-value only.
    covariance : array, shape (term, term), optional
    groups : mapping of str to int
        What was clustered or resampled, and how many.
    convention : str
        Name of the small-sample factor.
    note : str
        Attainable minimum of p, cut-offs, repairs.
    simulated : bool
    """

    fit: str
    kind: str
    terms: tuple[str, ...]
    coef: Array
    se: Array
    p: Array
    df: float
    covariance: Array | None
    groups: Mapping[str, int]
    convention: str
    note: str
    simulated: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for JSON."""
        covariance = None if self.covariance is None else self.covariance.tolist()
        arrays = {name: getattr(self, name).tolist() for name in ("coef", "se", "p")}
        plain = {"terms": list(self.terms), "groups": dict(self.groups), "covariance": covariance}
        return {**self.__dict__, **arrays, **plain}

    def table(self, prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """Table by term: coefficient, standard error, t, p, confidence interval, rate ratio and its interval.

        Raises
        ------
        ModelError
            If ``prob`` is not between 0 and 1.
        """
        probability(prob)
        with np.errstate(invalid="ignore"):
            half = stats.t.ppf((1 + prob) / 2, self.df) * self.se
        ratio, low, high = (rate_ratio(v) for v in (self.coef, self.coef - half, self.coef + half))
        interval = f"{prob * 100:g} % confidence, t({self.df:g})" if np.isfinite(self.df) else "none"
        return pd.DataFrame(
            {
                "fit": self.fit,
                "source": SIMULATED_MARK if self.simulated else "real",
                "term": self.terms,
                "errors": self.kind,
                "clusters": "; ".join(f"{n} {name}" for name, n in self.groups.items()),
                "factor": self.convention,
                "coef": self.coef,
                "se": self.se,
                "t": self.coef / self.se,
                "df": self.df,
                "p": self.p,
                "low": self.coef - half,
                "high": self.coef + half,
                "interval": interval,
                "rate_ratio": ratio,
                "rate_ratio_low": low,
                "rate_ratio_high": high,
                "note": self.note,
            }
        )


def rate_ratio(log: Array) -> Array:
    """Return ``exp`` of log ratios; per unit of a column in tiny units one may be infinite."""
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(log))


def probability(prob: float) -> None:
    """Raise a ModelError unless an interval's probability is between 0 and 1."""
    if not 0 < prob < 1:
        raise ModelError(f"An interval of probability {prob} is none; write 0.89 for 89 %.")


def errors_from_dict(content: Mapping[str, Any]) -> Errors:
    """Errors from what :meth:`Errors.to_dict` made."""
    names = [n for n in ("coef", "se", "p", "covariance") if content[n] is not None]
    arrays = {name: np.array(content[name], dtype=float) for name in names}
    return Errors(**{**content, **arrays, "terms": tuple(content["terms"])})


def from_covariance(
    fit: Estimate, covariance: Array, df: float, kind: str, groups: Mapping[str, int], convention: str, note: str = ""
) -> Errors:
    """Errors from a covariance, with t of ``df`` degrees of freedom.

    Raises
    ------
    ModelError
        If the covariance is not finite, or a variance is not positive.
    """
    variance = np.diag(covariance)
    if not np.isfinite(covariance).all() or (variance <= 0).any():
        bad = [t for t, v in zip(fit.terms, variance, strict=True) if not v > 0]
        raise ModelError(
            f"{fit.name}: the covariance, {kind}, is not finite and positive at {bad}. With few clusters use fewer cluster "
            "variables or terms, or the leave-one-cluster-out errors."
        )
    se = np.sqrt(variance)
    p = 2 * stats.t.sf(np.abs(fit.coef / se), df)
    return Errors(fit.name, kind, fit.terms, fit.coef, se, p, df, covariance, groups, convention, note, fit.simulated)


def p_only(fit: Estimate, p: Mapping[str, float], kind: str, groups: Mapping[str, int], note: str) -> Errors:
    """Errors that consist of p-values for some terms."""
    kept = tuple(p)
    at = [fit.term(t) for t in kept]
    nothing = np.full(len(kept), np.nan)
    values = np.array([p[t] for t in kept])
    return Errors(
        fit.name, kind, kept, fit.coef[at], nothing, values, np.nan, None, groups, "none", note, fit.simulated
    )
