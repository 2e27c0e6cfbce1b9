"""Monthly article counts of Kazakhstan, Kyrgyzstan and Uzbekistan: C01, C02, C03, C10, C11, C16, C22, C23."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from northroute.bayes import Sampling
from northroute.claims import Estimated, Register, article_counts, article_slopes
from northroute.claims.inquiry import REFERENCE
from northroute.conventions import WINDOW
from northroute.frequentist import FrequentistFit, PoissonSpec, fit_poisson
from northroute.panel import Panel, build, lag, log_rate, standardise, within_between
from northroute.sources import governance, mlp
from northroute.workflow.line import Line, Run, answers

SETTINGS = Sampling(draws=1200, target_accept=0.95, retries=2)
"""Country panels have few units: scales lie near zero, so steps are shorter and draws more."""


def panel(data: Path | None, register: Register) -> tuple[Panel, dict[str, str]]:
    """Return the panel of constructs and of the slope models' covariates, with the SHA-256 of the files read.

    A construct is a sum of article columns; the register's proxies say which.

    Counts are those of the folder where it has files of the provider, else the bundled ones.
    """
    folder = data if data and mlp.folder_of(data) else None
    table = mlp.load(folder, countries=article_counts.CENTRAL_ASIA)
    wgi = governance.load("wgi")
    source = build(
        table, unit="country", outcomes=mlp.COUNTS, exposures=(mlp.EXPOSURE,), name="monthly article counts (MLP)"
    )
    return _constructs(source, register, wgi.frame.query("indicator == 'ge'")), {**table.files, **wgi.files}


def with_corruption(panel: Panel) -> Panel:
    """Return the panel of constructs with the month's own log rate of corruption articles, standardised within countries."""
    name = "corruption_reports_log_rate"
    return standardise(within_between(panel, name), f"{name}_within")


def _constructs(source: Panel, register: Register, effectiveness: pd.DataFrame) -> Panel:
    built = source.select(months=WINDOW)
    for construct, proxy in register.proxies.items():
        for variant, columns in {REFERENCE: proxy.reference, **proxy.alternatives}.items():
            built.require(*columns)
            counts = built.frame[list(columns)].sum(axis=1, skipna=False)
            built = built.with_outcome(article_counts.column(construct, variant), counts)
    sources = [c for p in ("drug_incident", "other_crime") for c in article_counts.variants(register, p)]
    for name in sources:
        rate = log_rate(built, name, mlp.EXPOSURE)
        built = standardise(within_between(rate, f"{name}_log_rate"), f"{name}_log_rate_within")
    for name in article_counts.variants(register, "corruption_reports"):
        rate = lag(log_rate(built, name, mlp.EXPOSURE), f"{name}_log_rate")
        built = standardise(within_between(rate, f"{name}_log_rate_lag1"), f"{name}_log_rate_lag1_within")
    return _with_effectiveness(built, effectiveness, article_counts.variants(register, "other_crime"))


def by_country_year(panel: Panel, indicator: pd.DataFrame) -> "pd.Series[float]":
    """Return a WGI indicator, with columns ``iso3``, ``year`` and ``estimate``, by row of a panel of months."""
    years = pd.DatetimeIndex(panel.frame.index.get_level_values("month")).year
    keys = pd.MultiIndex.from_arrays([panel.frame["country"], years])
    values = indicator.set_index(["iso3", "year"])["estimate"].reindex(keys)
    return pd.Series(values.to_numpy(float), index=panel.frame.index)


def _with_effectiveness(built: Panel, effectiveness: pd.DataFrame, crimes: Sequence[str]) -> Panel:
    values = by_country_year(built, effectiveness)
    central = built.frame["country"].isin(article_counts.CENTRAL_ASIA)
    centred = (values - values[central].mean()) / values[central].std(ddof=0)
    for crime in crimes:
        covariate = built.frame[article_counts.within(crime)] * centred
        built = built.with_covariate(f"{crime}_x_effectiveness", covariate)
    return built


def run(built: Panel, inputs: Mapping[str, str], register: Register, run: Run) -> Line:
    """Fit and answer what the article counts can answer.

    Parameters
    ----------
    built : Panel
        As :func:`panel` returns it.
    inputs : mapping of str to str
        SHA-256 of the files that it was read from.
    register : Register
    run : Run
    """
    plain = built.select(countries=article_counts.CENTRAL_ASIA)
    fits = {name: run.counts(plain, spec, SETTINGS) for name, spec in article_counts.catalog(register).items()}
    estimands: dict[str, Callable[[], Estimated]] = {
        **{name: partial(article_counts.answer_rates, name, fits, register) for name in article_counts.RATE_CLAIMS},
        **{name: partial(slope, fits, register) for name, slope in article_slopes.SLOPE_CLAIMS.items()},
    }
    return Line(
        answers=answers(register, estimands),
        fits=tuple(fits.values()),
        fixed_effects=_companions(plain, run),
        inputs=inputs,
    )


def _companions(built: Panel, run: Run) -> tuple[FrequentistFit, ...]:
    """Fixed-effects regressions of the slope claims, clustered by country (three clusters)."""
    pairs = {
        "C11": ("drug_incident", article_counts.within("other_crime")),
        "C16": ("state_violence", article_counts.within("drug_incident")),
        "C22": ("state_response", article_counts.lagged("corruption_reports")),
    }
    return tuple(
        fit_poisson(
            *(built, PoissonSpec(f"articles_{c}", outcome, (x,), mlp.EXPOSURE)),
            others=("crv3:country", "webb:country", "randomisation:country", "dk:12"),
            command=run.command,
        )
        for c, (outcome, x) in pairs.items()
    )
