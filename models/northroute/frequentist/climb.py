"""The top of a log likelihood of known derivatives: scipy's trust-region Newton method, then plain steps to the end."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg, optimize

from northroute.arrays import Array

Likelihood = Callable[[Array], tuple[float, Array, Array]]
"""Coefficients to value, gradient (term,) and information (term, term), the negative Hessian."""
_LIMIT = 200
_NEAR = 1e-3
"""Gain per standard error at which plain steps begin."""
_THERE, _LAST = 1e-12, 20
"""Gain of the one that is the last, and their largest number."""
_LOSS = 1e-2
"""Of the value, beyond its rounding for counts of 1e9: a plain step that loses more leads away."""


def climb(likelihood: Likelihood, start: Array) -> tuple[Array, int]:
    """Return the coefficients at the top and the number of steps.

    Steps are measured in standard errors at the start, so that units do not matter. Plain Newton steps begin where a gain
    comes near the value's own rounding, since from there only the gradient tells a better point from a worse one. The caller
    checks the result; see :meth:`northroute.frequentist.estimate.Estimate.checked`.

    Parameters
    ----------
    likelihood : callable
    start : array, shape (term,)
    """
    seen: dict[bytes, tuple[float, Array, Array]] = {}

    def at(z: Array) -> tuple[float, Array, Array]:
        key = z.tobytes()
        if key not in seen:
            with np.errstate(over="ignore", invalid="ignore"):
                found = likelihood(start + unit * z)
            if not all(np.isfinite(part).all() for part in found):
                found = (-np.inf, *found[1:])
            seen.clear()
            seen[key] = found
        value, gradient, information = seen[key]
        return value, unit * gradient, information * np.outer(unit, unit)

    def loss(z: Array) -> float:
        return first - at(z)[0]

    def slope(z: Array) -> Array:
        return -at(z)[1]

    def bend(z: Array) -> Array:
        return at(z)[2]

    z, unit = np.zeros(start.size), np.ones(start.size)
    first, _, information = at(z)
    if not np.isfinite(first):
        return start, 0
    diagonal = np.abs(np.diag(information))
    unit = 1 / np.sqrt(np.maximum(diagonal, max(1e-12 * diagonal.max(), np.finfo(float).tiny)))
    # the stubs do not know the radii
    options: Any = {
        "initial_trust_radius": 1e3,
        "max_trust_radius": 1e12,
        "gtol": max(_NEAR, 1e2 * np.sqrt(np.finfo(float).eps * abs(first))),
        "maxiter": _LIMIT,
    }
    found = optimize.minimize(loss, z, jac=slope, hess=bend, method="trust-exact", options=options)
    z, steps, least = np.asarray(found.x), int(found.nit), np.inf
    best, top = z, at(z)[0]
    for _ in range(_LAST):
        value, gradient, information = at(z)
        try:
            step = linalg.solve(information, gradient, assume_a="pos")
        except (linalg.LinAlgError, ValueError):
            break
        left = float(gradient @ step)
        if value < top - _LOSS - 1e-9 * abs(top):
            break
        if left < least:
            best, least = z, left
        z, steps = z + step, steps + 1
        if left < _THERE:
            best = z
            break
    return start + unit * best, steps
