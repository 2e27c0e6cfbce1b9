"""Kyrgyz regions by year: scales, sums and directions; a damaged table is refused."""

from pathlib import Path

import pandas as pd
import pytest

from northroute.errors import DataError
from northroute.resources import resource
from northroute.sheets import csv_text
from northroute.sources import kg_regions, regions
from tests.sources.synthetic import altered

FILE = kg_regions.FILE


def _line(start: str) -> int:
    lines = resource(f"data/reference/{FILE}").read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, start=1) if line.startswith(start))


def test_coverage() -> None:
    frame = kg_regions.load().frame
    places = regions.load("first-level").frame
    assert set(frame["region"]) == {"KG", *places["region"][places["iso3"] == "KGZ"]}
    homicide = kg_regions.wide("homicide_victims")
    assert homicide.shape == (9, 10)
    assert homicide.notna().all(axis=None)
    assert (homicide % 1 == 0).all(axis=None)
    assert [int(year) for year in kg_regions.wide("corruption_perception").columns] == list(range(2015, 2024))
    drugs = kg_regions.wide("new_drug_dependence_per_100k")
    gaps = {(region, int(year)) for year in drugs.columns for region in drugs.index[drugs[year].isna()]}
    assert gaps == {(region, year) for region, year, _ in kg_regions.UNPUBLISHED}


def test_figures_of_the_platform() -> None:
    frame = kg_regions.load().frame
    country = frame[(frame["region"] == "KG") & (frame["series"] == "homicide_victims")].set_index("year")["value"]
    assert country[2014] == 320
    assert country[2023] == 106
    perception = kg_regions.wide("corruption_perception")
    # higher is better: the capital is the worst of all, Batken among the best
    assert (perception.loc["KG-GB"] == perception.min()).sum() >= 8
    assert perception.T["KG-B"].between(34, 60).all()


def test_codes_are_those_of_the_regions() -> None:
    """The capital has most homicides but for Chuy around it, sparse Talas and Naryn fewest: no code is swapped."""
    mean = kg_regions.wide("homicide_victims").mean(axis=1).sort_values()
    assert set(mean.index[-2:]) == {"KG-C", "KG-GB"}
    assert set(mean.index[:2]) == {"KG-T", "KG-N"}


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "words", "remedy"),
    [
        (
            "KG-C,2014,homicide_victims,101.0",
            "KG-C,2014,homicide_victims,110.0",
            "KG,2014,homicide",
            "value",
            "homicide_victims of 2014: the regions add up to 329, the country has 320",
            "One value of that year is altered",
        ),
        (
            "KG,2015,corruption_perception,10.810627",
            "KG,2015,corruption_perception,70.810627",
            "KG,2015,corruption",
            "value",
            "outside its regions",
            "altered",
        ),
        (
            "KG,2015,corruption_perception,10.810627",
            "KG,2015,corruption_perception,108.10627",
            "KG,2015,corruption",
            "value",
            "corruption_perception is 108.106, outside -100 to 100",
            "rebuild",
        ),
        (
            "KG-C,2014,homicide_victims,101.0",
            "KG-C,2014,homicide_victims,101.5",
            "KG-C,2014,homicide",
            "value",
            "'101.5' homicide victims is not a whole number",
            "rebuild",
        ),
        (
            "KG-C,2014,homicide_victims,101.0",
            "KG-C,2014,homicide_victims,-99",
            "KG-C,2014,homicide",
            "value",
            "homicide_victims is -99, outside 0 to 1000",
            "rebuild",
        ),
        (
            "KG-C,2014,homicide_victims",
            "KG-X,2014,homicide_victims",
            "KG-C,2014,homicide",
            "region",
            "'KG-X' is not a region of Kyrgyzstan",
            "Use one of: KG, KG-B",
        ),
        (
            "KG-C,2014,homicide_victims",
            "KG-B,2014,homicide_victims",
            "KG-C,2014,homicide",
            "region, year, series",
            "already on line",
            "Keep one",
        ),
        (
            "KG-C,2014,homicide_victims",
            "KG-C,2014,homicides",
            "KG-C,2014,homicide",
            "series",
            "'homicides'",
            "Restore",
        ),
    ],
)
def test_an_altered_table_is_refused(
    tmp_path: Path, old: str, new: str, row: str, column: str, words: str, remedy: str
) -> None:
    path = altered(tmp_path, FILE, old, new)
    with pytest.raises(DataError) as caught:
        kg_regions.load(path)
    assert caught.value.file == str(path)
    assert (caught.value.row, caught.value.column) == (_line(row), column)
    assert words in caught.value.problem
    assert remedy in caught.value.remedy


def test_a_region_or_a_value_that_is_missing_is_named(tmp_path: Path) -> None:
    frame = kg_regions.load().frame
    path = tmp_path / FILE
    path.write_text(csv_text(frame[frame["region"] != "KG-T"]), encoding="utf-8")
    with pytest.raises(DataError, match="the region is missing") as caught:
        kg_regions.load(path)
    assert (caught.value.row, caught.value.column) == ("KG-T", "region")
    path.write_text(csv_text(frame.drop(index=frame.index[frame["region"] == "KG-T"][0])), encoding="utf-8")
    with pytest.raises(DataError, match="homicide_victims of 2014 is missing"):
        kg_regions.load(path)


@pytest.mark.data
def test_the_table_is_what_the_provider_s_file_gives(data_dir: Path) -> None:
    made = kg_regions.trim(data_dir)
    assert csv_text(made) == resource(f"data/reference/{FILE}").read_text(encoding="utf-8")
    pd.testing.assert_frame_equal(made, kg_regions.load().frame, check_dtype=False)
