"""Zero-inflated and hurdle Poisson and NB2 by maximum likelihood (Lambert 1992; Mullahy 1986; as R's pscl).

Terms of the count part have their own names, those of the other part the prefix ``zero:``. That part is the logit of a zero,
as in the Bayesian half and in glmmTMB: of a structural zero (zero-inflated), or of any zero (hurdle), whose sign is the
opposite in pscl.
"""

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from northroute.arrays import Array
from northroute.errors import ModelError
from northroute.frequentist import densities
from northroute.frequentist.design import INTERCEPT, Design, design
from northroute.frequentist.encoding import learn
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.formula import split_terms
from northroute.frequentist.likelihood import (
    check_rank,
    dispersion_block,
    dispersion_start,
    fit,
    mean_block,
    poisson_start,
)
from northroute.frequentist.maximise import Block
from northroute.frequentist.scaling import scaled
from northroute.frequentist.separation import Separated, without_separated
from northroute.frequentist.spec import Regression, regression
from northroute.panel import Panel

Distribution = Literal["poisson", "negative binomial"]
Kind = Literal["zero-inflated", "hurdle"]
_ENDLESS = 100.0
"""A standard error of a logit or log size per standard deviation beyond this: the estimate runs to infinity."""
_PREFIX = "zero:"


def zero_inflated(
    data: Panel | pd.DataFrame,
    spec: str | Regression,
    *,
    zero: str | None = None,
    distribution: Distribution = "poisson",
    exposure: str | None = None,
    offset: str | None = None,
    name: str = "",
    on_separated: Separated = "refuse",
) -> Estimate:
    """Fit a mixture of structural zeros and counts.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
    spec : str or Regression
        The count part; effects enter as dummies of this part.
    zero : str, optional
        Right-hand side of the zero part, such as ``"a + b"``, ``"1"`` for a constant; by default the count part's terms.
    distribution : {"poisson", "negative binomial"}
    exposure, offset, name : str, optional
        Of the count part.
    on_separated : {"refuse", "drop"}

    Raises
    ------
    ModelError
        As :func:`northroute.frequentist.negative_binomial`, and if there is no zero to explain.
    """
    spec = regression(spec, exposure=exposure, offset=offset, name=name)
    return _fit(data, spec, zero, distribution, "zero-inflated", on_separated)


def hurdle(
    data: Panel | pd.DataFrame,
    spec: str | Regression,
    *,
    zero: str | None = None,
    distribution: Distribution = "poisson",
    exposure: str | None = None,
    offset: str | None = None,
    name: str = "",
    on_separated: Separated = "refuse",
) -> Estimate:
    """Fit a logit of a zero, and a zero-truncated model of the positive counts' size; see :func:`zero_inflated`.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
    spec : str or Regression
        The size; effects enter as dummies of this part.
    zero : str, optional
        Right-hand side of the logit of a zero; by default the count part's terms. It takes no exposure.
    distribution : {"poisson", "negative binomial"}
    exposure, offset, name : str, optional
        Of the size.
    on_separated : {"refuse", "drop"}
    """
    spec = regression(spec, exposure=exposure, offset=offset, name=name)
    return _fit(data, spec, zero, distribution, "hurdle", on_separated)


def expected(kind: Kind, distribution: Distribution, index: Array) -> Array:
    """Return the expected count from the indices, shape (row,)."""
    mean, other = np.exp(index[:, 0]), index[:, -1]
    if kind == "zero-inflated":
        return np.asarray(mean * special.expit(-other))
    density = densities.poisson if distribution == "poisson" else densities.negative_binomial
    no_count = density(np.zeros(mean.size), index[:, :-1]).value
    return np.asarray(special.expit(-other) * mean / -np.expm1(np.minimum(no_count, -1e-300)))


def parts_of(family: str) -> tuple[Kind, Distribution] | None:
    """Return kind and distribution of a two-part family, None for another one."""
    kinds: tuple[Kind, ...] = ("zero-inflated", "hurdle")
    distributions: tuple[Distribution, ...] = ("poisson", "negative binomial")
    return next(((k, d) for k in kinds for d in distributions if family == family_of(k, d)), None)


def family_of(kind: Kind, distribution: Distribution) -> str:
    """Return the family's name, such as ``hurdle negative binomial``."""
    return f"{kind} {distribution}"


def _fit(
    data: Panel | pd.DataFrame,
    spec: Regression,
    other: str | None,
    distribution: Distribution,
    kind: Kind,
    on_separated: Separated,
) -> Estimate:
    if distribution not in ("poisson", "negative binomial"):
        raise ModelError(f"{spec.label}: no distribution '{distribution}'; choose poisson or negative binomial.")
    terms = split_terms(other) if other is not None else spec.terms
    built = without_separated(design(data, spec, whole=True, second=terms), on_separated)
    second = learn(built.frame, terms, f"{built.name}, zero part")[1]
    return fit_design(replace(built, second=second), distribution, kind)


def fit_design(built: Design, distribution: Distribution, kind: Kind) -> Estimate:
    """Fit to a design whose separated rows are out and whose second encoding is that of the other part."""
    y, spec = built.y, built.regression
    if not (y == 0).any():
        raise ModelError(f"{spec.label}: '{spec.outcome}' has no zero. Fit a Poisson or negative binomial.")
    if kind == "hurdle" and y.max() <= 1:
        raise ModelError(
            f"{spec.label}: every positive '{spec.outcome}' is one, so that its size has no finite estimate. Fit a Poisson."
        )
    if built.second is not None and built.second.lost_levels(built.frame):
        built = replace(built, second=built.second.without_lost_levels(built.frame)[1])
    block = mean_block(built)
    second = _second(built)
    count = densities.poisson if distribution == "poisson" else densities.negative_binomial
    counted = y > 0 if kind == "hurdle" else np.ones(y.size, bool)
    coef, mean = poisson_start(y[counted], replace(block, x=block.x[counted], offset=block.offset[counted]))
    level = float(special.logit((y == 0).mean() if kind == "hurdle" else max((y == 0).mean() / 2, 0.02)))
    blocks, start = [block, second], [coef, np.array([level if t == INTERCEPT else 0.0 for t in second.terms])]
    if distribution == "negative binomial":
        start.insert(1, np.array([dispersion_start(y[counted], mean)]))
        blocks.insert(1, dispersion_block(y.size))
    found = fit(
        built,
        blocks,
        (densities.hurdle if kind == "hurdle" else densities.zero_inflated)(count),
        np.concatenate(start),
        family=family_of(kind, distribution),
        model=f"{kind} {distribution} of {spec.describe()}; zero part on {second.right}",
        mean=lambda index: expected(kind, distribution, index),
        again=lambda other: fit_design(other, distribution, kind),
    )
    k, m = second.x.shape[1], built.x.shape[1]
    if kind == "hurdle":
        lost = _errors(built.x, found.bread[:m, :m], absorbed=bool(built.effects)) > _ENDLESS
        if lost.any():
            along = [t for t, e in zip(built.terms, lost, strict=True) if e and t != INTERCEPT] or [INTERCEPT]
            raise ModelError(
                f"{built.name}: the size of a positive count goes to one along {along}, where every positive count is one, "
                "so that it has no finite estimate. Leave terms or rows out, or fit a Poisson."
            )
    endless = _errors(second.x, found.bread[-k:, -k:], absorbed=False) > _ENDLESS
    if endless.any():
        terms_out = [t for t, e in zip(second.names, endless, strict=True) if e]
        hint = ", or fit without it: there may be no inflation" if kind == "zero-inflated" else ""
        raise ModelError(
            f"{built.name}: the zero part goes to a probability of 0 or 1 along {terms_out}, so that it has "
            f"no finite estimate. Leave terms out of it{hint}."
        )
    return found


def _errors(x: Array, covariance: Array, *, absorbed: bool) -> Array:
    """Return standard errors per standard deviation, about the means: far from the data an intercept's own is wide."""
    if absorbed:
        return np.asarray(np.sqrt(np.diag(covariance)) * x.std(axis=0))
    turn = np.linalg.inv(scaled(x)[1])
    return np.asarray(np.sqrt(np.diag(turn @ covariance @ turn.T)))


def _second(built: Design) -> Block:
    encoding = built.second
    if encoding is None:
        raise ModelError(f"{built.name}: the zero part has no columns.")
    x = encoding.matrix(built.frame)
    check_rank(x, encoding.names, f"{built.name}, zero part")
    return Block(_PREFIX, x, encoding.names, np.zeros(built.y.size), encoding.right)
