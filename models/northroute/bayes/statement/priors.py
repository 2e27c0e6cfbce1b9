"""The priors in force, as data: each has a family, its numbers and one line of reason."""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from northroute.bayes.statement.families import FAMILIES, Family, Prior
from northroute.bayes.statement.prior_sets import load
from northroute.errors import ModelError

__all__ = ["COUNTS", "FAMILIES", "MEASUREMENT", "Family", "Prior", "Priors", "replaced", "to_frame"]

Priors = Mapping[str, Prior]

DEFAULT: Final = load()["default"]
"""The package's default set, read once."""

COUNTS: Priors = {**DEFAULT.counts, **DEFAULT.terms}
"""Priors of the count models and further terms; slopes are of standardised covariates, rates per exposure unit."""

MEASUREMENT: Priors = DEFAULT.measurement
"""Priors of the normal model with known measurement error, on the log scale."""


def replaced(priors: Priors, **changes: Prior) -> Priors:
    """Return priors with some of them replaced; unknown names are refused."""
    unknown = sorted(set(changes) - set(priors))
    if unknown:
        raise ModelError(f"No prior named {unknown}; the set has {sorted(priors)}.")
    return dict(priors) | changes


def to_frame(priors: Priors) -> pd.DataFrame:
    """Return the priors as a table: parameter, prior, reason."""
    return pd.DataFrame([{"parameter": k, "prior": str(p), "reason": p.reason} for k, p in priors.items()])
