"""The kernel compiled once on a machine, in a process of its own, so that the first process draws what all others draw.

Code that numba has just compiled may round otherwise than the same code read back from its folder. Whoever comes first
therefore lets another process compile, and reads it back like everyone after.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from northroute import holding, seeds
from northroute.bayes.coordinates import adaptation
from northroute.bayes.coordinates.prior_coordinates import prior_values
from northroute.bayes.kernel import batch, jit
from northroute.bayes.program.assemble import assemble
from northroute.bayes.program.predict import simulate
from northroute.bayes.samplers import sampling
from northroute.bayes.samplers.draws import of_coordinates
from northroute.bayes.samplers.settings import Sampling
from northroute.bayes.statement.distributions import NegativeBinomial
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.progress import Progress, quiet

_COMPILE: Final = f"from {__name__} import main; main()"
WHOLE: Final = "whole"
"""File that says that everything in the kernel's folder is compiled."""


def ready(progress: Progress = quiet) -> None:
    """See that the kernel is compiled; the first process on a machine waits about half a minute, others read it.

    Where no folder can be kept, or the compiling process fails, nothing is done: this process then compiles for itself.
    """
    if not jit.FOLDER or (Path(jit.FOLDER) / WHOLE).exists():
        return
    with holding.folder(Path(jit.FOLDER), "compiling the kernel", progress):
        if (Path(jit.FOLDER) / WHOLE).exists():
            return
        progress("compiling the kernel, once on this machine (about half a minute)", 0.0)
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        found = subprocess.run([sys.executable, "-c", _COMPILE], env=environment, capture_output=True, check=False)
        if found.returncode == 0:
            (Path(jit.FOLDER) / WHOLE).touch()


def main() -> None:
    """Compile what any fit calls, by a small one: density, coordinates, values, predictors, log likelihood by row."""
    rng = seeds.generator("warm", 0)
    frame = pd.DataFrame({"group": np.repeat(list("abcd"), 5), "x": rng.normal(size=20), "count": rng.poisson(3.0, 20)})
    terms = (Intercept(), Linear(("x",)), Effects("group", ("1", "x"), correlated=True))
    assembled = assemble(Model("warm", "count", NegativeBinomial(), terms), frame)
    adapted = adaptation.first(assembled)
    settings = Sampling(chains=2, draws=10, tune=20, retries=0, pilot=0)
    chains = sampling.sample("warm", adapted.program, adapted.z, settings)
    adapted = adaptation.learnt(assembled, adapted, chains.theta)
    draws = of_coordinates(assembled, adapted.program, chains.theta, chains.stats)
    flat = draws.values.reshape(-1, draws.values.shape[-1])
    batch.log_likelihood(assembled.program, flat)
    simulate(assembled, prior_values(assembled, 4, seeds.generator("warm", 1)), seeds.generator("warm", 2))
