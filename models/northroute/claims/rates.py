"""Interdiction, state violence, criminal violence and corruption by country and by region, as posterior rates side by side.

Every measure that a country or region lacks has its reason instead of a number. None of these decides a claim: the answers
do. Regions' rates are those of the regions themselves; a country's rate of a source by year is that of its typical year.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.bayes import BayesFit
from northroute.claims import article_counts
from northroute.claims import measures as of
from northroute.claims import rate_models as models
from northroute.claims.inquiries import indices, seizure_frames
from northroute.claims.inquiries import offence_tables as offences
from northroute.claims.inquiries.index_errors import measured, scored
from northroute.claims.inquiries.lookups import table
from northroute.claims.inquiries.own_numbers import own_log_rates
from northroute.claims.inquiry import Job, Reader, Tables
from northroute.claims.measures import CONSTRUCTS, Measure, Rate
from northroute.claims.register import Register
from northroute.conventions import COUNTRIES, INTERVAL_PROB
from northroute.errors import GateError, MissingDataError

PER: Final = 1e5
ARTICLE_YEARS: Final = (2015, 2022)
_NO_COUNTS: Final = "no article counts of the country"
_NO_REGISTER: Final = "no register of this kind in the bundle"
_OFFENCES: Final[Mapping[str, Measure]] = {
    "drug offences": of.DRUG_OFFENCES,
    "drug sale (297)": of.DRUG_SALE,
    "complaints": of.COMPLAINTS,
    "violent offences": of.VIOLENT,
    "corruption offences": of.CORRUPTION_OFFENCES,
}


@dataclass(frozen=True)
class Rates:
    """All rates, and why some could not be read.

    Attributes
    ----------
    countries, regions : tuple of Rate
    refused : tuple of str
        Reasons of the gate.
    """

    countries: tuple[Rate, ...]
    regions: tuple[Rate, ...]
    refused: tuple[str, ...] = ()


def read(
    tables: Tables,
    register: Register,
    jobs: Mapping[str, Job],
    fits: Mapping[str, BayesFit],
    seed: int,
) -> Rates:
    """Read every rate.

    Parameters
    ----------
    tables : mapping of str to Table
    register : Register
    jobs : mapping of str to Job
        Of :func:`northroute.claims.rate_models.jobs`.
    fits : mapping of str to BayesFit
        By name; those of article counts may be absent, and their measures then say so.
    seed : int
        Of the indices' errors.

    Raises
    ------
    MissingDataError
        If a fit of the jobs is absent.
    """
    missing = sorted(set(jobs) - set(fits))
    if missing:
        raise MissingDataError(f"No fit of {missing}; make every job first.")
    place = _Places(tables)
    refused: list[str] = []

    def held(blocks: Iterable[Callable[[], list[Rate]]]) -> Iterator[Rate]:
        for block in blocks:
            try:
                yield from block()
            except GateError as refusal:
                refused.append(str(refusal))

    def of_fit(read: Callable[[Reader, Job, _Places], list[Rate]], name: str) -> Callable[[], list[Rate]]:
        return partial(read, Reader(fits[name]), jobs[name], place)

    articles = {
        of.DRUG_ARTICLES: "articles_drug_incident",
        of.COERCION: "articles_state_violence",
        of.CRIMINAL_ARTICLES: "articles_criminal_violence",
        of.CORRUPTION_ARTICLES: models.CORRUPTION_ARTICLES,
    }
    countries = held(
        [
            of_fit(_weights, models.WEIGHTS),
            of_fit(_single, models.COUNTRY_SEIZURES),
            *(partial(_news, measure, fits.get(name), place) for measure, name in articles.items()),
            of_fit(_kazakhstan, models.OFFENCES),
            of_fit(_homicide, models.KILLED),
            partial(_indices, tables, register, seed, place),
        ]
    )
    regions = held(
        [
            of_fit(_offence_rates, models.OFFENCES),
            of_fit(partial(_panel, of.VICTIMS), models.HOMICIDE),
            of_fit(_perception, models.PERCEPTION),
            of_fit(partial(_panel, of.ALL_CRIME), models.CRIME),
            of_fit(partial(_placed, tables), models.REGION_SEIZURES),
        ]
    )
    order = {c: i for i, c in enumerate(CONSTRUCTS)}
    return Rates(
        tuple(sorted(countries, key=lambda r: order[r.measure.construct])),
        tuple(sorted(regions, key=lambda r: (list(COUNTRIES).index(r.country), order[r.measure.construct]))),
        tuple(refused),
    )


class _Places:
    """Names and countries of codes."""

    def __init__(self, tables: Tables) -> None:
        frame = table(tables, "regions").frame
        self._name = dict(zip(frame["region"], frame["name"], strict=True)) | COUNTRIES
        self._country = dict(zip(frame["region"], frame["iso3"], strict=True)) | {c: c for c in COUNTRIES}

    def rate(
        self, code: str, measure: Measure, draws: Array | None, years: tuple[int, int], source: str, note: str = ""
    ) -> Rate:
        """Summarise draws of any shape; without draws, say why."""
        if draws is None:
            return Rate(code, self._name[code], self._country[code], measure, note=note)
        tail = (1 - INTERVAL_PROB) / 2
        low, median, high = (float(q) for q in np.quantile(draws, [tail, 0.5, 1 - tail]))
        return Rate(code, self._name[code], self._country[code], measure, years, median, low, high, source, note)


def _by_country(
    place: _Places, measure: Measure, found: Mapping[str, tuple[Array, tuple[int, int], str]], source: str, absent: str
) -> list[Rate]:
    """Return a rate of every country, or the reason of its absence."""
    return [
        place.rate(c, measure, found[c][0], found[c][1], source, found[c][2])
        if c in found
        else place.rate(c, measure, None, (0, 0), "", absent)
        for c in COUNTRIES
    ]


def _years(rows: pd.DataFrame) -> tuple[int, int]:
    years = rows["year"].astype(int)
    return int(years.min()), int(years.max())


def _weights(reader: Reader, job: Job, place: _Places) -> list[Rate]:
    level, effect = reader("intercept"), reader("iso3_effect")
    rates = []
    for group, measure in (("opiates", of.OPIATES), ("others", of.OTHERS)):
        rows = job.frame[job.frame[models.GROUP] == group]
        found = {
            str(c): (
                np.exp((level.sel(group=group) + effect.sel(iso3=c, group=group)).to_numpy()),
                _years(own),
                f"{len(own)} years reported" if len(own) < 8 else "",
            )
            for c, own in rows.groupby("iso3")
        }
        rates += _by_country(place, measure, found, job.model.name, "no year reported")
    return rates


def _single(reader: Reader, job: Job, place: _Places) -> list[Rate]:
    level, effect = reader.array("intercept"), reader("iso3_effect")
    scale = PER / job.model.exposure_unit
    found = {
        str(c): (
            np.exp(level + effect.sel(iso3=c).to_numpy()) * scale,
            _years(own),
            f"{len(own)} reporting year{'s' * (len(own) > 1)}",
        )
        for c, own in job.frame.groupby("iso3")
    }
    return _by_country(place, of.SINGLE, found, job.model.name, "no year reported")


def _news(measure: Measure, fit: BayesFit | None, place: _Places) -> list[Rate]:
    if fit is None:
        return [
            place.rate(c, measure, None, (0, 0), "", "article counts were not fitted in this run") for c in COUNTRIES
        ]
    found = {c: (r, ARTICLE_YEARS, "") for c, r in article_counts.mean_rates(fit).items()}
    return _by_country(place, measure, found, fit.name, _NO_COUNTS)


def _own_offences(reader: Reader, job: Job) -> Array:
    """Return each region's own offences per 100,000, shape (chain, draw, row)."""
    return np.exp(own_log_rates(reader, job)) * models.per_100_000(job.frame)


def _kazakhstan(reader: Reader, job: Job, place: _Places) -> list[Rate]:
    own, frame, rates = _own_offences(reader, job), job.frame, []
    for kind, measure in _OFFENCES.items():
        rows = (frame[models.KIND] == kind).to_numpy()
        weight = frame.loc[rows, "population"].to_numpy(float)
        whole = (own[..., rows] * weight).sum(-1) / weight.sum()
        found = {"KAZ": (whole, (offences.YEAR, offences.YEAR), "sum of the regions")}
        rates += _by_country(place, measure, found, job.model.name, _NO_REGISTER)
    return rates


def _homicide(reader: Reader, job: Job, place: _Places) -> list[Rate]:
    """Return the mean over the window's years of a country's level and the years' common course."""
    level, year = reader("intercept"), np.exp(reader.array("year_effect")).mean(-1)
    scale = PER / job.model.exposure_unit
    found = {
        str(c): (
            np.exp(level.sel(country=c).to_numpy()) * year * scale,
            ARTICLE_YEARS,
            f"{len(own)} year{'s' * (len(own) > 1)} published, {'-'.join(dict.fromkeys(map(str, _years(own))))}",
        )
        for c, own in job.frame.groupby("country")
        if c in COUNTRIES
    }
    absent = "the one figure, of 2015, is in no fit"
    return _by_country(place, of.HOMICIDE, found, job.model.name, absent)


def _indices(tables: Tables, register: Register, seed: int, place: _Places) -> list[Rate]:
    """Return both indices with the errors and random streams of C15, so that the page has one number a country."""
    vdem, sd = table(tables, "vdem"), register.constant("index_sd")
    name = f"{register.asked('indices.two_types')[1].id} {indices.EXECUTIVE}"
    drawn = measured(indices.yearly(vdem, indices.EXECUTIVE, tuple(COUNTRIES), indices.YEARS), sd, name, seed)
    found = {c: (d, indices.YEARS, f"error of sd {sd:g} assumed") for c, d in drawn.items()}
    rates = _by_country(place, of.EXECUTIVE, found, "V-Dem v15", "not rated")
    index, sd = table(tables, "crime_index"), register.constant("expert_sd")
    scores = indices.editions(index, indices.STATE, tuple(COUNTRIES), indices.EDITIONS)
    drawn = scored(scores, sd, register.asked("indices.state_embedded")[1].id, seed)
    span = (indices.EDITIONS[0], indices.EDITIONS[-1])
    found = {c: (d, span, f"error of sd {sd:g} assumed") for c, d in drawn.items()}
    return rates + _by_country(place, of.EMBEDDED, found, "Global Organized Crime Index", "not rated")


def _offence_rates(reader: Reader, job: Job, place: _Places) -> list[Rate]:
    own, year = _own_offences(reader, job), (offences.YEAR, offences.YEAR)
    keys = zip(job.frame["region"], job.frame[models.KIND], strict=True)
    return [
        place.rate(str(region), _OFFENCES[str(kind)], own[..., i], year, job.model.name)
        for i, (region, kind) in enumerate(keys)
    ]


def _panel(measure: Measure, reader: Reader, job: Job, place: _Places) -> list[Rate]:
    """Return the mean over years of a region's level and the years' common course."""
    level = reader.array("intercept")
    year = np.exp(reader.array("year_effect")).mean(-1)
    effect, scale = reader("region_effect"), PER / job.model.exposure_unit
    return [
        place.rate(
            str(region),
            measure,
            np.exp(level + effect.sel(region=region).to_numpy()) * year * scale,
            _years(job.frame),
            job.model.name,
        )
        for region in job.frame["region"].drop_duplicates()
    ]


def _perception(reader: Reader, job: Job, place: _Places) -> list[Rate]:
    frame = job.frame
    centre, scale = float(frame["centre"].iloc[0]), float(frame["scale"].iloc[0])
    level = reader.array("intercept") + reader.array("year_effect").mean(-1)
    effect = reader("region_effect")
    return [
        place.rate(
            str(region),
            of.PERCEPTION,
            centre + scale * (level + effect.sel(region=region).to_numpy()),
            _years(frame),
            job.model.name,
        )
        for region in frame["region"].drop_duplicates()
    ]


def _placed(tables: Tables, reader: Reader, job: Job, place: _Places) -> list[Rate]:
    frame = job.frame
    years = {str(c): _years(own) for c, own in models.single_frame(tables).groupby("iso3")}
    people = table(tables, "region_population").frame
    recalled = set(people.loc[people["status"] == "recalled", "region"])
    own = np.exp(own_log_rates(reader, job)) * PER / seizure_frames.PEOPLE
    rates = []
    columns = ("region", "iso3", "years", "unplaced")
    for i, (region, iso3, n, unplaced) in enumerate(zip(*(frame[c].tolist() for c in columns), strict=True)):
        note = f"{n} reporting year{'s' * (n > 1)}; {unplaced:.0f} of the country's seizures not placed"
        note += "; population recalled from memory, not seen at a source" if region in recalled else ""
        rates.append(place.rate(region, of.SINGLE, own[..., i], years[iso3], job.model.name, note))
    return rates
