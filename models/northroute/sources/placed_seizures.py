"""Individual drug seizures 2011-2016 (UNODC) summed by region, year and drug; the unplaced part is a row of its own.

A country-year with a row reported; one without did not, and is unobserved. A reporting country-year without a row of a drug
reported none of it. Cannabis was removed by the compiler of the file, so that its absence says nothing.
"""

from pathlib import Path
from typing import Final

import pandas as pd

from northroute.conventions import COUNTRIES
from northroute.sources import drug_names, governance, regions, unodc
from northroute.sources.reading import first_true
from northroute.sources.rows import Rows, read_bundled
from northroute.sources.schemas import Among
from northroute.sources.table import Table

BUNDLED: Final = "placed_seizures.csv"
KEY: Final = ("iso3", "region", "year", "drug")
DRUGS: Final = ("heroin", "opium", "other_opiates", "synthetics", "other")
"""Groups of drugs; which names each holds stands in :data:`northroute.sources.drug_names.INDIVIDUAL`."""
CITATION: Final = unodc.CITATION
LICENCE: Final = "none stated; sums as published figures; cite UNODC"

_TENTH: Final = 0.0501  # seizures.csv has one decimal
_REMEDY: Final = f"Make the table anew with 'northroute data build', or restore {BUNDLED}."


def load(path: Path | None = None) -> Table:
    """Read the sums.

    Columns ``iso3``, ``region`` (missing: the place could not be matched to a region), ``year``, ``drug`` (of
    :data:`DRUGS`), ``n`` (records), ``n_weighed`` (records that give a weight), ``kg`` (sum over those; missing if there
    is none). Only what was reported has a row.

    Raises
    ------
    DataError
        If the file breaks its format, names a region of another country, repeats a key, has more records weighed than
        reported, a weight without a weighed record, or (the bundled file) other totals of heroin and opium than
        ``seizures.csv``.
    """
    home = regions.countries()
    among: Among = {
        "iso3": (COUNTRIES, "one of the five countries"),
        "region": (list(home.index), "a known region"),
        "drug": (DRUGS, "a known group of drugs"),
    }
    rows = read_bundled(BUNDLED, path, among, _REMEDY)
    frame = rows.frame
    unodc.refuse_abroad(rows, home, "region")
    rows.refuse(frame["n_weighed"] > frame["n"], "n_weighed", "more records weighed than there are")
    alone = (frame["n_weighed"] == 0) != frame["kg"].isna()
    rows.refuse(alone, "kg", "a weight goes with weighed records, and only with them")
    if path is None:  # a folder's fuller records may have more than the bundled totals
        check_totals(rows)
    return rows.table("placed seizures (UNODC)", CITATION, LICENCE)


def reporting(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the country-years that report: columns ``iso3`` and ``year``, each pair once, sorted."""
    pairs = frame[["iso3", "year"]].drop_duplicates().sort_values(["iso3", "year"])
    return pairs.reset_index(drop=True)


def check_totals(rows: Rows) -> None:
    """Refuse sums that differ from the bundled totals by country and year, which rest on the same records.

    Raises
    ------
    DataError
        If the records or the weight of heroin or opium differ in a country and year.
    """
    frame = rows.frame
    totals = governance.load("seizures").frame
    where = ["iso3", "year", "drug"]
    sums = frame[frame["drug"].isin(totals["drug"])].groupby(where)[["n", "kg"]].sum().reset_index()
    both = totals.merge(sums, on=where, how="outer", suffixes=("_total", "_here"))
    differ = (both["n_reported"] != both["n"]) | ~((both["kg_total"] - both["kg_here"]).abs() <= _TENTH)
    if differ.any():
        cell = both.iloc[first_true(differ)]
        lines = (frame[where] == cell[where]).all(axis=1)
        what = (
            f"{cell['iso3']} {cell['year']}: {cell['n']:g} records of {cell['drug']} and {cell['kg_here']:g} kg, while "
            f"seizures.csv has {cell['n_reported']:g} and {cell['kg_total']:g} kg"
        )
        column = "n" if cell["n_reported"] != cell["n"] else "kg"
        raise rows.fault(what, column, first_true(lines) if lines.any() else None)


def trim(folder: Path) -> pd.DataFrame:
    """Return the table as it is bundled, from the individual records.

    Raises
    ------
    MissingDataError
        If the records are not there.
    DataError
        If they break their format or name a drug that has no group.
    """
    rows = unodc.read(folder)
    drug = drug_names.grouped(rows, rows.frame["drug"], drug_names.INDIVIDUAL, "drug_name")
    records = rows.frame.assign(drug=drug)
    records = records.assign(year=records["date"].dt.year, region=records["region"].fillna(""))
    sums = records.groupby(list(KEY), as_index=False).agg(
        n=("drug", "size"), n_weighed=("amount_kg", "count"), kg=("amount_kg", lambda s: s.sum(min_count=1))
    )
    return sums.assign(kg=sums["kg"].round(6)).sort_values(list(KEY)).reset_index(drop=True)
