"""GDELT's places as regions of the constant division; a country's centre is a country, never a region."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources import regions
from northroute.sources.gdelt.formats import CENTRAL_ASIA, FIPS
from northroute.sources.reading import read_csv
from northroute.sources.rows import Rows
from northroute.sources.schemas import schema

Status = Literal["region", "country", "unknown", "mismatch"]
FILE: Final = "data/codebook/gdelt_places.csv"
COUNTRY_TYPE: Final = 1
_MEND: Final = "Restore the line, or mend it."


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
        If the file breaks its format, names a region that the constant division lacks or another country has, or puts a
        place into two regions.
    """
    file = path or resource(FILE)
    table = regions.load("constant")
    extra = read_csv(
        file, schema("gdelt_places", {"fips_country": (CENTRAL_ASIA, "a FIPS code of the five countries")})
    )
    _check(Rows(extra, file, remedy=_MEND), table.frame)
    coded = table.frame[table.frame["fips_adm1"].notna()]
    codes = dict(zip(coded["fips_adm1"], coded["region"], strict=True))
    recoded = extra[extra["fips_adm1"].notna()]
    codes |= dict(zip(recoded["fips_adm1"], recoded["region"], strict=True))
    named = extra[extra["city"].notna()]
    cities = dict(zip(zip(named["fips_country"], named["city"], strict=True), named["region"].astype(str), strict=True))
    return Gazetteer(codes, cities, {**table.files, file.name: file_sha256(file)})


def _check(rows: Rows, table: pd.DataFrame) -> None:
    """Refuse a region that is not there or abroad, a line that says nothing, and a code or city in two regions."""
    extra, home = rows.frame, table.set_index("region")["iso3"]
    remedy = "Use a region of the constant division, see data/reference/regions.csv."
    rows.refuse(~extra["region"].isin(home.index), "region", "'{region}' is no such region", remedy)
    abroad = extra["region"].map(home) != extra["fips_country"].map(FIPS)
    rows.refuse(abroad, "region", "the region is of another country")
    code, city = extra["fips_adm1"], extra["city"]
    wrong = code.notna() & (code.str[:2] != extra["fips_country"])
    rows.refuse(wrong, "fips_adm1", "the code is of another country")
    rows.refuse(code.notna() == city.notna(), "city", "a code or a city, one of the two")
    again = extra.duplicated(["fips_country", "fips_adm1", "city"])
    rows.refuse(again, "region", "the place is on an earlier line", "Keep one of the two lines.")
    current = dict(zip(table["fips_adm1"], table["region"], strict=True))
    both = code.notna() & code.isin(list(current)) & (code.map(current) != extra["region"])
    rows.refuse(both, "fips_adm1", "regions.csv gives the code to another region", "Keep one of the two.")


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
