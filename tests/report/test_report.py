"""Figures and tables of simulated data carry the mark; figures show what their estimate holds and are drawn once."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from northroute.bayes import BayesFit, Check, Gate
from northroute.claims import Estimate, Quantity, load
from northroute.errors import SimulatedDataError
from northroute.provenance import Provenance
from northroute.report import alts, figures, formats, style, tables
from northroute.report.fit_tables import diagnostics
from northroute.report.ladder import Number
from tests.report import made_up

RNG = np.random.default_rng(1)


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
    count = Quantity("countries, of 5", RNG.integers(1, 4, (4, 250)).astype(float), discrete=True)
    return Estimate("C99", (ratio, shown, count), ("data",), simulated=simulated)


def texts(figure: Figure) -> list[str]:
    return [t.get_text() for t in figure.texts]


@pytest.mark.parametrize("simulated", [True, False])
def test_figures_of_simulated_data_are_watermarked(simulated: bool) -> None:
    register = load()
    claim = register["C12"]
    question = replace(claim.questions[0], variants=())
    answer = made_up.answered(claim, question, "supported", simulated=simulated)
    drawn = (
        figures.posterior(estimate(simulated)),
        figures.overview([answer], simulated=simulated),
    )
    for figure in drawn:
        assert ("SIMULATED" in texts(figure)) == simulated
    for alt in (
        alts.posterior(answer),
        alts.overview([answer], simulated=simulated),
        alts.ladder([], simulated=simulated),
    ):
        assert alt.startswith("SIMULATED") == simulated


def test_posterior_figure_shows_thresholds_and_medians() -> None:
    made = estimate(False)
    figure = figures.posterior(made)
    log, plain, _ = figure.axes
    assert log.get_xscale() == "log"
    assert plain.get_xscale() == "linear"
    medians = [line.get_xdata()[0] for line in log.lines if line.get_marker() == "o"]  # type: ignore[index]
    assert medians == pytest.approx([np.median(made.quantities[0].draws)])
    dashed = [line.get_xdata()[0] for line in log.lines if line.get_linestyle() == "--"]  # type: ignore[index]
    assert dashed == [1.0]


def test_whole_numbers_are_bars_at_the_numbers() -> None:
    made = estimate(False)
    bars = figures.posterior(made).axes[2].patches
    assert [b.get_x() + b.get_width() / 2 for b in bars] == pytest.approx([1, 2, 3])  # type: ignore[attr-defined]
    shares = np.unique(made.quantities[2].draws, return_counts=True)[1]
    heights = np.array([b.get_height() for b in bars])  # type: ignore[attr-defined]
    np.testing.assert_allclose(heights / heights.max(), shares / shares.max())


def test_long_names_and_long_figures_stay_inside() -> None:
    many = tuple(
        replace(estimate(False).quantities[0], name=f"a rather long name of a quantity {i}") for i in range(12)
    )
    figure = figures.posterior(Estimate("C99", many, ("data",)))
    figure.draw_without_rendering()
    for axes in figure.axes:
        box = axes.get_tightbbox()
        assert box is not None
        assert box.x0 >= 0 and box.y0 >= 0
        assert box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1 + 1


def test_the_same_figure_gives_the_same_file(tmp_path: Path) -> None:
    made = estimate(False)
    one, two = (style.save(figures.posterior(made), tmp_path / n, "f").read_bytes() for n in ("a", "b"))
    assert one == two


def test_a_figure_is_drawn_only_if_its_content_or_its_file_changed(tmp_path: Path) -> None:
    drawn = []

    def draw() -> Figure:
        drawn.append(1)
        figure = Figure(figsize=(2, 1))
        figure.subplots()
        return figure

    path = style.saved("f", "key", draw, tmp_path)
    style.saved("f", "key", draw, tmp_path)
    assert len(drawn) == 1
    style.saved("f", "other", draw, tmp_path)
    assert len(drawn) == 2
    path.write_text("altered")
    assert style.saved("f", "other", draw, tmp_path).read_text().startswith("<?xml")
    assert len(drawn) == 3
    path.with_suffix(".png").unlink()
    style.saved("f", "other", draw, tmp_path)
    assert len(drawn) == 4 and path.with_suffix(".png").is_file()
    (tmp_path / style.DRAWN).write_text("not json")
    style.saved("f", "other", draw, tmp_path)
    assert len(drawn) == 5


def test_figures_no_longer_wanted_are_removed_and_strangers_stay(tmp_path: Path) -> None:
    for name in ("kept", "gone"):
        style.saved(name, "1", lambda: Figure(figsize=(1, 1)), tmp_path)
    (tmp_path / "mine.svg").write_text("not drawn here")
    style.keep({"kept"}, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {
        "kept.svg",
        "kept.png",
        "mine.svg",
        style.DRAWN,
        f"{style.DRAWN}.sha256",
    }


def test_colours_of_an_embedded_figure_follow_dark_mode_and_the_file_does_not(tmp_path: Path) -> None:
    path = style.save(figures.posterior(estimate(False)), tmp_path, "f")
    before = path.read_text()
    text = style.adaptive(before)
    assert "prefers-color-scheme:dark" in text
    body = text[text.index("</style>") :]
    assert f": {style.POSTERIOR}" not in body and ": #ffffff" not in body
    assert path.read_text() == before and "var(--" not in before
    assert style.embedded(path, adapts=False) != style.embedded(path, adapts=True)


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
    fit = replace(made_up.fit("absurd"), gate=gate, provenance=Provenance("0", 1, False), info=info)
    assert isinstance(fit, BayesFit)
    (row,) = diagnostics([fit]).to_dict("records")
    assert (row["gate"], row["prior too large"], row["attempts"]) == ("FAILED", 0.6, 0)
    assert np.isnan(row["R-hat"]) and np.isnan(row["share of rows with large Pareto k"])


def test_numbers_are_written_without_false_certainty() -> None:
    nan = float("nan")
    assert [formats.probability(p) for p in (0.0, 1.0, 0.5, nan)] == ["< 0.001", "> 0.999", "0.500", "–"]
    assert [formats.number(v) for v in (155200.0, 0.01234, None, nan)] == ["155,200", "0.0123", "–", "–"]
    assert [formats.bounds(r) for r in ((1.0, None), (None, 0.2), (-0.2, 0.2), (None, None))] == [
        *("above 1", "below 0.2", "between −0.2 and 0.2"),
        "",
    ]
    assert formats.years((2022, 2022)) == "2022" and formats.years((2015, 2022)) == "2015–2022"


def test_alternative_text_of_a_ladder_has_its_numbers() -> None:
    (row, _) = made_up.site().ladder
    slope = Number("slope of interdiction", 0.5, 0.25, 0.75)
    assert "slope 0.5 (89 % ETI 0.25 to 0.75)" in alts.ladder([replace(row, slope=slope)], simulated=False)


def absolute(path: str) -> list[tuple[str, list[float]]]:
    """Read a relative path back: a second reader, for the test alone."""
    at = start = np.zeros(2)
    found, command = [], ""
    tokens = re.findall(r"[a-z]|-?(?:\d+\.?\d*|\.\d+)", path)
    while tokens:
        command = tokens.pop(0) if tokens[0].isalpha() else command
        count = {"m": 1, "l": 1, "q": 2, "c": 3, "z": 0}[command]
        points = np.array([float(tokens.pop(0)) for _ in range(2 * count)]).reshape(count, 2) + at
        at = points[-1] if count else start
        start = at if command == "m" else start
        found.append((command, points.ravel().tolist()))
    return found


POINT = st.tuples(*[st.floats(-900, 900)] * 2)
PIECES = st.lists(st.tuples(st.sampled_from("MLQCz"), st.lists(POINT, min_size=3, max_size=3)), max_size=12)


@given(POINT, PIECES, st.integers(0, 2))
def test_relative_paths_have_the_same_points(
    first: tuple[float, float], pieces: list[tuple[str, list[tuple[float, float]]]], decimals: int
) -> None:
    counts = {"M": 1, "L": 1, "Q": 2, "C": 3, "z": 0}
    given_ = [("M", [*first]), *((c, [v for p in points[: counts[c]] for v in p]) for c, points in pieces)]
    text = "\n".join(" ".join([c, *(f"{v:.6f}" for v in values)]) for c, values in given_)
    read = absolute(style.relative(text, decimals))
    assert [c for c, _ in read] == [c.lower() for c, _ in given_]
    for (_, own), (_, other) in zip(read, given_, strict=True):
        assert own == pytest.approx(other, abs=0.5 * 10.0**-decimals + 1e-5)


def test_paths_of_other_commands_stay() -> None:
    assert style.relative("M 1 2 A 3 3 0 0 1 5 5", 2) == "M 1 2 A 3 3 0 0 1 5 5"
    assert style.relative("M 1 2 3 4", 2) == "M 1 2 3 4"
    assert style.relative("M 1 2 L 0.5 2 L 1.75 -1 z", 2) == "m1 2l-.5 0 1.25-3z"
