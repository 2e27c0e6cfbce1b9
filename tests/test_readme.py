"""The README: every snippet runs as it stands, its verbs exist, and its findings are those of the committed reference."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from northroute.cli import app
from northroute.report import readme

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
REFERENCE = ROOT / "reports" / "reference" / "claims.json"
SNIPPETS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=[s.splitlines()[0] for s in SNIPPETS])
def test_every_snippet_runs_as_it_stands(snippet: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(snippet, str(README), "exec"), names)
    if "fit" in names:
        assert names["fit"].gate.passed, names["fit"].gate.failures
    else:
        assert names["answer"].word == "supported"


def test_make_targets_and_verbs_exist() -> None:
    text, makefile = README.read_text(encoding="utf-8"), (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make ([a-z-]+)", text)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    command = get_command(app)
    known: dict[str, Any] = vars(command)["commands"]
    for line in re.findall(r"^\| .* \| (`.*`) \|", text, re.MULTILINE):
        for verb in re.findall(r"`([a-z ]+)[A-Z]*`", line):
            first, *rest = verb.split()
            assert first in known, verb
            if rest and hasattr(known[first], "commands"):
                assert rest[0] in known[first].commands, verb


def test_the_findings_are_those_of_the_reference() -> None:
    found = json.loads(REFERENCE.read_text(encoding="utf-8"))
    text = README.read_text(encoding="utf-8")
    assert readme.put(text, found, README) == text


def test_a_readme_without_a_place_is_refused() -> None:
    from northroute.errors import DataError

    with pytest.raises(DataError, match="no place for the findings"):
        readme.put("nothing", {"findings": [], "claims": []}, README)


def test_files_that_it_names_are_there() -> None:
    text = README.read_text(encoding="utf-8")
    for path in set(re.findall(r"`((?:analysis|data|models|reports)/[\w./]*\w)`", text)) - {"reports/build/index.html"}:
        assert (ROOT / path).exists(), path
    for path in re.findall(r"\]\(((?!http)[^)]+)\)", text):
        assert (ROOT / path).exists(), path
