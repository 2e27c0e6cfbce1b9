"""The study as a figure: size and power by method, one column a scenario."""

import textwrap

from northroute.frequentist.study.run import LEVEL, Study
from northroute.look import BOUND, COLOURS, Figure, blank, look, mark


def draw(study: Study) -> Figure:
    """Draw the share rejected by method and effect; the line is the nominal 5 %, which dots of no effect should meet."""
    table = study.table
    methods = list(dict.fromkeys(table["method"]))[::-1]
    scenarios = list(dict.fromkeys(table["scenario"]))
    with look():
        figure = blank(9.5, 1.4 + 0.3 * len(methods))
        panels = figure.subplots(1, len(scenarios), sharey=True, squeeze=False)[0]
        for axes, scenario in zip(panels, scenarios, strict=True):
            here = table[table["scenario"] == scenario]
            axes.axvline(LEVEL, color=BOUND, lw=1, ls="--")
            for colour, (effect, group) in zip(COLOURS, here.groupby("effect"), strict=False):
                y = [methods.index(m) for m in group["method"]]
                label = "no effect (size)" if effect == 0 else f"rate ratio {group['rate_ratio'].iloc[0]:.2f} (power)"
                axes.errorbar(
                    group["rejected"], y, xerr=2 * group["mcse"], fmt="o", ms=4, lw=1, color=colour, label=label
                )
            words = textwrap.fill(f"{scenario}: {here['dependence'].iloc[0]}", 38)
            axes.set_title(words, fontsize=8)
            axes.set_xlim(-0.02, 1.02)
            axes.set_xlabel("share rejected at 5 %")
            axes.grid(axis="y", lw=0.3)
        panels[0].set_yticks(range(len(methods)), methods, fontsize=8)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False, fontsize=8)
    return mark(figure, simulated=True)
