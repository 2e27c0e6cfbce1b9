"""Every estimand by the name under which the register asks for it, and the check that the two agree."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from northroute.claims import article_counts, article_slopes, indicators, region_events
from northroute.claims import register as registers
from northroute.claims.estimate import Estimated
from northroute.claims.inquiries import (
    annual,
    annual_corruption,
    annual_trends,
    co_location,
    concealment,
    density,
    homicide,
    indices,
    offence_rates,
    offence_shares,
    placed_contrasts,
    placed_shares,
    transit,
)
from northroute.claims.inquiry import Inquiry, Tables
from northroute.claims.register import Register
from northroute.errors import RegisterError

INQUIRIES: Final[Mapping[str, Inquiry]] = {
    **offence_shares.INQUIRIES,
    **offence_rates.INQUIRIES,
    **co_location.INQUIRIES,
    **density.INQUIRIES,
    **homicide.INQUIRIES,
    **placed_shares.INQUIRIES,
    **placed_contrasts.INQUIRIES,
    **annual.INQUIRIES,
    **annual_corruption.INQUIRIES,
    **annual_trends.INQUIRIES,
    **transit.INQUIRIES,
    **concealment.INQUIRIES,
}
"""Estimands that fit models to tables."""

DIRECT: Final[Mapping[str, Callable[[Tables, Register, int], Estimated]]] = indices.DIRECT
"""Estimands without a fit, from tables, register and seed."""

FUNCTIONS: Final[tuple[str, ...]] = (
    *INQUIRIES,
    *DIRECT,
    *article_counts.RATE_CLAIMS,
    *article_slopes.SLOPE_CLAIMS,
    *indicators.FUNCTIONS,
    *region_events.ESTIMANDS,
)
"""Every name that a register may ask for."""


def load(path: Path | None = None, lock: Path | None = None) -> Register:
    """Read the register (:func:`northroute.claims.register.load`) and check that every question has its function.

    Raises
    ------
    RegisterError
        Also where an answer names no function of this version.
    """
    register = registers.load(path, lock)
    for question in register.questions:
        if question.function not in FUNCTIONS:
            raise RegisterError(
                f"{path or 'analysis/claims.yaml'}, {question.id}: no function '{question.function}' in this version. "
                f"There are {', '.join(sorted(FUNCTIONS))}."
            )
    return register
