"""The second part of a model of counts is the logit of a zero in both halves: they find the same slope, of one sign."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from northroute import frequentist
from northroute.bayes import Model, Sampling, fit_model
from northroute.bayes.distributions import Poisson
from northroute.bayes.statement.model import PartName
from northroute.bayes.terms import Intercept, Linear
from northroute.frequentist.covariance import information


def simulated(part: PartName) -> pd.DataFrame:
    """Zeros are likelier where z is large; counts are larger where x is."""
    rng = np.random.default_rng(21)
    n = 500
    x, z = rng.normal(size=n), rng.normal(size=n)
    law = stats.poisson(np.exp(0.8 + 0.4 * x))
    y = law.ppf(rng.uniform(law.pmf(0), 1.0)) if part == "hurdle" else law.rvs(random_state=rng)
    return pd.DataFrame({"x": x, "z": z, "y": np.where(rng.random(n) < expit(-0.5 + 0.9 * z), 0, y).astype(int)})


@pytest.mark.parametrize("part", ["hurdle", "zero_inflated"])
def test_the_second_part_is_the_logit_of_a_zero(part: PartName) -> None:
    frame = simulated(part)
    estimator = frequentist.hurdle if part == "hurdle" else frequentist.zero_inflated
    likely = estimator(frame, "y ~ x", zero="z")
    model = Model(
        part,
        "y",
        Poisson(),
        (Intercept(), Linear(("x",))),
        part=part,
        part_terms=(Intercept(name="zero"), Linear(("z",), name="zero_slope", dim="zero_covariate")),
    )
    fit = fit_model(model, frame, Sampling(chains=2, draws=1000))
    ours = [float(fit.draws(name).mean()) for name in ("intercept", "slope", "zero", "zero_slope")]
    assert likely.terms == ("Intercept", "x", "zero:Intercept", "zero:z")
    se = information(likely).se
    assert likely.coef[3] > 5 * se[3]  # the sign is not in doubt
    assert np.abs((np.asarray(ours) - likely.coef) / se).max() < 0.3  # priors are weak beside 500 rows
