"""Registered offences of Kazakhstan by region in 2022, from form 1-M of the General Prosecutor's office.

A count has a region, an article of the Criminal Code (or a sum of articles) and a measure. The counts form sums that
the form itself keeps: all offences are the 18 chapters, a chapter is its articles, drug offences are eight articles.
:data:`PARTS` holds the sums. What is not listed apart stays as an ``other`` row, so that every sum is exact and a digit
that was altered is seen. Registered means opened in the unified register, not proven in court.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, get_args

import pandas as pd

from northroute.errors import DataError
from northroute.sources import form_1m, regions
from northroute.sources.reading import first_true
from northroute.sources.rows import REBUILD, Rows, read_bundled
from northroute.sources.schemas import Among
from northroute.sources.table import Table

Measure = Literal["registered", "ended", "ended_by_group", "with_firearms", "deaths"]
FILE: Final = "kz_offences_2022.csv"
YEAR: Final = 2022
"""Inferred from the forms' content: they carry no date."""
CITATION: Final = (
    "Committee on Legal Statistics of the General Prosecutor of Kazakhstan, form 1-M, 2022 (year inferred)"
)
LICENCE: Final = "PDDL (the copy)"

DRUGS: Final = ("296", "297", "298", "299", "299-1", "300", "302", "303")
_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "drug_total": DRUGS,
    **{f"{a}-{b}": tuple(str(n) for n in range(a, b + 1)) for a, b in ((255, 261), (262, 265), (287, 291))},
}
_CHAPTERS: Final = tuple("corruption" if n == 15 else f"chapter_{n}" for n in range(1, 19))
_LISTED: Final[Mapping[str, tuple[str, ...]]] = {
    "chapter_1": ("99", "99_attempt", "106", "125"),
    "chapter_3": ("146",),
    "chapter_6": ("191", "192", "194"),
    "chapter_10": ("255-261", "262-265", "268", "272", "286", "287-291", "293"),
    "chapter_11": ("drug_total",),
    "corruption": ("361", "362", "366", "367", "368"),
    "chapter_16": ("380",),
    "chapter_17": ("414", "415"),
    "chapter_18": ("451",),
}
_DEATHS: Final = ("causing_death_murder", "causing_death_harm", "causing_death_other")
_ENDED: Final = ("296", "297", "other")
PARTS: Final[Mapping[Measure, Mapping[str, tuple[str, ...]]]] = {
    "registered": {
        "total": _CHAPTERS,
        **{chapter: (*listed, f"other_in_{chapter}") for chapter, listed in _LISTED.items()},
        "drug_total": DRUGS,
        "causing_death": _DEATHS,
    },
    "ended": {"total": _ENDED},
    "ended_by_group": {"total": _ENDED},
    "with_firearms": {
        "total": ("drug_total", "99", "99_attempt", "106", "191", "192", "other"),
        "drug_total": DRUGS,
    },
    "deaths": {"causing_death": _DEATHS},
}
"""By measure: each sum and the disjoint parts that it is made of. The table has these articles and no others."""
_WITHIN: Final[tuple[tuple[Measure, Measure], ...]] = (("ended_by_group", "ended"), ("with_firearms", "registered"))


def articles(measure: Measure = "registered") -> tuple[str, ...]:
    """Return the articles that the table has for a measure: each sum before its parts."""
    named = [name for whole, parts in PARTS[measure].items() for name in (whole, *parts)]
    return tuple(dict.fromkeys(named))


_ALL: Final = tuple(dict.fromkeys(a for m in get_args(Measure) for a in articles(m)))


def load(path: Path | None = None) -> Table:
    """Return the counts: columns ``region`` (17, first-level), ``article``, ``measure``, ``count``.

    Parameters
    ----------
    path : Path, optional
        A file of the same format to read instead of the bundled one.

    Raises
    ------
    DataError
        If the file breaks its format, a region is unknown, a count is missing or not foreseen, parts do not add up to
        their sum, or a count exceeds one that contains it.
    """
    among: Among = {
        "article": (_ALL, "an article of the table, see offences.PARTS"),
        "measure": (get_args(Measure), "a measure of the table, see offences.PARTS"),
    }
    rows = read_bundled(FILE, path, among, REBUILD)
    known = regions.codes("KAZ")
    remedy = f"Use the first-level codes of data/reference/regions.csv: {', '.join(known)}."
    rows.refuse(~rows.frame["region"].isin(known), "region", "'{region}' is not a region of Kazakhstan", remedy)
    _check_complete(rows, known)
    _check_sums(rows)
    _check_links(rows)
    return rows.table("offences, Kazakhstan 2022", CITATION, LICENCE)


def wide(measure: Measure = "registered", path: Path | None = None) -> pd.DataFrame:
    """Return the counts of one measure, 17 regions by article, whole numbers; regions in the order of their codes."""
    return _pivot(load(path).frame, measure)


def trim(folder: Path) -> pd.DataFrame:
    """Sum the provider's counts to the articles and regions of the table.

    The regions of June 2022 are added back: Abai to East Kazakhstan, Jetisu to Almaty region, Ulytau to Karagandy.

    Raises
    ------
    MissingDataError
        If the provider's files are not in the folder.
    DataError
        If they are not as expected.
    """
    form = form_1m.read(folder)
    found: dict[Measure, pd.DataFrame] = {
        "registered": pd.concat([form.registered, form.causing_death], axis=1),
        "ended": form.ended,
        "ended_by_group": form.ended_by_group,
        "with_firearms": form.with_firearms,
        "deaths": form.deaths,
    }
    long = [
        _summed(counts, measure)
        .reset_index()
        .melt("region", var_name="article", value_name="count")
        .assign(measure=measure)
        for measure, counts in found.items()
    ]
    table: pd.DataFrame = pd.concat(long, ignore_index=True)[["region", "article", "measure", "count"]]
    return table.astype({"count": int}).sort_values(["region", "measure", "article"], ignore_index=True)


def _summed(counts: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Add the sums and the remainders that the form does not have."""
    counts = counts.rename(columns={"chapter_15": "corruption"})
    made = {name: counts[list(members)].sum(axis=1) for name, members in _GROUPS.items() if members[0] in counts}
    counts = counts.assign(**made)
    for whole, parts in PARTS[measure].items():
        rest = [part for part in parts if part not in counts]
        if rest:
            counts[rest[0]] = counts[whole] - counts[[part for part in parts if part in counts]].sum(axis=1)
    return counts[list(articles(measure))].rename_axis(columns="article")


def _check_complete(rows: Rows, known: tuple[str, ...]) -> None:
    foreseen = sorted((article, measure) for measure in PARTS for article in articles(measure))
    for measure in PARTS:
        odd = (rows.frame["measure"] == measure) & ~rows.frame["article"].isin(articles(measure))
        remedy = f"Delete the line, or name one of: {', '.join(sorted(articles(measure)))}."
        rows.refuse(odd, "article", "there is no count '{measure}' of article '{article}'", remedy)
    due = [(region, *pair) for region in known for pair in foreseen]
    rows.require(due, "article", "the count '{measure}' of article '{article}' is missing")


def _check_sums(rows: Rows) -> None:
    for measure, sums in PARTS.items():
        counts = _pivot(rows.frame, measure)
        for whole, parts in sums.items():
            summed = counts[list(parts)].sum(axis=1)
            for region in summed.index[summed != counts[whole]]:
                stated, added = counts[whole][region], summed[region]
                word = "smaller" if stated < added else "larger"
                what = f"'{whole}' ({measure}, {region}) is {stated}, {word} than its parts, which add up to {added}"
                remedy = f"One of these is altered: {whole}, {', '.join(parts)}. {REBUILD}"
                raise _fault(rows, what, region, whole, measure, remedy)


def _check_links(rows: Rows) -> None:
    """Hold counts against those that contain them, and murders against murders of the form's other section."""
    remedy = f"Restore both. {REBUILD}"
    for part, whole in _WITHIN:
        small, large = _pivot(rows.frame, part), _pivot(rows.frame, whole)
        for article in small.columns.intersection(large.columns):
            for region in small.index[small[article] > large[article]]:
                few, many = small[article][region], large[article][region]
                what = f"'{part}' ({article}, {region}) is {few}, more than '{whole}', {many}"
                raise _fault(rows, what, region, article, part, remedy)
    counts = _pivot(rows.frame, "registered")
    for region in counts.index[counts["99"] != counts["causing_death_murder"]]:
        both = counts.loc[region, ["99", "causing_death_murder"]].tolist()
        what = f"murders ({region}) are {both[0]} under article 99 and {both[1]} among the offences that caused a death"
        raise _fault(rows, what, region, "99", "registered", remedy)


def _pivot(frame: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    table = frame[frame["measure"] == measure].pivot(index="region", columns="article", values="count")
    return table.sort_index()[list(articles(measure))]


def _fault(rows: Rows, what: str, region: str, article: str, measure: str, remedy: str) -> DataError:
    frame = rows.frame
    at = (frame["region"] == region) & (frame["article"] == article) & (frame["measure"] == measure)
    return rows.fault(what, "count", first_true(at), remedy)
