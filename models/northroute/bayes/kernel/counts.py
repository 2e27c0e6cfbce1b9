r"""Counts: Poisson, negative binomial and generalised Poisson, alone or with a second part.

``Var = mu + dispersion mu^2`` for the negative binomial, size ``s = 1 / dispersion``; the generalised Poisson (Consul and
Jain 1973, Technometrics 15:791) has mean mu and ``Var = mu / (1 - lambda)^2``, lambda in [0, 1). Constants that depend on
the counts alone are left out (:func:`northroute.bayes.kernel.families.constants`). A room begins with the slope in the
auxiliary parameter; a negative binomial's tables of :func:`rising` follow.
"""

import math

from northroute.bayes.kernel import families, reading, vector
from northroute.bayes.kernel.jit import both, compiled, unit
from northroute.bayes.kernel.memory import address_of, doubles, matrix
from northroute.bayes.kernel.special import digamma, sigmoid, softplus
from northroute.bayes.statement.codes import Family, Part

POISSON, NEGATIVE_BINOMIAL = int(Family.POISSON), int(Family.NEGATIVE_BINOMIAL)
GENERALISED_POISSON = int(Family.GENERALISED_POISSON)
ZERO_INFLATED, HURDLE, DETECTION = int(Part.ZERO_INFLATED), int(Part.HURDLE), int(Part.DETECTION)


@both
def rising(y, size, room, length):
    """Return ``log Gamma(y + size) - log Gamma(size)`` and its derivative in size, from tables of the first counts."""
    last = length - 1
    k = int(y)
    if k <= last:
        return room[1 + k], room[1 + length + k]
    log_ratio = room[1 + last] + math.lgamma(size + y) - math.lgamma(size + last)
    return log_ratio, room[1 + length + last] + digamma(size + y) - digamma(size + last)


@both
def rising_tables(size, room, length):
    """Write the tables of :func:`rising` for counts 0 to length - 1."""
    room[1] = room[1 + length] = 0.0
    for j in range(length - 1):
        room[2 + j] = room[1 + j] + math.log(size + j)
        room[2 + length + j] = room[1 + length + j] + 1.0 / (size + j)


@compiled
def count_density(family, y, eta, auxiliary, room, length):
    """Return log density up to a constant in y, and its derivatives in eta (the log mean) and the auxiliary parameter.

    The auxiliary parameter is the dispersion of the negative binomial and lambda of the generalised Poisson.
    """
    if family == POISSON:
        mu = math.exp(min(eta, 700.0))
        return y * eta - mu, y - mu, 0.0
    if family == NEGATIVE_BINOMIAL:
        size = 1.0 / auxiliary
        delta = eta + math.log(auxiliary)
        soft, sig = softplus(delta), sigmoid(delta)
        log_ratio, slope = rising(y, size, room, length)
        g = y - (y + size) * sig
        g_size = slope - soft - g / size
        return log_ratio + y * delta - (y + size) * soft, g, -g_size * size * size
    mu = math.exp(min(eta, 700.0))
    rest = 1.0 - auxiliary
    theta = mu * rest
    inner = theta + auxiliary * y
    lp = math.log(theta) + (y - 1.0) * math.log(inner) - inner
    g = 1.0 + (y - 1.0) * theta / inner - theta
    g_auxiliary = -1.0 / rest + (y - 1.0) * (y - mu) / inner + mu - y
    return lp, g, g_auxiliary


@compiled
def row_density(family, part, y, eta, second, auxiliary, room, length):
    """Return a row's log density and its derivatives in both predictors and the auxiliary parameter.

    ``second`` is the logit of a structural zero (zero-inflated), of any zero (hurdle), or of detection (thinned counts).
    """
    if part == DETECTION:
        lp, g, g_aux = count_density(family, y, eta - softplus(-second), auxiliary, room, length)
        return lp, g, g * sigmoid(-second), g_aux
    lp, g, g_aux = count_density(family, y, eta, auxiliary, room, length)
    if part != ZERO_INFLATED and part != HURDLE:
        return lp, g, 0.0, g_aux
    pi = sigmoid(second)
    log_rest = -softplus(second)
    if y > 0.0:
        if part == ZERO_INFLATED:
            return log_rest + lp, g, -pi, g_aux
        none, g_none, a_none = count_density(family, 0.0, eta, auxiliary, room, length)
        some = -math.expm1(none)  # P(count > 0)
        share = math.exp(none) / some
        return log_rest + lp - math.log(some), g + share * g_none, -pi, g_aux + share * a_none
    if part == HURDLE:
        return -softplus(-second), 0.0, 1.0 - pi, 0.0
    counted = log_rest + lp
    structural = -softplus(-second)
    top = max(counted, structural)
    total = top + math.log(math.exp(counted - top) + math.exp(structural - top))
    share = math.exp(counted - total)
    return total, share * g, 1.0 - share - pi, share * g_aux


@compiled(fastmath=vector.FAST)
def poisson_rows(y, eta, g, out):
    """Write log densities and their slopes in the predictor."""
    vector.exponential(eta, g)
    for i in range(y.shape[0]):
        out[i] = y[i] * eta[i] - g[i]
        g[i] = y[i] - g[i]


@compiled(fastmath=vector.FAST)
def negative_binomial_rows(y, eta, dispersion, room, length, sig, g, out):
    """Write log densities and their slopes in the predictor, return the sum of those in the dispersion; sig is scratch."""
    size, log_dispersion, total = 1.0 / dispersion, math.log(dispersion), 0.0
    for i in range(y.shape[0]):
        g[i] = eta[i] + log_dispersion
    vector.softplus_sigmoid(g, out, sig)
    for i in range(y.shape[0]):
        log_ratio, slope = rising(y[i], size, room, length)
        own = y[i] - (y[i] + size) * sig[i]
        total += slope - out[i] - own / size
        out[i] = log_ratio + y[i] * g[i] - (y[i] + size) * out[i]
        g[i] = own
    return -total * size * size


@unit()
def c_counts(phase, table, s, first, n, stride, values, eta, g, out, room, gradient_values):
    """Serve counts with any second part by row (:mod:`northroute.bayes.kernel.families`)."""
    segment, data, size = reading.segments(table)[s], reading.data(table), reading.sizes(table)[0].values
    own, length, family = doubles(room, families.room_of(segment)), segment.table, segment.family
    auxiliary, slope = 0.0, 0.0
    if segment.auxiliary >= 0:
        auxiliary, slope = families.auxiliary_of(family, doubles(values, size)[segment.auxiliary])
    if phase == families.OPEN:
        if family == NEGATIVE_BINOMIAL:
            rising_tables(1.0 / auxiliary, own, length)
        return 0.0
    if phase == families.CLOSE:
        if segment.auxiliary >= 0:
            doubles(gradient_values, size)[segment.auxiliary] += own[0] * slope
        return 0.0
    at, found = segment.outcome + first - segment.start, doubles(out, n)
    x, slopes = matrix(eta, 2, stride), matrix(g, 2, stride)
    total = 0.0
    if segment.part == families.NO_PART and family != GENERALISED_POISSON:
        y, first_eta, first_g = doubles(address_of(data) + 8 * at, n), doubles(eta, n), doubles(g, n)
        if family == NEGATIVE_BINOMIAL:
            scratch = doubles(g + 8 * stride, n)
            own[0] += negative_binomial_rows(y, first_eta, auxiliary, own, length, scratch, first_g, found)
        else:
            poisson_rows(y, first_eta, first_g, found)
        for i in range(n):
            slopes[1, i] = 0.0
            total += found[i]
        return total
    for i in range(n):
        found[i], slopes[0, i], slopes[1, i], a = row_density(
            family, segment.part, data[at + i], x[0, i], x[1, i], auxiliary, own, length
        )
        own[0] += a
        total += found[i]
    return total
