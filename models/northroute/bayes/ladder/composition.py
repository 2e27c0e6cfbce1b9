r"""Composition: what share of the counts is of which category (drug types, and heroin's share of them).

.. math::

   y_{i\cdot} \sim \mathrm{DirMult}(n_i, \varphi, p_i), \quad
   p_{ij} = \frac{e^{\eta_{ij}}}{\sum_k e^{\eta_{ik}}}, \quad
   \eta_{ij} = \alpha_j + a_{c(i),j} + r_{u(i),j} + x_i'\beta_j

for cells i (a country and year, say) and categories j, given the cell's total n. Effects of countries and regions sum to
zero over categories, :math:`\sum_j a_{cj} = 0`: a common shift changes no share. With concentration :math:`\varphi` a
share varies between cells of the same predictors with variance :math:`p(1-p)/(\varphi+1)`; the multinomial is the limit
:math:`\varphi\to\infty` (Mosimann 1962, Biometrika 49:65).

Intercepts and slopes have independent priors by category, not a baseline category: the prior of every log odds is then the
same, whichever category is named first. Only their differences over categories are known; ``category_level`` and
``slope_contrast`` are those from the mean over categories.

*When to use it.* For claims on the mix: heroin's share of seizures by country, substitution between drugs. What reporting of
all categories has in common cancels in the shares: totals may be reported badly.
*What it cannot tell.* Whether a share fell because heroin fell or because the rest rose; nor can it mend reporting that
differs by category (police who look for heroin find heroin). With one cell a country, countries' effects and overdispersion
are told apart by their priors alone.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from northroute.bayes.engine import Origin, fit_model
from northroute.bayes.fit import BayesFit
from northroute.bayes.samplers.settings import Sampling
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement import intake
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.model import Model, Term
from northroute.bayes.statement.priors import COUNTS, Priors
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.errors import ModelError
from northroute.progress import Progress, quiet
from northroute.provenance import frame_hash

COMPOSITION: Final[Priors] = {
    "intercept": Prior("normal", 2.0, "odds of two categories between 1:250 and 250:1 with 95 %"),
    "sd_country": COUNTS["sd_category"],
    "sd_region": COUNTS["sd_category"],
    "slope": Prior("normal", 0.5, "a standardised covariate seldom changes the odds of two categories fourfold"),
    "concentration_root": COUNTS["concentration_root"],
}
"""Priors of the composition, on the log odds of categories."""
CELL, CATEGORY, COUNTRY, REGION, COUNT = "cell", "category", "country", "region", "count"
"""What the columns are called in the model, whatever they are called in the data."""


@dataclass(frozen=True)
class CompositionSpec:
    """A model of counts by category.

    Attributes
    ----------
    name : str
    count, category : str
        Columns: the count, and the category that it is of.
    cell : tuple of str
        Columns whose combinations are the cells: a cell has one row for each category.
    country : str
        Column with the country of a cell.
    region : str, optional
        Column with its region, for effects of regions within countries.
    covariates : tuple of str
        Columns that are constant within a cell, standardised, with a slope for each category; a year, standardised, is a
        trend by category. They are centred over the cells.
    overdispersed : bool
        Dirichlet-multinomial if true, else multinomial.
    focus : str, optional
        A category whose share is also reported by itself, and as differences between countries.
    priors : mapping of str to Prior
    """

    name: str
    count: str
    category: str
    cell: tuple[str, ...]
    country: str
    region: str | None = None
    covariates: tuple[str, ...] = ()
    overdispersed: bool = True
    focus: str | None = None
    priors: Priors = field(default_factory=lambda: COMPOSITION)

    def model(self) -> Model:
        """Return the model in the engine's terms."""
        p = self.priors
        terms: list[Term] = [
            Intercept(p["intercept"], by=CATEGORY),
            Effects(COUNTRY, by=CATEGORY, zero_sum_by=True, sd=p["sd_country"]),
        ]
        if self.region:
            terms.append(Effects(REGION, by=CATEGORY, zero_sum_by=True, sd=p["sd_region"]))
        if self.covariates:
            terms.append(Linear(self.covariates, p["slope"], by=CATEGORY, centre=True))
        return Model(
            self.name,
            COUNT,
            dist.DirichletMultinomial(p["concentration_root"]) if self.overdispersed else dist.Multinomial(),
            tuple(terms),
            response=CATEGORY,
            cell=CELL,
        )

    def derive(self, values: xr.Dataset) -> xr.Dataset:
        """Shares by country, in a cell of average covariates and, where there are regions, in their middle one.

        ``share`` (country, category) are probabilities. With ``focus``, ``focus_share`` (country) and ``focus_difference``
        (country pair, ``"KAZ - KGZ"``).
        """
        eta = values["intercept"] + values["country_effect"]
        share = shares(eta, CATEGORY).transpose("chain", "draw", COUNTRY, CATEGORY)
        found = {"share": share, "category_level": values["intercept"] - values["intercept"].mean(CATEGORY)}
        if self.covariates:
            found["slope_contrast"] = values["slope"] - values["slope"].mean(CATEGORY)
        if self.focus is not None:
            focus = share.sel({CATEGORY: self.focus}, drop=True)
            found |= {"focus_share": focus, "focus_difference": differences(focus, COUNTRY)}
        return xr.Dataset(found)


def fit_composition(
    frame: pd.DataFrame,
    spec: CompositionSpec,
    settings: Sampling | None = None,
    *,
    simulated: bool = False,
    source: str = "",
    folder: Path | None = None,
    command: str = "",
    progress: Progress = quiet,
) -> BayesFit:
    """Fit shares of categories to a table with one row a cell and category.

    A cell in which some category is unobserved is left out, and so is one whose counts are all zero, which says nothing of
    shares; both are counted in ``info["dropped"]``.

    Parameters
    ----------
    frame : pandas.DataFrame
        Zero counts are written out (:func:`tabulate` does), unobserved ones are missing.
    spec : CompositionSpec
    settings, folder, command, progress
        See :func:`northroute.bayes.fit_model`.
    simulated : bool
    source : str
        Name of the table.

    Raises
    ------
    ModelError
        If a column is missing, a cell lacks a category or has it twice, a country, region or covariate changes within a
        cell, a category was never seen, or only one country or category is left.
    """
    table, dropped = cells(frame, spec)
    origin = Origin(
        data_hash=frame_hash(table),
        simulated=simulated,
        source=source,
        description={"spec": asdict(spec), "dropped": dropped},
        constants=_constants(table),
    )
    return fit_model(
        spec.model(),
        table,
        settings,
        origin=origin,
        derive=spec.derive,
        check_prior=False,
        folder=folder,
        command=command,
        progress=progress,
    )


def tabulate(
    records: pd.DataFrame,
    category: str,
    cell: Sequence[str],
    categories: Sequence[str],
    other: str | None = "other",
) -> pd.DataFrame:
    """Count records, one row a record, by cell and category, with zeros written out.

    A cell is there if it has a record of any category: one without any did not report.

    Parameters
    ----------
    records : pandas.DataFrame
    category : str
        Column with the category.
    cell : sequence of str
        Columns whose combinations are the cells.
    categories : sequence of str
        Categories to tell apart.
    other : str, optional
        What all further categories are called; None leaves their records out.

    Returns
    -------
    pandas.DataFrame
        The columns of the cell, ``category`` and ``count``.

    Raises
    ------
    ModelError
        If the category or a column of the cell is missing in some record.
    """
    keys = list(cell)
    unplaced = int(records[keys].isna().any(axis=1).sum())
    if unplaced:
        raise ModelError(
            f"{unplaced} records lack one of {keys}. Leave them out, and say how many, or use a coarser cell."
        )
    unnamed = int(records[category].isna().sum())
    if unnamed:
        raise ModelError(
            f"{unnamed} records have no '{category}', which is not '{other}'. Leave them out, and say how many, or name "
            "them."
        )
    named = records[category].where(records[category].isin(list(categories)), other)
    levels = [*categories, *([other] if other is not None else [])]
    counts = records[keys].assign(**{category: named}).groupby([*keys, category], sort=False).size()
    wide = counts.unstack(category, fill_value=0).reindex(columns=levels, fill_value=0).sort_index()
    long = wide.rename_axis(columns=category).melt(value_name="count", ignore_index=False).reset_index()
    return long.astype({"count": int})


def shares(eta: xr.DataArray, category: str) -> xr.DataArray:
    """Return the softmax of log shares over a dimension."""
    weights: xr.DataArray = xr.ufuncs.exp(eta - eta.max(category))
    return weights / weights.sum(category)


def differences(share: xr.DataArray, over: str) -> xr.DataArray:
    """Return the difference of every two levels of a dimension, first less second, labelled ``"a - b"``."""
    labels = [str(v) for v in share[over].to_numpy()]
    first, second = (np.asarray(side) for side in zip(*combinations(range(len(labels)), 2), strict=True))
    pair = f"{over}_pair"
    a = share.isel({over: xr.DataArray(first, dims=pair)}).drop_vars(over)
    b = share.isel({over: xr.DataArray(second, dims=pair)}).drop_vars(over)
    return (a - b).assign_coords({pair: [f"{labels[i]} - {labels[j]}" for i, j in zip(first, second, strict=True)]})


def cells(frame: pd.DataFrame, spec: CompositionSpec) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows of the cells that say something, with the model's names, and how many cells do not.

    Raises
    ------
    ModelError
        See :func:`fit_composition`.
    """
    places = [spec.country, *([spec.region] if spec.region else [])]
    wanted = [*spec.cell, *places, *spec.covariates, spec.category, spec.count]
    intake.require_columns(spec.name, frame, wanted)
    intake.require_values(spec.name, frame[[*spec.cell, spec.category]])
    own = [c for c in spec.covariates if c in (CELL, CATEGORY, COUNTRY, REGION, COUNT)]
    if own:
        raise ModelError(f"{spec.name}: a covariate may not be called {own}, a name of the model's own. Rename it.")
    label = frame[list(spec.cell)].astype(str).agg(" ".join, axis=1)
    table = pd.DataFrame({CELL: label, CATEGORY: frame[spec.category].astype(str)})
    table[COUNT] = frame[spec.count].astype(float)
    table[list(spec.covariates)] = frame[list(spec.covariates)]
    table[[COUNTRY, REGION][: len(places)]] = frame[places]
    for column in [c for c in table.columns if c not in (CELL, CATEGORY, COUNT)]:
        varies = table.groupby(CELL, sort=False)[column].nunique(dropna=False) > 1
        if varies.any():
            raise ModelError(
                f"{spec.name}: '{column}' changes within cell '{varies.idxmax()}'. A cell has one value of it: name its "
                "column in 'cell', or leave it out."
            )
    by_cell = table.groupby(CELL)[COUNT]
    unobserved = by_cell.transform(lambda y: y.isna().any()).astype(bool)
    empty = ~unobserved & (by_cell.transform("sum") == 0)
    dropped = {
        "cells with a category unobserved": int(table.loc[unobserved, CELL].nunique()),
        "cells without a count": int(table.loc[empty, CELL].nunique()),
    }
    kept = table[~unobserved & ~empty].reset_index(drop=True)
    kept.attrs[intake.LEFT_OUT] = dropped
    _refuse(kept, spec, dropped)
    return kept, dropped


def _refuse(table: pd.DataFrame, spec: CompositionSpec, dropped: dict[str, int]) -> None:
    if table.empty:
        raise ModelError(f"{spec.name}: no cell has a count ({dropped}). Give cells with at least one.")
    totals = table.groupby(CATEGORY, sort=False)[COUNT].sum()
    if len(totals) < 2:
        raise ModelError(f"{spec.name}: one category ({totals.index[0]}), whose share is one. Give at least two.")
    never = [str(c) for c in totals.index[totals == 0]]
    if never:
        raise ModelError(
            f"{spec.name}: {never} was never seen, so its share has no estimate without the prior. Leave it out, or merge "
            "it with another category."
        )
    countries = list(table[COUNTRY].unique())
    if len(countries) < 2:
        raise ModelError(
            f"{spec.name}: only {countries} left, and effects that vary by country need two. Add countries."
        )
    if spec.focus is not None and spec.focus not in totals.index:
        raise ModelError(f"{spec.name}: no category '{spec.focus}' to focus on; there are {list(totals.index)}.")


def _constants(table: pd.DataFrame) -> xr.Dataset:
    """Totals of the cells, and the country that each lies in."""
    cells = table.groupby(CELL, sort=False)
    total = cells[COUNT].sum()
    return xr.Dataset(
        {"total": (CELL, total.to_numpy()), "cell_country": (CELL, cells[COUNTRY].first().to_numpy(str))},
        coords={CELL: total.index.to_numpy(str)},
    )
