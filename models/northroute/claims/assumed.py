"""Numbers that the estimands on indicators assume: part of what the lock holds (:mod:`northroute.claims.lock`)."""

from dataclasses import asdict, dataclass
from math import log
from typing import Any, Final

from northroute.bayes import Prior

SEIZURE_CV: Final = 2.0
"""Coefficient of variation of the weight of one reported seizure; a few large ones make up most of a total."""
INDEX_SD: Final = 0.05
"""Measurement standard deviation of a V-Dem index on 0..1; the bundled table has no published one."""
OPIUM_PER_HEROIN: Final = Prior(
    "normal", 0.15, "log kg of opium for one kg of pure heroin: 18.5 within a third", log(18.5)
)


@dataclass(frozen=True)
class Conversion:
    """Priors from opium to heroin, each with its reason."""

    converted: tuple[float, float] = (16.0, 4.0)
    """Beta prior of the share of opium turned into morphine or heroin: mean 0.80, sd 0.09; the rest is used as opium."""
    per_kilogram: Prior = OPIUM_PER_HEROIN
    purity: tuple[float, float] = (0.5, 1.0)
    """Uniform prior of the purity in which the transit tonnage is expressed, from wholesale quality to pure."""
    production_error: float = 0.10
    """Relative standard error of a survey's production figure."""


def told() -> dict[str, Any]:
    """Return every assumed number by name, as plain values."""
    return {"seizure_cv": SEIZURE_CV, "index_sd": INDEX_SD, "opium to heroin": asdict(Conversion())}
