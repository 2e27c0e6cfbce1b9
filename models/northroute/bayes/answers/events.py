"""Expected events by country and month, and the share that goes with a covariate."""

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy import sparse

from northroute.arrays import Array
from northroute.bayes.answers.predictor import Of, Predictor, expected, predictor
from northroute.bayes.answers.summary import Summary, capped, tabulate, words
from northroute.bayes.fit import BayesFit
from northroute.conventions import INTERVAL_PROB
from northroute.errors import ModelError

By = Literal["country", "unit", "month"]
ALL: Final = "all"


def events(
    fit: BayesFit,
    by: tuple[By, ...] = ("country", "month"),
    *,
    of: Of = "reported",
    prob: float = INTERVAL_PROB,
) -> Summary:
    """Return the events that the model expects, by country and month or by other labels.

    ``events`` are expected events per unit-month at the exposure that was observed (the mean over the unit-months of a
    group); ``rate`` is a group's expected events over its exposure, per exposure unit. Both are means of the model, with
    the offset, the zeros and detection that it has; they are not predictions of counts, which scatter around them.

    Parameters
    ----------
    fit : BayesFit
        Of the ladder.
    by : tuple of {"country", "unit", "month"}
        Groups; outcomes are kept apart where several are fitted together.
    of : {"reported", "all"}
        Events that are counted; or, for step ``reporting``, all of them.
    prob : float
        Of the equal-tailed interval.

    Returns
    -------
    Summary
        Draws ``events`` and ``rate`` (none without an exposure), dimensions chain, draw and ``by``; NaN where no row was
        observed.

    Raises
    ------
    GateError
        If the fit failed its diagnostics and was not allowed.
    ModelError
        If the fit is not one of the ladder, ``by`` is empty, or it asks for more numbers than fit into memory.
    """
    if not by or set(by) - {"country", "unit", "month"}:
        raise ModelError(f"Events by {by}: name at least one of country, unit, month.")
    made = predictor(fit, of)
    member, levels, codes = _groups(made, by)
    capped(made.shape[0] * made.shape[1] * int(np.prod([len(v) for v in levels.values()])), "Ask for fewer groups.")
    total = expected(made, member, of=of)[0]
    rows, exposure = member.sum(axis=0), np.exp(made.log_exposure) @ member
    quantities = {"events": total / rows}
    spec = fit.info["spec"]["spec"]
    names = {"events": "events per unit-month"}
    if spec["exposure"]:
        quantities["rate"] = total / exposure
        names["rate"] = f"events per {spec['exposure_unit']:g} {spec['exposure']}"
    arrays = {k: _grid(v, levels, codes) for k, v in quantities.items()}
    table = tabulate(fit, {names[k]: v for k, v in arrays.items()}, prob=prob)
    top = table.iloc[int(table["median"].where(table["quantity"] == names["events"]).argmax())]
    place = ", ".join(str(top[d]) for d in levels)
    sentence = f"The model expects most events per unit-month in {place}: {words(top)}."
    return Summary(xr.Dataset(arrays), table, sentence)


def share_attributable(
    fit: BayesFit, covariate: str, reference: float = 0.0, *, of: Of = "reported", prob: float = INTERVAL_PROB
) -> Summary:
    """Return the share of expected events that goes with a covariate being where it is rather than at a reference.

    ``1 - sum(expected at the reference) / sum(expected as observed)`` over the rows of a country, and over all. It is
    negative where the model expects more events at the reference. It compares the model with itself: what would happen in
    the world, if someone set the covariate, is another question.

    Parameters
    ----------
    fit : BayesFit
        Of the ladder.
    covariate : str
        Any covariate of the model; products that it enters change with it.
    reference : float
        In the covariate's own units.
    of : {"reported", "all"}
    prob : float
        Of the equal-tailed interval.

    Returns
    -------
    Summary
        Draws ``share`` (chain, draw, country), with ``all`` first; table with ``P(> 0)``.

    Raises
    ------
    GateError
        If the fit failed its diagnostics and was not allowed.
    ModelError
        If the fit is not one of the ladder or has no such covariate.
    """
    made = predictor(fit, of)
    member, levels = countries(made)
    observed, without = expected(made, member, [made.columns.at(covariate, reference)], of)
    codes = np.arange(member.shape[1])
    share = _grid(1 - without / observed, levels, codes)
    table = tabulate(
        fit, {f"share with {covariate}, against {reference:g}": share}, {"P(> 0)": lambda x: x > 0}, prob=prob
    )
    first = table.iloc[0]
    sentence = (
        f"Of the events that the model expects, a share of {words(first)} is associated with {covariate} being where it is "
        f"rather than at {reference:g}. This compares the model with itself; it says nothing on causes."
    )
    return Summary(xr.Dataset({"share": share}), table, sentence)


def countries(made: Predictor) -> tuple[sparse.csr_array, dict[str, list[str]]]:
    """Return which rows are in all countries and in each (by outcome, where there are several), and the labels."""
    own, levels, _ = _groups(made, ("country",))
    labels = levels["country"]
    outcomes = len(levels.get("outcome", [""]))
    # groups are sorted by country, then outcome, and every country has every outcome
    whole = own @ sparse.csr_array(np.tile(np.eye(outcomes), (len(labels), 1)))
    return sparse.csr_array(sparse.hstack([whole, own])), {**levels, "country": [ALL, *labels]}


def _groups(made: Predictor, by: tuple[str, ...]) -> tuple[sparse.csr_array, dict[str, list[str]], NDArray[np.intp]]:
    """Return membership of rows in groups that have rows, the labels by dimension, and groups' places in the full grid."""
    dims = (*by, "outcome") if len(set(made.labels["outcome"])) > 1 else by
    levels = {d: _ordered(made, d) for d in dims}
    place = np.zeros(made.log_exposure.size, dtype=np.intp)
    for d in dims:
        place = place * len(levels[d]) + pd.Index(levels[d]).get_indexer(pd.Index(made.labels[d]))
    codes, group = np.unique(place, return_inverse=True)
    rows = np.arange(place.size)
    return sparse.csr_array((np.ones(place.size), (rows, group)), shape=(place.size, codes.size)), levels, codes


def _ordered(made: Predictor, dim: str) -> list[str]:
    found = dict.fromkeys(made.labels[dim].tolist())
    return sorted(found) if dim == "month" else list(found)


def _grid(values: Array, levels: Mapping[str, list[str]], codes: NDArray[np.intp]) -> xr.DataArray:
    """Spread groups over the full grid of labels; NaN where there is no row."""
    sizes = [len(v) for v in levels.values()]
    full = np.full((*values.shape[:2], int(np.prod(sizes))), np.nan)
    full[..., codes] = values
    return xr.DataArray(
        full.reshape(*values.shape[:2], *sizes),
        dims=("chain", "draw", *levels),
        coords=dict(levels),
    )
