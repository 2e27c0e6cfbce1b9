"""The one reader of YAML: what is refused, each in one line that names the file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from northroute.documents import DEEPEST, read_yaml
from northroute.errors import DataError
from northroute.resources import resource

ROOT = Path(__file__).resolve().parents[1]
FILES = ("data/codebook/constructs.yaml", "data/codebook/priors.yaml", "analysis/claims.yaml")
REFUSED: dict[str, tuple[str | bytes, int | None, str]] = {
    "not a number": ("a: 1\nb: .nan", 2, "not a finite number"),
    "infinite": ("a: [1, -.inf]", 1, "not a finite number"),
    "a name twice": ("a: 1\nb: 2\na: 3", 3, "the name 'a' is there twice"),
    "a name twice, deep": ("a: {b: 1, c: 2, b: 3}", 1, "the name 'b' is there twice"),
    "a list in itself": ("a: &x [*x]", 1, "an anchor or alias"),
    "aliases of aliases": ("a: &a [1, 1]\nb: [*a, *a]", 1, "an anchor or alias"),
    "merged": ("a: {b: 1}\n<<: {c: 2}", 2, "is no text"),
    "deep lists": ("[" * 100_000, 1, f"more than {DEEPEST} levels"),
    "deep mappings": ("a: " + "{b: " * 500 + "1" + "}" * 500, 1, f"more than {DEEPEST} levels"),
    "code": ("a: !!python/object/apply:os.system [ls]", 1, "a tag"),
    "bytes": ("a: !!binary aGk=", 1, "a tag"),
    "own tag": ("a: !mine 1", 1, "a tag"),
    "a date": ("a: 2015-01-01", 1, "as a date or time"),
    "no such date": ("a: 2015-13-45", 1, "as a date or time"),
    "minutes": ("a: 12:30", 1, "as a date or time"),
    "a number for a name": ("1: a", 1, "the name '1' is no text"),
    "yes for a name": ("yes: a", 1, "the name 'yes' is no text"),
    "a list for a name": ("? [1, 2]\n: 3", 1, "is no text"),
    "a tabulator": ("a:\n\tb: 1", 2, "not valid YAML"),
    "two documents": ("a: 1\n---\nb: 2", 2, "not valid YAML"),
    "unclosed": ("a: [1, 2", 1, "not valid YAML"),
    "many digits": ("a: " + "9" * 6000, None, "not valid YAML"),
    "a control character": ("a: \x01", None, "not valid YAML"),
    "not UTF-8": (b"a: \xff", None, "not UTF-8"),
    "large": ("a: " + "b" * 1_000_001, None, "bytes, where 1,000,000 are the most"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    content, line, words = REFUSED[case]
    path = tmp_path / "a.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as caught:
        read_yaml(path)
    assert (caught.value.file, caught.value.row) == (str(path), line)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(caught.value.problem) < 300


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    for name, words in (("gone", "no such file"), ("folder", "a folder"), ("link", "a link to nothing")):
        with pytest.raises(DataError, match=words):
            read_yaml(tmp_path / name)
    with pytest.raises(DataError, match="a pipe or device"):
        read_yaml(Path("/dev/zero"))


@pytest.mark.parametrize("name", FILES)
def test_own_files_are_read(name: str) -> None:
    assert isinstance(read_yaml(resource(name)), dict)


def test_no_other_module_reads_yaml() -> None:
    package = ROOT / "models" / "northroute"
    found = [p.name for p in package.rglob("*.py") if "import yaml" in p.read_text(encoding="utf-8")]
    assert found == ["documents.py"]


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_content_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    try:
        found = read_yaml(path)
    except DataError as refused:
        assert "\n" not in str(refused)
    else:
        assert found is None or isinstance(found, dict | list | str | int | float)
