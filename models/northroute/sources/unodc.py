"""Individual drug seizures 2011-2016 (UNODC), a voluntary and partial report.

A country-year without a single record did not report: it is unobserved. A country-year with records, none of them of a
drug, reported none of it: a zero, as far as a voluntary report can say. Cannabis was removed by the compiler of the file.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from northroute.conventions import COUNTRIES
from northroute.sources import regions
from northroute.sources.rows import Rows, read_provided
from northroute.sources.schemas import Among
from northroute.sources.table import Table

_PLACE: Final = ("drugs", "unodc_ids_individual_seizures_2011_2016.csv")
FILE: Final = "/".join(_PLACE)
YEARS: Final = range(2011, 2017)
CITATION: Final = "UNODC, Individual Drug Seizures 2011-2016"
LICENCE: Final = "none stated; not bundled; cite UNODC"


def load(data: Path) -> Table:
    """Read the seizures, one row a record.

    Columns ``iso3``, ``region`` (missing where the place could not be matched), ``date``, ``drug``, ``amount_kg`` (missing
    where the amount was not a weight), ``place``, ``transport``, ``routing``.

    Raises
    ------
    MissingDataError
        If the file is not in the data folder.
    DataError
        If it breaks its format, places a seizure in another country, or has a whole line twice.
    """
    return read(data).table("individual seizures (UNODC)", CITATION, LICENCE)


def read(data: Path) -> Rows:
    """Read the seizures with their file; see :func:`load`."""
    home = regions.countries()
    among: Among = {
        "iso3": (COUNTRIES, "one of the five countries"),
        "region_iso": (list(home.index), "a known region"),
    }
    rows = read_provided(data, _PLACE, among)
    frame = rows.frame.rename(columns={"region_iso": "region", "drug_name": "drug"})
    rows = replace(rows, frame=frame.assign(drug=frame["drug"].str.lower()))
    refuse_abroad(rows, home, "region_iso")
    return rows


def refuse_abroad(rows: Rows, home: "pd.Series[str]", column: str) -> None:
    """Refuse a seizure in a region of another country; the region may be missing.

    Parameters
    ----------
    rows : Rows
        With the columns ``region`` and ``iso3``.
    home : pandas.Series
        Country of each region.
    column : str
        What the file calls the region.

    Raises
    ------
    DataError
    """
    abroad = rows.frame["region"].notna() & (rows.frame["region"].map(home) != rows.frame["iso3"])
    rows.refuse(abroad, column, "'{region}' is not a region of {iso3}", "Mend the country or the region.")


def country_year(seizures: Table, drugs: tuple[str, ...] = ("heroin", "opium")) -> Table:
    """Count and weigh seizures by country, year and drug, for every country and year.

    ``n_reported`` counts every record of the drug, ``kg`` sums those that give a weight (missing if none does). Both are
    missing in country-years that did not report, and 0 where a reporting country-year has no record of the drug.
    ``kg_sd`` is the bootstrap standard error of the sum, ``sqrt(sum of squared weights)``, as if another year drew the
    same number of seizures from the same weights, with the number itself Poisson.
    """
    frame = seizures.frame.assign(year=seizures.frame["date"].dt.year)
    keys = pd.MultiIndex.from_product([list(COUNTRIES), YEARS, drugs], names=["iso3", "year", "drug"])
    records = frame.groupby(["iso3", "year", "drug"]).size()
    weighed = frame.dropna(subset=["amount_kg"]).groupby(["iso3", "year", "drug"])["amount_kg"]
    totals = pd.DataFrame(
        {
            "n_reported": records,
            "kg": weighed.sum(),
            "kg_sd": weighed.agg(lambda s: float(np.sqrt((s**2).sum()))),
        }
    )
    totals = totals.reindex(keys)
    reporting = pd.MultiIndex.from_frame(frame[["iso3", "year"]].drop_duplicates())
    none_of_it = keys.droplevel("drug").isin(reporting) & totals["n_reported"].isna().to_numpy()
    totals.loc[none_of_it] = 0.0
    totals["n_reported"] = totals["n_reported"].astype("Int64")
    return Table(
        "seizures by country and year (UNODC)", totals.reset_index(), ("iso3", "year", "drug"), False, seizures.files
    )
