"""Whether violence and crime are more frequent where people live densely: C05, Kazakhstan with Kyrgyzstan, and Uzbekistan.

The model has the rate per inhabitant, with coefficient b of log density. Without the offset of population the coefficient
is b + s, where s is the slope of log population on log density over the same regions: the log of a region's count is its
log rate plus its log population, and a least-squares slope of a sum is the sum of the slopes. Nothing else is fitted.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from northroute.bayes import Model
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.claims.inquiries import offence_tables as offences
from northroute.claims.inquiries.models import COUNT, standardised
from northroute.claims.inquiries.own_numbers import own_log_rates
from northroute.claims.inquiry import (
    REFERENCE,
    Array,
    Inquiry,
    Job,
    Measured,
    Reader,
    Reading,
    Side,
    Stated,
    Tables,
    Values,
    World,
)
from northroute.claims.region_events import within_coefficient
from northroute.claims.register import Claim, Register
from northroute.errors import DataError
from northroute.sources import Table

SERIES, DENSITY, X = "series", "log_density", "density"
KZ_VIOLENCE, KZ_STATE, KG = "violent offences, Kazakhstan", "complaints of abuse, Kazakhstan", "homicide, Kyrgyzstan"
KZ_NO_ROBBERY: Final = "violent offences without open robbery (191), Kazakhstan"
UZ: Final = "registered crime, Uzbekistan"
KG_YEARS: Final = range(2014, 2023)
UZ_YEARS: Final = range(2015, 2023)
KG_POPULATION_YEAR: Final = 2020
_KZ_REGION: Final = "kazakh_region"
_POPULATION: Final = "population"
_OWN: Final = "coefficient of the regions themselves"
_COLUMNS: Final = ("series", "region", "year", COUNT, _POPULATION, DENSITY, "city")


def _places(tables: Tables, iso3: str) -> pd.DataFrame:
    frame = offences.table(tables, "regions").frame
    return frame[frame["iso3"] == iso3].set_index("region").sort_index()


def _people(tables: Tables, names: "pd.Index[str]", years: Sequence[int]) -> pd.DataFrame:
    """Return population, regions by year."""
    people = offences.table(tables, "region_population")
    wide = people.frame.pivot(index="region", columns="year", values="population").reindex(names)
    for year in years:
        if year not in wide or wide[year].isna().any():
            row = str(names[0] if year not in wide else wide.index[wide[year].isna()][0])
            raise DataError(
                f"there is no population of {year}",
                file=people.name,
                row=row,
                column="population",
                remedy="Restore data/reference/region_population.csv, or ask for other years.",
            )
    return wide[list(years)].astype(float)


def _complete(table: Table, wide: pd.DataFrame, years: Sequence[int], what: str) -> None:
    for year in years:
        if year not in wide or wide[year].isna().any():
            row = str(wide.index[0] if year not in wide else wide.index[wide[year].isna()][0])
            raise DataError(
                f"{what} of {year} is missing", file=table.name, row=row, column="year", remedy="Restore its lines."
            )


def kazakh(tables: Tables, articles: Sequence[str], series: str) -> pd.DataFrame:
    """Return one row a region of Kazakhstan, 2022."""
    frame = offences.counted(tables, articles)
    return frame.assign(series=series, year=str(offences.YEAR), **{DENSITY: np.log(frame["density"])})[list(_COLUMNS)]


def kyrgyz(tables: Tables, years: Sequence[int] = KG_YEARS) -> pd.DataFrame:
    """Return homicide victims, one row a region and year; people and density are those of 2020 in every year.

    There is no earlier figure, and later ones break with the census of 2022. What grew everywhere alike is in the years'
    effects.

    Raises
    ------
    DataError
        If a region lacks a year.
    """
    source = offences.table(tables, "kg_regions")
    places = _places(tables, "KGZ")
    rows = source.frame[(source.frame["series"] == "homicide_victims") & source.frame["region"].isin(places.index)]
    wide = rows.pivot(index="region", columns="year", values="value").reindex(places.index)
    _complete(source, wide, years, "homicide_victims")
    people = _people(tables, places.index, [KG_POPULATION_YEAR])[KG_POPULATION_YEAR]
    density = np.log((people / places["area_km2"]).to_numpy(float))
    parts = [
        pd.DataFrame(
            {
                "series": KG,
                "region": places.index,
                "year": str(year),
                COUNT: wide[year].to_numpy(float),
                _POPULATION: people.to_numpy(float),
                DENSITY: density,
                "city": places["city"].to_numpy(float),
            }
        )
        for year in years
    ]
    return pd.concat(parts, ignore_index=True)


def uzbek(tables: Tables, years: Sequence[int] = UZ_YEARS) -> pd.DataFrame:
    """Return registered crimes of Uzbekistan, one row a region and year; density is the geometric mean of the years.

    Raises
    ------
    DataError
        If a region lacks a year.
    """
    source = offences.table(tables, "uz_regions")
    places = _places(tables, "UZB")
    rows = source.frame[source.frame["region"].isin(places.index)]
    crimes = rows.pivot(index="region", columns="year", values="registered_crimes").reindex(places.index)
    density = rows.pivot(index="region", columns="year", values="density").reindex(places.index)
    _complete(source, crimes, years, "registered_crimes")
    _complete(source, density, years, "density")
    people = _people(tables, places.index, years)
    mean = np.log(density[list(years)].to_numpy(float)).mean(axis=1)
    parts = [
        pd.DataFrame(
            {
                "series": UZ,
                "region": places.index,
                "year": str(year),
                COUNT: crimes[year].to_numpy(float),
                _POPULATION: people[year].to_numpy(float),
                DENSITY: mean,
                "city": places["city"].to_numpy(float),
            }
        )
        for year in years
    ]
    return pd.concat(parts, ignore_index=True)


def scaled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with log density standardised within each series, as ``density``, and columns of groups."""
    parts = []
    for _, rows in frame.groupby("series", sort=False):
        one = rows.drop_duplicates("region").set_index("region")[DENSITY]
        value = pd.Series(standardised(one), index=one.index)
        parts.append(rows.assign(**{X: rows["region"].map(value).to_numpy(float)}))
    out = pd.concat(parts, ignore_index=True)
    return out.assign(**{_KZ_REGION: out["region"]})


def regional(frame: pd.DataFrame, series: str) -> pd.DataFrame:
    """Return one row a region of a series: log density, and log of mean population."""
    rows = frame[frame["series"] == series]
    grouped = rows.groupby("region", sort=False)
    return pd.DataFrame({DENSITY: grouped[DENSITY].first(), "log_population": np.log(grouped[_POPULATION].mean())})


def population_slope(frame: pd.DataFrame, series: str) -> float:
    """Return the least-squares slope of log population on log density over a series' regions."""
    one = regional(frame, series)
    return float(_slope(one["log_population"].to_numpy(float), one[DENSITY].to_numpy(float)))


def _slope(y: Array, x: Array) -> Array:
    return within_coefficient(y, x, np.zeros(len(x)))


def expected_coefficient(reader: Reader, job: Job, series: str) -> Array:
    """Return the coefficient per unit of log density of regions like these."""
    scale = regional(job.frame, series)[DENSITY].to_numpy(float).std()
    slope = reader("slope").sel(covariate=X, series=series).to_numpy()
    return np.asarray(slope / scale)


def own_coefficient(reader: Reader, job: Job, series: str) -> Array:
    """Return the least-squares coefficient over the regions' own log rates: the mean of a region's years."""
    own = own_log_rates(reader, job)
    rows = (job.frame["series"] == series).to_numpy()
    regions = job.frame.loc[rows, "region"].to_numpy()
    one = regional(job.frame, series)
    means = np.stack([own[..., rows][..., regions == r].mean(-1) for r in one.index], axis=-1)
    return _slope(means, one[DENSITY].to_numpy(float))


def _read(claim: Claim, decisive: Sequence[str], beside: Sequence[str], *, own: bool = False) -> Reading:
    """Read the coefficients per inhabitant and without the offset; those of ``decisive`` series decide."""
    above = (claim.threshold("coefficient"), None)

    def read(reader: Reader, job: Job) -> Values:
        found: Values = {}
        for series in (*decisive, *beside):
            b = (own_coefficient if own else expected_coefficient)(reader, job, series)
            region = above if series in decisive else (None, None)
            found[f"{series}, per inhabitant, on log density"] = Measured(b, region)
            found[f"{series}, without the offset"] = Measured(b + population_slope(job.frame, series), region)
        return found

    return read


def _model(name: str, register: Register, frame: pd.DataFrame, panel: str, poisson: str | None = None) -> Model:
    """Return the model of several series, the panel's with effects of regions and years.

    Counts are negative binomial, or Poisson where ``poisson`` names the other series: its regions get normal effects.
    """
    terms: list[Intercept | Linear | Effects] = [
        Intercept(register.prior("level"), by=SERIES),
        Linear((X,), register.prior("slope"), by=SERIES),
        Effects("region", only=(panel,), sd=register.prior("region_sd")),
        Effects("year", only=(panel,), sd=register.prior("year_sd")),
    ]
    if poisson is not None:
        terms.append(Effects(_KZ_REGION, only=(poisson,), sd=register.prior("region_sd")))
    return Model(
        name,
        COUNT,
        dist.NegativeBinomial(register.prior("root_dispersion")) if poisson is None else dist.Poisson(),
        tuple(terms),
        exposure=_POPULATION,
        exposure_unit=offences.unit(frame),
        response=SERIES,
    )


def _violence(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C05, Kazakhstan and Kyrgyzstan."""
    kz = [
        kazakh(tables, offences.VIOLENT, KZ_VIOLENCE),
        kazakh(tables, (*offences.COMPLAINTS, "415"), KZ_STATE),
        kazakh(tables, offences.without(offences.VIOLENT, offences.OPEN_ROBBERY), KZ_NO_ROBBERY),
    ]

    def job(short: str, panel: pd.DataFrame, *, cities: bool = True, poisson: bool = False) -> Job:
        frame = pd.concat([*(kz[:1] if poisson else kz), panel], ignore_index=True)
        frame = scaled(frame if cities else frame[frame["city"] == 0].reset_index(drop=True))
        count = frame.groupby("series", sort=False)[COUNT].sum()
        source = f"{offences.FORM}, and homicide victims, Kyrgyzstan {panel['year'].min()}-{panel['year'].max()}: "
        source += ", ".join(f"{n:.0f} {s}" for s, n in count.items())
        model = _model(f"O_C05_{short}", register, frame, KG, poisson=KZ_VIOLENCE if poisson else None)
        return Job(model, frame, source, target_accept=0.95)

    reference = job("violence", kyrgyz(tables))
    read = _read(claim, (KZ_VIOLENCE, KG), (KZ_STATE, KZ_NO_ROBBERY))
    later = kyrgyz(tables, [y for y in KG_YEARS if y not in (2014, 2020)])
    return {
        REFERENCE: Stated(reference, read),
        "poisson with region effects": Stated(
            job("violence_poisson", kyrgyz(tables), poisson=True), _read(claim, (KZ_VIOLENCE, KG), ())
        ),
        _OWN: Stated(reference, _read(claim, (KZ_VIOLENCE, KG), (KZ_STATE, KZ_NO_ROBBERY), own=True)),
        "without cities of a region's rank": Stated(job("violence_no_cities", kyrgyz(tables), cities=False), read),
        "homicide from 2015, without 2020": Stated(job("violence_later", later), read),
    }


def _all_crime(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C05, Uzbekistan."""

    def job(short: str, years: Sequence[int] = UZ_YEARS, *, cities: bool = True) -> Job:
        frame = uzbek(tables, years)
        frame = scaled(frame if cities else frame[frame["city"] == 0].reset_index(drop=True))
        source = f"registered crimes, Uzbekistan {years[0]}-{years[-1]}: {frame[COUNT].sum():.0f} in "
        source += f"{frame['region'].nunique()} regions"
        return Job(_model(f"O_C05_{short}", register, frame, UZ), frame, source, target_accept=0.95)

    reference, read = job("crime"), _read(claim, (UZ,), ())
    return {
        REFERENCE: Stated(reference, read),
        _OWN: Stated(reference, _read(claim, (UZ,), (), own=True)),
        "without Tashkent city": Stated(job("crime_no_tashkent", cities=False), read),
        "2015-2018": Stated(job("crime_2015", range(2015, 2019)), read),
        "2019-2022": Stated(job("crime_2019", range(2019, 2023)), read),
    }


def _world(turning: str, others: float, region_sd: float, dispersion: float) -> World:
    """Return worlds whose coefficients are known, per standard deviation of log density.

    At the threshold one series' rate per inhabitant does not depend on density, and the others' rates grow with it. When
    the claim is false none grows, with or without the offset.
    """

    def world(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
        parts = []
        for series, rows in job.frame.groupby("series", sort=False):
            known = {"true": others, "false": -others, "threshold": 0.0 if series == turning else others}[side]
            names, years = rows["region"].unique(), rows["year"].unique()
            here = dict(zip(names, _orthogonal(rng, rows, region_sd), strict=True)) if len(years) > 1 else {}
            now = dict(zip(years, rng.normal(0, 0.2, len(years)), strict=True))
            shift = rows["region"].map(here).fillna(0.0) + rows["year"].map(now)
            log_ratio = (known * rows[X] + shift).to_numpy(float)
            part = Job(job.model, rows, job.source)
            parts.append(offences.simulated_counts(part, rng, log_ratio, dispersion))
        return pd.concat(parts)

    return world


def _orthogonal(rng: np.random.Generator, rows: pd.DataFrame, sd: float) -> Array:
    """Draw effects of regions that have no slope on density, so that the coefficient is that of these regions too."""
    x = rows.drop_duplicates("region")[X].to_numpy(float)
    raw = rng.normal(0, sd, len(x))
    return np.asarray(raw - raw.mean() - x * (raw @ x) / (x @ x))


INQUIRIES: Final[Mapping[str, Inquiry]] = {
    "density.violence": Inquiry(
        _violence,
        _world(KZ_VIOLENCE, 0.6, 0.25, 0.08),
        (
            "density is that of 2022 in Kazakhstan, of 2020 in Kyrgyzstan, whose population of 2020 stands for every year",
            "the coefficient without the offset adds the slope of log population on log density of the regions in hand",
            "open robbery (191) is counted whole: the form does not tell it with violence from it without",
        ),
    ),
    "density.all_crime": Inquiry(
        _all_crime,
        _world(UZ, 0.6, 0.3, 0.02),
        (
            "density is the mean of the years; crimes that the agency placed in no region are left out",
            "the coefficient without the offset adds the slope of log population on log density of the regions in hand",
        ),
    ),
}
