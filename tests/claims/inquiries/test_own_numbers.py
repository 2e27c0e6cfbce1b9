"""The regions' own rates and shares: conditional means by hand, and agreement of the two likelihoods' readings."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from northroute.bayes import BayesFit, Model, Origin, Sampling, fit_model
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.claims.inquiries.models import cells, rates, shares
from northroute.claims.inquiries.own_numbers import log_rates, own_log_rates, own_shares
from northroute.claims.inquiry import Job, Reader
from northroute.errors import ModelError
from tests.claims.inquiries.trials import register

COUNTS = np.array([3.0, 40.0, 12.0, 0.0, 25.0, 9.0])
FRAME = pd.DataFrame(
    {
        "region": list("abcdef"),
        "kind": ["x", "x", "x", "y", "y", "y"],
        "people": np.array([1.0, 4.0, 2.0, 1.0, 3.0, 2.0]) * 1e5,
        "hub": [0.0, 1.0, 0.0, 1.0, 0.0, 1.0],
        "count": COUNTS,
    }
)
SHARES = pd.DataFrame({"region": list("abcd"), "yes": [1, 30, 4, 9], "total": [10, 100, 40, 20]})


def _fit(model: Model, frame: pd.DataFrame) -> BayesFit:
    origin = Origin("x", simulated=True, source="SIMULATED")
    return fit_model(model, frame, Sampling(draws=500), origin=origin).allow_failed()


@pytest.fixture(scope="module")
def by_kind() -> tuple[Reader, Job]:
    """A model with every term that is known."""
    model = Model(
        "own_numbers",
        "count",
        dist.NegativeBinomial(),
        (Intercept(by="kind"), Linear(("hub",), by="kind"), Effects("region", only=("x",))),
        exposure="people",
        exposure_unit=1e4,
        response="kind",
    )
    return Reader(_fit(model, FRAME)), Job(model, FRAME, "")


@pytest.fixture(scope="module")
def plain() -> tuple[BayesFit, Job]:
    model = rates("own_rates", register(), exposure="people", exposure_unit=1e4, contrasts=("hub",))
    return _fit(model, FRAME), Job(model, FRAME, "")


def test_log_rates_put_the_terms_together(by_kind: tuple[Reader, Job]) -> None:
    reader, job = by_kind
    found = log_rates(reader, job)
    level, slope, effect = (reader(n) for n in ("intercept", "slope", "region_effect"))
    b = level.sel(kind="x") + slope.sel(kind="x", covariate="hub") + effect.sel(region="b")
    f = level.sel(kind="y") + slope.sel(kind="y", covariate="hub")  # the effects are of kind x alone
    assert found.shape[2:] == (6,)
    np.testing.assert_allclose(found[..., 1], b.to_numpy())
    np.testing.assert_allclose(found[..., 5], f.to_numpy())
    np.testing.assert_allclose(found[..., 4], level.sel(kind="y").to_numpy())


def test_a_regions_own_rate_is_the_gamma_given_its_count(plain: tuple[BayesFit, Job]) -> None:
    fit, job = plain
    reader = Reader(fit)
    own = np.exp(own_log_rates(reader, job))
    size = 1 / reader.array("dispersion")[..., None]
    exposure = FRAME["people"].to_numpy() / 1e4
    mean = exposure * np.exp(log_rates(reader, job))
    expected = (size + COUNTS) / (size / mean + 1) / exposure
    # 2,000 draws of a gamma whose shape is 2 at least
    np.testing.assert_allclose(own.mean((0, 1)), expected.mean((0, 1)), rtol=0.06)


def test_under_the_prior_no_count_is_given(plain: tuple[BayesFit, Job]) -> None:
    fit, job = plain
    doubled = Job(job.model, FRAME.assign(count=1000 * COUNTS), "")
    prior, posterior = Reader(fit, "prior"), Reader(fit)
    np.testing.assert_array_equal(own_log_rates(prior, job), own_log_rates(prior, doubled))
    assert (own_log_rates(posterior, job) != own_log_rates(posterior, doubled)).any()
    assert own_log_rates(prior, job).shape[0] == 1


def test_poisson_regions_have_their_rates_in_the_predictor() -> None:
    model = rates("own_poisson", register(), exposure="people", exposure_unit=1e4, poisson="region")
    reader, job = Reader(_fit(model, FRAME)), Job(model, FRAME, "")
    np.testing.assert_array_equal(own_log_rates(reader, job), log_rates(reader, job))
    own = np.exp(own_log_rates(reader, job)).mean((0, 1)) * FRAME["people"].to_numpy() / 1e4
    assert own[1] == pytest.approx(40, rel=0.1)  # the region's own count says most of it


@pytest.mark.parametrize("binomial", [False, True])
def test_a_regions_own_share_is_given_by_its_count(binomial: bool) -> None:
    model = shares(f"own_shares_{binomial}", register(), binomial=binomial)
    frame = cells(SHARES, "yes", "total")
    fit, job = _fit(model, frame), Job(model, frame, "")
    own = own_shares(Reader(fit), job, "yes", "total")
    assert own.shape[2:] == (4,)
    assert own[..., 1].mean() == pytest.approx(0.3, abs=0.02)
    assert own[..., 0].mean() < own[..., 3].mean()
    prior = own_shares(Reader(fit, "prior"), job, "yes", "total")
    assert prior.std() > own.std()


def test_a_beta_share_is_the_conjugate_one() -> None:
    model, frame = shares("own_beta", register()), cells(SHARES, "yes", "total")
    reader, job = Reader(_fit(model, frame)), Job(model, frame, "")
    c, p = reader.array("concentration"), expit(reader.array("intercept"))
    own = own_shares(reader, job, "yes", "total")
    # concentrations have no upper end, so the mean of region a: (c p + 1) / (c + 10)
    assert own[..., 0].mean() == pytest.approx(((c * p + 1) / (c + 10)).mean(), abs=0.01)


def test_a_term_that_is_not_known_is_refused(plain: tuple[BayesFit, Job]) -> None:
    fit, _ = plain
    odd = Model("odd", "count", dist.NegativeBinomial(), (Effects("region", columns=("1", "hub")),))
    with pytest.raises(ModelError, match="do not know the term"):
        log_rates(Reader(fit), Job(odd, FRAME, ""))


def test_shares_have_no_rates() -> None:
    frame = cells(SHARES, "yes", "total")
    model = shares("own_none", register())
    with pytest.raises(ModelError, match="its outcome has no rates"):
        own_log_rates(Reader(_fit(model, frame)), Job(model, frame, ""))
