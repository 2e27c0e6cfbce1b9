"""Estimands on expert indices, which have no unknown but the error of the index: their posterior is drawn directly.

Errors are those of :mod:`northroute.claims.inquiries.index_errors`, once a country and index: the same experts rate every
year, so that averaging years does not shrink them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.claims.estimate import Estimated, Specification
from northroute.claims.inquiries.index_errors import STEP, measured, on_scale, scored, seen, share, unknown
from northroute.claims.inquiry import Group, Measured, Side, Tables, Values, held, read_estimate
from northroute.claims.register import Claim, Register
from northroute.conventions import COUNTRIES, WINDOW
from northroute.errors import DataError
from northroute.sources import Table

Drawn = Mapping[str, Array]
"""Draws of an index by country, each of shape (chain, draw)."""

TOP: Final = ("TJK", "UZB")
RANK_AND_FILE: Final = ("KAZ", "KGZ")
FOUR: Final = (*TOP, *RANK_AND_FILE)
SOCIETIES: Final = ("KGZ", "KAZ")
YEARS: Final = (int(WINDOW[0][:4]), int(WINDOW[1][:4]))
EDITIONS: Final = (2021, 2023)
"""Editions of the organised crime index that rate years of the window."""
EXECUTIVE, PUBLIC, PARTICIPATION = "executive_corruption", "public_sector_corruption", "civil_society_participation"
STATE, SOCIETY = "state_embedded_actors", "non_state_actors"


def two_types(tables: Tables, register: Register, seed: int) -> Estimated:
    """Estimate C15: executive corruption of two groups of countries, and its distance from public-sector corruption.

    Parameters
    ----------
    tables : mapping of str to Table
        Reads ``vdem``.
    register : Register
    seed : int

    Raises
    ------
    DataError
        If a country-year is not in the table, or an index lies at its bound.
    """
    claim, question = register.asked("indices.two_types")
    table, sd = tables["vdem"], register.constant("index_sd")
    names = {column: f"{question.id} {column}" for column in (EXECUTIVE, PUBLIC)}

    def draw(error: float, years: tuple[int, int]) -> tuple[Drawn, ...]:
        return tuple(measured(yearly(table, c, FOUR, years), error, name, seed) for c, name in names.items())

    def read(executive: Drawn, public: Drawn) -> Values:
        gap = {c: public[c] - executive[c] for c in executive}
        return {
            "executive corruption, TJK and UZB minus KAZ and KGZ": Measured(
                _apart(executive), (claim.threshold("executive_difference"), None)
            ),
            "public-sector minus executive corruption, KAZ and KGZ minus TJK and UZB": Measured(
                -_apart(gap), (claim.threshold("gap_difference"), None)
            ),
            **{f"executive corruption, {c}": Measured(d) for c, d in executive.items()},
        }

    return _estimated(
        claim,
        read,
        draw(sd, YEARS),
        tuple(unknown(FOUR, register.prior("share"), name, seed) for name in names.values()),
        {
            "index error 0.03": draw(0.03, YEARS),
            "index error 0.10": draw(0.10, YEARS),
            "2015-2018": draw(sd, (2015, 2018)),
            "2019-2022": draw(sd, (2019, 2022)),
        },
        f"V-Dem v15, executive and public-sector corruption, {YEARS[0]}-{YEARS[1]}: four countries",
        (_error_of_index(sd), "errors are independent between countries and between the two indices"),
        table,
    )


def state_embedded(tables: Tables, register: Register, seed: int) -> Estimated:
    """Estimate C15 on the organised crime index: state-embedded actors of the two groups of countries.

    Reads ``crime_index``; errors as :func:`two_types`.
    """
    claim, question = register.asked("indices.state_embedded")
    table, sd = tables["crime_index"], register.constant("expert_sd")

    def draw(error: float, of: Sequence[int]) -> tuple[Drawn]:
        return (scored(editions(table, STATE, FOUR, of), error, question.id, seed),)

    def read(scores: Drawn) -> Values:
        above = (claim.threshold("executive_difference"), None)
        return {
            "state-embedded actors, TJK and UZB minus KAZ and KGZ": Measured(_apart(scores), above),
            **{f"state-embedded actors, {c}": Measured(d) for c, d in scores.items()},
        }

    prior = unknown(FOUR, register.prior("share"), question.id, seed)
    return _estimated(
        claim,
        read,
        draw(sd, EDITIONS),
        ({c: on_scale(p) for c, p in prior.items()},),
        {
            "expert error 0.25": draw(0.25, EDITIONS),
            "expert error 1.0": draw(1.0, EDITIONS),
            "2021 alone": draw(sd, (2021,)),
            "2023 alone": draw(sd, (2023,)),
        },
        "Global Organized Crime Index 2021 and 2023, state-embedded actors: four countries",
        (
            f"a score lies within half a step of 0.5 of what the experts meant, and their error has sd {sd:g}",
            "errors are independent between countries",
        ),
        table,
    )


def civil_society(tables: Tables, register: Register, seed: int) -> Estimated:
    """Estimate C22: civil society of Kyrgyzstan and Kazakhstan, each against the mean of the other three countries.

    Reads ``vdem`` and ``crime_index``; errors as :func:`two_types`.
    """
    claim, question = register.asked("indices.civil_society")
    vdem, index, sd = tables["vdem"], tables["crime_index"], register.constant("index_sd")
    countries = tuple(COUNTRIES)
    others = [c for c in countries if c not in SOCIETIES]

    def draw(error: float, years: tuple[int, int]) -> tuple[Drawn]:
        return (measured(yearly(vdem, PARTICIPATION, countries, years), error, question.id, seed),)

    def read(drawn: Drawn) -> Values:
        above, rest = (claim.threshold("difference"), None), ", ".join(others)
        return {
            **{f"{c} minus the mean of {rest}": Measured(drawn[c] - _mean(drawn, others), above) for c in SOCIETIES},
            **{f"civil society participation, {c}": Measured(d) for c, d in drawn.items()},
        }

    actors = editions(index, SOCIETY, countries, EDITIONS)
    return _estimated(
        claim,
        read,
        draw(sd, YEARS),
        (unknown(countries, register.prior("share"), question.id, seed),),
        {
            "non-state actors (organised crime index)": (
                scored(actors, register.constant("expert_sd"), f"{question.id} index", seed),
            ),
            "index error 0.10": draw(0.10, YEARS),
            "2015-2018": draw(sd, (2015, 2018)),
            "2019-2022": draw(sd, (2019, 2022)),
        },
        f"V-Dem v15, civil society participation, {YEARS[0]}-{YEARS[1]}: five countries; beside it non-state actors of the "
        "Global Organized Crime Index 2021 and 2023",
        (_error_of_index(sd), "errors are independent between countries"),
        vdem,
        index,
    )


def _mean(drawn: Drawn, countries: Sequence[str]) -> Array:
    return np.asarray(np.mean([drawn[c] for c in countries], axis=0))


def _apart(drawn: Drawn) -> Array:
    """Return the mean of the one group of countries minus that of the other."""
    return _mean(drawn, TOP) - _mean(drawn, RANK_AND_FILE)


def _estimated(
    claim: Claim,
    read: Callable[..., Values],
    drawn: Sequence[Drawn],
    prior: Sequence[Drawn],
    others: Mapping[str, Sequence[Drawn]],
    data: str,
    assumptions: tuple[str, ...],
    *tables: Table,
) -> Estimated:
    """Read the indices drawn, their priors, and those drawn otherwise by equivalent specification."""
    by: dict[Group, Sequence[Drawn]] = {"posterior": drawn, "prior": prior}
    found = read_estimate(claim.id, lambda group: read(*by[group]), (), data=(data,), assumptions=assumptions)
    specifications = tuple(Specification(label, held(read(*own))) for label, own in others.items())
    return Estimated(replace(found, simulated=any(t.simulated for t in tables)), specifications)


def _error_of_index(sd: float) -> str:
    return f"each index has an error of sd {sd:g} (assumed) on its scale, the same in every year of a country"


def yearly(table: Table, column: str, countries: Sequence[str], years: tuple[int, int]) -> dict[str, float]:
    """Return the mean of an index over years, by country; every country-year has to be there."""
    kept = table.frame[table.frame["year"].between(*years)]
    found = _complete(table, kept, column, countries, years[1] - years[0] + 1, "years")
    return {c: float(values.mean()) for c, values in found.items()}


def editions(table: Table, item: str, countries: Sequence[str], of: Sequence[int]) -> dict[str, tuple[float, ...]]:
    """Return the published scores by country, one an edition; every one has to be there."""
    kept = table.frame[(table.frame["item"] == item) & table.frame["edition"].isin(of)]
    found = _complete(table, kept.sort_values("edition"), "score", countries, len(of), "editions")
    return {c: tuple(scores.tolist()) for c, scores in found.items()}


def _complete(
    table: Table, kept: pd.DataFrame, column: str, countries: Sequence[str], needed: int, of: str
) -> dict[str, Array]:
    found = {c: kept.loc[kept["iso3"] == c, column].dropna().to_numpy(float) for c in countries}
    for country, values in found.items():
        if values.size != needed:
            remedy = "Restore the table from the repository."
            raise DataError(
                f"{values.size} of {needed} {of}", file=table.name, row=country, column=column, remedy=remedy
            )
    return found


Direct = Callable[[Tables, Register, int], Estimated]
DIRECT: Final[Mapping[str, Direct]] = {
    "indices.two_types": two_types,
    "indices.state_embedded": state_embedded,
    "indices.civil_society": civil_society,
}
"""Questions that are answered without a fit, by the register's names."""


_CENTRE: Final[Mapping[str, float]] = {EXECUTIVE: 0.75, PUBLIC: 0.75, PARTICIPATION: 0.4}
_FAR: Final[Mapping[str, float]] = {EXECUTIVE: 0.15, PUBLIC: 0.15, PARTICIPATION: 0.2}
"""Means that simulated indices lie around, and how far on either side a clear case puts them."""
_INDEX_SD: Final = 0.05
_EXPERT_SD: Final = 0.5
_SIGN: Final[Mapping[Side, float]] = {"true": 1.0, "threshold": 0.0, "false": -1.0}


def two_types_world(tables: Tables, claim: Claim, side: Side, rng: np.random.Generator) -> Tables:
    """Simulate the indices: groups differ by 0.3 (true, false), or every index is the same (threshold). SIMULATED."""
    sign = _SIGN[side]
    truth = {
        EXECUTIVE: {c: (1 if c in TOP else -1) * sign for c in FOUR},
        PUBLIC: {c: (-1 if c in TOP else 1) * sign for c in FOUR},
    }
    return {**tables, "vdem": _simulated_vdem(tables["vdem"], truth, rng)}


def civil_society_world(tables: Tables, claim: Claim, side: Side, rng: np.random.Generator) -> Tables:
    """Simulate participation: Kyrgyzstan and Kazakhstan differ from the others by 0.4, or not at all. SIMULATED."""
    truth = {PARTICIPATION: {c: (1 if c in SOCIETIES else -1) * _SIGN[side] for c in COUNTRIES}}
    return {**tables, "vdem": _simulated_vdem(tables["vdem"], truth, rng)}


def state_embedded_world(tables: Tables, claim: Claim, side: Side, rng: np.random.Generator) -> Tables:
    """Simulate scores: means of 6.5 and 8.5 whichever way, or 7.5 in every country. SIMULATED."""
    table = tables["crime_index"]
    frame = table.frame.copy()
    for country in FOUR:
        score = 7.5 + (1 if country in TOP else -1) * _SIGN[side]
        meant = on_scale(seen(share(score), share(1 + _EXPERT_SD), rng))
        rows = (frame["iso3"] == country) & (frame["item"] == STATE)
        frame.loc[rows, "score"] = np.round(meant / STEP) * STEP
    return {**tables, "crime_index": replace(table, frame=frame, simulated=True)}


def _simulated_vdem(table: Table, truth: Mapping[str, Mapping[str, float]], rng: np.random.Generator) -> Table:
    """Return the table with indices that are ``centre + sign * far``, measured with an error that is the same every year."""
    frame = table.frame.copy()
    for column, signs in truth.items():
        for country, sign in signs.items():
            value = _CENTRE[column] + sign * _FAR[column]
            found = np.clip(np.round(seen(value, _INDEX_SD, rng), 3), 0.001, 0.999)
            frame.loc[frame["iso3"] == country, column] = float(found)
    return replace(table, frame=frame, simulated=True)


WORLDS: Final[Mapping[str, Callable[[Tables, Claim, Side, np.random.Generator], Tables]]] = {
    "indices.two_types": two_types_world,
    "indices.state_embedded": state_embedded_world,
    "indices.civil_society": civil_society_world,
}
"""Tables with simulated indices, the claim true, false or at its threshold: for trials of the estimands."""
