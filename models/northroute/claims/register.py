"""The claims register: the brief's claims as data, one question a claim and kind of data, with everything that decides."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from northroute.bayes import Prior
from northroute.bayes.statement import prior_sets
from northroute.claims import lock as locks
from northroute.claims.parse import Record, mapping, numbers, shown
from northroute.conventions import COUNTRIES
from northroute.documents import read_yaml
from northroute.errors import DataError, RegisterError
from northroute.provenance import value_hash
from northroute.resources import resource
from northroute.sources.mlp import COUNTS

VERSION: Final = 2
DATA_KINDS: Final[Mapping[str, str]] = {
    "E": "region-month events",
    "M": "country-month article counts",
    "O": "official statistics by region",
    "S": "individual drug seizures, placed in regions",
    "A": "annual seizures by country",
    "I": "country-year indicators and expert indices",
}
Grade = Literal["A", "B", "C"]
GRADES: Final[Mapping[str, str]] = {
    "A": "measures what the brief speaks of: events, registered offences, seizures",
    "B": "stands near it: articles on the act, expert scores, country totals for a claim on regions",
    "C": "a weak stand-in: it indicates, and decides nothing",
}
_YEARS: Final = range(1990, 2031)
_CLAIM: Final = ("id", "slug", "quote", "about", "data", "estimand")
_CLAIM_MORE: Final = ("thresholds", "untestable", "wanted", "answers")
_QUESTION: Final = ("kind", "function", "grade", "countries", "years", "estimand")
_QUESTION_MORE: Final = ("part", "variants", "leaves_out", "errs", "errs_because", "seen", "revised", "assumes")


@dataclass(frozen=True)
class Question:
    """A claim put to one kind of data, as registered before any fit.

    Attributes
    ----------
    claim : str
        Id of the claim.
    kind : str
        A key of :data:`DATA_KINDS`.
    function : str
        Name of the estimand in the code, ``subject.name``; see :mod:`northroute.claims.inquiries`.
    grade : {"A", "B", "C"}
        How near the measure is to what the claim speaks of (:data:`GRADES`).
    countries : tuple of str
        Countries that the data reach.
    years : (int, int)
        First and last year.
    estimand : str
        What is estimated and when the claim holds, in words.
    variants : tuple of str
        Labels of the equivalent specifications that enter agreement.
    part : str
        Tells two questions of one kind apart; empty where there is one.
    leaves_out : str
        What of the claim these data do not reach.
    errs : {"supported", "contradicted", ""}
        A word that the measure is known to err towards; an answer with that word counts one grade lower.
    errs_because : str
    seen : bool
        Whether raw sums had been looked at when the question was registered.
    revised : str
        What was changed after fits had been seen, and what it changed; empty if nothing.
    assumes : tuple of str
    """

    claim: str
    kind: str
    function: str
    grade: Grade
    countries: tuple[str, ...]
    years: tuple[int, int]
    estimand: str
    variants: tuple[str, ...] = ()
    part: str = ""
    leaves_out: str = ""
    errs: Literal["supported", "contradicted", ""] = ""
    errs_because: str = ""
    seen: bool = False
    revised: str = ""
    assumes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Such as ``C05.O`` or ``C05.O.UZB``."""
        return ".".join(filter(None, (self.claim, self.kind, self.part)))


@dataclass(frozen=True)
class Claim:
    """One claim of the brief.

    Attributes
    ----------
    id, slug : str
        ``C01`` to ``C29`` and a short name.
    quote : str
        The brief's own words.
    about : tuple of str
        Countries that the claim speaks of.
    data : tuple of str
        Kinds of data that could test it, keys of :data:`DATA_KINDS`.
    estimand : str
        What is estimated and when the claim holds, in words.
    thresholds : mapping of str to float
        The numbers that decide, fixed before any fit.
    untestable : str
        Why no data can answer it; empty if some can.
    wanted : str
        What would answer a claim that has no question yet.
    questions : tuple of Question
    """

    id: str
    slug: str
    quote: str
    about: tuple[str, ...]
    data: tuple[str, ...]
    estimand: str
    thresholds: Mapping[str, float]
    untestable: str = ""
    wanted: str = ""
    questions: tuple[Question, ...] = ()

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
    """All claims, proxies, priors and constants, with the hash of the version in force and of the registered one.

    Attributes
    ----------
    claims, proxies : mapping
    priors : mapping of str to Prior
        Of the models behind the answers.
    constants : mapping of str to float
        Numbers that are assumed.
    partial : bool
        Only the reference specifications are asked for, and variants that read the same fits (:meth:`reduced`).
    sha256, registered_sha256 : str
        Of the register, the priors of the article models, the code book and the bundled tables together.
    changes : tuple of str
        What differs from the registered version, each by its name.
    """

    claims: Mapping[str, Claim]
    proxies: Mapping[str, Proxy]
    sha256: str
    registered_sha256: str
    changes: tuple[str, ...]
    priors: Mapping[str, Prior] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)
    partial: bool = False

    def reduced(self) -> "Register":
        """Return the register for a quick look: variants that need fits of their own are left out."""
        proxies = {name: replace(proxy, alternatives={}) for name, proxy in self.proxies.items()}
        return replace(self, proxies=proxies, partial=True)

    @property
    def changed(self) -> bool:
        """True if anything that decides an answer is not as registered."""
        return bool(self.changes)

    @property
    def questions(self) -> Iterator[Question]:
        """Every question of every claim."""
        return (q for claim in self.claims.values() for q in claim.questions)

    def __getitem__(self, claim_id: str) -> Claim:
        if claim_id not in self.claims:
            raise RegisterError(f"No claim '{claim_id}' in the register; it has {', '.join(self.claims)}.")
        return self.claims[claim_id]

    def asked(self, function: str) -> tuple[Claim, Question]:
        """Return the claim and the question that a function answers, or raise :class:`RegisterError`."""
        for claim in self.claims.values():
            for question in claim.questions:
                if question.function == function:
                    return claim, question
        raise RegisterError(f"The register asks no question of '{function}'.")

    def prior(self, name: str) -> Prior:
        """Return a prior by name, or raise :class:`RegisterError` naming those that exist."""
        if name not in self.priors:
            raise RegisterError(f"The register has no prior '{name}'; it has {sorted(self.priors)}.")
        return self.priors[name]

    def constant(self, name: str) -> float:
        """Return a constant by name, or raise :class:`RegisterError` naming those that exist."""
        if name not in self.constants:
            raise RegisterError(f"The register has no constant '{name}'; it has {sorted(self.constants)}.")
        return self.constants[name]

    def notice(self) -> str:
        """Return the notice to print and to show when something was changed; empty otherwise."""
        if not self.changed:
            return ""
        return (
            f"What decides the answers differs from what was registered. Changed: {'; '.join(self.changes)}. "
            f"Registered {self.registered_sha256[:12]}, in force {self.sha256[:12]}. Answers follow what is in force."
        )


def load(path: Path | None = None, lock: Path | None = None) -> Register:
    """Read the register and compare everything that decides an answer with the registered version.

    Parameters
    ----------
    path : Path, optional
        A register to use instead of ``analysis/claims.yaml``.
    lock : Path, optional
        The registered version; by default ``analysis/claims.lock.json``.

    Raises
    ------
    RegisterError
        For a file that is not a register: missing or unknown fields, repeated ids, unknown kinds, grades or countries,
        thresholds that are not finite numbers, one function for two answers.
    """
    path = path or resource("analysis/claims.yaml")
    raw = _read(path)
    claims: dict[str, Claim] = {}
    for position, entry in enumerate(raw["claims"], start=1):
        claim = _claim(entry, position, path)
        if claim.id in claims:
            raise RegisterError(f"{path}: claim {claim.id} is there twice. Keep one record a claim.")
        claims[claim.id] = claim
    _once(claims, path)
    priors = {name: _prior(name, prior, path) for name, prior in mapping(raw, str(path), "priors").items()}
    constants = numbers(mapping(raw, str(path), "constants"), f"{path}, constants")
    proxies = {name: _proxy(name, record, path) for name, record in mapping(raw, str(path), "proxies").items()}
    content = locks.content(raw)
    registered = locks.read(lock or resource("analysis/claims.lock.json"))
    return Register(
        claims=claims,
        proxies=proxies,
        sha256=value_hash(content),
        registered_sha256=value_hash(registered),
        changes=locks.changes(registered, content),
        priors=priors,
        constants=constants,
    )


def write_lock(path: Path, register: Path | None = None) -> str:
    """Register what is in force: write it to ``path`` and return its hash."""
    content = locks.content(_read(register or resource("analysis/claims.yaml")))
    locks.write(content, path)
    return value_hash(content)


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = read_yaml(path)
    except DataError as failure:
        raise RegisterError(str(failure)) from failure
    if not isinstance(raw, dict) or not isinstance(raw.get("claims"), list) or not raw["claims"]:
        raise RegisterError(f"{path}: no list 'claims' in it. Restore the register from the repository.")
    if raw.get("version") != VERSION:
        raise RegisterError(f"{path}: version {raw.get('version')!r}; this northroute reads version {VERSION}.")
    unknown = sorted(set(raw) - {"version", "proxies", "priors", "constants", "claims"})
    if unknown:
        raise RegisterError(f"{path}: unknown {unknown}. See CONTRIBUTING.")
    return raw


def _prior(name: str, raw: Any, path: Path) -> Prior:
    return prior_sets.parse(raw, lambda problem: RegisterError(f"{path}, prior '{name}': {problem}. See CONTRIBUTING."))


def _once(claims: Mapping[str, Claim], path: Path) -> None:
    functions = [q.function for claim in claims.values() for q in claim.questions]
    twice = sorted({f for f in functions if functions.count(f) > 1})
    if twice:
        raise RegisterError(f"{path}: two answers name the function '{twice[0]}'. Each has one of its own.")


def _claim(entry: Any, position: int, path: Path) -> Claim:
    record = Record.of(entry, f"{path}, claim number {position}", "id", _CLAIM, _CLAIM_MORE)
    own = record.text("id")
    if not re.fullmatch(r"C\d\d", own):
        raise RegisterError(f"{record.place}: id '{own}' is not C and two digits. Mend the id.")
    entries = record.get("answers", [])
    if not isinstance(entries, list):
        raise RegisterError(f"{record.place}: 'answers' is {shown(entries)}, not a list of records.")
    questions = tuple(
        _question(own, asked, f"{record.place}, answer number {i}") for i, asked in enumerate(entries, start=1)
    )
    twice = sorted({q.id for q in questions if [p.id for p in questions].count(q.id) > 1})
    if twice:
        raise RegisterError(f"{record.place}: answer {twice[0]} is there twice. Give one of them a 'part'.")
    return Claim(
        id=own,
        slug=record.text("slug"),
        quote=record.text("quote"),
        about=record.among("about", COUNTRIES),
        data=record.among("data", DATA_KINDS),
        estimand=record.text("estimand"),
        thresholds=numbers(record.get("thresholds", {}), f"{record.place}, threshold"),
        untestable=record.text("untestable"),
        wanted=record.text("wanted"),
        questions=questions,
    )


def _question(claim: str, entry: Any, place: str) -> Question:
    record = Record.of(entry, place, "kind", _QUESTION, _QUESTION_MORE)
    errs = record.one("errs", ("supported", "contradicted")) if record.get("errs") else ""
    if bool(errs) != bool(record.get("errs_because")):
        raise RegisterError(f"{record.place}: 'errs' and 'errs_because' go together. Give both or neither.")
    if not isinstance(record.get("seen", False), bool):
        raise RegisterError(f"{record.place}: 'seen' is {shown(record.get('seen'))}, not true or false.")
    years = record["years"]
    if not (
        isinstance(years, list)
        and len(years) == 2
        and all(type(y) is int for y in years)
        and _YEARS[0] <= years[0] <= years[1] <= _YEARS[-1]
    ):
        raise RegisterError(
            f"{record.place}: 'years' is {shown(years)}, not a first and a last year of {_YEARS[0]} to {_YEARS[-1]}."
        )
    return Question(
        claim=claim,
        kind=record.one("kind", DATA_KINDS),
        function=record.text("function"),
        grade=record.one("grade", GRADES),  # type: ignore[arg-type]
        countries=record.among("countries", COUNTRIES),
        years=(years[0], years[1]),
        estimand=record.text("estimand"),
        variants=record.words("variants"),
        part=record.text("part"),
        leaves_out=record.text("leaves_out"),
        errs=errs,  # type: ignore[arg-type]
        errs_because=record.text("errs_because"),
        seen=bool(record.get("seen", False)),
        revised=record.text("revised"),
        assumes=record.words("assumes"),
    )


def _proxy(name: str, raw: Any, path: Path) -> Proxy:
    record = Record.of(raw, f"{path}, proxy '{name}'", "construct", ("reference", "caveat"), ("alternatives",))
    others = mapping(record.values, record.place, "alternatives")
    sums = Record(record.place, {"reference": record["reference"], **others})
    for which in sums.values:
        unknown = [c for c in sums.words(which) if c not in COUNTS]
        if unknown:
            raise RegisterError(
                f"{record.place}: '{unknown[0]}' is no column of the article counts. Mend its spelling."
            )
        if not sums.words(which):
            raise RegisterError(f"{record.place}: '{which}' is empty. Name the columns that are summed.")
    return Proxy(name, sums.words("reference"), {k: sums.words(k) for k in others}, record.text("caveat"))
