"""The brief whose claims are tested, as the page cites it."""

from typing import Final

AUTHORS: Final = "Marat, E. and Botoeva, G."
YEAR: Final = 2022
TITLE: Final = "Drug Trafficking, Violence and Corruption in Central Asia"
SERIES: Final = "SOC ACE Research Briefing, University of Birmingham"
CITATION: Final = f"{AUTHORS} ({YEAR}), {TITLE}, {SERIES}"
