"""The line on real region-months: what is used, what never is, and what the page says of it.

The panel here is made up, so that the line can be tried at all; its name says so.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure

from northroute.bayes import BayesFit, Check, Gate
from northroute.claims import load as load_register
from northroute.claims import region_events
from northroute.claims.measures import DRUG_OFFENCES, Rate
from northroute.conventions import INTERVAL_PROB
from northroute.errors import GateError, MissingDataError, PanelError
from northroute.panel import Panel, build, save
from northroute.provenance import Provenance
from northroute.report.maps import section as map_sections
from northroute.sources import boundaries, regions
from northroute.sources.table import Table
from northroute.workflow import Options, articles, gdelt_regions, indicators, line, questions, reproduce
from northroute.workflow.events import REGION_PANEL
from northroute.workflow.line import Line, Run


def made_up(simulated: bool = False, start: str = "2015-01-01", periods: int = 3) -> Panel:
    units = regions.load("constant").frame
    months = pd.date_range(start, periods=periods, freq="MS")
    index = pd.MultiIndex.from_product([units["region"], months], names=["unit", "month"])
    frame = index.to_frame(index=False).assign(country=np.repeat(units["iso3"].to_numpy(), periods), coverage=1.0)
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
    assert source.panel is not None and "rest on made up for a test" in source.notice and str(tmp_path) in source.notice


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

    monkeypatch.setattr(line, "fit_counts", no_fit)
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
    for other in (questions, articles, indicators):
        monkeypatch.setattr(other, "run", lambda *_: Line(()))
    with pytest.raises(MissingDataError, match="stop here"):
        reproduce(Options(tmp_path / "out", quick=True, events=tmp_path))
    assert len(ran) == 1


def fit_of(panel: Panel, simulated: bool = True) -> BayesFit:
    """A fit without sampling: the log rate of region number i is spread around i / 50."""
    units, size = [str(u) for u in panel.units if u != "TM-S"], 400
    rng = np.random.default_rng(4)
    around = np.arange(len(units)) / 50 + 0.1 * rng.normal(size=(2, size, len(region_events.OUTCOMES), len(units)))
    level = xr.DataArray(
        around,
        dims=("chain", "draw", "outcome", "unit"),
        coords={"outcome": list(region_events.OUTCOMES), "unit": units},
        name="unit_level",
    )
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"unit_level": level})})
    return BayesFit("gdelt_regions", tree, Gate(()), Provenance("0", 1, simulated), {})


def test_a_map_counts_the_briefs_years_alone() -> None:
    """Ten years of one event a region and month: 84 months of them are of 2015 to 2021."""
    panel = made_up(simulated=True, start="2013-01-01", periods=120)
    fit = fit_of(panel)
    found = gdelt_regions.event_map(panel, fit, "state_violence")
    assert found.counts.drop("TM-S").eq(84.0).all()
    assert np.isnan(found.counts["TM-S"])  # never observed, which is not zero
    assert found.simulated
    assert found.period == "2015–2021"
    assert found.rate_label == "reported events per 100 events of any kind, 2013–2022"
    assert "TM-S" not in found.rates.index
    draws = np.exp(fit.parameter("unit_level").sel(outcome="state_violence", unit="KZ-AKT").to_numpy())
    expected = np.quantile(draws, [0.5, (1 - INTERVAL_PROB) / 2, (1 + INTERVAL_PROB) / 2])
    np.testing.assert_allclose(found.rates.loc["KZ-AKT", ["median", "low", "high"]].to_numpy(float), expected)


def test_a_panel_of_other_months_says_which() -> None:
    """A panel that begins late or ends early is no map of 2015 to 2021, and its counts are not called so."""
    part = made_up(simulated=True, start="2019-03-01", periods=20)
    found = gdelt_regions.event_map(part, fit_of(part), "drug_incident")
    assert found.period == "2019-03 to 2020-10"
    assert found.rate_label == "reported events per 100 events of any kind"
    assert found.counts.max() == 20
    year = made_up(simulated=True, start="2021-01-01", periods=24)
    found = gdelt_regions.event_map(year, fit_of(year), "drug_incident")
    assert found.period == "2021"
    assert found.rate_label.endswith(", 2021–2022")
    later = made_up(simulated=True, start="2022-01-01", periods=12)
    assert gdelt_regions.maps(later, Line((), (fit_of(later),))) == {}
    with pytest.raises(PanelError, match="no row left"):
        gdelt_regions.event_map(later, fit_of(later), "drug_incident")


def test_both_maps_are_drawn_with_their_mark() -> None:
    panel = made_up(simulated=True, periods=84)
    found = gdelt_regions.maps(panel, Line((), (fit_of(panel),)))
    assert set(found) == {"state_violence", "drug_incidents"}
    section = map_sections.section(rates_of_one(), boundaries.load(), **found)
    one, two = section.figures[-2:]
    assert (one.name, two.name) == ("map_1_state_violence", "map_2_drug_incidents")
    for picture in (one, two):
        assert "SIMULATED" in picture.alt
        assert "2015–2021" in picture.alt
    assert isinstance(one.draw(), Figure)


def rates_of_one() -> list[Rate]:
    """One region's rate, so that there is a section."""
    return [Rate("KZ-AKM", "Akmola", "KAZ", DRUG_OFFENCES, (2022, 2022), 10.0, 8.0, 13.0, "a fit")]


def test_a_refused_fit_draws_no_map() -> None:
    panel = made_up(simulated=True)
    refused = replace(fit_of(panel), gate=Gate((Check("R-hat", 1.4, 1.01, False, "slope", "Draw more."),)))
    assert gdelt_regions.maps(panel, Line((), (refused,))) == {}
    with pytest.raises(GateError, match="R-hat"):
        gdelt_regions.event_map(panel, refused, "state_violence")
    assert set(gdelt_regions.maps(panel, Line((), (refused.allow_failed(),)))) == {"state_violence", "drug_incidents"}
