"""Rubin's eight schools, and their posterior.

Data: Rubin (1981), table 1. Numbers: the reference draws of posteriordb (``eight_schools-eight_schools_noncentered``, ten
chains of 1,000; commit 28f8d3d6e975315f42aa274a8399f21e07a43b30, BSD-3), of which mean, standard deviation and the Monte
Carlo standard error of each were taken. The model: y_j ~ N(theta_j, sigma_j), theta_j ~ N(mu, tau), mu ~ N(0, 5),
tau ~ half-Cauchy(5).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

EFFECT = (28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0)
ERROR = (15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0)


class Posterior(NamedTuple):
    """Mean and standard deviation of a quantity, each with its Monte Carlo standard error."""

    mean: float
    mean_error: float
    sd: float
    sd_error: float

    def gaps(self, draws: NDArray[np.float64], mean_error: float, sd_error: float) -> tuple[float, float]:
        """How far mean and sd of ``draws`` lie from these, in Monte Carlo standard errors of the difference."""
        return (
            abs(float(draws.mean()) - self.mean) / float(np.hypot(mean_error, self.mean_error)),
            abs(float(draws.std()) - self.sd) / float(np.hypot(sd_error, self.sd_error)),
        )


POSTERIOR = {
    "mu": Posterior(4.4105, 0.0330, 3.3091, 0.0238),
    "tau": Posterior(3.6021, 0.0319, 3.1983, 0.0455),
    "theta[1]": Posterior(6.1505, 0.0557, 5.6156, 0.0622),
    "theta[2]": Posterior(4.9396, 0.0462, 4.6453, 0.0412),
    "theta[3]": Posterior(3.9059, 0.0542, 5.2804, 0.0562),
    "theta[4]": Posterior(4.7960, 0.0475, 4.7707, 0.0436),
    "theta[5]": Posterior(3.6144, 0.0461, 4.6145, 0.0413),
    "theta[6]": Posterior(4.0511, 0.0485, 4.7960, 0.0452),
    "theta[7]": Posterior(6.3172, 0.0499, 5.0026, 0.0464),
    "theta[8]": Posterior(4.8840, 0.0543, 5.3174, 0.0636),
}
