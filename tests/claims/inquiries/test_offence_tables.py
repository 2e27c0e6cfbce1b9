"""Frames of registered offences: sums of articles, population and flags of the regions."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from northroute.bayes import Model
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.terms.population import Intercept
from northroute.claims.inquiries import offence_tables as frames
from northroute.claims.inquiry import Job
from northroute.errors import DataError, MissingDataError
from northroute.sources import Table
from tests.claims.inquiries.trials import tables


def _altered(name: str, frame: pd.DataFrame) -> dict[str, Table]:
    return {**tables(), name: replace(tables()[name], frame=frame)}


def test_sums_are_those_of_the_form() -> None:
    # national sums of form 1-M, 2022, added by hand: 517 + 1829 + 2384 + 176 + 34 + 350
    assert frames.summed(tables(), frames.VIOLENT).sum() == 5290
    assert frames.summed(tables(), frames.SALE).sum() == 1619
    assert frames.summed(tables(), frames.COMPLAINTS)["KZ-ALA"] == 24 + 17
    assert frames.summed(tables(), ("297",), "ended_by_group")["KZ-VOS"] == 53


def test_population_is_that_of_the_middle_of_the_year() -> None:
    one = frames.regions(tables()).set_index("region")
    assert one.loc["KZ-ALA", "population"] == (2101485 + 2161797) / 2
    assert one.loc["KZ-ALA", "density"] == pytest.approx(2131641 / 704)


def test_flags_keep_the_cities_apart() -> None:
    one = frames.regions(tables()).set_index("region")
    assert list(one.index[one["border"] == 1]) == [
        *("KZ-AKT", "KZ-ATY", "KZ-KUS", "KZ-PAV", "KZ-SEV", "KZ-VOS", "KZ-ZAP")
    ]
    assert list(one.index[one["corridor"] == 1]) == ["KZ-ATY", "KZ-MAN"]
    assert list(one.index[one["city"] == 1]) == ["KZ-ALA", "KZ-AST", "KZ-SHY"]


def test_the_unit_brings_the_rate_near_one() -> None:
    # 1619 among 19.6 million: one in 12 thousand
    assert frames.unit(frames.counted(tables(), frames.SALE)) == 10_000
    with pytest.raises(DataError, match="nothing is counted"):
        frames.unit(frames.counted(tables(), ("415",)))


def test_without_leaves_one_article_out() -> None:
    assert frames.without(("a", "b", "c"), "b") == ("a", "c")


def test_simulated_counts_have_the_frames_rate_and_the_known_ratio() -> None:
    frame = pd.concat([frames.counted(tables(), frames.SALE)] * 400, ignore_index=True)
    job = Job(Model("m", "count", dist.NegativeBinomial(), (Intercept(),)), frame, "")
    known = np.log(2) * frame["border"].to_numpy(float)
    made = frames.simulated_counts(job, np.random.default_rng(1), known, 0.1)
    rate = made["count"] / made["population"]
    inside = made["border"] == 1
    # 2,800 and 4,000 gamma rates of cv 0.3: a standard error of one per cent
    assert rate[inside].mean() / rate[~inside].mean() == pytest.approx(2, rel=0.04)
    assert made["count"].sum() == pytest.approx(frame["count"].sum(), rel=0.04)


def test_an_unknown_article_is_named() -> None:
    with pytest.raises(DataError, match="there is no count 'registered' of article '9999'"):
        frames.summed(tables(), ("9999",))
    with pytest.raises(DataError, match="there is no count 'ended' of article '99'"):
        frames.summed(tables(), ("99",), "ended")


def test_a_count_missing_in_a_region_is_refused() -> None:
    offences = tables()["offences"].frame
    gone = (offences["region"] == "KZ-MAN") & (offences["article"] == "297") & (offences["measure"] == "registered")
    with pytest.raises(DataError, match="article '297' in every region"):
        frames.summed(_altered("offences", offences[~gone]), ("297",))


def test_a_missing_table_is_named() -> None:
    with pytest.raises(MissingDataError, match="No table 'offences'; given are none"):
        frames.summed({}, ("99",))


def test_a_missing_population_is_refused() -> None:
    people = tables()["region_population"].frame
    gone = (people["region"] == "KZ-MAN") & (people["year"] == 2023)
    with pytest.raises(DataError, match=r"row KZ-MAN.*population of 2023 is missing"):
        frames.regions(_altered("region_population", people[~gone]))


def test_a_region_that_is_not_in_the_division_is_refused() -> None:
    places = tables()["regions"].frame
    with pytest.raises(DataError, match="'KZ-SHY', which is not there"):
        frames.regions(_altered("regions", places[places["region"] != "KZ-SHY"]))
