"""Predictions keep exposure and levels, for every family that has means."""

import numpy as np
import pandas as pd
import pytest

from northroute.errors import ModelError
from northroute.frequentist import (
    Estimate,
    conditional_poisson,
    gee,
    hurdle,
    negative_binomial,
    poisson,
    random_effects,
    zero_inflated,
)
from northroute.frequentist.predict import predict


def _fits(table: pd.DataFrame) -> list[Estimate]:
    formula = "y ~ x * z + C(t)"
    return [
        poisson(table, "y ~ x | g", exposure="hours"),
        poisson(table, "y ~ x + z | g + t", exposure="hours"),
        poisson(table, formula, exposure="hours"),
        negative_binomial(table, "y ~ x | t", exposure="hours"),
        random_effects(table, formula, group="g", exposure="hours"),
        gee(table, formula, group="g", exposure="hours"),
        zero_inflated(table, formula, zero="z", exposure="hours"),
        hurdle(table, formula, zero="z", distribution="negative binomial", exposure="hours"),
    ]


def test_predictions_on_the_same_rows_are_the_fitted_means(groups: pd.DataFrame) -> None:
    for fit in _fits(groups[groups["g"] < 80]):
        same = predict(fit, fit.design.frame)
        np.testing.assert_allclose(same, fit.mean, rtol=1e-6, err_msg=fit.name)
        assert same.index.equals(fit.design.frame.index)


def test_exposure_scales_the_count_part(groups: pd.DataFrame) -> None:
    for fit in _fits(groups[groups["g"] < 80]):
        frame = fit.design.frame
        more = predict(fit, frame.assign(hours=3 * frame["hours"])) / predict(fit, frame)
        if fit.family.startswith("hurdle"):
            assert (more > 1).all()  # of a positive count, whose mean is not proportional to the exposure
        else:
            np.testing.assert_allclose(more, 3.0, rtol=1e-9)


def test_new_rows(groups: pd.DataFrame) -> None:
    fit = poisson(groups[groups["g"] < 80], "y ~ x | g + t", exposure="hours")
    known = fit.design.frame.iloc[[0]]
    moved = predict(fit, known.assign(x=known["x"] + 1).drop(columns="y")) / predict(fit, known)
    assert moved.item() == pytest.approx(np.exp(fit.coef[0]))
    with pytest.raises(ModelError, match="level of g that the fit has not seen"):
        predict(fit, known.assign(g=9_999))
    with pytest.raises(ModelError, match="has no column"):
        predict(fit, known.drop(columns="hours"))
    with pytest.raises(ModelError, match="must be positive"):
        predict(fit, known.assign(hours=0.0))


def test_conditional_models_have_no_means(groups: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="Fit Poisson with effects"):
        predict(conditional_poisson(groups, "y ~ x", group="g"), groups)
