"""What the four constructs of the brief are measured by, and a rate of a measure in a place."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from northroute.claims.register import Grade

Construct = Literal["interdiction", "state violence", "criminal violence", "corruption"]
CONSTRUCTS: Final[tuple[Construct, ...]] = ("interdiction", "state violence", "criminal violence", "corruption")
PER_INHABITANTS: Final = "per 100,000 inhabitants and year"
PER_ARTICLES: Final = "per 100 articles"


@dataclass(frozen=True)
class Measure:
    """What is measured, of what kind and grade.

    Attributes
    ----------
    construct : str
        One of :data:`CONSTRUCTS`.
    words : str
    kind : str
        A key of the register's kinds of data.
    grade : {"A", "B", "C"}
    unit : str
    log : bool
        Whether equal ratios are equal steps; false for indices.
    """

    construct: Construct
    words: str
    kind: str
    grade: Grade
    unit: str
    log: bool = True


_IN, _STATE, _CRIME, _CORRUPT = CONSTRUCTS
OPIATES: Final = Measure(_IN, "heroin and opium seized, typical year", "A", "A", "kg per million inhabitants and year")
OTHERS: Final = Measure(_IN, "other drugs seized, typical year", "A", "A", "kg per million inhabitants and year")
SINGLE: Final = Measure(
    _IN, "single seizures reported, cannabis apart", "S", "A", "per 100,000 inhabitants and reporting year"
)
DRUG_ARTICLES: Final = Measure(
    _IN, "articles on transnational crime with Russia or China (weak stand-in for drugs)", "M", "C", PER_ARTICLES
)
DRUG_OFFENCES: Final = Measure(_IN, "registered drug offences", "O", "A", PER_INHABITANTS)
DRUG_SALE: Final = Measure(_IN, "registered drug sale (297)", "O", "A", PER_INHABITANTS)
COERCION: Final = Measure(_STATE, "articles on state coercion", "M", "B", PER_ARTICLES)
COMPLAINTS: Final = Measure(
    _STATE, "registered complaints of torture and exceeding power (146, 362)", "O", "C", PER_INHABITANTS
)
CRIMINAL_ARTICLES: Final = Measure(_CRIME, "articles on criminal violence", "M", "B", PER_ARTICLES)
HOMICIDE: Final = Measure(_CRIME, "intentional homicide, all motives", "I", "B", PER_INHABITANTS)
VIOLENT: Final = Measure(_CRIME, "registered violent offences (99, 106, 125, 191, 192, 194)", "O", "A", PER_INHABITANTS)
VICTIMS: Final = Measure(_CRIME, "homicide victims, all motives", "O", "B", PER_INHABITANTS)
ALL_CRIME: Final = Measure(_CRIME, "all registered crime, violent or not", "O", "C", PER_INHABITANTS)
EXECUTIVE: Final = Measure(
    _CORRUPT, "executive corruption (V-Dem; higher = worse)", "I", "B", "index from 0 to 1", log=False
)
EMBEDDED: Final = Measure(
    _CORRUPT, "state-embedded actors (organised crime index; higher = worse)", "I", "B", "score from 1 to 10", log=False
)
CORRUPTION_ARTICLES: Final = Measure(_CORRUPT, "articles on corruption", "M", "B", PER_ARTICLES)
CORRUPTION_OFFENCES: Final = Measure(
    _CORRUPT, "registered corruption offences (shows prosecution as much as corruption)", "O", "B", PER_INHABITANTS
)
PERCEPTION: Final = Measure(
    _CORRUPT, "corruption perception of residents (higher = better)", "O", "B", "index from -100 to 100", log=False
)


@dataclass(frozen=True)
class Rate:
    """A posterior rate of one measure in one place; not a number where nothing is reported.

    Attributes
    ----------
    place, name : str
        Country or region, its code and its name.
    country : str
    measure : Measure
    years : (int, int)
        First and last year; (0, 0) where nothing is reported.
    median, low, high : float
        Of the posterior, with the project's interval.
    source : str
        The fit, or the index and its assumed error.
    note : str
        Why there is no number, or what to know of it.
    """

    place: str
    name: str
    country: str
    measure: Measure
    years: tuple[int, int] = (0, 0)
    median: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    source: str = ""
    note: str = ""

    @property
    def reported(self) -> bool:
        """Whether there is a number."""
        return bool(np.isfinite(self.median))
