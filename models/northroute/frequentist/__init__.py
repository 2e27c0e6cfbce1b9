"""Fixed-effects count models and their uncertainty."""

from northroute.frequentist.fit import FrequentistFit, load
from northroute.frequentist.poisson import fit_poisson, fit_poisson_frame
from northroute.frequentist.spec import CONVENTIONS, PoissonSpec

__all__ = ["CONVENTIONS", "FrequentistFit", "PoissonSpec", "fit_poisson", "fit_poisson_frame", "load"]
