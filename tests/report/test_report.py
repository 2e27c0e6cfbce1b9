"""Figures and tables of simulated data carry the mark; figures show what their estimate holds."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure

from northroute.bayes import BayesFit, Check, Gate
from northroute.claims import Claim, Estimate, Quantity, Specification, decide
from northroute.errors import SimulatedDataError
from northroute.provenance import Provenance
from northroute.report import Finding, figures, style, tables
from northroute.report.page import diagnostics
from northroute.sources import regions

RNG = np.random.default_rng(1)
CLAIM = Claim("C99", "test", "words", ("E",), "above 1", {})


def estimate(simulated: bool) -> Estimate:
    ratio = Quantity(
        "rate ratio, KAZ",
        np.exp(RNG.normal(0.5, 0.2, (4, 250))),
        np.exp(RNG.normal(0, 1, 500)),
        (1.0, None),
        log_scale=True,
        truth=1.5 if simulated else None,
    )
    shown = Quantity("level", RNG.normal(size=(4, 250)))
    return Estimate("C99", (ratio, shown), ("data",), simulated=simulated)


def texts(figure: Figure) -> list[str]:
    return [t.get_text() for t in figure.texts]


@pytest.mark.parametrize("simulated", [True, False])
def test_figures_of_simulated_data_are_watermarked(simulated: bool) -> None:
    made = estimate(simulated)
    finding = Finding(decide(CLAIM, made, (Specification("other", 0.9),)), made)
    frame = regions.load("first-level").frame
    values = dict.fromkeys(frame["region"], 1.0)
    drawn = (
        figures.posterior(made),
        figures.overview([finding], simulated=simulated),
        figures.region_map(frame, values, label="rate", simulated=simulated),
    )
    for figure in drawn:
        assert ("SIMULATED" in texts(figure)) == simulated


def test_posterior_figure_shows_thresholds_and_medians() -> None:
    made = estimate(False)
    figure = figures.posterior(made)
    log, plain = figure.axes
    assert log.get_xscale() == "log"
    assert plain.get_xscale() == "linear"
    medians = [line.get_xdata()[0] for line in log.lines if line.get_marker() == "o"]  # type: ignore[index]
    assert medians == pytest.approx([np.median(made.quantities[0].draws)])
    dashed = [line.get_xdata()[0] for line in log.lines if line.get_linestyle() == "--"]  # type: ignore[index]
    assert dashed == [1.0]


def test_the_same_figure_gives_the_same_file(tmp_path: Path) -> None:
    frame = regions.load("first-level").frame
    one, two = (style.save(figures.region_map(frame), tmp_path / n, "map").read_bytes() for n in ("a", "b"))
    assert one == two


def test_simulated_tables_must_say_so_in_every_row(tmp_path: Path) -> None:
    frame = pd.DataFrame({"source": ["SIMULATED", "real"], "x": [1, 2]})
    for bad in (frame, frame.drop(columns="source")):
        with pytest.raises(SimulatedDataError, match="does not say so in every row"):
            tables.write(bad, tmp_path, "t", {}, simulated=True)
    assert not list(tmp_path.iterdir())
    tables.write(frame.iloc[:1], tmp_path, "t", {"seed": 7}, simulated=True)
    latex = (tmp_path / "t.tex").read_text()
    assert latex.startswith("% seed: 7\n")
    assert "(SIMULATED)" in latex


def test_a_fit_that_was_not_sampled_has_a_row_of_diagnostics() -> None:
    gate = Gate((Check("prior too large", 0.6, 0.1, False, "intercept", "Tighten it."),))
    settings = {"chains": 4, "draws": 1000, "target_accept": 0.9}
    info = {"settings": settings, "model": "m", "rows": 9, "sampler": "nutpie", "attempts": 0, "seconds": 1.0}
    (row,) = diagnostics([BayesFit("absurd", xr.DataTree(), gate, Provenance("0", 1, False), info)]).to_dict("records")
    assert (row["gate"], row["prior too large"], row["attempts"]) == ("FAILED", 0.6, 0)
    assert np.isnan(row["R-hat"]) and np.isnan(row["share of rows with large Pareto k"])
