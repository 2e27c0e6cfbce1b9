"""Poisson pseudo-maximum likelihood with absorbed fixed effects, by pyfixest.

Consistent for the conditional mean whatever the dispersion (Gourieroux, Monfort and Trognon 1984, Econometrica 52:701);
only the covariance has to be robust. Separated observations and singletons are dropped as in ppmlhdfe (Correia, Guimaraes
and Zylkin 2020, Stata Journal 20:95) and counted.
"""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pyfixest as pf

from northroute.conventions import DEFAULT_SEED
from northroute.errors import ModelError
from northroute.frequentist.fit import FrequentistFit
from northroute.frequentist.spec import CONVENTIONS, PoissonSpec
from northroute.panel import Panel
from northroute.provenance import Provenance, frame_hash

_FACTORS: dict[str, dict[str, Any]] = {
    "fixest": {"k_adj": True, "k_fixef": "nonnested", "G_adj": True},
    "stata": {"k_adj": False, "G_adj": True},
    "statsmodels": {"k_adj": True, "k_fixef": "full", "G_adj": True},
    "none": {"k_adj": False, "G_adj": False},
}
_OFFSET = "log_exposure__"


def fit_poisson(panel: Panel, spec: PoissonSpec, *, command: str = "") -> FrequentistFit:
    """Fit to a panel; rows with an unobserved outcome or a missing covariate are left out and counted.

    Raises
    ------
    ModelError
        See :func:`fit_poisson_frame`.
    """
    columns = (*spec.covariates, *((spec.exposure,) if spec.exposure else ()))
    panel.require(spec.outcome, *columns)
    frame = panel.frame.reset_index()
    frame["month"] = pd.DatetimeIndex(frame["month"]).strftime("%Y-%m")
    return fit_poisson_frame(
        frame, spec, simulated=panel.simulated, data_hash=panel.data_hash, command=command, label=panel.name
    )


def fit_poisson_frame(
    frame: pd.DataFrame,
    spec: PoissonSpec,
    *,
    simulated: bool = False,
    data_hash: str = "",
    command: str = "",
    label: str = "table",
) -> FrequentistFit:
    """Fit to any table with one row an observation.

    Raises
    ------
    ModelError
        For missing columns, counts that are negative or all zero, exposure that is not positive, fewer than two clusters,
        a covariate that the effects absorb, an unknown convention, or no convergence.
    """
    table, dropped = _table(frame, spec, label)
    clusters = table[spec.cluster].nunique()
    if clusters < 2:
        raise ModelError(
            f"{spec.name}: one cluster only ({spec.cluster}); between-cluster variation needs two or more."
        )
    formula = f"{spec.outcome} ~ {' + '.join(spec.covariates)}" + (
        f" | {' + '.join(spec.effects)}" * bool(spec.effects)
    )
    with warnings.catch_warnings(record=True):  # dropped rows and terms are reported in the fit, below
        warnings.simplefilter("always")
        try:
            fit: Any = pf.fepois(
                formula,
                data=table,
                vcov={"CRV1": spec.cluster},
                offset=_OFFSET if spec.exposure else None,
                ssc=pf.ssc(**_FACTORS[spec.convention]),
                separation_check=["fe", "ir"] if spec.effects else None,
                iwls_tol=1e-10,
                iwls_maxiter=100,
            )
        except (RuntimeError, ValueError, np.linalg.LinAlgError) as failure:
            hint = f"Is one of {', '.join(spec.covariates)} constant within {spec.effects}, and so absorbed by the effects?"
            raise ModelError(
                f"{spec.name}: could not fit {formula}. {hint} ({' '.join(str(failure).split())})"
            ) from failure
    lost = [str(c) for c in fit._collin_vars or ()]
    if lost:
        raise ModelError(
            f"{spec.name}: {lost} is collinear with the other terms or absorbed by the effects. Leave it out."
        )
    if not fit.convergence:
        raise ModelError(
            f"{spec.name}: no convergence in 100 iterations. Rescale the covariates, or look for separation."
        )
    covariance = np.asarray(fit._vcov, dtype=float)
    if not np.isfinite(covariance).all() or (np.diag(covariance) <= 0).any():
        raise ModelError(
            f"{spec.name}: the covariance is not finite and positive; there are {clusters} clusters for {formula}."
        )
    used = int(fit._N)
    dropped["singleton or separated"] = len(table) - used
    kept_clusters = int(fit._G[0])
    return FrequentistFit(
        name=spec.name,
        model=spec.describe(),
        terms=tuple(str(n) for n in fit.coef().index),
        coef=fit.coef().to_numpy(float),
        covariance=covariance,
        clusters=kept_clusters,
        rows=used,
        dropped={k: v for k, v in dropped.items() if v},
        loglik=float(fit._loglik),
        provenance=Provenance(data_hash or frame_hash(table), DEFAULT_SEED, simulated, command=command),
    )


def _table(frame: pd.DataFrame, spec: PoissonSpec, label: str) -> tuple[pd.DataFrame, dict[str, int]]:
    if spec.convention not in CONVENTIONS:
        raise ModelError(f"{spec.name}: no convention '{spec.convention}'; choose among {', '.join(CONVENTIONS)}.")
    if not spec.covariates:
        raise ModelError(f"{spec.name}: name at least one covariate.")
    exposure = (spec.exposure,) if spec.exposure else ()
    names = list(dict.fromkeys((spec.outcome, *spec.covariates, *exposure, *spec.effects, spec.cluster)))
    absent = [n for n in names if n not in frame.columns]
    if absent:
        raise ModelError(f"{spec.name}: {label} has no column {absent}; it has {list(frame.columns)}.")
    observed = frame[spec.outcome].notna()
    complete = frame[[n for n in names if n != spec.outcome]].notna().all(axis=1)
    table = frame.loc[observed & complete, names].reset_index(drop=True)
    dropped = {"outcome unobserved": int((~observed).sum()), "covariate missing": int((observed & ~complete).sum())}
    table[spec.outcome] = table[spec.outcome].astype(float)
    if table.empty or (table[spec.outcome] == 0).all():
        raise ModelError(f"{spec.name}: '{spec.outcome}' has no positive count in the rows kept. {dropped}")
    if (table[spec.outcome] < 0).any():
        raise ModelError(f"{spec.name}: '{spec.outcome}' has negative values; a Poisson mean is positive.")
    if spec.exposure:
        if (table[spec.exposure] <= 0).any():
            raise ModelError(f"{spec.name}: exposure '{spec.exposure}' must be positive in every row.")
        table[_OFFSET] = np.log(table[spec.exposure].astype(float))
    return table, dropped
