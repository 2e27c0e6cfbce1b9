"""A frequentist fit: coefficients, cluster-robust covariance, t(G-1) inference, provenance, and its file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from northroute import keeping
from northroute.arrays import Array
from northroute.conventions import INTERVAL_PROB
from northroute.errors import DataError
from northroute.frequentist.covariance.result import Errors, errors_from_dict
from northroute.provenance import Provenance


@dataclass(frozen=True)
class FrequentistFit:
    """Coefficients with a cluster-robust covariance.

    Attributes
    ----------
    name, model : str
        The fit's name and the model in words.
    terms : tuple of str
    coef : array, shape (term,)
        On the log scale: ``exp(coef)`` is a rate ratio.
    covariance : array, shape (term, term)
    clusters : int
        G; inference uses t with G - 1 degrees of freedom.
    rows : int
        Rows used.
    dropped : mapping of str to int
        Rows left out, by reason.
    loglik : float
    provenance : Provenance
    others : tuple of Errors
        Other kinds of errors of the same coefficients, for :meth:`stacked`.
    refused : mapping of str to str
        Kinds that were asked for and could not be had, and why.
    """

    name: str
    model: str
    terms: tuple[str, ...]
    coef: Array
    covariance: Array
    clusters: int
    rows: int
    dropped: Mapping[str, int]
    loglik: float
    provenance: Provenance
    others: tuple[Errors, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def simulated(self) -> bool:
        """True if the data were simulated."""
        return self.provenance.simulated

    @property
    def se(self) -> Array:
        """Standard errors, shape (term,)."""
        return np.sqrt(np.diag(self.covariance))

    def tidy(self, prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """Table by term: coefficient, standard error, t, two-sided p, confidence interval, rate ratio and its interval."""
        df = self.clusters - 1
        p = 2 * stats.t.sf(np.abs(self.coef / self.se), df)
        main = Errors(
            fit=self.name,
            kind="",
            terms=self.terms,
            coef=self.coef,
            se=self.se,
            p=p,
            df=df,
            covariance=self.covariance,
            groups={},
            convention="",
            note="",
            simulated=self.simulated,
        )
        return main.table(prob).drop(columns=["errors", "clusters", "factor", "note"])

    def stacked(self, prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """Table of the other kinds of errors, one row a kind and term; see :meth:`Errors.table`."""
        return pd.concat([e.table(prob) for e in self.others], ignore_index=True) if self.others else pd.DataFrame()

    def one_sided(self, term: str, direction: Literal["above", "below"], value: float = 0.0) -> float:
        """P-value of the null that the coefficient is not above (or not below) ``value``."""
        if term not in self.terms:
            raise KeyError(f"Fit '{self.name}' has no term '{term}'; it has {list(self.terms)}.")
        i = self.terms.index(term)
        t = (self.coef[i] - value) / self.se[i]
        return float(stats.t.sf(t if direction == "above" else -t, self.clusters - 1))

    def save(self, path: Path | str) -> Path:
        """Write the fit as JSON, which keeps every digit, with the record of its hash, and return the path."""
        content = self.__dict__ | {
            "coef": self.coef.tolist(),
            "covariance": self.covariance.tolist(),
            "dropped": dict(self.dropped),
            "provenance": self.provenance.to_dict(),
            "others": [e.to_dict() for e in self.others],
            "refused": dict(self.refused),
        }
        return keeping.write(Path(path), json.dumps(content, indent=1).encode())


def load(path: Path | str) -> FrequentistFit:
    """Read a fit written by :meth:`FrequentistFit.save`.

    Raises
    ------
    DataError
        If the file is not such a fit, or is not what was written.
    """
    path = Path(path)
    try:
        content = json.loads(keeping.verified(path, "Fit again."))
        return FrequentistFit(
            terms=tuple(content.pop("terms")),
            coef=np.array(content.pop("coef")),
            covariance=np.array(content.pop("covariance")),
            provenance=Provenance(**content.pop("provenance")),
            others=tuple(errors_from_dict(e) for e in content.pop("others", ())),
            **content,
        )
    except (KeyError, TypeError, ValueError) as failure:
        raise DataError(f"not a saved fit ({failure})", file=path, remedy="Fit again.") from failure
