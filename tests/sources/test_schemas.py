"""The code book's ranges: every column of every table has one, the prose states the same, and what is outside is refused."""

import csv
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northroute.errors import DataError
from northroute.resources import resource
from northroute.sources.reading import read_csv
from northroute.sources.schemas import FILE, book, range_of, schema

REFERENCE = resource("data/reference")
TABLES = sorted(p.stem for p in REFERENCE.glob("*.csv"))
NUMBERS = [line for line in book() if line["kind"] in ("whole", "number")]
README = Path(__file__).resolve().parents[2] / "data" / "README.md"


def test_every_column_of_every_bundled_table_is_in_the_code_book() -> None:
    for name in TABLES:
        header = list(pd.read_csv(REFERENCE / f"{name}.csv", nrows=1).columns)
        assert [line["column"] for line in book() if line["table"] == name] == header, name


@pytest.mark.parametrize("line", book(), ids=lambda line: f"{line['table']} {line['column']}")
def test_a_range_is_a_range_and_a_form_a_form(line: dict[str, str]) -> None:
    re.compile(line["form"])
    assert line["empty"] in ("0", "1")
    assert line["key"] in ("0", "1")
    if line["kind"] in ("whole", "number"):
        assert -1000 <= float(line["least"]) < float(line["most"]) <= 2e8
    elif line["kind"] in ("month", "day", "date"):
        assert pd.Timestamp("1990") <= pd.Timestamp(line["least"]) < pd.Timestamp(line["most"]) <= pd.Timestamp("2031")
    else:
        assert not line["least"] + line["most"]


@pytest.mark.skipif(not README.exists(), reason="the prose is in the repository, not in the wheel")
def test_the_prose_states_the_ranges() -> None:
    text = README.read_text(encoding="utf-8")
    for name in TABLES:
        section = text.split(f"## {name}.csv\n", 1)[1].split("\n## ", 1)[0]
        stated = {
            cells[0].strip("` "): cells[-1].strip()
            for cells in (row.strip().strip("|").split("|") for row in section.splitlines() if row.startswith("| `"))
        }
        for line in book():
            if line["table"] == name:
                assert stated[line["column"]] == range_of(line), (name, line["column"])


@given(st.data())
def test_a_number_outside_its_range_is_refused_and_one_inside_is_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    line = data.draw(st.sampled_from(NUMBERS))
    low, high = float(line["least"]), float(line["most"])
    inside = st.integers(int(low) + (low % 1 > 0), int(high))
    above = st.floats(min_value=high, exclude_min=True, allow_infinity=False)
    below = st.floats(max_value=low, exclude_max=True, allow_infinity=False)
    value = data.draw(inside | above | below)
    path = tmp_path_factory.getbasetemp() / "range.csv"
    path.write_text(f"{line['column']}\n{value!r}\n", encoding="utf-8")
    own = schema(line["table"])
    one = own.select_columns([line["column"]])
    one.unique = [line["column"]]
    sound = low <= value <= high and (line["kind"] == "number" or float(value).is_integer())
    if sound:
        assert float(read_csv(path, one)[line["column"]][0]) == value
    else:
        with pytest.raises(DataError) as caught:
            read_csv(path, one)
        assert (caught.value.row, caught.value.column) == (2, line["column"])


@pytest.mark.parametrize("kind", ["month", "day"])
@given(st.text("0123456789-", min_size=6, max_size=11) | st.dates().map(str) | st.dates().map(lambda d: str(d)[:7]))
def test_months_and_days_are_those_of_the_calendar(
    tmp_path_factory: pytest.TempPathFactory, kind: str, value: str
) -> None:
    column = {"month": "month", "day": "first_day"}[kind]
    one = schema("shocks").select_columns([column])
    one.unique = [column]
    path = tmp_path_factory.getbasetemp() / "dated.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([[column], [value]])
    form = {"month": r"\d{4}-\d{2}", "day": r"\d{4}-\d{2}-\d{2}"}[kind]
    if re.fullmatch(form, value) and "2010" <= value[:4] <= "2026":
        try:
            pd.Timestamp(value)
        except ValueError:
            pass
        else:
            assert read_csv(path, one)[column].tolist() == [value]
            return
    with pytest.raises(DataError):
        read_csv(path, one)


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(DataError, match="no table 'none'") as caught:
        schema("none")
    assert caught.value.file == FILE
