"""Several kinds of errors for one fit, asked for by name, as on the command line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from northroute.conventions import DEFAULT_SEED
from northroute.errors import ModelError
from northroute.frequentist.covariance.bootstrap import score_bootstrap
from northroute.frequentist.covariance.cluster import cluster
from northroute.frequentist.covariance.conley import conley
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


_Maker = Callable[[Estimate, list[str], Convention, int, Columns], Errors]

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


def _cluster(fit: Estimate, words: list[str], convention: Convention, _seed: int, _columns: Columns) -> Errors:
    named = ":".join(words)
    whole = named in fit.design.frame.columns
    return cluster(fit, (named,) if whole else tuple(named.split(",")), convention=convention)


def _jackknife(fit: Estimate, words: list[str], _convention: Convention, _seed: int, _columns: Columns) -> Errors:
    return jackknife(fit, ":".join(words))


def _webb(fit: Estimate, words: list[str], _convention: Convention, seed: int, _columns: Columns) -> Errors:
    return score_bootstrap(fit, ":".join(words), seed=seed)


def _randomisation(fit: Estimate, words: list[str], _convention: Convention, seed: int, columns: Columns) -> Errors:
    alone = len(words) == 1 or ":".join(words) in fit.design.frame.columns
    by, block = (":".join(words), 12) if alone else (":".join(words[:-1]), int(words[-1]))
    return randomisation(fit, by=by, block=block, seed=seed, unit=columns.unit, time=columns.time)


def _conley(fit: Estimate, words: list[str], convention: Convention, _seed: int, columns: Columns) -> Errors:
    kernel = words[2] if len(words) > 2 else "bartlett"
    return conley(
        fit,
        kilometres=float(words[0]),
        months=int(words[1]) if len(words) > 1 else 0,
        kernel=kernel,  # type: ignore[arg-type]
        unit=columns.unit,
        time=columns.time,
        lon=columns.lon,
        lat=columns.lat,
        convention=convention,
    )


def _driscoll_kraay(fit: Estimate, words: list[str], convention: Convention, _seed: int, columns: Columns) -> Errors:
    return driscoll_kraay(fit, time=columns.time, months=int(words[0]), convention=convention)


def _heteroskedastic(fit: Estimate, _words: list[str], convention: Convention, _seed: int, _columns: Columns) -> Errors:
    return heteroskedastic(fit, convention=convention)


def _information(fit: Estimate, _words: list[str], _convention: Convention, _seed: int, _columns: Columns) -> Errors:
    return information(fit)


_MAKERS: Final[dict[str, tuple[_Maker, int]]] = {
    "cluster": (_cluster, 1),
    "crv3": (_jackknife, 1),
    "webb": (_webb, 1),
    "randomisation": (_randomisation, 1),
    "conley": (_conley, 1),
    "dk": (_driscoll_kraay, 1),
    "hetero": (_heteroskedastic, 0),
    "model": (_information, 0),
}


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
    word, *rest = kind.split(":")
    maker, least = _MAKERS.get(word, (None, 0))
    usage = "; ".join(f"{name}: {what}" for name, what in KINDS.items())
    if word in ("iid", "independent"):
        return information(fit)
    if maker is None or len(rest) < least:
        raise ModelError(f"No errors '{kind}'. Choose among: {usage}.")
    try:
        return maker(fit, rest, convention, seed, columns)
    except ValueError as failure:
        raise ModelError(f"Cannot read '{kind}' ({failure}). Choose among: {usage}.") from failure
