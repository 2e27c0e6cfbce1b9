"""Standard deviations of effects, and of effects given what the data say of them."""

import math

from northroute.bayes.kernel.jit import both, compiled
from northroute.bayes.statement.codes import Spectrum

NO_SPECTRUM, SQUARED_EXPONENTIAL, MATERN52, MATERN32 = (int(s) for s in Spectrum)
DECAY = 20.0
"""Log scales fall at most this much: a function a billion times smaller does not matter, but zero has no logarithm."""


@both
def log_spectrum(kind, space, length, square):
    """Half the log spectral density at squared frequency ``square``, unit variance, and its derivative in the length."""
    if kind == SQUARED_EXPONENTIAL:
        log_root = 0.5 * space * (math.log(length) + 0.5 * math.log(2.0 * math.pi))
        decay = 0.25 * length * length * square
        if decay > DECAY:
            return log_root - DECAY, 0.5 * space / length
        return log_root - decay, 0.5 * space / length - 0.5 * length * square
    nu = 2.5 if kind == MATERN52 else 1.5
    half = nu + 0.5 * space
    constant = 0.5 * space * math.log(4.0 * math.pi) + math.lgamma(half) - math.lgamma(nu) + nu * math.log(2.0 * nu)
    inner = 2.0 * nu / (length * length) + square
    log_density = constant - 2.0 * nu * math.log(length) - half * math.log(inner)
    slope = -2.0 * nu / length + half * (4.0 * nu / (length * length * length)) / inner
    return 0.5 * log_density, 0.5 * slope


@compiled
def scale_of(block, data, values, index, batch, group, dim):
    """Return the standard deviation of an effect and its log's derivative with respect to the length scale."""
    s = values[index[block.sd + batch * block.dims + dim]]
    if block.spectrum == NO_SPECTRUM:
        return s, 0.0
    length = values[index[block.length + batch]]
    log_root, slope = log_spectrum(block.spectrum, block.space, length, data[block.frequency + group])
    return s * math.exp(log_root), slope


@compiled
def spread(s, q):
    """Return the conditional posterior standard deviation of an effect, and the share of the prior in its precision."""
    share = 1.0 / (1.0 + q * s * s)
    return s * math.sqrt(share), share
