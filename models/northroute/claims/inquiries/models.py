"""The reference models of the answers: rates of counts and shares of counts, with the register's priors.

Rates are negative binomial regressions (a region's effect is gamma and integrated out), or Poisson with normal effects
of regions as the equivalent specification. Shares are beta-binomial, or binomial with normal region effects.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import expit

from northroute.arrays import Array
from northroute.bayes import Model
from northroute.bayes.statement import distributions as dist
from northroute.bayes.terms import Effects, Intercept, Linear
from northroute.claims.inquiry import Job, Reader
from northroute.claims.register import Register
from northroute.errors import ModelError

YES, NO = "yes", "no"
COUNT: Final = "count"
"""Outcome column of every frame."""
ANSWER: Final = "answer"
_CONTRAST: Final = "contrast"
_SLOPE: Final = "slope"

Term = Intercept | Linear | Effects


def rates(
    name: str,
    register: Register,
    *,
    exposure: str,
    exposure_unit: float = 1.0,
    contrasts: Sequence[str] = (),
    slopes: Sequence[str] = (),
    country: str | None = None,
    effects: Sequence[Term] = (),
    poisson: str | None = None,
) -> Model:
    """Return a model of counts by row of a frame with column ``count``.

    Parameters
    ----------
    name : str
        Of the fit.
    register : Register
        Its priors are used.
    exposure : str
        Column whose log enters with coefficient one.
    exposure_unit : float
        Chosen so that rates per unit are near one.
    contrasts : sequence of str
        Columns of 0 and 1; their coefficients are reported as ``contrast`` by ``covariate``.
    slopes : sequence of str
        Standardised columns; reported as ``slope`` by ``covariate``.
    country : str, optional
        Column whose levels have levels of their own (``intercept`` by that column); one level otherwise.
    effects : sequence of Effects
        Further terms.
    poisson : str, optional
        Column of regions that get normal effects, the counts being Poisson then; by default negative binomial counts.
    """
    terms: list[Term] = [Intercept(register.prior("level"), by=country)]
    if contrasts:
        terms.append(Linear(tuple(contrasts), register.prior("contrast"), name=_CONTRAST, dim="contrasted"))
    if slopes:
        terms.append(Linear(tuple(slopes), register.prior("slope"), name=_SLOPE))
    terms += effects
    law: dist.Distribution = dist.NegativeBinomial(register.prior("root_dispersion"))
    if poisson is not None:
        law = dist.Poisson()
        terms.append(Effects(poisson, sd=register.prior("region_sd")))
    return Model(name, COUNT, law, tuple(terms), exposure=exposure, exposure_unit=exposure_unit)


def cells(table: pd.DataFrame, yes: str, total: str, cell: str = "region") -> pd.DataFrame:
    """Return the frame of a model of shares: two rows a cell, counts of yes and of no.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a cell, with whole numbers ``yes`` of ``total``.
    yes, total : str
        Columns.
    cell : str
        Column that names the cells.

    Raises
    ------
    ModelError
        If a cell has more of a part than of the whole.
    """
    if (table[yes] > table[total]).any():
        worst = table[cell].to_numpy()[(table[yes] > table[total]).to_numpy().argmax()]
        raise ModelError(f"Cell {worst} has more of '{yes}' than of '{total}'. Mend the table.")
    parts = [table.copy(), table.copy()]
    for part, answer, count in zip(parts, (YES, NO), (table[yes], table[total] - table[yes]), strict=True):
        part[ANSWER], part[COUNT] = answer, count.astype(float)
    return pd.concat(parts, ignore_index=True)


def shares(
    name: str,
    register: Register,
    *,
    cell: str = "region",
    contrasts: Sequence[str] = (),
    country: str | None = None,
    binomial: bool = False,
) -> Model:
    """Return a model of the share of yes in each cell of :func:`cells`.

    ``intercept`` is the logit of the share (by ``country`` where given), ``contrast`` log odds ratios;
    ``concentration`` that of the beta. With ``binomial`` cells have normal effects ``<cell>_effect`` instead.
    """
    only = (YES,)
    terms: list[Term] = [Intercept(register.prior("share"), by=country, only=only)]
    if contrasts:
        terms.append(Linear(tuple(contrasts), register.prior("contrast"), only=only, name=_CONTRAST, dim="contrasted"))
    law: dist.Distribution = dist.DirichletMultinomial(register.prior("inverse_root_concentration"))
    if binomial:
        law = dist.Multinomial()
        terms.append(Effects(cell, only=only, sd=register.prior("region_sd")))
    return Model(name, COUNT, law, tuple(terms), response=ANSWER, cell=cell)


def expected_share(reader: Reader, job: Job, total: str) -> Array:
    """Return the expected share of yes over all regions of a :func:`shares` model without covariates.

    Regions are weighted by ``total``. It is the share of regions like these: a beta-binomial's mean, or the mean of the
    inverse logit over the regions' own effects.

    Returns
    -------
    array, shape (chain, draw)
    """
    logit = reader.array("intercept")
    if isinstance(job.model.distribution, dist.DirichletMultinomial):
        return np.asarray(expit(logit))
    own = job.frame[job.frame[ANSWER] == YES].set_index("region")[total]
    effect = reader("region_effect").sel(region=[str(c) for c in own.index]).to_numpy()
    weight = own.to_numpy(float) / own.sum()
    return np.asarray((expit(logit[..., None] + effect) * weight).sum(-1))


def standardised(values: "pd.Series[float] | Array") -> Array:
    """Return values with mean zero and standard deviation one."""
    array = np.asarray(values, dtype=np.float64)
    return np.asarray((array - array.mean()) / array.std())


def negative_binomial(rng: np.random.Generator, mean: Array, dispersion: float) -> Array:
    """Draw counts with ``Var = mean + dispersion mean^2``, for simulated worlds."""
    return rng.poisson(mean * rng.gamma(1 / dispersion, dispersion, np.shape(mean))).astype(float)


def beta_binomial(rng: np.random.Generator, total: Array, share: Array | float, concentration: float) -> Array:
    """Draw how many of each total, with shares that are beta around ``share``, for simulated worlds."""
    mean = np.broadcast_to(share, np.shape(total))
    return rng.binomial(
        np.asarray(total, dtype=np.int64), rng.beta(concentration * mean, concentration * (1 - mean))
    ).astype(float)
