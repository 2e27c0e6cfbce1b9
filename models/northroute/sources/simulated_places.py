"""How many people live in the regions of simulated worlds: rounded figures of 2020, which stay as they are.

The bundled population is mended as sources are found; a simulated world must not change with it, for what was calibrated and
recovered in it would then be of another world.
"""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from northroute.sources import regions
from northroute.sources.regions import Division

POPULATION: Final[Mapping[str, int]] = {
    "KZ-AKM": 736_700,
    "KZ-AKT": 881_700,
    "KZ-ALM": 2_055_700,
    "KZ-ATY": 645_300,
    "KZ-ZAP": 656_800,
    "KZ-ZHA": 1_130_100,
    "KZ-KAR": 1_376_900,
    "KZ-KUS": 868_500,
    "KZ-KZY": 803_500,
    "KZ-MAN": 698_800,
    "KZ-PAV": 752_200,
    "KZ-SEV": 548_800,
    "KZ-YUZ": 2_016_000,
    "KZ-VOS": 1_369_600,
    "KZ-AST": 1_136_000,
    "KZ-ALA": 1_916_800,
    "KZ-SHY": 1_038_200,
    "KG-B": 537_400,
    "KG-GB": 1_053_900,
    "KG-C": 959_900,
    "KG-J": 1_238_800,
    "KG-N": 289_600,
    "KG-O": 1_368_100,
    "KG-GO": 312_500,
    "KG-T": 267_400,
    "KG-Y": 496_100,
    "TJ-DU": 863_400,
    "TJ-GB": 228_900,
    "TJ-KT": 3_348_300,
    "TJ-SU": 2_707_300,
    "TJ-RA": 2_165_900,
    "TM-A": 939_700,
    "TM-S": 871_500,
    "TM-B": 553_500,
    "TM-L": 1_334_500,
    "TM-M": 1_480_400,
    "TM-D": 1_370_400,
    "UZ-AN": 3_127_700,
    "UZ-BU": 1_923_900,
    "UZ-FA": 3_752_000,
    "UZ-JI": 1_382_100,
    "UZ-QR": 1_898_300,
    "UZ-QA": 3_280_400,
    "UZ-XO": 1_866_500,
    "UZ-NG": 2_810_800,
    "UZ-NW": 997_100,
    "UZ-SA": 3_877_400,
    "UZ-SI": 846_300,
    "UZ-SU": 2_629_100,
    "UZ-TO": 2_941_900,
    "UZ-TK": 2_571_700,
}
"""Inhabitants by first-level region."""


def places(division: Division) -> pd.DataFrame:
    """Return the regions of a division with the population and the density of simulated worlds."""
    own = regions.load(division).frame.reset_index(drop=True)
    first = regions.load("first-level").frame.set_index("region")
    home = first["panel_region"] if division == "constant" else first.index.to_series()
    people = pd.Series(POPULATION).groupby(home).sum().loc[own["region"]].to_numpy(float)
    return own.assign(population_2020=people, density=people / own["area_km2"].to_numpy(float))
