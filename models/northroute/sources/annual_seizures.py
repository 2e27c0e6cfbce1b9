"""Annual drug seizures by country 2015-2023, as three editions of UNODC's World Drug Report print them.

An absent row was not reported: it is unobserved, never zero. Editions overlap and are revised; the later two print 2018 and
2019 in whole kilograms, so a zero of those years is less than half a kilogram. Names of drugs differ between editions:
:mod:`northroute.sources.drug_names` gives each its group.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from northroute.conventions import COMPARISON_COUNTRIES, COUNTRIES
from northroute.sources import drug_names
from northroute.sources.rows import Rows, read_bundled, read_provided
from northroute.sources.schemas import Among
from northroute.sources.table import Table

FOLDER: Final = "unodc_drug_seizures_2015_2023"
BUNDLED: Final = "annual_seizures.csv"
KEY: Final = ("iso3", "year", "drug", "edition")
EDITIONS: Final[Mapping[int, range]] = {2021: range(2015, 2020), 2024: range(2018, 2023), 2025: range(2019, 2024)}
"""Editions of the World Drug Report and the years that each covers."""
DRUGS: Final = (
    *("heroin", "opium", "morphine", "poppy_straw", "other_opioids", "cocaine"),
    *("cannabis_herb", "cannabis_resin", "cannabis_plants", "cannabis_other"),
    *("methamphetamine", "amphetamine", "ecstasy", "other_synthetics", "other"),
)
"""Groups of drugs."""
SYNTHETICS: Final = ("methamphetamine", "amphetamine", "ecstasy", "other_synthetics")
NOT_DRUGS: Final = ("plants_and_seeds", "precursors", "not_drugs")
"""Rows that are no drug as it is consumed: never to be added to the drugs."""
CITATION: Final = "UNODC, World Drug Reports 2021, 2024 and 2025, annex on drug seizures"
LICENCE: Final = "figures as published; cite UNODC (non-profit use with acknowledgement)"

_FILES: Final = {
    2021: "annex_wdr2021_2015_2019.csv",
    2024: "annex_wdr2024_2018_2022.csv",
    2025: "annex_wdr2025_2019_2023.csv",
}
_COUNTRIES = [*COUNTRIES, *COMPARISON_COUNTRIES]
_AMONG: Final[Among] = {"iso3": (_COUNTRIES, "a country of this project")}
_ROUNDING = 1.0  # kilograms by which rounded parts may exceed their total


def load(path: Path | None = None) -> Table:
    """Read the seizures.

    Columns ``iso3``, ``year``, ``drug`` (of :data:`DRUGS` or :data:`NOT_DRUGS`), ``edition`` (of :data:`EDITIONS`),
    ``kg``, and ``names``: how many names of drugs that edition prints for the country and year. A jump in ``names`` is a
    change of reporting.

    Raises
    ------
    DataError
        If the file breaks its format, repeats a key, gives a year that an edition does not cover, or two values of
        ``names`` for a country, year and edition.
    """
    among: Among = {
        **_AMONG,
        "drug": ((*DRUGS, *NOT_DRUGS), "a known group of drugs"),
        "edition": (EDITIONS, "an edition of 2021, 2024 or 2025"),
    }
    rows = read_bundled(BUNDLED, path, among)
    frame = rows.frame
    covered = [year in EDITIONS[edition] for year, edition in zip(frame["year"], frame["edition"], strict=True)]
    rows.refuse(~pd.Series(covered), "year", "the edition of {edition} does not cover {year}")
    first = frame.groupby(["iso3", "year", "edition"])["names"].transform("first")
    what = "{names} names here and {first} on an earlier line of the same country, year, edition"
    rows.refuse(first != frame["names"], "names", what, more={"first": first})
    return rows.table("annual seizures (UNODC)", CITATION, LICENCE)


def revisions(frame: pd.DataFrame) -> pd.DataFrame:
    """Return how later editions changed a figure: one row a country, year, drug and pair of successive editions.

    Returns
    -------
    pandas.DataFrame
        Columns ``iso3``, ``year``, ``drug``, ``earlier`` and ``later`` (editions), ``kg_earlier``, ``kg_later``, and
        ``log_ratio``, the natural logarithm of later over earlier: missing where either figure is below one kilogram,
        where rounding to whole kilograms makes it meaningless. A cell that one edition lacks has no row.
    """
    ordered = frame.sort_values(list(KEY))
    cell = ordered.groupby(["iso3", "year", "drug"])
    pairs = ordered.assign(later=cell["edition"].shift(-1), kg_later=cell["kg"].shift(-1)).dropna(subset=["later"])
    pairs = pairs.rename(columns={"edition": "earlier", "kg": "kg_earlier"}).astype({"later": int})
    heavy = (pairs["kg_earlier"] >= 1) & (pairs["kg_later"] >= 1)
    ratio = np.log(pairs["kg_later"].where(heavy)) - np.log(pairs["kg_earlier"].where(heavy))
    columns = ["iso3", "year", "drug", "earlier", "later", "kg_earlier", "kg_later", "log_ratio"]
    return pairs.assign(log_ratio=ratio)[columns].reset_index(drop=True)


def trim(folder: Path) -> pd.DataFrame:
    """Return the table as it is bundled, from the annexes of the three editions.

    Raises
    ------
    MissingDataError
        If an annex is not there.
    DataError
        If one breaks its format, names a drug that has no group, or gives a total below its parts.
    """
    table = pd.concat([_edition(folder, name, edition) for edition, name in _FILES.items()])
    order = [*DRUGS, *NOT_DRUGS]
    table["drug"] = pd.Categorical(table["drug"], order)
    table["iso3"] = pd.Categorical(table["iso3"], _COUNTRIES)
    table = table.sort_values(list(KEY)).astype({"drug": str, "iso3": str})
    return table[[*KEY, "kg", "names"]].reset_index(drop=True)


def _edition(folder: Path, name: str, edition: int) -> pd.DataFrame:
    rows = read_provided(folder, (FOLDER, name), _AMONG, repeats=True)
    frame = rows.frame
    again = frame.duplicated() & (frame["kg"] > 0)  # the annexes repeat lines of nothing
    rows.refuse(again, None, "the line is there twice", "Keep one of the two lines: the file may be doubled.")
    names, listed = frame["drug"], drug_names.LATER_EDITIONS
    if edition == 2021:
        specified = frame["specifics"].fillna("")
        names = drug_names.plain(names) + ("/" + specified).where(specified != "", "")
        listed = drug_names.EDITION_2021
    frame = frame.assign(group=drug_names.grouped(rows, names, listed, "drug"), name=drug_names.plain(names))
    where = ["iso3", "year"]
    counted = frame.groupby(where)["name"].nunique().rename("names")
    parts = pd.concat([_excess(part, rows) for _, part in frame.groupby([*where, "drug_group"])])
    sums = parts.groupby([*where, "group"])["kg"].sum().round(6).reset_index()
    sums = sums.set_axis([*where, "drug", "kg"], axis=1).assign(edition=edition)
    return sums.merge(counted.reset_index(), on=where)


def _excess(part: pd.DataFrame, rows: Rows) -> pd.DataFrame:
    """Turn a total that stands beside its parts into what it exceeds them by."""
    total = part["group"].str.startswith(drug_names.TOTAL)
    if not total.any():
        return part
    whole = float(part["kg"][total].sum())
    parts = float(part["kg"][~total & ~part["group"].isin(NOT_DRUGS)].sum())
    if total.sum() > 1 or whole < parts - _ROUNDING:
        what = f"a total of {whole:g} kg, and its parts are {parts:g} kg"
        raise rows.fault(what, "kg", int(part.index[total][0]))
    group = part["group"].str.removeprefix(drug_names.TOTAL)
    return part.assign(group=group, kg=part["kg"].mask(total, max(whole - parts, 0.0)))
