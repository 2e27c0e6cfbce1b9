"""Visibility of lethal violence: articles and offences by hand, tipping points by algebra, worlds with a known ratio."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from northroute import seeds
from northroute.bayes import BayesFit
from northroute.claims.inquiries import concealment, offence_tables
from northroute.claims.inquiry import REFERENCE, Job, Reader, Side, Stated, held
from northroute.errors import DataError
from northroute.sources import Table, mlp, offences, region_population, regions
from tests.claims.inquiries.trials import fit, register

NAME = "concealment.tipping_point"
RATIO = "articles per registered offence, lethal to other violence"
SIDES: tuple[Side, ...] = ("true", "threshold", "false")


@pytest.fixture(scope="module")
def tables() -> Mapping[str, Table]:
    return {
        "article_counts": mlp.load(countries=tuple(mlp.FILES)),
        "offences": offences.load(),
        "regions": regions.load("first-level"),
        "region_population": region_population.load(),
    }


@pytest.fixture(scope="module")
def stated(tables: Mapping[str, Table]) -> Mapping[str, Stated]:
    return concealment.INQUIRIES[NAME].state(tables, register().asked(NAME)[0], register())


@pytest.fixture(scope="module")
def real(stated: Mapping[str, Stated]) -> BayesFit:
    return fit(stated[REFERENCE].job)


def test_the_specifications_are_the_registered_ones(stated: Mapping[str, Stated]) -> None:
    labels = list(stated)
    assert labels[0] == REFERENCE
    assert tuple(labels[1:]) == register().asked(NAME)[1].variants


def test_articles_and_offences_of_the_year(tables: Mapping[str, Table], stated: Mapping[str, Stated]) -> None:
    frame = stated[REFERENCE].job.frame
    assert len(frame) == 24
    raw = tables["article_counts"].frame
    own = raw[(raw["country"] == "KAZ") & (pd.DatetimeIndex(raw["month"]).year == 2022)]
    lethal, other = frame[frame["lethal"] == 1], frame[frame["lethal"] == 0]
    assert lethal["count"].tolist() == own["ncr_violencelethal"].tolist()
    assert other["count"].tolist() == own["ncr_violencenonlethal"].tolist()
    assert lethal["offences"].sum() == pytest.approx(517)  # murders, form 1-M
    assert other["offences"].sum() == pytest.approx(1829 + 2384 + 176 + 34 + 350)
    assert "517 murders" in stated[REFERENCE].job.source
    mild = stated["without extortion"].job.frame
    assert mild.loc[mild["lethal"] == 0, "offences"].sum() == pytest.approx(1829 + 2384 + 176 + 34)
    civic = stated["criminal_lethal: all violence"].job.frame
    added = civic.loc[civic["lethal"] == 1, "count"].sum() - lethal["count"].sum()
    assert added == own["violencelethal"].sum()


def test_a_month_that_was_not_counted_is_refused(tables: Mapping[str, Table]) -> None:
    table = tables["article_counts"]
    kept = table.frame[~((table.frame["country"] == "KAZ") & (table.frame["month"] == pd.Timestamp("2022-05")))]
    with pytest.raises(DataError, match=r"row KAZ 2022-05.*not counted"):
        concealment.months(
            {**tables, "article_counts": replace(table, frame=kept)}, (concealment.ORDINARY,), offence_tables.VIOLENT
        )


def test_tipping_points_put_the_claims_at_their_thresholds() -> None:
    lethal, violent = np.array([0.05, 0.1, 0.3]), np.array([0.02, 0.03, 0.4])
    f = concealment.lethal_tipping(lethal, 0.2)
    np.testing.assert_allclose(f * lethal / (f * lethal + 1 - lethal), 0.2)
    assert (f < 1).tolist() == [False, False, True]  # above the threshold, it has turned already
    g = concealment.violence_tipping(lethal[:2], violent[:2], 0.25)
    more = (g - 1) * lethal[:2] * violent[:2]
    np.testing.assert_allclose((violent[:2] + more) / (1 + more), 0.25)
    assert concealment.violence_tipping(lethal[2:], violent[2:], 0.25)[0] == 0  # other violence alone crosses it


def test_tipping_points_of_the_registered_offences(real: BayesFit, stated: Mapping[str, Stated]) -> None:
    job = stated[REFERENCE].job
    values = stated[REFERENCE].read(Reader(real), job)
    share, all_violence = 517 / 5290, 5290 / 155200
    c02, c03 = (v for name, v in values.items() if "turns" in name)
    assert np.median(c02.draws) == pytest.approx(0.25 * (1 - share) / share, rel=0.02)
    expected = 1 + (0.25 - all_violence) / (0.75 * share * all_violence)
    assert np.median(c03.draws) == pytest.approx(expected, rel=0.02)
    # 517 murders are known to one over their square root
    assert np.log(c02.draws).std() == pytest.approx(1 / np.sqrt(517 * (1 - share)), rel=0.1)
    assert values[RATIO].region == (None, 1.0)
    assert [v.region for v in values.values()].count((None, None)) == len(values) - 1
    raw = job.frame.groupby("lethal")["count"].sum() / job.frame.groupby("lethal")["offences"].sum()
    assert np.median(values[RATIO].draws) == pytest.approx(raw[1.0] / raw[0.0], rel=0.1)
    assert np.median(values["articles per registered murder"].draws) == pytest.approx(raw[1.0], rel=0.1)


def test_the_prior_takes_no_side(real: BayesFit, stated: Mapping[str, Stated]) -> None:
    values = stated[REFERENCE].read(Reader(real, "prior"), stated[REFERENCE].job)
    assert held(values) == pytest.approx(0.5, abs=0.05)
    assert all(np.isfinite(v.draws).all() for v in values.values())


@pytest.mark.parametrize("side", SIDES)
def test_worlds_are_told_apart(side: Side, stated: Mapping[str, Stated]) -> None:
    claim, _ = register().asked(NAME)
    reference = stated[REFERENCE]
    world = concealment.INQUIRIES[NAME].world
    job: Job = replace(reference.job, frame=world(reference.job, claim, side, seeds.generator(f"{NAME} {side}", 1)))
    values = reference.read(Reader(fit(job)), job)
    low, high = {"true": (0.95, 1.0), "threshold": (0.01, 0.99), "false": (0.0, 0.05)}[side]
    assert low <= held(values) <= high
    truth = {"true": 0.5, "threshold": 1.0, "false": 2.0}[side]
    assert np.median(values[RATIO].draws) == pytest.approx(truth, rel=0.35)
