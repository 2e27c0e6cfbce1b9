"""Numbers as the page writes them."""

import math

from northroute.claims.answer import Summary
from northroute.conventions import interval_label

NONE = "–"


def number(value: float | None) -> str:
    """Three digits; thousands with separators; a dash where there is no number."""
    if value is None or math.isnan(value):
        return NONE
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def fixed(value: float, digits: int) -> str:
    """Return a number with so many decimals; a dash where there is none."""
    return NONE if math.isnan(value) else f"{value:.{digits}f}"


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
    low, high = region
    if low is not None and high is not None:
        return f"between {low:.4g} and {high:.4g}"
    if low is not None:
        return f"above {low:.4g}"
    return f"below {high:.4g}" if high is not None else ""


def spread(summary: Summary, *, label: bool = True) -> str:
    """Median and interval, with the interval's name unless it is given elsewhere; a share is written as a percentage."""
    percent = is_share(summary)
    middle, low, high = (
        f"{100 * v:.3g}" if percent else number(v) for v in (summary.median, summary.low, summary.high)
    )
    name = f"{interval_label(summary.prob)} " if label else ""
    return f"{middle}{' %' if percent else ''} ({name}{low} to {high}{' %' if percent else ''})"


def is_share(summary: Summary) -> bool:
    """Whether a quantity is a share of something, between 0 and 1."""
    name = summary.name.lower()
    other = ("minus", "difference", "slope", "log", "ratio", "odds", "excess")
    return "share" in name and not any(w in name for w in other) and summary.low >= 0 and summary.high <= 1


def years(pair: tuple[int, int]) -> str:
    """First and last year, or the one year."""
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}–{pair[1]}"
