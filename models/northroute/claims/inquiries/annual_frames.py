r"""Annual seizures as frames: log weights and log ratios of weights, with what is known of their errors.

An absent row was not reported and is no zero. Three things are known of a figure's error. Later editions print 2018 and 2019
in whole kilograms: where an earlier edition's figure rounds to the later one it is taken instead, and a rounded figure is
uniform within half a kilogram, so that a printed zero is a weight between none and a half: the logarithm of a uniform number
on :math:`(a, b)` has mean :math:`(b\log b - a\log a)/(b - a) - 1`, which for a zero is :math:`\log(1/2) - 1`, with standard
deviation one. Editions differ: the root mean square of the logarithm of a later over an earlier figure, over all pairs of
successive editions, is each figure's standard deviation of revision.
"""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import pandas as pd
from scipy.special import logit, xlogy

from northroute.arrays import Array
from northroute.claims.inquiry import Tables
from northroute.claims.register import Question
from northroute.errors import ModelError
from northroute.sources import annual_seizures

Edition = Literal["latest", "earliest"]
VALUE: Final = "value"
KNOWN: Final = "known_sd"
OPIATES: Final = ("heroin", "opium")
_KEY: Final = ["iso3", "year", "drug"]
_ROUNDED: Final = (2018, 2019)
_HALF: Final = 0.5
_SHARED: Final = 0.9
"""Of the variance of an index's error, what a country's years have in common."""


def figures(frame: pd.DataFrame, edition: Edition = "latest") -> pd.DataFrame:
    """Return one figure a country, year and drug.

    Parameters
    ----------
    frame : pandas.DataFrame
        Of :func:`northroute.sources.annual_seizures.load`.
    edition : {"latest", "earliest"}

    Returns
    -------
    pandas.DataFrame
        Columns ``iso3``, ``year``, ``drug``, ``kg``, and ``within``, by how much rounding may have moved it.
    """
    ordered = frame.sort_values([*_KEY, "edition"])
    ordered = ordered.assign(first=ordered.groupby(_KEY)["kg"].transform("first"))
    kept = ordered.drop_duplicates(_KEY, keep="last" if edition == "latest" else "first")
    finer = kept["first"].to_numpy(float)
    kg = kept["kg"].to_numpy(float)
    rounded = kept["year"].isin(_ROUNDED).to_numpy() & (kept["edition"].to_numpy() > 2021) & (kg == np.round(kg))
    same = rounded & (finer != np.round(finer)) & (np.abs(finer - kg) <= _HALF)
    within = np.where(rounded & ~same, _HALF, 0.0)
    return kept[_KEY].assign(kg=np.where(same, finer, kg), within=within).reset_index(drop=True)


def revision_sd(frame: pd.DataFrame, countries: Sequence[str], drugs: Sequence[str]) -> float:
    """Return the standard deviation of the logarithm of a revision, over successive editions of the figures named.

    Raises
    ------
    ModelError
        If no figure stands in two editions.
    """
    pairs = annual_seizures.revisions(frame[frame["iso3"].isin(list(countries)) & frame["drug"].isin(list(drugs))])
    ratio = pairs["log_ratio"].dropna().to_numpy(float)
    if not ratio.size:
        raise ModelError(f"No figure of {list(drugs)} stands in two editions; how they are revised is unknown.")
    return float(np.sqrt((ratio**2).mean()))


def log_uniform(low: Array, high: Array) -> tuple[Array, Array]:
    """Return mean and standard deviation of the logarithm of uniform numbers between ``low`` >= 0 and ``high``.

    Raises
    ------
    ModelError
        If an interval is negative, or holds nothing but zero.
    """
    if (low < 0).any() or (high <= 0).any() or (high < low).any():
        raise ModelError("A weight of zero has no logarithm; leave the row out, or say within what it was rounded.")
    width = high - low
    narrow = width < 1e-6 * high
    safe = np.where(narrow, 1.0, width)
    mean = (xlogy(high, high) - xlogy(low, low)) / safe - 1
    square = _square(high) - _square(low)
    variance = np.maximum(square / safe - mean**2, 0.0)
    return np.where(narrow, np.log(high), mean), np.where(narrow, 0.0, np.sqrt(variance))


def _square(x: Array) -> Array:
    """Antiderivative of the square of the logarithm."""
    log = np.log(np.where(x > 0, x, 1.0))
    return np.where(x > 0, x * (log**2 - 2 * log + 2), 0.0)


def amounts(
    found: pd.DataFrame, countries: Sequence[str], years: tuple[int, int], drugs: Sequence[str]
) -> pd.DataFrame:
    """Return the log of the kilograms of some drugs together by country and year, where any of them is reported.

    Returns
    -------
    pandas.DataFrame
        Index ``iso3`` and ``year``; columns ``kg``, ``log_kg`` and ``log_sd`` (rounding alone).
    """
    kept = found[found["iso3"].isin(list(countries)) & found["year"].between(*years) & found["drug"].isin(list(drugs))]
    kept = kept.assign(square=kept["within"] ** 2)
    sums = kept.groupby(["iso3", "year"])[["kg", "square"]].sum()
    kg, half = sums["kg"].to_numpy(float), np.sqrt(sums["square"].to_numpy(float))
    mean, sd = log_uniform(np.maximum(kg - half, 0.0), kg + half)
    return pd.DataFrame({"kg": kg, "log_kg": mean, "log_sd": sd}, index=sums.index)


def log_ratio(above: pd.DataFrame, below: pd.DataFrame, revision: float) -> pd.DataFrame:
    """Return the log ratio of two frames of :func:`amounts` where both are reported.

    Returns
    -------
    pandas.DataFrame
        Columns ``iso3``, ``year``, ``value`` and ``known_sd`` (rounding and revision of both).

    Raises
    ------
    ModelError
        If no country-year reports both.
    """
    both = above.add_suffix("_above").join(below.add_suffix("_below"), how="inner")
    if both.empty:
        raise ModelError("No country and year reports both kinds of drugs.")
    known = np.sqrt(both["log_sd_above"] ** 2 + both["log_sd_below"] ** 2 + 2 * revision**2)
    return pd.DataFrame({VALUE: both["log_kg_above"] - both["log_kg_below"], KNOWN: known}).reset_index()


def opium_to_heroin(
    tables: Tables,
    asked: Question,
    *,
    edition: Edition = "latest",
    years: tuple[int, int] | None = None,
    others: bool = False,
) -> pd.DataFrame:
    """Return the log ratio of opium, or of all drugs but heroin, to heroin by country-year that reports both."""
    frame = tables["annual_seizures"].frame
    found, span = figures(frame, edition), years or asked.years
    above = tuple(d for d in annual_seizures.DRUGS if d != "heroin") if others else ("opium",)
    revision = revision_sd(frame, asked.countries, OPIATES)
    more, heroin = (amounts(found, asked.countries, span, drugs) for drugs in (above, ("heroin",)))
    return log_ratio(more, heroin, revision)


def with_index(ratios: pd.DataFrame, vdem: pd.DataFrame, column: str, index_sd: float) -> pd.DataFrame:
    r"""Add an index on the logit scale, standardised over the rows, as a country's level and the course of its years.

    The error :math:`\tau` of the index x is :math:`\tau / (x (1 - x))` on the logit scale (delta method), so no true index
    leaves 0 to 1. The coders of a country are the same in most years, and its index stands still for years on end, so that
    nine tenths of the error's variance are taken to be the country's own and a tenth the year's: averaging T years leaves
    :math:`0.9 + 0.1/T` of it.

    Returns
    -------
    pandas.DataFrame
        As ``ratios``, and ``level``, ``level_sd``, ``course`` (deviation from the level), ``course_sd``.

    Raises
    ------
    ModelError
        If a country-year has no index, one is not inside 0 to 1, or all are the same.
    """
    table = ratios.merge(vdem[["iso3", "year", column]], on=["iso3", "year"], how="left", validate="one_to_one")
    x = table[column].to_numpy(float)
    bad = ~((x > 0) & (x < 1))
    if bad.any():
        row = table.loc[bad].iloc[0]
        raise ModelError(f"{row['iso3']} {row['year']}: the index '{column}' is {row[column]}, not inside 0 to 1.")
    scaled = logit(x)
    scale = float(scaled.std())
    if scale == 0:
        raise ModelError(f"The index '{column}' is the same in every row.")
    table = table.assign(index=(scaled - scaled.mean()) / scale, error=index_sd / (x * (1 - x)) / scale)
    by = table.groupby("iso3")
    level, years = by["index"].transform("mean"), by["index"].transform("size")
    square = by["error"].transform("mean") ** 2
    return table.assign(
        level=level,
        level_sd=np.sqrt(square * (_SHARED + (1 - _SHARED) / years)),
        course=table["index"] - level,
        course_sd=table["error"] * np.sqrt(1 - _SHARED),
    )


def words(ratios: pd.DataFrame, what: str) -> str:
    """Return the data in words, for the page."""
    years = ratios.drop_duplicates(["iso3", "year"]).groupby("iso3").size()
    counted = ", ".join(f"{c} {n}" for c, n in years.items())
    return f"UNODC annual seizures: {what}, {len(ratios)} rows, years reported: {counted}"
