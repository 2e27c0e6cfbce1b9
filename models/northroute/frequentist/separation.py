"""Rows at which a Poisson maximum-likelihood estimate does not exist, and rows that carry no information.

A row with a zero count is separated if some combination of covariates and effects is zero at every positive count and
positive at that row (and nowhere negative): its fitted mean goes to zero and the combination's coefficient to infinity. The
rows can be left out without changing the rest of the fit (Correia, Guimaraes and Zylkin 2019, arXiv:1903.01633; 2020, Stata
Journal 20:95). Found here by their two fast steps: levels of an effect with zeros only, then the iterated rectifier.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from northroute.arrays import Array
from northroute.errors import ModelError
from northroute.frequentist.absorb import absorber
from northroute.frequentist.design import Design, Mask

Separated = Literal["refuse", "drop"]
SINGLETON = "singleton"
ZERO_LEVEL = "separated: all counts of an effect's level are zero"
RECTIFIER = "separated: a combination of covariates and effects is zero at every positive count"
_ZERO = 1e-5
_LIMIT = 200


@dataclass(frozen=True)
class Pruned:
    """Rows that stay and the reason of each row that does not.

    Attributes
    ----------
    keep : array of bool, shape (row,)
    reason : array of str, shape (row,)
        Empty for rows that stay.
    detail : array of str, shape (row,)
        The effect or the terms behind the reason.
    """

    keep: Mask
    reason: NDArray[np.object_]
    detail: NDArray[np.object_]

    @property
    def counts(self) -> dict[str, int]:
        """Rows that do not stay, by reason."""
        return {str(r): int((self.reason == r).sum()) for r in dict.fromkeys(self.reason[~self.keep])}


def prune(design: Design, *, rectifier: bool = True) -> Pruned:
    """Find singletons, levels with zeros only, and separated rows, each again after every removal.

    Parameters
    ----------
    design : Design
    rectifier : bool
        Also look for combinations of covariates and effects.
    """
    n = design.y.size
    keep = np.ones(n, bool)
    reason = np.full(n, "", dtype=object)
    detail = np.full(n, "", dtype=object)

    def drop(rows: Mask, why: str, what: str) -> None:
        reason[rows], detail[rows], keep[rows] = why, what, False

    while True:
        _levels(design, keep, drop)
        if not rectifier or not keep.any():
            break
        rows, terms = _rectify(design.keep(keep))
        if not rows.any():
            break
        found = np.zeros(n, bool)
        found[np.flatnonzero(keep)[rows]] = True
        drop(found, RECTIFIER, terms)
    return Pruned(keep, reason, detail)


def without_separated(design: Design, on_separated: Separated) -> Design:
    """Return the design without singletons and separated rows, and without the levels of categories that went with them.

    Raises
    ------
    ModelError
        If there are such rows and ``on_separated`` is ``refuse``, or none other is left.
    """
    pruned = prune(design)
    require(design, pruned, on_separated)
    return (design if pruned.keep.all() else design.keep(pruned.keep, pruned.counts)).settled()


def require(design: Design, pruned: Pruned, on_separated: Separated) -> None:
    """Raise a ModelError if no row is left, or if some go and ``on_separated`` is ``refuse``; it names the first one."""
    out = np.flatnonzero(~pruned.keep)
    if out.size == design.y.size:
        raise ModelError(f"{design.name}: no row is left after separation {pruned.counts}. Use fewer effects.")
    if out.size and on_separated == "refuse":
        first = int(out[0])
        raise ModelError(
            f"{design.name}: {out.size} row(s) have no finite estimate, first row {design.frame.index[first]} "
            f"({pruned.reason[first]}: {pruned.detail[first]}). Drop them (on_separated='drop'), or leave out the term or "
            "effect."
        )


def _levels(design: Design, keep: Mask, drop: Callable[[Mask, str, str], None]) -> None:
    changed = True
    while changed:
        changed = False
        for effect in design.effects:
            sizes = np.bincount(effect.codes[keep], minlength=effect.levels)
            single = keep & (sizes == 1)[effect.codes]
            if single.any():
                drop(single, SINGLETON, effect.name)
                changed = True
            sums = np.bincount(effect.codes[keep], design.y[keep], minlength=effect.levels)
            empty = keep & (sums == 0)[effect.codes]
            if empty.any():
                drop(empty, ZERO_LEVEL, effect.name)
                changed = True


def _rectify(design: Design) -> tuple[Mask, str]:
    """Regress an indicator of zero counts, with heavy weights on positive counts; cut the fit at zero; repeat.

    Combinations of effects alone are found where the effects are removed exactly (one, or two of which one has few levels);
    of covariates and effects, always. A fixed point is a combination that is nowhere negative at zero counts: its
    positive rows are separated. Where there is none the fit keeps a negative part and shrinks to zero.
    """
    zero = design.y == 0
    none = np.zeros(design.y.size, bool)
    if not zero.any() or (not design.effects and not _collinear_at_positive(design)):
        return none, ""
    weights = np.where(zero, 1.0, float(zero.sum()) / _ZERO**2)
    within = absorber(design.effects)
    root = np.sqrt(weights)[:, None]
    x = within.residual(_scaled(design), weights, 1e-10) if design.x.size else design.x
    x = root * x[:, np.abs(x).max(axis=0) > 1e-8]
    x /= np.linalg.norm(x, axis=0)
    u = zero.astype(float)
    for _ in range(_LIMIT):
        inner = within.residual(u[:, None], weights, 1e-10)
        if x.shape[1]:
            inner = inner - x @ linalg.lstsq(x, root * inner, lapack_driver="gelsy", cond=1e-13)[0] / root
        fitted = np.where(zero, u - inner[:, 0], 0.0)
        top = fitted.max()
        if top < _ZERO:
            return none, ""
        if fitted.min() >= -_ZERO * top:
            rows = fitted > _ZERO * top
            return rows, _names(design, rows)
        u = np.maximum(fitted, 0.0)
    return none, ""


def _scaled(design: Design) -> Array:
    """Columns of largest value one, about their mean where effects or a constant take the mean up."""
    x = design.x
    constant = np.ptp(x, axis=0) == 0
    if design.effects or constant.any():
        x = np.where(constant, x, x - x.mean(axis=0))
    return _unit(x)


def _collinear_at_positive(design: Design) -> bool:
    x = _scaled(design)
    return bool(np.linalg.matrix_rank(_unit(x[design.y > 0])) < np.linalg.matrix_rank(x))


def _unit(x: Array) -> Array:
    return np.asarray(x / np.maximum(np.abs(x).max(axis=0), np.finfo(float).tiny))


def _names(design: Design, rows: Mask) -> str:
    """Terms that vary over the separated rows and are constant at the positive counts: the likely culprits."""
    if not rows.any():
        return ""
    positive = design.y > 0
    flat = np.ptp(design.x[positive], axis=0) == 0
    moving = flat & (np.ptp(design.x[positive | rows], axis=0) > 0)
    names = [t for t, m in zip(design.terms, moving, strict=True) if m]
    return ", ".join(names or ([*design.terms, *(e.name for e in design.effects)]))
