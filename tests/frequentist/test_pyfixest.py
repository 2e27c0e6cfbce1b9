"""What pyfixest's own Poisson lacks, on which the package's estimator rests; when one of these fails, look at it again."""

import numpy as np
import pandas as pd
import pyfixest as pf
import pytest

from northroute.errors import ModelError
from northroute.frequentist import poisson
from northroute.frequentist.covariance import jackknife

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")  # pyfixest 0.60 under pandas 3.1


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 600
    made = pd.DataFrame({"g": rng.integers(0, 6, n), "hours": rng.uniform(0.1, 5, n)})
    made["x"] = rng.normal(size=n) + 0.3 * made["hours"]
    return made.assign(
        log_hours=np.log(made["hours"]), y=rng.poisson(made["hours"] * np.exp(0.2 + 0.3 * made["x"])).astype(float)
    )


def leave_one_out(table: pd.DataFrame, offset: str | None) -> float:
    """CRV3 of the slope by pyfixest's own fits, without the factor for clusters."""
    whole = pf.fepois("y ~ x", table, offset="log_hours").coef()["x"]
    left = [pf.fepois("y ~ x", table[table["g"] != g], offset=offset).coef()["x"] for g in range(6)]
    return float(np.sqrt(np.sum((np.array(left) - whole) ** 2)))


def test_leave_one_out_errors_of_pyfixest_lose_the_offset(table: pd.DataFrame) -> None:
    theirs = pf.fepois("y ~ x", table, vcov={"CRV3": "g"}, offset="log_hours").se()["x"]
    ours = jackknife(poisson(table, "y ~ x", offset="log_hours"), "g").se[1]
    assert ours == pytest.approx(np.sqrt(5 / 6) * leave_one_out(table, "log_hours"), rel=1e-6)
    # 6 / 5 is pyfixest's factor for six clusters, and a little for the coefficients
    assert theirs == pytest.approx(np.sqrt(6 / 5) * leave_one_out(table, None), rel=2e-3)
    assert theirs > 15 * ours


def test_pyfixest_returns_a_fit_that_has_not_converged_without_a_word(table: pd.DataFrame) -> None:
    stopped = pf.fepois("y ~ x", table, offset="log_hours", iwls_maxiter=1)  # a warning would fail here
    assert not stopped.convergence
    assert abs(stopped.coef()["x"] - poisson(table, "y ~ x", offset="log_hours").coef[1]) > 0.05


def test_ours_is_refused_where_it_has_not_converged(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("northroute.frequentist.irls._LIMIT", 2)
    with pytest.raises(ModelError, match="no convergence in 2 iterations"):
        poisson(table, "y ~ x", offset="log_hours")


def test_pyfixest_has_no_score_bootstrap_and_no_conley_errors_for_poisson(table: pd.DataFrame) -> None:
    fit = pf.fepois("y ~ x", table, offset="log_hours")
    with pytest.raises(NotImplementedError, match="not supported for Poisson"):
        fit.wildboottest(param="x", reps=99)
    with pytest.raises(AssertionError, match="vcov string must be iid, hetero, HC1, HC2, HC3, NW, or DK"):
        pf.fepois("y ~ x", table, vcov="conley")
