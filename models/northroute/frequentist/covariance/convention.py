"""The sandwich of scores with its small-sample factor by software, and the number of coefficients that each counts."""

from collections.abc import Sequence

import numpy as np

from northroute.arrays import Array
from northroute.errors import ModelError
from northroute.frequentist.covariance import groups
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.spec import CONVENTIONS, Convention


def sandwich(
    fit: Estimate,
    meat: Array,
    convention: Convention,
    clusters: int | None,
    groupings: Sequence[groups.Codes] = (),
    rows: int | None = None,
) -> Array:
    """Return ``bread meat bread`` times the factor of a convention, see :data:`northroute.frequentist.CONVENTIONS`.

    Parameters
    ----------
    fit : Estimate
    meat : array, shape (term, term)
    convention : str
    clusters : int or None
        G, the smallest over cluster variables; None for heteroskedastic errors.
    groupings : sequence of array of int, shape (row,)
        The clusters of each variable, in which absorbed effects may lie.
    rows : int, optional
        N, where it is not the fit's rows.

    Raises
    ------
    ModelError
        For an unknown convention, or as many coefficients as rows.
    """
    scale = _factor(fit, convention, clusters, groupings, rows or fit.rows)
    return np.asarray(scale * fit.bread @ meat @ fit.bread)


def _factor(
    fit: Estimate, convention: Convention, clusters: int | None, groupings: Sequence[groups.Codes], rows: int
) -> float:
    if convention not in CONVENTIONS:
        raise ModelError(f"No convention '{convention}'; choose among {', '.join(CONVENTIONS)}.")
    if convention == "none":
        return 1.0
    if convention in ("stata", "ppmlhdfe"):
        return rows / (rows - 1) if clusters is None else clusters / (clusters - 1)
    effects = fit.design.effects
    absorbed = sum(e.levels for e in effects) - max(len(effects) - 1, 0)
    if convention == "fixest":
        # each nested effect still counts one (fixest, vignette on standard errors)
        inside = groups.nested(fit, groupings)
        absorbed -= sum(e.levels - 1 for e, within in zip(effects, inside, strict=True) if within)
    counted = len(fit.terms) + absorbed
    if counted >= rows:
        raise ModelError(
            f"{counted} coefficients and effects for {rows} rows: no small-sample factor; use fewer effects."
        )
    if clusters is None:
        return rows / (rows - counted)
    return clusters / (clusters - 1) * (rows - 1) / (rows - counted)
