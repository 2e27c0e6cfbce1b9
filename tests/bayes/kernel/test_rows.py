"""Log likelihood by row against closed forms, and as a distribution: it sums to one and has the stated moments."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, gammaln, softmax

from northroute.bayes.kernel import batch
from northroute.bayes.kernel.normals import student_density
from northroute.bayes.program import records
from northroute.bayes.program.builder import Builder
from northroute.bayes.statement.codes import Family, Part
from tests.bayes.kernel.examples import COUNTS, prior

Array = NDArray[np.float64]
COUNTED = np.arange(3000.0)
FLAT = prior("normal")


def rows(family: Family, y: Array, eta: Array, scalar: float = 0.0, **segment: Any) -> Array:
    """Log likelihood by row, with a known mean predictor and the auxiliary scalar's value."""
    builder = Builder()
    auxiliary = int(builder.scalar("auxiliary", FLAT))
    second = builder.scalar("second", FLAT)
    builder.use(1, slice(0, y.size), np.broadcast_to(second, y.size))
    logit = segment.pop("logit", 0.0)
    builder.segments.append(
        records.segment(builder.store, family, slice(0, y.size), y, offset=eta, auxiliary=auxiliary, **segment)
    )
    program, _ = builder.finish(y.size)
    return np.asarray(batch.log_likelihood(program, np.array([[scalar, logit]]))[0])


def log_pmf(family: Family, y: Array, mu: float, aux: float) -> Array:
    if family is Family.POISSON:
        return np.asarray(stats.poisson(mu).logpmf(y))
    if family is Family.NEGATIVE_BINOMIAL:
        return np.asarray(stats.nbinom(1 / aux, 1 / (1 + aux * mu)).logpmf(y))
    theta = mu * (1 - aux)  # Consul and Jain 1973
    return np.asarray(np.log(theta) + (y - 1) * np.log(theta + aux * y) - theta - aux * y - gammaln(y + 1))


def with_part(family: Family, part: Part, y: Array, mu: float, aux: float, logit: float) -> Array:
    p = expit(logit)
    if part is Part.DETECTION:
        return log_pmf(family, y, mu * p, aux)
    log = log_pmf(family, y, mu, aux)
    if part is Part.NONE:
        return log
    none = np.exp(log_pmf(family, np.zeros(1), mu, aux))[0]
    if part is Part.ZERO_INFLATED:
        return np.asarray(np.where(y == 0, np.log(p + (1 - p) * none), np.log1p(-p) + log))
    return np.asarray(np.where(y == 0, np.log(p), np.log1p(-p) + log - np.log1p(-none)))


@pytest.mark.parametrize(("family", "part"), COUNTS)
@pytest.mark.parametrize(("mu", "aux", "logit"), [(4.0, 0.3, -0.7), (0.02, 0.6, 2.0), (30.0, 0.05, -4.0)])
def test_counts_are_closed_forms_and_sum_to_one(
    family: Family, part: Part, mu: float, aux: float, logit: float
) -> None:
    scalar = np.sqrt(aux) if family is Family.NEGATIVE_BINOMIAL else aux  # the scalar is the root of the dispersion
    eta = np.full(COUNTED.size, np.log(mu))
    ours = rows(family, COUNTED, eta, scalar, part=part, logit=logit)
    theirs = with_part(family, part, COUNTED, mu, aux, logit)
    # scipy's negative binomial is good to 1e-7 relative at large sizes
    assert_allclose(ours, theirs, rtol=1e-7, atol=1e-10)
    assert np.exp(ours).sum() == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize("family", [Family.POISSON, Family.NEGATIVE_BINOMIAL, Family.GENERALISED_POISSON])
def test_counts_have_the_stated_mean_and_variance(family: Family) -> None:
    mu, aux = 5.0, 0.4
    scalar = np.sqrt(aux) if family is Family.NEGATIVE_BINOMIAL else aux
    p = np.exp(rows(family, COUNTED, np.full(COUNTED.size, np.log(mu)), scalar))
    mean = p @ COUNTED
    variance = p @ np.square(COUNTED - mean)
    stated = {
        Family.POISSON: mu,
        Family.NEGATIVE_BINOMIAL: mu + aux * mu**2,
        Family.GENERALISED_POISSON: mu / (1 - aux) ** 2,
    }
    assert mean == pytest.approx(mu, rel=1e-9)
    assert variance == pytest.approx(stated[family], rel=1e-8)


def test_negative_binomial_without_dispersion_is_the_poisson() -> None:
    y = np.arange(20.0)
    eta = np.full(20, 1.0)
    assert_allclose(rows(Family.NEGATIVE_BINOMIAL, y, eta, 0.0), rows(Family.POISSON, y, eta), atol=1e-6)


@pytest.mark.parametrize("part", [Part.ZERO_INFLATED, Part.HURDLE])
@pytest.mark.parametrize("logit", [-600.0, 600.0])
def test_extreme_shares_of_zeros_stay_finite(part: Part, logit: float) -> None:
    found = rows(Family.POISSON, np.array([0.0, 3.0]), np.array([-30.0, 2.0]), part=part, logit=logit)
    assert np.isfinite(found).all()


def test_normals_are_scipys_with_known_and_unknown_variances() -> None:
    rng = np.random.default_rng(1)
    y, eta, known = rng.normal(size=8), rng.normal(size=8), rng.uniform(0.5, 2, 8)
    assert_allclose(rows(Family.NORMAL, y, eta, 0.7), stats.norm(eta, 0.7).logpdf(y))
    assert_allclose(rows(Family.NORMAL, y, eta, 0.7, known=known), stats.norm(eta, np.hypot(0.7, known)).logpdf(y))


@pytest.mark.parametrize("df", [0.7, 4.0, 60.0, 1e7])
def test_student_ts_are_scipys_with_known_and_unknown_scales(df: float) -> None:
    rng = np.random.default_rng(1)
    y, eta, known = 5 * rng.standard_t(2, 8), rng.normal(size=8), rng.uniform(0.5, 2, 8)
    theirs = stats.t(df, eta, 0.7).logpdf(y)
    assert_allclose(rows(Family.STUDENT_T, y, eta, 0.7, df=df), theirs, rtol=1e-7)  # of two large log gammas
    theirs = stats.t(df, eta, np.hypot(0.7, known)).logpdf(y)
    assert_allclose(rows(Family.STUDENT_T, y, eta, 0.7, df=df, known=known), theirs, rtol=1e-7)


def test_an_outlier_pulls_a_student_t_the_less_the_further_it_lies() -> None:
    lp, pull, _ = zip(*(student_density.py_func(y, 0.0, 1.0, 0.0, 4.0) for y in (1e3, 1e6, 1e150)), strict=True)
    assert np.isfinite(lp).all()
    assert_allclose(pull[:2], [5e-3, 5e-6], rtol=1e-3)
    assert pull[2] < 1e-100


def test_multivariate_cells_are_scipys() -> None:
    rng = np.random.default_rng(2)
    builder = Builder(coords={"trio": [0, 1, 2]})
    sds, partial = builder.scalar("sd", FLAT, ("trio",)), builder.correlation("corr", "trio", 1.0)
    y, eta = rng.normal(size=6), rng.normal(size=6)
    builder.segments.append(
        records.segment(
            builder.store,
            Family.MULTIVARIATE_NORMAL,
            slice(0, 6),
            y,
            offset=eta,
            cell=3,
            deviations=sds,
            correlation=partial,
        )
    )
    program, _ = builder.finish(6)
    sd, p = np.array([0.5, 1.0, 2.0]), np.array([0.3, -0.5, 0.4])
    ours = batch.log_likelihood(program, np.concatenate([sd, p])[None])[0]
    r12, r13 = p[0], p[1]  # the third is the correlation of 2 and 3 given 1
    r23 = p[2] * np.sqrt((1 - r12**2) * (1 - r13**2)) + r12 * r13
    corr = np.array([[1, r12, r13], [r12, 1, r23], [r13, r23, 1]])
    cells = stats.multivariate_normal(np.zeros(3), np.outer(sd, sd) * corr).logpdf((y - eta).reshape(2, 3))
    assert_allclose(ours, [cells[0], 0, 0, cells[1], 0, 0], atol=1e-12)


def test_compositions_are_scipys() -> None:
    y, eta = np.array([2.0, 0, 5, 0, 0, 1]), np.random.default_rng(3).normal(size=6)
    p, counts = softmax(eta.reshape(2, 3), axis=1), y.reshape(2, 3).astype(int)
    ours = rows(Family.MULTINOMIAL, y, eta, 0.0, cell=3)
    # the program's auxiliary is not read by a multinomial
    assert_allclose(ours[::3], [stats.multinomial(c.sum(), q).logpmf(c) for c, q in zip(counts, p, strict=True)])
    ours = rows(Family.DIRICHLET_MULTINOMIAL, y, eta, 0.5, cell=3)
    concentration = 1 / 0.5**2
    theirs = [stats.dirichlet_multinomial(concentration * q, c.sum()).logpmf(c) for c, q in zip(counts, p, strict=True)]
    assert_allclose(ours[::3], theirs)
