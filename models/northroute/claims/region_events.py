"""Estimands on region-month events: each is a function of the regions' log rates, for posterior, prior and truth alike.

The regions are all there are, so the estimands are finite-population contrasts of their latent rates rather than
superpopulation coefficients.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from northroute.arrays import Array, Bools
from northroute.bayes import BayesFit, CountSpec
from northroute.claims.article_counts import gap_of_kazakhstan
from northroute.claims.estimate import Estimated
from northroute.claims.inquiry import Measured, Region, Values, read_estimate
from northroute.claims.register import Claim, Register
from northroute.errors import ModelError
from northroute.panel import Panel

OUTCOMES = ("state_violence", "criminal_violence", "drug_incident", "general_crime")
HUBS = {
    "Tajik-Afghan border": "hub_tajik_afghan",
    "Ferghana Valley": "hub_ferghana",
    "Caspian coast": "hub_caspian",
}
Levels = Mapping[str, Array]


@dataclass(frozen=True)
class Regions:
    """What is known of the regions, in the fit's order.

    Attributes
    ----------
    names : tuple of str
    country : array of str, shape (unit,)
    flags : mapping of str to bool array, shape (unit,)
    log_density, log_population, log_exposure : array, shape (unit,)
        Exposure is the mean over months, in the fit's exposure unit.
    """

    names: tuple[str, ...]
    country: NDArray[Any]
    flags: Mapping[str, Bools]
    log_density: Array
    log_population: Array
    log_exposure: Array


def specification(panel: Panel, exposure: str, exposure_unit: float, name: str) -> CountSpec:
    """Return the fit that the estimands read: every outcome together, with the covariates that the panel has."""
    return CountSpec(
        name=name,
        outcome="events",
        exposure=exposure,
        exposure_unit=exposure_unit,
        unit_covariates=tuple(c for c in ("log_density", "hub", "rail", "borders_russia") if c in panel.covariates),
        varying=tuple(c for c in ("interdiction",) if c in panel.covariates),
        step="joint",
        outcomes=OUTCOMES,
    )


def regions(frame: pd.DataFrame, panel: Panel, exposure: str, exposure_unit: float) -> Regions:
    """Align the region table with the panel's units."""
    table = frame.set_index("region")
    missing = [u for u in panel.units if u not in table.index]
    if missing:
        raise ModelError(f"Panel '{panel.name}' has regions that the region table lacks: {missing[:5]}.")
    table = table.loc[list(panel.units)]
    mean = panel.frame[exposure].groupby(level="unit", sort=False).mean().loc[list(panel.units)]
    names = (*HUBS.values(), "rail_dushanbe_astrakhan", "borders_russia", "borders_afghanistan")
    return Regions(
        names=tuple(str(u) for u in panel.units),
        country=table["iso3"].to_numpy(dtype=str),
        flags={n: table[n].to_numpy(dtype=bool) for n in names},
        log_density=np.log(table["density"].to_numpy(float)),
        log_population=np.log(table["population_2020"].to_numpy(float)),
        log_exposure=np.log(mean.to_numpy(float) / exposure_unit),
    )


def correlation(a: Array, b: Array) -> Array:
    """Correlation over the last axis."""
    a, b = a - a.mean(-1, keepdims=True), b - b.mean(-1, keepdims=True)
    return np.asarray((a * b).sum(-1) / np.sqrt((a**2).sum(-1) * (b**2).sum(-1)))


def within_coefficient(y: Array, x: Array, group: NDArray[Any]) -> Array:
    """Least-squares coefficient of x with group intercepts, over the last axis of y."""
    deviation = x.astype(float).copy()
    for g in np.unique(group):
        deviation[group == g] -= x[group == g].mean()
    return np.asarray((y * deviation).sum(-1) / (deviation**2).sum())


def log_ratio(levels: Array, inside: Bools, country: NDArray[Any]) -> Array:
    """Log of the mean rate inside against the same country's regions outside, averaged over regions inside."""
    total, weight = np.zeros(levels.shape[:-1]), 0
    for c in np.unique(country[inside]):
        here, others = inside & (country == c), ~inside & (country == c)
        if others.any():
            ratio = np.log(np.exp(levels[..., here]).mean(-1)) - np.log(np.exp(levels[..., others]).mean(-1))
            total, weight = total + here.sum() * ratio, weight + int(here.sum())
    return np.asarray(total / weight)


def country_log_rate(levels: Array, where: Regions, country: str) -> Array:
    """Log rate of a country: exposure-weighted mean of its regions' rates."""
    here = where.country == country
    weight = np.exp(where.log_exposure[here])
    return np.asarray(np.log((np.exp(levels[..., here]) * weight).sum(-1) / weight.sum()))


def co_location(levels: Levels, where: Regions, claim: Claim) -> Values:
    """C04."""
    state = correlation(levels["state_violence"], levels["drug_incident"])
    criminal = correlation(levels["criminal_violence"], levels["drug_incident"])
    floor, width = claim.threshold("correlation"), claim.threshold("difference")
    return {
        "correlation, state with drug": Measured(state, (floor, None)),
        "correlation, criminal with drug": Measured(criminal, (floor, None)),
        "difference of the two": Measured(state - criminal, (-width, width)),
    }


def density(levels: Levels, where: Regions, claim: Claim) -> Values:
    """C05."""
    values: Values = {}
    for label, outcome in (("state", "state_violence"), ("criminal", "criminal_violence")):
        events = levels[outcome] + where.log_exposure
        for offset, y in (("per month", events), ("per inhabitant", events - where.log_population)):
            coefficient = within_coefficient(y, where.log_density, where.country)
            above = (claim.threshold("coefficient"), None)
            values[f"{label} violence {offset}, on log density"] = Measured(coefficient, above)
    return values


def hubs(levels: Levels, where: Regions, claim: Claim) -> Values:
    """C07."""
    drug, above = levels["drug_incident"], (claim.threshold("rate_ratio"), None)
    inside = {label: where.flags[flag] for label, flag in HUBS.items()}
    anywhere = np.logical_or.reduce(list(inside.values()))
    top = np.argsort(-drug, axis=-1)[..., : int(anywhere.sum())]
    return {
        **{f"rate ratio, {label}": _ratio(drug, own, where.country, above) for label, own in inside.items()},
        "share of the top ranks that hub regions fill": Measured(anywhere[top].mean(-1)),
    }


def _ratio(levels: Array, inside: Bools, country: NDArray[Any], region: Region) -> Measured:
    return Measured(np.exp(log_ratio(levels, inside, country)), region, log_scale=True)


def rail_corridor(levels: Levels, where: Regions, claim: Claim) -> Values:
    """C08."""
    inside, above = where.flags["rail_dushanbe_astrakhan"], (claim.threshold("rate_ratio"), None)
    return {
        f"rate ratio, {label}": _ratio(levels[outcome], inside, where.country, above)
        for label, outcome in (("state violence", "state_violence"), ("drug incidents", "drug_incident"))
    }


def kazakh_gap(levels: Levels, where: Regions, claim: Claim) -> Values:
    """C10."""
    crime, drugs = levels["general_crime"], levels["drug_incident"]
    countries = list(dict.fromkeys(where.country.tolist()))
    gaps = {c: country_log_rate(crime, where, c) - country_log_rate(drugs, where, c) for c in countries}
    return gap_of_kazakhstan(gaps, claim)


def russian_border(levels: Levels, where: Regions, claim: Claim) -> Values:
    """C12."""
    here, below = where.country == "KAZ", (None, claim.threshold("rate_ratio"))
    drugs, inside = levels["drug_incident"][..., here], where.flags["borders_russia"][here]
    return {
        "rate ratio of drug incidents, border to other regions": _ratio(drugs, inside, where.country[here], below),
    }


ESTIMANDS: Mapping[str, tuple[Callable[[Levels, Regions, Claim], Values], tuple[str, ...]]] = {
    "region_events.co_location": (co_location, ("state_violence", "criminal_violence", "drug_incident")),
    "region_events.density": (density, ("state_violence", "criminal_violence")),
    "region_events.hubs": (hubs, ("drug_incident",)),
    "region_events.rail_corridor": (rail_corridor, ("state_violence", "drug_incident")),
    "region_events.kazakh_gap": (kazakh_gap, ("general_crime", "drug_incident")),
    "region_events.russian_border": (russian_border, ("drug_incident",)),
}
"""Questions that region-month events answer: the estimand and the outcomes it reads."""


def estimated(
    name: str,
    fit: BayesFit,
    where: Regions,
    register: Register,
    truth: xr.Dataset | None = None,
) -> Estimated:
    """Estimate a claim from the fit of all outcomes.

    Parameters
    ----------
    name : str
        A key of :data:`ESTIMANDS`.
    fit : BayesFit
        Of :func:`specification`, or of the outcomes that the estimand reads.
    where : Regions
    register : Register
    truth : xarray.Dataset, optional
        The simulated truth with ``unit_level`` by outcome and unit.

    Raises
    ------
    GateError
        If the fit failed its diagnostics and was not allowed.
    """
    claim, _ = register.asked(name)
    function, outcomes = ESTIMANDS[name]
    order = list(where.names)

    def value(levels: xr.DataArray) -> Values:
        own = {o: levels.sel(outcome=o, unit=order).to_numpy().astype(float) for o in outcomes}
        return function(own, where, claim)

    found = read_estimate(
        claim.id,
        lambda group: value(fit.parameter("unit_level", group)),
        [fit],
        data=(f"{fit.info['panel']}: {fit.info['rows']} counts, of outcomes by region and month",),
        truth=None if truth is None else value(truth["unit_level"]),
    )
    return Estimated(found)
