"""Comparisons along a dimension: contrasts of all pairs, and rankings with their probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import rankdata

from northroute.bayes.answers.summary import Summary, capped, sourced, tabulate, words
from northroute.bayes.fit import BayesFit
from northroute.bayes.ladder.composition import differences
from northroute.conventions import INTERVAL_PROB
from northroute.errors import ModelError
from northroute.look import Figure, blank, look, mark


def contrasts(
    fit: BayesFit, parameter: str, dim: str, *, among: Sequence[str] | None = None, prob: float = INTERVAL_PROB
) -> Summary:
    """Return differences of a parameter between all pairs of labels of a dimension, draw by draw.

    The model shrinks labels towards each other, so pairs are not corrected for their number; probabilities are of single
    pairs, not of all at once.

    Parameters
    ----------
    fit : BayesFit
    parameter, dim : str
        Such as ``"slope_country"`` and ``"country"``.
    among : sequence of str, optional
        Labels to compare; by default all.
    prob : float
        Of the equal-tailed interval.

    Returns
    -------
    Summary
        Draws ``difference`` (chain, draw, a, b kept together as ``pair``, other dimensions); the table has labels ``a`` and
        ``b`` and ``P(a > b)``.

    Raises
    ------
    GateError
        If the fit failed its diagnostics and was not allowed.
    ModelError
        If the dimension or a label is not there, fewer than two labels are left, or pairs are too many.
    """
    array = _chosen(fit, parameter, dim, among)
    labels = [str(v) for v in array[dim].to_numpy()]
    pairs = list(combinations(labels, 2))
    capped(array.size // len(labels) * len(pairs), f"Name fewer labels of '{dim}' in 'among'.")
    difference = differences(array, dim).rename({f"{dim}_pair": "pair"}).transpose("chain", "draw", "pair", ...)
    table = tabulate(fit, {f"difference in {parameter}": difference}, {"P(a > b)": lambda x: x > 0}, prob=prob)
    names = {f"{a} - {b}": (a, b) for a, b in pairs}
    at = list(table.columns).index("pair")
    table.insert(at, "a", [names[p][0] for p in table["pair"]])
    table.insert(at + 1, "b", [names[p][1] for p in table["pair"]])
    clear = table.iloc[int((table["P(a > b)"] - 0.5).abs().argmax())]
    sentence = (
        f"Of {len(table)} differences in {parameter}, the clearest is that of {clear['pair']}: {words(clear)}; the "
        f"probability that {clear['a']} is above {clear['b']} is {clear['P(a > b)']:.3f}."
    )
    return Summary(xr.Dataset({"difference": difference}), table.drop(columns="pair"), sentence)


@dataclass(frozen=True)
class Rankings(Summary):
    """Ranks, one the highest (or lowest, as asked).

    Attributes
    ----------
    probabilities : pandas.DataFrame
        Probability of each rank, one row a label and rank.
    dim : str
    simulated : bool
    """

    probabilities: pd.DataFrame
    dim: str
    simulated: bool

    def figure(self) -> Figure:
        """Draw the probabilities of ranks, one row a label, best median rank first.

        Raises
        ------
        ModelError
            If ranks have a further dimension.
        """
        ranks = self.draws["rank"]
        if ranks.ndim > 3:
            raise ModelError(f"Ranks have further dimensions {ranks.dims[3:]}. Choose one of their labels first.")
        wide = self.probabilities.pivot(index=self.dim, columns="rank", values="probability")
        wide = wide.loc[self.table.sort_values(["median", self.dim])[self.dim]]
        with look():
            figure = blank(6.5, 1.2 + 0.2 * len(wide))
            axes = figure.subplots()
            shown = axes.imshow(wide.to_numpy(), aspect="auto", cmap="Blues", vmin=0)
            axes.set_yticks(range(len(wide)), list(wide.index))
            at = _ticks(wide.shape[1])
            axes.set_xticks(at, [str(i + 1) for i in at])
            axes.set_xlabel("rank")
            figure.colorbar(shown, label="probability")
        return mark(figure, simulated=self.simulated)


def rankings(
    fit: BayesFit,
    parameter: str,
    dim: str,
    *,
    top: int = 3,
    highest: bool = True,
    within: Mapping[str, str] | None = None,
    prob: float = INTERVAL_PROB,
) -> Rankings:
    """Rank the labels of a dimension, draw by draw.

    Parameters
    ----------
    fit : BayesFit
    parameter, dim : str
        Such as ``"unit_level"`` and ``"unit"``, or ``"country_effect"`` and ``"country"``.
    top : int
        The table gives the probability of being among the first ``top``.
    highest : bool
        Rank one is the highest value; otherwise the lowest.
    within : mapping of str to str, optional
        Group of each label (a unit's country, see :func:`homes`); ranks are then among the labels of a group.
    prob : float
        Of the equal-tailed interval.

    Returns
    -------
    Rankings
        Draws ``rank`` (chain, draw, ``dim``, others); the table has the median rank, its interval, ``P(first)`` and
        ``P(top k)``.

    Raises
    ------
    GateError
        If the fit failed its diagnostics and was not allowed.
    ModelError
        If the dimension is not there, a label has no group, or ``top`` is not a rank.
    """
    array = _chosen(fit, parameter, dim, None)
    labels = [str(v) for v in array[dim].to_numpy()]
    lost = [v for v in labels if within is not None and v not in within]
    if lost:
        raise ModelError(f"'within' has no group for {lost[:5]}. Give one for every label of '{dim}'.")
    groups = np.asarray([within[v] if within else "" for v in labels])
    largest = max(int((groups == g).sum()) for g in set(groups.tolist()))
    if not 1 <= top <= largest:
        raise ModelError(f"'top' is {top}; '{dim}' has ranks 1 to {largest}.")
    values = array.to_numpy() * (-1 if highest else 1)
    rank = np.empty(values.shape)
    for group in dict.fromkeys(groups.tolist()):
        own = groups == group
        rank[:, :, own] = rankdata(values[:, :, own], method="ordinal", axis=2)
    ranks = array.copy(data=rank)
    order = "highest" if highest else "lowest"
    name = f"rank of {parameter}, {order} first"
    shares = {"P(first)": lambda x: x == 1, f"P(top {top})": lambda x: x <= top}
    table = tabulate(fit, {name: ranks}, shares, prob=prob)
    if within:
        table.insert(2, "within", [within[str(v)] for v in table[dim]])
    places = xr.DataArray(np.arange(1, largest + 1), dims="rank", coords={"rank": np.arange(1, largest + 1)})
    chances = xr.concat([(ranks == k).mean(("chain", "draw")) for k in places.to_numpy()], dim=places)
    long = chances.transpose(*array.dims[2:], "rank").to_series().rename("probability").reset_index()
    best = table.iloc[int(table["P(first)"].argmax())]
    sentence = (
        f"{best[dim]} is most often {order} in {parameter}: first with probability {best['P(first)']:.2f}, median rank "
        f"{words(best)}."
    )
    draws = xr.Dataset({"rank": ranks})
    return Rankings(draws, table, sentence, sourced(fit, long), dim, fit.simulated)


def homes(fit: BayesFit) -> dict[str, str]:
    """Return the country of each unit of a fit of the ladder."""
    constants = fit.tree["constant_data"].to_dataset()
    country = constants["country"].to_numpy()[constants["country_of_unit"].to_numpy()]
    return {str(u): str(c) for u, c in zip(constants["unit"].to_numpy(), country, strict=True)}


def _chosen(fit: BayesFit, parameter: str, dim: str, among: Sequence[str] | None) -> xr.DataArray:
    array = fit.parameter(parameter)
    if dim not in array.dims[2:]:
        raise ModelError(f"'{parameter}' of '{fit.name}' has no dimension '{dim}'; it has {list(array.dims[2:])}.")
    labels = array[dim].to_numpy().astype(str).tolist()
    unknown = [v for v in among or () if v not in labels]
    if unknown:
        raise ModelError(f"'{dim}' has no label {unknown}; it has {labels[:20]}.")
    chosen = array.sel({dim: list(among)}) if among is not None else array
    if chosen.sizes[dim] < 2:
        raise ModelError(f"'{dim}' has fewer than two labels to compare.")
    return chosen.transpose("chain", "draw", dim, ...)


def _ticks(count: int) -> list[int]:
    return sorted({0, *range(4, count, 5), count - 1}) if count > 12 else list(range(count))
