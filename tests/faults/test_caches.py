"""Some of the faults of caches; ``python -m tests.faults`` tries them all."""

from pathlib import Path

import pytest

from tests.faults import caches, caches_of_fits
from tests.faults.caches import SURVIVED, Fault

EVERY = 9
_ALL = [*caches.faults(), *caches_of_fits.faults()]


@pytest.mark.parametrize("fault", [pytest.param(f, id=f"{family}: {name}") for family, name, f in _ALL[::EVERY]])
def test_a_damaged_cache_is_made_anew_or_refused(fault: Fault, tmp_path: Path) -> None:
    assert fault(tmp_path) == SURVIVED


def test_faults_are_many_and_each_has_a_name_of_its_own() -> None:
    assert len({(family, name) for family, name, _ in _ALL}) == len(_ALL) > 300
