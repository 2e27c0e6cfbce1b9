"""Every notebook of analysis/ runs from its first cell to its last, shows figures as images, and prints what is so."""

import base64
import re
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jupytext
import matplotlib.image as mpimg
import pandas as pd
import pytest
from nbclient import NotebookClient

ANALYSIS = Path(__file__).parents[1] / "analysis"
NOTEBOOKS = sorted(ANALYSIS.glob("[0-9]*.py"))


class Outputs:
    """What a notebook shows."""

    def __init__(self, notebook: Any) -> None:
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
        self.shown: list[dict[str, Any]] = [dict(o["data"]) for o in outputs if "data" in o]
        self.printed: str = "".join(
            o["text"] for o in outputs if o["output_type"] == "stream" and o["name"] == "stdout"
        )

    @property
    def images(self) -> list[dict[str, Any]]:
        """Figures shown as images."""
        return [d for d in self.shown if "image/png" in d or "image/svg+xml" in d]

    def table(self, *columns: str) -> pd.DataFrame:
        """Return the first table shown that has these columns."""
        found = [_read(d["text/html"]) for d in self.shown if "<table" in d.get("text/html", "")]
        return next(t for t in found if set(columns) <= set(map(str, t.columns)))

    def number(self, pattern: str) -> float:
        """Return the number that a pattern captures in what was printed."""
        match = re.search(pattern, self.printed)
        assert match, (pattern, self.printed)
        return float(match[1].replace(",", ""))


def whole_line(seen: Outputs) -> None:
    assert "51 regions x 24 months; SIMULATED" in seen.printed
    slopes = seen.table("country", "median", "low", "high", "truth")
    assert len(slopes) == 5
    assert slopes["source"].eq("SIMULATED").all()
    assert (slopes["low"] < slopes["median"]).all() and (slopes["median"] < slopes["high"]).all()
    # five intervals of 89 %
    assert slopes["truth"].between(slopes["low"], slopes["high"]).sum() >= 3
    fixed = seen.table("term", "coef", "se")
    assert abs(fixed["coef"].iloc[0] - slopes["truth"].mean()) < 4 * fixed["se"].iloc[0]
    gate = seen.table("name", "value", "limit", "passed")
    assert gate["passed"].all() and {"R-hat", "bulk ESS", "divergences"} <= set(gate["name"])
    assert gate.set_index("name")["value"]["R-hat"] <= 1.01
    # the claim is true there, whether 24 months tell it or not
    chance = seen.number(r"\(SIMULATED\) \| the claim is true in the simulated world.* \| P ([\d.]+)")
    assert chance > 0.5
    assert ("recovered (SIMULATED)" in seen.printed) == (chance >= 0.95)
    fits = seen.table("specification", "gate")
    assert fits["gate"].eq("passed").all() and fits["source"].eq("real").all()
    assert seen.number(r"C02\.O: supported, grade A, P ([\d.]+)") >= 0.95
    assert seen.number(r"(\d+)% of 5 specifications agree") >= 80
    assert "C02, on these data alone: supported in part. not reached: Kyrgyzstan" in seen.printed


def events_to_maps(seen: Outputs) -> None:
    assert "simulated: True" in seen.printed
    tallies = re.findall(r"^(\w+): (\d+) rows read, (\d+) kept, (\d+) elsewhere, (\d+) set aside$", seen.printed, re.M)
    assert {t[0] for t in tallies} == {"counts", "events", "gkg"}
    for _, read, kept, elsewhere, aside in tallies:
        assert int(read) == int(kept) + int(elsewhere) + int(aside)
    flow = _flow(seen)
    kept = [flow[s] for s in ("rows read (events)", "in the countries", "selected by the rule", "in the window")]
    assert kept == sorted(kept, reverse=True) and kept[-1] > 0
    assert flow["with a region"] < flow["in the window"]
    rates = seen.table("median", "low", "high")
    assert len(rates) == 5
    assert (rates["low"] < rates["median"]).all() and (rates["median"] < rates["high"]).all()
    assert rates["median"].is_monotonic_decreasing


def _read(html: str) -> pd.DataFrame:
    """Return a table as pandas shows it; a row of the header that names the index alone is left out."""
    table = pd.read_html(StringIO(html), header=0)[0]
    return table[~table.iloc[:, 1:].isna().all(axis=1)].reset_index(drop=True)


def _flow(seen: Outputs) -> dict[str, int]:
    """Counts of state violence by step."""
    table = _read(next(d["text/html"] for d in seen.shown if "rows read (events)" in d.get("text/html", "")))
    column = pd.to_numeric(table.set_index(table.columns[0])["state_violence"], errors="coerce").dropna()
    return {str(k): int(v) for k, v in column.items()}


def panel_models(seen: Outputs) -> None:
    slope = seen.number(r"(?m)^interdiction +([\d.]+)$")
    found = re.search(r"true slopes by country: \[([\d. ]+)\]", seen.printed)
    assert found
    truth = [float(v) for v in found[1].split()]
    assert min(truth) < slope < max(truth)
    models = seen.table("slope", "se, by region", "log likelihood")
    assert models["source"].eq("SIMULATED").all() and len(models) == 5
    assert (abs(models["slope"] - slope) < 0.02).all()
    # absorbing regions and conditioning on their totals are one estimator
    assert abs(models["slope"].iloc[0] - models["slope"].iloc[1]) <= 0.001
    # per cent for one more of the covariate
    assert abs(seen.number(r"percent +([\d.]+)") / 100 + 1 - 2.718281828**slope) < 0.002
    assert "every check was run" in seen.printed
    assert re.search(r"^passed +convergence", seen.printed, re.M)
    path = seen.table("months_from_shock", "coef", "low", "high")
    assert path["months_from_shock"].tolist() == list(range(-6, 7))
    assert path.set_index("months_from_shock").loc[-1, ["coef", "low", "high"]].eq(0).all()
    assert path["coef"].between(path["low"], path["high"]).all()
    assert re.search(r"real +clustered by country +\(0\.\d+\) t\(2\)", seen.printed)


def ladder(seen: Outputs) -> None:
    gates = seen.table("step", "gate", "largest R-hat")
    assert gates["step"].tolist() == ["pooled", "country", "slopes", "dynamic", "spatial"]
    assert gates["gate"].eq("passed").all() and (gates["largest R-hat"] <= 1.01).all()
    assert gates["source"].eq("SIMULATED").all()
    order = seen.table("model", "elpd", "difference", "stacking")
    assert order["difference"].iloc[0] == 0 and order["elpd"].is_monotonic_decreasing
    assert order["model"].iloc[-1] == "pooled"
    assert abs(order["stacking"].sum() - 1) < 0.03  # printed with two decimals
    steps = seen.table("truth", "median", "low", "high")
    assert steps["median"].between(steps["low"], steps["high"]).all()
    # five intervals of 89 %, of the same counts
    assert steps["truth"].between(steps["low"], steps["high"]).sum() >= 3
    real = next(
        t
        for d in seen.shown
        if "<table" in d.get("text/html", "") and "composition" in d["text/html"]
        for t in [_read(d["text/html"])]
    )
    assert real["source"].eq("real").all()


CHECKS: dict[str, Callable[[Outputs], None]] = {
    "10_the_whole_line": whole_line,
    "20_events_to_maps": events_to_maps,
    "30_panel_models": panel_models,
    "40_the_ladder": ladder,
}
FIGURES = {"10_the_whole_line": 3, "20_events_to_maps": 2, "30_panel_models": 2, "40_the_ladder": 3}


def test_every_notebook_is_checked() -> None:
    assert [p.stem for p in NOTEBOOKS] == list(CHECKS) == list(FIGURES)


# the kernel's client library speaks of its event loop on start
@pytest.mark.filterwarnings("ignore:Proactor event loop", "default::DeprecationWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_runs_and_shows_what_it_says(path: Path) -> None:
    notebook = jupytext.read(path)
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(ANALYSIS)}}
    ).execute()
    seen = Outputs(notebook)
    assert "SIMULATED" in seen.printed
    assert len(seen.images) == FIGURES[path.stem]
    for data in seen.images:
        assert _drawn(data)
    for data in seen.shown:
        if data.get("text/plain", "").startswith(("<Figure", "<IPython.core.display.SVG")):
            assert data in seen.images, data["text/plain"]
    CHECKS[path.stem](seen)


def _drawn(data: dict[str, Any]) -> bool:
    """Whether an image can be read and is not of one colour."""
    if "image/png" in data:
        pixels = mpimg.imread(BytesIO(base64.b64decode(data["image/png"])))
        return bool(min(pixels.shape[:2]) > 50 and pixels[..., :3].std() > 0.01)
    root = ElementTree.fromstring(data["image/svg+xml"])
    return len(root.findall(".//{http://www.w3.org/2000/svg}path")) > 20
