"""Other samplers of a model: PyMC's own and NumPyro's, on the plain statement, for a second opinion on the compiled kernel.

They know nothing of the adapted coordinates, and PyMC compiles a graph for every model: they are slow, and independent.
"""

import importlib.util
from typing import Final, Literal

import numpy as np
import pymc as pm
import xarray as xr

from northroute import seeds
from northroute.arrays import Array
from northroute.bayes.kernel import batch
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.samplers.draws import Draws
from northroute.bayes.samplers.plain import stated
from northroute.bayes.samplers.sampling import MAX_DEPTH
from northroute.bayes.samplers.settings import Sampling
from northroute.errors import ModelError

PlainSampler = Literal["pymc", "numpyro"]
_OPTIONS: Final[dict[PlainSampler, dict[str, object]]] = {
    "pymc": {"max_treedepth": MAX_DEPTH},
    "numpyro": {"max_tree_depth": MAX_DEPTH, "chain_method": "vectorized"},
}
_STATISTICS: Final = {
    "diverging": "diverging",
    "tree_depth": "depth",
    "energy": "energy",
    "n_steps": "n_steps",
    "step_size": "step_size",
}


def sample_plain(assembled: Assembled, settings: Sampling, sampler: PlainSampler) -> Draws:
    """Sample the plain statement of a model with PyMC's no-U-turn sampler or NumPyro's.

    Parameters
    ----------
    assembled : Assembled
    settings : Sampling
        ``pilot`` is not used: there is nothing to adapt. A warm-up of 1000 suits these samplers. PyMC's chains run one after
        the other: its worker processes would need a main guard in the caller's script.
    sampler : {"pymc", "numpyro"}

    Returns
    -------
    Draws
        Without coordinates. Effects that the model does not report are not-a-number.

    Raises
    ------
    ModelError
        If NumPyro is not installed, or the plain statement cannot hold the model.
    """
    if sampler == "numpyro" and importlib.util.find_spec("numpyro") is None:
        raise ModelError("NumPyro is not installed. Install northroute with its extra 'gpu', or take --sampler pymc.")
    names = [f"outcome_{s.response}" for s in assembled.segments]
    with stated(assembled.program, assembled.layout, names):
        tree = pm.sample(
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            cores=1,
            random_seed=seeds.integer(f"{sampler} {assembled.model.name}", settings.seed),
            nuts_sampler=sampler,
            nuts={"target_accept": settings.target_accept, **_OPTIONS[sampler]},
            var_names=[f"z_{n}" if _correlated(n) else n for n in assembled.layout.parameters],
            compute_convergence_checks=False,
            progressbar=False,
        )
    found = tree["sample_stats"].to_dataset()
    stats = {ours: (("chain", "draw"), found[theirs].to_numpy()) for theirs, ours in _STATISTICS.items()}
    return Draws(_values(assembled, tree["posterior"].to_dataset()), xr.Dataset(stats), xr.Dataset())


def _values(assembled: Assembled, posterior: xr.Dataset) -> Array:
    """Return values, shape (chain, draw, value), as the kernel lays them out, from the plain statement's quantities."""
    program = assembled.program
    shape = (posterior.sizes["chain"], posterior.sizes["draw"], int(program.sizes[0].values))
    values = np.full(shape, np.nan)
    for record in program.folds:
        values[..., record.value : record.value + record.count] = 0.0
    for name, parameter in assembled.layout.parameters.items():
        drawn = posterior[f"z_{name}" if _correlated(name) else name].transpose("chain", "draw", ...).to_numpy()
        values[..., parameter.ids] = partial_correlations(drawn) if _correlated(name) else drawn
    batch.fold(program, values)
    return values


def _correlated(name: str) -> bool:
    return name.startswith("corr_")


def partial_correlations(factor: Array) -> Array:
    """Return canonical partial correlations (..., pair), row by row below the diagonal, of Cholesky factors (..., k, k).

    The inverse of the map in Lewandowski, Kurowicka and Joe (2009, Journal of Multivariate Analysis 100:1989).
    """
    rows, columns = np.tril_indices(factor.shape[-1], -1)
    squares = np.square(factor)
    left = np.maximum(1 - (np.cumsum(squares, axis=-1) - squares), 1e-16)  # what correlations with those before leave
    return np.asarray(np.clip(factor[..., rows, columns] / np.sqrt(left[..., rows, columns]), -1, 1))
