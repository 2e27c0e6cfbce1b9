"""Normal and Student t outcomes, and a normal with an error-prone predictor. A room is the slope in the scale."""

import math

from northroute.bayes.kernel import families, reading
from northroute.bayes.kernel.jit import compiled, unit
from northroute.bayes.kernel.memory import doubles
from northroute.bayes.statement.codes import Family

NORMAL, STUDENT = int(Family.NORMAL), int(Family.STUDENT_T)


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


@unit()
def c_normals(phase, table, s, first, n, stride, values, eta, g, out, room, gradient_values):
    """Serve continuous outcomes, row by row (:mod:`northroute.bayes.kernel.families`)."""
    segment, data, size = reading.segments(table)[s], reading.data(table), reading.sizes(table)[0].values
    own, value, to = doubles(room, 1), doubles(values, size), doubles(gradient_values, size)
    if phase == families.OPEN:
        return 0.0
    if phase == families.CLOSE:
        if segment.auxiliary >= 0:
            to[segment.auxiliary] += own[0]
        return 0.0
    sd = value[segment.auxiliary] if segment.auxiliary >= 0 else 0.0
    at, x, slopes, found = first - segment.start, doubles(eta, n), doubles(g, n), doubles(out, n)
    total = 0.0
    for i in range(n):
        known = data[segment.known + at + i] if segment.known >= 0 else 0.0
        y = data[segment.outcome + at + i]
        if segment.family == NORMAL:
            found[i], slopes[i], a = normal_density(y, x[i], sd, known)
        elif segment.family == STUDENT:
            found[i], slopes[i], a = student_density(y, x[i], sd, known, data[segment.df])
        else:
            prone = segment.predictor + 2 * (at + i)
            found[i], slopes[i], a, g_slope, g_omega = errors_density(
                y, x[i], sd, known, data[prone], data[prone + 1], value[segment.slope], value[segment.omega]
            )
            to[segment.slope] += g_slope
            to[segment.omega] += g_omega
        own[0] += a
        total += found[i]
    return total
