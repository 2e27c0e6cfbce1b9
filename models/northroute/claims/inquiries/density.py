"""Whether violence and crime are more frequent where people live densely: C05, Kazakhstan with Kyrgyzstan, and Uzbekistan.

The model has the rate per inhabitant, with coefficient b of log density. Without the offset of population the coefficient
is b + s, where s is the slope of log population on log density over the same regions: the log of a region's count is its
log rate plus its log population, and a least-squares slope of a sum is the sum of the slopes. Nothing else is fitted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.bayes import Model
from northroute.bayes.statement import distributions as dist
from northroute.bayes.terms import Effects, Intercept, Linear
from northroute.claims.inquiries import offence_tables as offences
from northroute.claims.inquiries.lookups import by_year, regional_population, table
from northroute.claims.inquiries.models import COUNT, standardised
from northroute.claims.inquiries.own_numbers import own_log_rates
from northroute.claims.inquiry import REFERENCE, Inquiry, Job, Measured, Reader, Side, Stated, Tables, Values
from northroute.claims.region_events import within_coefficient
from northroute.claims.register import Claim, Register

SERIES, DENSITY, X = "series", "log_density", "density"
KZ_VIOLENCE, KZ_STATE, KG = "violent offences, Kazakhstan", "complaints of abuse, Kazakhstan", "homicide, Kyrgyzstan"
KZ_NO_ROBBERY: Final = "violent offences without open robbery (191), Kazakhstan"
UZ: Final = "registered crime, Uzbekistan"
KG_YEARS: Final = range(2014, 2023)
UZ_YEARS: Final = range(2015, 2023)
KG_POPULATION_YEAR: Final = 2020
_KZ_REGION: Final = "kazakh_region"
_POPULATION: Final = "population"
_FAR: Final = 0.6
"""Log rate per standard deviation of log density in simulated worlds in which the claim is clearly true."""
_OWN: Final = "coefficient of the regions themselves"
_COLUMNS: Final = ("series", "region", "year", COUNT, _POPULATION, DENSITY, "city")


def _places(tables: Tables, iso3: str) -> pd.DataFrame:
    frame = table(tables, "regions").frame
    return frame[frame["iso3"] == iso3].set_index("region").sort_index()


def _by_year(
    tables: Tables, name: str, iso3: str, column: str, years: Sequence[int], series: str = ""
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the regions of a country, and a column of a source by region and year."""
    source, places = table(tables, name), _places(tables, iso3)
    rows = source.frame[source.frame["region"].isin(places.index)]
    rows = rows[rows["series"] == series] if series else rows
    return places, by_year(source, rows, column, places.index, years, series or column)


def _panel(
    series: str, places: pd.DataFrame, counts: pd.DataFrame, people: pd.DataFrame, log_density: Array
) -> pd.DataFrame:
    """Return one row a region and year; people of one year stand for every year."""
    parts = [
        pd.DataFrame(
            {
                "series": series,
                "region": places.index,
                "year": str(year),
                COUNT: counts[year].to_numpy(float),
                _POPULATION: people.get(year, people.iloc[:, 0]).to_numpy(float),
                DENSITY: log_density,
                "city": places["city"].to_numpy(float),
            }
        )
        for year in counts.columns
    ]
    return pd.concat(parts, ignore_index=True)


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
    places, victims = _by_year(tables, "kg_regions", "KGZ", "value", years, "homicide_victims")
    people = regional_population(tables, places.index, [KG_POPULATION_YEAR])
    density = np.log((people[KG_POPULATION_YEAR] / places["area_km2"]).to_numpy(float))
    return _panel(KG, places, victims, people, density)


def uzbek(tables: Tables, years: Sequence[int] = UZ_YEARS) -> pd.DataFrame:
    """Return registered crimes of Uzbekistan, one row a region and year; density is the geometric mean of the years.

    Raises
    ------
    DataError
        If a region lacks a year.
    """
    places, crimes = _by_year(tables, "uz_regions", "UZB", "registered_crimes", years)
    _, density = _by_year(tables, "uz_regions", "UZB", "density", years)
    people = regional_population(tables, places.index, years)
    return _panel(UZ, places, crimes, people, np.log(density.to_numpy(float)).mean(axis=1))


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


def _read(
    claim: Claim, decisive: Sequence[str], beside: Sequence[str], reader: Reader, job: Job, *, own: bool = False
) -> Values:
    """Read the coefficients per inhabitant and without the offset; those of ``decisive`` series decide."""
    above, found = (claim.threshold("coefficient"), None), Values()
    for series in (*decisive, *beside):
        b = (own_coefficient if own else expected_coefficient)(reader, job, series)
        region = above if series in decisive else (None, None)
        found[f"{series}, per inhabitant, on log density"] = Measured(b, region)
        found[f"{series}, without the offset"] = Measured(b + population_slope(job.frame, series), region)
    return found


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
    read = partial(_read, claim, (KZ_VIOLENCE, KG), (KZ_STATE, KZ_NO_ROBBERY))
    later = kyrgyz(tables, [y for y in KG_YEARS if y not in (2014, 2020)])
    return {
        REFERENCE: Stated(reference, read),
        "poisson with region effects": Stated(
            job("violence_poisson", kyrgyz(tables), poisson=True), partial(_read, claim, (KZ_VIOLENCE, KG), ())
        ),
        _OWN: Stated(reference, partial(_read, claim, (KZ_VIOLENCE, KG), (KZ_STATE, KZ_NO_ROBBERY), own=True)),
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

    reference, read = job("crime"), partial(_read, claim, (UZ,), ())
    return {
        REFERENCE: Stated(reference, read),
        _OWN: Stated(reference, partial(_read, claim, (UZ,), (), own=True)),
        "without Tashkent city": Stated(job("crime_no_tashkent", cities=False), read),
        "2015-2018": Stated(job("crime_2015", range(2015, 2019)), read),
        "2019-2022": Stated(job("crime_2019", range(2019, 2023)), read),
    }


def _world(
    turning: str, region_sd: float, dispersion: float, job: Job, claim: Claim, side: Side, rng: np.random.Generator
) -> pd.DataFrame:
    """Simulate known coefficients per standard deviation of log density.

    At the threshold one series' rate per inhabitant does not depend on density, and the others' rates grow with it. When
    the claim is false none grows, with or without the offset.
    """
    parts = []
    for series, rows in job.frame.groupby("series", sort=False):
        known = {"true": _FAR, "false": -_FAR, "threshold": 0.0 if series == turning else _FAR}[side]
        names, years = rows["region"].unique(), rows["year"].unique()
        here = dict(zip(names, _orthogonal(rng, rows, region_sd), strict=True)) if len(years) > 1 else {}
        now = dict(zip(years, rng.normal(0, 0.2, len(years)), strict=True))
        shift = rows["region"].map(here).fillna(0.0) + rows["year"].map(now)
        log_ratio = (known * rows[X] + shift).to_numpy(float)
        parts.append(offences.simulated_counts(replace(job, frame=rows), rng, log_ratio, dispersion))
    return pd.concat(parts)


def _orthogonal(rng: np.random.Generator, rows: pd.DataFrame, sd: float) -> Array:
    """Draw effects of regions that have no slope on density, so that the coefficient is that of these regions too."""
    x = rows.drop_duplicates("region")[X].to_numpy(float)
    raw = rng.normal(0, sd, len(x))
    return np.asarray(raw - raw.mean() - x * (raw @ x) / (x @ x))


INQUIRIES: Final[Mapping[str, Inquiry]] = {
    "density.violence": Inquiry(
        _violence,
        partial(_world, KZ_VIOLENCE, 0.25, 0.08),
        (
            "density is that of 2022 in Kazakhstan, of 2020 in Kyrgyzstan, whose population of 2020 stands for every year",
            "the coefficient without the offset adds the slope of log population on log density of the regions in hand",
            "open robbery (191) is counted whole: the form does not tell it with violence from it without",
        ),
    ),
    "density.all_crime": Inquiry(
        _all_crime,
        partial(_world, UZ, 0.3, 0.02),
        (
            "density is the mean of the years; crimes that the agency placed in no region are left out",
            "the coefficient without the offset adds the slope of log population on log density of the regions in hand",
        ),
    ),
}
