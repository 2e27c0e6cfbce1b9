"""Some of the bad inputs; ``python -m tests.faults inputs`` tries all."""

from pathlib import Path

import pytest

from tests.faults.inputs import SURVIVED, Fault, faults

ALL = list(faults())
SOME = [*ALL[::9], *(fault for fault in ALL if "brought" in fault[0])]


@pytest.mark.parametrize(("family", "name", "attempt"), SOME, ids=[f"{family}: {name}" for family, name, _ in SOME])
def test_is_refused(tmp_path: Path, family: str, name: str, attempt: Fault) -> None:
    assert attempt(tmp_path) == SURVIVED


def test_no_fault_is_there_twice() -> None:
    names = [fault[:2] for fault in ALL]
    assert len(set(names)) == len(names) >= 500
