r"""A normal hierarchical model with known measurement error, for country-year indicators.

.. math::

   y_i \sim N\!\left(\alpha + g_{k(i)} + \beta x_i^*,\ \sigma_i^2 + \sigma_\text{residual}^2\right), \quad
   g_k \sim N(0, \sigma_\text{group}^2), \quad x_i \sim N(x_i^*, \tau_i^2), \quad x_i^* \sim N(0, \omega^2)

y is measured with known standard deviation :math:`\sigma_i`; the predictor, standardised, with :math:`\tau_i` (Fuller 1987,
Measurement Error Models, 1.2). Leaving the residual out and giving every observation its own group is the random-effects
meta-analysis (Rubin 1981's eight schools). The true predictor is integrated out exactly
(:func:`northroute.bayes.kernel.normals.errors_density`).
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd
import xarray as xr

from northroute.bayes.engine import Origin, fit_model
from northroute.bayes.fit import BayesFit
from northroute.bayes.samplers.settings import Sampling
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement import priors as prior_sets
from northroute.bayes.statement.intake import require_columns
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.priors import Priors
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept
from northroute.errors import ModelError
from northroute.progress import Progress, quiet
from northroute.provenance import frame_hash


@dataclass(frozen=True)
class MeasurementSpec:
    """A measurement-error model.

    Attributes
    ----------
    name : str
    response, response_sd : str
        Columns: the measure and its known standard deviation.
    group : str
        Column with the group (the country).
    predictor, predictor_sd : str, optional
        Columns: a predictor and its known standard deviation.
    residual : bool
        Whether observations of one group differ beyond their measurement error.
    priors : mapping of str to Prior
    """

    name: str
    response: str
    response_sd: str
    group: str
    predictor: str | None = None
    predictor_sd: str | None = None
    residual: bool = True
    priors: Priors = field(default_factory=lambda: prior_sets.MEASUREMENT)


def fit_measurement(
    frame: pd.DataFrame,
    spec: MeasurementSpec,
    settings: Sampling | None = None,
    *,
    simulated: bool = False,
    source: str = "",
    folder: Path | None = None,
    command: str = "",
    progress: Progress = quiet,
) -> BayesFit:
    """Fit the model to a table with one row an observation.

    The predictor is standardised; ``slope`` is per standard deviation of the measured predictor. ``group_mean`` is the
    group's mean response at the predictor's mean.

    Raises
    ------
    ModelError
        For missing columns or values, standard deviations that are not positive, or a single group.
    """
    table = _checked(frame, spec)
    described = asdict(spec)
    words = "normal hierarchy with known measurement error" + (f", slope on {spec.predictor}" if spec.predictor else "")
    origin = Origin(
        data_hash=frame_hash(table),
        simulated=simulated,
        source=source,
        description={"spec": described, "words": words},
        constants=xr.Dataset({str(k): ("row", v.to_numpy()) for k, v in table.drop(columns=spec.group).items()}),
    )
    return fit_model(
        _model(spec),
        _rows(table, spec),
        settings,
        origin=origin,
        derive=_group_means,
        folder=folder,
        command=command,
        progress=progress,
    )


def _group_means(values: xr.Dataset) -> xr.Dataset:
    return xr.Dataset({"group_mean": values["intercept"] + values["group_effect"]})


def _checked(frame: pd.DataFrame, spec: MeasurementSpec) -> pd.DataFrame:
    columns = [spec.response, spec.response_sd, spec.group]
    columns += [c for c in (spec.predictor, spec.predictor_sd) if c]
    require_columns(spec.name, frame, columns)
    table = frame[columns].reset_index(drop=True)
    if table.isna().any().any():
        raise ModelError(
            f"{spec.name}: missing values in {table.columns[table.isna().any()].tolist()}. Drop those rows."
        )
    for column in (spec.response_sd, spec.predictor_sd):
        if column and not (table[column] > 0).all():
            raise ModelError(f"{spec.name}: '{column}' must be positive: it is the standard deviation of a measure.")
    if table[spec.group].nunique() < 2:
        groups = list(table[spec.group].unique())
        raise ModelError(f"{spec.name}: one group only ({groups}); a hierarchy needs at least two.")
    if spec.predictor and table[spec.predictor].std(ddof=0) == 0:
        raise ModelError(f"{spec.name}: predictor '{spec.predictor}' does not vary.")
    return table


def _rows(table: pd.DataFrame, spec: MeasurementSpec) -> pd.DataFrame:
    """Rows of the model: the predictor standardised, its error on the same scale."""
    found = pd.DataFrame(
        {"group": table[spec.group].astype(str), "value": table[spec.response], "error": table[spec.response_sd]}
    )
    if spec.predictor and spec.predictor_sd:
        x = table[spec.predictor].astype(float)
        scale = x.std(ddof=0)
        found = found.assign(predictor=(x - x.mean()) / scale, predictor_error=table[spec.predictor_sd] / scale)
    return found


def _model(spec: MeasurementSpec) -> Model:
    p = spec.priors
    residual = p["sd_residual"] if spec.residual else None
    law: dist.Distribution = dist.Normal(residual, "error")
    if spec.predictor:
        law = dist.NormalErrors("error", "predictor", "predictor_error", p["slope"], p["sd_predictor"], residual)
    return Model(spec.name, "value", law, (Intercept(p["intercept"]), Effects("group", sd=p["sd_group"])))
