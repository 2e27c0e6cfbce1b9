"""Write the simulated archive: files, the provider's lists, and the truth beside them."""

import hashlib
import json
import zipfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from northroute import provenance
from northroute.conventions import DEFAULT_SEED, SIMULATED_MARK
from northroute.progress import Progress, quiet
from northroute.seeds import generator
from northroute.sources.gdelt.formats import COUNTS_1, GKG_1, Version
from northroute.sources.gdelt.simulated.rows import (
    CENTRES,
    ELSEWHERE,
    HOST,
    MISLABELLED,
    Actor,
    Spot,
    Story,
    acts,
    counts_1,
    event,
    gkg_1,
    gkg_2,
    story,
)
from northroute.sources.gdelt.simulated.world import ArchiveWorld, Truth, draw

NOTE: Final = f"{SIMULATED_MARK}: made by 'northroute simulate archive'; no file here is GDELT's.\n"
_QUIET_CODES: Final = ("010", "036", "040", "042", "046", "051", "057")
_QUARTER: Final = timedelta(minutes=15)
_HEADERS: Final = {"gkg": "\t".join(GKG_1.columns), "gkgcounts": "\t".join(COUNTS_1.columns)}
_FIRST_ID: Final = 300_000_000
_ZIP_TIME: Final = (2015, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Archive:
    """A simulated archive on disk.

    Attributes
    ----------
    site : Path
        What a web server would serve: ``events/``, ``gkg/`` or ``gdeltv2/``, with the lists.
    truth : Truth
        Also in ``truth.parquet`` and ``truth.json`` beside the site.
    written : mapping of str to int
        What was written: rows by kind and faults by name.
    """

    site: Path
    truth: Truth = field(repr=False)
    written: dict[str, int]


def write(
    out: Path,
    world: ArchiveWorld | None = None,
    *,
    version: Version = 1,
    seed: int = DEFAULT_SEED,
    progress: Progress = quiet,
) -> Archive:
    """Write a SIMULATED archive under ``out``; the same world and seed give the same bytes.

    Parameters
    ----------
    out : Path
        Folder for ``site/``, ``truth.parquet`` and ``truth.json``.
    world : ArchiveWorld, optional
    version : {1, 2}
        Daily files (events, GKG 1.0, counts), or files of a quarter of an hour (events, GKG 2.1).
    seed : int
    progress : Progress
    """
    world = world or ArchiveWorld()
    truth = draw(world, seed)
    writer = _Writer(out / "site", world, truth, version, seed)
    by_day = dict(iter(truth.incidents.groupby(truth.incidents["date"].dt.date)))
    for i in range(world.days):
        day = world.start + timedelta(days=i)
        writer.day(day, list(by_day[day].itertuples(index=False)) if day in by_day else [])
        progress(f"writing {day:%Y-%m}", (i + 1) / world.days)
    writer.lists()
    out.mkdir(parents=True, exist_ok=True)
    (out / "SIMULATED.txt").write_text(NOTE, encoding="utf-8")
    truth.incidents.assign(simulated=True).to_parquet(out / "truth.parquet", index=False)
    content = {
        "simulated": True,
        "seed": seed,
        "version": version,
        "world": asdict(world),
        "gap_days": truth.gap_days,
        "outage_days": truth.outage_days,
        "written": dict(writer.written),
        "versions": provenance.versions(("northroute", "numpy", "pandas")),
    }
    (out / "truth.json").write_text(json.dumps(content, indent=1, default=str) + "\n", encoding="utf-8")
    return Archive(out / "site", truth, dict(writer.written))


class _Writer:
    def __init__(self, site: Path, world: ArchiveWorld, truth: Truth, version: Version, seed: int) -> None:
        self.site, self.world, self.truth, self.version = site, world, truth, version
        self.rng = generator("gdelt archive: reports", seed)
        self.number = _FIRST_ID
        self.again: list[str] = []
        self.files: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
        self.written: Counter[str] = Counter()
        places = truth.incidents.drop_duplicates("region")
        self.spots = [_spot(p) for p in places.itertuples(index=False)] or list(CENTRES.values())

    def day(self, day: date, incidents: Sequence[Any]) -> None:
        """Write the files of one day."""
        if day in self.truth.gap_days:
            self.again.clear()
            return
        lines: dict[tuple[str, datetime], list[bytes]] = defaultdict(list)
        for slot in self._slots(day):
            for table in ("export", "gkg") if self.version == 2 else ("export", "gkg", "gkgcounts"):
                lines[table, slot] = []
        repeated, self.again = self.again, []
        for row in repeated:
            self._put(lines, "export", self._slots(day)[0], row)
            self.written["repeated"] += 1
        for incident in incidents:
            if not incident.missing:
                self._incident(lines, day, incident)
        thinned = 0.2 if day in self.truth.outage_days else 1.0
        self._background(lines, day, int(self.rng.poisson(self.world.background_per_day * thinned)), inside=True)
        self._background(lines, day, int(self.rng.poisson(self.world.world_per_day * thinned)), inside=False)
        for (table, slot), rows in lines.items():
            self._file(table, slot, rows)

    def _slots(self, day: date) -> list[datetime]:
        start = datetime(day.year, day.month, day.day)
        return [start + i * _QUARTER for i in range(96)] if self.version == 2 else [start]

    def _incident(self, lines: dict[tuple[str, datetime], list[bytes]], day: date, incident: Any) -> None:
        slot = self._slots(day)[int(self.rng.integers(96)) if self.version == 2 else 0]
        spot = CENTRES[incident.fips] if incident.centroid else _spot(incident)
        actors, code = acts(incident, self.rng)
        dated = slot - timedelta(days=int(incident.lag))
        for article in range(int(incident.articles)):
            told = story(incident, article, slot, spot, self.rng)
            where = [spot]
            if incident.spawn:
                where.append(self.spots[int(self.rng.integers(len(self.spots)))])
            ids = []
            for i, place in enumerate(where):
                mentions = 10 - 5 * i
                row = event(self._next(), dated, slot, actors, code, place, mentions, told.address, self.version)
                ids.append(self.number)
                self._put(lines, "export", slot, row)
                if self.rng.random() < self.world.faults.repeated_rows:
                    self.again.append(row)
            self.written["incident rows"] += len(where)
            self._gkg(lines, slot, told, where, ids)

    def _background(
        self, lines: dict[tuple[str, datetime], list[bytes]], day: date, rows: int, *, inside: bool
    ) -> None:
        slots, faults = self._slots(day), self.world.faults
        which = self.rng.integers(0, 1 << 30, size=(rows, 4))
        chance = self.rng.random((rows, 2))
        bounds = np.cumsum([faults.short, faults.long, faults.value, faults.bytes])
        for (slot_at, place_at, code_at, actor_at), (fault, mislabel) in zip(
            which.tolist(), chance.tolist(), strict=True
        ):
            slot = slots[slot_at % len(slots)]
            if not inside:
                spot = ELSEWHERE[place_at % 2] if place_at % 10 == 0 else ELSEWHERE[2 + place_at % (len(ELSEWHERE) - 2)]
            elif mislabel < faults.mislabelled:
                spot = MISLABELLED
                self.written["mislabelled"] += 1
            else:
                centres = list(CENTRES.values())
                spot = self.spots[code_at % len(self.spots)] if place_at % 2 else centres[place_at % len(centres)]
            code = _QUIET_CODES[code_at % len(_QUIET_CODES)]
            address = f"{HOST}/{slot:%Y/%m/%d}/news-{self.number}-{slot_at:x}-{code_at:x}-{actor_at:x}.html"
            actors = (Actor("", ("GOV", "BUS", "")[actor_at % 3]), Actor())
            mentions = 1 + actor_at % 20
            row = event(self._next(), slot, slot, actors, code, spot, mentions, address, self.version)
            kind = "inside" if inside else "elsewhere"
            if fault >= bounds[3]:
                self.written[kind] += 1
                self._put(lines, "export", slot, row)
                if inside and code_at % 4 == 0:
                    self._gkg(lines, slot, Story(address, ("LEADER",), ()), [spot], [self.number])
            else:
                self._damaged(lines, slot, row, int(np.searchsorted(bounds, fault, side="right")), kind)

    def _damaged(
        self, lines: dict[tuple[str, datetime], list[bytes]], slot: datetime, row: str, fault: int, kind: str
    ) -> None:
        fields = row.split("\t")
        name = ("short", "long", "value", "bytes")[fault]
        text = row.encode()
        if name == "short":
            text = "\t".join(fields[:-1]).encode()
        elif name == "long":
            text = "\t".join([*fields, "stray"]).encode()
        elif name == "value":
            fields[33] = "many"  # NumArticles, in both versions
            text = "\t".join(fields).encode()
            name = f"value {kind}"
        else:
            text = text.replace(b"http://", b"http://\xe9\xff", 1)
            self.written[kind] += 1
            name = f"bytes {kind}"
        self.written[name] += 1
        lines["export", slot].append(text)

    def _gkg(
        self,
        lines: dict[tuple[str, datetime], list[bytes]],
        slot: datetime,
        told: Story,
        where: list[Spot],
        ids: list[int],
    ) -> None:
        self.written["gkg"] += 1
        if self.version == 2:
            self._put(lines, "gkg", slot, gkg_2(slot, len(lines["gkg", slot]), told, where))
            return
        self._put(lines, "gkg", slot, gkg_1(slot, told, where, ids))
        for row in counts_1(slot, told, ids):
            self._put(lines, "gkgcounts", slot, row)
            self.written["counts"] += 1

    def _put(self, lines: dict[tuple[str, datetime], list[bytes]], table: str, slot: datetime, row: str) -> None:
        lines[table, slot].append(row.encode())

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _file(self, table: str, slot: datetime, rows: list[bytes]) -> None:
        stamp = f"{slot:%Y%m%d%H%M%S}" if self.version == 2 else f"{slot:%Y%m%d}"
        ending = "export.CSV" if table == "export" else f"{table}.csv"
        folder = "gdeltv2" if self.version == 2 else ("events" if table == "export" else "gkg")
        if self.version == 1 and table in _HEADERS:
            rows = [_HEADERS[table].encode(), *rows]
        path = self.site / folder / f"{stamp}.{ending}.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            archive.comment = NOTE.encode()
            member = zipfile.ZipInfo(f"{stamp}.{ending}", _ZIP_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, b"".join(r + b"\n" for r in rows))
        content = path.read_bytes()
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        self.files[folder].append((path.name, len(content), digest))

    def lists(self) -> None:
        """Write the provider's lists, with one name twice and the asked number of names without a file."""
        for folder, files in self.files.items():
            names = list(files)
            if self.world.faults.gap_days or self.world.faults.absent_files:
                names.insert(1, names[0])
            lost = sorted(self.site.joinpath(folder).glob("*.zip"))[-1:] if self.world.faults.absent_files else []
            if self.version == 2:
                base = "http://data.gdeltproject.org/gdeltv2/"
                text = "".join(f"{s} {m} {base}{n}\n" for n, s, m in names)
                (self.site / folder / "masterfilelist.txt").write_text(text, encoding="utf-8")
            else:
                (self.site / folder / "md5sums").write_text(
                    "".join(f"{m}  {n}\n" for n, _, m in names), encoding="utf-8"
                )
                (self.site / folder / "filesizes").write_text(
                    "".join(f"{s} {n}\n" for n, s, _ in names), encoding="utf-8"
                )
            for path in lost:
                path.unlink()
                self.written[f"absent {path.name}"] += 1


def _spot(place: Any) -> Spot:
    country = CENTRES[place.fips].name
    name = f"{place.city}, {place.city.removesuffix(' town')}, {country}"
    return Spot(
        4,
        name,
        place.fips,
        place.adm1,
        round(place.lat, 3),
        round(place.lon, 3),
        f"-{abs(hash_text(name)) % 9_000_000}",
    )


def hash_text(text: str) -> int:
    """Return a stable number for a text (Python's own hash changes from run to run)."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
