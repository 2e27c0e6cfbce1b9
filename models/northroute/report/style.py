"""The colours of the page's figures, their files, and how they stand on the page."""

import functools
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import matplotlib as mpl
from matplotlib.figure import Figure

from northroute import keeping
from northroute import look as looks
from northroute.look import look
from northroute.provenance import file_sha256, value_hash

POSTERIOR: Final = "#2f6690"
PRIOR: Final = "#9aa5ae"
HOLDS: Final = "#e3efd9"
THRESHOLD: Final = "#b3541e"
TRUTH: Final = "#7a1f5c"
WORDS: Final[Mapping[str, str]] = {
    "supported": "#126560",
    "contradicted": "#a83c1c",
    "split": "#5f4391",
    "undecided": "#7a5c08",
}
"""Colours of the words, as on the page."""
WIDE: Final = 11.0
"""Inches of a figure over the whole width of the page."""
DRAWN: Final = "drawn.json"
"""File beside the figures that says from what each was drawn."""

_PLAIN: Final = " =:;/,()+!?@[]{}|*$"
"""Characters beside letters, digits and ``-._~`` that a data address may hold as they are."""
_POINTS: Final = {"M": 1, "L": 1, "Q": 2, "C": 3, "z": 0, "Z": 0}
"""Points that follow each command of a path."""
_DARK: Final[Mapping[str, str]] = {
    "#ffffff": "#1a2229",
    looks.INK: "#e3e9ed",
    POSTERIOR: "#7db7e0",
    PRIOR: "#84929d",
    HOLDS: "#24402f",
    THRESHOLD: "#ef9a68",
    TRUTH: "#df8fc2",
    **dict(zip(WORDS.values(), ("#4fc1b8", "#ef8763", "#b39ae0", "#e0bd57"), strict=True)),
}
"""What each colour becomes on a dark ground."""


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Write the figure as SVG and PNG, without dates so that the same figure gives the same file; return the SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.svg"
    with look():
        if figure.get_layout_engine():
            figure.draw_without_rendering()
            figure.set_layout_engine("none")  # laid out once, for both files
        figure.savefig(path, metadata={"Date": None})
        figure.savefig(path.with_suffix(".png"), dpi=130, metadata={"Software": None})
    return path


def saved(name: str, key: str, draw: Callable[[], Figure], folder: Path) -> Path:
    """Return the SVG of a figure, drawn and saved only if no unaltered one of the same content is there.

    Parameters
    ----------
    name : str
        Stem of the files.
    key : str
        Hash of what is drawn. The code of the report room and matplotlib's version are added to it.
    draw : callable
        Draws the figure.
    folder : Path
        Where the figures and :data:`DRAWN` lie.
    """
    path = folder / f"{name}.svg"
    record = folder / DRAWN
    known = _known(record)
    wanted = value_hash([key, _code()])
    if known.get(name) == {"key": wanted, **_files(path)}:
        return path
    save(draw(), folder, name)
    known[name] = {"key": wanted, **_files(path)}
    _note(known, record)
    return path


def keep(names: set[str], folder: Path) -> None:
    """Remove the figures that this module drew into a folder before and that are no longer wanted."""
    known = _known(folder / DRAWN)
    gone = sorted(set(known) - names)
    for name in gone:
        del known[name]
        for suffix in ("svg", "png"):
            (folder / f"{name}.{suffix}").unlink(missing_ok=True)
    if gone:
        _note(known, folder / DRAWN)


def embedded(path: Path, *, adapts: bool) -> str:
    """Return an SVG as a data address for the page.

    Parameters
    ----------
    path : Path
        The file.
    adapts : bool
        Whether its colours follow the reader's dark mode; the file itself stays as it is.
    """
    text = compact(path.read_text(encoding="utf-8"))
    return "data:image/svg+xml," + quote(adaptive(text) if adapts else text, safe=_PLAIN)


def in_srcset(address: str) -> str:
    """Return a data address as ``srcset`` takes it: a space would end it there, and the picture would not be shown."""
    return address.replace(" ", "%20")


def compact(svg: str) -> str:
    """Return the same picture in fewer bytes: no prologue, remarks or line breaks; paths to a hundredth of a point."""
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    # letters have 64 units a point
    svg = re.sub(r'(id="DejaVu[^"]*") d="([^"]*)"', lambda m: f'{m[1]} d="{relative(m[2], 0)}"', svg)
    svg = re.sub(r'(?<!id="DejaVu)( d=")(M [^"]*)"', lambda m: f'{m[1]}{relative(m[2], 2)}"', svg)
    return re.sub(r">\s+<", "><", re.sub(r"\s+", " ", svg)).strip()


def relative(path: str, decimals: int) -> str:
    """Return the same SVG path with each point told from the one before.

    Points are rounded first, so that errors do not add up. Paths of other commands than ``M L Q C Z``, all that matplotlib
    writes, stay as they are.

    Parameters
    ----------
    path : str
        The text of an attribute ``d``, with commands and numbers apart.
    decimals : int
        Decimals of a point.
    """
    tokens = path.split()
    if not tokens or any(c not in _POINTS for c in tokens if c.isalpha()):
        return path
    unit, at, start = 10**decimals, (0, 0), (0, 0)
    found: list[str] = []
    here, before = 0, ""
    while here < len(tokens):
        command = tokens[here]
        count = 2 * _POINTS.get(command, 0)
        own = [round(float(v) * unit) for v in tokens[here + 1 : here + 1 + count]]
        if command not in _POINTS or len(own) != count:
            return path
        steps = [_short(v - at[i % 2], decimals) for i, v in enumerate(own)]
        again = command in "LQC" and command == before
        apart = (f" {s}" if s[0] != "-" and (again or i) else s for i, s in enumerate(steps))
        found.append(("" if again else command.lower()) + "".join(apart))
        at = (own[-2], own[-1]) if own else start
        start, before = (at if command == "M" else start), command
        here += 1 + count
    return "".join(found)


def _short(value: int, decimals: int) -> str:
    """Write a number of units of the last decimal without zeros that say nothing."""
    text = f"{abs(value):0{decimals + 1}d}"
    whole, part = (text[:-decimals], text[-decimals:].rstrip("0")) if decimals else (text, "")
    short = (whole.lstrip("0") + (f".{part}" if part else "")) or "0"
    return f"-{short}" if value < 0 else short


def adaptive(svg: str) -> str:
    """Return an SVG whose colours of this module follow the reader's dark mode."""
    for i, colour in enumerate(_DARK):
        svg = svg.replace(f": {colour}", f": var(--c{i})")
    light = ";".join(f"--c{i}:{c}" for i, c in enumerate(_DARK))
    dark = ";".join(f"--c{i}:{c}" for i, c in enumerate(_DARK.values()))
    rules = f"<style>:root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}</style>"
    head, mark, tail = svg.partition("<defs>")
    return f"{head}{rules}{mark}{tail}" if mark else svg


def _known(record: Path) -> dict[str, Any]:
    known: dict[str, Any] | None = keeping.read(record, DRAWN, json.loads)
    return known or {}


def _note(known: Mapping[str, Any], record: Path) -> None:
    keeping.write(record, f"{json.dumps(known, indent=1, sort_keys=True)}\n".encode(), DRAWN)


def _files(path: Path) -> dict[str, str]:
    both = {"svg": path, "png": path.with_suffix(".png")}
    return {k: file_sha256(p) if p.is_file() else "" for k, p in both.items()}


@functools.cache
def _code() -> str:
    own = [*sorted(Path(__file__).parent.rglob("*.py")), Path(looks.__file__)]
    return value_hash([mpl.__version__, *(file_sha256(p) for p in own)])
