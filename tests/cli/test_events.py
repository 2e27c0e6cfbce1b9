"""The verbs on GDELT: simulate, fetch, build, print SQL; from an archive over HTTP to panels."""

import sys
import types
from pathlib import Path

import pytest
from typer.testing import CliRunner

from northroute.cli import app
from northroute.panel import load
from northroute.sources.gdelt import load as load_incidents
from northroute.sources.gdelt import manifest
from tests.sources.gdelt.server import serving

runner = CliRunner()


def run(*arguments: object, code: int = 0) -> str:
    result = runner.invoke(app, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def test_from_archive_to_panels(tmp_path: Path) -> None:
    archive, data, built = tmp_path / "archive", tmp_path / "raw", tmp_path / "events"
    text = run("simulate", "archive", "--out", archive, "--days", 31, "--clean", "--world", 20)
    assert "SIMULATED: " in text and "truth.parquet" in text
    span = ("--start", "2015-01-01", "--end", "2015-01-31")
    with serving(archive / "site") as server:
        fetch = (
            "fetch",
            "gdelt",
            *span,
            "--tables",
            "events,gkg,gkgcounts",
            "--to",
            data,
            "--base-url",
            server.address,
        )
        text = run(*fetch)
    assert "93 of 93 files" in text and "SIMULATED" in text
    text = run("events", "build", "--data", data / "gdelt/v1", "--out", built, *span, "--variant", "corruption=themes")
    assert "SIMULATED" in text and "corruption (themes)" in text and "with a region" in text
    assert load(built / "region_month.parquet").simulated and len(load(built / "country_month.parquet").units) == 5
    assert load_incidents(built / "incidents").origin["variants"]["corruption"] == "themes"
    entries = manifest.load(data / "gdelt/v1/manifest.csv").entries.values()
    assert all(e.rows is not None and e.kept is not None and e.rows >= e.kept for e in entries)


def test_a_fetch_that_lacks_files_says_so(tmp_path: Path) -> None:
    run("simulate", "archive", "--out", tmp_path / "a", "--days", 8, "--world", 5)
    with serving(tmp_path / "a/site") as server:
        fetch = ("fetch", "gdelt", "--start", "2015-01-01", "--end", "2015-01-08", "--to", tmp_path)
        text = run(*fetch, "--base-url", server.address.rstrip("/"), code=1)
    assert "absent" in text and "days without a file, unobserved" in text and "listed twice" in text


def test_refusals_are_one_line(tmp_path: Path) -> None:
    assert "No GDELT file of the window below" in run("events", "build", "--data", tmp_path, code=1)
    assert "is not construct=variant" in run("events", "build", "--data", tmp_path, "--variant", "x", code=1)
    assert "Give both" in run("events", "build", "--data", tmp_path, "--start", "2015-01-01", code=1)
    span = ("--start", "2015-01-01", "--end", "2015-01-02")
    assert "no table 'mentions'" in run("fetch", "gdelt", *span, "--tables", "mentions", code=1)
    assert "no variant" in run("events", "sql", "corruption", code=1)


def test_sql_is_listed_and_printed() -> None:
    assert "drug_incident.packed_counts (gkg)" in run("events", "sql")
    assert "FROM events" in run("events", "sql", "corruption.cameo")
    text = run("events", "sql", "corruption.themes", "--dialect", "bigquery")
    assert "gdelt-bq.gdeltv2.gkg_partitioned" in text
    assert "No credentials" in text or "not installed" in text


def test_what_bigquery_refuses_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from northroute.sources.gdelt import bigquery

    forbidden = type("Forbidden", (Exception,), {"__module__": "google.api_core.exceptions"})

    class Client:
        def query(self, text: str, job_config: object) -> None:
            raise forbidden("403 Access denied: project x\nReason: accessDenied, Location: US")

    monkeypatch.setattr(bigquery, "client", lambda project: Client())
    monkeypatch.setattr(bigquery, "_settings", lambda **_: None)
    rows = tmp_path / "rows.csv"
    text = run("events", "sql", "corruption.themes", "--run", "--to", rows, code=1)
    assert "Error BigQuery: 403 Access denied: project x. Check --project" in text and not rows.exists()


def test_bigquery_runs_where_there_is_a_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    class Client:
        def __init__(self, project: str | None) -> None:
            assert project == "mine"

        def query(self, text: str, job_config: dict[str, object]) -> "Client":
            asked.append(job_config)
            return self

        total_bytes_processed = 12_300_000_000

        def result(self) -> list[dict[str, object]]:
            return [{"id": 1, "day": 20150101, "address": "http://x"}]

    class MissingError(Exception):
        pass

    modules = {
        "google": types.ModuleType("google"),
        "google.auth": types.ModuleType("google.auth"),
        "google.auth.exceptions": types.ModuleType("google.auth.exceptions"),
        "google.cloud": types.ModuleType("google.cloud"),
    }
    modules["google.auth.exceptions"].DefaultCredentialsError = MissingError  # type: ignore[attr-defined]
    modules["google.cloud"].bigquery = types.SimpleNamespace(Client=Client, QueryJobConfig=dict)  # type: ignore[attr-defined]
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    rows = tmp_path / "rows.csv"
    options = ("--run", "--project", "mine", "--limit", 50, "--to", rows)
    text = run("events", "sql", "corruption.themes", *options)
    assert "It would scan 12.3 GB" in text
    assert rows.read_text() == "id,day,address\n1,20150101,http://x\n"
    assert [a["dry_run"] for a in asked] == [True, False] and asked[1]["maximum_bytes_billed"] == 50_000_000_000
