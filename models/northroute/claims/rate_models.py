"""Models behind the rates by country and region: one fit a source and level, none of which decides a claim.

Regions of one source are negative binomial around a level, with a rate of their own that is gamma; regions by year are
negative binomial around normal effects of regions and of years, or normal where an index is scored. Countries by year have
normal effects, and logarithms of weights are Student t around them, so that single gross years bend nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from northroute.bayes import CountSpec, Model
from northroute.bayes.statement import distributions as dist
from northroute.bayes.terms import Effects, Intercept
from northroute.claims import article_counts
from northroute.claims.inquiries import annual_frames, density, seizure_frames, transit
from northroute.claims.inquiries import offence_tables as offences
from northroute.claims.inquiries.lookups import by_year, population, table
from northroute.claims.inquiries.models import COUNT, rates
from northroute.claims.inquiry import REFERENCE, Job, Tables
from northroute.claims.register import Register
from northroute.conventions import COUNTRIES
from northroute.errors import DataError
from northroute.sources import annual_seizures, placed_seizures

OFFENCES: Final = "O_rates_offences"
HOMICIDE: Final = "O_rates_homicide"
PERCEPTION: Final = "O_rates_perception"
CRIME: Final = "O_rates_crime"
REGION_SEIZURES: Final = "S_rates_regions"
COUNTRY_SEIZURES: Final = "S_rates_countries"
WEIGHTS: Final = "A_rates_weights"
KILLED: Final = "I_C29_homicide"
"""The fit of C29 on homicide, which is shared."""
CORRUPTION_ARTICLES: Final = "articles_corruption_reports"

ANNUAL_YEARS: Final = (2015, 2022)
SINGLE_YEARS: Final = (2011, 2016)
PERCEPTION_YEARS: Final = range(2015, 2023)
OPIATES: Final = annual_frames.OPIATES
OTHERS: Final = tuple(d for d in annual_seizures.DRUGS if d not in (*OPIATES, "cannabis_plants"))
"""Seized plants are left out: the publisher puts 0.1 kg for each."""
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "drug offences": offences.DRUGS,
    "drug sale (297)": offences.SALE,
    "complaints": offences.COMPLAINTS,
    "violent offences": offences.VIOLENT,
    "corruption offences": ("corruption",),
}
"""Offences of Kazakhstan and their articles in the code."""
KIND, EXPOSURE, UNIT = "offence", "exposure", "unit"
GROUP, LOG_WEIGHT, ERROR = "group", "log_weight", "log_error"
_PER: Final = 1e5


def jobs(tables: Tables, register: Register) -> dict[str, Job]:
    """Return every fit of the rates that is not of article counts, by name.

    Raises
    ------
    MissingDataError
        If a table is not there.
    DataError, ModelError
        If one lacks what its model needs.
    """
    made = [
        _offences(tables, register),
        _panel(HOMICIDE, density.kyrgyz(tables), "homicide victims, Kyrgyzstan", register),
        _perception(tables, register),
        _panel(CRIME, density.uzbek(tables), "registered crimes, Uzbekistan", register),
        _region_seizures(tables, register),
        _country_seizures(tables, register),
        _weights(tables, register),
        killed(tables, register),
    ]
    return {job.model.name: job for job in made}


def articles() -> dict[str, CountSpec]:
    """Return the fits of article counts beyond those of the claims, by name: the level of corruption articles."""
    spec = article_counts.specification("corruption_reports", "corruption_reports")
    return {spec.name: spec}


def killed(tables: Tables, register: Register) -> Job:
    """Return the job of C29 on homicide by country and year."""
    for name in ("homicide", "population"):
        table(tables, name)
    claim, _ = register.asked("transit.homicide")
    return transit.INQUIRIES["transit.homicide"].state(tables, claim, register)[REFERENCE].job


def offence_frame(tables: Tables) -> pd.DataFrame:
    """Return registered offences of Kazakhstan, one row a region and kind of :data:`KINDS`.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`northroute.claims.inquiries.offence_tables.regions`, ``offence``, ``count``, ``unit`` (inhabitants
        in which about one offence is counted) and ``exposure`` (population in that unit).
    """
    parts = []
    for kind, articles in KINDS.items():
        frame = offences.counted(tables, articles)
        unit = offences.unit(frame)
        parts.append(frame.assign(**{KIND: kind}, **{UNIT: unit}, **{EXPOSURE: frame["population"] / unit}))
    return pd.concat(parts, ignore_index=True)


def perception_frame(tables: Tables) -> pd.DataFrame:
    """Return corruption perception of Kyrgyz regions by year.

    Returns
    -------
    pandas.DataFrame
        Columns ``region``, ``year``, ``index`` (-100 to 100, higher = better), ``value`` (standardised), and ``centre`` and
        ``scale``, the mean and standard deviation that standardise.

    Raises
    ------
    DataError
        If a region lacks a year, or an index is outside its scale.
    """
    source = table(tables, "kg_regions")
    frame = source.frame
    rows = frame[
        (frame["series"] == "corruption_perception") & (frame["region"] != "KG") & frame["year"].isin(PERCEPTION_YEARS)
    ]
    places = pd.Index(sorted(rows["region"].unique()), name="region")
    wide = by_year(source, rows, "value", places, PERCEPTION_YEARS, "corruption perception")
    found = wide.reset_index().melt("region", var_name="year", value_name="index")
    values = found["index"].to_numpy(float)
    if (np.abs(values) > 100).any():
        raise DataError("an index outside -100 to 100", file=source.name, column="value", remedy="Restore the table.")
    centre, scale = float(values.mean()), float(values.std())
    return found.assign(year=found["year"].astype(str), value=(values - centre) / scale, centre=centre, scale=scale)


def weight_frame(tables: Tables) -> pd.DataFrame:
    """Return logarithms of kilograms seized per million inhabitants, one row a country, year and group of drugs.

    Returns
    -------
    pandas.DataFrame
        Columns ``iso3``, ``year``, ``group`` (``opiates``: heroin and opium; ``others``), ``kg``, ``population``,
        ``log_weight`` and ``log_error`` (rounding and revision).

    Raises
    ------
    DataError
        If a country-year has no population.
    """
    frame = table(tables, "annual_seizures").frame
    found, countries = annual_frames.figures(frame), tuple(COUNTRIES)
    revision = annual_frames.revision_sd(frame, countries, OPIATES)
    parts = []
    for group, drugs in (("opiates", OPIATES), ("others", OTHERS)):
        own = annual_frames.amounts(found, countries, ANNUAL_YEARS, drugs)
        keys = own.index.to_frame()
        millions = population(tables, keys["iso3"], keys["year"]) / 1e6
        parts.append(
            own[["kg"]]
            .assign(
                population=millions * 1e6,
                **{
                    GROUP: group,
                    LOG_WEIGHT: own["log_kg"] - np.log(millions),
                    ERROR: np.sqrt(own["log_sd"] ** 2 + revision**2),
                },
            )
            .reset_index()
        )
    return pd.concat(parts, ignore_index=True)


def single_frame(tables: Tables) -> pd.DataFrame:
    """Return records of single seizures by country and reporting year, placed or not.

    Returns
    -------
    pandas.DataFrame
        Columns ``iso3``, ``year``, ``count``, ``population``.

    Raises
    ------
    DataError
        If a country-year has no population.
    """
    seizures = table(tables, "placed_seizures").frame
    kept = seizures[seizures["iso3"].isin(list(COUNTRIES)) & seizures["year"].between(*SINGLE_YEARS)]
    found = kept.groupby(["iso3", "year"])["n"].sum().rename(COUNT).astype(float).reset_index()
    people = population(tables, found["iso3"], found["year"])
    return found.assign(population=people, year=found["year"].astype(str))


def _offences(tables: Tables, register: Register) -> Job:
    frame = offence_frame(tables)
    model = replace(rates(OFFENCES, register, exposure=EXPOSURE, country=KIND), response=KIND)
    return Job(model, frame, f"{offences.FORM}: {len(KINDS)} kinds of offences in {frame['region'].nunique()} regions")


def _years_of(frame: pd.DataFrame) -> str:
    return f"{frame['year'].min()}-{frame['year'].max()}"


def _panel(name: str, frame: pd.DataFrame, what: str, register: Register) -> Job:
    effects = (
        Effects("region", sd=register.prior("region_sd")),
        Effects("year", sd=register.prior("year_sd")),
    )
    unit = offences.unit(frame)
    model = rates(name, register, exposure="population", exposure_unit=unit, effects=effects)
    source = f"{what} {_years_of(frame)}: {frame[COUNT].sum():.0f} in {frame['region'].nunique()} regions"
    return Job(model, frame, source, target_accept=0.95)


def _perception(tables: Tables, register: Register) -> Job:
    frame = perception_frame(tables)
    model = Model(
        PERCEPTION,
        "value",
        dist.Normal(register.prior("region_sd")),
        (
            Intercept(register.prior("level")),
            Effects("region", sd=register.prior("region_sd")),
            Effects("year", sd=register.prior("year_sd")),
        ),
    )
    source = f"corruption perception, Kyrgyzstan {_years_of(frame)}: {frame['region'].nunique()} regions"
    return Job(model, frame, source, target_accept=0.95)


def _region_seizures(tables: Tables, register: Register) -> Job:
    for name in ("placed_seizures", "region_population", "regions"):
        table(tables, name)
    _, question = register.asked("placed_seizures.hubs")
    asked = replace(question, countries=tuple(COUNTRIES), years=SINGLE_YEARS)
    frame = seizure_frames.by_region(tables, asked, placed_seizures.DRUGS)
    model = rates(
        *(REGION_SEIZURES, register),
        exposure=seizure_frames.EXPOSURE,
        exposure_unit=seizure_frames.PEOPLE,
        country="iso3",
    )
    return Job(model, frame, seizure_frames.words(frame))


def _country_seizures(tables: Tables, register: Register) -> Job:
    frame = single_frame(tables)
    effects = (Effects("iso3", sd=register.prior("country_sd")),)
    model = rates(
        COUNTRY_SEIZURES, register, exposure="population", exposure_unit=offences.unit(frame), effects=effects
    )
    source = f"UNODC individual drug seizures: {frame[COUNT].sum():.0f} records, {len(frame)} reporting country-years"
    return Job(model, frame, source, target_accept=0.95)


def _weights(tables: Tables, register: Register) -> Job:
    frame = weight_frame(tables)
    model = Model(
        WEIGHTS,
        LOG_WEIGHT,
        dist.StudentT(register.prior("log_ratio_sd"), ERROR, register.constant("degrees_of_freedom")),
        (
            Intercept(register.prior("log_ratio_level"), by=GROUP),
            Effects("iso3", by=GROUP, sd=register.prior("log_ratio_sd")),
        ),
        response=GROUP,
    )
    source = (
        f"UNODC annual seizures {ANNUAL_YEARS[0]}-{ANNUAL_YEARS[1]}: {len(frame)} country-years and groups of drugs"
    )
    return Job(model, frame, source, target_accept=0.95)


def per_100_000(frame: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return, by row of :func:`offence_frame`, what turns a rate per unit into one per 100,000 inhabitants."""
    return np.asarray(_PER / frame[UNIT].to_numpy(float))
