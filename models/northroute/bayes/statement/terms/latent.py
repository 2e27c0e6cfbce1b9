"""Effects that other rows load on: a term that enters no rows, and loadings on what it reports."""

from dataclasses import dataclass, replace

import numpy as np

from northroute.arrays import Array, Bools
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.intake import words
from northroute.bayes.statement.model import Term
from northroute.bayes.statement.terms.context import Context
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.bayes.statement.terms.writer import Ids
from northroute.errors import ModelError

ASIDE = -1
"""A predictor of no rows."""


@dataclass(frozen=True)
class Hidden:
    """A term whose effects exist and are reported, and enter rows only where :class:`Loads` says.

    Attributes
    ----------
    term : Term
        Effects, a walk, an autoregression, a process or places.
    """

    term: Term

    def __post_init__(self) -> None:
        if isinstance(self.term, type | Intercept | Linear) or not hasattr(self.term, "add"):
            raise ModelError(
                f"Hidden: {self.term!r} is no term with effects. Give Effects, a walk, an autoregression, a GP or places."
            )

    def add(self, context: Context) -> None:
        """Create the term's effects."""
        alone = replace(context, predictor=ASIDE, spread=np.ones_like(context.spread))
        self.term.add(_Aside(**vars(alone)))


@dataclass(frozen=True)
class _Aside(Context):
    """A context whose rows stay as they are."""

    def add(self, kept: Bools, ids: Ids, weight: Array | None = None, other: Ids | None = None) -> None:
        """Add nothing."""


@dataclass(frozen=True)
class Loads:
    """A loading times an effect that another term reports.

    Where the latent effect is measured by a response of its own with loading one, give that term ``only`` that response,
    and the loadings the others. Where it enters no row by itself, wrap it in :class:`Hidden`; then effects and loadings
    are known only up to a factor, so one of their scales has to come from its prior. Loadings of free sign are known only
    up to a common sign: give at least one loading a positive prior.

    Rows load on the sum of two effects, a country's level and its course say, by two terms of one name: the first has the
    prior, the second none, and takes the first's loadings.

    Attributes
    ----------
    on : str
        Reported name of the effects, ``corruption_effect`` say; the term that reports it comes before this one.
    group : str or tuple of str
        Columns that index the effects: one for each of their dimensions, or, where they have one dimension, those whose
        combinations it holds.
    prior : Prior, optional
        Of a loading; one on positive numbers makes it positive. None takes the loadings that a term before it reports as
        ``name``; then ``by`` is that term's.
    by : str, optional
        Column whose levels have loadings of their own (the response, say).
    only : tuple of str, optional
        Responses that it enters.
    name : str
        Reported name.
    """

    on: str
    group: str | tuple[str, ...]
    prior: Prior | None
    by: str | None = None
    only: tuple[str, ...] | None = None
    name: str = "loading"

    def add(self, context: Context) -> None:
        """Add the term to the model.

        Raises
        ------
        ModelError
            If no term before it reports ``on`` (or, without a prior, ``name``), ``group`` does not index it, a row has a
            group that it does not hold, or the prior is flat.
        """
        kept = context.rows(self.only)
        latent = self._latent(context, kept)
        if self.prior is None:
            context.add(kept, self._again(context, kept), other=latent)
            return
        if not isinstance(self.prior, Prior) or self.prior.family == "flat":
            raise ModelError(
                f"{context.model}: the prior of '{self.name}' is {self.prior!s}. Give a proper prior, "
                "Prior.lognormal(mean_log=0, sd_log=0.5) say."
            )
        start = self.prior.quantile(0.75)  # off zero, where neither a loading nor an effect would have a slope
        codes, labels = context.codes(words(self.by or ()), kept)
        dims = (context.dimension(self.by, labels),) if self.by else ()
        ids = np.atleast_1d(context.builder.scalar(self.name, self.prior, dims, starts=start))
        context.add(kept, ids[codes], other=latent)

    def _again(self, context: Context, kept: Bools) -> Ids:
        """Return the identifier of each kept row's loading, which another term has created."""
        known = context.builder.parameters.get(self.name)
        if known is None or len(known.dims) != (self.by is not None):
            raise ModelError(
                f"{context.model}: no term before it reports loadings '{self.name}' with the same 'by'. Put the loadings "
                "with the prior first."
            )
        if self.by is None:
            return np.broadcast_to(known.ids, int(kept.sum()))
        return known.ids[self._place(context, kept, (self.by,), known.dims[0])]

    def _latent(self, context: Context, kept: Bools) -> Ids:
        """Return the identifier of each kept row's effect."""
        if self.on not in context.builder.parameters:
            known = sorted(name for name in context.builder.parameters if name.endswith("_effect"))
            raise ModelError(
                f"{context.model}: no term before the loadings reports '{self.on}'; those before report {known}. Put the "
                "term with these effects first."
            )
        parameter = context.builder.parameters[self.on]
        columns = words(self.group)
        if len(parameter.dims) not in (1, len(columns)):
            raise ModelError(
                f"{context.model}: '{self.on}' has dimensions {parameter.dims}, and 'group' names {columns}. Name a column "
                "for each."
            )
        sets = [columns] if len(parameter.dims) == 1 else [(c,) for c in columns]
        places = tuple(self._place(context, kept, s, dim) for s, dim in zip(sets, parameter.dims, strict=True))
        return parameter.ids[places]

    def _place(self, context: Context, kept: Bools, columns: tuple[str, ...], dim: str) -> Ids:
        """Return where each kept row's label stands in a dimension."""
        codes, labels = context.codes(columns, kept)
        held = {str(label): i for i, label in enumerate(context.builder.coords[dim])}
        unknown = [label for label in labels if str(label) not in held]
        if unknown:
            raise ModelError(
                f"{context.model}: '{self.on}' has no effect of {unknown[0]} ({len(unknown)} unknown in "
                f"{', '.join(columns)}). Leave those rows out with 'only', or let the term that reports it see them."
            )
        return np.asarray([held[str(label)] for label in labels], dtype=np.int64)[codes]
