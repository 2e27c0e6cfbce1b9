"""Fewer numbers to gather for every row: coefficients that go together are added up before rows gather them.

Where one use's coefficient and weight are functions of another's (a country's and its covariates' of a region's), a value
that holds their sum stands for both.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ids = NDArray[np.int64]
Use = tuple[int, int, int, Ids, Array | None, Ids | None]
"""Predictor, first row, row behind the last; by row, identifiers, weights, identifiers of what these are multiplied by."""
Fold = tuple[int, Ids, Array | None]
"""First of the values that coefficients are added to, the coefficients' identifiers, their weights."""


def fold(uses: list[Use], free: int) -> tuple[list[Use], list[Fold], int]:
    """Merge uses.

    Parameters
    ----------
    uses : list of Use
    free : int
        First identifier that is not taken.

    Returns
    -------
    uses : list of Use
    folds : list of Fold
    extra : int
        How many identifiers the folds take.
    """
    merged: list[list[Use]] = []
    for use in sorted((u for u in uses if u[5] is None), key=lambda u: (u[4] is not None, -np.unique(u[3]).size)):
        for group in merged:
            if group[0][:3] == use[:3] and group[0][4] is None and _follows(use, group[0][3]):
                group.append(use)
                break
        else:
            merged.append([use])
    folds: list[Fold] = []
    kept, extra = [u for u in uses if u[5] is not None], 0
    for group in merged:
        finest = group[0]
        if len(group) == 1:
            kept.append(finest)
            continue
        _, first, inverse = np.unique(finest[3], return_index=True, return_inverse=True)
        at = free + extra
        folds += [(at, ids[first], None if weight is None else weight[first]) for _, _, _, ids, weight, _ in group]
        kept.append((*finest[:3], at + inverse, None, None))
        extra += first.size
    return kept, folds, extra


def _follows(use: Use, fine: Ids) -> bool:
    """Tell whether a use's coefficient and weight are the same in all rows that have the same ``fine`` identifier."""
    _, first, inverse = np.unique(fine, return_index=True, return_inverse=True)
    same = (use[3] == use[3][first][inverse]).all()
    return bool(same and (use[4] is None or (use[4] == use[4][first][inverse]).all()))
