"""Fit a hierarchical count model to a panel."""

from dataclasses import asdict
from pathlib import Path

import xarray as xr

from northroute.bayes import centring, likelihood
from northroute.bayes import design as designs
from northroute.bayes import model as models
from northroute.bayes.design import Design
from northroute.bayes.engine import Job, run
from northroute.bayes.fit import BayesFit
from northroute.bayes.spec import CountSpec, Sampling
from northroute.panel import Panel
from northroute.progress import Progress, quiet

_NOT_STRUCTURE = ("name", "outcome", "exposure", "exposure_unit", "unit_covariates", "covariates", "varying")
"""What does not decide the compiled code: names; the numbers of covariates are among the sizes."""


def fit_counts(
    panel: Panel,
    spec: CountSpec,
    settings: Sampling | None = None,
    *,
    folder: Path | None = None,
    command: str = "",
    progress: Progress = quiet,
) -> BayesFit:
    """Fit a hierarchical negative binomial (see :mod:`northroute.bayes.model`) to a panel.

    Parameters
    ----------
    panel : Panel
    spec : CountSpec
    settings : Sampling, optional
    folder : Path, optional
        Where fits are kept as ``<name>.nc``; a fit there with the same data, specification, settings, code and library
        versions is read back.
    command : str
        Recorded in the provenance.
    progress : callable
        Called with a message and the share done.

    Returns
    -------
    BayesFit
        Whether or not it passed the gate; a fit that failed refuses to be summarised.

    Raises
    ------
    ModelError
        If the specification does not suit the panel.
    """
    data = designs.design(panel, spec)
    described = asdict(spec)
    sizes = {k: len(v) for k, v in data.coords.items() if k != "row"}
    job = Job(
        name=spec.name,
        build=lambda: models.build(spec, data),
        code=(models, likelihood, designs, centring),
        structure={k: v for k, v in described.items() if k not in _NOT_STRUCTURE}
        | {"sizes": sizes, "nested": data.nested},
        arrays={**data.arrays, **data.centring(spec), "counts": data.counts},
        recentre=lambda learnt: data.centring(spec, learnt),
        identity={"data": data.hash(), "spec": described, "simulated": panel.simulated},
        data_hash=panel.data_hash,
        simulated=panel.simulated,
        info={
            "model": spec.describe(),
            "outcome": spec.outcome,
            "panel": panel.name,
            "rows": data.rows,
            "dropped": dict(data.dropped),
            "spec": described,
        },
        constants=_constants(data),
    )
    return run(job, settings or Sampling(), folder=folder, command=command, progress=progress)


def _constants(data: Design) -> xr.Dataset:
    a = data.arrays
    by_row = ("log_exposure", "unit_of_row", "country_of_row", "month_of_row", "season_of_row")
    rows = {name: ("row", a[name]) for name in by_row}
    return xr.Dataset(
        rows
        | {
            "counts": ("row", data.counts),
            "country_of_unit": ("unit", a["country_of_unit"]),
            "unit_x": (("unit", "unit_covariate"), a["unit_x"]),
            "x": (("row", "covariate"), a["x"]),
            "z": (("row", "varying"), a["z"]),
        },
        coords={k: data.coords[k] for k in ("unit", "country", "month")},
    )
