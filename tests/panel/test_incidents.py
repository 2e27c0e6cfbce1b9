"""Incidents to panels: the truth's counts, exposure, unobserved months, places without a region."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.errors import PanelError
from northroute.panel import load, save
from northroute.panel.incidents import PanelChoices, allocate, incident_panel
from northroute.sources import regions
from northroute.sources.gdelt import Extract, Incidents, Options, build_incidents, extract, files_of
from northroute.sources.gdelt.formats import TableName
from northroute.sources.gdelt.simulated import CLEAN, Archive, ArchiveWorld, write

VIOLENCE = ("state_violence", "criminal_violence")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Two whole months without faults, except that a third of the incidents have a country only."""
    faults = replace(CLEAN, centroid=0.3)
    world = ArchiveWorld(days=59, incidents_per_day=30, background_per_day=150, world_per_day=20, faults=faults)
    return write(tmp_path_factory.mktemp("panel archive"), world)


@pytest.fixture(scope="module")
def extracts(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> dict[TableName, Extract]:
    return extract(files_of(archive.site), tmp_path_factory.mktemp("panel extract"))


@pytest.fixture(scope="module")
def incidents(extracts: dict[TableName, Extract]) -> Incidents:
    return build_incidents(extracts, Options(rule="address_day"))


def true_counts(archive: Archive, construct: str, unit: str) -> "pd.Series[int]":
    truth = archive.truth.incidents
    truth = truth[truth["construct"] == construct]
    truth = truth if unit == "country" else truth[~truth["centroid"]]
    month = truth["date"].dt.to_period("M").dt.to_timestamp()
    return truth.groupby([truth[unit].rename("unit"), month.rename("month")])["articles"].sum()


@pytest.mark.parametrize("unit", ["region", "country"])
def test_counts_are_the_truth(archive: Archive, incidents: Incidents, unit: str) -> None:
    choices = PanelChoices(unit="region") if unit == "region" else PanelChoices(unit="country")
    panel = incident_panel(incidents, choices)
    assert len(panel.units) == (50 if unit == "region" else 5) and len(panel.months) == 2
    assert panel.simulated and "simulated" in panel.name
    for construct in (*VIOLENCE, "corruption"):
        counts = panel.frame[construct].dropna()
        expected = true_counts(archive, construct, unit).reindex(counts.index, fill_value=0)
        assert (counts.to_numpy(int) == expected.to_numpy(int)).all(), construct


def test_zero_is_a_count_where_files_cover_the_month(incidents: Incidents) -> None:
    panel = incident_panel(incidents)
    assert (panel.frame["criminal_violence"] == 0).any() and panel.frame["criminal_violence"].notna().all()
    assert (panel.frame["coverage"] == 1).all() and panel.exposures == ("all_events",)
    assert (panel.frame["all_events"] >= panel.frame["state_violence"]).all()


def test_months_without_files_are_unobserved(extracts: dict[TableName, Extract], incidents: Incidents) -> None:
    events = extracts["events"]
    fewer = replace(events, files=tuple(f for f in events.files if not "2015-02-10" <= f.days[0] <= "2015-02-15"))
    panel = incident_panel(build_incidents({**extracts, "events": fewer}))
    february = panel.frame.index.get_level_values("month") == pd.Timestamp("2015-02-01")
    assert panel.frame.loc[february, list(panel.outcomes)].isna().to_numpy().all()
    assert panel.frame.loc[~february, list(panel.outcomes)].notna().to_numpy().all()
    assert panel.frame.loc[february, "coverage"].to_numpy() == pytest.approx(22 / 28)
    kept = incident_panel(build_incidents({**extracts, "events": fewer}), PanelChoices(min_coverage=0.7))
    assert kept.frame.loc[february, "state_violence"].notna().all()
    with pytest.raises(PanelError, match="in no month do files cover"):
        incident_panel(incidents, PanelChoices(min_coverage=1.01))


def test_places_without_a_region_are_left_out_or_allocated(archive: Archive, incidents: Incidents) -> None:
    left = incident_panel(incidents)
    drawn = incident_panel(incidents, PanelChoices(unplaced="allocate"))
    whole = incident_panel(incidents, PanelChoices(unit="country"))
    for construct in VIOLENCE:
        lost = archive.truth.incidents.query("centroid and construct == @construct")["articles"].sum()
        assert drawn.frame[construct].sum() - left.frame[construct].sum() == lost > 0
        by_country = drawn.frame.groupby(["country", "month"])[construct].sum()
        assert (by_country.to_numpy(int) == whole.frame[construct].to_numpy(int)).all()
    total = drawn.frame["all_events"].sum()
    assert total == pytest.approx(whole.frame["all_events"].sum())
    frame = allocate(incidents)
    assert frame["region"].notna().all() and frame["allocated"].sum() == incidents.frame["region"].isna().sum()
    assert allocate(incidents)["region"].equals(frame["region"]), "the same seed"
    assert not allocate(incidents, seed=1)["region"].equals(frame["region"])
    home = regions.load("constant").frame.set_index("region")["iso3"]
    assert (home.loc[frame["region"]].to_numpy() == frame["country"].to_numpy()).all()


def test_weights_exposures_and_flags(incidents: Incidents) -> None:
    one = incident_panel(incidents, PanelChoices(unit="country", exposure="none", flags=("lethal", "drug")))
    assert one.exposures == () and "state_violence_lethal" in one.outcomes
    lethal = incidents.frame.query("construct == 'state_violence' and lethal")
    assert one.frame["state_violence_lethal"].sum() == len(lethal)
    assert one.frame["drug_incident_drug"].equals(one.frame["drug_incident"].rename("drug_incident_drug"))
    told = incident_panel(incidents, PanelChoices(unit="country", weight="articles", exposure="all_articles"))
    assert (
        told.frame["state_violence"].sum() == incidents.frame.query("construct == 'state_violence'")["articles"].sum()
    )
    assert (told.frame["all_articles"] > one.frame["state_violence"]).all()


def test_a_region_where_nothing_is_reported_is_unobserved(incidents: Incidents) -> None:
    background = incidents.background
    quiet = replace(incidents, background=background[background["region"] != "TM-B"])
    panel = incident_panel(quiet)
    assert panel.frame.xs("TM-B", level="unit")[list(panel.outcomes)].isna().to_numpy().all()
    without = incident_panel(quiet, PanelChoices(exposure="none"))
    assert without.frame.xs("TM-B", level="unit")["corruption"].notna().all()


def test_provenance_names_codebook_files_and_choices(incidents: Incidents, tmp_path: Path) -> None:
    panel = incident_panel(incidents)
    assert panel.inputs["constructs.yaml"] == incidents.origin["codebook_sha256"]
    assert any(name.startswith("GDELT events") for name in panel.inputs)
    other = incident_panel(incidents, PanelChoices(weight="articles"))
    assert other.inputs["choices"] != panel.inputs["choices"]
    again = load(save(panel, tmp_path / "panel.parquet"))
    assert again.data_hash == panel.data_hash and again.inputs == panel.inputs and again.simulated


def test_countries_without_regions_are_for_country_panels(incidents: Incidents) -> None:
    wider = replace(incidents, countries=(*incidents.countries, "COL"))
    with pytest.raises(PanelError, match="COL have no regions"):
        incident_panel(wider)
    assert len(incident_panel(wider, PanelChoices(unit="country", exposure="none")).units) == 6


def test_without_event_files_there_is_no_exposure(extracts: dict[TableName, Extract]) -> None:
    built = build_incidents({"gkg": extracts["gkg"]}, Options({"drug_incident": "themes"}))
    assert len(built.frame) and incident_panel(built, PanelChoices(exposure="none")).exposures == ()
    with pytest.raises(PanelError, match="no event rows"):
        incident_panel(built)


def test_rules_and_variants_change_the_counts(extracts: dict[TableName, Extract]) -> None:
    sums = {}
    for rule in ("id", "actors_place_day", "story_slot"):
        built = build_incidents(extracts, Options({"state_violence": "cameo"}, rule=rule))
        sums[rule] = int(incident_panel(built, PanelChoices(unit="country")).frame["state_violence"].sum())
    assert sums["id"] > sums["actors_place_day"] > sums["story_slot"] > 0
    broad = build_incidents(extracts, Options({"drug_incident": "counts"}))
    assert np.all(broad.frame["construct"] == "drug_incident") and len(broad.frame)
