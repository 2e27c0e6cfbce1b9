"""Homicide within Kyrgyz regions: covariates by hand, and worlds in which the answer is known."""

import numpy as np
import pytest

from northroute.claims.inquiries import homicide as asked
from northroute.claims.inquiry import REFERENCE, Side
from northroute.errors import DataError
from tests.claims.inquiries.trials import read, register, stated, tables

NAME = "homicide.effectiveness"
SIDES: tuple[Side, ...] = ("true", "threshold", "false")


def test_the_specifications_are_the_registered_ones() -> None:
    labels = list(stated(asked.INQUIRIES, NAME))
    assert labels[0] == REFERENCE
    assert sorted(labels[1:]) == sorted(register().asked(NAME)[1].variants)


def test_deviations_from_a_groups_mean() -> None:
    found = asked.within(np.array([1.0, 3.0, 10.0, 20.0]), np.array(["a", "a", "b", "b"]))
    np.testing.assert_allclose(found, [-1, 1, -5, 5])


def test_covariates_are_standardised_within_regions() -> None:
    frame = asked.panel(tables())
    assert len(frame) == 9 * 8
    assert frame[["perception", "bodies"]].std(ddof=0).tolist() == pytest.approx([1, 1])
    means = frame.groupby("region")[list(asked.COVARIATES)].mean().to_numpy()
    np.testing.assert_allclose(means, 0, atol=1e-12)
    # Batken: 59.383770 in 2022 and 34.216964 in 2015, in units of one standard deviation
    raw = tables()["kg_regions"].frame
    raw = raw[(raw["series"] == "corruption_perception") & raw["year"].between(2015, 2022) & (raw["region"] != "KG")]
    sd = (raw["value"] - raw.groupby("region")["value"].transform("mean")).std(ddof=0)
    batken = frame[frame["region"] == "KG-B"].set_index("year")["perception"]
    assert batken["2022"] - batken["2015"] == pytest.approx((59.383770 - 34.216964) / sd)


def test_the_previous_years_perception_is_moved_by_a_year() -> None:
    now, lagged = asked.panel(tables()), asked.panel(tables(), range(2016, 2023), lag=1)
    a = now[(now["region"] == "KG-B") & now["year"].isin(["2015", "2018"])]["perception"].to_numpy()
    b = lagged[(lagged["region"] == "KG-B") & lagged["year"].isin(["2016", "2019"])]["perception"].to_numpy()
    c = now[(now["region"] == "KG-O") & now["year"].isin(["2015", "2018"])]["perception"].to_numpy()
    d = lagged[(lagged["region"] == "KG-O") & lagged["year"].isin(["2016", "2019"])]["perception"].to_numpy()
    # the units differ, as the years do; ratios of differences do not
    assert (b[1] - b[0]) / (d[1] - d[0]) == pytest.approx((a[1] - a[0]) / (c[1] - c[0]))
    assert lagged["count"].sum() == now.loc[now["year"] != "2015", "count"].sum()


def test_a_year_without_perception_is_refused() -> None:
    with pytest.raises(DataError, match="corruption_perception of 2014 is missing"):
        asked.panel(tables(), range(2014, 2023))


def test_worlds_are_told_apart() -> None:
    probability = {side: read(asked.INQUIRIES, NAME, side, 800) for side in SIDES}
    assert probability["true"][0] > 0.95
    assert 0.001 < probability["threshold"][0] < 0.98
    # 72 counts know a slope to 0.06, no better than what counts as none: without any, chance alone leaves some doubt
    assert probability["false"][0] < 0.2
    ratio = probability["true"][1]["rate ratio per sd of corruption perception"]
    assert np.median(ratio.draws) == pytest.approx(np.exp(0.4), rel=0.15)
    size = probability["true"][1]["size of the slope on corruption perception"]
    np.testing.assert_allclose(size.draws, np.abs(np.log(ratio.draws)))
    assert size.region == (0.05, None)
