"""Named sets of priors, read from ``data/codebook/priors.yaml`` and checked."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from northroute.bayes.statement.families import FAMILIES, LOCATED, SHAPED, Prior
from northroute.documents import read_yaml
from northroute.errors import DataError, ModelError, NorthrouteError
from northroute.resources import resource

FILE: Final = "data/codebook/priors.yaml"
Part = Literal["counts", "terms", "measurement"]
PARTS: Final[tuple[Part, ...]] = ("counts", "terms", "measurement")
_LARGEST: Final = 1e9
_REMEDY: Final = f"See the comment at the head of {FILE} for what an entry says."


@dataclass(frozen=True)
class PriorSet:
    """A named set of priors.

    Attributes
    ----------
    name, about : str
    counts : mapping of str to Prior
        The parameters that count models have.
    terms : mapping of str to Prior
        The parameters of terms that a count model may add: shocks, zero inflation, Gaussian process and so on.
    measurement : mapping of str to Prior
        The parameters of the normal model with known measurement error.
    """

    name: str
    about: str
    counts: dict[str, Prior]
    terms: dict[str, Prior]
    measurement: dict[str, Prior]


def prior_set(name: str = "default", part: Part = "counts") -> dict[str, Prior]:
    """Return one part of one of the package's sets; ``prior_set(n) | prior_set(n, "terms")`` serves a model with more terms.

    Raises
    ------
    ModelError
        If there is no such set or part.
    """
    sets = load()
    if name not in sets or part not in PARTS:
        raise ModelError(
            f"No prior set '{name}' with a part '{part}'. The sets are {', '.join(sets)}; each has {', '.join(PARTS)}."
        )
    found: dict[str, Prior] = getattr(sets[name], part)
    return found


def load(path: Path | None = None) -> dict[str, PriorSet]:
    """Read prior sets from a file; by default the package's own.

    Raises
    ------
    DataError
        For a file that is not valid YAML or repeats a name, a set that lacks a part, or an entry without a family, the
        numbers that its family takes (no more, no less; a location may be left out and is then zero) or a reason.
        The message names file, set, part and entry.
    """
    path = path or resource(FILE)
    raw = read_yaml(path)
    if not isinstance(raw, dict) or not raw:
        raise DataError("no prior sets in it", file=path, remedy=_REMEDY)
    return {str(name): _set(str(name), record, path) for name, record in raw.items()}


def _set(name: str, record: Any, path: Path) -> PriorSet:
    wanted = ("about", *PARTS)
    if not isinstance(record, dict) or sorted(map(str, record)) != sorted(wanted):
        raise DataError(f"a set has exactly {', '.join(wanted)}", file=path, row=name, remedy=_REMEDY)
    parts: dict[str, dict[str, Prior]] = {}
    for part in PARTS:
        entries = record[part]
        if not isinstance(entries, dict) or not entries:
            raise DataError("has no entries", file=path, row=f"{name}.{part}", remedy=_REMEDY)
        parts[part] = {str(k): _entry(v, f"{name}.{part}.{k}", path) for k, v in entries.items()}
    return PriorSet(name, str(record["about"]), **parts)


def _entry(record: Any, row: str, path: Path) -> Prior:
    return parse(record, lambda problem: DataError(problem, file=path, row=row, remedy=_REMEDY))


def parse(record: Any, refuse: Callable[[str], NorthrouteError]) -> Prior:
    """Return the prior that an entry of a YAML file states, with exactly the numbers that its family takes.

    Parameters
    ----------
    record : mapping
        ``family``, ``reason``, and of ``location``, ``scale``, ``shape`` those that the family takes; a location may be
        left out and is then zero.
    refuse : callable
        Makes the error from what is wrong.

    Raises
    ------
    NorthrouteError
        What ``refuse`` makes, for anything else.
    """
    if not isinstance(record, dict):
        raise refuse("an entry is a mapping with family, numbers and reason")
    family, reason = record.get("family"), record.get("reason")
    if family not in FAMILIES:
        raise refuse(f"no family '{family}'; the families are {', '.join(FAMILIES)}")
    if not isinstance(reason, str) or not reason.strip() or "\n" in reason.strip():
        raise refuse("needs a reason of one line")
    needed = ({"scale"} if family != "flat" else set()) | ({"shape"} if family in SHAPED else set())
    allowed = needed | ({"location"} if family in LOCATED else set())
    given = set(map(str, record)) - {"family", "reason"}
    if given - allowed or needed - given:
        raise refuse(
            f"{family} takes {', '.join(sorted(allowed)) or 'no number'}, and has {', '.join(sorted(given)) or 'none'}"
        )
    numbers: dict[str, float] = {}
    for key in sorted(given):
        value = record[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST:
            raise refuse(f"{key} '{value}' is not a number that makes sense (YAML wants 100000.0, not 1e5)")
        numbers[key] = float(value)
    try:
        return Prior(family, numbers.pop("scale", 1.0), reason.strip(), **numbers)
    except ModelError as failure:
        raise refuse(str(failure).rstrip(".")) from failure
