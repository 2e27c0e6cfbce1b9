"""Fit the same model to some of its rows."""

from northroute.errors import ModelError
from northroute.frequentist import ppml
from northroute.frequentist.design import Mask
from northroute.frequentist.estimate import Estimate


def refit(fit: Estimate, keep: Mask) -> Estimate:
    """Fit again to the rows kept, by what the fit learned. Poisson starts from the fit's own means.

    Levels of a category that no row kept has go, with their terms; the others keep their order.

    Raises
    ------
    ModelError
        If the model cannot be fitted to these rows.
    """
    built = fit.design.keep(keep)
    if fit.family == ppml.FAMILY:
        return ppml.fit_design(built, start=fit.mean[keep], separation=bool(fit.design.effects))
    if fit.again is None:
        raise ModelError(f"{fit.name}: {fit.family} cannot be fitted again to some of its rows.")
    return fit.again(built)
