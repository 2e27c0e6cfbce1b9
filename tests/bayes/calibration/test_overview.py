"""Several models at a glance: what fails is seen to fail, what could not be judged is there without a number."""

from pathlib import Path

import matplotlib.colors as mcolors
import numpy as np
import pandas as pd
import pytest

from northroute.bayes.calibration import Calibratable, Calibration, assess, overview, run
from northroute.look import BOUND
from tests.bayes.calibration.models import GammaPoisson, NormalNormal

REPLICATIONS = 60


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[Calibration]:
    models: list[Calibratable] = [
        GammaPoisson(name="right"),
        GammaPoisson(name="blind", ignores_data=True),
        NormalNormal(name="broken", breaks=frozenset(range(REPLICATIONS))),
    ]
    folder = tmp_path_factory.mktemp("overview")
    return [assess(run(m, REPLICATIONS, folder / f"{m.name}.parquet", data_hash="d", seed=5)) for m in models]


def test_a_row_says_what_became_of_a_model(judged: list[Calibration]) -> None:
    table = overview.table(judged)
    assert set(table["source"]) == {"SIMULATED"}
    assert table["model"].tolist() == ["right", "blind", "broken"]
    assert table["verdict"].tolist() == ["passed", "failed", "no verdict"]
    assert table["failed"].tolist() == [0, 0, REPLICATIONS]
    assert table["quantities"].tolist() == [2, 2, 0]
    assert table["scalars"].tolist() == [7, 7, 0]
    assert table["quantity"].tolist()[1:] == ["log_likelihood", ""]
    right, blind, broken = table["p"].to_numpy(float)
    assert blind < 0.001 < 0.05 < right
    assert np.isnan(broken)
    assert (table["seconds"] >= 0).all()


def test_a_line_that_leaves_its_envelope_is_seen(judged: list[Calibration]) -> None:
    figure = overview.draw(judged)
    right, blind, broken = figure.axes
    assert [a.get_title() for a in figure.axes] == ["right: passed", "blind: failed", "broken: no verdict"]
    failed = mcolors.to_rgba(BOUND)[:3]
    assert [mcolors.to_rgba(line.get_color())[:3] == failed for line in right.lines[1:]] == [False, False]
    assert mcolors.to_rgba(blind.lines[2].get_color())[:3] == failed
    assert blind.title.get_color() == BOUND
    assert len(broken.lines) == 1  # zero alone
    assert any("SIMULATED" in t.get_text() for t in figure.texts)


def test_the_line_of_a_quantity_is_its_scalar_nearest_to_failing(judged: list[Calibration]) -> None:
    rate = next(c for c in judged[0].curves if c.name == "rate")
    assert not rate.outside.any() and (rate.beyond <= 0).all()
    scalars = judged[0].scalars.query("quantity == 'rate'")
    assert not (scalars["p_ecdf"] * 2 * 2 * 6 < 0.05).any()  # two quantities, two tests, six scalars
    line = overview.draw(judged[:1]).axes[0].lines[1]
    at, drawn = np.asarray(line.get_xdata(), dtype=float), np.asarray(line.get_ydata(), dtype=float)
    assert (at[0], at[-1], drawn[0], drawn[-1]) == (0, 1, 0, 0)
    whole = np.pad(rate.differences[rate.beyond.argmax()], 1)
    np.testing.assert_allclose(drawn, np.interp(at, [0, *rate.envelope.at, 1], whole), atol=1e-12)


def test_it_is_written_beside_the_models(judged: list[Calibration], tmp_path: Path) -> None:
    paths = overview.write(judged, tmp_path)
    assert [p.name for p in paths] == ["overview.csv", "overview.svg"]
    assert pd.read_csv(paths[0])["model"].tolist() == ["right", "blind", "broken"]
