"""Central Asia against other transit regions: sums and rates by hand, and worlds in which the answer is known."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from northroute import seeds
from northroute.claims.inquiries import transit
from northroute.claims.inquiry import REFERENCE, Job, Reader, Side, Stated, Values, held
from northroute.errors import DataError
from northroute.sources import Table, governance, mlp
from tests.claims.inquiries.trials import fit, register

ARTICLES, HOMICIDE = "transit.violence_per_enforcement", "transit.homicide"
SIDES: tuple[Side, ...] = ("true", "threshold", "false")


@pytest.fixture(scope="module")
def tables() -> Mapping[str, Table]:
    bundled = {name: governance.load(name) for name in ("homicide", "population")}
    return {**bundled, "article_counts": mlp.load(countries=tuple(mlp.FILES))}


def stated(tables: Mapping[str, Table], function: str) -> Mapping[str, Stated]:
    return transit.INQUIRIES[function].state(tables, register().asked(function)[0], register())


def simulated(stated: Stated, function: str, side: Side) -> Values:
    """Read a specification from a fit of its SIMULATED world."""
    claim, _ = register().asked(function)
    rng = seeds.generator(f"{function} {side}", 1)
    job: Job = replace(stated.job, frame=transit.INQUIRIES[function].world(stated.job, claim, side, rng))
    return stated.read(Reader(fit(job)), job)


@pytest.mark.parametrize("function", [ARTICLES, HOMICIDE])
def test_the_specifications_are_the_registered_ones(function: str, tables: Mapping[str, Table]) -> None:
    labels = list(stated(tables, function))
    assert labels[0] == REFERENCE
    assert tuple(labels[1:]) == register().asked(function)[1].variants


def test_articles_are_summed_by_country_and_year(tables: Mapping[str, Table]) -> None:
    frame = transit.country_years(tables, transit.VIOLENCE, transit.ENFORCEMENT)
    assert len(frame) == 20 * 8
    assert frame.groupby("group")["country"].nunique().to_dict() == {
        "Central Asia": 3,
        "Latin America": 9,
        "Balkans and Black Sea": 8,
    }
    raw = tables["article_counts"].frame
    own = raw[(raw["country"] == "COL") & (pd.DatetimeIndex(raw["month"]).year == 2019)]
    row = frame[frame["cell"] == "COL 2019"].iloc[0]
    assert row["count"] == own["ncr_violencelethal"].sum() + own["ncr_violencenonlethal"].sum()
    assert row["enforcement"] == own["ncr_arrest"].sum() + own["ncr_raid"].sum()
    assert row["all"] == row["count"] + row["enforcement"]
    assert len(transit.country_years(tables, transit.VIOLENCE, transit.ENFORCEMENT, (2015, 2018))) == 80


def test_a_month_that_is_not_counted_leaves_both_sums(tables: Mapping[str, Table]) -> None:
    table = tables["article_counts"]
    frame = table.frame.copy()
    month = (frame["country"] == "KGZ") & (frame["month"] == pd.Timestamp("2016-03"))
    lost = frame.loc[month, list(transit.ENFORCEMENT)].sum(axis=1).item()
    frame.loc[month, "ncr_violencelethal"] = pd.NA
    before, after = (
        transit.country_years({"article_counts": t}, transit.VIOLENCE, transit.ENFORCEMENT).set_index("cell")
        for t in (table, replace(table, frame=frame))
    )
    assert (before["enforcement"] - after["enforcement"])["KGZ 2016"] == lost


def test_a_country_without_counts_is_refused(tables: Mapping[str, Table]) -> None:
    with pytest.raises(DataError, match=r"row ECU.*no month of 2015-2022.*all 20 countries"):
        transit.country_years({"article_counts": mlp.load()}, transit.VIOLENCE, transit.ENFORCEMENT)


def test_homicides_are_rates_times_population_and_taken_once(tables: Mapping[str, Table]) -> None:
    frame = transit.killed(tables).set_index(["country", "year"])
    assert frame.index.is_unique
    # 24.949 per 100,000 of 51,737,944 inhabitants; both providers have the figure
    assert frame.loc[("COL", 2022), "count"] == round(24.949 * 51_737_944 / 1e5)
    assert frame.loc[("KGZ", 2020), "count"] == round(1.747 * 6_726_596 / 1e5)
    assert [year for country, year in frame.index if country == "TJK"] == [2020]
    assert len(frame) == 35


def test_providers_that_differ_are_refused(tables: Mapping[str, Table]) -> None:
    table = tables["homicide"]
    frame = table.frame.copy()
    row = (frame["iso3"] == "MEX") & (frame["year"] == 2019) & (frame["provider"] == "world_bank")
    frame.loc[row, "rate_per_100k"] *= 1.02
    with pytest.raises(DataError, match=r"row MEX 2019.*providers differ"):
        transit.killed({**tables, "homicide": replace(table, frame=frame)})


def test_a_rate_without_population_is_refused(tables: Mapping[str, Table]) -> None:
    table = tables["population"]
    kept = table.frame[~((table.frame["iso3"] == "UZB") & (table.frame["year"] == 2021))]
    with pytest.raises(DataError, match=r"row UZB 2021.*no population"):
        transit.killed({**tables, "population": replace(table, frame=kept)})


def test_a_country_without_any_rate_is_refused(tables: Mapping[str, Table]) -> None:
    table = tables["homicide"]
    kept = replace(table, frame=table.frame[table.frame["iso3"] != "TJK"])
    with pytest.raises(DataError, match=r"TJK.*no rate in any year"):
        stated({**tables, "homicide": kept}, HOMICIDE)


@pytest.fixture(scope="module")
def worlds(tables: Mapping[str, Table]) -> Mapping[Side, Values]:
    reference = stated(tables, ARTICLES)[REFERENCE]
    return {side: simulated(reference, ARTICLES, side) for side in SIDES}


def test_worlds_of_articles_are_told_apart(worlds: Mapping[Side, Values]) -> None:
    assert held(worlds["true"]) > 0.95
    assert held(worlds["false"]) < 0.05
    assert held(worlds["false"]) < held(worlds["threshold"]) < held(worlds["true"])


def test_what_is_read_of_articles(worlds: Mapping[Side, Values]) -> None:
    values = worlds["true"]
    decisive = {name: v for name, v in values.items() if v.region != (None, None)}
    assert list(decisive) == [
        "rate ratio, Central Asia to Latin America",
        "rate ratio, Central Asia to Balkans and Black Sea",
    ]
    assert all(v.region == (None, 1.0) for v in decisive.values())
    assert len(values) <= 8
    own = values["of the countries themselves, Central Asia to Latin America"]
    wide = values["rate ratio, Central Asia to Latin America"]
    assert np.log(own.draws).std() < np.log(wide.draws).std()  # the countries in hand are known better than their kind
    rates = [values[f"violence per enforcement article, {c}"].draws for c in ("KAZ", "KGZ", "UZB")]
    assert np.median(np.prod(rates, axis=0) ** (1 / 3)) == pytest.approx(0.5, rel=0.4)  # countries differ by 0.25


def test_shares_of_articles_give_the_same_ratio(tables: Mapping[str, Table]) -> None:
    values = simulated(stated(tables, ARTICLES)["beta-binomial"], ARTICLES, "true")
    assert held(values) > 0.95
    ratio = values["rate ratio, Central Asia to Latin America"].draws
    assert np.median(ratio) == pytest.approx(0.5, rel=0.35)


def test_worlds_of_homicide_are_told_apart(tables: Mapping[str, Table]) -> None:
    reference = stated(tables, HOMICIDE)[REFERENCE]
    values = {side: simulated(reference, HOMICIDE, side) for side in ("true", "false")}
    assert held(values["true"]) > 0.95
    assert held(values["false"]) < 0.05
    assert len(values["true"]) == 8
    ratio = values["true"]["homicide rate ratio, KAZ to MEX"]
    assert ratio.region == (None, 1.0)
    assert np.median(ratio.draws) == pytest.approx(0.5, rel=0.25)  # five years, dispersion 0.05


def test_an_error_of_the_rates_widens_the_ratios_and_one_country_has_one_error(tables: Mapping[str, Table]) -> None:
    own = stated(tables, HOMICIDE)
    assert own[REFERENCE].job.model.name == own["error of the rates 20 per cent"].job.model.name
    job = own[REFERENCE].job
    made = Reader(fit(job))
    plain, wide = (
        {n: np.log(v.draws) for n, v in own[label].read(made, job).items()}
        for label in (REFERENCE, "error of the rates 20 per cent")
    )
    error = {n: wide[n] - plain[n] for n in plain}
    name = "homicide rate ratio, KAZ to COL"
    assert error[name].std() == pytest.approx(0.2 * np.sqrt(2), rel=0.1)
    to_colombia, to_mexico = (
        error[f"homicide rate ratio, KAZ to {c}"] - error[f"homicide rate ratio, UZB to {c}"] for c in ("COL", "MEX")
    )
    np.testing.assert_allclose(to_colombia, to_mexico)


def test_the_first_half_is_without_tajikistan(tables: Mapping[str, Table]) -> None:
    first = stated(tables, HOMICIDE)["2015-2018"]
    assert "TJK" not in set(first.job.frame["country"])
    assert "5 countries" in first.job.source
