"""What a fit predicts, computed once: leave-one-out densities and the posterior predictive check, kept beside the fit."""

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from northroute import keeping, provenance
from northroute.bayes import BayesFit
from northroute.bayes.answers.examine import check_replicates, leave_one_out
from northroute.bayes.answers.labels import labels, scored
from northroute.bayes.answers.posterior import Drawn
from northroute.bayes.checks import Groups, Loo, loo, match_rows, pareto_limit, predictive

_CODE: Final = (leave_one_out, labels, loo, match_rows, pareto_limit, predictive)
"""A function of every module whose change asks for new scores."""


@dataclass(frozen=True)
class Scores:
    """Predictive densities of the rows, and whether replicates look like the counts.

    Attributes
    ----------
    loo : Loo
    verdict, sentence : str
        Of the posterior predictive check.
    clusters : Groups
        Rows that count as one in the standard error of a difference: those of a unit; in a panel of countries, which are
        too few, those of a country and year.
    """

    loo: Loo
    verdict: str
    sentence: str
    clusters: Groups


def score(fit: BayesFit, read: Callable[[], Drawn], seed: int, folder: Path | None) -> Scores:
    """Return the scores of a fit, read back where its folder has those of the same fit and code.

    Parameters
    ----------
    fit : BayesFit
    read : callable
        Reads the fit's draws; called only where there are no scores yet.
    seed : int
        Of the replicates.
    folder : Path, optional
        Where the fit is kept; scores are ``<name>.scores.json`` beside it. Those of a pooled fit, which has no key, are
        not kept.
    """
    path = folder / f"{fit.name}.scores.json" if folder and fit.info["key"] else None
    sources = [inspect.getsource(module) for f in _CODE if (module := inspect.getmodule(f))]
    key = provenance.value_hash([fit.info["key"], seed, sources])
    kept = keeping.read(path, key, lambda content: _read(json.loads(content))) if path else None
    if kept:
        return kept
    own = read()
    part = scored(own)
    check = check_replicates(own, fit, seed=seed)
    found = Scores(leave_one_out(part, part.relative_ess()), check.verdict, check.sentence, _clusters(part))
    if path:
        keeping.write(path, f"{json.dumps(_plain(found))}\n".encode(), key)
    return found


def _clusters(own: Drawn) -> Groups:
    here = labels(own)
    if len(here.places) > len(here.countries) or "month" not in own.frame:
        return here.places
    years = own.frame["month"].dt.year.to_numpy()
    pairs = [f"{here.countries.names[c]} {y}" for c, y in zip(here.countries.codes, years, strict=True)]
    names, codes = np.unique(pairs, return_inverse=True)
    return Groups("country and year", codes.astype(np.int64), tuple(map(str, names)))


def _plain(found: Scores) -> dict[str, Any]:
    own = found.loo
    arrays = {"elpd": own.elpd, "lpd": own.lpd, "k": own.k, "matched": own.matched, "codes": found.clusters.codes}
    words = {"verdict": found.verdict, "sentence": found.sentence}
    groups = {"kind": found.clusters.kind, "names": list(found.clusters.names)}
    return {name: a.tolist() for name, a in arrays.items()} | {"draws": own.draws} | words | groups


def _read(kept: dict[str, Any]) -> Scores:
    elpd, lpd, k = (np.asarray(kept[name], dtype=np.float64) for name in ("elpd", "lpd", "k"))
    own = Loo(elpd, lpd, k, np.asarray(kept["matched"], dtype=bool), int(kept["draws"]))
    clusters = Groups(kept["kind"], np.asarray(kept["codes"], dtype=np.int64), tuple(kept["names"]))
    return Scores(own, kept["verdict"], kept["sentence"], clusters)
