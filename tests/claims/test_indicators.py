"""Claims on country-year indicators: hand computations and limits."""

import numpy as np
import pandas as pd
import pytest

from northroute.claims import indicators, load
from northroute.sources import governance

SEIZURES = pd.DataFrame(
    {
        "iso3": ["KAZ"] * 4 + ["KGZ"] * 2,
        "year": [2011, 2011, 2012, 2012, 2011, 2011],
        "drug": ["heroin", "opium"] * 3,
        "n_reported": [10, 5, 4, 0, 2, 8],
        "kg": [100.0, 50.0, 8.0, 0.0, 1.0, 10.0],
    }
)


def test_seizure_ratios_by_hand() -> None:
    vdem = governance.load("vdem").frame
    table = indicators.seizure_ratios(SEIZURES, vdem, cv=2.0).set_index(["iso3", "year"])
    assert list(table.index) == [("KAZ", 2011), ("KGZ", 2011)]  # a year without opium gives no ratio
    row = table.xs(("KAZ", 2011)).to_dict()
    assert row["log_ratio"] == pytest.approx(np.log(0.5))
    assert row["log_ratio_sd"] == pytest.approx(np.sqrt(5 * (1 / 10 + 1 / 5)))
    assert row["fewest"] == 5
    published = vdem.set_index(["iso3", "year"])
    assert row["executive_corruption"] == published["executive_corruption"][("KAZ", 2011)]


def test_a_third_by_hand() -> None:
    opium = pd.DataFrame({"year": [2021], "production_t": [6800.0], "production_status": ["seen"]})
    answer = indicators.a_third(opium, load(), 1)
    share = answer.estimate.quantities[0].draws
    # 90 t at mean purity 0.75 of 6800 t x 0.8 / 18.5 = 294 t of pure heroin
    assert np.median(share) == pytest.approx(90 * 0.75 / (6800 * 0.8 / 18.5), rel=0.1)
    assert (share > 0).all()


def test_more_opium_lowers_the_share() -> None:
    little, much = (
        pd.DataFrame({"year": [2021], "production_t": [t], "production_status": ["seen"]}) for t in (2000.0, 9000.0)
    )
    low, high = (indicators.a_third(o, load(), 1).estimate.event.mean() for o in (little, much))
    assert low < 0.5 < high


def test_the_seed_decides_the_draws() -> None:
    opium = governance.load("opium").frame
    one, same, other = (indicators.a_third(opium, load(), s).estimate.quantities[0].draws for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
