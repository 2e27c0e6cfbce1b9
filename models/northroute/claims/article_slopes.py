"""What moves together from month to month within countries, and what changed at a date, on monthly article counts."""

import warnings
from collections.abc import Callable, Mapping
from typing import Final

import arviz_stats as azs
import numpy as np

from northroute.bayes import BayesFit
from northroute.claims.article_counts import (
    CENTRAL_ASIA,
    Array,
    Fits,
    Spans,
    estimate_from,
    joint,
    mean_rates,
    variants,
)
from northroute.claims.estimate import Quantity, Requirement, Specification
from northroute.claims.estimated import Estimated
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

    def quantities(name: str) -> tuple[Quantity, ...]:
        fit = fits[f"C11_{name}"]
        limits = ((claim.threshold("slope"), None), (claim.threshold("interaction"), None))
        names = ("mean slope, per sd of log crime rate", "change of the slope per sd of effectiveness")
        return tuple(
            Quantity(label, fit.draws(p)[..., 0], fit.draws(p, "prior")[..., 0].ravel(), region)
            for label, p, region in zip(names, ("slope", "common_slope"), limits, strict=True)
        )

    reference, *others = variants(register, "other_crime")
    labels = register.proxies["other_crime"].alternatives
    specifications = tuple(
        Specification(f"other_crime: {label}", joint(quantities(name)))
        for label, name in zip(labels, others, strict=True)
    )
    estimate = estimate_from(
        "C11",
        quantities(reference),
        [fits[f"C11_{reference}"]],
        register,
        ("drug_incident", "other_crime"),
        assumptions=(
            "both counts come from the same news: a common-method association, not an effect",
            "effectiveness is taken at its published estimate; its standard error would shrink the interaction",
        ),
    )
    return Estimated(estimate, specifications)


def unique_countries(fits: Fits, register: Register) -> Estimated:
    """C16: spread of the interdiction slopes across countries, and varying against common slopes in LOO."""
    claim = register["C16"]

    def quantity(name: str) -> Quantity:
        fit = fits[f"C16_{name}"]
        spread = [
            fit.parameter("slope_country", g).isel(varying=0).std("country").to_numpy() for g in ("posterior", "prior")
        ]
        return Quantity(
            "sd of the slopes across countries", spread[0], spread[1].ravel(), (claim.threshold("sd"), None)
        )

    reference, *others = variants(register, "state_violence")
    varying, common = fits[f"C16_{reference}"], fits["C16_common"]
    gain, error, unreliable = elpd_difference(varying, common)
    needed = claim.threshold("elpd_standard_errors")
    slopes = varying.parameter("slope_country").isel(varying=0)
    shown = tuple(
        Quantity(f"slope per sd of log drug rate, {c}", slopes.sel(country=c).to_numpy())
        for c in slopes["country"].to_numpy()
    )
    estimate = estimate_from(
        "C16",
        (quantity(reference), *shown),
        [varying, common],
        register,
        ("state_violence", "drug_incident"),
        assumptions=("interdiction is read from articles on transnational organised crime",),
        requirements=(
            Requirement(
                f"varying slopes beat a common slope by {needed:g} se in LOO (difference {gain:.1f}, se {error:.1f}, "
                f"Pareto k above {MAX_PARETO_K:g} in {unreliable} of {varying.info['rows']} rows)",
                gain > needed * error,
            ),
        ),
    )
    labels = register.proxies["state_violence"].alternatives
    return Estimated(
        estimate,
        tuple(
            Specification(f"state_violence: {label}", joint((quantity(name),)))
            for label, name in zip(labels, others, strict=True)
        ),
    )


def civil_society(fits: Fits, register: Register) -> Estimated:
    """C22: slopes of next month's state response on this month's corruption reports."""
    claim = register["C22"]

    def quantities(response: str, corruption: str) -> tuple[Quantity, ...]:
        fit = fits[f"C22_{response}_{corruption}"]
        post, prior = (fit.parameter("slope_country", g).isel(varying=0) for g in ("posterior", "prior"))
        region = (claim.threshold("difference"), None)
        return tuple(
            Quantity(
                f"slope of {c} minus that of UZB",
                (post.sel(country=c) - post.sel(country="UZB")).to_numpy(),
                (prior.sel(country=c) - prior.sel(country="UZB")).to_numpy().ravel(),
                region,
            )
            for c in ("KGZ", "KAZ")
        )

    responses, reports = variants(register, "state_response"), variants(register, "corruption_reports")
    labels = {
        "corruption_reports: with ordinary corruption": (0, 1),
        "state_response: with purges": (1, 0),
        "both": (1, 1),
    }
    specifications = tuple(
        Specification(label, joint(quantities(responses[r], reports[c])))
        for label, (r, c) in labels.items()
        if r < len(responses) and c < len(reports)
    )
    estimate = estimate_from(
        "C22",
        quantities(responses[0], reports[0]),
        [fits[f"C22_{responses[0]}_{reports[0]}"]],
        register,
        ("state_response", "corruption_reports"),
        assumptions=("a lag of one month; who uncovered the corruption is not known from the counts",),
    )
    return Estimated(estimate, specifications)


def taliban(fits: Fits, register: Register) -> Estimated:
    """C23: drug articles after against before August 2021, Uzbekistan against Kazakhstan and Kyrgyzstan.

    It is the ratio of ratios of countries' mean rates, each of which includes its own course over months; Kazakhstan and
    Kyrgyzstan enter by the geometric mean of theirs. It says how the months that there were differ, not why.
    """
    claim, _ = register.asked("article_slopes.taliban")
    fit = fits["drug_incident"]
    region = (claim.threshold("rate_ratio"), None)
    post, prior = _changes(fit, BEFORE["reference"]), _changes(fit, BEFORE["reference"], "prior")
    quantities = tuple(
        Quantity(name, draws, prior[name].ravel(), region if name == _DIFFERENTIAL else (None, None), log_scale=True)
        for name, draws in post.items()
    )
    specifications = tuple(
        Specification(label, float((_changes(fit, before)[_DIFFERENTIAL] > region[0]).mean()))
        for label, before in BEFORE.items()
        if label != "reference"
    )
    estimate = estimate_from(
        claim.id,
        quantities,
        [fit],
        register,
        ("drug_incident",),
        assumptions=("without the change of power, the three countries' rates would have moved in parallel",),
    )
    return Estimated(estimate, specifications)


_DIFFERENTIAL: Final = f"rate ratio after to before, {BORDER} to KAZ and KGZ"


def _changes(fit: BayesFit, before: Spans, group: str = "posterior") -> dict[str, Array]:
    """Ratio of ratios, and each country's ratio of its mean rate after to that before."""
    late, early = mean_rates(fit, group, AFTER), mean_rates(fit, group, before)
    log_ratio = {c: np.log(late[c]) - np.log(early[c]) for c in CENTRAL_ASIA}
    others = np.mean([log_ratio[c] for c in CENTRAL_ASIA if c != BORDER], axis=0)
    return {
        _DIFFERENTIAL: np.asarray(np.exp(log_ratio[BORDER] - others)),
        **{f"rate ratio after to before, {c}": np.exp(r) for c, r in log_ratio.items()},
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
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Estimated shape parameter of Pareto distribution")  # counted instead
        results = [azs.loo(f.tree, var_name="y", pointwise=True) for f in (first, second)]
    difference = np.asarray(results[0].elpd_i) - np.asarray(results[1].elpd_i)
    unreliable = np.logical_or.reduce([np.asarray(r.pareto_k) > MAX_PARETO_K for r in results])
    return float(difference.sum()), float(np.sqrt(difference.size * difference.var())), int(unreliable.sum())
