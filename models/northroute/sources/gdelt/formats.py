"""The columns of GDELT's files, and what a file's name says about it.

Names are those of the provider's BigQuery tables, so that one SQL text reads both. Every file is tab-separated, without
quoting; event files have no header. See ``analysis/docs/events.md`` for where each fact was checked.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal

TableName = Literal["events", "gkg", "counts"]
Version = Literal[1, 2]

FIPS: Final = {
    "KZ": "KAZ",
    "KG": "KGZ",
    "TI": "TJK",
    "TX": "TKM",
    "UZ": "UZB",
    "CO": "COL",
    "MX": "MEX",
    "AF": "AFG",
    "RS": "RUS",
}
"""FIPS 10-4 country codes of the geographic columns, as ISO 3166 alpha-3."""
SIMULATED_HOST: Final = "simulated.invalid"
"""Host of every address that a simulator writes; the ending can never be a real one (RFC 2606)."""
CENTRAL_ASIA: Final = ("KZ", "KG", "TI", "TX", "UZ")

_ACTOR: Final = (
    *("Code", "Name", "CountryCode", "KnownGroupCode", "EthnicCode", "Religion1Code", "Religion2Code"),
    *("Type1Code", "Type2Code", "Type3Code"),
)
_PLACE: Final = ("Type", "FullName", "CountryCode", "ADM1Code", "Lat", "Long", "FeatureID")
_PLACE_2: Final = ("Type", "FullName", "CountryCode", "ADM1Code", "ADM2Code", "Lat", "Long", "FeatureID")
_BODIES: Final = ("Actor1Geo", "Actor2Geo", "ActionGeo")


def _event_columns(place: tuple[str, ...]) -> tuple[str, ...]:
    return (
        *("GLOBALEVENTID", "SQLDATE", "MonthYear", "Year", "FractionDate"),
        *(f"{actor}{part}" for actor in ("Actor1", "Actor2") for part in _ACTOR),
        *("IsRootEvent", "EventCode", "EventBaseCode", "EventRootCode", "QuadClass", "GoldsteinScale"),
        *("NumMentions", "NumSources", "NumArticles", "AvgTone"),
        *(f"{body}_{part}" for body in _BODIES for part in place),
        *("DATEADDED", "SOURCEURL"),
    )


_EVENT_INTEGERS: Final = (
    *("GLOBALEVENTID", "SQLDATE", "MonthYear", "Year", "IsRootEvent", "QuadClass"),
    *("NumMentions", "NumSources", "NumArticles", *(f"{b}_Type" for b in _BODIES), "DATEADDED"),
)
_EVENT_DECIMALS: Final = (
    *("FractionDate", "GoldsteinScale", "AvgTone"),
    *(f"{b}_{axis}" for b in _BODIES for axis in ("Lat", "Long")),
)


@dataclass(frozen=True)
class Layout:
    """How one kind of file is laid out.

    Attributes
    ----------
    name : str
        For messages, such as ``event 1.0``.
    table : {"events", "gkg", "counts"}
    version : {1, 2}
    columns : tuple of str
        Every column in the file's order.
    place : str
        Column with the FIPS country code, or with packed locations if ``packed``.
    packed : bool
        Whether ``place`` holds ``Type#FullName#CC#...;`` blocks, of which any may match.
    kept : tuple of str
        Columns that go to Parquet.
    integers, decimals : tuple of str
        Kept columns that are numbers; all others stay text, codes with their leading zeros.
    required : tuple of str
        Numbers that may not be empty.
    dates : tuple of str
        Integers whose first eight digits must be a calendar day.
    """

    name: str
    table: TableName
    version: Version
    columns: tuple[str, ...] = field(repr=False)
    place: str
    packed: bool
    kept: tuple[str, ...] = field(repr=False)
    integers: tuple[str, ...] = field(repr=False)
    decimals: tuple[str, ...] = field(repr=False, default=())
    required: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()

    @property
    def place_index(self) -> int:
        """Zero-based position of the place column."""
        return self.columns.index(self.place)


def _events(name: str, version: Version, columns: tuple[str, ...]) -> Layout:
    return Layout(
        name,
        "events",
        version,
        columns,
        "ActionGeo_CountryCode",
        packed=False,
        kept=columns,
        integers=_EVENT_INTEGERS,
        decimals=_EVENT_DECIMALS,
        required=("GLOBALEVENTID", "SQLDATE", "DATEADDED"),
        dates=("SQLDATE", "DATEADDED"),
    )


EVENTS_1: Final = _events("event 1.0", 1, _event_columns(_PLACE))
EVENTS_1_BACKFILE: Final = _events("event 1.0 before April 2013", 1, EVENTS_1.columns[:-1])
EVENTS_2: Final = _events("event 2.0", 2, _event_columns(_PLACE_2))

_GKG_1: Final = (
    *("DATE", "NUMARTS", "COUNTS", "THEMES", "LOCATIONS", "PERSONS", "ORGANIZATIONS", "TONE"),
    *("CAMEOEVENTIDS", "SOURCES", "SOURCEURLS"),
)
GKG_1: Final = Layout(
    "GKG 1.0",
    "gkg",
    1,
    _GKG_1,
    "LOCATIONS",
    packed=True,
    kept=_GKG_1,
    integers=("DATE", "NUMARTS"),
    required=("DATE",),
    dates=("DATE",),
)
_COUNTS: Final = (
    *("DATE", "NUMARTS", "COUNTTYPE", "NUMBER", "OBJECTTYPE", "GEO_TYPE", "GEO_FULLNAME", "GEO_COUNTRYCODE"),
    *("GEO_ADM1CODE", "GEO_LAT", "GEO_LONG", "GEO_FEATUREID", "CAMEOEVENTIDS", "SOURCES", "SOURCEURLS"),
)
COUNTS_1: Final = Layout(
    "GKG 1.0 counts",
    "counts",
    1,
    _COUNTS,
    "GEO_COUNTRYCODE",
    packed=False,
    kept=_COUNTS,
    integers=("DATE", "NUMARTS", "GEO_TYPE"),
    decimals=("NUMBER", "GEO_LAT", "GEO_LONG"),  # NUMBER overflows 64-bit integers
    required=("DATE",),
    dates=("DATE",),
)
_GKG_2: Final = (
    *("GKGRECORDID", "DATE", "SourceCollectionIdentifier", "SourceCommonName", "DocumentIdentifier"),
    *("Counts", "V2Counts", "Themes", "V2Themes", "Locations", "V2Locations", "Persons", "V2Persons"),
    *("Organizations", "V2Organizations", "V2Tone", "Dates", "GCAM", "SharingImage", "RelatedImages"),
    *("SocialImageEmbeds", "SocialVideoEmbeds", "Quotations", "AllNames", "Amounts", "TranslationInfo", "Extras"),
)
GKG_2: Final = Layout(
    "GKG 2.1",
    "gkg",
    2,
    _GKG_2,
    "Locations",
    packed=True,
    kept=("GKGRECORDID", "DATE", "SourceCommonName", "DocumentIdentifier", "Counts", "Themes", "Locations", "V2Tone"),
    integers=("DATE",),
    required=("DATE",),
    dates=("DATE",),
)
LAYOUTS: Final = (EVENTS_1, EVENTS_1_BACKFILE, EVENTS_2, GKG_1, COUNTS_1, GKG_2)

_FIRST_DAILY: Final = date(2013, 4, 1)
_DAILY: Final = re.compile(r"^([0-9]{8})\.(export|gkg|gkgcounts)\.csv(?:\.zip)?$", re.IGNORECASE)
_QUARTER_HOUR: Final = re.compile(r"^([0-9]{14})(\.translation)?\.(export|gkg)\.csv(?:\.zip)?$", re.IGNORECASE)
_BACKFILE: Final = re.compile(r"^([0-9]{4}|[0-9]{6})(?:\.csv)?\.(?:zip|csv)$", re.IGNORECASE)
_DAILY_LAYOUT: Final = {"export": EVENTS_1, "gkg": GKG_1, "gkgcounts": COUNTS_1}
_QUARTER_LAYOUT: Final = {"export": EVENTS_2, "gkg": GKG_2}


@dataclass(frozen=True)
class FileKind:
    """What a file's name says: its layout and the time it covers.

    Attributes
    ----------
    layout : Layout
    start : datetime
        The day, or the quarter of an hour; the first day of a backfile's year or month.
    step : {"quarter", "day", "month", "year"}
    translated : bool
        Whether the file is of the stream of articles translated into English (version 2 only).
    """

    layout: Layout
    start: datetime
    step: Literal["quarter", "day", "month", "year"]
    translated: bool = False

    @property
    def day(self) -> date:
        """First day covered."""
        return self.start.date()


def describe(name: str) -> FileKind | None:
    """Return what a provider's file name means, or None for a file that northroute does not read.

    The mentions files, the reduced archive and names whose digits are no calendar time give None.
    """
    try:
        if match := _DAILY.match(name):
            start = datetime.strptime(match[1], "%Y%m%d")
            layout = _DAILY_LAYOUT[match[2].lower()]
            if layout is EVENTS_1 and start.date() < _FIRST_DAILY:
                layout = EVENTS_1_BACKFILE
            return FileKind(layout, start, "day")
        if match := _QUARTER_HOUR.match(name):
            start = datetime.strptime(match[1], "%Y%m%d%H%M%S")
            return FileKind(_QUARTER_LAYOUT[match[3].lower()], start, "quarter", translated=bool(match[2]))
        if match := _BACKFILE.match(name):
            monthly = len(match[1]) == 6
            start = datetime.strptime(match[1], "%Y%m" if monthly else "%Y")
            return FileKind(EVENTS_1_BACKFILE, start, "month" if monthly else "year")
    except ValueError:
        return None
    return None
