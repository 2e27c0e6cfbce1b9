"""Claims on article counts: proxies, the panel of constructs, and rates against the raw counts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.bayes import BayesFit, Sampling, fit_counts
from northroute.claims import Register, article_counts, article_slopes, load
from northroute.panel import Panel
from northroute.workflow import articles

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def register() -> Register:
    return load()


@pytest.fixture(scope="module")
def panel(data_dir: Path, register: Register) -> Panel:
    return articles.panel(data_dir, register)[0]


def test_constructs_are_the_sums_that_the_register_names(data_dir: Path, panel: Panel, register: Register) -> None:
    raw = pd.read_csv(data_dir / "mlp_civic_space_counts" / "Kyrgyzstan.csv").set_index("date")
    for construct, proxy in register.proxies.items():
        expected = raw.loc["2019-05-01", list(proxy.reference)].sum()
        assert panel.frame.loc[("KGZ", pd.Timestamp("2019-05-01")), construct] == expected, construct


def test_covariates_are_within_country_and_lagged(panel: Panel) -> None:
    name = article_counts.lagged("corruption_reports")
    by_country = panel.frame[name].groupby(panel.frame["country"]).mean()
    np.testing.assert_allclose(by_country, 0, atol=1e-9)
    kgz: pd.DataFrame = panel.frame.xs("KGZ")  # type: ignore[assignment]
    rate = ((kgz["corruption_reports"].astype(float) + 0.5) / kgz["article_total"]).map(np.log)
    assert kgz[name].iloc[1:].corr(rate.shift(1).iloc[1:]) == pytest.approx(1)


@pytest.fixture(scope="module")
def fit(panel: Panel, register: Register) -> BayesFit:
    spec, countries = article_counts.catalog(register)["criminal_violence"]
    return fit_counts(panel.select(countries=countries), spec, Sampling(draws=1000, target_accept=0.95))


def test_mean_rates_are_near_the_raw_rates(fit: BayesFit, panel: Panel) -> None:
    rates = article_counts.mean_rates(fit)
    for country, draws in rates.items():
        rows: pd.DataFrame = panel.frame.xs(country)  # type: ignore[assignment]
        rows = rows.dropna(subset=["criminal_violence", "article_total"])
        raw = 100 * rows["criminal_violence"].sum() / rows["article_total"].sum()
        # smoothing over months and the weight of large months move it by a few per cent
        assert np.median(draws) == pytest.approx(raw, rel=0.1), country


def test_a_window_restricts_the_mean(fit: BayesFit, panel: Panel) -> None:
    whole = article_counts.mean_rates(fit)["KAZ"]
    parts = {w: article_counts.mean_rates(fit, window=m)["KAZ"] for w, m in article_counts.WINDOWS.items()}
    low, high = sorted(np.median(p) for p in parts.values())
    assert low <= np.median(whole) <= high


def test_a_fit_against_itself_has_no_gain(fit: BayesFit) -> None:
    gain, error, unreliable = article_slopes.elpd_difference(fit, fit)
    assert (gain, error) == (0, 0)
    assert unreliable <= 0.05 * fit.info["rows"]


def test_every_fit_that_the_estimands_need_is_in_the_catalogue(register: Register) -> None:
    names = set(article_counts.catalog(register))
    for _, constructs, _ in article_counts.RATE_CLAIMS.values():
        for construct in constructs:
            assert set(article_counts.variants(register, construct)) <= names
    assert {"C11_other_crime", "C16_state_violence", "C16_common", "C22_state_response_corruption_reports"} <= names
