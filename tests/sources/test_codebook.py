"""The codebook describes every column of every bundled table, and what it says of coverage is so."""

import re
from pathlib import Path

import pandas as pd
import pytest

from northroute.resources import resource
from northroute.sources import governance

TABLES = sorted(path.name for path in resource("data/reference/cpi.csv").parent.glob("*.csv"))
ROOT = Path(__file__).resolve().parents[2]
CODEBOOK = ROOT / "data" / "README.md"

pytestmark = pytest.mark.skipif(not CODEBOOK.exists(), reason="the codebook is in the repository, not in the wheel")


def _text() -> str:
    return CODEBOOK.read_text(encoding="utf-8")


def _section(name: str) -> str:
    found = re.search(rf"^## {re.escape(name)}$(.*?)(?=^## |\Z)", _text(), re.MULTILINE | re.DOTALL)
    assert found, f"data/README.md has no section '## {name}'"
    return found.group(1)


def _rows(name: str) -> list[list[str]]:
    lines = [line for line in _section(name).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_table_has_its_section_and_no_section_is_stale() -> None:
    assert len(TABLES) == 10
    assert {f"{name}.csv" for name in governance.NAMES} < set(TABLES)
    assert sorted(re.findall(r"^## (\w+\.csv)$", _text(), re.MULTILINE)) == TABLES


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_described(name: str) -> None:
    rows = _rows(name)
    columns = list(pd.read_csv(resource(f"data/reference/{name}"), nrows=1).columns)
    assert [row[0].strip("`") for row in rows] == columns
    for column, meaning, unit, _direction in rows:
        assert len(meaning) > 3, column
        assert unit, column


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_coverage_source_and_licence(name: str) -> None:
    section = " ".join(_section(name).split())
    assert "Coverage: " in section
    if name == "adjacency.csv":
        assert "Source and licence: as `regions.csv`" in section
    else:
        assert re.search(r"Source: .*<https://[^>]+>.* Licence: \S", section)
    if name not in ("opium.csv", "adjacency.csv"):  # every other one came by way of a copy, named with its commit
        assert re.search(r"at commit [0-9a-f]{7}\b", section)


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
