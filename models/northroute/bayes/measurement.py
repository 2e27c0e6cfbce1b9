r"""A normal hierarchical model with known measurement error, for country-year indicators.

.. math::

   y_i \sim N\!\left(\alpha + g_{k(i)} + \beta x_i^*,\ \sigma_i^2 + \sigma_\text{residual}^2\right), \quad
   g_k \sim N(0, \sigma_\text{group}^2), \quad x_i \sim N(x_i^*, \tau_i^2), \quad x_i^* \sim N(0, \omega^2)

y is measured with known standard deviation :math:`\sigma_i`; the predictor, standardised, with :math:`\tau_i`. Leaving the
residual out and giving every observation its own group is the random-effects meta-analysis (Rubin 1981's eight schools).

The true predictor is integrated out exactly: with reliability :math:`r_i = \omega^2 / (\omega^2 + \tau_i^2)` it is normal
given its measure, with mean :math:`r_i x_i` and variance :math:`r_i \tau_i^2` (Fuller 1987, Measurement Error Models, 1.2).
"""

import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from northroute.bayes import priors as prior_sets
from northroute.bayes.engine import Job, run
from northroute.bayes.fit import BayesFit
from northroute.bayes.priors import Priors
from northroute.bayes.spec import Sampling
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
    columns = [spec.response, spec.response_sd, spec.group]
    columns += [c for c in (spec.predictor, spec.predictor_sd) if c]
    absent = [c for c in columns if c not in frame.columns]
    if absent:
        raise ModelError(f"{spec.name}: no column {absent}; the table has {list(frame.columns)}.")
    table = frame[columns].reset_index(drop=True)
    if table.isna().any().any():
        raise ModelError(
            f"{spec.name}: missing values in {table.columns[table.isna().any()].tolist()}. Drop those rows."
        )
    for column in (spec.response_sd, spec.predictor_sd):
        if column and not (table[column] > 0).all():
            raise ModelError(f"{spec.name}: '{column}' must be positive: it is the standard deviation of a measure.")
    codes, groups = pd.factorize(table[spec.group])
    if len(groups) < 2:
        raise ModelError(f"{spec.name}: one group only ({list(groups)}); a hierarchy needs at least two.")
    arrays = {
        "response": table[spec.response].to_numpy(float),
        "response_sd": table[spec.response_sd].to_numpy(float),
        "group_of_row": codes,
    }
    if spec.predictor and spec.predictor_sd:
        x = table[spec.predictor].to_numpy(float)
        if x.std() == 0:
            raise ModelError(f"{spec.name}: predictor '{spec.predictor}' does not vary.")
        arrays["predictor"] = (x - x.mean()) / x.std()
        arrays["predictor_sd"] = table[spec.predictor_sd].to_numpy(float) / x.std()
    described = asdict(spec)
    job = Job(
        name=spec.name,
        build=lambda: _build(spec, arrays, [str(g) for g in groups]),
        code=(sys.modules[__name__],),
        structure={
            "predictor": spec.predictor is not None,
            "residual": spec.residual,
            "groups": len(groups),
            "priors": described["priors"],
        },
        arrays=arrays,
        identity={"data": frame_hash(table), "spec": described, "simulated": simulated},
        data_hash=frame_hash(table),
        simulated=simulated,
        info={
            "model": "normal hierarchy with known measurement error"
            + (f", slope on {spec.predictor}" if spec.predictor else ""),
            "outcome": spec.response,
            "panel": source,
            "rows": len(table),
            "dropped": {},
            "spec": described,
        },
        constants=xr.Dataset({k: ("row", v) for k, v in arrays.items()}),
    )
    return run(job, settings or Sampling(), folder=folder, command=command, progress=progress)


def _build(spec: MeasurementSpec, arrays: dict[str, np.ndarray], groups: list[str]) -> pm.Model:
    p = spec.priors
    with pm.Model(coords={"group": groups, "row": range(arrays["response"].size)}) as model:
        d = {name: pm.Data(name, values, dims="row") for name, values in arrays.items()}
        intercept = p["intercept"].variable("intercept")
        deviation = pm.Normal("z_group", 0, 1, dims="group") * p["sd_group"].variable("sd_group")
        group_mean = pm.Deterministic("group_mean", intercept + deviation, dims="group")
        mean, variance = group_mean[d["group_of_row"]], d["response_sd"] ** 2
        if spec.predictor:
            slope, error = p["slope"].variable("slope"), d["predictor_sd"] ** 2
            spread = p["sd_predictor"].variable("sd_predictor") ** 2
            pm.Normal("predictor_measured", 0, pt.sqrt(spread + error), observed=d["predictor"], dims="row")
            reliability = spread / (spread + error)
            mean += slope * reliability * d["predictor"]
            variance += slope**2 * reliability * error
        if spec.residual:
            variance += p["sd_residual"].variable("sd_residual") ** 2
        pm.Normal("y", mean, pt.sqrt(variance), observed=d["response"], dims="row")
    return model
