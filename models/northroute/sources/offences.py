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
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources import form_1m, regions
from northroute.sources.reading import first_true, line_of, read_csv
from northroute.sources.schemas import Among, schema
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
_REBUILD: Final = "Restore the file from the repository, or rebuild it: northroute data build --from DIR."


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
    file = path or resource(f"data/reference/{FILE}")
    among: Among = {
        "article": (_ALL, "an article of the table, see offences.PARTS"),
        "measure": (get_args(Measure), "a measure of the table, see offences.PARTS"),
    }
    frame = read_csv(file, schema(Path(FILE).stem, among))
    places = regions.load("first-level").frame
    known = tuple(sorted(places["region"][places["iso3"] == "KAZ"]))
    _check_regions(frame, known, file)
    _check_complete(frame, known, file)
    _check_sums(frame, file)
    _check_links(frame, file)
    files = {file.name: file_sha256(file)}
    return Table("offences, Kazakhstan 2022", frame, ("region", "article", "measure"), False, files, CITATION, LICENCE)


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


def _check_regions(frame: pd.DataFrame, known: tuple[str, ...], file: Path) -> None:
    unknown = ~frame["region"].isin(known)
    if unknown.any():
        row = first_true(unknown)
        remedy = f"Use the first-level codes of data/reference/regions.csv: {', '.join(known)}."
        what = f"'{frame['region'][row]}' is not a region of Kazakhstan"
        raise DataError(what, file=file, row=line_of(file, row), column="region", remedy=remedy)


def _check_complete(frame: pd.DataFrame, known: tuple[str, ...], file: Path) -> None:
    foreseen = {(article, measure) for measure in PARTS for article in articles(measure)}
    pairs = list(zip(frame["article"], frame["measure"], strict=True))
    odd = [n for n, pair in enumerate(pairs) if pair not in foreseen]
    if odd:
        article, measure = pairs[odd[0]]
        remedy = f"Delete the line, or name one of: {', '.join(sorted(a for a, m in foreseen if m == measure))}."
        what = f"there is no count '{measure}' of article '{article}'"
        raise DataError(what, file=file, row=line_of(file, odd[0]), column="article", remedy=remedy)
    there = set(zip(frame["region"], pairs, strict=True))
    for region in known:
        lacking = sorted(pair for pair in foreseen if (region, pair) not in there)
        if lacking:
            whole = len(lacking) == len(foreseen)
            article, measure = lacking[0]
            what = "the region is missing" if whole else f"the count '{measure}' of article '{article}' is missing"
            column = "region" if whole else "article"
            raise DataError(what, file=file, row=region, column=column, remedy=f"Restore its lines. {_REBUILD}")


def _check_sums(frame: pd.DataFrame, file: Path) -> None:
    for measure, sums in PARTS.items():
        counts = _pivot(frame, measure)
        for whole, parts in sums.items():
            summed = counts[list(parts)].sum(axis=1)
            for region in summed.index[summed != counts[whole]]:
                stated, added = counts[whole][region], summed[region]
                word = "smaller" if stated < added else "larger"
                what = f"'{whole}' ({measure}, {region}) is {stated}, {word} than its parts, which add up to {added}"
                remedy = f"One of these is altered: {whole}, {', '.join(parts)}. {_REBUILD}"
                raise DataError(
                    what, file=file, row=_line(frame, file, region, whole, measure), column="count", remedy=remedy
                )


def _check_links(frame: pd.DataFrame, file: Path) -> None:
    """Hold counts against those that contain them, and murders against murders of the form's other section."""
    for part, whole in _WITHIN:
        small, large = _pivot(frame, part), _pivot(frame, whole)
        for article in small.columns.intersection(large.columns):
            for region in small.index[small[article] > large[article]]:
                few, many = small[article][region], large[article][region]
                what = f"'{part}' ({article}, {region}) is {few}, more than '{whole}', {many}"
                row = _line(frame, file, region, article, part)
                raise DataError(what, file=file, row=row, column="count", remedy=f"Restore both. {_REBUILD}")
    counts = _pivot(frame, "registered")
    for region in counts.index[counts["99"] != counts["causing_death_murder"]]:
        both = counts.loc[region, ["99", "causing_death_murder"]].tolist()
        what = f"murders ({region}) are {both[0]} under article 99 and {both[1]} among the offences that caused a death"
        row = _line(frame, file, region, "99", "registered")
        raise DataError(what, file=file, row=row, column="count", remedy=f"Restore both. {_REBUILD}")


def _pivot(frame: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    table = frame[frame["measure"] == measure].pivot(index="region", columns="article", values="count")
    return table.sort_index()[list(articles(measure))]


def _line(frame: pd.DataFrame, file: Path, region: str, article: str, measure: str) -> int:
    key = (frame["region"] == region) & (frame["article"] == article) & (frame["measure"] == measure)
    return line_of(file, first_true(key))
