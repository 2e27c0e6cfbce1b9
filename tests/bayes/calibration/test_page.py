"""The page of calibration is what the stored ranks say, and they are of the models as they stand."""

from pathlib import Path

import pytest

from northroute.bayes.calibration import read, run
from northroute.bayes.calibration.page import COMMAND, FIGURE, PAGE, RANKS, write
from northroute.bayes.calibration.steps import CALIBRATIONS, calibration
from northroute.errors import MissingDataError
from tests.bayes.calibration.models import NormalNormal

DOCS = Path(__file__).parents[3] / "analysis" / "docs"


def test_committed_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    (tmp_path / RANKS).symlink_to(DOCS / RANKS)
    written = write(tmp_path)
    stale = [p.name for p in written if p.read_bytes() != (DOCS / p.name).read_bytes()]
    assert not stale, f"run {COMMAND}"


@pytest.mark.parametrize("name", CALIBRATIONS)
def test_stored_ranks_are_of_the_model_as_it_stands(name: str) -> None:
    stored = read(DOCS / RANKS / f"ranks_{name}.parquet").description
    assert stored.provenance.data_hash == calibration(name).data_hash, f"make calibrate: '{name}' has changed since"
    assert stored.provenance.simulated


def test_stored_ranks_stay_small() -> None:
    files = list((DOCS / RANKS).iterdir())
    stored = {f"ranks_{name}.parquet" for name in CALIBRATIONS}
    assert {f.name for f in files} == stored | {f"{name}.sha256" for name in stored}
    assert sum(f.stat().st_size for f in files) < 300_000


def test_a_page_says_what_was_not_run_and_what_gave_no_number(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="make calibrate"):
        write(tmp_path)
    run(NormalNormal(name="pooled"), 60, tmp_path / RANKS / "ranks_pooled.parquet", data_hash="d", seed=2)
    broken = NormalNormal(name="slopes", breaks=frozenset({0, 1}))
    run(broken, 2, tmp_path / RANKS / "ranks_slopes.parquet", data_hash="d", command="northroute sbc slopes")
    page, figure = write(tmp_path)
    assert (page.name, figure.name) == (PAGE, FIGURE)
    text = page.read_text(encoding="utf-8")
    assert "| SIMULATED | `pooled` | 60 | 0 | 2 (2) |" in text
    assert "| SIMULATED | `slopes` | 2 | 2 | 0 (0) | none | no verdict |" in text
    assert "Not run yet: ar1, composition, country, gp, joint, latent_corruption, reporting, spatial, walk." in text
    assert "`northroute sbc slopes`" in text
    assert "The cut version cannot be" in text
