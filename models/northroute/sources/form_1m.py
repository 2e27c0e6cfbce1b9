"""Form 1-M of Kazakhstan's General Prosecutor as the provider's files hold it, summed to the 17 regions of before June 2022.

Row and section numbers are those of the form: R1 offences, R2 ended cases, R11 deaths, PRIL1 weapons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from northroute.errors import DataError
from northroute.sources.rows import Rows, read_provided

PROVIDER: Final = "kz_form1m_regions_2022"
_TOTAL_ROW, _ATTEMPT_ROW = 1, 15
_RESTORE: Final = "Restore the file from its source."
_NOT_OFFENCES: Final = ("000", "001")
"""Disappearances and deaths not found to be criminal: the form keeps them outside its total."""
# the word for chapter, then its number
_CHAPTER_LABEL: Final = "^\u0413\u043b\u0430\u0432\u0430 (\\d+)\\."
_DEATH_ROWS: Final[Mapping[str, tuple[int, ...]]] = {
    "causing_death": (1,),
    "causing_death_murder": (2, 3),
    "causing_death_harm": (8,),
    "causing_death_other": (4, 5, 6, 7, 9),
}


@dataclass(frozen=True)
class Form1M:
    """The form's counts: whole numbers, 17 regions by article of the code, ``chapter_1`` to ``chapter_18``, ``total``.

    Attributes
    ----------
    registered, ended : pandas.DataFrame
        Section R1. ``99_attempt`` is preparation of and attempt at murder, which the form counts apart from ``99``.
    ended_by_group : pandas.DataFrame
        Section R2: ended cases of offences that a group committed.
    with_firearms : pandas.DataFrame
        Annex 1: offences committed with firearms.
    causing_death, deaths : pandas.DataFrame
        Section R11, rows 1 to 9: offences that caused a death, and the dead, by ``causing_death`` and its parts.
    """

    registered: pd.DataFrame
    ended: pd.DataFrame
    ended_by_group: pd.DataFrame
    with_firearms: pd.DataFrame
    causing_death: pd.DataFrame
    deaths: pd.DataFrame


def read(folder: Path) -> Form1M:
    """Read the form from the provider's files.

    Raises
    ------
    MissingDataError
        If a file is not there.
    DataError
        If a file breaks its format, has other rows or regions than the form, or its two counts of ended cases differ.
    """
    homes = _read(folder, "kz_region_2022_key_counts").frame.set_index("iso")["region_before_2022"]
    registered, ended = _section_1(folder, homes)
    nonzero = _nonzero(folder, homes, registered.columns)
    stated = nonzero["R2", "ended"]
    if not stated.equals(ended):
        what = f"ended cases of '{(stated != ended).any().idxmax()}' differ between sections R1 and R2"
        remedy = "Restore both files from their source."
        raise DataError(what, file=folder / PROVIDER, column="ended", remedy=remedy)
    causing, deaths = _section_11(folder, homes)
    return Form1M(
        registered, ended, nonzero["R2", "ended_by_group"], nonzero["PRIL1", "with_firearms"], causing, deaths
    )


def _read(folder: Path, name: str, homes: "pd.Series[str] | None" = None) -> Rows:
    rows = read_provided(folder, (PROVIDER, f"{name}.csv"))
    if homes is None:
        return rows
    known = ", ".join(homes.index)
    unknown = ~rows.frame["iso"].isin(homes.index)
    rows.refuse(unknown, "iso", "'{iso}' is not a region of the form", f"Known are {known}.")
    absent = sorted(set(homes.index) - set(rows.frame["iso"]))
    if absent:
        raise rows.fault("the region is missing", "iso", absent[0], _RESTORE)
    return rows


def _section_1(folder: Path, homes: "pd.Series[str]") -> tuple[pd.DataFrame, pd.DataFrame]:
    codes = _read(folder, "r1_row_codebook").frame.set_index("row")
    chapter = codes["label_ru"].str.extract(_CHAPTER_LABEL)[0]
    names = codes["article_uk_rk_2014"].where(chapter.isna(), "chapter_" + chapter.fillna(""))
    names[_TOTAL_ROW], names[_ATTEMPT_ROW] = "total", "99_attempt"
    names = names[names.notna() & ~names.isin(_NOT_OFFENCES)]
    counts = _read(folder, "r1_offences_by_region", homes).frame
    counts = counts.assign(article=counts["row"].map(names)).dropna(subset=["article"])
    return _by_region(counts, homes, "registered"), _by_region(counts, homes, "ended")


def _nonzero(folder: Path, homes: "pd.Series[str]", articles: "pd.Index[str]") -> dict[tuple[str, str], pd.DataFrame]:
    rows = _read(folder, "other_sections_nonzero_long", homes)
    counts = rows.frame.rename(columns={"key": "article"})
    found = {}
    for section, measure in (("R2", "ended"), ("R2", "ended_by_group"), ("PRIL1", "with_firearms")):
        table = _by_region(counts[(counts["section"] == section) & (counts["measure"] == measure)], homes, "value")
        unknown = sorted(set(table.columns) - set(articles))
        if unknown:
            raise rows.fault(f"'{unknown[0]}' is not an article of section R1", "key", remedy=_RESTORE)
        # the file leaves zeros out
        found[section, measure] = table.reindex(index=sorted(set(homes)), columns=articles, fill_value=0)
    return found


def _section_11(folder: Path, homes: "pd.Series[str]") -> tuple[pd.DataFrame, pd.DataFrame]:
    counts = _read(folder, "r11_offences_causing_death", homes).frame
    names = {row: name for name, rows in _DEATH_ROWS.items() for row in rows}
    counts = counts.assign(article=counts["row"].map(names)).dropna(subset=["article"])
    return _by_region(counts, homes, "registered"), _by_region(counts, homes, "deaths")


def _by_region(counts: pd.DataFrame, homes: "pd.Series[str]", column: str) -> pd.DataFrame:
    named = counts.assign(region=counts["iso"].map(homes))
    table = named.pivot_table(index="region", columns="article", values=column, aggfunc="sum", fill_value=0)
    return table.sort_index().astype(np.int64)
