"""Panels on disk: what is written is what is read, roles, scalings, inputs and mark included."""

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from northroute.errors import DataError, PanelError, SimulatedDataError
from northroute.keeping import beside
from northroute.panel import Panel, lag, load, save, standardise
from tests.panel.examples import frames, panel, rows

EXAMPLES = settings(max_examples=12)  # a panel is checked with pandera every time: about 20 ms


def _equal(one: Panel, two: Panel) -> None:
    pd.testing.assert_frame_equal(one.frame, two.frame, check_freq=False)
    for attribute in ("name", "outcomes", "exposures", "covariates", "simulated", "scalings", "inputs"):
        assert getattr(one, attribute) == getattr(two, attribute), attribute
    assert one.data_hash == two.data_hash
    assert one.to_xarray().identical(two.to_xarray())


@pytest.mark.parametrize("simulated", [False, True])
def test_round_trip(tmp_path: Path, simulated: bool) -> None:
    built = lag(standardise(panel(rows().drop(1), simulated=simulated), "x"), "drugs")
    path = save(built, tmp_path / "deep" / "panel.parquet")
    _equal(load(path), built)
    # nothing half-written beside it
    assert sorted(p.name for p in path.parent.iterdir()) == ["panel.parquet", "panel.parquet.sha256"]


@EXAMPLES
@given(frame=frames())
def test_round_trip_of_any_panel(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> None:
    built = panel(frame)
    _equal(load(save(built, tmp_path_factory.getbasetemp() / "any.parquet")), built)


def test_round_trip_of_the_regions(region_panel: Panel, tmp_path: Path) -> None:
    _equal(load(save(region_panel, tmp_path / "regions.parquet")), region_panel)


def test_any_change_of_a_cell_changes_the_hash() -> None:
    built = panel()
    assert panel().data_hash == built.data_hash
    for column, value in (("drugs", 7), ("events", 7.0), ("x", 7.0), ("country", "KGZ")):
        assert panel(rows().assign(**{column: value})).data_hash != built.data_hash, column
    # a gap is not a zero
    gap = rows().assign(drugs=pd.array([None, 1, 2, 3, 4, 5], dtype="Int64"))
    assert panel(gap).data_hash != built.data_hash


def test_files_that_are_not_panels(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.parquet: it is not there"):
        load(tmp_path / "absent.parquet")
    (tmp_path / "text.parquet").write_text("no parquet")
    with pytest.raises(DataError, match=r"text\.parquet: this is not a readable"):
        load(tmp_path / "text.parquet")
    rows().to_parquet(tmp_path / "plain.parquet")
    with pytest.raises(DataError, match=r"plain\.parquet: the Parquet file carries no panel description.*panel\.save"):
        load(tmp_path / "plain.parquet")
    whole = save(panel(), tmp_path / "whole.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cut\.parquet: this is not a readable"):
        load(tmp_path / "cut.parquet")


def _rewrite(path: Path, column: str | None, value: object, **roles: object) -> None:
    """Change a file behind the panel's back, and remove the record that would tell."""
    beside(path).unlink()
    table = pq.read_table(path)
    metadata = dict(table.schema.metadata)
    metadata[b"northroute"] = json.dumps(json.loads(metadata[b"northroute"]) | roles).encode()
    if column is not None:
        frame = table.to_pandas().assign(**{column: value})
        table = type(table).from_pandas(frame, schema=table.schema, preserve_index=False)
    pq.write_table(table.replace_schema_metadata(metadata), path)


def test_the_contract_is_checked_again_on_reading(tmp_path: Path) -> None:
    path = save(panel(), tmp_path / "panel.parquet")
    _rewrite(path, "drugs", -1)
    with pytest.raises(PanelError, match="TJ-KT 2015-01, column 'drugs': value -1 is not allowed"):
        load(path)


def test_the_mark_cannot_be_taken_off_a_file(tmp_path: Path) -> None:
    path = save(panel(simulated=True), tmp_path / "panel.parquet")
    _rewrite(path, None, None, simulated=False)
    with pytest.raises(SimulatedDataError):
        load(path)
    path = save(panel(simulated=True), tmp_path / "panel.parquet")
    _rewrite(path, "simulated", False)
    with pytest.raises(SimulatedDataError):
        load(path)
