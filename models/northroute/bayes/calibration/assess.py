"""From ranks to a verdict.

Every scalar is tested exactly by its ECDF. Scalars of one name (51 region effects) are dependent within a replication, so
their p values are combined by Bonferroni: ``m`` times the smallest is a valid p value whatever the dependence, where a test
of the pooled ranks as if independent is not, and where Cauchy's combination (Liu & Xie 2020, JASA 115:393) holds only in the
far tail. Bonferroni is weak against a small fault that all scalars share, which is what a wrong scale of a hierarchy makes;
so quantities of several scalars are also tested for a common shift and width (:mod:`northroute.bayes.calibration.pooled`),
and each of the two tests has half of the quantity's error. Quantities are combined by Bonferroni again: a calibrated model
fails with probability 5 % at most. A curve leaves the envelope of the figure exactly where its scalar fails. Coverage and
chi-square are shown beside the verdict and do not decide it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from northroute.arrays import Array, Bools
from northroute.bayes.calibration import ecdf
from northroute.bayes.calibration.coverage import Coverage, coverage
from northroute.bayes.calibration.departure import departure
from northroute.bayes.calibration.pooled import pooled
from northroute.bayes.calibration.ranks import spread
from northroute.bayes.calibration.store import RankTable, elements
from northroute.conventions import INTERVAL_PROB, SIMULATED_MARK
from northroute.provenance import Provenance
from northroute.seeds import generator

FAMILY_ERROR: Final = 0.05
"""Probability that a calibrated model fails, at most."""
MAX_FAILED: Final = 0.05
"""Share of replications that may fail their diagnostics before the verdict is refused."""
MIN_REPLICATIONS: Final = 50
"""Replications that a verdict takes; with fewer only gross faults could show."""
COVERAGES: Final = (0.5, INTERVAL_PROB)
_MOST_POINTS: Final = 200
_ROUNDING: Final = 1e-12


@dataclass(frozen=True)
class Curves:
    """ECDF differences of the scalars of one name, and the envelope that they should stay in.

    Attributes
    ----------
    name : str
    differences : numpy.ndarray
        ECDF less uniform at the envelope's points, shape (scalar, K - 1).
    envelope : Envelope
        Joint over all scalars of all names.
    coverages : tuple of Coverage
        Of the intervals in :data:`COVERAGES`.
    """

    name: str
    differences: Array
    envelope: ecdf.Envelope
    coverages: tuple[Coverage, ...]

    @property
    def beyond(self) -> Array:
        """Farthest point of each scalar's line beyond the envelope, shape (scalar,); negative for one that stays inside."""
        low, high = self.envelope.low - self.envelope.at, self.envelope.high - self.envelope.at
        return np.asarray(np.maximum(self.differences - high, low - self.differences).max(axis=1))

    @property
    def outside(self) -> Bools:
        """Whether each scalar's line leaves the envelope, shape (scalar,)."""
        return self.beyond > _ROUNDING


@dataclass(frozen=True)
class Calibration:
    """Outcome of simulation-based calibration.

    Attributes
    ----------
    model : str
    passed : bool or None
        None where there is no verdict: too many failed fits or too few replications.
    sentence : str
        The outcome in words, SIMULATED.
    table : pandas.DataFrame
        One row a quantity. ``p_ecdf``, ``p_chi2``: joint over its elements; ``p_pooled``: of a common shift or width,
        missing for one element; ``p_joint``: of both, over all quantities; ``gamma``: smallest two-sided tail;
        ``deviation``: largest ECDF difference; ``worst``: the element of the smallest ``p_ecdf``;
        ``coverage_50``, ``coverage_89``: mean share of central intervals that hold the truth, with the least and the
        greatest element (``_least``, ``_greatest``) and binomial bounds on an element (``_low``, ``_high``), joint at 95 %.
    scalars : pandas.DataFrame
        One row a scalar: ``quantity, element, gamma, p_ecdf, deviation, p_chi2, coverage_50, coverage_89``.
    failures : pandas.DataFrame
        Replications whose fit failed, with columns ``replication, reason``.
    replications : int
        Replications run, failures included.
    seconds : float
        Mean time of one, failures included.
    curves : tuple of Curves
    provenance : Provenance
    """

    model: str
    passed: bool | None
    sentence: str
    table: pd.DataFrame
    scalars: pd.DataFrame
    failures: pd.DataFrame
    replications: int
    seconds: float
    curves: tuple[Curves, ...]
    provenance: Provenance

    @property
    def verdict(self) -> str:
        """``passed``, ``failed`` or ``no verdict``."""
        return "no verdict" if self.passed is None else "passed" if self.passed else "failed"


def assess(ranks: RankTable) -> Calibration:
    """Judge the ranks of a run; only replications whose fit passed its diagnostics are tested, the others are reported."""
    first = ranks.frame.drop_duplicates("replication")
    failures = first.loc[~first["passed"], ["replication", "reason"]].reset_index(drop=True)
    size = len(first) - len(failures)
    values = _values(ranks) if size else {}
    scalars = sum(v.shape[1] for v in values.values())
    points = min(ranks.description.draws + 1, _MOST_POINTS)
    curves, rows, each, words = [], [], [], {}
    for name, spreads in values.items():
        null = ecdf.reference(size, points)
        tests = [ecdf.uniformity(v, null) for v in spreads.T]
        error = FAMILY_ERROR / (len(values) * _kinds(spreads) * spreads.shape[1])
        covered = tuple(coverage(spreads, prob, FAMILY_ERROR / scalars / len(COVERAGES)) for prob in COVERAGES)
        within = ecdf.envelope(null, 1 - error)
        curves.append(Curves(name, np.array([t.difference for t in tests]), within, covered))
        labels = [e for _, e in elements({name: ranks.description.shapes[name]})]
        here = _scalars(name, labels, tests, spreads, covered)
        common = pooled(spreads).p if _kinds(spreads) > 1 else np.nan
        row = _row(here, covered, common, len(values)) | {"draws": _least_draws(ranks, name), "replications": size}
        each.append(here)
        rows.append(row)
        words[name] = _words(row, departure(spreads[:, int(here["p_ecdf"].to_numpy().argmin())]), departure(spreads))
    table = pd.DataFrame(rows)
    passed = _passed(table, len(failures), len(first))
    sentence = _sentence(ranks.description.model, passed, table, words, curves, len(failures), len(first))
    return Calibration(
        model=ranks.description.model,
        passed=passed,
        sentence=sentence,
        table=table,
        scalars=pd.concat(each, ignore_index=True) if each else pd.DataFrame(),
        failures=failures,
        replications=len(first),
        seconds=float(first["seconds"].mean()),
        curves=tuple(curves),
        provenance=ranks.description.provenance,
    )


def _values(ranks: RankTable) -> Mapping[str, Array]:
    """Spread ranks of the replications that passed, by name, shape (replication, scalar)."""
    kept = ranks.frame[ranks.frame["passed"]]
    number = ranks.description.scalars
    replication = kept["replication"].to_numpy()[::number]
    placed = kept["rank"].to_numpy(dtype=np.int64).reshape(-1, number)
    draws = kept["draws"].to_numpy(dtype=np.int64).reshape(-1, number)
    found, begin = {}, 0
    for name, shape in ranks.description.shapes.items():
        width = int(np.prod(shape))
        rng = generator(f"sbc {ranks.description.model} spread {name}", ranks.description.provenance.seed)
        uniform = rng.random((int(replication.max()) + 1, width))[replication]
        part = slice(begin, begin + width)
        found[name] = spread(placed[:, part], draws[:, part], uniform)
        begin += width
    return found


def _scalars(
    name: str,
    labels: list[str],
    tests: list[ecdf.Uniformity],
    spreads: Array,
    covered: tuple[Coverage, ...],
) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "source": SIMULATED_MARK,
            "quantity": name,
            "element": labels,
            "gamma": [t.gamma for t in tests],
            "p_ecdf": [t.p for t in tests],
            "deviation": [t.deviation for t in tests],
            "p_chi2": _chi_square(spreads),
        }
    )
    return frame.assign(**{_label(c): c.share for c in covered})


def _kinds(spreads: Array) -> int:
    """Count the tests of a quantity: the ECDF, and for several scalars the pooled one."""
    return 1 if spreads.shape[1] == 1 else 2


def _words(row: Mapping[str, Any], worst: str, common: str) -> str:
    joint = row["p_joint"]
    p = "p < 0.001" if joint < 0.001 else f"p = {joint:.3f}"
    if row["p_pooled"] < row["p_ecdf"]:
        return f"{row['quantity']}, all {row['elements']} together ({p}; {common})"
    at = f"[{row['worst']}]" if row["worst"] else ""
    return f"{row['quantity']}{at} ({p}; {worst})"


def _row(scalars: pd.DataFrame, covered: tuple[Coverage, ...], common: float, names: int) -> dict[str, Any]:
    count = len(scalars)
    worst = scalars.iloc[int(scalars["p_ecdf"].to_numpy().argmin())]
    p = min(1.0, count * float(worst["p_ecdf"]))
    joint = names * p if np.isnan(common) else names * 2 * min(p, common)
    row: dict[str, Any] = {
        "source": SIMULATED_MARK,
        "quantity": worst["quantity"],
        "elements": count,
        "gamma": float(scalars["gamma"].min()),
        "p_ecdf": p,
        "p_pooled": common,
        "p_joint": min(1.0, joint),
        "deviation": float(scalars["deviation"].max()),
        "worst": worst["element"],
        "p_chi2": min(1.0, count * float(scalars["p_chi2"].min())),
        "passed": joint > FAMILY_ERROR,
    }
    for c in covered:
        least, greatest = float(c.share.min()), float(c.share.max())
        row |= {_label(c): float(c.share.mean()), f"{_label(c)}_least": least, f"{_label(c)}_greatest": greatest}
        row |= {f"{_label(c)}_low": c.low, f"{_label(c)}_high": c.high}
    return row


def _label(covered: Coverage) -> str:
    return f"coverage_{covered.prob * 100:g}"


def _chi_square(spreads: Array) -> Array:
    """Pearson's p value by scalar, on at most 20 equal cells of at least 5 expected values each."""
    cells = int(np.clip(len(spreads) // 5, 2, 20))
    counted = np.array([np.bincount((v * cells).astype(np.int64), minlength=cells) for v in spreads.T])
    return np.asarray(stats.chisquare(counted, axis=1).pvalue)


def _least_draws(ranks: RankTable, name: str) -> int:
    frame = ranks.frame
    return int(frame.loc[frame["passed"] & (frame["quantity"] == name), "draws"].min())


def _passed(table: pd.DataFrame, failed: int, replications: int) -> bool | None:
    if failed > MAX_FAILED * replications or replications - failed < MIN_REPLICATIONS:
        return None
    return bool(table["passed"].all())


def _sentence(
    model: str,
    passed: bool | None,
    table: pd.DataFrame,
    words: Mapping[str, str],
    curves: list[Curves],
    failed: int,
    replications: int,
) -> str:
    used = replications - failed
    counted = f"{failed} of {replications} fits ({failed / replications:.1%}) failed their diagnostics"
    head = f"{SIMULATED_MARK}. {model}: "
    if failed > MAX_FAILED * replications:
        return (
            f"{head}no verdict, because {counted}, and {MAX_FAILED:.0%} may. The fits that failed are not a random part of "
            "the prior: mend the model or its sampling, or tighten the prior where it is implausible, and run again."
        )
    if passed is None:
        return (
            f"{head}no verdict from {used} replications, it takes {MIN_REPLICATIONS}: raise --replications. {counted}."
        )
    reach = max(c.envelope.reach for c in curves)
    tail = f"{counted} and are left out." if failed else f"None of {replications} fits failed its diagnostics."
    worst = table.iloc[int(table["p_joint"].to_numpy().argmin())]
    if passed:
        return (
            f"{head}calibrated as far as {used} replications can tell: the smallest of {len(table)} quantities' p values is "
            f"{worst['p_joint']:.2f} ({worst['quantity']}), jointly over all; ECDFs off by up to {reach:.2f} would have "
            f"passed. {tail}"
        )
    named = ", ".join(words[q] for q in table.loc[~table["passed"], "quantity"])
    return f"{head}not calibrated. Ranks are not uniform for {named}; p values are joint over all quantities. {tail}"
