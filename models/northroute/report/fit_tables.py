"""Tables of fits: diagnostics, and the coefficients of the fixed-effects companions."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from northroute.bayes import BayesFit
from northroute.bayes.gate import prior_predictive, row_check, single_row
from northroute.conventions import SIMULATED_MARK
from northroute.frequentist import FrequentistFit

_SHOWN = (
    *("R-hat", "bulk ESS", "tail ESS", "divergences", "E-BFMI"),
    *(prior_predictive.TOO_LARGE, row_check.NAME, single_row.NAME),
)
"""Checks in the page's table of diagnostics."""


def diagnostics(fits: Iterable[BayesFit]) -> pd.DataFrame:
    """One row a fit: the gate's values (missing where not computed), attempts, draws and seconds."""
    rows = []
    missing = dict.fromkeys(_SHOWN, np.nan)
    for fit in fits:
        settings = fit.info["settings"]
        rows.append(
            {
                "source": SIMULATED_MARK if fit.simulated else "real",
                "fit": fit.name,
                "model": fit.info["model"],
                "rows": fit.info["rows"],
                "gate": "passed" if fit.gate.passed else "FAILED",
                **missing,
                **{check.name: fit.gate.value(check.name) for check in fit.gate.checks},
                "sampler": fit.info["sampler"],
                "chains x draws": f"{settings['chains']} x {settings['draws']}",
                "target acceptance": settings["target_accept"],
                "attempts": fit.info["attempts"],
                "seconds": fit.info["seconds"],
                "data_sha256": fit.provenance.data_hash,
            }
        )
    return pd.DataFrame(rows)


def coefficients(fits: Sequence[FrequentistFit]) -> pd.DataFrame:
    """One row a fit and term; empty without fits."""
    if not fits:
        return pd.DataFrame()
    return pd.concat(
        [f.tidy().assign(rows=f.rows, clusters=f.clusters, model=f.model) for f in fits], ignore_index=True
    )


def stacked(fits: Sequence[FrequentistFit]) -> pd.DataFrame:
    """Every other kind of errors of each fixed-effects companion, one row a kind and term; empty without any."""
    parts = [f.stacked() for f in fits if f.others]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
