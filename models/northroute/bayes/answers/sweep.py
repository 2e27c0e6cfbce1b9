"""Counterfactual sweep: what the model expects with a covariate set to each value of a grid, all else as observed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd
import xarray as xr

from northroute.bayes.answers.events import ALL, countries
from northroute.bayes.answers.predictor import Of, expected, predictor
from northroute.bayes.answers.summary import Summary, tabulate, words
from northroute.bayes.fit import BayesFit
from northroute.conventions import INTERVAL_PROB, interval_label
from northroute.errors import ModelError
from northroute.look import MAIN, QUIET, Figure, blank, look, mark


@dataclass(frozen=True)
class Sweep(Summary):
    """Expected events over a grid of a covariate.

    Attributes
    ----------
    covariate : str
    prob : float
    simulated : bool
    """

    covariate: str
    prob: float
    simulated: bool

    def figure(self, outcome: str | None = None) -> Figure:
        """Draw one panel a country: median and band; pale where the country never had such a value.

        Parameters
        ----------
        outcome : str, optional
            Needed where several outcomes were fitted together.

        Raises
        ------
        ModelError
            If there are several outcomes and none is named.
        """
        table = self.table
        if "outcome" in table:
            if outcome not in set(table["outcome"]):
                raise ModelError(f"Outcomes are {sorted(set(table['outcome']))}. Name one of them, not {outcome!r}.")
            table = table[table["outcome"] == outcome]
        names = list(dict.fromkeys(table["country"]))
        across = min(3, len(names))
        down = ceil(len(names) / across)
        with look():
            figure = blank(2.3 * across + 0.4, 1.9 * down + 0.6)
            grid = figure.subplots(down, across, squeeze=False, sharex=True).ravel()
            for axes, name in zip(grid, names, strict=False):
                own = table[table["country"] == name].sort_values("value")
                x, low, high = own["value"], own["lower"], own["upper"]
                axes.fill_between(x, low, high, color=QUIET, alpha=0.25, lw=0)
                axes.fill_between(x, low, high, where=own["within_data"], color=MAIN, alpha=0.25, lw=0)
                axes.plot(x, own["median"], color=QUIET, lw=1, ls="--")
                axes.plot(x, own["median"].where(own["within_data"]), color=MAIN, lw=1.4)
                axes.set_title(name, fontsize=8)
                axes.set_ylim(bottom=0)
            for axes in grid[len(names) :]:
                axes.set_visible(False)
            figure.supxlabel(self.covariate, fontsize=9)
            figure.supylabel(
                f"events per unit-month that the model expects\n(median, {interval_label(self.prob)})", fontsize=8
            )
        return mark(figure, simulated=self.simulated)


def sweep(
    fit: BayesFit, covariate: str, grid: Sequence[float], *, of: Of = "reported", prob: float = INTERVAL_PROB
) -> Sweep:
    """Return expected events per unit-month by country with a covariate at each value of a grid in every row.

    All else stays as observed: exposure, places, months, other covariates. Products that the covariate enters change with
    it. Values are counterfactuals of the model: they carry its association to where the covariate was not.

    Parameters
    ----------
    fit : BayesFit
        Of the ladder.
    covariate : str
        Any covariate of the model, ``"interdiction"`` say.
    grid : sequence of float
        In the covariate's own units.
    of : {"reported", "all"}
    prob : float
        Of the equal-tailed interval.

    Returns
    -------
    Sweep
        Draws ``events`` (chain, draw, value, country), ``all`` countries first. The table says for each value whether the
        country's data reach it (``within_data``).

    Raises
    ------
    GateError
        If the fit failed its diagnostics and was not allowed.
    ModelError
        If the fit is not one of the ladder, has no such covariate, or the grid is not of two or more different finite
        numbers.
    """
    values = np.unique(np.asarray(grid, dtype=float))
    if values.size < 2 or not np.isfinite(values).all():
        raise ModelError(f"The grid of '{covariate}' is {list(grid)}. Give two or more different finite numbers.")
    made = predictor(fit, of)
    member, levels = countries(made)
    found = expected(made, member, [made.columns.at(covariate, v) for v in values], of)[1:] / member.sum(axis=0)
    dims = ("value", "chain", "draw", *levels)
    shape = (*found.shape[:3], *(len(v) for v in levels.values()))
    draws = xr.DataArray(found.reshape(shape), dims=dims, coords={"value": values, **levels})
    draws = draws.transpose("chain", "draw", "value", ...)
    table = tabulate(fit, {f"events per unit-month, {covariate} set": draws}, prob=prob)
    raw = pd.Series(made.columns.raw(covariate))
    ends = raw.groupby(made.labels["country"]).agg(["min", "max"])
    ends.loc[ALL] = [raw.min(), raw.max()]
    own = ends.loc[table["country"]]
    inside = (table["value"].to_numpy() >= own["min"].to_numpy()) & (table["value"].to_numpy() <= own["max"].to_numpy())
    table.insert(list(table.columns).index("median"), "within_data", inside)
    whole = table[table["country"] == ALL]
    low, high = whole.iloc[0], whole[whole["value"] == values[-1]].iloc[0]
    sentence = (
        f"With {covariate} at {values[0]:g} everywhere the model expects {words(low)} events per unit-month, at "
        f"{values[-1]:g} {words(high)}; an association, not an effect."
    )
    return Sweep(xr.Dataset({"events": draws}), table, sentence, covariate, prob, fit.simulated)
