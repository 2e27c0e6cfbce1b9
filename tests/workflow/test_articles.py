"""The line of article counts: proxies, and the panel of constructs with its covariates."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.claims import Register, article_counts, load
from northroute.panel import Panel
from northroute.resources import resource
from northroute.workflow import articles


@pytest.fixture(scope="module")
def register() -> Register:
    return load()


@pytest.fixture(scope="module")
def panel(register: Register) -> Panel:
    return articles.panel(None, register)[0]


def test_constructs_are_the_sums_that_the_register_names(panel: Panel, register: Register) -> None:
    raw = pd.read_csv(resource("data/reference/article_counts.csv")).set_index(["iso3", "month"])
    for construct, proxy in register.proxies.items():
        expected = raw.loc[("KGZ", "2019-05"), list(proxy.reference)].sum()
        assert panel.frame.loc[("KGZ", pd.Timestamp("2019-05-01")), construct] == expected, construct


def test_the_panel_has_the_three_countries_of_the_claims(panel: Panel, tmp_path: Path, register: Register) -> None:
    assert panel.countries == article_counts.CENTRAL_ASIA
    assert len(panel.months) == 96
    other, inputs = articles.panel(tmp_path, register)  # a folder without counts: the bundled ones
    assert other.data_hash == panel.data_hash
    assert set(inputs) == {"article_counts.csv", "wgi.csv"}


@pytest.mark.data
def test_a_folder_with_the_providers_files_takes_the_bundles_place(data_dir: Path, register: Register) -> None:
    assert "Kyrgyzstan.csv" in articles.panel(data_dir, register)[1]


def test_covariates_are_within_country_and_lagged(panel: Panel) -> None:
    name = article_counts.lagged("corruption_reports")
    by_country = panel.frame[name].groupby(panel.frame["country"]).mean()
    np.testing.assert_allclose(by_country, 0, atol=1e-9)
    kgz: pd.DataFrame = panel.frame.xs("KGZ")  # type: ignore[assignment]
    rate = ((kgz["corruption_reports"].astype(float) + 0.5) / kgz["article_total"]).map(np.log)
    assert kgz[name].iloc[1:].corr(rate.shift(1).iloc[1:]) == pytest.approx(1)


def test_corruption_of_the_month_itself_is_added_for_the_associations(panel: Panel) -> None:
    name = article_counts.within("corruption_reports")
    assert name not in panel.frame
    more = articles.with_corruption(panel).frame
    np.testing.assert_allclose(more[name].groupby(more["country"]).mean(), 0, atol=1e-9)
