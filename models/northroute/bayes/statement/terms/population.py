"""Terms of the whole population: intercepts and slopes."""

from dataclasses import dataclass

import numpy as np

from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.intake import words
from northroute.bayes.statement.terms.context import Context, runs
from northroute.errors import ModelError

ONE = "1"
"""The column that is one in every row."""
INTERCEPT = Prior("normal", 2.0, "log rate per exposure unit: 0.02 to 50 events with 95 %")
SLOPE = Prior("normal", 0.5, "a standardised covariate seldom changes a rate threefold")


@dataclass(frozen=True)
class Intercept:
    """An intercept, or one for each level of ``by``.

    Attributes
    ----------
    prior : Prior
    by : str, optional
        Column whose levels have intercepts of their own (the response, say).
    only : tuple of str, optional
        Responses that it enters; default all.
    name : str
        Reported name.
    """

    prior: Prior = INTERCEPT
    by: str | None = None
    only: tuple[str, ...] | None = None
    name: str = "intercept"

    def add(self, context: Context) -> None:
        """Add the term to the model."""
        kept = context.rows(self.only)
        if self.by is None:
            start = float(context.level[kept].mean())
            ids = context.builder.scalar(self.name, self.prior, starts=start)
            context.builder.targets[context.key(self.only, ONE)] = int(ids)
            context.add(kept, np.broadcast_to(ids, (int(kept.sum()),)))
            return
        codes, labels = context.codes([self.by], kept)
        means = np.bincount(codes, context.level[kept]) / np.bincount(codes)
        ids = context.builder.scalar(self.name, self.prior, (context.dimension(self.by, labels),), starts=means)
        context.builder.targets |= {context.key(self.only, ONE, v): int(i) for v, i in zip(labels, ids, strict=True)}
        context.add(kept, ids[codes])


@dataclass(frozen=True)
class Linear:
    """Slopes of covariates, common to all rows or one for each level of ``by``.

    Attributes
    ----------
    columns : tuple of str
    prior : Prior
    by : str, optional
    only : tuple of str, optional
        Responses that it enters; default all.
    name, dim : str
        Reported name, and name of the dimension of covariates.
    centre : bool
        Subtract each covariate's mean over the rows, so that the intercept is that of an average row.
    """

    columns: tuple[str, ...]
    prior: Prior = SLOPE
    by: str | None = None
    only: tuple[str, ...] | None = None
    name: str = "slope"
    dim: str = "covariate"
    centre: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", words(self.columns))  # "x" and ("x") are one column

    def add(self, context: Context) -> None:
        """Add the term to the model.

        Raises
        ------
        ModelError
            If a covariate is missing somewhere or the same in every row.
        """
        if not self.columns or ONE in self.columns:
            what = f"names '{ONE}', which stands for the intercept" if self.columns else "names no column"
            raise ModelError(f"{context.model}: a term of slopes {what}. Name covariates in 'columns'.")
        kept = context.rows(self.only)
        matrix = np.column_stack([context.column(c, kept) for c in self.columns])
        flat = [c for c, s in zip(self.columns, np.ptp(matrix, axis=0), strict=True) if s == 0]
        if flat:
            raise ModelError(f"{context.model}: {flat} does not vary over the rows kept. Leave it out.")
        if self.centre:
            matrix = matrix - matrix.mean(axis=0)
        dim = context.dimension(self.dim, list(self.columns))
        if self.by is None:
            ids = context.builder.scalar(self.name, self.prior, (dim,), starts=0.0)
            context.builder.targets |= {
                context.key(self.only, c): int(i) for c, i in zip(self.columns, ids, strict=True)
            }
            for rows, part in runs(kept):
                context.builder.columns(context.predictor, rows, matrix[part], int(ids[0]))
            return
        codes, labels = context.codes([self.by], kept)
        dims = (dim, context.dimension(self.by, labels))
        ids = context.builder.scalar(self.name, self.prior, dims, starts=0.0)
        for j, column in enumerate(self.columns):
            context.builder.targets |= {
                context.key(self.only, column, v): int(i) for v, i in zip(labels, ids[j], strict=True)
            }
            context.add(kept, ids[j, codes], matrix[:, j])
