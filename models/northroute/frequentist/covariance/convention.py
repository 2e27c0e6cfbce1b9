"""Small-sample factors by software, and the number of coefficients that each counts."""

from collections.abc import Sequence

from northroute.errors import ModelError
from northroute.frequentist.design import Effect
from northroute.frequentist.spec import CONVENTIONS, Convention


def factor(
    convention: Convention,
    *,
    rows: int,
    terms: int,
    effects: Sequence[Effect],
    nested: Sequence[bool],
    clusters: int | None,
) -> float:
    """Return the factor on the covariance, see :data:`northroute.frequentist.CONVENTIONS`.

    Parameters
    ----------
    convention : str
    rows, terms : int
        N, and the number of estimated coefficients without absorbed effects.
    effects : sequence of Effect
        Absorbed effects.
    nested : sequence of bool
        Which of them lie within the clusters.
    clusters : int or None
        G, the smallest over cluster variables; None for heteroskedastic errors.

    Raises
    ------
    ModelError
        For an unknown convention, or as many coefficients as rows.
    """
    if convention not in CONVENTIONS:
        raise ModelError(f"No convention '{convention}'; choose among {', '.join(CONVENTIONS)}.")
    if convention == "none":
        return 1.0
    if convention in ("stata", "ppmlhdfe"):
        return rows / (rows - 1) if clusters is None else clusters / (clusters - 1)
    absorbed = sum(e.levels for e in effects) - max(len(effects) - 1, 0)
    if convention == "fixest":
        # each nested effect still counts one (fixest, vignette on standard errors)
        absorbed -= sum(e.levels - 1 for e, inside in zip(effects, nested, strict=True) if inside)
    counted = terms + absorbed
    if counted >= rows:
        raise ModelError(
            f"{counted} coefficients and effects for {rows} rows: no small-sample factor; use fewer effects."
        )
    if clusters is None:
        return rows / (rows - counted)
    return clusters / (clusters - 1) * (rows - 1) / (rows - counted)
