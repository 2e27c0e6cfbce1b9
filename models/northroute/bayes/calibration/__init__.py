"""Simulation-based calibration: whether a model's posterior is right, on data simulated from its own prior.

:func:`run` fits and ranks, :func:`assess` judges, :func:`write` reports; :mod:`northroute.bayes.calibration.overview` shows
several models at a glance.
"""

from northroute.bayes.calibration.assess import Calibration, assess
from northroute.bayes.calibration.report import write
from northroute.bayes.calibration.run import LOG_LIKELIHOOD, Calibratable, Posterior, run
from northroute.bayes.calibration.store import RankTable, read

__all__ = [
    "LOG_LIKELIHOOD",
    "Calibratable",
    "Calibration",
    "Posterior",
    "RankTable",
    "assess",
    "read",
    "run",
    "write",
]
