r"""Models of placed seizures by region: counts, and counts with weights.

Counts are negative binomial, each country with a level of its own. With weights a second response stands beside them, the
mean weight of a region's seizures: :math:`\log(kg/n)`, normal between regions, and around a region's own mean a Student t
with the standard error that n seizures leave. Weights of single seizures have the registered coefficient of variation
:math:`v`; a mean of n lognormal weights is about lognormal with :math:`s^2 = \log(1 + v^2 / n)` (Fenton 1960, IRE Trans.
Commun. Syst. 8:57), so :math:`\log(kg/n) + s^2/2` is centred on the log of the mean. Kilograms per inhabitant are the
count's rate times the mean weight. A region without a weighed seizure has no mean weight and says nothing of weights.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.bayes import Model
from northroute.bayes.statement import distributions as dist
from northroute.bayes.terms import Effects, Intercept, Linear
from northroute.claims.inquiries.models import COUNT, Term
from northroute.claims.inquiries.own_numbers import given_counts, log_rates, own_log_rates
from northroute.claims.inquiries.seizure_frames import EXPOSURE, PEOPLE
from northroute.claims.inquiry import Job, Reader
from northroute.claims.register import Register
from northroute.errors import ModelError

MEASURE: Final = "measure"
SEIZURES: Final = "seizures"
WEIGHT: Final = "weight"
_VALUE: Final = "value"
_KNOWN: Final = "weight_sd"
_DIM: Final = "contrasted"


def weighed(name: str, register: Register, frame: pd.DataFrame, contrasts: Sequence[str]) -> Model:
    """Return the model of counts and mean weights; ``weight_contrast`` is the log ratio of mean weights."""
    by, one, two = country(frame), (SEIZURES,), (WEIGHT,)
    terms: list[Term] = [
        Intercept(register.prior("level"), by=by, only=one),
        Linear(tuple(contrasts), register.prior("contrast"), only=one, name="contrast", dim=_DIM),
        Intercept(register.prior("level"), by=by, only=two, name="weight_intercept"),
        Linear(tuple(contrasts), register.prior("contrast"), only=two, name="weight_contrast", dim=_DIM),
        Effects("region", only=two, sd=register.prior("region_sd"), name="weight"),
    ]
    laws: dict[str, dist.Distribution] = {
        SEIZURES: dist.NegativeBinomial(register.prior("root_dispersion")),
        WEIGHT: dist.StudentT(None, _KNOWN, register.constant("degrees_of_freedom")),
    }
    return Model(name, _VALUE, laws, tuple(terms), exposure=EXPOSURE, exposure_unit=PEOPLE, response=MEASURE)


def with_weights(frame: pd.DataFrame, cv: float) -> pd.DataFrame:
    """Return the frame of :func:`weighed`: a row a region for its count, and one for its mean weight where it has one.

    Parameters
    ----------
    frame : pandas.DataFrame
        Of :func:`northroute.claims.inquiries.seizure_frames.by_region`.
    cv : float
        Coefficient of variation of the weight of one seizure.

    Raises
    ------
    ModelError
        If a region's weighed seizures weigh nothing.
    """
    has = frame[frame["n_weighed"] > 0]
    if (has["kg"] <= 0).any():
        raise ModelError(f"Weighed seizures of {has['region'][has['kg'] <= 0].iloc[0]} weigh nothing. Mend the table.")
    square = np.log1p(cv**2 / has["n_weighed"].to_numpy(float))
    mean = np.log(has["kg"].to_numpy(float) / has["n_weighed"].to_numpy(float)) + square / 2
    named: dict[str, Any] = {MEASURE: SEIZURES, _VALUE: frame[COUNT], _KNOWN: np.nan}
    weights: dict[str, Any] = {MEASURE: WEIGHT, _VALUE: mean, _KNOWN: np.sqrt(square), EXPOSURE: np.nan}
    return pd.concat([frame.assign(**named), has.assign(**weights)], ignore_index=True)


def places(job: Job) -> pd.DataFrame:
    """Return the frame's rows of counts, one a region."""
    frame = job.frame
    return frame[frame[MEASURE] == SEIZURES].reset_index(drop=True) if MEASURE in frame.columns else frame


def own_rates(reader: Reader, job: Job) -> Array:
    """Return each region's own rate per unit of exposure (see :mod:`northroute.claims.inquiries.own_numbers`).

    Returns
    -------
    array, shape (chain, draw, region)
        In the order of :func:`places`.
    """
    if MEASURE not in job.frame.columns:
        return np.exp(own_log_rates(reader, job))
    rows, seizures = places(job), (job.frame[MEASURE] == SEIZURES).to_numpy()
    expected, exposure = log_rates(reader, job)[..., seizures], rows[EXPOSURE].to_numpy(float) / PEOPLE
    dispersion = reader.array(f"dispersion_{SEIZURES}")[..., None]
    return np.exp(given_counts(reader, expected, dispersion, exposure, rows[COUNT].to_numpy(float)))


def own_weights(reader: Reader, job: Job) -> Array:
    """Return each region's own mean weight of a seizure in kg, shape (chain, draw, region), in the order of :func:`places`.

    Raises
    ------
    ModelError
        If a region has no weighed seizure: its own mean weight is not among the effects.
    """
    weights = (job.frame[MEASURE] == WEIGHT).to_numpy()
    missing = sorted(set(places(job)["region"]) - set(job.frame["region"][weights]))
    if missing:
        raise ModelError(f"{job.model.name}: no weighed seizure in {missing}; their own mean weight is unknown.")
    order = job.frame["region"][weights].reset_index(drop=True)
    place = [int(order.index[order == region][0]) for region in places(job)["region"]]
    return np.asarray(np.exp(log_rates(reader, job)[..., weights][..., place]))


def country(frame: pd.DataFrame) -> str | None:
    """Return the column of countries where there are several, each of which has a level of its own."""
    return "iso3" if frame["iso3"].nunique() > 1 else None
