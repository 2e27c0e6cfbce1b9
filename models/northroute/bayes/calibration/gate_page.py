"""The page of the gate's rates: how often it refuses true models and passes bad ones."""

from pathlib import Path
from typing import Final

import pandas as pd

from northroute.bayes.calibration.gate_rates import cases, rates
from northroute.bayes.gate.row_check import MAX_SHARE
from northroute.bayes.gate.single_row import MAX_SHIFT
from northroute.provenance import Provenance
from northroute.sheets import write_csv

NAME: Final = "gate"
_HEAD: Final = {
    "what": "model and data",
    "data_sets": "data sets",
    "wrong": "wrong",
    "at_most": "at most (95 %)",
    "share": "rows with large k, largest",
    "shift": "shift by one row, largest",
    "by": "refused by",
    "seconds": "seconds, median",
}


def write(fits: pd.DataFrame, folder: Path, stamp: Provenance) -> list[Path]:
    """Write ``gate.csv`` (one line a case) and ``gate.md`` to a folder; return their paths."""
    found = rates(fits)
    folder.mkdir(parents=True, exist_ok=True)
    table, page = folder / f"{NAME}.csv", folder / f"{NAME}.md"
    write_csv(found.round(4), table)
    page.write_text(text(found, stamp), encoding="utf-8")
    return [table, page]


def text(found: pd.DataFrame, stamp: Provenance) -> str:
    """Return the page, from the table of :func:`northroute.bayes.calibration.gate_rates.rates`."""
    true, bad = found[found["true"]], found[~found["true"]]
    left = [case.what for case in cases().values() if case.name not in set(found["case"])]
    return "\n".join(
        [
            "# How often the gate errs",
            "",
            f"SIMULATED data. {_sets(true)} of each true model and {_sets(bad)} of each bad one, all simulated and fitted "
            f"by `{stamp.command}`. A true model generates its own data: a refusal is false. A bad one cannot describe its "
            "data, or has a posterior that no sampler gets right: a pass is missed. Shares of so few data sets are rough; "
            "the column *at most* is the upper end of an exact 95 % interval of the share of wrong decisions.",
            "",
            "## True models: false refusals",
            "",
            _table(true),
            "",
            "## Bad models: missed failures",
            "",
            _table(bad),
            "",
            *([f"Not yet run: {'; '.join(left)}.", ""] if left else []),
            "## What is asked of rows",
            "",
            f"Of the rows of counts at most {MAX_SHARE:.0%} may have a Pareto k above its limit when they are left out. A "
            "row with an effect of its own has a large k by design, so rows that tell a fifth or more of what is known of "
            "their own predictor are left out with that predictor integrated away (integrated importance sampling). No row "
            f"alone may move a scalar, but for a distribution's own dispersion, by more than {MAX_SHIFT:g} posterior "
            "standard deviations. A flat prior that the data do not make up for is refused before sampling.",
            "",
            "The gate asks whether draws are a posterior's and whether rows are expected, not whether a model is good: "
            "dispersion that a model without it leaves over shows in the posterior predictive checks "
            "(`northroute ladder`, rootogram and PIT), and is listed above as missed.",
            "",
        ]
    )


def _sets(found: pd.DataFrame) -> str:
    low, high = int(found["data_sets"].min()), int(found["data_sets"].max())
    return f"{low} data sets" if low == high else f"{low} to {high} data sets"


def _table(found: pd.DataFrame) -> str:
    shown = found[list(_HEAD)]
    head = f"| {' | '.join(_HEAD.values())} |"
    rule = "|" + "---|" * len(_HEAD)
    lines = [
        f"| {r['what']} | {r['data_sets']} | {r['wrong']} | {r['at_most']:.0%} | {_number(r['share'])} | "
        f"{_number(r['shift'])} | {r['by'] or 'none'} | {r['seconds']:.1f} |"
        for r in shown.to_dict("records")
    ]
    return "\n".join([head, rule, *lines])


def _number(value: float) -> str:
    return "not computed" if pd.isna(value) else f"{value:.2f}"
