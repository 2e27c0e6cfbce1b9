r"""The negative binomial likelihood, written for repeated counts.

With log mean :math:`\eta` and dispersion :math:`\alpha` (``Var = mu + alpha mu^2``, size :math:`s = 1/\alpha`),

.. math:: \log p(y) = \sum_{j<y} \log\frac{s + j}{1 + j} + y\,\delta - (y + s)\,\mathrm{softplus}(\delta),
          \qquad \delta = \eta - \log s .

The sum over j replaces two gamma functions a row by one table of length max(y) for the whole data set; it holds for every
count, so the distribution stays proper: random draws, the joint density and the log likelihood by row use this object.
"""

from typing import Any

import pymc as pm
import pytensor.tensor as pt


def negative_binomial(name: str, log_mean: Any, dispersion: Any, observed: Any, dims: str) -> Any:
    """Create the observed counts in the PyMC model in context.

    Parameters
    ----------
    name : str
    log_mean : tensor, shape (row,)
        Log of the mean, offset included.
    dispersion : scalar tensor
        ``Var = mu + dispersion * mu**2``.
    observed : integer array or shared data, shape (row,)
    dims : str
        Name of the row dimension.
    """
    return pm.CustomDist(
        name,
        log_mean,
        1 / dispersion,
        dist=_dist,
        logp=log_density,
        observed=observed,
        dims=dims,
        class_name="NegativeBinomialTable",
    )


def log_density(value: Any, log_mean: Any, size: Any) -> Any:
    """Log density by row; ``value`` are counts, ``size`` is 1 / dispersion."""
    steps = pt.arange(pt.max(value), dtype="float64")
    table = pt.concatenate([pt.zeros(1), pt.cumsum(pt.log(size + steps) - pt.log1p(steps))])
    delta = log_mean - pt.log(size)
    return table[value] + value * delta - (value + size) * pt.softplus(delta)


def _dist(log_mean: Any, size: Any, shape: Any) -> Any:
    return pm.NegativeBinomial.dist(mu=pt.exp(log_mean), alpha=size, shape=shape)
