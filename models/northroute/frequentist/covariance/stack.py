"""Several kinds of errors for one fit, asked for by name, as on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from northroute.conventions import DEFAULT_SEED
from northroute.errors import ModelError
from northroute.frequentist.covariance.bootstrap import score_bootstrap
from northroute.frequentist.covariance.cluster import cluster
from northroute.frequentist.covariance.conley import Kernel, conley
from northroute.frequentist.covariance.driscoll_kraay import driscoll_kraay
from northroute.frequentist.covariance.heteroskedastic import heteroskedastic
from northroute.frequentist.covariance.information import information
from northroute.frequentist.covariance.jackknife import jackknife
from northroute.frequentist.covariance.randomisation import randomisation
from northroute.frequentist.covariance.result import Errors
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.spec import Convention, not_text


@dataclass(frozen=True)
class Columns:
    """Columns of units, periods and places that spatial, serial and reordering methods read."""

    unit: str = "unit"
    time: str = "month"
    lon: str = "lon"
    lat: str = "lat"


KINDS: Final[dict[str, str]] = {
    "cluster:A[,B]": "clustered by A, or by A and B; A^B is their combination",
    "crv3:A": "leave one A out",
    "webb:A": "wild score bootstrap by A",
    "randomisation:A[:MONTHS]": "blocks of months reordered alike within A",
    "conley:KM[:MONTHS[:KERNEL]]": "spatial, or spatial and serial; bartlett or uniform",
    "dk:MONTHS": "Driscoll-Kraay",
    "hetero": "heteroskedastic, independent rows",
    "model": "the model's own; refused for Poisson",
}
"""How errors are asked for by name."""


def stacked(
    fit: Estimate,
    kinds: Sequence[str],
    *,
    convention: Convention = "fixest",
    seed: int = DEFAULT_SEED,
    columns: Columns | None = None,
) -> tuple[Errors, ...]:
    """Return the errors asked for by name, in order, such as ``("cluster:country", "crv3:country", "webb:country")``.

    Parameters
    ----------
    fit : Estimate
    kinds : sequence of str
        See :data:`KINDS`.
    convention : str
        For kinds with a small-sample factor.
    seed : int
    columns : Columns, optional
        Names of the columns of units, periods and places, where they are not ``unit``, ``month``, ``lon`` and ``lat``.

    Raises
    ------
    ModelError
        For a name that is not in the list, and whatever the method itself refuses.
    """
    not_text("kinds", kinds)
    return tuple(_one(fit, kind, convention, seed, columns or Columns()) for kind in kinds)


def _one(fit: Estimate, kind: str, convention: Convention, seed: int, columns: Columns) -> Errors:
    usage = "; ".join(f"{name}: {what}" for name, what in KINDS.items())
    try:
        found = _made(fit, kind.split(":"), convention, seed, columns)
    except ValueError as failure:
        raise ModelError(f"Cannot read '{kind}' ({failure}). Choose among: {usage}.") from failure
    if found is None:
        raise ModelError(f"No errors '{kind}'. Choose among: {usage}.")
    return found


def _made(fit: Estimate, words: list[str], convention: Convention, seed: int, columns: Columns) -> Errors | None:
    named = ":".join(words[1:])
    # a column's name may hold a colon or a comma itself
    whole = named in fit.design.frame.columns
    reorder = partial(randomisation, fit, seed=seed, unit=columns.unit, time=columns.time)
    match words:
        case ["cluster", _, *_]:
            return cluster(fit, (named,) if whole else tuple(named.split(",")), convention=convention)
        case ["crv3", _, *_]:
            return jackknife(fit, named)
        case ["webb", _, *_]:
            return score_bootstrap(fit, named, seed=seed)
        case ["randomisation", *by, block] if by and not whole:
            return reorder(by=":".join(by), block=int(block))
        case ["randomisation", _, *_]:
            return reorder(by=named)
        case ["conley", cutoff, *rest]:
            months, kernel = int(rest[0]) if rest else 0, cast(Kernel, rest[1] if len(rest) > 1 else "bartlett")
            at = {"unit": columns.unit, "time": columns.time, "lon": columns.lon, "lat": columns.lat}
            return conley(fit, kilometres=float(cutoff), months=months, kernel=kernel, convention=convention, **at)
        case ["dk", lags, *_]:
            return driscoll_kraay(fit, time=columns.time, months=int(lags), convention=convention)
        case ["hetero", *_]:
            return heteroskedastic(fit, convention=convention)
        case ["model" | "iid" | "independent", *_]:
            return information(fit)
        case _:
            return None
