"""How the simulated press tells of an incident: event rows, GKG records and counts rows as GDELT would write them.

Every address is on ``simulated.invalid``, a host that cannot exist, so that no row can pass for a real one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from northroute.sources.gdelt.formats import SIMULATED_HOST

HOST: Final = f"http://{SIMULATED_HOST}"
_STATE: Final = ("COP", "MIL", "SPY")
_STATE_CODES: Final = ("175", "180", "182", "190")
_CRIME_CODES: Final = ("181", "182", "193")
_LETHAL_CODE: Final = "1823"
_WORDS: Final = {
    "heroin": ("heroin", "geroin", "geroina"),
    "opium": ("opium", "opiy"),
    "cannabis": ("gashish", "marihuana", "cannabis", "hashish"),
    "synthetic": ("mefedron", "mephedrone", "metamfetamin"),
    "other": ("narkotiki", "drug-trafficking", "esirtki"),
}
_KIND_WORDS: Final = {
    "interdiction": ("seized", "izyali", "konfiskovali"),
    "arrest": ("arrested", "zaderzhan", "zaderzhali"),
    "other": ("report", "prigovor"),
}
_SLUGS: Final = {
    "state_violence": ("police-beat-protesters", "siloviki-primenili-silu"),
    "criminal_violence": ("gang-attack", "banda-napala"),
    "general_crime": ("police-arrest-thief", "zaderzhan-vor"),
    "corruption": ("bribe-case", "vzyatka-chinovnik"),
}
_THEMES: Final = {
    "state_violence": ("SECURITY_SERVICES", "TAX_FNCACT_POLICE"),
    "criminal_violence": ("ORGANIZED_CRIME", "WB_2453_ORGANIZED_CRIME"),
    "drug_incident": (),
    "general_crime": ("SOC_GENERALCRIME", "ARREST"),
    "corruption": ("CORRUPTION", "WB_2020_BRIBERY_FRAUD_AND_COLLUSION"),
}
_KIND_THEMES: Final = {"interdiction": ("SEIZE",), "arrest": ("ARREST",), "other": ("TRIAL",)}


@dataclass(frozen=True)
class Spot:
    """A place as GDELT writes it: type, full name, FIPS country, first-level code, latitude, longitude, feature."""

    kind: int
    name: str
    fips: str
    adm1: str
    lat: float
    lon: float
    feature: str

    def packed(self) -> str:
        """Return the GKG's location block."""
        return f"{self.kind}#{self.name}#{self.fips}#{self.adm1}#{self.lat:g}#{self.lon:g}#{self.feature}"


@dataclass(frozen=True)
class Actor:
    """An actor: CAMEO country and type; both empty for none."""

    country: str = ""
    type: str = ""

    def fields(self) -> list[str]:
        """Return the ten actor columns."""
        name = {"COP": "POLICE", "MIL": "ARMY", "SPY": "SECURITY SERVICE", "CRM": "GANG", "CVL": "CITIZEN"}
        shown = name.get(self.type, self.type or self.country)
        return [f"{self.country}{self.type}", shown, self.country, "", "", "", "", self.type, "", ""]


@dataclass(frozen=True)
class Story:
    """One article: its address, its themes and its counts."""

    address: str
    themes: tuple[str, ...]
    counts: tuple[str, ...]


CENTRES: Final = {
    "KZ": Spot(1, "Kazakhstan", "KZ", "KZ", 48, 68, "KZ"),
    "KG": Spot(1, "Kyrgyzstan", "KG", "KG", 41, 75, "KG"),
    "TI": Spot(1, "Tajikistan", "TI", "TI", 39, 71, "TI"),
    "TX": Spot(1, "Turkmenistan", "TX", "TX", 40, 60, "TX"),
    "UZ": Spot(1, "Uzbekistan", "UZ", "UZ", 41, 64, "UZ"),
}
ELSEWHERE: Final = (
    Spot(2, "Texas, United States", "US", "USTX", 31.106, -97.6475, "TX"),
    Spot(3, "Houston, Texas, United States", "US", "USTX", 29.7633, -95.3633, "1380948"),
    Spot(4, "Moscow, Moskva, Russia", "RS", "RS48", 55.7522, 37.6156, "-2960561"),
    Spot(4, "Kabul, Kabol, Afghanistan", "AF", "AF13", 34.5167, 69.1833, "-3378435"),
    Spot(1, "China", "CH", "CH", 35, 105, "CH"),
    Spot(4, "São Paulo, São Paulo, Brazil", "BR", "BR27", -23.5333, -46.6167, "-671824"),
    Spot(1, "Germany", "GM", "GM", 51.5, 10.5, "GM"),
    Spot(0, "", "", "", 0, 0, ""),
)
MISLABELLED: Final = Spot(4, "Budapest, Budapest, Hungary", "KG", "HU05", 47.5, 19.0833, "-850553")


def event(
    number: int,
    day: datetime,
    added: datetime,
    actors: tuple[Actor, Actor],
    code: str,
    spot: Spot,
    mentions: int,
    address: str,
    version: int,
) -> str:
    """Return one event row, without its newline."""
    root = code[:2]
    quad = 1 if root <= "05" else 2 if root <= "09" else 3 if root <= "14" else 4
    place = [str(spot.kind), spot.name, spot.fips, spot.adm1]
    place += [""] * (version == 2) + ([f"{spot.lat:g}", f"{spot.lon:g}", spot.feature] if spot.kind else ["", "", ""])
    nowhere = ["0", "", "", ""] + [""] * (version == 2) + ["", "", ""]
    fraction = day.year + (day.timetuple().tm_yday - 1) / 365
    return "\t".join(
        [
            *(str(number), f"{day:%Y%m%d}", f"{day:%Y%m}", str(day.year), f"{fraction:.4f}"),
            *actors[0].fields(),
            *actors[1].fields(),
            *("1", code, code[:3], root, str(quad), "-10" if quad == 4 else "1"),
            *(str(mentions), "1", str(mentions), f"{-2.5 - number % 9973 / 4999:.13g}"),
            *place,
            *nowhere,
            *place,
            f"{added:%Y%m%d%H%M%S}" if version == 2 else f"{added:%Y%m%d}",
            address,
        ]
    )


def acts(incident: Any, rng: np.random.Generator) -> tuple[tuple[Actor, Actor], str]:
    """Return the actors and the CAMEO code of an incident (a row of the truth)."""
    country = str(incident.country)
    pick = int(rng.integers(1 << 30))
    citizen = Actor(country, "CVL")
    match incident.construct:
        case "state_violence":
            code = _LETHAL_CODE if incident.lethal else _STATE_CODES[pick % 4]
            return (Actor(country, _STATE[pick % 3]), citizen), code
        case "criminal_violence":
            code = _LETHAL_CODE if incident.lethal else _CRIME_CODES[pick % 3]
            return (Actor(country, "CRM"), citizen), code
        case "drug_incident":
            code = {"interdiction": "1711", "arrest": "173"}.get(incident.kind, "010")
            return (Actor(country, "COP"), Actor(country, "CRM")), code
        case "general_crime":
            return (Actor(country, "COP"), citizen), "173"
        case _:
            return (Actor(country, "JUD"), Actor(country, "GOV")), "1121"


def story(incident: Any, article: int, day: datetime, spot: Spot, rng: np.random.Generator) -> Story:
    """Return the article numbered ``article`` on an incident."""
    pick = int(rng.integers(1 << 30))
    words = [] if incident.construct == "drug_incident" else [_SLUGS[incident.construct][pick % 2]]
    themes = list(_THEMES[incident.construct])
    counts: list[str] = []
    where = spot.packed()
    if incident.drug:
        known = _WORDS[incident.drug_type]
        words.append(known[pick % len(known)])
        themes += ["DRUG_TRADE", "CRIME_ILLEGAL_DRUGS"]
    if incident.kind:
        words.append(_KIND_WORDS[incident.kind][pick % len(_KIND_WORDS[incident.kind])])
        themes += _KIND_THEMES[incident.kind]
        people = 1 + pick % 4
        if incident.kind == "arrest":
            counts.append(f"ARREST#{people}#drug dealers#{where}")
        elif incident.kind == "interdiction":
            counts.append(f"SEIZE#{1 + pick % 90}#kilograms of {incident.drug_type}#{where}")
    if incident.lethal:
        themes.append("KILL")
        counts.append(f"KILL#{1 + pick % 3}##{where}")
    elif incident.construct in ("state_violence", "criminal_violence"):
        themes.append("WOUND")
    themes += ["TAX_WEAPONS", "TAX_WEAPONS_FIREARMS"] * bool(incident.arms) + ["TERROR"] * bool(incident.terror)
    slug = "-".join([*words, str(incident.incident), str(article)])
    return Story(f"{HOST}/{day:%Y/%m/%d}/{slug}.html", tuple(themes), tuple(counts))


def gkg_1(day: datetime, told: Story, spots: list[Spot], events: list[int]) -> str:
    """Return one GKG 1.0 record."""
    where = ";".join(s.packed() for s in spots)
    ids = ",".join(map(str, events))
    parts = [f"{day:%Y%m%d}", "1", ";".join(told.counts), ";".join(told.themes), where, "", "", "-2.5,1,3.5,4.5,20,0"]
    return "\t".join([*parts, ids, "simulated.invalid", told.address])


def gkg_2(slot: datetime, number: int, told: Story, spots: list[Spot]) -> str:
    """Return one GKG 2.1 record of 27 columns."""
    where = "".join(f"{s.packed()};" for s in spots)
    themes = "".join(f"{t};" for t in told.themes)
    counts = "".join(f"{c};" for c in told.counts)
    stamp = f"{slot:%Y%m%d%H%M%S}"
    head = [f"{stamp}-{number}", stamp, "1", "simulated.invalid", told.address, counts, "", themes, "", where]
    return "\t".join([*head, *[""] * 5, "-2.5,1,3.5,4.5,20,0,300", *[""] * 11])


def counts_1(day: datetime, told: Story, events: list[int]) -> list[str]:
    """Return a row of GKG 1.0 counts for each count of an article."""
    rows = []
    ids = ",".join(map(str, events))
    for count in told.counts:
        kind, number, what, *where = count.split("#")
        rows.append(
            "\t".join([f"{day:%Y%m%d}", "1", kind, number, what, *where, ids, "simulated.invalid", told.address])
        )
    return rows
