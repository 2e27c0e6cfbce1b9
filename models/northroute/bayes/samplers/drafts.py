"""A draft of a posterior in seconds: Laplace's approximation at the joint mode.

It approximates in the adapted coordinates of :func:`northroute.bayes.coordinates.adaptation.first`, where the posterior is
close to normal. A draft shows whether a model runs and roughly what it says; skewed scales and funnels it gets wrong, which
the Pareto k of its importance ratios tells. No verdict rests on one.
"""

from typing import Final

import numpy as np
import xarray as xr
from scipy import linalg, optimize

from northroute.arrays import Array
from northroute.bayes.checks.psis import smooth
from northroute.bayes.coordinates import adaptation, curvature
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.tables import Program
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.samplers.draws import Draws, of_coordinates
from northroute.bayes.samplers.settings import Sampling
from northroute.errors import ModelError

LAPLACE_LIMIT: Final = 4000
"""Largest dimension whose Hessian is computed: two gradients a coordinate, and a matrix of this order to factor."""
_REFUSED: Final = 1e100


def laplace(assembled: Assembled, settings: Sampling, rng: np.random.Generator) -> Draws:
    """Draw from the normal distribution at the joint mode, its precision minus the Hessian of the log density there.

    Parameters
    ----------
    assembled : Assembled
    settings : Sampling
        As many draws as all of its chains together would have.
    rng : numpy.random.Generator

    Returns
    -------
    Draws
        One chain, in the model's coordinates; ``stats`` holds ``pareto_k`` of the ratios of posterior to normal.

    Raises
    ------
    ModelError
        If the model has more than :data:`LAPLACE_LIMIT` coordinates, or fewer than 100 draws are asked for.
    """
    dim = assembled.program.dim
    if dim > LAPLACE_LIMIT:
        raise ModelError(
            f"{assembled.model.name}: {dim} coordinates are too many for a Hessian (limit {LAPLACE_LIMIT}). "
            "Take --sampler nutpie."
        )
    adapted = adaptation.first(assembled)
    mode = joint_mode(adapted.program, adapted.z)
    factor = curvature.definite(curvature.hessian(adapted.program, mode, 0))[1]
    u = rng.standard_normal((settings.chains * settings.draws, dim))
    z = mode + linalg.solve_triangular(factor, u.T, lower=True, trans="T").T
    log_normal = np.log(np.diag(factor)).sum() - 0.5 * np.square(u).sum(axis=1)
    found = curvature.log_densities(adapted.program, z)
    k = smooth((np.where(np.isfinite(found), found, -np.inf) - log_normal)[:, None]).k[0]
    theta = batch.coordinates(adapted.program, np.ascontiguousarray(z))[None]
    return of_coordinates(assembled, adapted.program, theta, xr.Dataset({"pareto_k": float(k)}))


def joint_mode(program: Program, z: Array) -> Array:
    """Return the mode of the log density of a program's coordinates, from z, shape (dim,), by L-BFGS."""
    found = optimize.minimize(
        _negative,
        z,
        args=(program,),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 2000, "maxcor": 20, "gtol": 1e-6},
    )
    return np.ascontiguousarray(found.x)


def _negative(z: Array, program: Program) -> tuple[float, Array]:
    """Return minus the log density and its gradient, for a minimiser; a very large value where it is not finite."""
    value, slope = curvature.gradient(program, z)
    if not (np.isfinite(value) and np.isfinite(slope).all()):
        return _REFUSED, np.zeros_like(z)
    return -value, -slope
