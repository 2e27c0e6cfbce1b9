"""Monthly article counts by country from the Machine Learning for Peace project (DevLab@Penn).

Each count is of articles in domestic news that a classifier assigned to an event type. Columns without a prefix are civic
or political acts; ``ncr_`` marks the same act outside civic and political life (ordinary crime). ``article_total`` is the
number of articles read, the exposure.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import pandera.pandas as pa

from northroute.errors import DataError, MissingDataError
from northroute.provenance import file_sha256
from northroute.sources.reading import FIRST_LINE, RESTORE, first_true, read_csv
from northroute.sources.table import Table

FOLDER: Final = "mlp_civic_space_counts"
FILES: Final = {"KAZ": "Kazakhstan", "KGZ": "Kyrgyzstan", "UZB": "Uzbekistan", "COL": "Colombia"}
EXPOSURE: Final = "article_total"
CIVIC: Final = (
    *("arrest", "raid", "legalaction", "mobilizesecurity", "purge", "threaten", "violencelethal", "violencenonlethal"),
    *(
        "corruption",
        "bribery_economic_corruption",
        "transnational_organization_crime",
        "protest",
        "censor",
        "defamationcase",
    ),
)
ORDINARY: Final = (
    *("ncr_arrest", "ncr_corruption", "ncr_legalaction", "ncr_purge", "ncr_raid", "ncr_threaten"),
    *("ncr_violencelethal", "ncr_violencenonlethal"),
)
COUNTS: Final = (*CIVIC, *ORDINARY)
CITATION: Final = "Machine Learning for Peace, DevLab@Penn, monthly article counts"
LICENCE: Final = "none stated; not bundled; cite the project and ask before redistributing"

_SCHEMA = pa.DataFrameSchema(
    {
        "date": pa.Column("datetime64[us]"),
        "country": pa.Column(str),
        **{c: pa.Column("Int64", pa.Check.ge(0), nullable=True) for c in COUNTS},
        EXPOSURE: pa.Column("Int64", pa.Check.ge(0), nullable=True),
    },
    unique=["date"],
)


def folder_of(data: Path) -> Path | None:
    """Return the folder that holds the files, given the data folder or the folder itself; None if they are absent."""
    for folder in (data / FOLDER, data):
        if all((folder / f"{name}.csv").exists() for name in FILES.values()):
            return folder
    return None


def load(data: Path, countries: Sequence[str] = tuple(FILES)) -> Table:
    """Read the counts.

    Parameters
    ----------
    data : Path
        Folder that holds ``mlp_civic_space_counts/``, or that folder.
    countries : sequence of str
        ISO 3166 alpha-3 codes, keys of :data:`FILES`.

    Returns
    -------
    Table
        One row a country and month from the first to the last month of any file: ``country``, ``month``,
        ``article_total`` and :data:`COUNTS`. Months that a file lacks, or in which no article was read, are unobserved.

    Raises
    ------
    MissingDataError
        If the files are not there (says how to fetch them), or a country is not among them.
    DataError
        For a truncated line, a wrong column, a negative or fractional count, a repeated month, counts without an
        exposure or with an exposure of zero, or a file of another country.
    """
    folder = folder_of(data)
    unknown = [c for c in countries if c not in FILES]
    if unknown:
        raise MissingDataError(
            f"No article counts of {', '.join(unknown)}; the project covers {', '.join(FILES)} here."
        )
    if folder is None:
        raise MissingDataError(
            f"No article counts in '{data}': fetch them with 'northroute fetch mlp', or point --data at a folder that has "
            f"{FOLDER}/."
        )
    frames, files = [], {}
    for iso3 in countries:
        path = folder / f"{FILES[iso3]}.csv"
        frames.append(_read(path, iso3))
        files[path.name] = file_sha256(path)
    months = pd.date_range(
        min(f.index.min() for f in frames), max(f.index.max() for f in frames), freq="MS", name="month"
    )
    complete = [f.reindex(months).assign(country=iso3) for f, iso3 in zip(frames, countries, strict=True)]
    table = pd.concat(complete).reset_index()
    ordered = table[["country", "month", EXPOSURE, *COUNTS]]
    return Table(
        "article counts (Machine Learning for Peace)", ordered, ("country", "month"), False, files, CITATION, LICENCE
    )


def _read(path: Path, iso3: str) -> pd.DataFrame:
    frame = read_csv(path, _SCHEMA, extra=True)
    other = frame["country"] != FILES[iso3]
    if other.any():
        line = first_true(other)
        raise DataError(
            f"'{frame['country'][line]}', not {FILES[iso3]}",
            file=path,
            row=line + FIRST_LINE,
            column="country",
            remedy=RESTORE,
        )
    off = frame["date"].dt.day != 1
    if off.any():
        raise DataError(
            "not the first of a month", file=path, row=first_true(off) + FIRST_LINE, column="date", remedy=RESTORE
        )
    counts = frame[list(COUNTS)]
    unread = frame[EXPOSURE].isna() & counts.notna().any(axis=1)
    blind = unread | ((frame[EXPOSURE] == 0).fillna(False) & (counts > 0).any(axis=1))
    if blind.any():
        remedy = "Give the number of articles read, or leave the whole month out: it is then unobserved."
        raise DataError(
            "counts without an exposure", file=path, row=first_true(blind) + FIRST_LINE, column=EXPOSURE, remedy=remedy
        )
    frame = frame.set_index("date").sort_index()
    unread = frame[EXPOSURE].isna() | (frame[EXPOSURE] == 0)
    frame.loc[unread, [EXPOSURE, *COUNTS]] = pd.NA
    return frame.drop(columns="country")
