r"""Pool fits that differ in what was imputed: a mixture of their posteriors with equal weights, and a gate for all of them.

With imputations drawn from the posterior of a measurement model alone, the mixture is the cut posterior
:math:`\int p(\theta \mid y, z)\, p(z \mid w)\, dz` (Plummer 2015, Statistics and Computing 25:37, section 4), as far as M
draws go. Chains of one fit are compared with each other and not with those of other fits, whose posteriors differ.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from northroute.bayes.fit import BayesFit
from northroute.bayes.gate.gate import Check, Gate


def pooled_gate(fits: Sequence[BayesFit]) -> Gate:
    """Return every check at its worst over the fits; ``parameter`` names the fit, and the number that failed.

    A check passes if it failed in no fit; it is not computed if it was in none.
    """
    found = []
    for name in dict.fromkeys(c.name for f in fits for c in f.gate.checks):
        checks = [(f.name, c) for f in fits for c in f.gate.checks if c.name == name]
        failed = sum(c.passed is False for _, c in checks)
        where, worst = max(checks, key=lambda pair: (pair[1].passed is False, _distance(pair[1])))
        place = f"{where}: {worst.parameter}" if worst.parameter else where
        found.append(replace(worst, parameter=f"{place}; {failed} of {len(checks)} fits failed" if failed else place))
    return Gate(tuple(found))


def stacked(datasets: Sequence[xr.Dataset]) -> xr.Dataset:
    """Return the chains of all, one after the other, each thinned to the fewest draws so that all weigh the same."""
    draws = min(d.sizes["draw"] for d in datasets)
    parts = [
        d.isel(draw=spaced(d.sizes["draw"], draws)).drop_vars(("chain", "draw"), errors="ignore") for d in datasets
    ]
    return xr.concat(parts, dim="chain", join="exact")


def spaced(total: int, wanted: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return ``wanted`` positions spread evenly over ``total``."""
    return np.linspace(0, total - 1, wanted).round().astype(np.int64)


def between_share(posterior: xr.Dataset, imputations: int) -> xr.Dataset:
    """Return the share of every quantity's variance that lies between imputations' posterior means.

    Parameters
    ----------
    posterior : xarray.Dataset
        As :func:`stacked` returns it.
    imputations : int

    Notes
    -----
    The means' variance with divisor M, over the mixture's: Rubin's (1987, section 3.3) without his correction for finite M.
    """
    chains = posterior.sizes["chain"] // imputations
    group = xr.DataArray(np.repeat(np.arange(imputations), chains), dims="chain", name="imputation")
    means = posterior.mean("draw").groupby(group).mean("chain")
    return means.var("imputation") / posterior.var(("chain", "draw"))


def _distance(check: Check) -> float:
    """How far on the wrong side of its limit a check is: small effective sizes and E-BFMI are bad, all else large."""
    if check.value is None or check.limit is None:
        return -np.inf
    distance = check.value - check.limit
    return -distance if "ESS" in check.name or check.name == "E-BFMI" else distance
