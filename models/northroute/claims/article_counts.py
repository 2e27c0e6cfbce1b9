"""Estimands on monthly article counts by country, where a sum of article columns stands for each construct."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from northroute.bayes import BayesFit, CountSpec
from northroute.claims.estimate import Estimate, Quantity, Requirement, Specification
from northroute.claims.estimated import Estimated
from northroute.claims.register import Claim, Register
from northroute.conventions import WINDOW
from northroute.errors import ModelError

CENTRAL_ASIA = ("KAZ", "KGZ", "UZB")
EXPOSURE = "article_total"
PER_ARTICLES = 100.0
Spans = tuple[tuple[str, str], ...]
"""First and last months of stretches of months."""
WINDOWS: Mapping[str, Spans] = {"2015-2018": (("2015-01", "2018-12"),), "2019-2022": (("2019-01", "2022-12"),)}
REFERENCE = "reference"

_LEVELS = (
    "state_violence",
    "criminal_violence",
    "criminal_lethal",
    "criminal_nonlethal",
    "other_crime",
    "drug_incident",
)
_INDEPENDENT = "constructs fitted one by one: their posteriors are taken as independent given the data"
_ARTICLES = (
    "articles, not incidents; one incident can give many articles, and coverage is followed only by the article total"
)

Array = NDArray[np.float64]
Fits = Mapping[str, BayesFit]


def column(construct: str, variant: str = REFERENCE) -> str:
    """Name of the panel column that holds a construct's variant."""
    return construct if variant == REFERENCE else f"{construct}_{variant.replace(' ', '_')}"


def variants(register: Register, construct: str) -> list[str]:
    """Columns of a construct: the reference first, then its alternatives."""
    return [column(construct, v) for v in (REFERENCE, *register.proxies[construct].alternatives)]


def within(name: str) -> str:
    """Column with the standardised within-country log rate of a construct."""
    return f"{name}_log_rate_within_z"


def lagged(name: str) -> str:
    """Column with the same of the month before."""
    return f"{name}_log_rate_lag1_within_z"


def catalog(register: Register) -> dict[str, tuple[CountSpec, tuple[str, ...]]]:
    """Every fit that the estimands need: specification and countries, by name."""
    fits: dict[str, tuple[CountSpec, tuple[str, ...]]] = {}

    def add(name: str, outcome: str, **slopes: tuple[str, ...]) -> None:
        spec = CountSpec(f"articles_{name}", outcome, EXPOSURE, PER_ARTICLES, month="country", **slopes)  # type: ignore[arg-type]
        fits[name] = (spec, CENTRAL_ASIA)

    for construct in _LEVELS:
        for name in variants(register, construct):
            add(name, name)
    for crime in variants(register, "other_crime"):
        add(
            f"C11_{crime}",
            "drug_incident",
            varying=(within(crime),),
            covariates=(f"{crime}_x_effectiveness",),
        )
    for outcome in variants(register, "state_violence"):
        add(f"C16_{outcome}", outcome, varying=(within("drug_incident"),))
    add("C16_common", "state_violence", covariates=(within("drug_incident"),))
    for outcome in variants(register, "state_response"):
        for corruption in variants(register, "corruption_reports"):
            add(f"C22_{outcome}_{corruption}", outcome, varying=(lagged(corruption),))
    return fits


def mean_rates(fit: BayesFit, group: Any = "posterior", spans: Spans = ()) -> dict[str, Array]:
    """Mean rate per 100 articles by country, exposure-weighted: arrays of shape (chain, draw).

    The months' rates include level, walk and season. ``spans`` restricts the mean, not the fit; by default every month of
    the fit counts.

    Raises
    ------
    ModelError
        If a country has no month within the spans.
    """
    constants = fit.tree["constant_data"].to_dataset()
    level = fit.parameter("unit_level", group).to_numpy()
    walk = fit.parameter("month_effect", group).transpose(..., "country", "month").to_numpy()
    season = fit.parameter("season_effect", group).to_numpy()
    months = pd.PeriodIndex(constants["month"].to_numpy().astype(str), freq="M")
    rates: dict[str, Array] = {}
    for i, name in enumerate(constants["country"].to_numpy().astype(str)):
        rows = constants["country_of_row"].to_numpy() == i
        at = constants["month_of_row"].to_numpy()[rows]
        weight = np.exp(constants["log_exposure"].to_numpy()[rows])
        if spans:
            kept = np.logical_or.reduce(
                [(months[at] >= pd.Period(first, "M")) & (months[at] <= pd.Period(last, "M")) for first, last in spans]
            )
            at, weight = at[kept], weight[kept]
        if not at.size:
            raise ModelError(f"Fit '{fit.name}' has no month of {name} within {spans}. Give months that it has.")
        eta = level[..., [i]] + walk[..., i, :][..., at] + season[..., months[at].month - 1]
        rates[name] = (np.exp(eta) * weight).sum(-1) / weight.sum()
    return rates


def _exposures(fit: BayesFit) -> dict[str, float]:
    constants = fit.tree["constant_data"].to_dataset()
    weight = np.exp(constants["log_exposure"].to_numpy())
    total = np.bincount(constants["country_of_row"].to_numpy(), weight)
    return {str(c): float(t) for c, t in zip(constants["country"].to_numpy(), total, strict=True)}


def _pooled(rates: Mapping[str, Array], exposure: Mapping[str, float]) -> Array:
    weight = {c: exposure[c] for c in CENTRAL_ASIA}
    return np.asarray(sum(rates[c] * w for c, w in weight.items()) / sum(weight.values()))


Rates = Mapping[str, Mapping[str, Array]]
Values = dict[str, tuple[Array, tuple[float | None, float | None], bool]]


def state_over_criminal(rates: Rates, claim: Claim) -> Values:
    """C01."""
    state, criminal = rates["state_violence"], rates["criminal_violence"]
    return {
        f"rate ratio, {c}": (state[c] / criminal[c], (claim.threshold("rate_ratio"), None), True)
        for c in (*CENTRAL_ASIA, "pooled")
    }


def lethal_share(rates: Rates, claim: Claim) -> Values:
    """C02."""
    lethal, other = rates["criminal_lethal"], rates["criminal_nonlethal"]
    return {
        f"lethal share, {c}": (lethal[c] / (lethal[c] + other[c]), (None, claim.threshold("lethal_share")), False)
        for c in (*CENTRAL_ASIA, "pooled")
    }


def violence_share(rates: Rates, claim: Claim) -> Values:
    """C03."""
    violence, other = rates["criminal_violence"], rates["other_crime"]
    return {
        f"violence as a share of crime articles, {c}": (
            violence[c] / (violence[c] + other[c]),
            (None, claim.threshold("violence_share")),
            False,
        )
        for c in (*CENTRAL_ASIA, "pooled")
    }


def kazakh_gap(rates: Rates, claim: Claim) -> Values:
    """C10."""
    crime = {c: rates["criminal_violence"][c] + rates["other_crime"][c] for c in CENTRAL_ASIA}
    gaps = {c: np.log(crime[c]) - np.log(rates["drug_incident"][c]) for c in CENTRAL_ASIA}
    others = np.max([g for c, g in gaps.items() if c != "KAZ"], axis=0)
    values: Values = {
        "gap of KAZ minus the largest other": (gaps["KAZ"] - others, (claim.threshold("difference"), None), False)
    }
    return values | {f"log crime rate minus log drug rate, {c}": (g, (None, None), False) for c, g in gaps.items()}


RATE_CLAIMS: Mapping[str, tuple[Callable[[Rates, Claim], Values], tuple[str, ...]]] = {
    "article_counts.state_over_criminal": (state_over_criminal, ("state_violence", "criminal_violence")),
    "article_counts.lethal_share": (lethal_share, ("criminal_lethal", "criminal_nonlethal")),
    "article_counts.violence_share": (violence_share, ("criminal_violence", "other_crime")),
    "article_counts.kazakh_gap": (kazakh_gap, ("criminal_violence", "other_crime", "drug_incident")),
}
"""Questions on mean rates: the estimand and the constructs it needs."""


def answer_rates(name: str, fits: Fits, register: Register) -> Estimated:
    """Estimate a question of :data:`RATE_CLAIMS`, with each proxy's alternatives and both halves of the window."""
    function, constructs = RATE_CLAIMS[name]
    claim, _ = register.asked(name)
    reference = {c: column(c) for c in constructs}
    posterior = _evaluate(function, reference, fits, claim)
    prior = _evaluate(function, reference, fits, claim, "prior")
    quantities = tuple(
        Quantity(name, draws, prior[name][0].ravel(), region, log_scale)
        for name, (draws, region, log_scale) in posterior.items()
    )
    specifications = []
    for construct in constructs:
        for variant in register.proxies[construct].alternatives:
            chosen = reference | {construct: column(construct, variant)}
            values = _evaluate(function, chosen, fits, claim)
            specifications.append(Specification(f"{construct}: {variant}", _probability(values)))
    for label, spans in WINDOWS.items():
        values = _evaluate(function, reference, fits, claim, spans=spans)
        specifications.append(Specification(f"months {label}", _probability(values)))
    estimate = estimate_from(claim.id, quantities, [fits[c] for c in reference.values()], register, constructs)
    return Estimated(estimate, tuple(specifications))


def _evaluate(
    function: Callable[[Rates, Claim], Values],
    chosen: Mapping[str, str],
    fits: Fits,
    claim: Claim,
    group: str = "posterior",
    spans: Spans = (),
) -> Values:
    draws = min(fits[name].tree[group].sizes["draw"] for name in chosen.values())
    rates: dict[str, dict[str, Array]] = {}
    for construct, name in chosen.items():
        by_country = {c: r[:, :draws] for c, r in mean_rates(fits[name], group, spans).items()}
        rates[construct] = by_country | {"pooled": _pooled(by_country, _exposures(fits[name]))}
    return function(rates, claim)


def _probability(values: Values) -> float:
    held = [
        Quantity("", draws, region=region).inside(draws)
        for draws, region, _ in values.values()
        if region != (None, None)
    ]
    return float(np.logical_and.reduce(held).mean())


def joint(quantities: Sequence[Quantity]) -> float:
    """Posterior probability that every decisive quantity lies in its region."""
    return float(np.logical_and.reduce([q.inside(q.draws) for q in quantities if q.decisive]).mean())


def estimate_from(
    claim_id: str,
    quantities: tuple[Quantity, ...],
    used: Sequence[BayesFit],
    register: Register,
    constructs: Sequence[str],
    assumptions: tuple[str, ...] = (),
    requirements: tuple[Requirement, ...] = (),
) -> Estimate:
    """Assemble an estimate on article counts, with its data, proxies, assumptions and stamps."""
    first = used[0]
    proxies = {c: f"{' + '.join(register.proxies[c].reference)} ({register.proxies[c].caveat})" for c in constructs}
    return Estimate(
        claim_id=claim_id,
        quantities=quantities,
        data=(f"{first.info['panel']}, {WINDOW[0]} to {WINDOW[1]}: {first.info['rows']} country-months",),
        proxies=proxies,
        assumptions=(_ARTICLES, *((_INDEPENDENT,) if len(constructs) > 1 and len(used) > 1 else ()), *assumptions),
        requirements=requirements,
        fits=tuple(f.name for f in used),
        stamps=tuple(f.stamp for f in used if f.stamp),
        simulated=any(f.simulated for f in used),
    )
