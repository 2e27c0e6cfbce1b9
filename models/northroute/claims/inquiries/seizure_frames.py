"""Placed seizures as frames: one row a region, summed over the years in which its country reports.

A country-year with a record reported; one without is unobserved and adds no exposure. A region of a reporting country
without a record has a count of zero. What a country could not place stands in every row of it, for the readings.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from northroute.claims.inquiries.models import COUNT
from northroute.claims.inquiry import Tables
from northroute.claims.register import Question
from northroute.errors import ModelError
from northroute.sources import placed_seizures, region_population

EXPOSURE: Final = "person_years"
PEOPLE: Final = 2e5
"""Rates are per this many inhabitants and year; they are near one."""
INSIDE: Final = "inside"
OPIATES: Final = ("heroin", "opium")
SPLIT: Final = "KZ-YUZ"
"""Its population includes Shymkent's in years before they were counted apart; those figures are left out."""


def by_region(tables: Tables, question: Question, drugs: Sequence[str] = placed_seizures.DRUGS) -> pd.DataFrame:
    """Return seizures by region of the question's countries, over the reporting years among its own.

    Parameters
    ----------
    tables : mapping of str to Table
        ``placed_seizures``, ``regions`` (first-level) and ``region_population``.
    question : Question
    drugs : sequence of str
        Groups of drugs that are summed.

    Returns
    -------
    pandas.DataFrame
        The region table's columns, and ``count`` (records), ``n_weighed`` (records with a weight), ``kg``,
        ``person_years`` (population summed over reporting years), ``years`` (how many), and of the country ``unplaced``
        (records) and ``unplaced_kg``.

    Raises
    ------
    ModelError
        If a country has no reporting year, or a region no population.
    """
    seizures = tables["placed_seizures"].frame
    seizures = seizures[seizures["iso3"].isin(question.countries) & seizures["year"].between(*question.years)]
    pairs = placed_seizures.reporting(seizures)
    silent = [c for c in question.countries if c not in set(pairs["iso3"])]
    if silent:
        raise ModelError(f"{question.id}: no reported seizure of {silent} in {question.years[0]}-{question.years[1]}.")
    places = tables["regions"].frame
    places = places[places["iso3"].isin(question.countries)].reset_index(drop=True)
    kept = seizures[seizures["drug"].isin(list(drugs))]
    sums = kept.groupby("region")[["n", "n_weighed", "kg"]].sum().reindex(places["region"]).fillna(0.0)
    if int(sums["n"].sum()) != int(kept["n"][kept["region"].notna()].sum()):
        unknown = sorted(set(kept["region"].dropna()) - set(places["region"]))
        raise ModelError(f"{question.id}: seizures in regions that the region table lacks: {unknown[:5]}.")
    nowhere = kept[kept["region"].isna()].groupby("iso3")[["n", "kg"]].sum()
    people = person_years(tables["region_population"].frame, places[["region", "iso3"]], pairs)
    return places.assign(
        **{COUNT: sums["n"].to_numpy(float), EXPOSURE: people.loc[places["region"]].to_numpy(float)},
        n_weighed=sums["n_weighed"].to_numpy(float),
        kg=sums["kg"].to_numpy(float),
        years=places["iso3"].map(pairs.groupby("iso3").size()).to_numpy(int),
        unplaced=places["iso3"].map(nowhere["n"]).fillna(0.0).to_numpy(float),
        unplaced_kg=places["iso3"].map(nowhere["kg"]).fillna(0.0).to_numpy(float),
    )


def person_years(population: pd.DataFrame, places: pd.DataFrame, pairs: pd.DataFrame) -> "pd.Series[float]":
    """Return each region's population summed over the reporting years of its country.

    A year without a figure has that of the nearest year with one (the earlier of two).

    Parameters
    ----------
    population : pandas.DataFrame
        Columns ``region``, ``year``, ``population``.
    places : pandas.DataFrame
        Columns ``region``, ``iso3``.
    pairs : pandas.DataFrame
        Columns ``iso3``, ``year``: the reporting years.

    Raises
    ------
    ModelError
        If a region has no figure.
    """
    together = (population["region"] == SPLIT) & (population["year"] < region_population.APART_FROM)
    known = population[~together]
    found: dict[str, float] = {}
    for region, iso3 in zip(places["region"].tolist(), places["iso3"].tolist(), strict=True):
        own = known[known["region"] == region].sort_values("year")
        if own.empty:
            raise ModelError(f"No population of {region}, whose seizures are to be counted per inhabitant.")
        have = own["year"].to_numpy()
        asked = pairs["year"][pairs["iso3"] == iso3].to_numpy()
        nearest = np.abs(asked[:, None] - have).argmin(axis=1)
        found[region] = float(own["population"].to_numpy(float)[nearest].sum())
    return pd.Series(found, dtype=float)


def words(frame: pd.DataFrame, drugs: str = "seizures") -> str:
    """Return the data in words, for the page."""
    by = frame.drop_duplicates("iso3")
    reported = ", ".join(f"{c} {y}" for c, y in zip(by["iso3"], by["years"], strict=True))
    return (
        f"UNODC individual drug seizures: {frame[COUNT].sum():.0f} {drugs} placed in {len(frame)} regions and "
        f"{by['unplaced'].sum():.0f} of their countries without a place; reporting years: {reported}"
    )
