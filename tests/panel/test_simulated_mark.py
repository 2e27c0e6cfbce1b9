"""The mark of simulated data cannot be lost, changed or mixed on the way from source to panel."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace

import pandas as pd
import pytest

from northroute.errors import NorthrouteError, SimulatedDataError
from northroute.panel import Panel, build, lag, log_rate, standardise, within_between
from northroute.sources.simulated import OUTCOMES, Simulation
from tests.panel.examples import panel, rows, table

STEPS: dict[str, Callable[[Panel], Panel]] = {
    "lag": lambda p: lag(p, "x"),
    "log rate": lambda p: log_rate(p, "drugs", "events"),
    "within-between": lambda p: within_between(p, "x"),
    "standardise": lambda p: standardise(p, "x"),
    "covariate": lambda p: p.with_covariate("y", p.frame["x"]),
    "outcome": lambda p: p.with_outcome("y", p.frame["drugs"]),
    "selection": lambda p: p.select(countries=("KAZ",), months=("2015-01", "2015-02")),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("simulated", [True, False])
def test_every_step_carries_the_mark(step: str, simulated: bool) -> None:
    after = STEPS[step](panel(simulated=simulated))
    assert after.simulated is simulated
    assert (after.frame["simulated"] == simulated).all()
    assert after.to_xarray().attrs["simulated"] == int(simulated)


@pytest.mark.parametrize("simulated", [True, False])
def test_the_flag_cannot_be_turned(simulated: bool) -> None:
    built = panel(simulated=simulated)
    with pytest.raises(SimulatedDataError, match="never changed by hand"):
        replace(built, simulated=not simulated)
    with pytest.raises(FrozenInstanceError):
        built.simulated = not simulated  # type: ignore[misc]


@pytest.mark.parametrize("simulated", [True, False])
def test_the_column_cannot_be_turned_or_dropped(simulated: bool) -> None:
    built = panel(simulated=simulated)
    with pytest.raises(SimulatedDataError, match="disagree"):
        replace(built, frame=built.frame.assign(simulated=not simulated))
    with pytest.raises(SimulatedDataError, match="is gone"):
        replace(built, frame=built.frame.drop(columns="simulated"))


def test_one_row_turned_is_enough() -> None:
    built = panel(simulated=True)
    frame = built.frame.copy()
    frame.iloc[2, list(frame.columns).index("simulated")] = False
    with pytest.raises(SimulatedDataError, match="never"):
        replace(built, frame=frame)


def test_simulated_and_real_rows_do_not_mix() -> None:
    real, simulated = panel(), panel(rows(("UZ-SU",)), simulated=True)
    both = pd.concat([real.frame, simulated.frame])
    for flag in (True, False):
        with pytest.raises(SimulatedDataError, match="never mixed"):
            replace(real, frame=both, simulated=flag)


def test_the_mark_cannot_be_overwritten_as_a_covariate() -> None:
    built = panel(simulated=True)
    with pytest.raises(NorthrouteError, match="simulated"):
        built.with_covariate("simulated", built.frame["x"] * 0)
    with pytest.raises(NorthrouteError, match="simulated"):
        built.with_outcome("simulated", built.frame["drugs"] * 0)


def test_a_frame_changed_in_place_is_caught_at_the_next_step() -> None:
    built = panel(simulated=True)
    built.frame["simulated"] = False
    with pytest.raises(SimulatedDataError):
        lag(built, "x")


def test_a_source_s_table_cannot_be_passed_off_as_real(simulation: Simulation) -> None:
    with pytest.raises(SimulatedDataError, match="the column 'simulated' and the table's flag disagree"):
        build(replace(simulation.table, simulated=False), unit="unit", outcomes=OUTCOMES)
    with pytest.raises(SimulatedDataError):
        build(table(rows().assign(simulated=True)), unit="unit", outcomes=("drugs",))
