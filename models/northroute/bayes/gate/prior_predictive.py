"""The prior predictive: whether the prior, before any data, expects counts that could be.

A prior predictive check as in Gabry et al. (2019, JRSS A 182:389) with numbers for limits, and the prior-data conflict of
Evans and Moshonov (2006, Bayesian Analysis 1:893) with the data set's total as the statistic. Only the order of
magnitude of the observed counts enters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from northroute.arrays import Array
from northroute.bayes.gate.gate import Check, Gate
from northroute.bayes.gate.prior_shares import Shares
from northroute.conventions import SIMULATED_MARK
from northroute.errors import ModelError
from northroute.look import BOUND, MAIN, Figure, blank, look, mark

MIN_DRAWS: Final = 200
CLOSE: Final = 0.5
"""Rank correlation from which on a prior that is no part of the log mean may be named first."""
TOO_LARGE, EMPTY, REACH = "prior too large", "prior empty", "prior reach"


@dataclass(frozen=True)
class Rule:
    """What counts as implausible, fixed before the check.

    Attributes
    ----------
    cap : float
        No unit has more events than this in a month; where the largest observed count comes within a hundredth of it, than
        ``factor`` times that count.
    factor : float
        No data set has a total beyond this many times the observed one (taken as one event if none was observed).
    max_large : float
        Largest share of prior draws that may break either limit. The default priors reach 6 % (a rare outcome with free
        slopes over eight years); twice their scales, 17 to 57 % from step ``country`` on.
    max_empty : float
        Largest share of prior draws that may have no event at all, where the data have some.
    min_tail : float
        Smallest share of prior draws that must have a total at least as far out, on the same side, as the observed one.
    """

    cap: float = 1e5
    factor: float = 1000.0
    max_large: float = 0.10
    max_empty: float = 0.10
    min_tail: float = 0.005

    def __str__(self) -> str:
        return (
            f"Too large: more than {self.cap:g} events in a unit-month (where counts are small beside that) or a total "
            f"beyond {self.factor:g} times the observed one, in at most {self.max_large * 100:g} % of prior draws. Empty: "
            f"no event at all, in at most {self.max_empty * 100:g} % of prior draws. Reach: at least "
            f"{self.min_tail * 100:g} % of prior draws have a total as far out as the observed one, on its side."
        )


RULE: Final = Rule()
TOLD: Final = Rule(max_large=0.25, max_empty=0.30)
"""The rule of what is told of any model: rare events are often absent from data sets of a prior that suits them."""


@dataclass(frozen=True)
class PriorPredictive:
    """The prior predictive against the rule.

    Attributes
    ----------
    rule : Rule
    checks : tuple of Check
        ``prior too large``, ``prior empty``: shares of data sets; ``prior reach``: of the observed total. Each names the
        prior that drives the totals, and its advice holds where it failed.
    observed_total : float
        Events in the data.
    totals, largest : numpy.ndarray
        Events, and largest count of a unit-month, by prior draw; shape (draw,).
    drivers : pandas.DataFrame
        One row a hyperparameter, strongest first: ``parameter``; ``share`` of the variance of the log mean, where known,
        which then decides the order; ``rho``, Spearman's rank correlation of the total with it;
        ``rho_distance``, with its distance from its median (a slope moves totals either way); ``strength``, the larger of
        the two in size.
    simulated : bool
        True if the observed counts were simulated.
    """

    rule: Rule
    checks: tuple[Check, ...]
    observed_total: float
    totals: Array
    largest: Array
    drivers: pd.DataFrame
    simulated: bool

    @property
    def gate(self) -> Gate:
        """The checks as a gate."""
        return Gate(self.checks)

    @property
    def plausible(self) -> tuple[Check, ...]:
        """What a fit's gate holds: all but the reach, since data may outweigh a prior that they are far from."""
        return self.checks[:2]

    @property
    def passed(self) -> bool:
        """True if the prior is plausible by the rule."""
        return self.gate.passed

    def table(self) -> pd.DataFrame:
        """One row a check: source, check, value, limit, passed, parameter, advice."""
        rows = [{"source": SIMULATED_MARK if self.simulated else "real", **c} for c in self.gate.to_list()]
        return pd.DataFrame(rows).rename(columns={"name": "check"})

    def figure(self) -> Figure:
        """Prior distribution of a data set's total, with the observed one and the limit.

        Empty data sets stand at 0.5, and totals beyond ten times the limit there.
        """
        limit = self.rule.factor * max(self.observed_total, 1.0)
        shown = np.log10(np.clip(self.totals, 0.5, 10 * limit))
        with look():
            figure = blank(6.5, 3.2)
            axes = figure.subplots()
            axes.hist(shown, bins=60, color=MAIN)
            axes.axvline(np.log10(max(self.observed_total, 0.5)), color=BOUND, lw=1.4, label="observed")
            axes.axvline(np.log10(limit), color=BOUND, lw=1, ls="--", label=f"{self.rule.factor:g} times observed")
            axes.set_xlabel("events in a data set drawn from the prior (log10)")
            axes.set_ylabel("prior draws")
            axes.legend(frameon=False)
        return mark(figure, simulated=self.simulated)


def examine_prior(
    counts: ArrayLike,
    observed: ArrayLike,
    hyperparameters: Mapping[str, ArrayLike],
    *,
    simulated: bool,
    rule: Rule = RULE,
    shares: Shares | None = None,
) -> PriorPredictive:
    """Judge data sets drawn from the prior by the scale of the observed one.

    Parameters
    ----------
    counts : array, shape (draw, row)
        Counts replicated from the prior, at the observed exposures and covariates; infinite where the sampler ran over.
    observed : array, shape (row,)
        The observed counts.
    hyperparameters : mapping of str to array, shape (draw,)
        The draws of each prior that the replicates came from.
    simulated : bool
        True if the observed counts were simulated.
    rule : Rule
    shares : Shares, optional
        Whose prior makes the log mean vary; the largest is named, unless something that is no part of the log mean (a
        dispersion, a part of zeros) goes with the totals more closely. Without them rank correlations decide.

    Raises
    ------
    ModelError
        For shapes that do not match, fewer than 200 draws, no hyperparameter, or counts that are negative or missing.
    """
    replicated, seen = np.asarray(counts, dtype=float), np.asarray(observed, dtype=float)
    draws = {name: np.asarray(values, dtype=float) for name, values in hyperparameters.items()}
    _refuse(replicated, seen, draws)
    totals, largest, observed_total = replicated.sum(axis=1), replicated.max(axis=1), float(seen.sum())
    drivers = rank_drivers(totals, draws, shares)
    driver = str(drivers["parameter"].iloc[0])
    most = rule.cap if 100 * seen.max() <= rule.cap else rule.factor * seen.max()
    large = float(np.mean((largest > most) | (totals > rule.factor * max(observed_total, 1.0))))
    empty = float(np.mean(totals == 0)) if observed_total > 0 else 0.0
    reach = float(min(np.mean(totals >= observed_total), np.mean(totals <= observed_total)))
    strength = (
        f"it drives the totals most (rank correlation {drivers['rho'].iloc[0]:+.2f}, with its distance from its median "
        f"{drivers['rho_distance'].iloc[0]:+.2f})."
    )
    if shares is not None and driver in shares.share:
        strength = (
            f"it makes {100 * shares.share[driver]:.0f} % of the variance of the log mean in draws from the prior."
        )
        strength = f"{strength} {shares.remedy.get(driver, '')}".rstrip()
    side = "below" if float(np.mean(totals >= observed_total)) >= 0.5 else "above"
    advice = {
        TOO_LARGE: f"Tighten the prior of {driver}: {strength}",
        EMPTY: f"{'Move up, or tighten,' if 'intercept' in driver else 'Tighten'} the prior of {driver}: {strength}",
        REACH: f"The observed total lies {side} nearly all of the prior's: look at the exposure "
        f"unit and the intercept's prior, then widen the prior of {driver}: {strength}",
    }
    judged = (
        (TOO_LARGE, large, rule.max_large, large <= rule.max_large),
        (EMPTY, empty, rule.max_empty, empty <= rule.max_empty),
        (REACH, reach, rule.min_tail, reach >= rule.min_tail),
    )
    checks = tuple(Check(*one, parameter=driver, advice=advice[one[0]]) for one in judged)
    return PriorPredictive(rule, checks, observed_total, totals, largest, drivers, simulated)


def rank_drivers(totals: Array, draws: Mapping[str, Array], shares: Shares | None = None) -> pd.DataFrame:
    """Rank hyperparameters by what the totals owe to each: see :class:`PriorPredictive`, ``drivers``.

    Spearman's correlation of totals is that of their logs; it is zero for a hyperparameter or totals that do not vary.
    """
    rows = []
    known = shares.share if shares is not None else {}
    for name, values in draws.items():
        rho = spearman(totals, values)
        distance = spearman(totals, np.abs(values - np.median(values)))
        strength = max(abs(rho), abs(distance))
        rows.append({"parameter": name, "rho": rho, "rho_distance": distance, "strength": strength})
        if known:
            rows[-1]["share"] = known.get(name, 0.0)
    found = pd.DataFrame(rows).sort_values("strength", ascending=False, kind="stable").reset_index(drop=True)
    if not known or (str(found["parameter"].iloc[0]) not in known and found["strength"].iloc[0] > CLOSE):
        return found
    return found.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)


def spearman(x: Array, y: Array) -> float:
    """Spearman's rank correlation with average ranks for ties; zero if either does not vary."""
    from scipy.stats import rankdata

    ranks = [rankdata(v) - (v.size + 1) / 2 for v in (x, y)]
    size = float(np.sqrt(np.sum(ranks[0] ** 2) * np.sum(ranks[1] ** 2)))
    return float(ranks[0] @ ranks[1]) / size if size > 0 else 0.0


def _refuse(counts: Array, observed: Array, draws: Mapping[str, Array]) -> None:
    if counts.ndim != 2 or observed.shape != counts.shape[1:] or observed.size == 0:
        raise ModelError(
            f"Replicated counts have shape {counts.shape} and observed ones {observed.shape}. "
            "Give (draw, row) and (row,), with the rows of the likelihood."
        )
    if len(counts) < MIN_DRAWS:
        raise ModelError(f"{len(counts)} prior draws tell little about tails. Draw at least {MIN_DRAWS}.")
    if np.any(np.isnan(counts)) or np.any(counts < 0) or not np.all(np.isfinite(observed)) or np.any(observed < 0):
        raise ModelError("Counts are negative or missing. Leave unobserved rows out of both replicates and data.")
    wrong = [name for name, values in draws.items() if values.shape != counts.shape[:1]]
    if wrong or not draws:
        raise ModelError(
            f"Hyperparameters {wrong}: give at least one, each of shape ({len(counts)},), one value a draw."
        )
