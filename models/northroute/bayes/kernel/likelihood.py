r"""Log densities of counts by row, and their derivatives in the linear predictors and the auxiliary parameter.

``Var = mu + dispersion mu^2`` for the negative binomial, size ``s = 1 / dispersion``; the generalised Poisson (Consul and
Jain 1973, Technometrics 15:791) has mean mu and ``Var = mu / (1 - lambda)^2``, lambda in [0, 1). Constants that depend on
the counts alone are left out here and put back by :func:`log_density`, which tables and checks use.
"""

import math

import numpy as np

from northroute.bayes.kernel.jit import compiled
from northroute.bayes.statement.codes import Family, Part

POISSON, NEGATIVE_BINOMIAL = int(Family.POISSON), int(Family.NEGATIVE_BINOMIAL)
GENERALISED_POISSON, NORMAL = int(Family.GENERALISED_POISSON), int(Family.NORMAL)
MULTINOMIAL, DIRICHLET = int(Family.MULTINOMIAL), int(Family.DIRICHLET_MULTINOMIAL)
MULTIVARIATE, ERRORS = int(Family.MULTIVARIATE_NORMAL), int(Family.NORMAL_ERRORS)
STUDENT = int(Family.STUDENT_T)
ZERO_INFLATED, HURDLE, DETECTION = int(Part.ZERO_INFLATED), int(Part.HURDLE), int(Part.DETECTION)


@compiled
def digamma(x):
    """Return the digamma function of x > 0: recurrence to x >= 6, then the asymptotic series."""
    total = 0.0
    while x < 6.0:
        total -= 1.0 / x
        x += 1.0
    q = 1.0 / (x * x)
    series = q * (1 / 12 - q * (1 / 120 - q * (1 / 252 - q * (1 / 240 - q * (1 / 132 - q * (691 / 32760 - q / 12))))))
    return total + math.log(x) - 0.5 / x - series


@compiled
def softplus(x):
    """Return log(1 + exp(x))."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@compiled
def sigmoid(x):
    """Return 1 / (1 + exp(-x))."""
    e = math.exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0 else e / (1.0 + e)


@compiled
def auxiliary_of(family, x):
    """Return a family's auxiliary parameter from its scalar, and the derivative.

    Dispersion from its square root, at least 1e-10; concentration from its inverse square root; others as they are.
    """
    if family == NEGATIVE_BINOMIAL:
        return max(x * x, 1e-10), 2.0 * x
    if family == DIRICHLET:
        return 1.0 / max(x * x, 1e-10), -2.0 / max(x * x * x, 1e-15)
    return x, 1.0


@compiled
def rising(y, size, above, slopes):
    """Return ``log Gamma(y + size) - log Gamma(size)`` and its derivative in size, from tables of the first counts."""
    last = above.shape[0] - 1
    k = int(y)
    if k <= last:
        return above[k], slopes[k]
    log_ratio = above[last] + math.lgamma(size + y) - math.lgamma(size + last)
    return log_ratio, slopes[last] + digamma(size + y) - digamma(size + last)


@compiled
def rising_tables(size, length):
    """Return the tables of :func:`rising` for counts 0 to length - 1."""
    above, slopes = np.zeros(length), np.zeros(length)
    for j in range(length - 1):
        above[j + 1] = above[j] + math.log(size + j)
        slopes[j + 1] = slopes[j] + 1.0 / (size + j)
    return above, slopes


@compiled
def count_density(family, y, eta, auxiliary, above, slopes):
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
        log_ratio, slope = rising(y, size, above, slopes)
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
def row_density(family, part, y, eta, second, auxiliary, above, slopes):
    """Return a row's log density and its derivatives in both predictors and the auxiliary parameter.

    ``second`` is the logit of a structural zero (zero-inflated), of any zero (hurdle), or of detection (thinned counts).
    """
    if part == DETECTION:
        lp, g, g_aux = count_density(family, y, eta - softplus(-second), auxiliary, above, slopes)
        return lp, g, g * sigmoid(-second), g_aux
    lp, g, g_aux = count_density(family, y, eta, auxiliary, above, slopes)
    if part != ZERO_INFLATED and part != HURDLE:
        return lp, g, 0.0, g_aux
    pi = sigmoid(second)
    log_rest = -softplus(second)
    if y > 0.0:
        if part == ZERO_INFLATED:
            return log_rest + lp, g, -pi, g_aux
        none, g_none, a_none = count_density(family, 0.0, eta, auxiliary, above, slopes)
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


@compiled
def normal_density(y, eta, sd, known):
    """Return the log density of a normal with variance ``sd^2 + known^2``, and derivatives in eta and sd."""
    variance = sd * sd + known * known
    e = y - eta
    lp = -0.5 * e * e / variance - 0.5 * math.log(variance)
    return lp, e / variance, sd * (e * e / variance - 1.0) / variance


@compiled
def student_density(y, eta, sd, known, df):
    """Return the log density of a Student t with squared scale ``sd^2 + known^2``, and derivatives in eta and sd.

    What depends on the degrees of freedom alone is left out: :func:`student_constant`.
    """
    square = sd * sd + known * known
    e = y - eta
    lp = -0.5 * (df + 1.0) * math.log1p(e * e / (df * square)) - 0.5 * math.log(square)
    g = (df + 1.0) * e / (df * square + e * e)
    return lp, g, sd * (g * e - 1.0) / square


@compiled
def student_constant(df):
    """Return the log density of a standard Student t at zero."""
    return math.lgamma(0.5 * (df + 1.0)) - math.lgamma(0.5 * df) - 0.5 * math.log(df * math.pi)


@compiled
def errors_density(y, eta, sd, known, x, tau, slope, omega):
    r"""Return the log density of a normal outcome and of its error-prone predictor x, the true predictor integrated out.

    With reliability :math:`r = \omega^2/(\omega^2+\tau^2)` the true predictor is normal given x, with mean :math:`rx` and
    variance :math:`r\tau^2` (Fuller 1987, Measurement Error Models, 1.2). Also returns derivatives in eta, sd, slope, omega.
    """
    total = omega * omega + tau * tau
    r = omega * omega / total
    d_r = 2.0 * omega * tau * tau / (total * total)
    variance = sd * sd + known * known + slope * slope * r * tau * tau
    e = y - eta - slope * r * x
    lp = -0.5 * e * e / variance - 0.5 * math.log(variance) - 0.5 * x * x / total - 0.5 * math.log(total)
    g, g_variance = e / variance, 0.5 * (e * e / variance - 1.0) / variance
    g_slope = g * r * x + g_variance * 2.0 * slope * r * tau * tau
    g_omega = (g * slope * x + g_variance * slope * slope * tau * tau) * d_r + omega * (x * x / total - 1.0) / total
    return lp, g, g_variance * 2.0 * sd, g_slope, g_omega


@compiled
def choice_density(y, eta, k, concentration, g):
    """Return the log density of a cell's counts, shares being the softmax of ``eta``; its gradient goes to ``g``.

    All three are views of length k. ``concentration`` is a Dirichlet-multinomial's, or zero for the multinomial. Also
    returns the derivative in the concentration.
    """
    top, total_y = eta[0], 0.0
    for j in range(k):
        top = max(top, eta[j])
        total_y += y[j]
    total = 0.0
    for j in range(k):
        total += math.exp(eta[j] - top)
    log_total = top + math.log(total)
    lp = 0.0
    if concentration <= 0.0:
        for j in range(k):
            lp += y[j] * (eta[j] - log_total)
            g[j] = y[j] - total_y * math.exp(eta[j] - log_total)
        return lp, 0.0
    lp = math.lgamma(concentration) - math.lgamma(concentration + total_y)
    g_concentration = digamma(concentration) - digamma(concentration + total_y)
    mean = 0.0
    for j in range(k):
        p = math.exp(eta[j] - log_total)
        a = max(concentration * p, 1e-300)
        lp += math.lgamma(a + y[j]) - math.lgamma(a)
        d = digamma(a + y[j]) - digamma(a) if y[j] > 0.0 else 0.0
        g_concentration += p * d
        g[j] = d * a
        mean += d * a
    for j in range(k):
        g[j] -= math.exp(eta[j] - log_total) * mean
    return lp, g_concentration


@compiled
def multivariate_density(y, eta, k, values, sd, factor, g, g_factor, gradient_values):
    """Return the log density of one cell of k correlated normals, and add its gradients."""
    w, x = np.empty(k), np.empty(k)
    total = 0.0
    for i in range(k):
        w[i] = (y[i] - eta[i]) / values[sd[i]]
        for j in range(i):
            w[i] -= factor[i, j] * w[j]
        w[i] /= factor[i, i]
        total -= 0.5 * w[i] * w[i] + math.log(factor[i, i]) + math.log(values[sd[i]])
    for i in range(k - 1, -1, -1):
        x[i] = w[i]
        for j in range(i + 1, k):
            x[i] -= factor[j, i] * x[j]
        x[i] /= factor[i, i]
    for i in range(k):
        s = values[sd[i]]
        g[i] = x[i] / s
        gradient_values[sd[i]] += (x[i] * (y[i] - eta[i]) / s - 1.0) / s
        g_factor[i, i] -= 1.0 / factor[i, i]
        for j in range(i + 1):
            g_factor[i, j] += x[i] * w[j]
    return total
