"""The study of size and power: its panels, its cache, its table; and that it would catch a bad method."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.errors import DataError, ModelError
from northroute.frequentist.study import METHODS, SCENARIOS, Study, draw, insert, markdown, run
from northroute.frequentist.study.run import summarise
from northroute.frequentist.study.words import BEGIN, END, holders
from northroute.frequentist.study.world import ground, replicate

DOCS = Path(__file__).parents[2] / "analysis" / "docs"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Path]:
    """Four replicates of the scenario with country shocks."""
    folder = tmp_path_factory.mktemp("study")
    return run(4, 2, folder=folder, draws=19, scenarios=SCENARIOS[2:]), folder


def test_panels_are_as_described() -> None:
    laid = ground()
    assert (laid.design.frame["country"].nunique(), laid.design.frame["unit"].nunique()) == (5, 51)
    one, two = (replicate(laid, SCENARIOS[2], effect, 3) for effect in (0.0, 0.5))
    np.testing.assert_array_equal(one.x, two.x)  # the same covariate whatever the effect
    assert one.simulated
    x = one.x[:, 0].reshape(51, 96)
    assert x.std() == pytest.approx(1.0, abs=0.15)
    first = np.corrcoef(x[:, 1:].ravel(), x[:, :-1].ravel())[0, 1]
    assert first == pytest.approx(0.7, abs=0.08)
    by_country = pd.DataFrame(x).groupby(laid.country).mean().to_numpy()
    assert by_country.std() > 3 * 1 / np.sqrt(51)  # a country's regions share a part


def test_table_and_cache(small: tuple[Study, Path]) -> None:
    study, folder = small
    table = study.table
    assert set(table["method"]) >= set(METHODS)
    assert set(table["source"]) == {"SIMULATED"}
    assert set(table["effect"]) == {0.0, 0.05, 0.1}
    files = {p: p.stat().st_mtime_ns for p in folder.iterdir()}
    again = run(4, 2, folder=folder, draws=19, scenarios=SCENARIOS[2:])
    pd.testing.assert_frame_equal(again.table, table)
    assert {p: p.stat().st_mtime_ns for p in folder.iterdir()} == files  # nothing was computed again
    run(4, 2, folder=folder, draws=19, seed=1, scenarios=SCENARIOS[2:])
    assert len(list(folder.iterdir())) == 2 * len(files)  # another seed, other chunks


def test_summary_counts() -> None:
    outcome = pd.DataFrame(
        {
            "scenario": "country",
            "effect": 0.0,
            "method": "m",
            "p": [0.01, 0.2, np.nan, 0.04],
            "low": [0.1, -1.0, np.nan, 0.2],
            "high": [1.0, 1.0, np.nan, 0.5],
        }
    )
    row = summarise(outcome).iloc[0]
    assert (row["replicates"], row["no_answer"]) == (4, 1)
    assert row["rejected"] == pytest.approx(2 / 3)
    assert row["coverage"] == pytest.approx(1 / 3)


def test_figure(small: tuple[Study, Path]) -> None:
    figure = draw(small[0])
    assert any(t.get_text() == "SIMULATED" for t in figure.texts)


def test_refuses_nothing_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="take at least"):
        run(0, 0, folder=tmp_path)


def test_words_follow_from_the_table(tmp_path: Path) -> None:
    rows = [
        ("country", effect, method, 2000, 0, rejected)
        for method, size, power in (("honest", 0.052, 0.6), ("timid", 0.01, 0.2), ("liar", 0.3, 1.0))
        for effect, rejected in ((0.0, size), (0.1, power))
    ]
    table = pd.DataFrame(rows, columns=["scenario", "effect", "method", "replicates", "no_answer", "rejected"])
    assert holders(table)["method"].tolist() == ["honest", "timid"]
    text = markdown(table)
    assert "| honest | 0.052 | 0.60 | 0 |" in text
    assert "The worst, liar, rejects a true null in 30% of panels" in text
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nstale\n{END}\nafter\n", encoding="utf-8")
    insert(text, page)
    insert(text, page)
    content = page.read_text(encoding="utf-8")
    assert "stale" not in content
    assert content.count("liar, rejects") == 1
    assert content.startswith("before\n")
    assert content.endswith("after\n")
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(DataError, match="marks of the study"):
        insert(text, page)


def test_the_documented_table_is_the_measured_one() -> None:
    table = pd.read_csv(DOCS / "inference.csv")
    assert set(table["source"]) == {"SIMULATED"}
    assert markdown(table) in (DOCS / "inference.md").read_text(encoding="utf-8")
