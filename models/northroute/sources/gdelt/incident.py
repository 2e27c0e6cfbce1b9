"""The Incidents table: one row an incident, checked against its schema, stored in Parquet with where it comes from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.parquet as pq
from pandera.errors import SchemaErrors

from northroute import keeping
from northroute.errors import DataError, SimulatedDataError
from northroute.sources.gdelt.codebook import CONSTRUCTS, DRUG_TYPES, KINDS, OTHER

_KEY: Final = b"northroute"
_REMEDY: Final = "Build incidents with northroute.sources.gdelt.build_incidents or 'northroute events build'."
_TABLES: Final = ("flow", "placed", "background")
_ABOUT: Final = ("countries", "simulated", "origin", "files")
_COUNT = pa.Check.ge(1)
SCHEMA: Final = pa.DataFrameSchema(
    {
        "incident": pa.Column(str),
        "date": pa.Column("datetime64[us]"),
        "country": pa.Column(str, pa.Check.str_matches(r"^[A-Z]{3}$")),
        "region": pa.Column(str, nullable=True),
        "place": pa.Column(str),
        "construct": pa.Column(str, pa.Check.isin(CONSTRUCTS)),
        "kind": pa.Column(str, pa.Check.isin((*KINDS, OTHER, ""))),
        "lethal": pa.Column(bool),
        "arms": pa.Column(bool),
        "terror": pa.Column(bool),
        "drug": pa.Column(bool),
        "drug_type": pa.Column(str, pa.Check.isin((*DRUG_TYPES, OTHER, ""))),
        "incidents": pa.Column("int64", pa.Check.eq(1)),
        "articles": pa.Column("int64", _COUNT),
        "sources": pa.Column("int64", _COUNT),
        "reports": pa.Column("int64", _COUNT),
        "source_ids": pa.Column(str, pa.Check.str_length(min_value=1)),
        "address": pa.Column(str),
        "simulated": pa.Column(bool),
    },
    unique=["incident", "construct"],
    strict=True,
)
"""Columns of the table. ``incidents``, ``articles`` and ``sources`` are the weights."""


@dataclass(frozen=True)
class Incidents:
    """Incidents of several constructs.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row an incident and construct, see :data:`SCHEMA`. ``region`` is of the constant division, None where the
        place is a country; ``kind`` is filled for drug incidents, ``drug_type`` where ``drug``; ``source_ids`` are the ids
        of every report behind it, in order, with a space between.
    flow : pandas.DataFrame
        Counts by ``construct`` and ``step``, in the order of the steps.
    placed : pandas.DataFrame
        By ``country``, ``month`` and ``construct``: ``incidents``, ``without_region`` and their ``share``.
    background : pandas.DataFrame
        By ``country``, ``region`` (empty for none) and ``month``: ``all_events`` and ``all_articles``, the exposure.
    covered : pandas.Series
        By day, the share of the day's files that were read: 0 is a gap, and unobserved.
    countries : tuple of str
        ISO 3166 alpha-3.
    simulated : bool
    origin : mapping
        Codebook version and SHA-256, variants, rule, and what else was chosen.
    files : mapping of str to str
        Name to SHA-256 of what went in.
    """

    frame: pd.DataFrame
    flow: pd.DataFrame = field(repr=False)
    placed: pd.DataFrame = field(repr=False)
    background: pd.DataFrame = field(repr=False)
    covered: "pd.Series[float]" = field(repr=False)
    countries: tuple[str, ...]
    simulated: bool
    origin: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Check the schema and the mark."""
        try:
            SCHEMA.validate(self.frame, lazy=True)
        except SchemaErrors as failure:
            case = failure.failure_cases.iloc[0]
            problem = f"{case['failure_case']!r} breaks the rule '{case['check']}'"
            raise DataError(problem, file="the incidents", column=str(case["column"]), remedy=_REMEDY) from failure
        if len(self.frame) and (self.frame["simulated"] != self.simulated).any():
            raise SimulatedDataError(
                "Incidents: the column 'simulated' and the table's flag disagree. Simulated and real incidents are never "
                "mixed, and the mark is never changed by hand; build them again from their files."
            )

    @property
    def window(self) -> tuple[date, date]:
        """First and last day of the files."""
        return self.covered.index[0].date(), self.covered.index[-1].date()


def save(incidents: Incidents, folder: Path) -> Path:
    """Write the incidents as ``incidents.parquet`` with the tables beside it, each atomically; return its path."""
    tables = {name: getattr(incidents, name) for name in _TABLES}
    tables |= {"covered": incidents.covered.reset_index(), "incidents": incidents.frame}
    about = {name: getattr(incidents, name) for name in _ABOUT}
    for name, table in tables.items():
        arrow = pyarrow.Table.from_pandas(table, preserve_index=False)
        marked = arrow.replace_schema_metadata((arrow.schema.metadata or {}) | {_KEY: json.dumps(about).encode()})
        with keeping.writing(folder / f"{name}.parquet") as partial:
            pq.write_table(marked, partial, compression="zstd")
    return folder / "incidents.parquet"


def load(folder: Path) -> Incidents:
    """Read incidents written by :func:`save`; their schema is checked again.

    Raises
    ------
    DataError
        If a file is missing, is none of ours, is not what was written, or was written with the others of another run.
    """
    tables, about = {}, ""
    for name in ("incidents", *_TABLES, "covered"):
        path = folder / f"{name}.parquet"
        try:
            arrow = pq.read_table(pyarrow.BufferReader(keeping.verified(path, _REMEDY)))
        except (pyarrow.ArrowInvalid, OSError) as failure:
            raise DataError(f"not a readable Parquet file ({failure})", file=path, remedy=_REMEDY) from failure
        found = (arrow.schema.metadata or {}).get(_KEY, b"").decode()
        if not found or (about and found != about):
            raise DataError("the file is not of this run, or of no run of ours", file=path, remedy=_REMEDY)
        about = found
        tables[name] = arrow.to_pandas()
    known = json.loads(about)
    return Incidents(
        frame=tables["incidents"],
        covered=tables["covered"].set_index("day")["share"],
        **{name: tables[name] for name in _TABLES},
        **{**known, "countries": tuple(known["countries"])},
    )
