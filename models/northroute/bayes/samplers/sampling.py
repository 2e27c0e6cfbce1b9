"""Chains of the sampler: nutpie on the compiled density, chain by chain, resumable, interruptible, reproducible."""

import contextlib
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import xarray as xr

from northroute import keeping, seeds
from northroute.arrays import Array
from northroute.bayes.kernel.tables import Program
from northroute.bayes.samplers.settings import Sampling
from northroute.progress import Progress, quiet

MAX_DEPTH: Final = 10
STATISTICS: Final = ("diverging", "depth", "energy", "n_steps", "step_size")
_JITTER: Final = 0.5


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
        Stem of files that hold finished chains: a chain found there, as it was written, is not sampled again. Its name says
        all that decides the chains. Delete them with :func:`forget` once the whole fit is saved.
    progress : callable
        Called with a message and the share done.
    """
    from northroute.bayes.samplers.native import native  # nutpie brings ArviZ and with it matplotlib

    model = native(program, _around(start, program.linear))
    done: dict[int, dict[str, Array]] = {}
    for i in range(settings.chains):
        if keep is not None and (found := keeping.read(_file(keep, i), keep.name, _stored)):
            done[i] = found
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
                if keep is not None:
                    with keeping.writing(_file(keep, i), keep.name) as partial, partial.open("wb") as out:
                        np.savez(out, **done[i])  # type: ignore[arg-type]
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
    return Chains(np.stack([c["theta"] for c in chains]), xr.Dataset(stats))


def forget(keep: Path | None, chains: int) -> None:
    """Delete the files of finished chains."""
    if keep is not None:
        for i in range(chains):
            keeping.remove(_file(keep, i))


def _around(start: Array, linear: int) -> Callable[[int], Array]:
    def draw(seed: int) -> Array:
        rng = np.random.default_rng(seed)
        point = start.copy()
        point[:linear] += rng.uniform(-_JITTER, _JITTER, linear)
        point[linear:] += rng.normal(0, _JITTER, start.size - linear)
        return point

    return draw


def _begin(model: Any, settings: Sampling, seed: int) -> tuple[Any, dict[str, float]]:
    import nutpie

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
        return_raw_trace=True,
    )
    return sampler, state


def _collect(found: Any) -> dict[str, Array]:
    """Return a chain's draws and statistics after warm-up, straight from Arrow: a tree of each chain costs as much as it."""
    (drawn,), (told,) = found.get_arrow_trace()
    warm_up = int(np.asarray(told.column("tuning")).sum())
    theta = pa.array(drawn.column("theta")).flatten().to_numpy().reshape(drawn.num_rows, -1)
    stats = {name: pa.array(told.column(name)).to_numpy(zero_copy_only=False)[warm_up:] for name in STATISTICS}
    return {"theta": theta[warm_up:], **stats}


def _finished(sampler: Any) -> bool:
    try:
        return bool(sampler.is_finished)
    except TimeoutError:  # nutpie's way of saying that its workers are too busy to answer
        return False


def _file(keep: Path, chain: int) -> Path:
    return keep.with_name(f"{keep.name}-chain{chain}.npz")


def _stored(content: bytes) -> dict[str, Array]:
    with np.load(io.BytesIO(content)) as stored:
        return dict(stored)
