"""Functions that likelihoods are made of."""

import math

from northroute.bayes.kernel.jit import both

LEAST = 2.0**-53
"""What a number below one leaves of one at least; where it has rounded to one, a root or slope of the rest takes this."""


@both
def digamma(x):
    """Return the digamma function of x > 0: recurrence to x >= 6, then the asymptotic series."""
    total = 0.0
    while x < 6.0:
        total -= 1.0 / x
        x += 1.0
    q = 1.0 / (x * x)
    series = q * (1 / 12 - q * (1 / 120 - q * (1 / 252 - q * (1 / 240 - q * (1 / 132 - q * (691 / 32760 - q / 12))))))
    return total + math.log(x) - 0.5 / x - series


@both
def softplus(x):
    """Return log(1 + exp(x))."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@both
def sigmoid(x):
    """Return 1 / (1 + exp(-x))."""
    e = math.exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0 else e / (1.0 + e)
