"""The line on real region-months: what is used, what never is, and what the page says of it.

The panel here is made up, so that the line can be tried at all; its name says so.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.claims import load as load_register
from northroute.claims import region_events
from northroute.errors import MissingDataError
from northroute.panel import Panel, build, save
from northroute.sources import regions
from northroute.sources.table import Table
from northroute.workflow import Options, gdelt_regions, indicators, reproduce
from northroute.workflow.events import REGION_PANEL
from northroute.workflow.line import Line, Run


def made_up(simulated: bool = False) -> Panel:
    units = regions.load("constant").frame
    months = pd.date_range("2015-01-01", periods=3, freq="MS")
    index = pd.MultiIndex.from_product([units["region"], months], names=["unit", "month"])
    frame = index.to_frame(index=False).assign(country=np.repeat(units["iso3"].to_numpy(), 3), coverage=1.0)
    frame = frame.assign(**dict.fromkeys(region_events.OUTCOMES, 1), all_events=10.0)
    lost = frame["unit"] == "TM-S"
    frame = frame.astype(dict.fromkeys(region_events.OUTCOMES, "Int64"))
    frame.loc[lost, [*region_events.OUTCOMES, "all_events"]] = pd.NA
    return build(
        Table("made up for a test", frame, ("unit", "month"), simulated),
        unit="unit",
        outcomes=region_events.OUTCOMES,
        exposures=("all_events",),
        covariates=("coverage",),
    )


def test_a_real_panel_is_found_and_named(tmp_path: Path) -> None:
    assert gdelt_regions.find(None).panel is None
    with pytest.raises(MissingDataError, match="events build"):
        gdelt_regions.find(tmp_path)
    save(made_up(), tmp_path / REGION_PANEL)
    source = gdelt_regions.find(tmp_path)
    assert source.panel is not None and "C07" in source.notice and "made up for a test" in source.notice


def test_a_simulated_or_partial_panel_is_never_used(tmp_path: Path) -> None:
    save(made_up(simulated=True), tmp_path / REGION_PANEL)
    assert gdelt_regions.find(tmp_path) == gdelt_regions.Source(None, gdelt_regions.find(tmp_path).notice)
    assert "SIMULATED" in gdelt_regions.find(tmp_path).notice
    panel = made_up()
    partial = replace(
        panel, frame=panel.frame.drop(columns="drug_incident"), outcomes=panel.outcomes[:2] + panel.outcomes[3:]
    )
    save(partial, tmp_path / REGION_PANEL)
    source = gdelt_regions.find(tmp_path)
    assert source.panel is None and "lacks drug_incident" in source.notice


def test_regions_get_their_covariates_and_unseen_ones_are_left_out() -> None:
    panel = gdelt_regions.prepare(made_up())
    assert len(panel.units) == 49 and "TM-S" not in panel.units
    assert {"log_density", "hub", "rail", "borders_russia"} <= set(panel.covariates)
    by_unit = panel.frame.groupby(level="unit")[["log_density", "hub"]].first()
    assert by_unit["log_density"].mean() == pytest.approx(0) and by_unit["hub"].sum() >= 6


def test_the_line_answers_its_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def no_fit(panel: Panel, spec: object, *_: object, **__: object) -> object:
        seen.append((panel, spec))
        raise MissingDataError("no sampling in this test")

    monkeypatch.setattr(gdelt_regions, "fit_counts", no_fit)
    with pytest.raises(MissingDataError, match="no sampling"):
        gdelt_regions.run(made_up(), load_register(), Run())
    panel, spec = seen[0]
    assert not panel.simulated and "varying=()" in repr(spec) and "step='joint'" in repr(spec)


def test_the_page_says_what_it_rests_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(made_up(), tmp_path / REGION_PANEL)
    ran = []

    def line(panel: Panel, *_: object) -> Line:
        ran.append(panel)
        raise MissingDataError("stop here")

    monkeypatch.setattr(gdelt_regions, "run", line)
    monkeypatch.setattr(indicators, "run", lambda *_: Line({}))
    with pytest.raises(MissingDataError, match="stop here"):
        reproduce(Options(tmp_path / "out", quick=True, events=tmp_path))
    assert len(ran) == 1
