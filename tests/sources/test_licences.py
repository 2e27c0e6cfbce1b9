"""A notice that goes with a bundled table is there and whole, or the table is refused."""

import shutil
from pathlib import Path

import pytest

from northroute.errors import DataError
from northroute.resources import resource
from northroute.sources import licences


def _folder() -> Path:
    return resource("data/reference").parent / "licences"


def test_every_notice_is_there() -> None:
    assert {path.name for path in licences.check()} == set(licences.NOTICES.values())
    assert licences.licence_of("kg_regions.csv") == _folder() / "open_sdg_kyrgyzstan.txt"
    assert licences.licence_of("uz_regions.csv") is None


def test_a_notice_that_is_gone_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "licences"
    shutil.copytree(_folder(), folder)
    (folder / "open_sdg_kyrgyzstan.txt").unlink()
    with pytest.raises(DataError, match="the licence file is gone") as caught:
        licences.check(folder)
    assert caught.value.file == str(folder / "open_sdg_kyrgyzstan.txt")
    assert "kg_regions.csv may be passed on only with this notice" in caught.value.remedy
    assert licences.licence_of("article_counts.csv", folder) is not None


def test_a_notice_that_is_cut_short_is_an_error(tmp_path: Path) -> None:
    text = (_folder() / "open_sdg_kyrgyzstan.txt").read_text(encoding="utf-8")
    path = tmp_path / "open_sdg_kyrgyzstan.txt"
    path.write_text(text[: text.index("Permission")], encoding="utf-8")
    with pytest.raises(DataError, match="lacks the words 'Permission is hereby granted'") as caught:
        licences.licence_of("kg_regions.csv", tmp_path)
    assert caught.value.file == str(path)
