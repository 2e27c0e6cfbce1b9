"""Coefficients with an interval for each kind of errors."""

from collections.abc import Sequence

import numpy as np

from northroute.conventions import INTERVAL_PROB
from northroute.errors import ModelError
from northroute.frequentist.covariance.result import Errors
from northroute.look import COLOURS, QUIET, Figure, blank, look, mark


def coefficient_plot(errors: Sequence[Errors], *, prob: float = INTERVAL_PROB) -> Figure:
    """Draw rate ratios by term, one interval a kind of errors; methods that give p only have none.

    Raises
    ------
    ModelError
        If no kind has intervals, or simulated and real errors are mixed.
    """
    shown = [e for e in errors if np.isfinite(e.df)]
    if not shown or len({e.simulated for e in shown}) > 1:
        raise ModelError("Give errors that have intervals, all of real data or all of simulated data.")
    terms = list(dict.fromkeys(t for e in shown for t in e.terms if t != "Intercept"))
    with look():
        figure = blank(7, 1.2 + len(terms) * (0.25 + 0.16 * len(shown)))
        axes = figure.subplots()
        axes.axvline(1.0, color=QUIET, lw=1)
        for k, one in enumerate(shown):
            table = one.table(prob).set_index("term")
            here = [t for t in terms if t in table.index]
            y = [-terms.index(t) - 0.7 * (k + 0.5) / len(shown) for t in here]
            ratio = table.loc[here, "rate_ratio"]
            low, high = table.loc[here, "rate_ratio_low"], table.loc[here, "rate_ratio_high"]
            colour = COLOURS[k % len(COLOURS)]
            label = f"{one.fit}: {one.kind}, t({one.df:g})"
            axes.hlines(y, low, high, color=colour, lw=1.6, label=label)
            axes.plot(ratio, y, "o", color=colour, ms=4)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
        axes.xaxis.set_minor_formatter(lambda v, _: f"{v:g}" if round(v, 1) == round(v, 6) else "")
        axes.set_yticks([-i - 0.35 for i in range(len(terms))], [t.replace("$", r"\$") for t in terms])
        axes.set_xlabel(f"rate ratio, {prob * 100:g} % confidence")
        figure.legend(loc="outside lower center", fontsize=7.5, frameon=False)
    return mark(figure, simulated=shown[0].simulated)
