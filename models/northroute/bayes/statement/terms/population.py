"""Terms of the whole population: intercepts and slopes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from northroute.arrays import Array, Bools
from northroute.bayes.statement import suited
from northroute.bayes.statement.families import SUITED, Prior, Suited
from northroute.bayes.statement.intake import checked, words
from northroute.bayes.statement.terms.context import Context, runs
from northroute.bayes.statement.terms.writer import Average, Ids
from northroute.errors import ModelError

ONE = "1"
"""The column that is one in every row."""


@dataclass(frozen=True)
class Intercept:
    """An intercept, or one for each level of ``by``.

    Attributes
    ----------
    prior : Prior, or mapping of str to Prior
        Of the intercept at covariates zero, or by level of ``by``. The default is the prior of an average row's predictor
        instead, around the data (:mod:`northroute.bayes.statement.suited`); beside slopes the fit then reports
        ``<name>_average`` too.
    by : str, optional
        Column whose levels have intercepts of their own (the response, say).
    only : tuple of str, optional
        Responses that it enters; default all.
    name : str
        Reported name.
    """

    prior: Prior | Mapping[str, Prior] | Suited = SUITED
    by: str | None = None
    only: tuple[str, ...] | None = None
    name: str = "intercept"

    def __post_init__(self) -> None:
        checked(self, names=("name", "by"))

    def add(self, context: Context) -> None:
        """Add the term to the model."""
        kept = context.rows(self.only)
        if self.by is None and isinstance(self.prior, Mapping):
            raise ModelError(f"{context.model}: priors of '{self.name}' by name need 'by'. Give one prior.")
        codes, labels = context.codes(words(self.by or ()), kept)
        dims = (context.dimension(self.by, labels),) if self.by else ()
        given = suited.by_name(context.model, self.name, self.prior, [str(v) for v in labels])
        priors = []
        for i, one in enumerate(given):
            rows = np.flatnonzero(kept)[codes == i]
            priors.append(suited.intercept(context.middle[rows], context.spread[rows]) if one is SUITED else one)
        level = context.level[kept]
        starts = np.bincount(codes, level) / np.bincount(codes) if dims else level.mean()
        ids = context.builder.scalar(self.name, priors, dims, starts=starts)  # type: ignore[arg-type]
        if self.prior is SUITED:
            whole = np.full(kept.size, -1, dtype=np.int64)
            whole[kept] = codes
            context.builder.averages.append(Average(self.name, context.predictor, whole, np.atleast_1d(ids), dims))
        flat = np.atleast_1d(ids)
        context.builder.targets |= {context.key(self.only, ONE, v): int(i) for v, i in zip(labels, flat, strict=True)}
        context.add(kept, flat[codes])


@dataclass(frozen=True)
class Linear:
    """Slopes of covariates, common to all rows or one for each level of ``by``.

    Attributes
    ----------
    columns : tuple of str
    prior : Prior, or mapping of str to Prior
        Of every slope, in the covariates' units, or by covariate; those that a mapping leaves out have the default, which
        is scaled by the covariate's width (:mod:`northroute.bayes.statement.suited`).
    by : str, optional
    only : tuple of str, optional
        Responses that it enters; default all.
    name, dim : str
        Reported name, and name of the dimension of covariates.
    centre : bool
        Subtract each covariate's mean over the rows, so that the intercept is that of an average row.
    """

    columns: tuple[str, ...]
    prior: Prior | Mapping[str, Prior] | Suited = SUITED
    by: str | None = None
    only: tuple[str, ...] | None = None
    name: str = "slope"
    dim: str = "covariate"
    centre: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", words(self.columns))  # "x" and ("x") are one column
        checked(self, flags=("centre",), names=("name", "dim", "by"))

    def add(self, context: Context) -> None:
        """Add the term to the model.

        Raises
        ------
        ModelError
            If a covariate is missing somewhere, the same in every row or named twice, or a prior is of none of them.
        """
        twice = [c for c in self.columns if self.columns.count(c) > 1]
        if not self.columns or ONE in self.columns or twice:
            what = f"names '{ONE}', which stands for the intercept" if ONE in self.columns else "names no column"
            what = f"names {twice[0]!r} twice" if twice else what
            raise ModelError(f"{context.model}: a term of slopes {what}. Name covariates in 'columns', each once.")
        kept = context.rows(self.only)
        matrix = np.column_stack([context.column(c, kept) for c in self.columns])
        flat = [c for c, s in zip(self.columns, np.ptp(matrix, axis=0), strict=True) if s == 0]
        if flat:
            raise ModelError(f"{context.model}: {flat} does not vary over the rows kept. Leave it out.")
        codes, labels = context.codes(words(self.by or ()), kept)
        dims: tuple[str, ...] = (context.dimension(self.dim, list(self.columns)),)
        if self.by is not None:
            dims = (*dims, context.dimension(self.by, labels))
        priors = self._priors(context, kept, matrix, codes, len(labels))
        ids = context.builder.scalar(self.name, priors, dims, starts=0.0).reshape(len(self.columns), -1)
        for j, column in enumerate(self.columns):
            context.builder.targets |= {
                context.key(self.only, column, v): int(i) for v, i in zip(labels, ids[j], strict=True)
            }
        average = None if self.centre else _average(context, kept)
        if self.centre:
            matrix = matrix - matrix.mean(axis=0)
        if average is not None:
            means = _means(average, kept, matrix, codes, len(labels))
            average.shifts.append((ids.ravel(), means.reshape(len(means), -1)))
            if not _nested(average, kept, codes):
                self._everywhere(context, average, kept, matrix, codes, ids, means)
                return
            matrix = matrix - means[average.codes[kept], :, codes]
        if self.by is None:
            for rows, part in runs(kept):
                context.builder.columns(context.predictor, rows, matrix[part], int(ids[0, 0]))
            return
        for j in range(len(self.columns)):
            context.add(kept, ids[j, codes], matrix[:, j])

    def _priors(self, context: Context, kept: Bools, matrix: Array, codes: Ids, levels: int) -> list[Prior]:
        """Return the priors of all slopes, covariate by covariate and level by level."""
        spreads = context.spread[kept]
        found: list[Prior] = []
        for j, one in enumerate(suited.by_name(context.model, self.name, self.prior, self.columns)):
            for level in range(levels):
                if isinstance(one, Prior):
                    found.append(one)
                    continue
                s = suited.spread(spreads[codes == level])
                found.append(suited.slope(matrix[:, j], s, len(self.columns)))
        return found

    def _everywhere(
        self,
        context: Context,
        average: Average,
        kept: Bools,
        matrix: Array,
        codes: Ids,
        ids: Ids,
        means: Array,
    ) -> None:
        """Enter the term where rows without it share the intercept: there, too, its column's mean is taken off."""
        whole = -means[np.maximum(average.codes, 0)]
        whole[np.flatnonzero(kept)[:, None], np.arange(len(self.columns)), codes[:, None]] += matrix
        flat = whole.reshape(len(whole), -1)
        for rows, _ in runs(average.codes >= 0):
            context.builder.columns(context.predictor, rows, flat[rows], int(ids[0, 0]))


def _average(context: Context, kept: Bools) -> Average | None:
    """Return the intercept of average rows that all kept rows have."""
    for average in context.builder.averages:
        if average.predictor == context.predictor and (average.codes[kept] >= 0).all():
            return average
    return None


def _means(average: Average, kept: Bools, matrix: Array, codes: Ids, levels: int) -> Array:
    """Return means over all of the intercept's rows, shape (level of the intercept, covariate, level of ``by``)."""
    sizes = np.bincount(average.codes[average.codes >= 0])
    sums = np.zeros((sizes.size, matrix.shape[1], levels))
    np.add.at(sums, (average.codes[kept][:, None], np.arange(matrix.shape[1]), codes[:, None]), matrix)
    return np.asarray(sums / sizes[:, None, None])


def _nested(average: Average, kept: Bools, codes: Ids) -> bool:
    """Tell whether all rows of an intercept's level, or none, have the term, and at one level of ``by``."""
    own = average.codes[kept]
    whole = np.isin(average.codes, own) == kept
    return bool(whole.all()) and np.unique(np.column_stack([own, codes]), axis=0).shape[0] == np.unique(own).size
