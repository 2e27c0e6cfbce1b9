"""Poisson with absorbed fixed effects and errors clustered one way, as a fit that is saved and shown on the page."""

from collections.abc import Sequence

import pandas as pd

from northroute.conventions import DEFAULT_SEED
from northroute.errors import ModelError
from northroute.frequentist.covariance.cluster import cluster
from northroute.frequentist.covariance.result import Errors
from northroute.frequentist.covariance.stack import stacked
from northroute.frequentist.fit import FrequentistFit
from northroute.frequentist.ppml import poisson
from northroute.frequentist.spec import CONVENTIONS, PoissonSpec, Regression
from northroute.panel import Panel
from northroute.provenance import Provenance


def fit_poisson(
    data: Panel | pd.DataFrame, spec: PoissonSpec, *, others: Sequence[str] = (), command: str = ""
) -> FrequentistFit:
    """Fit to a panel, or to any table with one row an observation, which a column ``simulated`` marks.

    Rows with an unobserved outcome or a missing covariate are left out and counted. ``others`` names further kinds of
    errors (see :data:`northroute.frequentist.covariance.KINDS`) that go with the fit; those that the data cannot give are
    named with the reason in ``refused``.

    Raises
    ------
    ModelError
        For an unknown convention, no covariate, one cluster only, and what :func:`northroute.frequentist.poisson` refuses.
    """
    if isinstance(data, Panel):
        data.require(*filter(None, (spec.outcome, spec.exposure)))
    if spec.convention not in CONVENTIONS:
        raise ModelError(f"{spec.name}: no convention '{spec.convention}'; choose among {', '.join(CONVENTIONS)}.")
    if not spec.covariates:
        raise ModelError(f"{spec.name}: name at least one covariate.")
    mean = Regression(spec.outcome, spec.covariates, spec.effects, spec.exposure, name=spec.name)
    found = poisson(data, mean)
    errors = cluster(found, spec.cluster, convention=spec.convention)
    assert errors.covariance is not None
    given: list[Errors] = []
    refused: dict[str, str] = {}
    for kind in others:
        try:
            given.extend(stacked(found, (kind,), convention=spec.convention))
        except ModelError as refusal:
            refused[kind] = str(refusal)
    return FrequentistFit(
        name=spec.name,
        model=spec.describe(),
        terms=found.terms,
        coef=found.coef,
        covariance=errors.covariance,
        clusters=errors.groups[spec.cluster],
        rows=found.rows,
        dropped=found.dropped,
        loglik=found.loglik,
        provenance=Provenance(found.design.data_hash, DEFAULT_SEED, found.simulated, command=command),
        others=tuple(given),
        refused=refused,
    )
