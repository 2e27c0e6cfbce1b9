"""Claims on article counts: rates against the raw counts, and every fit and answer that the register asks for."""

import numpy as np
import pandas as pd
import pytest

from northroute.bayes import BayesFit, Sampling, fit_counts
from northroute.claims import Register, article_counts, article_slopes, load
from northroute.errors import ModelError
from northroute.panel import Panel
from northroute.workflow import articles


@pytest.fixture(scope="module")
def register() -> Register:
    return load()


@pytest.fixture(scope="module")
def panel(register: Register) -> Panel:
    return articles.panel(None, register)[0]


@pytest.fixture(scope="module")
def fit(panel: Panel, register: Register) -> BayesFit:
    spec = article_counts.catalog(register)["drug_incident"]
    return fit_counts(
        panel.select(countries=article_counts.CENTRAL_ASIA), spec, Sampling(draws=1000, target_accept=0.95)
    )


def raw_rates(panel: Panel, country: str, spans: article_counts.Spans) -> float:
    rows: pd.DataFrame = panel.frame.xs(country)  # type: ignore[assignment]
    rows = rows.dropna(subset=["drug_incident", "article_total"])
    kept = np.logical_or.reduce([(rows.index >= first) & (rows.index <= f"{last}-28") for first, last in spans])
    return float(100 * rows["drug_incident"][kept].sum() / rows["article_total"][kept].sum())


def test_mean_rates_are_near_the_raw_rates(fit: BayesFit, panel: Panel) -> None:
    for country, draws in article_counts.mean_rates(fit).items():
        # smoothing over months and the weight of large months move it by a few per cent
        raw = raw_rates(panel, country, (("2015-01", "2022-12"),))
        assert np.median(draws) == pytest.approx(raw, rel=0.1), country


def test_spans_restrict_the_mean_and_add_up_to_the_whole(fit: BayesFit, panel: Panel) -> None:
    whole = article_counts.mean_rates(fit)["KAZ"]
    parts = [article_counts.mean_rates(fit, spans=spans)["KAZ"] for spans in article_counts.WINDOWS.values()]
    weights = []
    for spans in article_counts.WINDOWS.values():
        rows: pd.DataFrame = panel.frame.xs("KAZ")  # type: ignore[assignment]
        first, last = spans[0]
        weights.append(float(rows["article_total"][first:last].sum()))
    np.testing.assert_allclose(np.average(parts, axis=0, weights=weights), whole)
    both = tuple(span for spans in article_counts.WINDOWS.values() for span in spans)
    np.testing.assert_allclose(article_counts.mean_rates(fit, spans=both)["KAZ"], whole)


def test_spans_without_a_month_are_refused(fit: BayesFit) -> None:
    with pytest.raises(ModelError, match="no month of KAZ"):
        article_counts.mean_rates(fit, spans=(("2030-01", "2030-12"),))


def test_the_change_at_august_2021_is_a_ratio_of_ratios(fit: BayesFit, panel: Panel, register: Register) -> None:
    found = article_slopes.taliban({"drug_incident": fit}, register)
    differential, *own = found.estimate.quantities
    assert differential.region == (1.0, None) and not any(q.decisive for q in own)
    draws = {q.name[-3:]: q.draws for q in own}
    expected = draws["UZB"] / np.sqrt(draws["KAZ"] * draws["KGZ"])
    np.testing.assert_allclose(differential.draws, expected)
    assert np.median(differential.prior) == pytest.approx(1, rel=0.1)  # the prior takes no side
    for country, ratio in draws.items():
        after, before = (
            raw_rates(panel, country, s) for s in (article_slopes.AFTER, article_slopes.BEFORE["reference"])
        )
        # seventeen months of a rare outcome: smoothing draws the rate towards the months before
        assert np.median(ratio) == pytest.approx(after / before, rel=0.25), country


def test_months_before_end_where_months_after_begin() -> None:
    for spans in article_slopes.BEFORE.values():
        assert spans[-1][1] == "2021-07"
    assert article_slopes.AFTER == (("2021-08", "2022-12"),)


def test_specifications_of_the_change_are_the_registered_ones(fit: BayesFit, register: Register) -> None:
    found = article_slopes.taliban({"drug_incident": fit}, register)
    assert tuple(s.label for s in found.specifications) == register.asked("article_slopes.taliban")[1].variants


def test_a_fit_against_itself_has_no_gain(fit: BayesFit) -> None:
    gain, error, unreliable = article_slopes.elpd_difference(fit, fit)
    assert (gain, error) == (0, 0)
    assert unreliable <= 0.05 * fit.info["rows"]


def test_every_fit_that_the_estimands_need_is_in_the_catalogue(register: Register) -> None:
    names = set(article_counts.catalog(register))
    for _, constructs in article_counts.RATE_CLAIMS.values():
        for construct in constructs:
            assert set(article_counts.variants(register, construct)) <= names
    assert {"C11_other_crime", "C16_state_violence", "C16_common", "C22_state_response_corruption_reports"} <= names


def test_every_question_on_articles_is_answered(register: Register) -> None:
    asked = {q.function for q in register.questions if q.kind == "M" and q.function.startswith("article_")}
    assert asked == {*article_counts.RATE_CLAIMS, *article_slopes.SLOPE_CLAIMS}
