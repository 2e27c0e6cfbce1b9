"""Chains of the sampler: nutpie on the compiled density, chain by chain, resumable, interruptible, reproducible."""

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import nutpie
import xarray as xr
from numpy.typing import NDArray

from northroute import seeds
from northroute.bayes.kernel.tables import Z_LINEAR, Program
from northroute.bayes.samplers.native import NAME, native
from northroute.bayes.statement.spec import Sampling
from northroute.progress import Progress, quiet

MAX_DEPTH: Final = 10
STATISTICS: Final = ("diverging", "depth", "energy", "n_steps", "step_size")
_JITTER: Final = 0.5

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Chains:
    """Draws of the model's coordinates, shape (chain, draw, dim), and the sampler's statistics."""

    theta: Array
    stats: xr.Dataset


def sample(
    name: str,
    program: Program,
    start: Array,
    settings: Sampling,
    *,
    keep: Path | None = None,
    progress: Progress = quiet,
) -> Chains:
    """Sample a program.

    Parameters
    ----------
    name : str
        Names the random streams, one for each chain.
    program : Program
    start : array, shape (dim,)
        In the sampler's coordinates; chains start around it.
    settings : Sampling
    keep : Path, optional
        Stem of files that hold finished chains: a chain found there is not sampled again. Delete them with
        :func:`forget` once the whole fit is saved.
    progress : callable
        Called with a message and the share done.
    """
    model = native(program, _around(start, int(program.sizes[Z_LINEAR])))
    done: dict[int, dict[str, Array]] = {}
    for i in range(settings.chains):
        path = _file(keep, i)
        if path is not None and path.exists():
            with np.load(path) as stored:
                done[i] = dict(stored)
    waiting = [i for i in range(settings.chains) if i not in done]
    running: dict[int, tuple[Any, dict[str, float]]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < settings.cores:
                i = waiting.pop(0)
                running[i] = _begin(model, settings, seeds.integer(f"nutpie {name} chain {i}", settings.seed))
            for i in [i for i, (sampler, _) in running.items() if _finished(sampler)]:
                sampler, _ = running.pop(i)
                done[i] = _collect(sampler.wait())
                _keep(_file(keep, i), done[i])
            share = len(done) + sum(state["share"] for _, state in running.values())
            progress(f"{name}: sampling", share / settings.chains)
            time.sleep(0.01 if running else 0)
    except BaseException:
        for sampler, _ in running.values():
            with contextlib.suppress(Exception):
                sampler.cancel()
        raise
    chains = [done[i] for i in range(settings.chains)]
    stats = {s: (("chain", "draw"), np.stack([c[s] for c in chains])) for s in STATISTICS}
    return Chains(np.stack([c[NAME] for c in chains]), xr.Dataset(stats))


def forget(keep: Path | None, chains: int) -> None:
    """Delete the files of finished chains."""
    for i in range(chains):
        path = _file(keep, i)
        if path is not None:
            path.unlink(missing_ok=True)


def _around(start: Array, linear: int) -> Callable[[int], Array]:
    def draw(seed: int) -> Array:
        rng = np.random.default_rng(seed)
        point = start.copy()
        point[:linear] += rng.uniform(-_JITTER, _JITTER, linear)
        point[linear:] += rng.normal(0, _JITTER, start.size - linear)
        return point

    return draw


def _begin(model: Any, settings: Sampling, seed: int) -> tuple[Any, dict[str, float]]:
    state = {"share": 0.0}

    def count(chains: Any) -> None:
        state["share"] = sum(c.finished_draws for c in chains) / max(1, sum(c.total_draws for c in chains))

    sampler = nutpie.sample(
        model,
        draws=settings.draws,
        tune=settings.tune,
        chains=1,
        cores=1,
        seed=seed,
        target_accept=settings.target_accept,
        maxdepth=MAX_DEPTH,
        save_warmup=False,
        progress_bar=False,
        progress_callback=count,
        blocking=False,
    )
    return sampler, state


def _collect(tree: xr.DataTree) -> dict[str, Array]:
    stats = tree["sample_stats"].to_dataset()
    return {NAME: tree["posterior"][NAME].to_numpy()[0]} | {s: stats[s].to_numpy()[0] for s in STATISTICS}


def _finished(sampler: Any) -> bool:
    try:
        return bool(sampler.is_finished)
    except TimeoutError:  # nutpie's way of saying that its workers are too busy to answer
        return False


def _file(keep: Path | None, chain: int) -> Path | None:
    return None if keep is None else keep.with_name(f"{keep.name}-chain{chain}.npz")


def _keep(path: Path | None, chain: dict[str, Array]) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as out:
        np.savez(out, **chain)  # type: ignore[arg-type]
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)
