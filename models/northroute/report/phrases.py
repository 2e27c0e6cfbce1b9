"""The claims in plain words, read from ``reports/templates/phrases.yaml``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from northroute.claims import Claim
from northroute.documents import read_yaml
from northroute.errors import DataError, RegisterError
from northroute.resources import resource

_FIELDS = ("title", "holds", "fails", "whether")
_MEASURES = "measures"


@dataclass(frozen=True)
class Phrase:
    """A claim in plain words.

    Attributes
    ----------
    title : str
        A few words for a tile.
    holds, fails : str
        A sentence without its full stop, where the claim is supported or contradicted.
    whether : str
        What stays open, such as ``whether drugs fund terrorism``.
    measures : mapping of str to str
        What a quantity is called on the first screen, where its own name needs the table around it.
    """

    title: str
    holds: str
    fails: str
    whether: str
    measures: Mapping[str, str] = field(default_factory=dict)


def load(path: Path | None = None) -> dict[str, Phrase]:
    """Return the phrases by claim.

    Raises
    ------
    RegisterError
        If the file is not a mapping of claims to all four phrases, perhaps names of quantities, and nothing else.
    """
    path = path or resource("reports/templates/phrases.yaml")
    try:
        raw = read_yaml(path)
    except DataError as failure:
        raise RegisterError(str(failure)) from failure
    if not isinstance(raw, dict):
        raise RegisterError(f"{path}: not a mapping of claims to phrases. Restore it from the repository.")
    for claim, record in raw.items():
        if not isinstance(record, dict) or sorted({*record} - {_MEASURES}) != sorted(_FIELDS):
            raise RegisterError(f"{path}, {claim}: needs {', '.join(_FIELDS)}, perhaps {_MEASURES}, and nothing else.")
        measures = record.get(_MEASURES, {})
        texts = [record[f] for f in _FIELDS]
        texts += [v for pair in measures.items() for v in pair] if isinstance(measures, dict) else [None]
        if not all(isinstance(v, str) and v for v in texts):
            raise RegisterError(f"{path}, {claim}: every phrase is a text that is not empty.")
    return {str(claim): Phrase(**record) for claim, record in raw.items()}


def of(claim: Claim, known: Mapping[str, Phrase]) -> Phrase:
    """Return a claim's phrases; of a claim that has none, plain ones made of its slug."""
    if claim.id in known:
        return known[claim.id]
    name = claim.slug.replace("-", " ")
    return Phrase(
        title=name[:1].upper() + name[1:],
        holds=f"The claim “{name}” holds",
        fails=f"The claim “{name}” does not hold",
        whether=f"whether “{name}” holds",
    )
