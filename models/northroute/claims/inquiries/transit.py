"""Central Asia against other transit regions: violence per enforcement in the news, and homicide (C29)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from northroute.arrays import Array
from northroute.bayes.terms import Effects
from northroute.claims.inquiries import lookups
from northroute.claims.inquiries.models import (
    ANSWER,
    COUNT,
    YES,
    beta_binomial,
    cells,
    negative_binomial,
    rates,
    shares,
)
from northroute.claims.inquiry import REFERENCE, Inquiry, Job, Measured, Reader, Side, Stated, Tables, Values
from northroute.claims.register import Claim, Register
from northroute.conventions import WINDOW
from northroute.errors import DataError
from northroute.sources import mlp

GROUPS: Final[Mapping[str, Mapping[str, str]]] = {
    "Central Asia": mlp.CENTRAL_ASIA,
    "Latin America": mlp.LATIN_AMERICA,
    "Balkans and Black Sea": mlp.BALKAN_BLACK_SEA,
}
HERE, OTHERS = "Central Asia", ("Latin America", "Balkans and Black Sea")
VIOLENCE: Final = ("ncr_violencelethal", "ncr_violencenonlethal")
LETHAL: Final = ("ncr_violencelethal",)
ENFORCEMENT: Final = ("ncr_arrest", "ncr_raid")
COURTS: Final = (*ENFORCEMENT, "ncr_legalaction")
YEARS: Final = (int(WINDOW[0][:4]), int(WINDOW[1][:4]))
HALVES: Final[Mapping[str, tuple[int, int]]] = {"2015-2018": (2015, 2018), "2019-2022": (2019, 2022)}

KILLED: Final = ("KAZ", "KGZ", "TJK", "UZB")
AGAINST: Final = ("COL", "MEX")
PER: Final = 100_000
RATE_ERROR: Final = 0.20
"""Of the equivalent specification: sd of the log of a country's rate, one error for all its years."""
PROVIDERS_AGREE: Final = 0.01
"""Largest relative difference between providers that pass on one measurement."""

_BOTH: Final = "all"
_SIMULATED_COUNTRY_SD: Final = 0.25
_SIMULATED_DISPERSION: Final = 0.05
_SIMULATED_CONCENTRATION: Final = 100.0
_LOG_RATIO: Final[Mapping[Side, float]] = {"true": -np.log(2), "threshold": 0.0, "false": np.log(2)}


def country_years(
    tables: Tables, violence: Sequence[str], enforcement: Sequence[str], years: tuple[int, int] = YEARS
) -> pd.DataFrame:
    """Sum articles by country and year.

    Months without a count of any of the columns are left out of both sums.

    Returns
    -------
    pandas.DataFrame
        Columns ``country``, ``group`` (a key of :data:`GROUPS`), ``year``, ``cell``, ``count`` (articles on violence),
        ``enforcement`` (articles on enforcement), ``all`` (their sum).

    Raises
    ------
    DataError
        If a country of the groups has no month in the years, or a country-year no article on enforcement.
    """
    table = lookups.table(tables, "article_counts")
    group = {country: name for name, countries in GROUPS.items() for country in countries}
    needed = [*violence, *enforcement]
    frame = table.frame[["country", "month", *needed]].dropna()
    year = pd.DatetimeIndex(frame["month"]).year
    frame = frame.assign(year=year)[(year >= years[0]) & (year <= years[1])]
    absent = [c for c in group if not (frame["country"] == c).any()]
    if absent:
        raise DataError(
            f"no month of {years[0]}-{years[1]}",
            file=table.name,
            row=absent[0],
            column=needed[0],
            remedy="Read the counts of all 20 countries: mlp.load(countries=tuple(mlp.FILES)).",
        )
    sums = frame[frame["country"].isin(list(group))].groupby(["country", "year"], as_index=False)[needed].sum()
    found = pd.DataFrame(
        {
            "country": sums["country"].astype(str),
            "group": sums["country"].map(group).astype(str),
            "year": sums["year"].astype(int),
            "cell": sums["country"].astype(str) + " " + sums["year"].astype(str),
            COUNT: sums[list(violence)].sum(axis=1).astype(float),
            "enforcement": sums[list(enforcement)].sum(axis=1).astype(float),
        }
    )
    if (found["enforcement"] <= 0).any():
        row = str(found.loc[found["enforcement"] <= 0, "cell"].iloc[0])
        remedy = "A rate per article on enforcement needs one: leave the country-year out."
        raise DataError("no article on enforcement", file=table.name, row=row, column=enforcement[0], remedy=remedy)
    return found.assign(**{_BOTH: found[COUNT] + found["enforcement"]})


def _per_enforcement(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    limit = (None, claim.threshold("rate_ratio"))
    effect = Effects("country", within="group", sd=register.prior("country_sd"))

    def source(frame: pd.DataFrame) -> str:
        years = f"{frame['year'].min()}-{frame['year'].max()}"
        return f"article counts (Machine Learning for Peace), {years}: {len(frame)} years of 20 countries"

    def counts(short: str, frame: pd.DataFrame) -> Job:
        name = f"M_C29_{short}"
        model = rates(name, register, exposure="enforcement", country="group", effects=(effect,))
        return Job(model, frame, source(frame))

    def shared(frame: pd.DataFrame) -> Job:
        model = shares("M_C29_beta_binomial", register, cell="cell", country="group")
        model = replace(model, terms=(*model.terms, replace(effect, only=(YES,))))
        return Job(model, cells(frame, COUNT, _BOTH, cell="cell"), source(frame))

    def read(reader: Reader, job: Job) -> Values:
        level, own = reader("intercept"), reader("country_effect")
        here = level.sel(group=HERE)
        found = {
            f"rate ratio, {HERE} to {other}": Measured(
                np.exp((here - level.sel(group=other)).to_numpy()), limit, log_scale=True
            )
            for other in OTHERS
        }
        of_group = {g: (level.sel(group=g) + own.sel(country=list(c))).mean("country") for g, c in GROUPS.items()}
        for other in OTHERS:
            ratio = np.exp((of_group[HERE] - of_group[other]).to_numpy())
            found[f"of the countries themselves, {HERE} to {other}"] = Measured(ratio, log_scale=True)
        for country in GROUPS[HERE]:
            rate = np.exp((here + own.sel(country=country)).to_numpy())
            found[f"violence per enforcement article, {country}"] = Measured(rate, log_scale=True)
        return found

    whole = country_years(tables, VIOLENCE, ENFORCEMENT)
    return {
        REFERENCE: Stated(counts("enforcement", whole), read),
        "with courts": Stated(counts("courts", country_years(tables, VIOLENCE, COURTS)), read),
        "lethal violence only": Stated(counts("lethal", country_years(tables, LETHAL, ENFORCEMENT)), read),
        "beta-binomial": Stated(shared(whole), read),
        **{
            label: Stated(
                counts(label.replace("-", "_"), country_years(tables, VIOLENCE, ENFORCEMENT, years)),
                read,
            )
            for label, years in HALVES.items()
        },
    }


def _per_enforcement_world(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
    """Simulate articles on violence: one a enforcement article elsewhere, half, as many or twice as many here. SIMULATED."""
    frame = job.frame
    here = np.log(claim.threshold("rate_ratio")) + _LOG_RATIO[side]
    countries = frame["country"].unique()
    own = dict(zip(countries, rng.normal(0, _SIMULATED_COUNTRY_SD, countries.size), strict=True))
    eta = np.where(frame["group"] == HERE, here, 0.0) + frame["country"].map(own).to_numpy(float)
    if ANSWER in frame:
        yes = frame[ANSWER] == YES
        total = frame.loc[yes, _BOTH].to_numpy(float)
        drawn = dict(
            zip(
                frame.loc[yes, "cell"],
                beta_binomial(rng, total, expit(eta[yes]), _SIMULATED_CONCENTRATION),
                strict=True,
            )
        )
        violent = frame["cell"].map(drawn)
        return frame.assign(**{COUNT: violent.where(yes, frame[_BOTH] - violent)})
    mean = frame["enforcement"].to_numpy(float) * np.exp(eta)
    return frame.assign(**{COUNT: negative_binomial(rng, mean, _SIMULATED_DISPERSION)})


def killed(tables: Tables, years: tuple[int, int] = YEARS) -> pd.DataFrame:
    """Return homicides by country and year, as whole numbers: published rates times population.

    Providers pass on one measurement: a country-year that has several is taken once.

    Returns
    -------
    pandas.DataFrame
        Columns ``country``, ``year``, ``count``, ``population``; country-years without a rate are not there.

    Raises
    ------
    DataError
        If providers differ by more than :data:`PROVIDERS_AGREE`, or a country-year with a rate has no population.
    """
    homicide = lookups.table(tables, "homicide")
    frame = homicide.frame
    frame = frame[frame["iso3"].isin([*KILLED, *AGAINST]) & frame["year"].between(*years)]
    by_year = frame.groupby(["iso3", "year"])["rate_per_100k"]
    apart = (by_year.max() - by_year.min()) > PROVIDERS_AGREE * by_year.max()
    if apart.any():
        country, year = apart.index[apart][0]
        remedy = "They are said to pass on one measurement: choose one, or restore the table."
        raise DataError(
            "the providers differ", file=homicide.name, row=f"{country} {year}", column="rate_per_100k", remedy=remedy
        )
    rate = by_year.mean().reset_index()
    people = lookups.population(tables, rate["iso3"], rate["year"])
    return pd.DataFrame(
        {
            "country": rate["iso3"].astype(str),
            "year": rate["year"].astype(int),
            COUNT: (rate["rate_per_100k"] * people / PER).round().astype(float),
            "population": people,
        }
    )


def _homicide(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    limit = (None, claim.threshold("rate_ratio"))

    def job(short: str, frame: pd.DataFrame) -> Job:
        model = rates(
            f"I_C29_{short}",
            register,
            exposure="population",
            exposure_unit=PER,
            country="country",
            effects=(Effects("year", sd=register.prior("year_sd")),),
        )
        span = f"{frame['year'].min()}-{frame['year'].max()}"
        countries = frame["country"].nunique()
        return Job(
            model,
            frame,
            f"UNODC homicide statistics, {span}: {len(frame)} years of {countries} countries",
            target_accept=0.98,
        )

    def read(reader: Reader, job: Job, error: float = 0.0) -> Values:
        level = reader("intercept")
        if error:
            level = level + error * norm.ppf(reader.uniform("error of the rates", level.shape))
        there = set(job.frame["country"])
        return {
            f"homicide rate ratio, {here} to {other}": Measured(
                np.exp((level.sel(country=here) - level.sel(country=other)).to_numpy()), limit, log_scale=True
            )
            for here in KILLED
            for other in AGAINST
            if here in there
        }

    whole = job("homicide", killed(tables))
    _present(whole.frame, (*KILLED, *AGAINST))
    return {
        REFERENCE: Stated(whole, read),
        **{
            label: Stated(job(f"homicide_{label.replace('-', '_')}", killed(tables, years)), read)
            for label, years in HALVES.items()
        },
        "error of the rates 20 per cent": Stated(whole, partial(read, error=RATE_ERROR)),
    }


def _present(frame: pd.DataFrame, countries: Sequence[str]) -> None:
    absent = [c for c in countries if c not in set(frame["country"])]
    if absent:
        remedy = "Restore data/reference/homicide.csv."
        raise DataError("no rate in any year", file="homicide", row=absent[0], column="rate_per_100k", remedy=remedy)


def _homicide_world(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
    """Simulate homicides: ten per 100,000 in Colombia and Mexico, half, as many or twice as many elsewhere. SIMULATED."""
    frame = job.frame
    here = claim.threshold("rate_ratio") * np.exp(_LOG_RATIO[side])
    rate: Array = np.where(frame["country"].isin(AGAINST), 10.0, 10.0 * here)
    mean = rate * frame["population"].to_numpy(float) / PER
    return frame.assign(**{COUNT: negative_binomial(rng, mean, _SIMULATED_DISPERSION)})


INQUIRIES: Final[Mapping[str, Inquiry]] = {
    "transit.violence_per_enforcement": Inquiry(
        _per_enforcement,
        _per_enforcement_world,
        assumes=("countries of a group differ by one standard deviation, the same in every group",),
    ),
    "transit.homicide": Inquiry(
        _homicide,
        _homicide_world,
        assumes=(
            "years of a country vary around its level by one dispersion; a trend of its own is part of it",
            "2015-2018 has no figure of Tajikistan: that specification compares the other three",
        ),
    ),
}
