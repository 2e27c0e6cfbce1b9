"""The kernel is compiled by another process, once; who asked for it draws what everyone after draws."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from northroute.bayes.kernel import jit, warm
from northroute.bayes.kernel.tables import Program
from northroute.bayes.program import records
from northroute.bayes.program.builder import Builder
from northroute.bayes.statement.codes import Family
from tests.bayes.kernel.examples import everything

FIT = """
import sys
import pandas as pd
from northroute.bayes import Model, Sampling, fit_model
from northroute.bayes.distributions import Poisson
from northroute.bayes.terms import Effects, Intercept
frame = pd.DataFrame({"g": list("abcd") * 5, "y": [3, 1, 4, 1, 5, 9, 2, 6, 5, 3] * 2})
settings = Sampling(chains=2, draws=100, tune=100, retries=0)
fit = fit_model(Model("m", "y", Poisson(), (Intercept(), Effects("g"))), frame, settings)
sys.stdout.write(fit.tree["posterior"]["sd_g"].to_numpy().tobytes().hex())
"""


def counted(family: Family) -> Program:
    """A program of three outcomes, without a predictor."""
    builder = Builder()
    builder.segments.append(records.segment(builder.store, family, slice(0, 3), np.ones(3), known=np.ones(3)))
    return builder.finish(3)[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(jit, "FOLDER", str(tmp_path))
    return tmp_path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What compiling processes are told, which here only leave the marks."""
    found: list[str] = []

    class Process:
        def __init__(self, words: list[str], **_: object) -> None:
            found.append(words[-1])

        def wait(self) -> None:
            for name in ast.literal_eval(found[-1].split("main(")[1].removesuffix(")")):
                warm._mark(name).touch()

        def kill(self) -> None: ...

    monkeypatch.setattr(subprocess, "Popen", Process)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    return found


def test_units_are_compiled_once_and_told_and_only_those_that_a_program_needs(folder: Path, started: list[str]) -> None:
    said: list[str] = []
    for _ in range(2):
        warm.ready(counted(Family.POISSON), lambda message, _share: said.append(message))
    assert len(started) == len(said) == 1 and "once on this machine" in said[0]
    made = {path.stem for path in folder.glob("*.compiled")}
    assert made == {name.lower() for name in (*warm.CALLED, "VALUES", "PREDICT", "SCATTER", "PLAIN_COUNTS", "COUNTS")}
    warm.ready(counted(Family.NORMAL))
    assert started[1:] == ["from northroute.bayes.kernel.warm import main; main(['NORMALS'])"]


def test_every_unit_is_compiled_for_the_program_that_has_everything(folder: Path, started: list[str]) -> None:
    warm.ready(everything().program)
    assert {path.stem for path in folder.glob("*.compiled")} == {name.lower() for name in warm.ALL}


def test_a_compiling_process_that_fails_leaves_this_one_to_compile(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "false")
    warm.ready(counted(Family.POISSON))
    assert not list(folder.glob("*.compiled"))


def test_without_a_folder_nothing_is_started(started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "FOLDER", "")
    warm.ready(counted(Family.POISSON))
    assert not started


@pytest.mark.slow
def test_the_first_process_on_a_machine_draws_what_the_second_draws(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    drawn = [
        subprocess.run([sys.executable, "-c", FIT], env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1] != ""
