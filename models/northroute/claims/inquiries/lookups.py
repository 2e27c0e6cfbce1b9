"""Tables by name, and their values by place and year: what is missing is refused by its row."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.claims.inquiry import Tables
from northroute.errors import DataError, MissingDataError
from northroute.sources import Table


def table(tables: Tables, name: str) -> Table:
    """Return a table by the name of its source.

    Raises
    ------
    MissingDataError
        If it is not there.
    """
    if name not in tables:
        raise MissingDataError(f"No table '{name}'; given are {', '.join(sorted(tables)) or 'none'}.")
    return tables[name]


def by_year(
    source: Table, rows: pd.DataFrame, column: str, places: "pd.Index[str]", years: Sequence[int], what: str
) -> pd.DataFrame:
    """Return a column of some rows of a table, a row a region and a column a year.

    Raises
    ------
    DataError
        If a region lacks ``what`` in a year.
    """
    wide = rows.pivot(index="region", columns="year", values=column).reindex(places)
    for year in years:
        if year not in wide or wide[year].isna().any():
            row = str(wide.index[wide[year].isna()][0]) if year in wide else "every region"
            remedy = "Restore its lines, or ask for years that are there."
            raise DataError(f"{what} of {year} is missing", file=source.name, row=row, column=column, remedy=remedy)
    return wide[list(years)].astype(float)


def regional_population(tables: Tables, places: "pd.Index[str]", years: Sequence[int]) -> pd.DataFrame:
    """Return the population of regions, as :func:`by_year`."""
    people = table(tables, "region_population")
    return by_year(people, people.frame, "population", places, years, "population")


def population(tables: Tables, iso3: "pd.Series[str]", year: "pd.Series[int]") -> Array:
    """Return the population of countries in years, row by row.

    Raises
    ------
    DataError
        If there is none.
    """
    source, keys = table(tables, "population"), pd.MultiIndex.from_arrays([iso3, year])
    found = source.frame.set_index(["iso3", "year"])["population"].reindex(keys).to_numpy(float)
    if np.isnan(found).any():
        at = int(np.isnan(found).argmax())
        row, remedy = f"{iso3.iloc[at]} {year.iloc[at]}", "Restore data/reference/population.csv."
        raise DataError("no population", file=source.name, row=row, column="population", remedy=remedy)
    return found
