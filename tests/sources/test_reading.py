"""Strict CSV reading: what a sound file gives, and what each damaged one is told."""

from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northroute.errors import DataError
from northroute.sources.reading import line_of, read_csv

SCHEMA = pa.DataFrameSchema(
    {
        "place": pa.Column(str),
        "day": pa.Column("datetime64[us]"),
        "count": pa.Column("Int64", pa.Check.ge(0), nullable=True),
        "weight": pa.Column(float, pa.Check.gt(0)),
        "seen": pa.Column(bool),
    },
    unique=["place", "day"],
)
SOUND = "place,day,count,weight,seen\nOsh,2015-01-31,3,0.5,true\nOsh,2015-02-01,,2,0\n"


def _write(folder: Path, text: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_types_and_missing_cells(tmp_path: Path) -> None:
    frame = read_csv(_write(tmp_path, SOUND), SCHEMA)
    assert list(frame.columns) == ["place", "day", "count", "weight", "seen"]
    assert frame["day"].tolist() == [pd.Timestamp("2015-01-31"), pd.Timestamp("2015-02-01")]
    assert str(frame["count"].dtype) == "Int64"
    assert frame["count"].isna().tolist() == [False, True]  # empty is missing, not zero
    assert frame["weight"].tolist() == [0.5, 2.0]
    assert frame["seen"].tolist() == [True, False]
    assert frame.index.tolist() == [0, 1]


@pytest.mark.parametrize("form", ["windows line ends", "byte order mark", "no last line end", "columns turned round"])
def test_harmless_differences_change_nothing(tmp_path: Path, form: str) -> None:
    expected = read_csv(_write(tmp_path, SOUND), SCHEMA)
    turned = "\n".join(",".join(reversed(line.split(","))) for line in SOUND.splitlines())
    text = {
        "windows line ends": SOUND.replace("\n", "\r\n").encode(),
        "byte order mark": b"\xef\xbb\xbf" + SOUND.encode(),
        "no last line end": SOUND.rstrip("\n").encode(),
        "columns turned round": turned.encode(),
    }[form]
    pd.testing.assert_frame_equal(read_csv(_write(tmp_path, text), SCHEMA), expected)


def test_unknown_columns_are_dropped_only_where_allowed(tmp_path: Path) -> None:
    path = _write(tmp_path, "\n".join(line + ",x" for line in SOUND.splitlines()).replace("seen,x", "seen,note"))
    assert "note" not in read_csv(path, SCHEMA, extra=True).columns
    with pytest.raises(DataError, match="not known") as caught:
        read_csv(path, SCHEMA)
    assert (caught.value.row, caught.value.column) == (1, "note")
    assert "'place', 'day'" in caught.value.remedy


DAMAGE = {
    "empty": ("", None, None, "the file is empty"),
    "blank": ("\n  \n", None, None, "the file is empty"),
    "header only": ("place,day,count,weight,seen\n", None, None, "a header and no rows"),
    "cut in a line": (SOUND[:45], 2, None, "4 fields where the header has 5"),
    "cut in a quoted cell": (SOUND + '"Osh,2015', 4, None, "not valid CSV"),
    "stray comma": (SOUND.replace("3,0.5", "3,0,5"), 2, None, "6 fields where the header has 5"),
    "blank line": (SOUND + "\n", 4, None, "the line is blank"),
    "column twice": (SOUND.replace("weight", "count"), 1, None, "occur twice"),
    "column renamed": (SOUND.replace("weight", "weights"), 1, "weight", "Did you mean 'weights'"),
    "column gone": (SOUND.replace("weight", "q"), 1, "weight", "the column is missing"),
    "text for a number": (SOUND.replace("0.5", "half"), 2, "weight", "'half' is not a number"),
    "NaN for a number": (SOUND.replace("0.5", "NaN"), 2, "weight", "'NaN' is not a number"),
    "infinite": (SOUND.replace("0.5", "inf"), 2, "weight", "'inf' is not a number"),
    "fraction": (SOUND.replace(",3,", ",3.5,"), 2, "count", "'3.5' is not a whole number"),
    "negative": (SOUND.replace(",3,", ",-3,"), 2, "count", "'-3' breaks the rule"),
    "out of range": (SOUND.replace(",2,0", ",0,0"), 3, "weight", "'0.0' breaks the rule"),
    "date turned round": (SOUND.replace("2015-01-31", "31-01-2015"), 2, "day", "not a date like 2015-01-31"),
    "no such day": (SOUND.replace("2015-01-31", "2015-02-30"), 2, "day", "not a date"),
    "not true or false": (SOUND.replace("true", "perhaps"), 2, "seen", "'perhaps' is not one of"),
    "empty cell": (SOUND.replace("Osh,2015-02", ",2015-02"), 3, "place", "the cell is empty"),
    "key twice": (SOUND + "Osh,2015-01-31,9,1,0\n", 4, "place, day", "already on line 2"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damage_is_named_with_line_column_and_remedy(tmp_path: Path, case: str) -> None:
    text, row, column, words = DAMAGE[case]
    path = _write(tmp_path, text)
    with pytest.raises(DataError) as caught:
        read_csv(path, SCHEMA)
    error = caught.value
    assert words in str(error)
    assert (error.row, error.column, error.file) == (row, column, str(path))
    assert error.remedy.endswith(".")
    assert str(path) in str(error)
    assert row is None or f"line {row}" in str(error)


def test_not_utf8(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"not UTF-8 text .* at byte 43"):
        read_csv(_write(tmp_path, SOUND.replace("2015-01-31,3", "2015-01-31,é").encode("latin-1")), SCHEMA)


def test_absent(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.csv: there is no such file"):
        read_csv(tmp_path / "absent.csv", SCHEMA)


def test_many_bad_cells_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"Osh,2015-01-{d:02},x,1,1\n" for d in range(1, 11))
    with pytest.raises(DataError, match="and 9 more such"):
        read_csv(_write(tmp_path, f"place,day,count,weight,seen\n{rows}"), SCHEMA)


@given(counts=st.lists(st.integers(0, 10**12) | st.none(), min_size=1, max_size=30))
def test_whole_numbers_come_back_exactly(counts: list[int | None], tmp_path_factory: pytest.TempPathFactory) -> None:
    # two columns, so that an empty cell is not a blank line
    schema = pa.DataFrameSchema({"row": pa.Column(int), "n": pa.Column("Int64", pa.Check.ge(0), nullable=True)})
    lines = "".join(f"{i},{'' if n is None else n}\n" for i, n in enumerate(counts))
    frame = read_csv(_write(tmp_path_factory.getbasetemp(), f"row,n\n{lines}"), schema)
    assert [None if pd.isna(n) else int(n) for n in frame["n"]] == counts


QUOTED = 'place,day,count,weight,seen,note\nOsh,2015-01-31,3,0.5,1,"two\nlines"\nOsh,2015-02-01,1,0.5,1,"a\n\n\nb"\n'


@pytest.mark.parametrize(
    ("last", "column", "words"),
    [
        ("Osh,2015-03-01,-3,0.5,1,x", "count", "'-3'"),
        ("Osh,2015-03-01,3,much,1,x", "weight", "is not a number"),
        ("Osh,2015-03-01,3,,1,x", "weight", "the cell is empty"),
        ("Osh,2015-01-31,3,0.5,1,x", "place, day", "already on line 2"),
        ("Osh,2015-03-01,3,0.5,1", None, "5 fields where the header has 6"),
        ('Osh,2015-03-01,3,0.5,perhaps,"x\ny"', "seen", "'perhaps'"),
    ],
)
def test_lines_are_the_file_s_own_where_cells_hold_line_ends(
    tmp_path: Path, last: str, column: str | None, words: str
) -> None:
    path = _write(tmp_path, QUOTED + last + "\n")
    with pytest.raises(DataError, match=words) as caught:
        read_csv(path, SCHEMA, extra=True)
    assert (caught.value.row, caught.value.column) == (8, column)
    sound = _write(tmp_path, QUOTED + "Osh,2015-03-01,3,0.5,1,x\n")
    assert [line_of(sound, position) for position in range(3)] == [2, 4, 8]


def test_a_doubled_file_without_a_key_is_refused(tmp_path: Path) -> None:
    keyless = pa.DataFrameSchema({"a": pa.Column(str)})
    path = _write(tmp_path, "a,b\nx,1\nx,2\nx,1\nx,2\n")
    with pytest.raises(DataError, match=r"already on line 2, and 1 more such line\(s\)") as caught:
        read_csv(path, keyless, extra=True)
    assert caught.value.row == 4
    assert len(read_csv(path, keyless, extra=True, repeats=True)) == 4


@pytest.mark.parametrize("text", ["1_000", "0x1F", " 5", "\u0665", "1,5", "1e400", "True", "--1", "5."])
def test_only_plain_numbers_are_numbers(tmp_path: Path, text: str) -> None:
    path = _write(tmp_path, f'n\n"{text}"\n')
    number = pa.DataFrameSchema({"n": pa.Column(float)}, unique=["n"])
    if text == "5.":
        assert read_csv(path, number)["n"].tolist() == [5.0]
        return
    with pytest.raises(DataError, match="is not a number"):
        read_csv(path, number)
