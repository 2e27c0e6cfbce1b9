"""The project's constants: intervals, countries, window and verdict thresholds. Nothing else holds a second copy."""

from typing import Final

INTERVAL_PROB: Final = 0.89
INTERVAL_KIND: Final = "ETI"
"""Default interval: equal-tailed, 89 %. Kind and probability are printed with every interval."""

COUNTRIES: Final = {
    "KAZ": "Kazakhstan",
    "KGZ": "Kyrgyzstan",
    "TJK": "Tajikistan",
    "TKM": "Turkmenistan",
    "UZB": "Uzbekistan",
}
COMPARISON_COUNTRIES: Final = {"MEX": "Mexico", "COL": "Colombia", "AFG": "Afghanistan", "RUS": "Russian Federation"}

WINDOW: Final = ("2015-01", "2022-12")
"""First and last month of the brief's study window."""

SUPPORTED_AT: Final = 0.95
CONTRADICTED_AT: Final = 0.05
AGREEMENT_AT: Final = 0.80
"""The register's verdict rule: posterior probability, and share of specifications on the same side of 0.5."""

SIMULATED_MARK: Final = "SIMULATED"
DEFAULT_SEED: Final = 20221231


def interval_label(prob: float = INTERVAL_PROB, kind: str = INTERVAL_KIND) -> str:
    """Return the interval's name as tables print it, such as ``89 % ETI``."""
    return f"{prob * 100:g} % {kind}"
