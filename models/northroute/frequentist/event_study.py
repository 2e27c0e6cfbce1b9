"""Counts around a dated shock: months before and after it in the countries it hit, against the others.

With effects of regions and months, the coefficient of month s is the log rate ratio of the hit countries to the others, s
months from the shock, relative to the month before it. Months beyond the window's ends share one coefficient at either end
(Schmidheiny and Siegloch 2023, Journal of Applied Econometrics 38:695). Association, not cause.

Errors: a shock hits one or a few countries, and a coefficient of one month makes the scores of these countries in that
month sum to zero. Sums by country or by month (clusters, Driscoll-Kraay) are therefore near zero and say nothing; they are
refused. Errors clustered by unit, or Conley errors with a short distance, are left, and do not cover what all regions of a
hit country share.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from northroute.conventions import INTERVAL_PROB
from northroute.errors import ModelError
from northroute.frequentist.covariance.result import Errors
from northroute.frequentist.design import design, parts_of, table_of
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.periods import period_of, read_periods
from northroute.frequentist.ppml import poisson
from northroute.frequentist.separation import prune
from northroute.frequentist.spec import Regression
from northroute.panel import Panel
from northroute.panel.periods import Periods

REFERENCE = -1


@dataclass(frozen=True)
class EventStudy:
    """A fitted event study.

    Attributes
    ----------
    estimate : Estimate
    month : str
        The shock's month.
    countries : tuple of str
        Where it hit.
    country, time : str
        Columns of the table.
    terms : mapping of str to int
        Name of each coefficient and its month from the shock; the reference month has none.
    """

    estimate: Estimate
    month: str
    countries: tuple[str, ...]
    country: str
    time: str
    terms: dict[str, int]

    @property
    def before(self) -> tuple[str, ...]:
        """Terms of the months before the reference: zero if the countries moved alike before the shock."""
        return tuple(t for t, s in self.terms.items() if s < REFERENCE)

    def path(self, errors: Errors, prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """Coefficients in order of time with intervals; the reference month is the row of zeros.

        Raises
        ------
        ModelError
            For errors that sum scores by country or month.
        """
        frame = self.estimate.design.frame
        summed = {part for name in errors.groups for part in parts_of(name, frame)} & {self.country, self.time}
        if summed:
            raise ModelError(
                f"{self.estimate.name}: errors by {' and '.join(sorted(summed))} sum scores that the event's "
                "coefficients set to zero, and come out far too small. Cluster by unit."
            )
        table = errors.table(prob).set_index("term").loc[list(self.terms)].reset_index()
        table.insert(1, "months_from_shock", [self.terms[t] for t in table["term"]])
        columns = ["coef", "se", "low", "high"]
        reference = table.iloc[[0]].assign(term="reference", months_from_shock=REFERENCE, p=np.nan, t=np.nan)
        reference[columns] = 0.0
        reference[["rate_ratio", "rate_ratio_low", "rate_ratio_high"]] = 1.0
        return pd.concat([table, reference]).sort_values("months_from_shock").reset_index(drop=True)


def _shock(column: "pd.Series[Any]", steps: Periods, month: object, time: str) -> int:
    """Return the number of the shock's period: that of the rows written alike, or the one that it says itself."""
    written = pd.Series([month]).astype(str).str[:10].iloc[0]
    alike = (column.astype(str).str[:10] == written).to_numpy()
    if alike.any() and steps.unit != "month":
        return int(steps.numbers[alike][0])
    if steps.unit == "week":
        # a day lies in one week or another by where weeks begin, which only the table knows
        raise ModelError(
            f"'{time}' holds weeks, none of them '{month}'. Write the shock as one of them: {column.iloc[0]}."
        )
    return period_of(month, steps.unit, time)


def event_study(
    data: Panel | pd.DataFrame,
    outcome: str,
    month: str,
    countries: Sequence[str],
    *,
    before: int = 6,
    after: int = 12,
    covariates: tuple[str, ...] = (),
    exposure: str | None = None,
    effects: tuple[str, ...] = ("unit", "month"),
    country: str = "country",
    time: str = "month",
) -> EventStudy:
    """Fit a Poisson event study around one shock.

    Parameters
    ----------
    data : Panel or pandas.DataFrame
    outcome : str
    month : str
        Such as ``"2020-10"``; a day, week, quarter or year where the table's periods are such.
    countries : sequence of str
        The countries that the shock hit, all in the data; some others must be, too.
    before, after : int
        Months with a coefficient of their own; the first and last stand for all months beyond. A month without a row of
        the countries hit has none.
    covariates, exposure, effects
        See :class:`Regression`.
    country, time : str
        Columns.

    Raises
    ------
    ModelError
        If the shock hit every country in the data or one that is not there, lies outside the data's months, or has no
        observed row of the countries hit in the reference month.
    """
    frame = table_of(data)
    countries = (countries,) if isinstance(countries, str) else tuple(countries)
    name = f"{outcome} around {month} in {', '.join(countries)}"
    absent = [c for c in (outcome, country, time) if c not in frame.columns]
    if absent:
        raise ModelError(f"{name}: no column {absent}; the table has {list(frame.columns)}.")
    if frame[country].isna().any():
        raise ModelError(f"{name}: '{country}' is missing in {int(frame[country].isna().sum())} row(s). Drop them.")
    unknown = sorted(set(countries) - set(frame[country]))
    hit = frame[country].isin(countries).to_numpy()
    if unknown or not hit.any():
        raise ModelError(
            f"{name}: no row of these countries: {unknown}; the data hold {sorted(frame[country].unique(), key=str)}."
        )
    if hit.all():
        raise ModelError(
            f"{name}: every country is hit, so effects of months take the shock up. Use interrupted_series, or add others."
        )
    if before < 2 or after < 0:
        raise ModelError(f"{name}: {before} months before and {after} after; take at least 2 and 0.")
    steps = read_periods(frame[time], time)
    shock = _shock(frame[time], steps, month, time)
    if not steps.numbers.min() < shock <= steps.numbers.max():
        raise ModelError(f"{name}: the shock is not within the data's months. Name a month after the first one.")
    distance = np.clip(steps.numbers - shock, -before, after)
    terms = {f"event_{'m' if s < 0 else 'p'}{abs(s):02d}": s for s in range(-before, after + 1) if s != REFERENCE}
    taken = [t for t in terms if t in frame.columns]
    if taken:
        raise ModelError(
            f"{name}: the table has columns {taken} of its own. Rename them, the event's terms have these names."
        )
    # rows that the fit would use say which months have any
    plain = design(frame, Regression(outcome, covariates, effects, exposure, name=name))
    used = plain.keep(prune(plain, rectifier=False).keep).at
    here = set(distance[used][hit[used]].tolist())
    hits = ", ".join(countries)
    reference = f"in the {steps.unit} before the shock, which is the reference ({REFERENCE})"
    if REFERENCE not in here:
        known = hit & (steps.numbers - shock == REFERENCE)
        observed = plain.y[np.isin(plain.at, np.flatnonzero(known))]
        why = "have zero counts only" if observed.size else "have no observed row" if known.any() else "have no row"
        raise ModelError(
            f"{name}: {hits} {why} {reference}: there is nothing to compare the other months with. Add that month, or name "
            "another shock."
        )
    others = set(distance[used][~hit[used]].tolist())
    alone = sorted(here - others) if time in effects else []
    if not others or alone:
        where = reference if alone == [REFERENCE] else f"at {alone} from the shock" if alone else "that can be used"
        raise ModelError(
            f"{name}: the other countries have no row {where}, so that {hits} cannot be compared with them there. Fill in "
            "what they lack, or add others."
        )
    columns = {t: s for t, s in terms.items() if s in here}
    table = frame.assign(**{t: (hit & (distance == s)).astype(float) for t, s in columns.items()})
    mean = Regression(outcome, (*columns, *covariates), effects, exposure, name=name)
    built = design(table, mean)
    kept = built.at[prune(built).keep]
    zero = sorted(here - set(distance[kept][hit[kept]].tolist()))
    if zero:
        where = reference if REFERENCE in zero else f"at {zero} from the shock"
        raise ModelError(
            f"{name}: all counts of {hits} are zero {where}, so that there is no finite ratio. Take fewer months before "
            "and after, larger units, or an outcome with more counts."
        )
    return EventStudy(poisson(table, mean), str(month), countries, country, time, columns)
