"""The ladder in the main job: rows, differences on the same rows, marks, scores that are kept."""

from pathlib import Path

import numpy as np
import pytest

from northroute.bayes import Sampling
from northroute.bayes.answers.posterior import Drawn
from northroute.conventions import DEFAULT_SEED
from northroute.report.ladder import LadderRow, forest, table
from northroute.sources.simulated import simulate_regions
from northroute.workflow import ladder, rungs, scores
from northroute.workflow.line import Run
from northroute.workflow.rungs import Absent

WORLD = simulate_regions(months=14)
FEW = Sampling(draws=100, tune=100, pilot=50, retries=0, prior_draws=10)


@pytest.fixture(scope="module")
def climbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[LadderRow, ...]]:
    """Two steps with chains too short for the gate, allowed all the same, and one that is not fitted."""
    folder = tmp_path_factory.mktemp("ladder")
    steps = rungs.on_regions(WORLD, months=12)
    sets: list[rungs.Rungs] = [
        {"spatial": Absent("spatial", rungs.ARTICLES, "no regions")},
        {s: steps[s] for s in ("pooled", "country")},
    ]
    return folder, ladder.climb(sets, FEW, Run(folder, allow_failed=True), WORLD.truth)


def test_rows_say_what_was_fitted_and_what_was_not(climbed: tuple[Path, tuple[LadderRow, ...]]) -> None:
    absent, pooled, country = climbed[1]
    assert (absent.gate, absent.reason, absent.score, absent.simulated) == ("not fitted", "no regions", None, False)
    assert np.isnan(absent.smallest_ess)
    for row in (pooled, country):
        assert row.simulated and row.fit is not None and row.score is not None and row.slope is not None
        assert row.slope.low < row.slope.median < row.slope.high
        assert row.slope.truth == pytest.approx(float(WORLD.truth["slope"].sel(outcome="state_violence")))
        assert row.level is not None and row.level.truth is not None
    # regions differ threefold in this world: a model that knows it predicts better, by more than twice the error
    assert country.score is not None and pooled.score is not None
    assert country.score.difference == 0
    assert pooled.score.difference is not None and pooled.score.difference_se is not None
    assert pooled.score.difference == pytest.approx(pooled.score.elpd - country.score.elpd)
    assert pooled.score.difference < -2 * pooled.score.difference_se < 0


def test_tables_and_figures_of_simulated_rows_are_marked(climbed: tuple[Path, tuple[LadderRow, ...]]) -> None:
    frame = table(climbed[1])
    assert frame["source"].tolist() == ["real", "SIMULATED", "SIMULATED"]
    assert frame["interval"].tolist() == ["", "89 % ETI", "89 % ETI"]
    drawn = forest([r for r in climbed[1] if r.simulated])
    assert "SIMULATED" in [t.get_text() for t in drawn.texts]
    assert [t.get_text() for t in drawn.axes[0].get_yticklabels()] == ["pooled", "country"]


def test_scores_are_kept_and_made_anew_for_another_seed(climbed: tuple[Path, tuple[LadderRow, ...]]) -> None:
    folder, rows = climbed
    fit, shown = rows[1].fit, rows[1].score
    assert fit is not None and shown is not None
    rung = rungs.on_regions(WORLD, months=12)["pooled"]
    assert isinstance(rung, rungs.Rung)
    read: list[str] = []

    def draws() -> Drawn:
        read.append(fit.name)
        return rung.drawn(fit)

    kept = scores.score(fit, draws, DEFAULT_SEED, folder)
    assert read == [] and kept.loo.elpd.shape == (51 * 12,)
    assert (kept.loo.total, kept.verdict, kept.clusters.kind) == (shown.elpd, shown.predictive, "unit")
    other = scores.score(fit, draws, 7, folder)
    assert read == [fit.name]
    np.testing.assert_array_equal(other.loo.elpd, kept.loo.elpd)  # the seed is of replicates alone


def test_a_step_that_failed_its_gate_has_a_row_and_no_numbers(climbed: tuple[Path, tuple[LadderRow, ...]]) -> None:
    steps = {"pooled": rungs.on_regions(WORLD, months=12)["pooled"]}
    (row,) = ladder.climb([steps], FEW, Run(climbed[0]), WORLD.truth)
    assert row.gate == "FAILED" and row.score is None and row.numbers == ()
    assert table([row])["median"].isna().all()
