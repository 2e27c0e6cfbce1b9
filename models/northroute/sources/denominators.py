"""Populations that official figures imply: density times area, and the people behind two rates.

The statistics agencies of Uzbekistan and Kyrgyzstan publish no regional population in the files at hand, but figures
that were divided by it, with enough decimals to find it again to the person.
"""

from collections.abc import Mapping
from itertools import product
from math import prod
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from northroute.errors import DataError

UZ_AREA_KM2: Final[Mapping[str, int]] = {
    "UZ-AN": 4300,
    "UZ-BU": 40220,
    "UZ-FA": 6760,
    "UZ-JI": 21210,
    "UZ-NG": 7440,
    "UZ-NW": 111090,
    "UZ-QA": 28570,
    "UZ-QR": 166590,
    "UZ-SA": 16770,
    "UZ-SI": 4280,
    "UZ-SU": 20100,
    "UZ-TK": 334,
    "UZ-TO": 15250,
    "UZ-XO": 6050,
}
"""Areas by which the agency divided until 2020: those that turn its densities of 2020 into whole numbers of persons."""
UZ_AREA_2023_KM2: Final[Mapping[str, int]] = {**UZ_AREA_KM2, "UZ-NW": 111100, "UZ-TK": 448, "UZ-TO": 15140}
"""Likewise in 2023: Tashkent had grown, mostly at the cost of Tashkent region."""
UZ_MOVED: Final = ("UZ-TK", "UZ-TO")
UZ_UNKNOWN_AREA: Final = (2021, 2022)
"""Years in which the areas of :data:`UZ_MOVED` changed and are not known."""

_EXACT: Final = 0.1
"""Persons by which a density with six decimals may miss a whole number."""
_ROUND: Final = 100
"""Persons in which the agency gives a region, but for Tashkent: single persons."""
_LOW, _HIGH = 0.85, 1.25
_HALF_DIGIT: Final = 0.55e-6
"""Rounding of a rate that is given to six decimals, with a margin."""
_PER: Final = 1e5
_MOST_WAYS: Final = 1_000_000


def from_density(density: pd.DataFrame, file: Path) -> pd.DataFrame:
    """Multiply Uzbek densities by the agency's areas.

    Parameters
    ----------
    density : pandas.DataFrame
        Persons per km², 14 regions by year, 2020 and 2023 with all decimals.
    file : Path
        Named in errors.

    Returns
    -------
    pandas.DataFrame
        Persons, regions by year. The two regions whose area changed are interpolated in 2021 and 2022, geometrically
        between 2020 and 2023.

    Raises
    ------
    DataError
        If a density of 2020 or 2023 times its area is not whole hundreds of persons (Tashkent: whole persons): then the
        density is altered, or the area is no longer the one that the agency divided by.
    """
    before, after = pd.Series(UZ_AREA_KM2, dtype=float), pd.Series(UZ_AREA_2023_KM2, dtype=float)
    unit = pd.Series({region: 1.0 if region == "UZ-TK" else _ROUND for region in before.index})
    for year, area in ((2020, before), (2023, after)):
        people = density[year] * area
        off = ((people / unit).round() * unit - people).abs()
        if (off > _EXACT).any() or off.isna().any():
            region = str(off.fillna(np.inf).idxmax())
            what = (
                f"density of {year} times {area[region]:g} km² is {people[region]:.1f}, no multiple of {unit[region]:g}"
            )
            remedy = "Restore the file, or find the area anew (northroute.sources.denominators)."
            raise DataError(what, file=file, row=region, column="density", remedy=remedy)
    areas = pd.DataFrame({int(year): before if int(year) < 2022 else after for year in density.columns})
    persons = density * areas
    moved = list(UZ_MOVED)
    for year in UZ_UNKNOWN_AREA:
        share = (year - 2020) / 3
        persons.loc[moved, year] = persons.loc[moved, 2020] ** (1 - share) * persons.loc[moved, 2023] ** share
    return persons.round()


def from_rates(
    first: "pd.Series[float]", second: "pd.Series[float]", near: "pd.Series[float]", whole: str
) -> "pd.Series[float]":
    """Find the populations of which two rates per 100,000, given to six decimals, are whole numbers of cases.

    ``first = 100,000 a / N`` and ``second = 100,000 b / N`` with whole ``a`` and ``b`` leave few values of ``N`` near the
    size that is known roughly; that the regions add up to the country leaves one.

    Parameters
    ----------
    first, second : pandas.Series
        Rates by region, the country among them. ``first`` is positive everywhere.
    near : pandas.Series
        Rough populations by region, without the country: from 85 to 125 % of them is searched.
    whole : str
        Index of the country, whose rates are both positive.

    Returns
    -------
    pandas.Series
        Persons by region, the country among them.

    Raises
    ------
    DataError
        If no population or more than one fits.
    """
    rough = pd.concat([near, pd.Series({whole: near.sum()})])
    fitting = {str(i): _fitting(float(first[i]), float(second[i]), float(rough[i])) for i in rough.index}
    totals, names = fitting.pop(whole), list(fitting)
    ways = prod(len(values) for values in fitting.values())
    found = []
    if 0 < ways <= _MOST_WAYS:
        for values in product(*fitting.values()):
            found += [(values, total) for total in totals if abs(sum(values) - total) <= len(names)]
    if len(found) != 1:
        what = f"{len(found)} populations fit the two rates" if ways else "no population fits the two rates of a region"
        lacking = ", ".join(name for name, values in fitting.items() if not values)
        raise DataError(what, file="rates per 100,000", row=lacking or None, remedy="Restore the file of the rates.")
    values, total = found[0]
    return pd.Series({**dict(zip(names, values, strict=True)), whole: total})


def _fitting(first: float, second: float, rough: float) -> list[float]:
    low, high = _LOW * rough, _HIGH * rough
    cases = np.arange(np.floor(low * first / _PER), np.ceil(high * first / _PER) + 1)
    people = _PER * cases / first
    others = second * people / _PER
    slack = people / _PER * _HALF_DIGIT * (1 + second / first)
    fits = (people >= low) & (people <= high) & (np.abs(others - np.round(others)) <= slack)
    return [float(n) for n in np.round(people[fits])]
