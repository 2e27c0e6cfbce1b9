"""What statsmodels' count models lack, on which the package's estimators rest; when one of these fails, look at it again."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.discrete.conditional_models import ConditionalPoisson
from statsmodels.discrete.truncated_model import HurdleCountModel

from northroute.errors import ModelError
from northroute.frequentist import conditional_poisson, poisson
from northroute.frequentist.covariance import cluster


def test_its_hurdle_model_takes_no_exposure_and_has_no_clustered_errors(groups: pd.DataFrame) -> None:
    x = sm.add_constant(groups[["x"]])
    with pytest.raises(NotImplementedError, match="exposure"):
        HurdleCountModel(groups["y"], x, exposure=groups["hours"])
    with pytest.raises(ValueError, match="robust cov_type"):
        HurdleCountModel(groups["y"], x).fit(disp=0, cov_type="cluster", cov_kwds={"groups": groups["g"]})


def test_its_conditional_poisson_is_ours_and_takes_no_heed_of_clusters(groups: pd.DataFrame) -> None:
    some = groups.groupby("g")["y"].transform("sum") > 0  # statsmodels warns of the others and leaves them out
    few = groups[some & (groups["g"] < 200)].assign(c=lambda d: d["g"] // 20)
    model = ConditionalPoisson(few["y"], few[["x", "z"]], offset=np.log(few["hours"]), groups=few["g"])
    plain = model.fit()
    clustered = model.fit(cov_type="cluster", cov_kwds={"groups": few["c"]})
    ours = conditional_poisson(few, "y ~ x + z", group="g", exposure="hours")
    # statsmodels stops at 1e-5 of the gradient, and differentiates it numerically
    np.testing.assert_allclose(ours.coef, plain.params, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.bread)), plain.bse, rtol=1e-2)
    np.testing.assert_array_equal(clustered.bse, plain.bse)
    assert np.abs(cluster(ours, "c").se / plain.bse - 1).max() > 0.05


def test_its_poisson_calls_a_separated_fit_converged() -> None:
    table = pd.DataFrame({"y": [0, 0, 0, 1, 2, 3], "x": [2.0, 1, 0, 0, 0, 0], "z": [1.0, 5, 2, 4, 3, 6]})
    theirs = sm.GLM(table["y"], sm.add_constant(table[["x", "z"]]), sm.families.Poisson()).fit()
    assert theirs.converged
    assert theirs.params["x"] < -15  # minus infinity, as far as it went
    with pytest.raises(ModelError, match="no finite estimate"):
        poisson(table, "y ~ x + z", on_separated="refuse")
