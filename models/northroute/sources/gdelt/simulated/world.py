"""The known process behind a simulated archive: incidents by day, region and construct, and how the press tells of them.

Incidents of construct k in region r on a day are Poisson with mean ``incidents_per_day * share[k] * weight[r]``, the
weights proportional to ``population**0.8`` times a log-normal effect of region and construct. All draws are direct.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from northroute.seeds import generator
from northroute.sources import regions
from northroute.sources.gdelt.formats import FIPS

CONSTRUCTS: Final = ("state_violence", "criminal_violence", "drug_incident", "general_crime", "corruption")
KINDS: Final = ("interdiction", "arrest", "other")
DRUGS: Final = ("heroin", "opium", "cannabis", "synthetic", "other")
LAGS: Final = (1, 7, 30, 365, 3650)
"""Days by which GDELT's relative dates go wrong."""


@dataclass(frozen=True)
class Faults:
    """How often the archive goes wrong; shares of incidents, rows or days, none of them by default in :data:`CLEAN`.

    Attributes
    ----------
    gap_days, outage_days : int
        Days without a file, and days whose files hold a fifth of their rows (the truth says which incidents are left).
    absent_files : int
        Listed files that the site lacks.
    repeated_rows : float
        Event rows that come again, with the same id, in a later file.
    centroid, late, spawn : float
        Incidents placed at the country's centre, dated wrongly, or whose articles spawn rows at another place.
    mislabelled : float
        Background rows whose first-level code is of another country.
    short, long, value, bytes : float
        Rows with a field too few, one too many, a number that is none, and bytes that are not UTF-8.
    """

    gap_days: int = 2
    outage_days: int = 1
    absent_files: int = 1
    repeated_rows: float = 0.01
    centroid: float = 0.30
    late: float = 0.04
    spawn: float = 0.10
    mislabelled: float = 0.02
    short: float = 0.002
    long: float = 0.001
    value: float = 0.001
    bytes: float = 0.003


CLEAN: Final = Faults(0, 0, 0, *(0.0,) * 9)


@dataclass(frozen=True)
class ArchiveWorld:
    """Constants of the simulated world.

    Attributes
    ----------
    start : date
        First day.
    days : int
    incidents_per_day : float
        True incidents a day in the five countries together.
    background_per_day : float
        Other event rows a day in the five countries: the exposure.
    world_per_day : float
        Event rows a day elsewhere; a tenth of them in Texas.
    shares : tuple of float
        Of the constructs, in the order of :data:`CONSTRUCTS`.
    lethal, arms, terror : tuple of float
        Probability by construct.
    drug_related : float
        Probability that a violent incident is told of with drugs.
    more_articles : float
        Mean number of articles beyond the first.
    kinds, drugs : tuple of float
        Of drug incidents.
    sd_region : float
        Of the log effect of region and construct.
    faults : Faults
    """

    start: date = date(2015, 1, 1)
    days: int = 59
    incidents_per_day: float = 12.0
    background_per_day: float = 40.0
    world_per_day: float = 100.0
    shares: tuple[float, ...] = (0.30, 0.10, 0.20, 0.30, 0.10)
    lethal: tuple[float, ...] = (0.15, 0.30, 0.02, 0.05, 0.0)
    arms: tuple[float, ...] = (0.10, 0.20, 0.12, 0.04, 0.0)
    terror: tuple[float, ...] = (0.05, 0.02, 0.01, 0.0, 0.0)
    drug_related: float = 0.08
    more_articles: float = 0.8
    kinds: tuple[float, ...] = (0.5, 0.35, 0.15)
    drugs: tuple[float, ...] = (0.35, 0.15, 0.25, 0.15, 0.10)
    sd_region: float = 0.5
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True)
class Truth:
    """Every incident of the simulated world.

    Attributes
    ----------
    incidents : pandas.DataFrame
        One row an incident: ``incident``, ``date``, ``country``, ``fips``, ``region`` (of the constant division),
        ``adm1``, ``city``, ``lat``, ``lon``, ``construct``, ``kind``, ``lethal``, ``arms``, ``terror``, ``drug``,
        ``drug_type``, ``articles``, and what went wrong with it: ``centroid``, ``lag`` (days), ``spawn``, ``missing``
        (its day's file is not there or lost it).
    gap_days, outage_days : tuple of date
    """

    incidents: pd.DataFrame
    gap_days: tuple[date, ...]
    outage_days: tuple[date, ...]


def draw(world: ArchiveWorld, seed: int) -> Truth:
    """Draw the incidents of a world."""
    rng = generator("gdelt archive: incidents", seed)
    place = _places()
    constructs, days = len(CONSTRUCTS), world.days
    weight = place["population_2020"].to_numpy(float) ** 0.8 * np.exp(
        rng.normal(0, world.sd_region, (constructs, len(place)))
    )
    weight /= weight.sum(axis=1, keepdims=True)
    mean = world.incidents_per_day * np.asarray(world.shares)[:, None] * weight
    counts = rng.poisson(np.broadcast_to(mean[:, :, None], (constructs, len(place), days)))
    k, r, d = np.repeat(np.argwhere(counts), counts[counts > 0], axis=0).T
    order = np.lexsort((r, k, d))
    k, r, d = k[order], r[order], d[order]
    n = len(k)
    faults = world.faults
    frame = place.iloc[r].reset_index(drop=True).drop(columns="population_2020")
    frame.insert(0, "incident", np.arange(n))
    frame.insert(1, "date", pd.Timestamp(world.start) + pd.to_timedelta(d, unit="D"))
    frame["construct"] = np.asarray(CONSTRUCTS, dtype=object)[k]
    is_drug = k == CONSTRUCTS.index("drug_incident")
    frame["kind"] = np.where(is_drug, _choice(rng, KINDS, world.kinds, n), "")
    for name in ("lethal", "arms", "terror"):
        frame[name] = rng.random(n) < np.asarray(getattr(world, name))[k]
    frame["drug"] = is_drug | ((k < 2) & (rng.random(n) < world.drug_related))
    frame["drug_type"] = np.where(frame["drug"], _choice(rng, DRUGS, world.drugs, n), "")
    frame["articles"] = 1 + rng.poisson(world.more_articles, n)
    frame["centroid"] = rng.random(n) < faults.centroid
    frame["lag"] = np.where(rng.random(n) < faults.late, rng.choice(LAGS, n), 0)
    frame["spawn"] = rng.random(n) < faults.spawn
    chosen = rng.choice(days, min(days, faults.gap_days + faults.outage_days), replace=False)
    gaps, outages = chosen[: faults.gap_days], chosen[faults.gap_days :]
    frame["missing"] = np.isin(d, gaps) | (np.isin(d, outages) & (rng.random(n) < 0.8))
    return Truth(frame, _days(world, gaps), _days(world, outages))


def _choice(rng: np.random.Generator, of: tuple[str, ...], p: tuple[float, ...], n: int) -> NDArray[Any]:
    return rng.choice(np.asarray(of, dtype=object), size=n, p=np.asarray(p) / sum(p))


def _days(world: ArchiveWorld, numbers: NDArray[Any]) -> tuple[date, ...]:
    return tuple((pd.Timestamp(world.start) + pd.Timedelta(days=int(i))).date() for i in sorted(numbers))


def _places() -> pd.DataFrame:
    """Regions as GDELT would name them: a city in each; those without a FIPS code as a city of another code."""
    table = regions.load("constant").frame
    table = table.assign(fips=table["iso3"].map({iso3: fips for fips, iso3 in FIPS.items()}))
    coded = {
        "KG-GO": ("KG08", "Osh"),
        "TJ-DU": ("TI00", "Dushanbe"),
        "TJ-RA": ("TI00", "Hisor"),
        "TM-S": ("TX01", "Ashgabat"),
    }
    named = zip(table["region"], table["fips_adm1"], table["name"], strict=True)
    spots = [coded.get(r) or (str(code), f"{name.split(' (')[0]} town") for r, code, name in named]
    table[["adm1", "city"]] = pd.DataFrame(spots, index=table.index)
    columns = ["iso3", "fips", "region", "adm1", "city", "lat", "lon", "population_2020"]
    return table[columns].rename(columns={"iso3": "country"})
