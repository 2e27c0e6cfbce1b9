"""Units compiled once on a machine, in processes of their own, so that the first process draws what all others draw.

Code that numba has just compiled may round otherwise than the same code read back from its folder. Whoever comes first
therefore lets other processes compile, side by side, and reads it back like everyone after.
"""

import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from northroute import holding
from northroute.bayes.kernel import batch, coordinates, density, jit
from northroute.bayes.kernel.tables import Program
from northroute.bayes.kernel.units import UNITS, needed
from northroute.progress import Progress, quiet

CALLED: Final[Mapping[str, jit.Unit]] = {
    "LOG_DENSITY": density.c_log_density,
    "COORDINATES": coordinates.c_coordinates,
    "DRAWS": batch.c_draws,
    "PREDICTORS": batch.c_predictors,
    "LOG_LIKELIHOOD": batch.c_log_likelihood,
}
"""What samplers and Python call: needed by every program."""
ALL: Final[Mapping[str, jit.Unit]] = {**CALLED, **{slot.name: unit for slot, unit in UNITS.items()}}
_TOGETHER: Final = (
    (9, ("CORRELATED", "CORRELATED_BACK")),
    (7, ("EFFECTS", "EFFECTS_BACK")),
    (5, ("LOG_DENSITY", "VALUES", "COORDINATES")),
    (4, ("PLAIN_COUNTS", "COUNTS")),
    (2, ("BYM2", "BYM2_BACK")),
    (3, ("PREDICT", "SCATTER", "DRAWS", "PREDICTORS", "LOG_LIKELIHOOD")),
    (1, ("MULTIVARIATE",)),
    (1, ("NORMALS",)),
    (1, ("COMPOSITIONS",)),
)
"""Units that share what they call, with about how long they take beside one another, the costly ones first."""
_PROCESSES: Final = 4


def ready(program: Program, progress: Progress = quiet) -> None:
    """See that the units that a program needs are compiled; the first process on a machine waits, others read them.

    Where no folder can be kept, or a compiling process fails, nothing is done: this process then compiles for itself.
    """
    if not jit.FOLDER or not (names := _missing(program)):
        return
    with holding.folder(Path(jit.FOLDER), "compiling the kernel", progress):
        if names := _missing(program):
            progress("compiling the kernel for this model, once on this machine (about a quarter of a minute)", 0.0)
            _compile(names)


def main(names: Collection[str]) -> None:
    """Compile units, and leave a mark of each."""
    for name in names:
        if ALL[name].address:
            _mark(name).touch()


def _missing(program: Program) -> list[str]:
    names = {*CALLED, *(slot.name for slot in needed(program))}
    return sorted(name for name in names if not _mark(name).exists())


def _mark(name: str) -> Path:
    return Path(jit.FOLDER) / f"{name.lower()}.compiled"


def _compile(names: Collection[str]) -> None:
    """Compile units in processes side by side."""
    shares: list[list[str]] = [[] for _ in range(min(_PROCESSES, os.cpu_count() or 1))]
    seconds = [0] * len(shares)
    for cost, group in _TOGETHER:
        if mine := [name for name in group if name in names]:
            least = seconds.index(min(seconds))
            seconds[least] += cost
            shares[least] += mine
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    words = [f"from {__name__} import main; main({share!r})" for share in shares if share]
    running = [subprocess.Popen([sys.executable, "-c", w], env=environment, stderr=subprocess.DEVNULL) for w in words]
    try:
        for process in running:
            process.wait()
    finally:
        for process in running:
            process.kill()
