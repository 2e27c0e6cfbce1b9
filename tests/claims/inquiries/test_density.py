"""Density of people and violence: frames, the identity of the two coefficients, and worlds in which the answer is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from northroute.claims.inquiries import density as asked
from northroute.claims.inquiry import REFERENCE, Reader, Side, held
from northroute.errors import DataError
from tests.claims.inquiries.trials import fit, read, register, simulated, stated, tables

FUNCTIONS = tuple(asked.INQUIRIES)
SIDES: tuple[Side, ...] = ("true", "threshold", "false")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_specifications_are_the_registered_ones(function: str) -> None:
    labels = list(stated(asked.INQUIRIES, function))
    assert labels[0] == REFERENCE
    assert sorted(labels[1:]) == sorted(register().asked(function)[1].variants)


def test_what_is_counted() -> None:
    frame = stated(asked.INQUIRIES, "density.violence")[REFERENCE].job.frame
    rows = frame.groupby("series").agg(n=("count", "size"), total=("count", "sum"))
    assert list(rows.loc[asked.KZ_VIOLENCE]) == [17, 5290]
    assert list(rows.loc[asked.KZ_STATE]) == [17, 246]
    assert list(rows.loc[asked.KZ_NO_ROBBERY]) == [17, 5290 - 2384]
    # victims of 2014 to 2022 by region; the country's own figures add up to 2070, each within 1 of its regions
    assert list(rows.loc[asked.KG]) == [81, 2067]
    crime = stated(asked.INQUIRIES, "density.all_crime")["2019-2022"].job.frame
    assert len(crime) == 14 * 4
    later = stated(asked.INQUIRIES, "density.violence")["homicide from 2015, without 2020"].job.frame
    assert sorted(later.loc[later["series"] == asked.KG, "year"].unique()) == [
        *("2015", "2016", "2017", "2018", "2019", "2021", "2022")
    ]


def test_cities_of_a_regions_rank_are_left_out() -> None:
    frame = stated(asked.INQUIRIES, "density.violence")["without cities of a region's rank"].job.frame
    assert not {"KZ-AST", "KZ-ALA", "KZ-SHY", "KG-GB", "KG-GO"} & set(frame["region"])
    assert frame["region"].nunique() == 14 + 7
    assert "UZ-TK" not in set(stated(asked.INQUIRIES, "density.all_crime")["without Tashkent city"].job.frame["region"])


def test_density_is_people_by_area() -> None:
    frame = asked.kyrgyz(tables(), [2015])
    bishkek = frame[frame["region"] == "KG-GB"]
    np.testing.assert_allclose(np.exp(bishkek["log_density"]), 1063995 / 193)
    assert list(bishkek["count"]) == [67]
    uz = asked.uzbek(tables(), [2015, 2016])
    andijan = uz[uz["region"] == "UZ-AN"]
    np.testing.assert_allclose(np.exp(andijan["log_density"]), np.sqrt(664.5 * 676.9))
    assert list(andijan["count"]) == [5640, 5678]
    assert list(andijan["population"]) == [2857350, 2910670]


def test_densities_are_standardised_within_a_series_over_its_regions() -> None:
    frame = stated(asked.INQUIRIES, "density.violence")[REFERENCE].job.frame
    for _, rows in frame.groupby("series"):
        one = rows.drop_duplicates("region")["density"]
        assert one.mean() == pytest.approx(0, abs=1e-12)
        assert one.std(ddof=0) == pytest.approx(1)


def test_the_population_slope_is_least_squares() -> None:
    rows = [("s", r, str(y), 1.0, p * (1 + 0.01 * (y - 2015)), d) for r, p, d in PLACES for y in (2014, 2015, 2016)]
    frame = pd.DataFrame(rows, columns=["series", "region", "year", "count", "population", "log_density"])
    x, y = np.array([d for _, _, d in PLACES]), np.log([p for _, p, _ in PLACES])
    assert asked.population_slope(frame, "s") == pytest.approx(np.polyfit(x, y, 1)[0])


PLACES = (("a", 2e5, 1.0), ("b", 5e5, 2.0), ("c", 3e5, 4.0))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_worlds_are_told_apart(function: str) -> None:
    probability = {side: read(asked.INQUIRIES, function, side, 800)[0] for side in SIDES}
    assert probability["true"] > 0.95
    assert 0.02 < probability["threshold"] < 0.98
    assert probability["false"] < 0.05


def test_the_coefficients_differ_by_the_population_slope_alone() -> None:
    reference, job = simulated(asked.INQUIRIES, "density.all_crime", "true")
    reader = Reader(fit(job, 800))
    values = reference.read(reader, job)
    b, both = (v.draws for v in values.values())
    np.testing.assert_allclose(both - b, asked.population_slope(job.frame, asked.UZ))
    # without an offset, least squares on the log of the counts themselves
    own = stated(asked.INQUIRIES, "density.all_crime")["coefficient of the regions themselves"]
    mine = own.read(reader, job)
    counts = np.log(job.frame["count"]).groupby(job.frame["region"]).mean()
    x = job.frame.groupby("region")["log_density"].first()
    by_hand = np.polyfit(x, counts, 1)[0]
    assert np.median(list(mine.values())[1].draws) == pytest.approx(by_hand, abs=0.01)
    assert mine[next(iter(mine))].draws.std() < b.std()
    assert held(mine) > 0.95


def test_a_year_that_is_missing_is_named() -> None:
    frame = tables()["kg_regions"].frame
    gone = (frame["region"] == "KG-T") & (frame["year"] == 2016) & (frame["series"] == "homicide_victims")
    table = replace(tables()["kg_regions"], frame=frame[~gone])
    with pytest.raises(DataError, match=r"row KG-T.*homicide_victims of 2016 is missing"):
        asked.kyrgyz({**tables(), "kg_regions": table})
    with pytest.raises(DataError, match="homicide_victims of 2010 is missing"):
        asked.kyrgyz(tables(), [2010])
    with pytest.raises(DataError, match="registered_crimes of 2023 is missing"):
        asked.uzbek(tables(), [2022, 2023])
    people = tables()["region_population"].frame
    short = replace(tables()["region_population"], frame=people[people["region"] != "UZ-SI"])
    with pytest.raises(DataError, match=r"row UZ-SI.*population of 2015 is missing"):
        asked.uzbek({**tables(), "region_population": short})
