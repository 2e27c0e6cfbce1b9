"""Cluster-robust errors, one-way and multi-way (Liang and Zeger 1986; Cameron, Gelbach and Miller 2011, JBES 29:238)."""

from itertools import combinations

import numpy as np

from northroute.errors import ModelError
from northroute.frequentist.covariance import groups
from northroute.frequentist.covariance.convention import sandwich
from northroute.frequentist.covariance.result import Errors, from_covariance
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.spec import Convention


def cluster(fit: Estimate, by: str | tuple[str, ...], *, convention: Convention = "fixest") -> Errors:
    """Clustered by one column or several (``a^b`` is one, their combination), with t(G - 1), G the smallest number.

    Parameters
    ----------
    fit : Estimate
    by : str or tuple of str
        Several are added and subtracted over their intersections; a covariance that is then not positive semi-definite has
        its negative eigenvalues set to zero, which the note says.
    convention : str
        See :data:`northroute.frequentist.CONVENTIONS`.

    Raises
    ------
    ModelError
        For an absent column, one cluster only, an unknown convention, or a covariance that is not positive.
    """
    names = (by,) if isinstance(by, str) else tuple(by)
    if not names or len(set(names)) < len(names):
        raise ModelError(f"{fit.name}: name one or more different cluster variables, not {names}.")
    found = {n: groups.clusters(fit, n) for n in names}
    smallest = min(g for _, g in found.values())
    meat = np.zeros_like(fit.bread)
    for size in range(1, len(names) + 1):
        for subset in combinations(names, size):
            codes = groups.column_codes(fit, subset)
            summed = groups.sums(fit.scores, codes, int(codes.max()) + 1)
            meat += (-1) ** (size + 1) * (summed.T @ summed)
    covariance, note = sandwich(fit, meat, convention, smallest, [codes for codes, _ in found.values()]), ""
    if len(names) > 1:
        # in units of the model's own errors, so that the repair does not depend on the covariates' units
        unit = np.sqrt(np.diag(fit.bread))
        values, vectors = np.linalg.eigh(covariance / np.outer(unit, unit))
        if values.min() < -1e-12 * values.max():
            repaired = (vectors * np.maximum(values, 0)) @ vectors.T
            covariance, note = repaired * np.outer(unit, unit), "negative eigenvalues set to zero"
    counts = {n: g for n, (_, g) in found.items()}
    return from_covariance(
        fit, covariance, smallest - 1, f"clustered by {' and '.join(names)}", counts, convention, note
    )
