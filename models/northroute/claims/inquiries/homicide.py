"""Homicide within the regions of Kyrgyzstan as perception of corruption and of public bodies changes: C17.

Covariates are deviations from a region's own mean, divided by their standard deviation over all regions and years, so that
a slope is per standard deviation within regions. Their product is centred within regions as well. What differs between
regions throughout, and between years everywhere, is in effects of regions and years.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.bayes.statement import distributions as dist
from northroute.bayes.terms import Effects
from northroute.claims.inquiries import offence_tables as offences
from northroute.claims.inquiries.density import kyrgyz
from northroute.claims.inquiries.lookups import by_year, table
from northroute.claims.inquiries.models import COUNT, negative_binomial, rates
from northroute.claims.inquiry import REFERENCE, Inquiry, Job, Measured, Reader, Side, Stated, Tables, Values
from northroute.claims.register import Claim, Register

YEARS: Final = range(2015, 2023)
PERCEPTION, BODIES, PRODUCT = "perception", "bodies", "product"
COVARIATES: Final = (PERCEPTION, BODIES, PRODUCT)
_SERIES: Final = {PERCEPTION: "corruption_perception", BODIES: "public_bodies_performance"}
_WORDS: Final = {
    PERCEPTION: "corruption perception",
    BODIES: "performance of public bodies",
    PRODUCT: "their product",
}


def within(values: Array, group: Array) -> Array:
    """Return values less their group's mean.

    Parameters
    ----------
    values, group : array, shape (row,)
    """
    frame = pd.DataFrame({"v": values, "g": group})
    return np.asarray(frame["v"] - frame.groupby("g")["v"].transform("mean"), dtype=np.float64)


def panel(tables: Tables, years: Sequence[int] = YEARS, lag: int = 0) -> pd.DataFrame:
    """Return homicide victims by region and year with the covariates of ``lag`` years before.

    Returns
    -------
    pandas.DataFrame
        Columns ``region``, ``year``, ``count``, ``population`` (of 2020), and ``perception``, ``bodies``, ``product``,
        standardised within regions.

    Raises
    ------
    DataError
        If a region lacks a covariate in a year.
    """
    frame = kyrgyz(tables, years)
    source = table(tables, "kg_regions")
    region, places = frame["region"].to_numpy(), pd.Index(frame["region"].unique(), name="region")
    found: dict[str, Array] = {}
    for name, series in _SERIES.items():
        rows = source.frame[source.frame["series"] == series]
        values = by_year(source, rows, "value", places, [y - lag for y in years], series)
        deviation = within(values.to_numpy().T.ravel(), region)
        found[name] = deviation / deviation.std()
    found[PRODUCT] = within(found[PERCEPTION] * found[BODIES], region)
    return frame.assign(**found)


def _state(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    rope = claim.threshold("rope")

    def read(reader: Reader, job: Job) -> Values:
        """Read each slope's size, which decides, and the slope itself as a rate ratio."""
        slopes = {c: np.asarray(reader("slope").sel(covariate=c).to_numpy()) for c in COVARIATES}
        sizes = {f"size of the slope on {_WORDS[c]}": Measured(np.abs(s), (rope, None)) for c, s in slopes.items()}
        return sizes | {
            f"rate ratio per sd of {_WORDS[c]}": Measured(np.exp(s), log_scale=True) for c, s in slopes.items()
        }

    def job(short: str, frame: pd.DataFrame, *, poisson: bool = False) -> Job:
        years = f"{frame['year'].min()}-{frame['year'].max()}"
        source = (
            f"homicide victims, Kyrgyzstan {years}: {frame[COUNT].sum():.0f} in {frame['region'].nunique()} regions"
        )
        effects = [Effects(c, sd=register.prior(f"{c}_sd")) for c in ("region", "year")]
        unit = offences.unit(frame)
        model = rates(
            *(f"O_C17_{short}", register),
            exposure="population",
            exposure_unit=unit,
            slopes=COVARIATES,
            effects=effects,
        )
        model = replace(model, distribution=dist.Poisson()) if poisson else model
        return Job(model, frame, source, target_accept=0.95)

    frame = panel(tables)
    return {
        REFERENCE: Stated(job("homicide", frame), read),
        "poisson with region effects": Stated(job("homicide_poisson", frame, poisson=True), read),
        "previous year's perception": Stated(job("homicide_lagged", panel(tables, YEARS[1:], lag=1)), read),
        "without 2020": Stated(job("homicide_no_2020", panel(tables, [y for y in YEARS if y != 2020])), read),
    }


def _world(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
    """All three slopes 0.4, all at the bound of practical equivalence, or all zero."""
    known = {"true": 0.4, "false": 0.0, "threshold": claim.threshold("rope")}[side]
    frame = job.frame
    effect = sum(
        frame[c].map(dict(zip(names, rng.normal(0, sd, len(names)), strict=True)))
        for c, sd in (("region", 0.4), ("year", 0.2))
        for names in (frame[c].unique(),)
    )
    log_ratio = known * frame[list(COVARIATES)].sum(axis=1) + effect
    weight = frame["population"] * np.exp(log_ratio)
    mean = (weight * frame[COUNT].sum() / weight.sum()).to_numpy(float)
    return frame.assign(**{COUNT: negative_binomial(rng, mean, 0.01)})


INQUIRIES: Final[Mapping[str, Inquiry]] = {
    "homicide.effectiveness": Inquiry(
        _state,
        _world,
        (
            "the population of 2020 stands for every year; what grew everywhere alike is in the years",
            "perception of a year and homicide of the same year: which moves the other is not known",
        ),
    ),
}
