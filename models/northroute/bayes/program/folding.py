"""Fewer numbers to gather for every row: coefficients that go together are added up before rows gather them.

Where one use's coefficient and weight are functions of another's (a country's and its covariates' of a region's), a value
that holds their sum stands for both.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from northroute.bayes.program.uses import Fold, function_of
from northroute.bayes.statement.terms.writer import Use


def fold(uses: Sequence[Use], free: int) -> tuple[list[Use], list[Fold], int]:
    """Merge uses.

    Parameters
    ----------
    uses : sequence of Use
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
    for use in sorted(
        (u for u in uses if u.other is None), key=lambda u: (u.weight is not None, -np.unique(u.ids).size)
    ):
        for group in merged:
            finest = group[0]
            if finest.meets(use) and finest.weight is None and function_of(finest.ids, use.ids, use.weight):
                group.append(use)
                break
        else:
            merged.append([use])
    folds: list[Fold] = []
    kept, extra = [u for u in uses if u.other is not None], 0
    for group in merged:
        finest = group[0]
        if len(group) == 1:
            kept.append(finest)
            continue
        _, first, inverse = np.unique(finest.ids, return_index=True, return_inverse=True)
        at = free + extra
        folds += [Fold(at, u.ids[first], None if u.weight is None else u.weight[first]) for u in group]
        kept.append(replace(finest, ids=at + inverse))
        extra += first.size
    return kept, folds, extra
