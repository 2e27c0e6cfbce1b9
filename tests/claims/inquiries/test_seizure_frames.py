"""Placed seizures by region: sums, exposures, and what is said of them."""

from dataclasses import replace

import pandas as pd
import pytest

from northroute.claims.inquiries import placed_rates, seizure_frames
from northroute.errors import ModelError
from northroute.sources import placed_seizures
from tests.claims.inquiries.seizure_trials import register, tables

PLACES = register().asked("placed_seizures.seizure_places")[1]


def test_sums_and_what_has_no_place() -> None:
    frame = seizure_frames.by_region(tables(), PLACES).set_index("region")
    assert len(frame) == 31
    assert frame["count"]["UZ-SU"] == 287
    assert frame["kg"]["KZ-ZHA"] == pytest.approx(333.93395)
    assert frame["unplaced"]["UZ-XO"] == 281
    assert frame["unplaced"]["KZ-ATY"] == 73
    assert (frame["years"]["KZ-ATY"], frame["years"]["UZ-XO"]) == (4, 6)
    opiates = seizure_frames.by_region(tables(), PLACES, seizure_frames.OPIATES).set_index("region")
    assert frame["count"].sum() - opiates["count"].sum() == 1  # poppy straw in Surkhandarya
    assert opiates["unplaced"]["UZ-XO"] == 102 + 168


def test_person_years_are_of_the_years_of_report_or_the_nearest_known() -> None:
    population = pd.DataFrame(
        {
            "region": ["KZ-YUZ", "KZ-YUZ", "KZ-SHY", "KZ-ATY", "KZ-ATY"],
            "year": [2012, 2017, 2017, 2011, 2013],
            "population": [3000, 2000, 1000, 500, 700],
        }
    )
    places = pd.DataFrame({"region": ["KZ-YUZ", "KZ-SHY", "KZ-ATY"], "iso3": "KAZ"})
    pairs = pd.DataFrame({"iso3": ["KAZ", "KAZ", "UZB"], "year": [2012, 2013, 2014]})
    found = seizure_frames.person_years(population, places, pairs)
    # Shymkent was inside Turkestan before 2017; of 2011 and 2013 the earlier stands for 2012
    assert found.to_dict() == {"KZ-YUZ": 4000, "KZ-SHY": 2000, "KZ-ATY": 1200}
    with pytest.raises(ModelError, match="No population of KZ-AKM"):
        seizure_frames.person_years(population, pd.DataFrame({"region": ["KZ-AKM"], "iso3": ["KAZ"]}), pairs)


def test_a_country_that_did_not_report_is_refused() -> None:
    with pytest.raises(ModelError, match=r"no reported seizure of \['TKM'\] in 2014-2016"):
        seizure_frames.by_region(tables(), replace(PLACES, countries=("KAZ", "TKM"), years=(2014, 2016)))


def test_a_region_that_is_not_in_the_table_is_refused() -> None:
    table = tables()["regions"]
    fewer = replace(table, frame=table.frame[table.frame["region"] != "UZ-SU"])
    with pytest.raises(ModelError, match=r"region table lacks: \['UZ-SU'\]"):
        seizure_frames.by_region({**tables(), "regions": fewer}, PLACES)


def test_mean_weights_and_their_errors_by_hand() -> None:
    frame = seizure_frames.by_region(tables(), PLACES)
    both = placed_rates.with_weights(frame, 2.0)
    weight = both[(both["measure"] == "weight") & (both["region"] == "KZ-AKT")].iloc[0]
    # one seizure of 0.74777 kg with a coefficient of variation of two: s^2 = log 5
    assert weight["weight_sd"] == pytest.approx(1.6094379**0.5)
    assert weight["value"] == pytest.approx(-0.2906598 + 1.6094379 / 2, abs=1e-6)
    assert both["value"][both["measure"] == "seizures"].sum() == frame["count"].sum()
    with pytest.raises(ModelError, match="Weighed seizures of KZ-AKT weigh nothing"):
        placed_rates.with_weights(frame.assign(kg=frame["kg"].mask(frame["region"] == "KZ-AKT", 0.0)), 2.0)


def test_words_say_how_many_have_no_place() -> None:
    text = seizure_frames.words(seizure_frames.by_region(tables(), PLACES))
    assert text.endswith(
        "862 seizures placed in 31 regions and 354 of their countries without a place; reporting years: KAZ 4, UZB 6"
    )


def test_every_reporting_year_is_counted() -> None:
    pairs = placed_seizures.reporting(tables()["placed_seizures"].frame)
    assert pairs.groupby("iso3").size().to_dict() == {"KAZ": 4, "KGZ": 2, "TJK": 3, "TKM": 1, "UZB": 6}
