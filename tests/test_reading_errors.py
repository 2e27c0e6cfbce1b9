"""What a user sees for each kind of bad input: file, line, column and remedy, in one sentence and no traceback."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from northroute.cli import app
from northroute.errors import DataError
from northroute.sources import mlp, unodc
from tests.sources.synthetic import mlp_folder, mlp_row, mlp_whole, seizure, seizures

HEADER = ",".join(mlp_row("2015-01"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A sound folder of article counts: three months of Kazakhstan, two of the others."""
    return mlp_folder(tmp_path, [mlp_row(f"2015-{m:02}", arrest=7 + m, total=1000 + m) for m in (1, 2, 3)])


def _text(edit: Callable[[str], str]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        before = path.read_text(encoding="utf-8")
        after = edit(before)
        assert after != before
        path.write_text(after, encoding="utf-8")

    return damage


def _repeat_second_line(text: str) -> str:
    return text + text.splitlines()[1] + "\n"


def _latin1(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"Kazakhstan", "Kasachst\u00e4n".encode("latin-1"), 1))


# The damage, where it is (line, column), and words of the problem and of the remedy.
CASES: dict[str, tuple[Callable[[Path], None], int | None, str | None, tuple[str, ...]]] = {
    "truncated": (_text(lambda t: t[:-20]), 4, None, ("the header has 25", "cut off", "Restore the file")),
    "wrong column": (
        _text(lambda t: t.replace("legalaction", "legal_action", 1)),
        1,
        "legalaction",
        ("the column is missing", "Did you mean 'legal_action'?"),
    ),
    "duplicated key": (_text(_repeat_second_line), 5, "date", ("already on line 2", "Keep one of the two lines")),
    "repeated month": (
        _text(lambda t: t.replace("2015-03-01", "2015-02-01")),
        4,
        "date",
        ("2015-02-01", "already on line 3", "Keep one"),
    ),
    "negative count": (_text(lambda t: t.replace(",9,", ",-9,", 1)), 3, "arrest", ("'-9'", "mend the line")),
    "fractional count": (
        _text(lambda t: t.replace(",9,", ",9.5,", 1)),
        3,
        "arrest",
        ("'9.5' is not a whole number", "mend the line"),
    ),
    "NaN exposure": (
        _text(lambda t: t.replace("1003", "NaN")),
        4,
        "article_total",
        ("'NaN' is not a number", "mend the line"),
    ),
    "no exposure": (
        _text(lambda t: t.replace("1003", "")),
        4,
        "article_total",
        ("counts without an exposure", "leave the whole month out: it is then unobserved"),
    ),
    "empty file": (_text(lambda _: ""), None, None, ("the file is empty", "Restore")),
    "header only": (
        _text(lambda _: HEADER + "\n"),
        None,
        None,
        ("a header and no rows", "Restore the file"),
    ),
    "not UTF-8": (_latin1, None, None, ("not UTF-8 text", "at byte", "Restore the file")),
    "another country": (
        _text(lambda t: t.replace("Kazakhstan", "Mongolia")),
        2,
        "country",
        ("'Mongolia', not Kazakhstan", "Restore the file"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_reader_says_what_where_and_what_to_do(data: Path, case: str) -> None:
    damage, row, column, words = CASES[case]
    path = data / mlp.FOLDER / "Kazakhstan.csv"
    damage(path)
    with pytest.raises(DataError) as caught:
        mlp.load(data)
    assert (caught.value.file, caught.value.row, caught.value.column) == (str(path), row, column)
    message = str(caught.value)
    assert "Kazakhstan.csv" in message
    for part in words:
        assert part in message


@pytest.mark.parametrize("case", CASES)
def test_the_command_says_the_same_and_fails(data: Path, case: str) -> None:
    CASES[case][0](data / mlp.FOLDER / "Kazakhstan.csv")
    result = CliRunner().invoke(app, ["check", "--data", str(data)])
    assert result.exit_code == 1
    with pytest.raises(DataError) as caught:
        mlp.load(data)
    errors = [" ".join(line.split()) for line in result.output.splitlines() if line.startswith("Error")]
    assert " ".join(["Error", *str(caught.value).split()]) in errors
    assert "Traceback" not in result.output


def test_a_sound_folder_passes(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", "--data", str(mlp_whole(tmp_path))])
    assert result.exit_code == 0, result.output


def test_unknown_region(tmp_path: Path) -> None:
    records = [seizure("2012-01-01"), seizure("2012-01-02", region="KZ-ABA", iso3="KAZ")]  # Abai, made in June 2022
    with pytest.raises(DataError) as caught:
        unodc.load(seizures(tmp_path, records))
    assert (caught.value.row, caught.value.column) == (3, "region_iso")
    assert "'KZ-ABA' breaks the rule 'a known region'" in str(caught.value)
    assert unodc.FILE.rsplit("/", 1)[-1] in str(caught.value)
    assert "mend the line" in caught.value.remedy
