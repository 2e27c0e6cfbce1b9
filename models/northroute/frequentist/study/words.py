"""The study in words: a table in Markdown and the sentences that follow from it, put between two marks of a page."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from northroute.errors import DataError
from northroute.frequentist.study.run import LEVEL

BEGIN: Final = "<!-- study size: begin -->"
END: Final = "<!-- study size: end -->"
_HARDEST: Final = "country"


def markdown(table: pd.DataFrame) -> str:
    """Size and power by method as a table in Markdown, and which methods hold their size in the hardest scenario.

    A method holds its size if its share of rejections without an effect is at most two Monte Carlo standard errors (of
    a true 5 %) above 5 %. Among those the one that finds the larger effect most often comes first.

    Parameters
    ----------
    table : pandas.DataFrame
        :attr:`Study.table`.
    """
    scenarios = list(dict.fromkeys(table["scenario"]))
    effects = sorted(set(table["effect"]))
    heads = [f"{s}, {'size' if e == 0 else f'RR {np.exp(e):.2f}'}" for s in scenarios for e in effects]
    lines = [f"| method | {' | '.join(heads)} | no answer |", "|---" * (len(heads) + 2) + "|"]
    for method, group in table.groupby("method", sort=False):
        cells = group.set_index(["scenario", "effect"])["rejected"]
        values = [f"{cells[(s, e)]:.3f}" if e == 0 else f"{cells[(s, e)]:.2f}" for s in scenarios for e in effects]
        lines.append(f"| {method} | {' | '.join(values)} | {group['no_answer'].sum()} |")
    return "\n".join([*lines, "", *_sentences(table)])


def insert(text: str, page: Path) -> Path:
    """Replace what stands between the two marks of a page.

    Raises
    ------
    DataError
        If the page lacks the marks.
    """
    content = page.read_text(encoding="utf-8")
    before, begin, rest = content.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(
            "the marks of the study are not there", file=page, remedy=f"Put {BEGIN} and {END} where it belongs."
        )
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    return page


def holders(table: pd.DataFrame) -> pd.DataFrame:
    """Methods that hold their size in the hardest scenario, the most powerful first: ``method, size, power``."""
    here = table[table["scenario"] == _HARDEST]
    size = here[here["effect"] == 0].set_index("method")
    allowed = LEVEL + 2 * np.sqrt(LEVEL * (1 - LEVEL) / size["replicates"])
    power = here[here["effect"] == here["effect"].max()].set_index("method")["rejected"]
    kept = size.index[(size["rejected"] <= allowed) & (size["no_answer"] == 0)]
    found = pd.DataFrame({"method": kept, "size": size.loc[kept, "rejected"], "power": power[kept]})
    return found.sort_values("power", ascending=False).reset_index(drop=True)


def _sentences(table: pd.DataFrame) -> list[str]:
    here = table[(table["scenario"] == _HARDEST) & (table["effect"] == 0)]
    kept = holders(table)
    worst = here.sort_values("rejected", ascending=False).iloc[0]
    words = [f"{m} (size {s:.3f}, power {p:.2f})" for m, s, p in kept.itertuples(index=False)]
    replicates = int(here["replicates"].max())
    mcse = np.sqrt(LEVEL * (1 - LEVEL) / replicates)
    return [
        f"SIMULATED. Shares of panels in which a zero effect is rejected at 5 %; {replicates:,} panels a scenario without "
        f"an effect (a true 5 % has a Monte Carlo standard error of {mcse:.4f}). *No answer*: the covariance was not "
        "positive.",
        "",
        f"Where shocks and covariate are shared in a country, these hold their size: {'; '.join(words) or 'none'}. "
        f"The worst, {worst['method']}, rejects a true null in {worst['rejected']:.0%} of panels.",
    ]
