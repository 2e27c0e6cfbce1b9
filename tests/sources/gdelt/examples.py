"""Rows in the true formats, for tests."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from northroute.sources.gdelt.formats import CENTRAL_ASIA, EVENTS_1, EVENTS_2, GKG_2, Layout
from northroute.sources.gdelt.read import Batch, Tally, read, schema


def event_row(layout: Layout = EVENTS_1, **changes: str) -> bytes:
    """Return an event row in Almaty; ``changes`` by column name."""
    values = dict.fromkeys(layout.columns, "")
    values |= {
        "GLOBALEVENTID": "1",
        "SQLDATE": "20150102",
        "MonthYear": "201501",
        "Year": "2015",
        "EventCode": "010",
        "NumMentions": "3",
        "ActionGeo_Type": "4",
        "ActionGeo_FullName": "Almaty, Almaty Qalasy, Kazakhstan",
        "ActionGeo_CountryCode": "KZ",
        "ActionGeo_ADM1Code": "KZ02",
        "ActionGeo_Lat": "43.25",
        "ActionGeo_Long": "76.95",
        "DATEADDED": "20150102" if layout.version == 1 else "20150102001500",
    }
    if "SOURCEURL" in values:
        values["SOURCEURL"] = "http://example.org/a"
    return "\t".join((values | changes)[c] for c in layout.columns).encode()


def gkg_row(locations: str, **changes: str) -> bytes:
    """Return a GKG 2.1 record with these packed locations."""
    values = dict.fromkeys(GKG_2.columns, "")
    values |= {"GKGRECORDID": "20150102001500-1", "DATE": "20150102001500", "Locations": locations}
    return "\t".join((values | changes)[c] for c in GKG_2.columns).encode()


def zipped(path: Path, content: bytes, comment: bytes = b"") -> Path:
    """Write a zip archive with one member."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        archive.writestr(path.name.removesuffix(".zip"), content)
    return path


def read_all(path: Path, layout: Layout, countries: Sequence[str] = CENTRAL_ASIA) -> Batch:
    """Read a whole file at once."""
    batches = list(read(path, layout, countries))
    table = pa.concat_tables([schema(layout).empty_table(), *(b.table for b in batches)])
    return Batch(table, tuple(a for b in batches for a in b.aside), sum((b.tally for b in batches), Tally()))


__all__ = ["EVENTS_1", "EVENTS_2", "event_row", "gkg_row", "read_all", "zipped"]
