"""The claims register: the brief's claims as data, hashed, with the registered version beside it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from northroute.errors import RegisterError
from northroute.provenance import value_hash
from northroute.resources import resource

DATA_KINDS: Mapping[str, str] = {
    "E": "region-month events",
    "M": "country-month article counts",
    "S": "individual drug seizures",
    "I": "country-year indicators",
}


@dataclass(frozen=True)
class Claim:
    """One claim of the brief.

    Attributes
    ----------
    id, slug : str
        ``C01`` to ``C29`` and a short name.
    quote : str
        The brief's own words.
    data : tuple of str
        Kinds of data that could test it, keys of :data:`DATA_KINDS`.
    estimand : str
        What is estimated and when the claim holds, in words.
    thresholds : mapping of str to float
        The numbers that decide, fixed before any fit.
    untestable : str
        Why no data of this kind can answer it; empty if testable.
    """

    id: str
    slug: str
    quote: str
    data: tuple[str, ...]
    estimand: str
    thresholds: Mapping[str, float]
    untestable: str = ""

    def threshold(self, name: str) -> float:
        """Return a threshold by name, or raise :class:`RegisterError` naming those that exist."""
        if name not in self.thresholds:
            raise RegisterError(f"Claim {self.id} has no threshold '{name}'; it has {sorted(self.thresholds)}.")
        return float(self.thresholds[name])


@dataclass(frozen=True)
class Proxy:
    """Which observed columns stand for a construct of the brief.

    Attributes
    ----------
    construct : str
        The brief's construct.
    reference : tuple of str
        Columns that are summed in the reference specification.
    alternatives : mapping of str to tuple of str
        Other defensible sums, each an equivalent specification.
    caveat : str
        What the proxy does not measure.
    """

    construct: str
    reference: tuple[str, ...]
    alternatives: Mapping[str, tuple[str, ...]]
    caveat: str


@dataclass(frozen=True)
class Register:
    """All claims and proxies, with the hash of the version in force and of the registered one."""

    claims: Mapping[str, Claim]
    proxies: Mapping[str, Proxy]
    sha256: str
    registered_sha256: str
    changes: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """True if the register in force is not the registered one."""
        return self.sha256 != self.registered_sha256

    def __getitem__(self, claim_id: str) -> Claim:
        if claim_id not in self.claims:
            raise RegisterError(f"No claim '{claim_id}' in the register; it has {', '.join(self.claims)}.")
        return self.claims[claim_id]

    def notice(self) -> str:
        """Return the notice to print and to show when the register was changed; empty otherwise."""
        if not self.changed:
            return ""
        what = "; ".join(self.changes) or "wording only, no threshold"
        return (
            f"The claims register differs from the registered one. Changed: {what}. "
            f"Registered {self.registered_sha256[:12]}, in force {self.sha256[:12]}. Verdicts follow the one in force."
        )


def load(path: Path | None = None, lock: Path | None = None) -> Register:
    """Read the register and compare it with the registered version.

    Parameters
    ----------
    path : Path, optional
        A register to use instead of ``analysis/claims.yaml``.
    lock : Path, optional
        The registered hash and thresholds; by default ``analysis/claims.lock.json``.

    Raises
    ------
    RegisterError
        For a file that is not a register: missing fields, repeated ids, unknown kinds of data, thresholds that are not
        numbers.
    """
    path = path or resource("analysis/claims.yaml")
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as failure:
        raise RegisterError(f"{path}: not valid YAML ({failure}). Restore it from the repository.") from failure
    if not isinstance(raw, dict) or not isinstance(raw.get("claims"), list) or not raw["claims"]:
        raise RegisterError(f"{path}: no list 'claims' in it. Restore the register from the repository.")
    claims: dict[str, Claim] = {}
    for position, record in enumerate(raw["claims"], start=1):
        claim = _claim(record, position, path)
        if claim.id in claims:
            raise RegisterError(f"{path}: claim {claim.id} is there twice. Keep one record a claim.")
        claims[claim.id] = claim
    proxies = {name: _proxy(name, record, path) for name, record in (raw.get("proxies") or {}).items()}
    registered = json.loads((lock or resource("analysis/claims.lock.json")).read_text(encoding="utf-8"))
    return Register(
        claims=claims,
        proxies=proxies,
        sha256=value_hash(raw),
        registered_sha256=registered["sha256"],
        changes=_changes(registered["thresholds"], thresholds(claims)),
    )


def thresholds(claims: Mapping[str, Claim]) -> dict[str, dict[str, float]]:
    """Thresholds by claim, as the lock file keeps them."""
    return {c.id: dict(c.thresholds) for c in claims.values()}


def write_lock(register: Register, path: Path) -> None:
    """Register the version in force: write its hash and thresholds to ``path``."""
    content = {"sha256": register.sha256, "thresholds": thresholds(register.claims)}
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _claim(record: Any, position: int, path: Path) -> Claim:
    place = f"{path}, claim number {position}"
    if not isinstance(record, dict):
        raise RegisterError(f"{place}: not a record. Each claim needs id, slug, quote, data, estimand and thresholds.")
    missing = [k for k in ("id", "slug", "quote", "data", "estimand") if k not in record]
    unknown = sorted(set(record) - {"id", "slug", "quote", "data", "estimand", "thresholds", "untestable"})
    if missing or unknown:
        raise RegisterError(
            f"{place} ({record.get('id', '?')}): missing {missing}, unknown {unknown}. See CONTRIBUTING."
        )
    kinds = tuple(record["data"])
    if set(kinds) - set(DATA_KINDS):
        raise RegisterError(f"{place} ({record['id']}): data {kinds} has kinds other than {sorted(DATA_KINDS)}.")
    limits = record.get("thresholds") or {}
    for name, value in limits.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RegisterError(f"{place} ({record['id']}): threshold '{name}' is {value!r}, not a number.")
    return Claim(
        id=str(record["id"]),
        slug=str(record["slug"]),
        quote=str(record["quote"]),
        data=kinds,
        estimand=str(record["estimand"]),
        thresholds={str(k): float(v) for k, v in limits.items()},
        untestable=str(record.get("untestable", "")),
    )


def _proxy(name: str, record: Any, path: Path) -> Proxy:
    try:
        return Proxy(
            construct=name,
            reference=tuple(record["reference"]),
            alternatives={k: tuple(v) for k, v in (record.get("alternatives") or {}).items()},
            caveat=str(record["caveat"]),
        )
    except (KeyError, TypeError) as failure:
        raise RegisterError(f"{path}, proxy '{name}': needs reference, caveat and optional alternatives.") from failure


def _changes(
    registered: Mapping[str, Mapping[str, float]], current: Mapping[str, Mapping[str, float]]
) -> tuple[str, ...]:
    found = [f"{i} added" for i in current if i not in registered] + [
        f"{i} removed" for i in registered if i not in current
    ]
    for claim in registered.keys() & current.keys():
        before, now = registered[claim], current[claim]
        for name in before.keys() | now.keys():
            if before.get(name) != now.get(name):
                found.append(f"{claim} {name}: {before.get(name, 'absent')} -> {now.get(name, 'absent')}")
    return tuple(sorted(found))
