"""Whether the slope rests on one country, or on one year."""

from functools import partial

import numpy as np
import pandas as pd

from northroute import shapes
from northroute.check import CheckResult
from northroute.errors import ModelError
from northroute.frequentist.checks.result import result
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


def _leave(fit: Estimate, term: str, codes: groups.Codes, names: list[str], what: str) -> CheckResult:
    whole = float(fit.coef[fit.term(term)])
    rows: list[dict[str, object]] = []
    for g, name in enumerate(names):
        slope, problem = float("nan"), ""
        try:
            again = refit(fit, codes != g)
            slope = float(again.coef[again.term(term)])
        except ModelError as failure:
            problem = str(failure)
        rows.append({"without": name, "coef": slope, "problem": problem})
    table = pd.DataFrame(rows).assign(all=whole)
    values = table["coef"].to_numpy(float)
    passed = bool(np.isfinite(values).all() and (np.sign(values) == np.sign(whole)).all())
    sentence = (
        f"{term} is {whole:.3f} with all, and {np.nanmin(values):.3f} to {np.nanmax(values):.3f} without one {what}."
    )
    shown = table.dropna(subset="coef").assign(low=lambda d: d["all"], high=lambda d: d["coef"])
    figure = partial(shapes.intervals, shown, "without", f"coefficient of {term} without it; line from the whole")
    advice = f"Its sign rests on one {what}: say so beside the estimate."
    return result(fit, f"leave one {what} out", passed, table, sentence, figure, advice)
