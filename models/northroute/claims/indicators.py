"""Estimands on country-year indicators: seizures, corruption indices, opium production, measurement error carried through.

C13 and C14 fit the normal model with known measurement error. C26 has no unknown but the measures themselves: its
posterior is drawn directly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from northroute import seeds
from northroute.arrays import Array
from northroute.bayes import BayesFit, MeasurementSpec
from northroute.claims.assumed import INDEX_SD, SEIZURE_CV, Conversion
from northroute.claims.estimate import Estimate, Estimated, Quantity, Specification
from northroute.claims.inquiry import Group, Measured, Values, held, read_estimate
from northroute.claims.register import Register
from northroute.conventions import WINDOW

FUNCTIONS = ("indicators.opium_over_heroin", "indicators.heroin_protected", "indicators.a_third")
"""Names under which the register asks for the estimands of this module."""
SHAPE = (4, 2000)


def seizure_ratios(
    seizures: pd.DataFrame, vdem: pd.DataFrame, cv: float = SEIZURE_CV, index_sd: float = INDEX_SD
) -> pd.DataFrame:
    """Log ratio of opium to heroin by reporting country-year, with its standard deviation, and executive corruption.

    A total of n seizures whose weights have coefficient of variation ``cv`` has relative variance ``(1 + cv**2) / n``.

    Parameters
    ----------
    seizures : pandas.DataFrame
        Columns ``iso3``, ``year``, ``drug``, ``n_reported``, ``kg``; country-years that did not report are absent.
    vdem : pandas.DataFrame
        Columns ``iso3``, ``year``, ``executive_corruption``, ``corruption``.

    Returns
    -------
    pandas.DataFrame
        Columns ``iso3``, ``year``, ``log_ratio``, ``log_ratio_sd``, ``log_odds_heroin``, ``executive_corruption``,
        ``corruption``, ``index_sd``, ``fewest`` (the smaller of the two numbers of seizures).
    """
    wide = seizures.pivot(index=["iso3", "year"], columns="drug", values=["n_reported", "kg"]).dropna().astype(float)
    wide = wide[(wide > 0).all(axis=1)]
    kg = {drug: wide["kg", drug] for drug in ("opium", "heroin")}
    number = {drug: wide["n_reported", drug] for drug in kg}
    log_ratio = np.log(kg["opium"]) - np.log(kg["heroin"])
    variance = (1 + cv**2) * (1 / number["opium"] + 1 / number["heroin"])
    table = pd.DataFrame(
        {
            "log_ratio": log_ratio,
            "log_ratio_sd": np.sqrt(variance),
            "log_odds_heroin": -log_ratio,
            "fewest": np.minimum(number["opium"], number["heroin"]),
        }
    ).reset_index()
    indices = vdem[["iso3", "year", "executive_corruption", "corruption"]]
    return table.merge(indices, on=["iso3", "year"], how="left", validate="one_to_one").assign(index_sd=index_sd)


@dataclass(frozen=True)
class IndicatorFit:
    """A measurement-error fit to run: its table and its specification."""

    frame: pd.DataFrame
    spec: MeasurementSpec


def catalog(seizures: pd.DataFrame, vdem: pd.DataFrame) -> dict[str, IndicatorFit]:
    """Every fit that C13 and C14 need, by name: the reference and the equivalent specifications."""
    reference = seizure_ratios(seizures, vdem)
    tables = {
        "reference": reference,
        "weights vary less (cv 1)": seizure_ratios(seizures, vdem, cv=1.0),
        "weights vary more (cv 3)": seizure_ratios(seizures, vdem, cv=3.0),
        "at least 5 seizures of each": reference[reference["fewest"] >= 5],
    }
    fits = {f"C13 {k}": IndicatorFit(t, _spec(f"C13_{i}", "log_ratio")) for i, (k, t) in enumerate(tables.items())}
    slopes = {
        "reference": (reference, "executive_corruption"),
        "weights vary more (cv 3)": (tables["weights vary more (cv 3)"], "executive_corruption"),
        "index error 0.10": (seizure_ratios(seizures, vdem, index_sd=0.10), "executive_corruption"),
        "overall corruption index": (reference, "corruption"),
    }
    for i, (label, (table, predictor)) in enumerate(slopes.items()):
        fits[f"C14 {label}"] = IndicatorFit(table, _spec(f"C14_{i}", "log_odds_heroin", predictor))
    return fits


def _spec(name: str, response: str, predictor: str | None = None) -> MeasurementSpec:
    return MeasurementSpec(
        f"seizures_{name}", response, "log_ratio_sd", "iso3", predictor, "index_sd" if predictor else None
    )


def opium_over_heroin(fits: Mapping[str, BayesFit], register: Register) -> Estimated:
    """C13: in how many countries the typical reported year has more opium than heroin by weight."""
    claim = register["C13"]
    threshold, majority = np.log(claim.threshold("ratio")), (claim.threshold("countries"), None)

    def read(fit: BayesFit, group: Group = "posterior") -> Values:
        means = fit.parameter("group_mean", group)
        count = (means > threshold).sum("group").to_numpy().astype(float)
        return {
            "countries with more opium than heroin, of 5": Measured(count, majority),
            **{
                f"opium to heroin by weight, {c}": Measured(np.exp(means.sel(group=c).to_numpy()), log_scale=True)
                for c in means["group"].to_numpy().astype(str)
            },
        }

    return _of_seizures("C13", fits, read)


def heroin_protected(fits: Mapping[str, BayesFit], register: Register) -> Estimated:
    """C14: slope of the log odds of heroin among seized opiates on executive corruption."""
    below = (None, register["C14"].threshold("slope"))

    def read(fit: BayesFit, group: Group = "posterior") -> Values:
        slope = fit.draws("slope", group)
        return {"slope of log odds of heroin, per sd of executive corruption": Measured(slope, below)}

    index = f"V-Dem index measured with sd {INDEX_SD} (assumed: none is published in the bundled table)"
    return _of_seizures("C14", fits, read, index)


def _of_seizures(
    claim_id: str, fits: Mapping[str, BayesFit], read: Callable[[BayesFit, Group], Values], *more: str
) -> Estimated:
    own = {name.removeprefix(f"{claim_id} "): f for name, f in fits.items() if name.startswith(f"{claim_id} ")}
    fit = own.pop("reference")
    rows = f"{fit.info['rows']} country-years that reported both drugs, of 30"
    found = read_estimate(
        claim_id,
        lambda group: read(fit, group),
        [fit],
        data=(f"UNODC individual drug seizures 2011-2016: {rows}",),
        assumptions=(
            f"weights of single seizures have coefficient of variation {SEIZURE_CV:g}, so a total of n has (1 + cv^2)/n",
            *more,
        ),
    )
    others = tuple(Specification(label, held(read(f, "posterior"))) for label, f in own.items())
    return Estimated(found, others)


def a_third(opium: pd.DataFrame, register: Register, seed: int) -> Estimated:
    """C26: the stated transit tonnage as a share of the heroin that opium production yields.

    ``share = flow * purity / (production * converted / per_kilogram)``, both sides as pure heroin.
    """
    claim = register["C26"]
    base = Conversion()
    years = (int(WINDOW[0][:4]), 2021)

    def share(name: str, conversion: Conversion, span: tuple[int, int], prior: bool = False) -> Array:
        rng = seeds.generator(f"C26 {name}", seed)
        if prior:
            production = np.exp(rng.normal(np.log(5000), 0.5, SHAPE))
        else:
            mean = opium[opium["year"].between(*span)]["production_t"].mean()
            production = mean * np.exp(rng.normal(0, conversion.production_error, SHAPE))
        heroin = production * rng.beta(*conversion.converted, SHAPE) / np.exp(conversion.per_kilogram.draw(rng, SHAPE))
        return np.asarray(claim.threshold("flow_tonnes") * rng.uniform(*conversion.purity, SHAPE) / heroin)

    limit = claim.threshold("share")
    ratio = Quantity(
        "90 t as a share of heroin produced",
        share("reference", base, years),
        share("prior", base, years, prior=True).ravel(),
        (None, limit),
    )
    variants = {
        "flow stated as pure heroin": (Conversion(purity=(0.999, 1.0)), years),
        "flow stated at wholesale purity": (Conversion(purity=(0.5, 0.7)), years),
        "production of 2020 and 2021": (base, (2020, 2021)),
        "less opium converted (mean 0.65)": (Conversion(converted=(13.0, 7.0)), years),
    }
    specifications = tuple(
        Specification(name, float((share(name, conversion, span) <= limit).mean()))
        for name, (conversion, span) in variants.items()
    )
    recalled = opium[opium["year"].between(*years) & opium["production_status"].ne("seen")]["year"].tolist()
    estimate = Estimate(
        claim_id="C26",
        quantities=(ratio,),
        data=(f"UNODC opium production {years[0]}-{years[1]}; the 90 t are the brief's",),
        assumptions=(
            "share of opium converted: Beta(16, 4); opium per kg of pure heroin: 18.5 kg, log sd 0.15; "
            "purity of the 90 t: uniform from 0.5 to 1; production error: 10 %",
            f"production figures recalled, not seen at the source: {', '.join(map(str, recalled)) or 'none'}",
        ),
    )
    return Estimated(estimate, specifications)
