"""A Poisson with a Gaussian process against the exact process, in units of both sides' Monte Carlo error.

The model and the eleven counts are ``gp_pois_regr`` of posteriordb. The exact process, a Cholesky factor of its covariance,
was sampled once by nutpie through PyMC (4 x 15,000 draws); its means and their standard errors are below (one divergence).
"""

import arviz_stats as azs
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from northroute.bayes import Model, Prior, Sampling, fit_model
from northroute.bayes.statement.distributions import Poisson
from northroute.bayes.statement.terms.process import GP

LIMIT = 4.0
COUNTS = (40, 37, 29, 12, 4, 3, 9, 19, 77, 82, 33)
LENGTH, SD = (5.6618, 0.0046), (2.9189, 0.0058)
EFFECT = (3.6358, 3.6890, 3.2570, 2.4124, 1.5636, 1.2960, 1.9314, 3.1795, 4.2529, 4.4156, 3.5077)
EFFECT_ERROR = 0.001


@pytest.mark.parametrize("functions", [None, 40])
def test_it_is_the_exact_process(functions: int | None) -> None:
    frame = pd.DataFrame({"x": np.arange(-10.0, 11.0, 2.0), "y": COUNTS})
    length, sd = Prior("gamma", 0.25, "rate 4", shape=25.0), Prior("half_normal", 2.0, "as there")
    process = GP(("x",), length, sd=sd, functions=functions, boundary=4.0 if functions else None)
    fit = fit_model(Model("gp_pois_regr", "y", Poisson(), (process,)), frame, Sampling(draws=2000))
    assert fit.gate.passed, fit.gate.failures
    for name, (mean, error) in (("length_x", LENGTH), ("sd_x", SD)):
        draws = fit.parameter(name)
        assert abs(float(draws.mean()) - mean) < LIMIT * np.hypot(float(azs.mcse(draws)), error), name
    effect = fit.parameter("x_effect")
    errors: NDArray[np.float64] = azs.mcse(effect).to_numpy()
    gaps = np.abs(effect.mean(["chain", "draw"]).to_numpy() - EFFECT)
    assert (gaps < LIMIT * np.hypot(errors, EFFECT_ERROR)).all()
