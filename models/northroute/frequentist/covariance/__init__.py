"""Errors of a fit, one method a module; :func:`stacked` puts several under each coefficient."""

from northroute.frequentist.covariance.bootstrap import score_bootstrap
from northroute.frequentist.covariance.cluster import cluster
from northroute.frequentist.covariance.conley import conley
from northroute.frequentist.covariance.driscoll_kraay import driscoll_kraay
from northroute.frequentist.covariance.heteroskedastic import heteroskedastic
from northroute.frequentist.covariance.information import information
from northroute.frequentist.covariance.jackknife import jackknife
from northroute.frequentist.covariance.randomisation import randomisation
from northroute.frequentist.covariance.result import Errors
from northroute.frequentist.covariance.stack import KINDS, Columns, stacked

__all__ = [
    "KINDS",
    "Columns",
    "Errors",
    "cluster",
    "conley",
    "driscoll_kraay",
    "heteroskedastic",
    "information",
    "jackknife",
    "randomisation",
    "score_bootstrap",
    "stacked",
]
