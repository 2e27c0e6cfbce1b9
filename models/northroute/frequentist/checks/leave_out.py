"""Whether the slope rests on one country, or on one year."""

import numpy as np
import pandas as pd

from northroute.check import CheckResult, sourced
from northroute.errors import ModelError
from northroute.frequentist.checks import draw
from northroute.frequentist.covariance import groups
from northroute.frequentist.estimate import Estimate
from northroute.frequentist.refit import refit


def leave_one_country(fit: Estimate, term: str, *, country: str = "country") -> CheckResult:
    """Fit again without each country."""
    codes, count = groups.clusters(fit, country)
    return _leave(fit, term, codes, groups.labels(fit, country)[:count], country)


def leave_one_year(fit: Estimate, term: str, *, time: str = "month") -> CheckResult:
    """Fit again without each calendar year of a column of months."""
    if groups.periods(fit, time).unit == "period":
        raise ModelError(
            f"{fit.name}: '{time}' holds plain numbers, which are of no known year. Name a column of dates."
        )
    years = groups.periods(fit, time).years
    names, codes = np.unique(years, return_inverse=True)
    if names.size < 2:
        raise ModelError(f"{fit.name}: '{time}' lies in one year, which cannot be left out.")
    return _leave(fit, term, codes, [str(y) for y in names], "year")


def _slope(fit: Estimate, term: str) -> float:
    return float(fit.coef[fit.term(term)])


def _leave(fit: Estimate, term: str, codes: groups.Codes, names: list[str], what: str) -> CheckResult:
    at = fit.term(term)
    rows: list[dict[str, object]] = []
    for g, name in enumerate(names):
        try:
            rows.append({"without": name, "coef": _slope(refit(fit, codes != g), term), "problem": ""})
        except ModelError as failure:
            rows.append({"without": name, "coef": float("nan"), "problem": str(failure)})
    table = pd.DataFrame(rows).assign(all=float(fit.coef[at]))
    values = table["coef"].to_numpy(float)
    passed = bool(np.isfinite(values).all() and (np.sign(values) == np.sign(fit.coef[at])).all())
    low, high = np.nanmin(values), np.nanmax(values)
    sentence = f"{term} is {fit.coef[at]:.3f} with all, and {low:.3f} to {high:.3f} without one {what}."
    if not passed:
        sentence += f" Its sign rests on one {what}: say so beside the estimate."
    shown = table.dropna(subset="coef").assign(low=lambda d: d["all"], high=lambda d: d["coef"])
    return CheckResult(
        f"leave one {what} out",
        passed,
        sourced(table, simulated=fit.simulated),
        sentence,
        lambda: draw.intervals(
            shown, "without", f"coefficient of {term} without it; line from the whole", simulated=fit.simulated
        ),
    )
