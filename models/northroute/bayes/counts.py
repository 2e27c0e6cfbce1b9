"""Fit a step of the ladder to a panel."""

from pathlib import Path

from northroute.bayes.engine import Origin, fit_model
from northroute.bayes.fit import BayesFit
from northroute.bayes.ladder.formulate import formulate
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.samplers.settings import Sampling
from northroute.panel import Panel
from northroute.progress import Progress, quiet


def fit_counts(
    panel: Panel,
    spec: CountSpec,
    settings: Sampling | None = None,
    *,
    folder: Path | str | None = None,
    command: str = "",
    progress: Progress = quiet,
) -> BayesFit:
    """Fit a step of the ladder (see :mod:`northroute.bayes.ladder`) to a panel.

    Parameters
    ----------
    panel : Panel
    spec : CountSpec
    settings : Sampling, optional
    folder : Path or str, optional
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
    stated = formulate(panel, spec)
    origin = Origin(
        data_hash=panel.data_hash,
        simulated=panel.simulated,
        source=panel.name,
        description={"spec": spec.to_dict(), "dropped": stated.rows.dropped},
        constants=stated.constants(),
    )
    return fit_model(
        stated.model,
        stated.labelled(),
        settings,
        origin=origin,
        derive=stated.derive,
        check_prior=True,
        folder=Path(folder) if folder else None,
        command=command,
        progress=progress,
    )
