"""What is fitted: a Poisson regression with absorbed effects and its inference."""

from dataclasses import dataclass
from typing import Final, Literal

Convention = Literal["fixest", "stata", "statsmodels", "none"]

CONVENTIONS: Final[dict[Convention, str]] = {
    "fixest": "G/(G-1) x (N-1)/(N-K), K without effects nested in the clusters (fixest's default)",
    "stata": "G/(G-1) (Stata's maximum-likelihood commands)",
    "statsmodels": "G/(G-1) x (N-1)/(N-K), K with all effects (statsmodels with dummies)",
    "none": "no correction",
}
"""Small-sample factors on the cluster-robust covariance by software; N rows, K coefficients, G clusters."""


@dataclass(frozen=True)
class PoissonSpec:
    """A Poisson pseudo-maximum-likelihood regression.

    Attributes
    ----------
    name : str
    outcome : str
    covariates : tuple of str
    exposure : str, optional
        Its log enters with coefficient one.
    effects : tuple of str
        Absorbed fixed effects: index levels ``unit`` and ``month``, or columns. Empty: an intercept.
    cluster : str
        ``country``, ``unit``, or a column. Independent errors are not offered for counts.
    convention : {"fixest", "stata", "statsmodels", "none"}
        Small-sample factor, see :data:`CONVENTIONS`.
    """

    name: str
    outcome: str
    covariates: tuple[str, ...]
    exposure: str | None = None
    effects: tuple[str, ...] = ("unit", "month")
    cluster: str = "country"
    convention: Convention = "fixest"

    def describe(self) -> str:
        """One line for tables: the model in words."""
        parts = [f"Poisson of {self.outcome} on {', '.join(self.covariates)}"]
        parts.append(f"log exposure {self.exposure}" if self.exposure else "no exposure")
        parts.append(f"effects of {' and '.join(self.effects)} absorbed" if self.effects else "intercept")
        parts.append(f"clustered by {self.cluster}, t(G-1), factor of {self.convention}")
        return "; ".join(parts)
