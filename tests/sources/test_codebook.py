"""The codebook describes every column of every bundled table, and what it says of coverage is so."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from northroute.resources import resource
from northroute.sources import bundled, governance, licences, regions

FOLDER = resource("data/reference/cpi.csv").parent
FILES = sorted(path.name for path in FOLDER.iterdir())
TABLES = [name for name in FILES if name.endswith(".csv")]
LARGEST_IN_ALL = 2_500_000
ROOT = Path(__file__).resolve().parents[2]
CODEBOOK = ROOT / "data" / "README.md"

pytestmark = pytest.mark.skipif(not CODEBOOK.exists(), reason="the codebook is in the repository, not in the wheel")


def _text() -> str:
    return CODEBOOK.read_text(encoding="utf-8")


def _section(name: str) -> str:
    found = re.search(rf"^## {re.escape(name)}$(.*?)(?=^## |\Z)", _text(), re.MULTILINE | re.DOTALL)
    assert found, f"data/README.md has no section '## {name}'"
    return found.group(1)


def _columns(name: str) -> list[str]:
    if name.endswith(".csv"):
        return list(pd.read_csv(FOLDER / name, nrows=1).columns)
    features = json.loads((FOLDER / name).read_text(encoding="utf-8"))["features"]
    return sorted({key for feature in features for key in feature["properties"]})


def _rows(name: str) -> list[list[str]]:
    lines = [line for line in _section(name).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_table_has_its_section_and_no_section_is_stale() -> None:
    assert {f"{name}.csv" for name in governance.NAMES} | set(bundled.BUNDLE) < set(FILES)
    assert sorted(re.findall(r"^## (\w+\.(?:csv|geojson))$", _text(), re.MULTILINE)) == FILES


@pytest.mark.parametrize("name", FILES)
def test_every_column_is_described(name: str) -> None:
    rows = _rows(name)
    assert [row[0].strip("`") for row in rows] == _columns(name)
    for column, meaning, unit, *_ in rows:
        assert len(meaning) > 3, column
        assert unit, column


@pytest.mark.parametrize("name", FILES)
def test_every_table_has_coverage_source_and_licence(name: str) -> None:
    section = " ".join(_section(name).split())
    assert "Coverage: " in section
    if name == "adjacency.csv":
        assert "Source and licence: as `regions.csv`" in section
    else:
        assert re.search(r"Source: .*<https://[^>]+>.* Licence: \S", section)
    # every other one came by way of a copy, named with its commit (the outlines: a package with its version)
    if name not in ("opium.csv", "adjacency.csv", "shocks.csv", "boundaries.geojson"):
        assert re.search(r"at commit [0-9a-f]{7}\b", section)
    if name in set(bundled.BUNDLE) - {"vdem.csv"}:
        assert re.search(r"[Nn]ot compared with the publisher", section)


@pytest.mark.parametrize("name", TABLES)
def test_stated_coverage_is_so(name: str) -> None:
    frame = pd.read_csv(resource(f"data/reference/{name}"))
    section = _section(name)
    assert re.search(rf"\b{len(frame)} (rows|pairs)", section)
    if "year" in frame:
        assert f"Coverage: {frame['year'].min()}–{frame['year'].max()}," in section
        if "no gaps" in section:
            span = frame["year"].max() - frame["year"].min() + 1
            assert (frame.groupby("iso3")["year"].nunique() == span).all()


@pytest.mark.parametrize(
    ("name", "column", "direction"),
    [
        ("cpi.csv", "score", "higher = cleaner"),
        ("wgi.csv", "estimate", "higher = better governed (for `cc`, cleaner)"),
        ("vdem.csv", "corruption", "higher = more corrupt"),
        ("vdem.csv", "executive_corruption", "higher = more corrupt"),
        ("vdem.csv", "public_sector_corruption", "higher = more corrupt"),
    ],
)
def test_directions_are_stated(name: str, column: str, direction: str) -> None:
    """The same directions that test_governance finds in the figures."""
    assert {row[0].strip("`"): row[3] for row in _rows(name)}[column] == direction


def test_recalled_figures_are_counted_right() -> None:
    opium = governance.load("opium").frame
    recalled = (opium[["cultivation_status", "production_status"]] == "recalled").sum().sum()
    assert f"`recalled` ({recalled} of {2 * len(opium)})" in _text()


def test_statuses_of_populations_are_counted_right() -> None:
    section = " ".join(_section("region_population.csv").split())
    for status, count in pd.read_csv(FOLDER / "region_population.csv")["status"].value_counts().items():
        assert f"`{status}` {count}" in section, status
    recalled = regions.load("first-level").frame["iso3"].isin(["TJK", "TKM"]).sum()
    assert f"`recalled` {recalled} (TJK, TKM" in section
    assert f"populations of Tajikistan and Turkmenistan ({recalled})" in _text()


@pytest.mark.parametrize("name", FILES)
def test_a_table_is_small(name: str) -> None:
    assert (FOLDER / name).stat().st_size < bundled.LARGEST


def test_all_tables_together_are_small() -> None:
    assert sum((FOLDER / name).stat().st_size for name in FILES) < LARGEST_IN_ALL


@pytest.mark.parametrize("name", FILES)
def test_a_notice_that_a_licence_asks_for_is_there(name: str) -> None:
    notice = licences.licence_of(name)
    if notice is None:
        assert "licences/" not in _section(name)
        return
    assert name in notice.read_text(encoding="utf-8")
    assert f"licences/{notice.name}" in _section(name)


def test_no_notice_is_without_its_table() -> None:
    assert {path.name for path in (FOLDER.parent / "licences").iterdir()} == set(licences.NOTICES.values())
    assert set(licences.NOTICES) <= set(FILES)


def test_stated_seizure_years_are_so() -> None:
    seizures = governance.load("seizures").frame
    section = " ".join(_section("seizures.csv").split())
    for iso3, years in seizures.groupby("iso3")["year"]:
        stated = "all six years" if years.nunique() == 6 else ", ".join(str(y) for y in sorted(set(years)))
        assert f"{iso3} {stated}" in section


def test_homicide_providers_are_one_measurement() -> None:
    rates = governance.load("homicide").frame
    wide = rates.pivot(index=["iso3", "year"], columns="provider", values="rate_per_100k")
    both = wide.dropna()
    assert (both["owid_unodc"] == both["world_bank"]).all()
    assert set(wide[wide.isna().any(axis=1)].index.get_level_values("iso3")) == {"KGZ"}


def test_nothing_of_this_machine_is_in_it() -> None:
    assert not re.search(r"(?<![\w.<:/])/(home|work|tmp|root|Users|mnt)/", _text())
