"""Monthly article counts by country from the Machine Learning for Peace project (DevLab@Penn).

Each count is of articles in domestic news that a classifier assigned to an event type. Columns without a prefix are civic
or political acts; ``ncr_`` marks the same act outside civic and political life (ordinary crime). ``article_total`` is the
number of articles read, the exposure. The table is bundled; the provider's own files, where a folder holds them, take the
place of the bundled rows of the same countries.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from northroute.errors import MissingDataError
from northroute.files import read_text
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources.reading import read_csv
from northroute.sources.rows import Rows, provider_file, read_bundled
from northroute.sources.schemas import schema
from northroute.sources.table import Table

FOLDER: Final = "mlp_civic_space_counts"
BUNDLED: Final = "article_counts.csv"
CENTRAL_ASIA: Final[Mapping[str, str]] = {"KAZ": "Kazakhstan", "KGZ": "Kyrgyzstan", "UZB": "Uzbekistan"}
LATIN_AMERICA: Final[Mapping[str, str]] = {
    "COL": "Colombia",
    "ECU": "Ecuador",
    "PER": "Peru",
    "GTM": "Guatemala",
    "HND": "Honduras",
    "SLV": "El Salvador",
    "NIC": "Nicaragua",
    "DOM": "Dominican Republic",
    "JAM": "Jamaica",
}
BALKAN_BLACK_SEA: Final[Mapping[str, str]] = {
    "TUR": "Turkey",
    "ALB": "Albania",
    "XKX": "Kosovo",
    "MKD": "Macedonia",
    "SRB": "Serbia",
    "HUN": "Hungary",
    "MDA": "Moldova",
    "UKR": "Ukraine",
}
FILES: Final[Mapping[str, str]] = {**CENTRAL_ASIA, **LATIN_AMERICA, **BALKAN_BLACK_SEA}
"""Countries and the names of their files; the three maps before are its groups."""
COMMON: Final = (*CENTRAL_ASIA, "COL")
"""The countries of the first register, and what :func:`load` gives unless told otherwise; ``tuple(FILES)`` are all 20."""
EXPOSURE: Final = "article_total"
COUNTS: Final = (
    *("arrest", "raid", "legalaction", "mobilizesecurity", "purge", "threaten", "violencelethal", "violencenonlethal"),
    *("corruption", "bribery_economic_corruption", "transnational_organization_crime"),
    *("protest", "censor", "defamationcase"),
    *("ncr_arrest", "ncr_corruption", "ncr_legalaction", "ncr_purge", "ncr_raid", "ncr_threaten"),
    *("ncr_violencelethal", "ncr_violencenonlethal"),
)
NOT_COUNTED: Final[Mapping[str, tuple[str, ...]]] = {
    "GTM": ("transnational_organization_crime",),
    "HND": ("transnational_organization_crime",),
    "DOM": ("transnational_organization_crime",),
    "JAM": ("bribery_economic_corruption", "transnational_organization_crime"),
}
"""Columns that a country's file lacks: unobserved."""
BUNDLED_TO: Final = "2024-12"
CITATION: Final = "Machine Learning for Peace, DevLab@Penn, monthly article counts"
LICENCE: Final = "MIT, Copyright (c) 2025 Machine Learning for Peace"

_NAME = "article counts (Machine Learning for Peace)"


def folder_of(data: Path) -> Path | None:
    """Return the folder that holds the provider's files of one country or more, given the data folder or the folder itself.

    None if no such file is there.
    """
    for folder in (data / FOLDER, data):
        if any((folder / f"{name}.csv").exists() for name in FILES.values()):
            return folder
    return None


def load(data: Path | None = None, countries: Sequence[str] = COMMON) -> Table:
    """Read the counts.

    Parameters
    ----------
    data : Path, optional
        Folder that holds ``mlp_civic_space_counts/``, or that folder. Its files take the place of the bundled rows of the
        same countries; countries without a file there come from the bundle. The table's name and files say which. Absent:
        the bundle alone.
    countries : sequence of str
        ISO 3166 alpha-3 codes, keys of :data:`FILES`.

    Returns
    -------
    Table
        One row a country and month from the first to the last month of any of them: ``country``, ``month``,
        ``article_total`` and :data:`COUNTS`. Months that a source lacks, or in which no article was read, are unobserved,
        and so are the columns that a country's file lacks (:data:`NOT_COUNTED`).

    Raises
    ------
    MissingDataError
        If a folder is given and holds none of the files (says how to fetch them), or a country is not among them.
    DataError
        For a truncated line, a wrong column, a negative, fractional or senseless count, a count above the articles read,
        a month outside 2012-2026 or repeated, counts without an exposure or with an exposure of zero, a file of another
        country, or a bundle that lacks one.
    """
    unknown = [c for c in countries if c not in FILES]
    if unknown:
        raise MissingDataError(
            f"No article counts of {', '.join(unknown)}; the project covers {', '.join(FILES)} here."
        )
    folder = folder_of(data) if data else None
    if data and folder is None:
        raise MissingDataError(
            f"No article counts in '{data}': fetch them with 'northroute fetch mlp', or point --data at a folder that has "
            f"{FOLDER}/."
        )
    given = [c for c in countries if folder and (folder / f"{FILES[c]}.csv").exists()]
    frames: dict[str, pd.DataFrame] = {}
    files: dict[str, str] = {}
    if len(given) < len(countries):
        path = resource(f"data/reference/{BUNDLED}")
        frames |= bundled(path)
        files[path.name] = file_sha256(path)
    for iso3 in given:
        assert folder is not None
        path = folder / f"{FILES[iso3]}.csv"
        frames[iso3] = _read(path, iso3)
        files[path.name] = file_sha256(path)
    kept = [frames[c] for c in countries]
    months = pd.date_range(min(f.index.min() for f in kept), max(f.index.max() for f in kept), freq="MS", name="month")
    complete = [f.reindex(months).assign(country=iso3) for f, iso3 in zip(kept, countries, strict=True)]
    table = pd.concat(complete).reset_index()[["country", "month", EXPOSURE, *COUNTS]]
    who = "all" if len(given) == len(countries) else ", ".join(given)
    name = f"{_NAME}, {who} from the folder given" if given else _NAME
    return Table(name, table, ("country", "month"), False, files, CITATION, LICENCE)


def bundled(path: Path) -> dict[str, pd.DataFrame]:
    """Read the bundled table: one frame a country, indexed by month, columns ``article_total`` and :data:`COUNTS`.

    Raises
    ------
    DataError
        If the table breaks its format, or lacks a country.
    """
    rows = read_bundled(BUNDLED, path, {"iso3": (FILES, "a country of northroute.sources.mlp.FILES")})
    frame = rows.frame.astype({EXPOSURE: "Int64"})
    _check_parts(rows)
    for column in COUNTS:
        uncounted = frame["iso3"].isin([c for c, gone in NOT_COUNTED.items() if column in gone])
        rows.refuse(frame[column].isna() & ~uncounted, column, "the cell is empty")
    absent = [c for c in FILES if not (frame["iso3"] == c).any()]
    if absent:
        raise rows.fault(f"no rows of {', '.join(absent)}", "iso3")
    frame["month"] = pd.to_datetime(frame["month"], format="%Y-%m")
    return {str(c): f.drop(columns="iso3").set_index("month").sort_index() for c, f in frame.groupby("iso3")}


def trim(folder: Path) -> pd.DataFrame:
    """Return the table as it is bundled, from the provider's files of all 20 countries: months observed up to 2024.

    Raises
    ------
    MissingDataError
        If a country's file is not there.
    DataError
        If a file breaks its format.
    """
    paths = {iso3: provider_file(folder, FOLDER, f"{name}.csv") for iso3, name in FILES.items()}
    frames = []
    for iso3, path in paths.items():
        frame = _read(path, iso3).dropna(subset=[EXPOSURE])
        frames.append(frame[frame.index <= pd.Timestamp(BUNDLED_TO)].assign(iso3=iso3))
    table = pd.concat(frames).rename_axis("month").reset_index()
    table["month"] = table["month"].dt.strftime("%Y-%m")
    return table[["iso3", "month", EXPOSURE, *COUNTS]]


def _read(path: Path, iso3: str) -> pd.DataFrame:
    header = read_text(path).partition("\n")[0]
    gone = [c for c in NOT_COUNTED.get(iso3, ()) if c not in header.replace('"', "").strip().split(",")]
    frame = read_csv(path, schema(f"{FOLDER}/COUNTRY", without=gone), extra=True)
    frame = frame.assign(**dict.fromkeys(gone, pd.Series(pd.NA, frame.index, dtype="Int64")))
    rows = Rows(frame, path)
    rows.refuse(frame["country"] != FILES[iso3], "country", f"'{{country}}', not {FILES[iso3]}")
    rows.refuse(frame["date"].dt.day != 1, "date", "not the first of a month")
    counts, read = frame[list(COUNTS)], frame[EXPOSURE]
    blind = (read.isna() & counts.notna().any(axis=1)) | ((read == 0).fillna(False) & (counts > 0).any(axis=1))
    remedy = "Give the number of articles read, or leave the whole month out: it is then unobserved."
    rows.refuse(blind, EXPOSURE, "counts without an exposure", remedy)
    _check_parts(rows)
    frame = frame.set_index("date").sort_index()[[EXPOSURE, *COUNTS]]
    frame.loc[frame[EXPOSURE].isna() | (frame[EXPOSURE] == 0), [EXPOSURE, *COUNTS]] = pd.NA
    return frame


def _check_parts(rows: Rows) -> None:
    """Refuse a count above the number of articles read, of which it is a part."""
    for column in COUNTS:
        above = (rows.frame[column] > rows.frame[EXPOSURE]).fillna(False)
        what = f"{{{column}}} articles of this kind, and {{{EXPOSURE}}} articles read"
        rows.refuse(above, column, what)
