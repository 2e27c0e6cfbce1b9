"""Estimands on monthly article counts by country, where a sum of article columns stands for each construct."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.bayes import BayesFit, CountSpec
from northroute.claims.estimate import Estimated, Requirement, Specification
from northroute.claims.inquiry import REFERENCE, Group, Measured, Values, held, read_estimate
from northroute.claims.register import Claim, Register
from northroute.conventions import WINDOW
from northroute.errors import ModelError

CENTRAL_ASIA = ("KAZ", "KGZ", "UZB")
EXPOSURE = "article_total"
PER_ARTICLES = 100.0
Spans = tuple[tuple[str, str], ...]
"""First and last months of stretches of months."""
WINDOWS: Mapping[str, Spans] = {"2015-2018": (("2015-01", "2018-12"),), "2019-2022": (("2019-01", "2022-12"),)}

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


def specification(
    name: str, outcome: str, varying: tuple[str, ...] = (), covariates: tuple[str, ...] = ()
) -> CountSpec:
    """Return a fit of articles by country and month; a country's months move on their own."""
    return CountSpec(
        f"articles_{name}",
        outcome,
        EXPOSURE,
        PER_ARTICLES,
        month="country",
        varying=varying,
        covariates=covariates,
    )


def catalog(register: Register) -> dict[str, CountSpec]:
    """Every fit that the estimands need, by name; they are made on the countries of :data:`CENTRAL_ASIA`."""
    fits = {name: specification(name, name) for construct in _LEVELS for name in variants(register, construct)}
    for crime in variants(register, "other_crime"):
        name, covariates = f"C11_{crime}", (f"{crime}_x_effectiveness",)
        fits[name] = specification(name, "drug_incident", (within(crime),), covariates)
    for outcome in variants(register, "state_violence"):
        fits[f"C16_{outcome}"] = specification(f"C16_{outcome}", outcome, (within("drug_incident"),))
    fits["C16_common"] = specification("C16_common", "state_violence", covariates=(within("drug_incident"),))
    for outcome in variants(register, "state_response"):
        for corruption in variants(register, "corruption_reports"):
            name = f"C22_{outcome}_{corruption}"
            fits[name] = specification(name, outcome, (lagged(corruption),))
    return fits


def mean_rates(fit: BayesFit, group: Group = "posterior", spans: Spans = ()) -> dict[str, Array]:
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


def state_over_criminal(rates: Rates, claim: Claim) -> Values:
    """C01."""
    state, criminal, above = rates["state_violence"], rates["criminal_violence"], (claim.threshold("rate_ratio"), None)
    return {f"rate ratio, {c}": Measured(state[c] / criminal[c], above, log_scale=True) for c in state}


def lethal_share(rates: Rates, claim: Claim) -> Values:
    """C02."""
    lethal, other, below = (
        rates["criminal_lethal"],
        rates["criminal_nonlethal"],
        (None, claim.threshold("lethal_share")),
    )
    return {f"lethal share, {c}": Measured(lethal[c] / (lethal[c] + other[c]), below) for c in lethal}


def violence_share(rates: Rates, claim: Claim) -> Values:
    """C03."""
    violence, other, below = rates["criminal_violence"], rates["other_crime"], (None, claim.threshold("violence_share"))
    return {
        f"violence as a share of crime articles, {c}": Measured(violence[c] / (violence[c] + other[c]), below)
        for c in violence
    }


def kazakh_gap(rates: Rates, claim: Claim) -> Values:
    """C10."""
    crime = {c: rates["criminal_violence"][c] + rates["other_crime"][c] for c in CENTRAL_ASIA}
    return gap_of_kazakhstan({c: np.log(crime[c]) - np.log(rates["drug_incident"][c]) for c in CENTRAL_ASIA}, claim)


def gap_of_kazakhstan(gaps: Mapping[str, Array], claim: Claim) -> Values:
    """Return how far Kazakhstan's gap between crime and drugs, a difference of log rates by country, exceeds the others'."""
    others = np.max([g for c, g in gaps.items() if c != "KAZ"], axis=0)
    above = (claim.threshold("difference"), None)
    return {
        "gap of KAZ minus the largest other": Measured(gaps["KAZ"] - others, above),
        **{f"log crime rate minus log drug rate, {c}": Measured(g) for c, g in gaps.items()},
    }


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

    def read(chosen: Mapping[str, str], group: Group = "posterior", spans: Spans = ()) -> Values:
        draws = min(fits[own].tree[group].sizes["draw"] for own in chosen.values())
        rates: dict[str, dict[str, Array]] = {}
        for construct, own in chosen.items():
            by_country = {c: r[:, :draws] for c, r in mean_rates(fits[own], group, spans).items()}
            rates[construct] = by_country | {"pooled": _pooled(by_country, _exposures(fits[own]))}
        return function(rates, claim)

    others = {
        f"{construct}: {variant}": held(read(reference | {construct: column(construct, variant)}))
        for construct in constructs
        for variant in register.proxies[construct].alternatives
    }
    others |= {f"months {label}": held(read(reference, spans=spans)) for label, spans in WINDOWS.items()}
    used = [fits[c] for c in reference.values()]
    return estimated(claim.id, lambda group: read(reference, group), others, used, register, constructs)


def estimated(
    claim_id: str,
    read: Callable[[Group], Values],
    others: Mapping[str, float],
    used: Sequence[BayesFit],
    register: Register,
    constructs: Sequence[str],
    assumptions: tuple[str, ...] = (),
    requirements: tuple[Requirement, ...] = (),
) -> Estimated:
    """Read an estimate on article counts, with its data, proxies and assumptions, beside equivalent specifications.

    Parameters
    ----------
    claim_id : str
    read : callable
        From ``posterior`` or ``prior`` to the quantities of the reference.
    others : mapping of str to float
        The claim's probability by equivalent specification.
    used : sequence of BayesFit
        Behind the reference.
    register : Register
    constructs : sequence of str
    assumptions, requirements
        As :class:`northroute.claims.estimate.Estimate` has them.
    """
    info = used[0].info
    apart = (_INDEPENDENT,) if len(constructs) > 1 and len(used) > 1 else ()
    found = read_estimate(
        claim_id,
        read,
        used,
        data=(f"{info['panel']}, {WINDOW[0]} to {WINDOW[1]}: {info['rows']} country-months",),
        proxies={c: f"{' + '.join(register.proxies[c].reference)} ({register.proxies[c].caveat})" for c in constructs},
        assumptions=(_ARTICLES, *apart, *assumptions),
        requirements=requirements,
    )
    return Estimated(found, tuple(Specification(label, p) for label, p in others.items()))
