"""Effects of groups: intercepts and slopes that vary, correlated or not, summing to zero or not."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from northroute.arrays import Bools
from northroute.bayes.statement import suited
from northroute.bayes.statement.codes import Rows
from northroute.bayes.statement.families import SUITED, Prior, Suited
from northroute.bayes.statement.intake import checked, words
from northroute.bayes.statement.terms.context import Context
from northroute.bayes.statement.terms.population import ONE
from northroute.bayes.statement.terms.writer import Batches, Ids, Key
from northroute.errors import ModelError

SD = Prior("half_normal", 1.0, "groups' rates within a factor of about 7 of each other")
MANY = 100
"""Batches up to this size are written as deviations and a mean."""


@dataclass(frozen=True)
class Effects:
    """Effects of groups: normal, with one standard deviation for each dimension.

    A dimension is a covariate of ``columns`` at a level of ``by``; ``("1", "x")`` is an intercept and a slope that vary.

    Attributes
    ----------
    group : str or tuple of str
        Columns whose combinations are the groups.
    columns : tuple of str
        Covariates whose slopes vary; ``"1"`` is the intercept.
    by : str, optional
        Column whose levels have effects of their own (the response, say).
    correlated : bool
        Correlations over dimensions, LKJ(``lkj``).
    zero_sum : bool or str
        Effects sum to zero over all groups; or, for a column's name, over the groups within each of its levels. The
        standard deviation is that of the effects before they are conditioned on their sum.
    within : str, optional
        Column whose levels hold the groups, where that column has effects of its own; the posterior does not change, only
        how fast it is sampled.
    zero_sum_by : bool
        Effects also sum to zero over the levels of ``by`` (shares of a composition).
    sd : Prior, or mapping of str to Prior
        Of the standard deviations, or by column of ``columns``; the default suits the outcome's spread and the covariate's
        width (:mod:`northroute.bayes.statement.suited`).
    only : tuple of str, optional
        Responses that they enter.
    name : str, optional
        Stem of the reported names ``<name>_effect``, ``sd_<name>`` and ``corr_<name>``; default the groups' name.
    dim : str, optional
        Name of the dimension of covariates; given, it is there even with one covariate.
    """

    group: str | tuple[str, ...]
    columns: tuple[str, ...] = (ONE,)
    by: str | None = None
    correlated: bool = False
    lkj: float = 2.0
    zero_sum: bool | str = False
    within: str | None = None
    zero_sum_by: bool = False
    sd: Prior | Mapping[str, Prior] | Suited = SUITED
    only: tuple[str, ...] | None = None
    name: str | None = None
    dim: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", words(self.columns))  # "1" and ("1") are one column
        checked(self, flags=("correlated", "zero_sum_by"), positive=("lkj",), names=("by", "within", "name", "dim"))
        groups = words(self.group)
        if not groups or not all(isinstance(g, str) and g for g in groups):
            raise ModelError(f"Effects: 'group' is {self.group!r}. Give a column, or a tuple of columns, by name.")
        if not isinstance(self.zero_sum, bool | str):
            raise ModelError(f"Effects: 'zero_sum' is {self.zero_sum!r}. Give True, False or a column.")
        if self.zero_sum_by and self.by is None:
            raise ModelError("Effects: 'zero_sum_by' is over the levels of 'by', which names no column. Name one.")

    @property
    def stem(self) -> str:
        """Stem of the reported names."""
        return self.name or "_".join(words(self.group))

    def add(self, context: Context) -> None:
        """Add the term to the model.

        Raises
        ------
        ModelError
            If there are fewer than two groups, or a group changes its place within the column named by ``zero_sum``.
        """
        if not self.columns or len(set(self.columns)) < len(self.columns):
            what = "name a column twice" if self.columns else "name no column"
            raise ModelError(
                f"{context.model}: the effects of {self.stem} {what}. Leave 'columns' at its default, or name each once."
            )
        kept = context.rows(self.only)
        for column in self.columns:
            if column != ONE and np.ptp(context.column(column, kept)) == 0:
                raise ModelError(
                    f"{context.model}: '{column}' is the same in every row that the effects of {self.stem} enter. Leave it "
                    "out."
                )
        columns = words(self.group)
        codes, labels = context.codes(columns, kept)
        if len(labels) < 2:
            raise ModelError(
                f"{context.model}: {' by '.join(columns)} has one group ({labels[0]}), whose effect cannot be told from "
                "the intercept. Leave the term out, or add data."
            )
        codes, labels, pointer, homes = _batches(self, context, kept, codes, labels)
        dims, dim_labels, by_codes, by_levels = _dimensions(self, context, kept)
        levels = len(by_levels)
        k = len(dim_labels)
        group_dim = context.dimension("_".join(columns), labels)
        dim: tuple[str, ...] = (context.dimension(self.dim or dims, dim_labels),) if k > 1 or self.dim else ()
        tied = self.zero_sum_by  # effects that sum to zero over dimensions share a standard deviation
        priors = self._priors(context, kept, by_codes, levels)
        sd = context.builder.scalar(f"sd_{self.stem}", priors[0] if tied else priors, () if tied else dim)
        correlation = None
        if self.correlated and k > 1:
            if tied:
                raise ModelError(f"{context.model}: effects that sum to zero over '{self.by}' are not also correlated.")
            correlation = context.builder.correlation(f"corr_{self.stem}", dim[0], self.lkj)
        block = Batches(
            pointer,
            np.broadcast_to(sd, (pointer.size - 1, k)),
            rows=_rows(self, pointer),
            zero_dims=tied,
            correlation=correlation,
            targets=[self._key(context, c, v, home) for home in homes for c in self.columns for v in by_levels],
        )
        ids = context.builder.effects(block)
        if not tied:
            columns_ids = ids.reshape(len(labels), len(self.columns), levels)
            for g, label in enumerate(labels):
                for j, c in enumerate(self.columns):
                    for v, level in enumerate(by_levels):
                        key = context.key(self.only, c, level, "_".join(columns), label)
                        context.builder.targets[key] = int(columns_ids[g, j, v])
        context.builder.report(f"{self.stem}_effect", ids if dim else ids[:, 0], (group_dim, *dim))
        for j, column in enumerate(self.columns):
            weight = None if column == ONE else context.column(column, kept)
            context.add(kept, ids[codes, j * levels + by_codes], weight)

    def _priors(self, context: Context, kept: Bools, by_codes: Ids, levels: int) -> list[Prior]:
        """Return the priors of the standard deviations of all dimensions, column by column and level by level."""
        spreads, name = context.spread[kept], f"sd_{self.stem}"
        found: list[Prior] = []
        for column, one in zip(self.columns, suited.by_name(context.model, name, self.sd, self.columns), strict=True):
            for level in range(levels):
                if isinstance(one, Prior):
                    found.append(suited.within(context.model, name, one, "positive"))
                    continue
                s = suited.spread(spreads if self.zero_sum_by else spreads[by_codes == level])
                if column == ONE:
                    found.append(suited.scaled(SD, s))
                else:
                    found.append(suited.varying(SD, context.column(column, kept), s))
        return found

    def _key(self, context: Context, column: str, level: str, home: str | None) -> Key:
        """Name what a mean is swept into: the group that holds the batch, or an intercept or slope."""
        if home is None or self.within is None:
            return context.key(self.only, column, level)
        return context.key(self.only, column, level, self.within, home)


def _rows(term: Effects, pointer: Ids) -> Rows:
    """Choose coordinates: few groups share what the data say of each, so deviations and mean are the better ones."""
    if term.zero_sum:
        return Rows.ZERO_SUM
    return Rows.WITH_MEAN if term.within is None and np.diff(pointer).max() <= MANY else Rows.GROUPS


def _batches(
    term: Effects, context: Context, kept: Bools, codes: Ids, labels: list[str]
) -> tuple[Ids, list[str], Ids, list[str | None]]:
    """Sort groups by the level that they lie in; return codes, labels, where levels begin, and their names."""
    inside = term.zero_sum if isinstance(term.zero_sum, str) else term.within
    if inside is None:
        return codes, labels, np.asarray([0, len(labels)], dtype=np.int64), [None]
    within, names = context.codes([inside], kept)
    home = np.full(len(labels), -1)
    home[codes] = within
    if (home[codes] != within).any():
        raise ModelError(
            f"{context.model}: a group of {term.group} lies in several levels of '{inside}'. Name a column in which "
            "every group has one level."
        )
    order = np.argsort(home, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    sizes = np.bincount(home)
    return (
        place[codes],
        [labels[i] for i in order],
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        list(names),
    )


def _dimensions(term: Effects, context: Context, kept: Bools) -> tuple[str, list[str], Ids, list[str]]:
    """Return the dimension's name and labels, each row's level of ``by``, and the levels."""
    by_codes, levels = context.codes(words(term.by or ()), kept)
    if term.by is None:
        return f"{term.stem}_column" if len(term.columns) > 1 else "", list(term.columns), by_codes, levels
    if term.columns == (ONE,):
        return term.by, levels, by_codes, levels
    labels = [f"{c}:{level}" for c in term.columns for level in levels]
    return f"{term.stem}_column", labels, by_codes, levels
