"""From a program's values to named quantities with labels."""

import numpy as np
import xarray as xr

from northroute.arrays import Array
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.statement.distributions import dispersion


def named(assembled: Assembled, values: Array) -> xr.Dataset:
    """Return every reported quantity with dimensions chain and draw first.

    Correlations are reported below the diagonal, pair by pair (``pair`` labels such as ``"a ~ b"``); dispersion and
    concentration as they are, beside the scalar that has the prior; an intercept at zero beside that of an average row.

    Parameters
    ----------
    assembled : Assembled
    values : array, shape (chain, draw, value)
    """
    found: dict[str, tuple[tuple[str, ...], Array]] = {}
    coords: dict[str, list[str]] = {}
    for name, parameter in assembled.layout.parameters.items():
        drawn = values[..., parameter.ids]
        dims = parameter.dims
        if name.startswith("corr_"):
            labels = [str(v) for v in assembled.layout.coords[dims[0]]]
            drawn = correlations(drawn, len(labels))
            pair = f"{name}_pair"
            coords[pair] = [f"{labels[i]} ~ {labels[j]}" for i in range(len(labels)) for j in range(i)]
            dims = (pair,)
        coords |= {d: assembled.layout.coords[d] for d in dims if d in assembled.layout.coords}
        found[name] = (("chain", "draw", *dims), drawn)
        if name.startswith("root_dispersion"):
            found[name.removeprefix("root_")] = (("chain", "draw", *dims), dispersion(drawn))
        if name == "inverse_root_concentration":
            found["concentration"] = (("chain", "draw"), 1 / dispersion(drawn))
    for name, sums in assembled.layout.derived.items():
        coords |= {d: assembled.layout.coords[d] for d in sums.dims}
        found[name] = (("chain", "draw", *sums.dims), (values[..., sums.ids] * sums.weights).sum(axis=-1))
    return xr.Dataset(found, coords=coords)


def log_prior(assembled: Assembled, values: Array) -> xr.Dataset:
    """Return the log prior density of every draw (chain, draw), by scalar quantity, summed over its own dimensions.

    Of scalars, not of effects, whose distribution given their standard deviations is the model; correlations and flat
    priors are left out.

    Parameters
    ----------
    assembled : Assembled
    values : array, shape (chain, draw, value)
    """
    scalars, found = assembled.layout.scalars, {}
    for name, parameter in assembled.layout.parameters.items():
        own = [(int(i), scalars[i].prior) for i in parameter.ids.ravel() if i < len(scalars)]
        known = [(i, p) for i, p in own if p is not None and p.family != "flat"]
        if known:
            total = np.sum([p.log_density(values[..., i]) for i, p in known], axis=0)
            found[name] = (("chain", "draw"), total.astype(np.float32))
    return xr.Dataset(found)


def correlations(partial: Array, k: int) -> Array:
    """Return the k(k-1)/2 correlations, row by row below the diagonal, from canonical partial correlations (..., pair)."""
    factor = np.zeros((*partial.shape[:-1], k, k))
    factor[..., 0, 0] = 1
    at = 0
    for i in range(1, k):
        rest = np.ones(partial.shape[:-1])
        for j in range(i):
            factor[..., i, j] = partial[..., at] * np.sqrt(rest)
            rest = rest - np.square(factor[..., i, j])
            at += 1
        factor[..., i, i] = np.sqrt(np.maximum(rest, 0))
    full = factor @ np.swapaxes(factor, -1, -2)
    rows, columns = np.tril_indices(k, -1)
    return np.asarray(full[..., rows, columns])
