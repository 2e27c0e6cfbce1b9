"""Formulas as text: where they split, and which columns of a table they name."""

import keyword
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from formulaic.transforms import TRANSFORMS

from northroute.errors import ModelError

NO_INTERCEPT: Final = "0"
_TOKEN: Final = re.compile(
    r"(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<tick>`[^`]*`)|(?P<name>[^\W\d]\w*)"
    r"|(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?\w*)|(?P<space>\s+)|(?P<other>.)",
    re.S,
)
_QUOTED: Final = re.compile(r"\bQ\(\s*(['\"])(?P<name>[^`]+?)\1\s*\)")
"""Patsy's way of writing a name."""
_OURS: Final = frozenset((*TRANSFORMS, "np", "Intercept"))
"""Names that mean something in a formula whether or not a column has them."""


@dataclass(frozen=True)
class Token:
    """A piece of a formula: its kind (text, tick, name, number, space, other), its text and where it starts."""

    kind: str
    text: str
    start: int


def tokens(text: str) -> list[Token]:
    """Cut a formula into tokens; text in quotes and names in backticks are one each."""
    return [Token(str(m.lastgroup), m.group(), m.start()) for m in _TOKEN.finditer(text)]


def split(text: str, separators: str) -> list[tuple[str, str]]:
    """Split at separators outside brackets, quotes and backticks; each piece comes with the separator before it."""
    pieces, depth, start, before = [], 0, 0, ""
    for token in tokens(text):
        if token.kind != "other":
            continue
        depth += (token.text in "([{") - (token.text in ")]}")
        if depth == 0 and token.text in separators:
            pieces.append((before, text[start : token.start]))
            start, before = token.start + 1, token.text
    return [*pieces, (before, text[start:])]


def bare(name: str) -> str:
    """Return a name without its backticks."""
    name = name.strip()
    return name[1:-1] if len(name) > 1 and name[0] == name[-1] == "`" and "`" not in name[1:-1] else name


def split_terms(right: str) -> tuple[str, ...]:
    """Split ``a + b:c + log(d + 1)`` into its terms; no intercept (``0 +``, ``- 1``, ``-1 +``) becomes a first term ``0``.

    A term that is taken out, as in ``a * b - a``, stays with the one before it.

    Raises
    ------
    ModelError
        If a term is taken out of nothing.
    """
    terms: list[str] = []
    intercept = True
    sign = ""
    for before, raw in split(right, "+-"):
        sign = ("+" if before == sign else "-") if "-" in (before, sign) else before
        piece = raw.strip()
        if not piece:
            continue
        if piece in ("0", "1"):
            intercept = (piece == "1") != (sign == "-")
        elif sign != "-":
            terms.append(piece)
        elif terms:
            terms[-1] += f"{'-' if raw == raw.strip() and not terms[-1].endswith(' ') else ' - '}{piece}"
        else:
            raise ModelError(f"'{right.strip()}' takes '{piece}' out of nothing. Name the terms first.")
        sign = ""
    short = (t if "`" in t else re.sub(r"\s+", " ", t) for t in terms)
    return (*(() if intercept else (NO_INTERCEPT,)), *short)


def plain(terms: Collection[str], columns: Collection[str]) -> tuple[tuple[str, ...], bool]:
    """Return terms without those that speak of the intercept, and whether there is one.

    Terms that are columns stay as they are; a column called ``0`` or ``1`` is written in backticks.
    """
    kept: list[str] = []
    intercept = True
    for term in terms:
        if term in columns and term.strip() not in ("0", "1", "-1"):
            kept.append(term)
            continue
        found = split_terms(term)
        intercept = intercept and NO_INTERCEPT not in found[:1]
        kept += [t for t in found if t != NO_INTERCEPT]
    return tuple(kept), intercept


class Names:
    """Columns of a table as names that a formula can hold: a column called ``GDP-pc``, ``2015`` or ``log`` gets another.

    Attributes
    ----------
    columns : collection of str
    label : str
        Of the regression, for messages.
    used : dict of str to str
        Columns that the terms read so far name, and the name of each in the translated formula.
    """

    def __init__(self, columns: Collection[str], label: str = "", used: Mapping[str, str] | None = None) -> None:
        self.columns, self.label = columns, label
        self.used: dict[str, str] = dict(used or {})

    def name(self, column: str) -> str:
        """Return the name of a column in the formula and remember it."""
        if column not in self.used:
            # Python takes two spellings of some letters for one name, and formulas know fewer letters than Python
            fine = column.isascii() and column.isidentifier() and not keyword.iskeyword(column) and column not in _OURS
            self.used[column] = column if fine else self._other()
        return self.used[column]

    def _other(self) -> str:
        number = len(self.used)
        while f"column{number}" in self.columns or f"column{number}" in self.used.values():
            number += 1
        return f"column{number}"

    def translate(self, term: str) -> str:
        """Return a term with every column under its name in the formula.

        Raises
        ------
        ModelError
            For a name that is neither a column nor a function.
        """
        if term in self.columns:
            return self.name(term)
        term = _QUOTED.sub(lambda m: f"`{m['name']}`", term)
        if bare(term) in self.columns:
            return self.name(bare(term))
        parts = split(term, ":*")
        if len(parts) > 1 and any(p.strip() in self.columns for _, p in parts):
            return "".join(before + self.translate(part) for before, part in parts)
        read = tokens(term)
        solid = [i for i, t in enumerate(read) if t.kind != "space"]
        free = {"lambda", "for"} & {t.text for t in read}
        out = [t.text for t in read]
        depth = 0
        for k, i in enumerate(solid):
            token = read[i]
            depth += (token.text in "([{") - (token.text in ")]}") if token.kind == "other" else 0
            after, second = (read[solid[k + n]].text if k + n < len(solid) else "" for n in (1, 2))
            attribute = k > 0 and read[solid[k - 1]].text == "."
            option = depth > 0 and after == "=" and second != "="
            if token.kind == "tick":
                out[i] = self._known(token.text[1:-1])
            elif token.kind == "name" and not attribute and not option and after != "(":
                known = token.text in self.columns
                fixed = token.text in _OURS or keyword.iskeyword(token.text) or bool(free)
                out[i] = token.text if fixed and not known else self._known(token.text)
        return "".join(out)

    def _known(self, column: str) -> str:
        if column not in self.columns:
            raise ModelError(f"{self.label}: no column ['{column}']; it has {list(self.columns)}.")
        return self.name(column)

    def restore(self, text: str) -> str:
        """Return text with the columns' own names in place of those of the formula."""
        back = {name: column for column, name in self.used.items() if name != column}
        if not back:
            return text
        return re.sub(r"\bcolumn\d+\b", lambda m: back.get(m.group(), m.group()), text)


def within(term: str, name: str) -> bool:
    """Return True if a translated term reads a column, given by its name in the formula."""
    read = [t for t in tokens(term) if t.kind != "space"]
    for i, token in enumerate(read):
        called = i + 1 < len(read) and read[i + 1].text == "("
        attribute = i > 0 and read[i - 1].text == "."
        if token.kind in ("name", "tick") and token.text.strip("`") == name and not called and not attribute:
            return True
    return False
