"""Numbers as the page writes them."""

import math
import re
from collections.abc import Sequence
from typing import Final

from northroute.claims.answer import Summary
from northroute.conventions import COMPARISON_COUNTRIES, COUNTRIES, interval_label

NONE = "–"
MINUS: Final = "\N{MINUS SIGN}"
_ALL: Final = re.compile(r"(?P<what>.+), of (?P<all>\d+)")
_CODES: Final = {**COUNTRIES, **COMPARISON_COUNTRIES}


def number(value: float | None) -> str:
    """Three digits, such as ``0.02``, ``38`` or ``12,000``; a dash where there is no number."""
    if value is None or math.isnan(value):
        return NONE
    if not 1e-4 <= abs(value) < math.inf:
        return _minus(f"{value:.3g}")
    text = f"{value:,.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"
    return _minus(text.rstrip("0").rstrip(".") if "." in text else text)


def interval(median: float, low: float, high: float, *, label: str = "") -> str:
    """Return a median and the bounds of its interval, whose name stands before them."""
    return f"{number(median)} ({label}{number(low)} to {number(high)})"


def listed(words: Sequence[str]) -> str:
    """Words as a list with a last ``and``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def fixed(value: float, digits: int) -> str:
    """Return a number with so many decimals; a dash where there is none."""
    return NONE if math.isnan(value) else _minus(f"{value:.{digits}f}")


def probability(value: float) -> str:
    """Three decimals, and never a rounded 0 or 1."""
    if math.isnan(value):
        return NONE
    if value < 0.0005:
        return "< 0.001"
    return "> 0.999" if value > 0.9995 else f"{value:.3f}"


def share(value: float) -> str:
    """Return a share as a percentage; a dash where there is none."""
    return NONE if math.isnan(value) else f"{100 * value:.0f} %"


def bounds(region: tuple[float | None, float | None]) -> str:
    """Where a claim holds, in words; empty where the quantity only informs."""
    low, high = (None if v is None else _minus(f"{v:.4g}") for v in region)
    if low is not None and high is not None:
        return f"between {low} and {high}"
    if low is not None:
        return f"above {low}"
    return f"below {high}" if high is not None else ""


def spread(summary: Summary, *, label: bool = True) -> str:
    """Median and interval with three digits each, and the interval's name unless it is given elsewhere.

    A share is written as a percentage, a difference of shares in percentage points, and a number out of so many, which ends
    in ``, of 5``, as ``3 of 5``.
    """
    every = _ALL.fullmatch(summary.name)
    percent, points = _is_share(summary)
    values = (summary.median, summary.low, summary.high)
    if every:
        middle, low, high = (number(v) for v in values)
    else:
        middle, low, high = (_three(100 * v if percent or points else v) for v in values)
    unit = f" of {every['all']}" if every else " %" if percent else " percentage points" if points else ""
    name = f"{interval_label(summary.prob)} " if label else ""
    return f"{middle}{unit} ({name}{low} to {high}{' %' if percent else ''})"


def named(summary: Summary) -> str:
    """Return a quantity's name for a sentence: countries in words, and without what :func:`spread` says."""
    every = _ALL.fullmatch(summary.name)
    name = every["what"] if every else summary.name
    return re.sub(r"\b[A-Z]{3}\b", lambda code: _CODES.get(code[0], code[0]), name)


def years(pair: tuple[int, int]) -> str:
    """First and last year, or the one year."""
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}–{pair[1]}"


def _is_share(summary: Summary) -> tuple[bool, bool]:
    """Whether a quantity is a share of something, between 0 and 1, and whether it is a difference of two shares."""
    name = summary.name.lower()
    shares = "share" in name and not any(w in name for w in ("slope", "log", "ratio", "odds", "excess"))
    differ = any(w in name for w in ("minus", "difference"))
    within = summary.low >= (-1 if differ else 0) and summary.high <= 1
    return shares and within and not differ, shares and within and differ


def _three(value: float) -> str:
    """Three digits, also those that are zero, so that a median and its bounds look alike."""
    if math.isnan(value) or value == 0 or abs(value) >= 1000:
        return number(value)
    return _minus(f"{value:#.3g}".rstrip("."))


def _minus(text: str) -> str:
    return text.replace("-", MINUS)
