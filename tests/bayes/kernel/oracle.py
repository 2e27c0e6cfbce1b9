"""From the kernel's coordinates to a PyMC model's, so that both densities are evaluated at the same place."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pymc as pm
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from pymc.distributions.transforms import CholeskyCorrTransform
from pytensor.compile.mode import Mode
from scipy import linalg

from northroute.bayes.coordinates.prior_coordinates import coordinate, zero_sum_coordinates
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.density import Density
from northroute.bayes.kernel.scalars import cholesky_of
from northroute.bayes.kernel.tables import Filter, Kind, Program
from northroute.bayes.program.graphs import laplacian_root
from northroute.bayes.program.layout import Block, Layout
from northroute.bayes.samplers.plain import stems
from northroute.bayes.statement.codes import Rows

Array = NDArray[np.float64]
PLAIN_MODE = Mode(linker="py", optimizer=None)
"""Evaluated in Python, nothing rewritten: a graph that is used a few times is not worth compiling."""


def for_python(function: Any) -> Any:
    """A function that the kernel alone can call, for Python."""
    return numba.njit(error_model="numpy")(function.py_func)


def values_at(program: Program, theta: Array) -> Array:
    return np.asarray(batch.values_of(program, theta[None])[0][0])


def density(program: Program, theta: Array) -> tuple[float, Array]:
    gradient = np.empty_like(theta)
    return Density(program)(theta, gradient), gradient


def assert_gradient(program: Program, theta: Array) -> None:
    """Compare with central differences; the tolerance is the rounding of a density near 1e4, over the step."""
    step, numeric = 1e-5, np.empty_like(theta)
    for i in range(theta.size):
        ahead, behind = theta.copy(), theta.copy()
        ahead[i] += step
        behind[i] -= step
        numeric[i] = (density(program, ahead)[0] - density(program, behind)[0]) / (2 * step)
    assert_allclose(density(program, theta)[1], numeric, rtol=2e-6, atol=2e-5)


def factor_of(values: Array, ids: NDArray[np.int64], k: int) -> Array:
    factor = np.zeros((k, k))
    cholesky_of(values, ids.astype(np.int32), 0, k, factor)
    return factor


def size_of(ids: NDArray[np.int64]) -> int:
    return int(1 + np.sqrt(1 + 8 * ids.size)) // 2


def effects_of(program: Program, block: Block, theta: Array, values: Array) -> Array:
    """Standard normal effects of every batch, shape (group, dim), in the map's own coordinates."""
    record = block.record
    k, free = int(record.dims), int(record.dims - record.zero_dims)
    at, raw = int(record.theta), int(record.raw)
    if record.filter == Filter.NONE:  # from the effects themselves: means may have been swept
        sizes, first = np.diff(block.pointer), int(record.value)
        batches = np.repeat(np.arange(sizes.size), sizes)
        z = values[first : first + batches.size * k].reshape(-1, k) / values[block.sd[batches]]
        if record.rows == Rows.ZERO_SUM:
            parts = [z[a:b] for a, b in zip(block.pointer[:-1], block.pointer[1:], strict=True)]
            z = np.vstack([zero_sum_coordinates(p.T).T for p in parts])
        if record.zero_dims:
            z = zero_sum_coordinates(z)
        if block.correlated:
            first = int(record.correlation)
            factor = factor_of(values, program.index[first : first + k * (k - 1) // 2].astype(np.int64), k)
            z = linalg.solve_triangular(factor, z.T, lower=True).T
        return np.asarray(z)
    return theta[at : at + raw].reshape(-1, free)


def pymc_point(model: pm.Model, program: Program, layout: Layout, theta: Array) -> tuple[dict[str, Array], float]:
    """Point of the PyMC model, and the log Jacobian of its correlations' coordinates in the kernel's."""
    values, point, log_jacobian = values_at(program, theta), dict[str, Array](), 0.0
    for name, parameter in layout.parameters.items():
        ids = parameter.ids
        if ids.max() >= len(layout.scalars):
            continue
        if layout.scalars[ids.ravel()[0]].prior is None:
            k = size_of(ids)
            x = np.arctanh(values[ids])

            def unconstrained(x: Array, k: int = k) -> Array:
                factor = factor_of(np.tanh(x), np.arange(x.size), k)
                return np.asarray((factor / np.diag(factor)[:, None])[np.tril_indices(k, -1)])

            log_jacobian += np.linalg.slogdet(jacobian(unconstrained, x))[1]
            factor = factor_of(values, ids, k)
            point[f"z_{name}_cholesky_corr__"] = CholeskyCorrTransform(k).forward(factor).eval()
            continue
        scalar = layout.scalars[ids.ravel()[0]]
        point[name] = coordinate(scalar, values[ids])
    for block, stem in zip(layout.blocks, stems(layout), strict=True):
        point |= block_point(program, block, stem, theta, values)
    named: dict[str, Array] = {}
    for rv in model.free_RVs:
        variable = model.rvs_to_values[rv].name
        found = point.get(variable, point.get(rv.name))
        assert found is not None, f"{variable} is not stated from the tables"
        found = np.asarray(found, dtype=float)
        named[variable] = found.ravel() if model.rvs_to_values[rv].ndim == 1 else found
    assert len(named) == len(point)
    return named, log_jacobian


def block_point(program: Program, block: Block, stem: str, theta: Array, values: Array) -> dict[str, Array]:
    record, at = block.record, int(block.record.theta)
    if record.kind == Kind.BYM2:
        structured = []
        for size in np.diff(block.pointer):
            own = theta[at : at + size - 1]
            structured.append(own @ zero_sum_map(size).T)
            at += size - 1
        waves = np.linalg.pinv(laplacian_root(program, block)) @ np.concatenate(structured)
        return {f"z_{stem}_structured": waves, f"z_{stem}": theta[at : at + block.centred]}
    z = effects_of(program, block, theta, values)
    if record.rows != Rows.ZERO_SUM:
        return {f"z_{stem}": z}
    found, first = {}, 0
    for b, size in enumerate(np.diff(block.pointer)):
        part = z[first : first + size - 1]
        first += size - 1
        if size > 1:
            name = f"z_{stem}" if block.pointer.size == 2 else f"z_{stem}_{b}"
            found[name] = part if record.zero_dims else part.T
    return found


def zero_sum_map(n: int) -> Array:
    """Orthonormal matrix (n, n - 1) of the kernel and of PyMC's ZeroSumNormal."""
    root = np.sqrt(n)
    return np.vstack([np.eye(n - 1) - 1 / (root + n), np.full((1, n - 1), -1 / root)])


def jacobian(function: Callable[[Array], Array], x: Array, step: float = 1e-5) -> Array:
    columns = []
    for i in range(x.size):
        ahead, behind = x.copy(), x.copy()
        ahead[i] += step
        behind[i] -= step
        columns.append((function(ahead) - function(behind)) / (2 * step))
    return np.column_stack(columns)


def compiled_terms(model: pm.Model) -> Any:
    """Function from a point to every variable's log density, elementwise."""
    return model.compile_logp(sum=False, mode=PLAIN_MODE)
