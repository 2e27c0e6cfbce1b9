"""Fit a model to a table: the way in for callers, who may give a folder as text."""

from pathlib import Path

import pandas as pd

from northroute.bayes import engine
from northroute.bayes.engine import Derive, Origin, _nothing
from northroute.bayes.fit import BayesFit
from northroute.bayes.model import Model
from northroute.bayes.spec import Sampling
from northroute.errors import ModelError
from northroute.progress import Progress, quiet


def fit_model(
    model: Model,
    frame: pd.DataFrame,
    settings: Sampling | None = None,
    *,
    origin: Origin | None = None,
    derive: Derive = _nothing,
    check_prior: bool = False,
    folder: Path | str | None = None,
    command: str = "",
    progress: Progress = quiet,
) -> BayesFit:
    """Fit a model to a table with one row an observation; see :func:`northroute.bayes.engine.fit_model`.

    Parameters
    ----------
    model : Model
    frame : pandas.DataFrame
    settings : Sampling, optional
    origin : Origin, optional
        By default the table itself, real.
    derive : callable, optional
        From the dataset of reported quantities to others that are reported with them.
    check_prior : bool
        Hold the prior to the scale of the data.
    folder : Path or str, optional
        Where fits are kept and read back from.
    command : str
        Recorded in the provenance.
    progress : callable
        Called with a message and the share done.

    Raises
    ------
    ModelError
        If the data are no table, or the model does not suit them.
    """
    if not isinstance(frame, pd.DataFrame):
        raise ModelError(
            f"{model.name}: the data are a {type(frame).__name__}. Give a pandas DataFrame, a row an outcome."
        )
    return engine.fit_model(
        model,
        frame,
        settings,
        origin=origin,
        derive=derive,
        check_prior=check_prior,
        folder=Path(folder) if folder else None,
        command=command,
        progress=progress,
    )
