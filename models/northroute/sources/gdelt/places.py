"""GDELT's places as regions of the constant division; a country's centre is a country, never a region."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import pandas as pd
import pandera.pandas as pa

from northroute.errors import DataError
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources import regions
from northroute.sources.gdelt.formats import CENTRAL_ASIA, FIPS
from northroute.sources.reading import FIRST_LINE, first_true, read_csv

Status = Literal["region", "country", "unknown", "mismatch"]
FILE: Final = "data/codebook/gdelt_places.csv"
COUNTRY_TYPE: Final = 1
_SCHEMA = pa.DataFrameSchema(
    {
        "fips_country": pa.Column(str, pa.Check.isin(list(CENTRAL_ASIA))),
        "fips_adm1": pa.Column(str, pa.Check.str_matches(r"^[A-Z]{2}[0-9]{2}$"), nullable=True),
        "city": pa.Column(str, pa.Check.str_matches(r"^[a-z' -]+$"), nullable=True),
        "region": pa.Column(str),
        "note": pa.Column(str, nullable=True),
    }
)


@dataclass(frozen=True)
class Gazetteer:
    """What turns a place into a region.

    Attributes
    ----------
    codes : mapping of str to str
        FIPS first-level code, current or withdrawn, to region.
    cities : mapping of (FIPS country, name) to str
        Cities that are regions of their own, or that no code covers.
    files : mapping of str to str
        SHA-256 of the files behind it.
    """

    codes: Mapping[str, str]
    cities: Mapping[tuple[str, str], str]
    files: Mapping[str, str] = field(default_factory=dict, repr=False)


def load(path: Path | None = None) -> Gazetteer:
    """Read the codes of the regions and the exceptions in ``data/codebook/gdelt_places.csv``.

    Raises
    ------
    DataError
        If the file breaks its format, or names a region that the constant division lacks.
    """
    file = path or resource(FILE)
    table = regions.load("constant")
    extra = read_csv(file, _SCHEMA)
    unknown = ~extra["region"].isin(table.frame["region"])
    if unknown.any():
        line = first_true(unknown)
        remedy = "Use a region of the constant division, see data/reference/regions.csv."
        raise DataError(
            f"'{extra['region'][line]}' is no such region",
            file=file,
            row=line + FIRST_LINE,
            column="region",
            remedy=remedy,
        )
    coded = table.frame[table.frame["fips_adm1"].notna()]
    codes = dict(zip(coded["fips_adm1"], coded["region"], strict=True))
    recoded = extra[extra["fips_adm1"].notna()]
    codes |= dict(zip(recoded["fips_adm1"], recoded["region"], strict=True))
    named = extra[extra["city"].notna()]
    cities = dict(zip(zip(named["fips_country"], named["city"], strict=True), named["region"].astype(str), strict=True))
    return Gazetteer(codes, cities, {**table.files, file.name: file_sha256(file)})


def resolve(places: pd.DataFrame, gazetteer: Gazetteer) -> pd.DataFrame:
    """Tell of each place whether it is a region.

    Parameters
    ----------
    places : pandas.DataFrame, shape (n, *)
        Columns ``geo_type`` (1 country, 3 and 4 city, 5 first-level unit), ``place`` (full name), ``fips`` (country) and
        ``adm1``.
    gazetteer : Gazetteer

    Returns
    -------
    pandas.DataFrame, shape (n, 3)
        ``region`` (None unless the status is ``region``), ``country`` (ISO 3166 alpha-3, None for a code that is not
        known) and ``status``: ``region``; ``country``, a bare code or a country's centre; ``unknown``, a code without a
        region, such as ``TI00``; ``mismatch``, where the code is of another country than the country field.
    """
    found = [
        _one(int(t) if pd.notna(t) else 0, str(p or ""), str(f or ""), str(a or ""), gazetteer)
        for t, p, f, a in zip(places["geo_type"], places["place"], places["fips"], places["adm1"], strict=True)
    ]
    frame = pd.DataFrame(found, columns=["region", "country", "status"], index=places.index, dtype=object)
    return frame


def _one(kind: int, place: str, fips: str, adm1: str, gazetteer: Gazetteer) -> tuple[str | None, str | None, Status]:
    country = FIPS.get(fips)
    if adm1 and not adm1.startswith(fips):
        return None, country, "mismatch"
    if kind <= COUNTRY_TYPE or adm1 in ("", fips):
        return None, country, "country"
    city = gazetteer.cities.get((fips, plain(place.partition(",")[0]))) if kind in (3, 4) else None
    region = city or gazetteer.codes.get(adm1)
    return region, country, "region" if region else "unknown"


def plain(name: str) -> str:
    """Return a name in lower case, without accents and surrounding space."""
    parts = unicodedata.normalize("NFKD", name)
    return "".join(c for c in parts if not unicodedata.combining(c)).casefold().strip()
