"""The kernel is compiled by another process, once; who asked for it draws what everyone after draws."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from northroute.bayes.kernel import jit
from northroute.bayes.samplers import warm

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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(jit, "FOLDER", str(tmp_path))
    return tmp_path


def test_it_is_compiled_once_and_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def run(words: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        started.append(words)
        return subprocess.CompletedProcess(words, 0)

    monkeypatch.setattr(subprocess, "run", run)
    said: list[str] = []
    for _ in range(2):
        warm.ready(lambda message, _share: said.append(message))
    assert [words[1:] for words in started] == [["-c", "from northroute.bayes.samplers.warm import main; main()"]]
    assert said == ["compiling the kernel, once on this machine (about half a minute)"]
    assert (folder / warm.WHOLE).exists()


def test_a_compiling_process_that_fails_leaves_this_one_to_compile(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda words, **_: subprocess.CompletedProcess(words, 1))
    warm.ready()
    assert not (folder / warm.WHOLE).exists()


def test_without_a_folder_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "FOLDER", "")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("started"))
    warm.ready()


@pytest.mark.slow
def test_the_first_process_on_a_machine_draws_what_the_second_draws(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    drawn = [
        subprocess.run([sys.executable, "-c", FIT], env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1] != ""
