"""The measurement-error model against the eight schools of posteriordb, and its refusals."""

import arviz_stats as azs
import numpy as np
import pandas as pd
import pytest

from northroute.bayes import MEASUREMENT, MeasurementSpec, Prior, Sampling, fit_measurement, replaced
from northroute.errors import ModelError
from tests.reference import schools


def test_eight_schools_agree_with_posteriordb() -> None:
    table = pd.DataFrame({"effect": schools.EFFECT, "error": schools.ERROR, "school": [f"s{i}" for i in range(8)]})
    priors = replaced(
        MEASUREMENT,
        intercept=Prior("normal", 5.0, "posteriordb's mu"),
        sd_group=Prior("half_cauchy", 5.0, "posteriordb's tau"),
    )
    spec = MeasurementSpec("eight_schools", "effect", "error", "school", residual=False, priors=priors)
    fit = fit_measurement(table, spec, Sampling(draws=2000, target_accept=0.97), source="eight schools")
    pairs = {"mu": fit.draws("intercept"), "tau": fit.draws("sd_group")}
    pairs |= {f"theta[{i + 1}]": fit.draws("group_mean")[..., i] for i in range(8)}
    for name, ours in pairs.items():
        errors = [float(azs.mcse(ours, method=statistic)) for statistic in ("mean", "sd")]
        # the project's rule of agreement: four Monte Carlo standard errors of the difference
        assert max(schools.POSTERIOR[name].gaps(ours, *errors)) <= 4, name


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "y": [1.0, 2.0, 3.0],
            "sd": [0.1, 0.2, 0.3],
            "g": ["a", "a", "b"],
            "x": [1.0, 1.0, 1.0],
            "x_sd": [0.1, 0.1, 0.1],
        }
    )


@pytest.mark.parametrize(
    ("spec", "change", "message"),
    [
        (MeasurementSpec("m", "z", "sd", "g"), {}, "no column .'z'."),
        (MeasurementSpec("m", "y", "sd", "g"), {"sd": [0.1, 0.0, 0.1]}, "'sd' must be positive"),
        (MeasurementSpec("m", "y", "sd", "g"), {"y": [1.0, np.nan, 2.0]}, "missing values in .'y'."),
        (MeasurementSpec("m", "y", "sd", "g"), {"g": ["a", "a", "a"]}, "one group only"),
        (MeasurementSpec("m", "y", "sd", "g", "x", "x_sd"), {}, "predictor 'x' does not vary"),
    ],
)
def test_refuses_bad_tables(
    table: pd.DataFrame, spec: MeasurementSpec, change: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        fit_measurement(table.assign(**change), spec)  # type: ignore[arg-type]


def test_unknown_prior_is_refused() -> None:
    with pytest.raises(ModelError, match=r"No prior named .'slop'."):
        replaced(MEASUREMENT, slop=Prior("normal", 1.0, "typo"))


def test_the_slope_is_not_attenuated_by_the_predictors_error() -> None:
    rng = np.random.default_rng(5)
    true = rng.normal(size=600)
    error = 0.8
    frame = pd.DataFrame(
        {
            "y": 1.5 * true + rng.normal(0, 0.3, 600),
            "y_sd": 0.3,
            "group": np.repeat([f"g{i}" for i in range(6)], 100),
            "x": true + rng.normal(0, error, 600),
            "x_sd": error,
        }
    )
    spec = MeasurementSpec("attenuation", "y", "y_sd", "group", "x", "x_sd")
    slope = fit_measurement(frame, spec, Sampling(draws=500, tune=500)).draws("slope")
    recovered = slope / frame["x"].std(ddof=0)  # per unit of x
    # least squares on the measure would give 1.5 / (1 + 0.64) = 0.91
    assert abs(recovered.mean() - 1.5) < 3 * recovered.std()
    assert recovered.mean() - 0.91 > 3 * recovered.std()
