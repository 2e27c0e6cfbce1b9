"""Populations found again from figures that were divided by them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.errors import DataError
from northroute.sources import denominators
from northroute.sources.denominators import UZ_AREA_2023_KM2, UZ_AREA_KM2

WHERE = Path("densities.csv")


def _densities(people: float = 1_000_000.0) -> pd.DataFrame:
    before, after = pd.Series(UZ_AREA_KM2), pd.Series(UZ_AREA_2023_KM2)
    table = {year: people / (before if year < 2022 else after) for year in (2019, 2021, 2022)}
    table |= {2020: people / before, 2023: 1.21 * people / after}
    return pd.DataFrame(table)[[2019, 2020, 2021, 2022, 2023]]


def test_density_times_area_gives_the_people_back() -> None:
    people = denominators.from_density(_densities(), WHERE)
    fixed = people.drop(list(denominators.UZ_MOVED))
    assert (fixed[[2019, 2020, 2021, 2022]] == 1_000_000).all(axis=None)
    assert (people[2023] == 1_210_000).all()
    # between 2020 and 2023 geometrically: a third and two thirds of the way
    moved = people.loc["UZ-TK"]
    assert moved[2021] == round(1e6 * 1.21 ** (1 / 3))
    assert moved[2022] == round(1e6 * 1.21 ** (2 / 3))


def test_a_density_that_does_not_fit_the_area_is_refused() -> None:
    table = _densities()
    table[2020] = table[2020].where(table.index != "UZ-SA", table[2020] * 1.00001)
    with pytest.raises(DataError, match="no multiple of 100") as caught:
        denominators.from_density(table, WHERE)
    assert (caught.value.file, caught.value.row, caught.value.column) == (str(WHERE), "UZ-SA", "density")


def _rates(people: list[int], cases: list[int]) -> "pd.Series[float]":
    where = ["A", "B", "C"]
    rates = pd.Series(cases, index=where) / pd.Series(people, index=where) * 1e5
    rates["ALL"] = sum(cases) / sum(people) * 1e5
    return rates.round(6)


def test_the_people_behind_two_rates_are_found_to_the_person() -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        people = [int(n) for n in rng.integers(250_000, 1_400_000, 3)]
        first, second = (_rates(people, [int(n) for n in rng.integers(low, 10 * low, 3)]) for low in (25, 5))
        near = pd.Series(people, index=["A", "B", "C"]) * rng.uniform(0.92, 1.08, 3)
        found = denominators.from_rates(first, second, near, "ALL")
        assert (found - pd.Series([*people, sum(people)], index=["A", "B", "C", "ALL"])).abs().max() <= 1


def test_the_sum_decides_where_a_region_has_no_case() -> None:
    people = [542_806, 1_063_995, 290_881]
    first, second = _rates(people, [36, 255, 62]), _rates(people, [0, 42, 1])
    found = denominators.from_rates(first, second, pd.Series([537e3, 1054e3, 290e3], index=["A", "B", "C"]), "ALL")
    assert found[["A", "B", "C"]].tolist() == people


@pytest.mark.parametrize(("factor", "words"), [(1.00005, "no population fits"), (1.3, "fit")])
def test_an_altered_rate_is_refused(factor: float, words: str) -> None:
    people = [542_806, 1_063_995, 290_881]
    first, second = _rates(people, [36, 255, 62]), _rates(people, [2, 42, 1])
    first["B"] *= factor
    near = pd.Series([537e3, 1054e3, 290e3], index=["A", "B", "C"])
    with pytest.raises(DataError, match=words) as caught:
        denominators.from_rates(first.round(6), second, near, "ALL")
    assert "Restore" in caught.value.remedy
