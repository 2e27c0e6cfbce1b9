"""What moves together from month to month within countries, and what changed at a date, on monthly article counts."""

import warnings
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import xarray as xr

from northroute.bayes import BayesFit
from northroute.claims.article_counts import CENTRAL_ASIA, Fits, Spans, column, estimated, mean_rates, variants
from northroute.claims.estimate import Estimated, Requirement
from northroute.claims.inquiry import Group, Measured, Region, Values, held
from northroute.claims.register import Register
from northroute.conventions import WINDOW

MAX_PARETO_K: Final = 0.7
BORDER: Final = "UZB"
"""The country with counts that borders Afghanistan."""
AFTER: Final[Spans] = (("2021-08", WINDOW[1]),)
BEFORE: Final[Mapping[str, Spans]] = {
    "reference": ((WINDOW[0], "2021-07"),),
    "from 2019": (("2019-01", "2021-07"),),
    "without 2020": ((WINDOW[0], "2019-12"), ("2021-01", "2021-07")),
}
"""Months before the Taliban took Kabul in August 2021, by specification."""


def crime_shows_capability(fits: Fits, register: Register) -> Estimated:
    """C11: slope of drug incidents on other crime, and its interaction with government effectiveness."""
    claim = register["C11"]

    def read(name: str, group: Group = "posterior") -> Values:
        of = {
            "mean slope, per sd of log crime rate": ("slope", "slope"),
            "change of the slope per sd of effectiveness": ("common_slope", "interaction"),
        }
        fit = fits[f"C11_{name}"]
        return {
            label: Measured(fit.draws(parameter, group)[..., 0], (claim.threshold(limit), None))
            for label, (parameter, limit) in of.items()
        }

    reference = column("other_crime")
    return estimated(
        "C11",
        lambda group: read(reference, group),
        _of_proxies(register, "other_crime", read),
        [fits[f"C11_{reference}"]],
        register,
        ("drug_incident", "other_crime"),
        assumptions=("the standard error of effectiveness, left out, would shrink the interaction",),
    )


def unique_countries(fits: Fits, register: Register) -> Estimated:
    """C16: spread of the interdiction slopes across countries, and varying against common slopes in LOO."""
    claim = register["C16"]

    def slopes(name: str, group: Group = "posterior") -> xr.DataArray:
        return fits[f"C16_{name}"].parameter("slope_country", group).isel(varying=0)

    def read(name: str, group: Group = "posterior") -> Values:
        spread = slopes(name, group).std("country").to_numpy()
        return {"sd of the slopes across countries": Measured(spread, (claim.threshold("sd"), None))}

    def shown(group: Group) -> Values:
        if group == "prior":
            return read(reference, group)
        own = slopes(reference)
        return read(reference) | {
            f"slope per sd of log drug rate, {c}": Measured(own.sel(country=c).to_numpy())
            for c in own["country"].to_numpy()
        }

    reference = column("state_violence")
    varying, common = fits[f"C16_{reference}"], fits["C16_common"]
    gain, error, unreliable = elpd_difference(varying, common)
    needed = claim.threshold("elpd_standard_errors")
    text = (
        f"varying slopes beat a common slope by {needed:g} se in LOO (difference {gain:.1f}, se {error:.1f}, "
        f"Pareto k above {MAX_PARETO_K:g} in {unreliable} of {varying.info['rows']} rows)"
    )
    return estimated(
        "C16",
        shown,
        _of_proxies(register, "state_violence", read),
        [varying, common],
        register,
        ("state_violence", "drug_incident"),
        assumptions=("interdiction is read from articles on transnational organised crime",),
        requirements=(Requirement(text, gain > needed * error),),
    )


def _of_proxies(register: Register, construct: str, read: Callable[[str], Values]) -> dict[str, float]:
    """Return the claim's probability with each alternative of a construct."""
    alternatives = register.proxies[construct].alternatives
    return {f"{construct}: {label}": held(read(column(construct, label))) for label in alternatives}


def civil_society(fits: Fits, register: Register) -> Estimated:
    """C22: slopes of next month's state response on this month's corruption reports."""
    claim = register["C22"]

    def read(response: str, corruption: str, group: Group = "posterior") -> Values:
        own = fits[f"C22_{response}_{corruption}"].parameter("slope_country", group).isel(varying=0)
        above = (claim.threshold("difference"), None)
        return {
            f"slope of {c} minus that of UZB": Measured((own.sel(country=c) - own.sel(country="UZB")).to_numpy(), above)
            for c in ("KGZ", "KAZ")
        }

    responses, reports = variants(register, "state_response"), variants(register, "corruption_reports")
    labels = {
        "corruption_reports: with ordinary corruption": (0, 1),
        "state_response: with purges": (1, 0),
        "both": (1, 1),
    }
    return estimated(
        "C22",
        lambda group: read(responses[0], reports[0], group),
        {
            label: held(read(responses[r], reports[c]))
            for label, (r, c) in labels.items()
            if r < len(responses) and c < len(reports)
        },
        [fits[f"C22_{responses[0]}_{reports[0]}"]],
        register,
        ("state_response", "corruption_reports"),
    )


def taliban(fits: Fits, register: Register) -> Estimated:
    """C23: drug articles after against before August 2021, Uzbekistan against Kazakhstan and Kyrgyzstan.

    It is the ratio of ratios of countries' mean rates, each of which includes its own course over months; Kazakhstan and
    Kyrgyzstan enter by the geometric mean of theirs. It says how the months that there were differ, not why.
    """
    claim, _ = register.asked("article_slopes.taliban")
    fit, reference = fits["drug_incident"], BEFORE["reference"]
    above = (claim.threshold("rate_ratio"), None)
    return estimated(
        claim.id,
        lambda group: _changes(fit, reference, above, group),
        {label: held(_changes(fit, before, above)) for label, before in BEFORE.items() if label != "reference"},
        [fit],
        register,
        ("drug_incident",),
        assumptions=("without the change of power, the three countries' rates would have moved in parallel",),
    )


def _changes(fit: BayesFit, before: Spans, region: Region, group: Group = "posterior") -> Values:
    """Ratio of ratios, and each country's ratio of its mean rate after to that before."""
    late, early = mean_rates(fit, group, AFTER), mean_rates(fit, group, before)
    log_ratio = {c: np.log(late[c]) - np.log(early[c]) for c in CENTRAL_ASIA}
    others = np.mean([log_ratio[c] for c in CENTRAL_ASIA if c != BORDER], axis=0)
    differential = np.asarray(np.exp(log_ratio[BORDER] - others))
    return {
        f"rate ratio after to before, {BORDER} to KAZ and KGZ": Measured(differential, region, log_scale=True),
        **{f"rate ratio after to before, {c}": Measured(np.exp(r), log_scale=True) for c, r in log_ratio.items()},
    }


SLOPE_CLAIMS: Mapping[str, Callable[[Fits, Register], Estimated]] = {
    "article_slopes.crime_shows_capability": crime_shows_capability,
    "article_slopes.unique_countries": unique_countries,
    "article_slopes.civil_society": civil_society,
    "article_slopes.taliban": taliban,
}
"""Questions on slopes within countries and on changes at a date."""


def elpd_difference(first: BayesFit, second: BayesFit) -> tuple[float, float, int]:
    """Difference in expected log predictive density by PSIS-LOO over the same rows, with its reliability.

    Returns
    -------
    difference, standard_error : float
    unreliable : int
        Rows with a Pareto k above 0.7 in either fit (Vehtari, Gelman and Gabry 2017, Statistics and Computing 27:1413).
    """
    import arviz_stats as azs

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Estimated shape parameter of Pareto distribution")  # counted instead
        results = [azs.loo(f.tree, var_name="y", pointwise=True) for f in (first, second)]
    difference = np.asarray(results[0].elpd_i) - np.asarray(results[1].elpd_i)
    unreliable = np.logical_or.reduce([np.asarray(r.pareto_k) > MAX_PARETO_K for r in results])
    return float(difference.sum()), float(np.sqrt(difference.size * difference.var())), int(unreliable.sum())
