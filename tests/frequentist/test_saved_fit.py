"""Published estimates, conventions, and refusals of the fixed-effects Poisson."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.errors import DataError, ModelError
from northroute.frequentist import PoissonSpec, fit_poisson, load
from northroute.panel import Panel
from tests.reference.ships import STATA


@pytest.mark.reference
@pytest.mark.parametrize(("cluster", "key"), [("Origin", "origin"), ("Product", "product")])
def test_fixest_vignette_four_effects(reference_dir: Path, cluster: str, key: str) -> None:
    folder = reference_dir / "fixest_trade_fepois"
    trade = pd.read_csv(folder / "trade.csv.gz").assign(log_dist=lambda d: np.log(d["dist_km"]))
    effects = ("Origin", "Destination", "Product", "Year")
    fit = fit_poisson(trade, PoissonSpec("trade", "Euros", ("log_dist",), effects=effects, cluster=cluster))
    published = pd.read_csv(folder / "published.csv").set_index("model").loc[f"fe4_cluster_{key}"]
    # printed with six digits
    assert fit.coef[0] == pytest.approx(published["estimate"], abs=5e-6)
    assert fit.se[0] == pytest.approx(published["se"], abs=1e-6)
    assert fit.rows == 38325


@pytest.mark.parametrize("exposure", [None, "service"])
def test_stata_cluster_convention_with_five_clusters(ships: pd.DataFrame, exposure: str | None) -> None:
    options = "exposure(service) vce(cluster ship)" if exposure else "vce(cluster ship)"
    rows = STATA[f"poisson accident yr_con op_75_79, {options}"].table()
    spec = PoissonSpec("ships", "accident", ("yr_con", "op_75_79"), exposure, (), "ship", "stata")
    fit = fit_poisson(ships, spec)
    for name, published_name in {"yr_con": "yr_con", "op_75_79": "op_75_79", "Intercept": "_cons"}.items():
        i = fit.terms.index(name)
        # Stata stops its iterations at 1e-6 of the log likelihood
        assert fit.coef[i] == pytest.approx(rows.loc[published_name, "estimate"], rel=1e-6)
        assert fit.se[i] == pytest.approx(rows.loc[published_name, "se"], rel=1e-6)
    assert fit.clusters == 5
    # statsmodels' own convention is larger by sqrt((N - 1) / (N - k)), N = 34, k = 3
    larger = fit_poisson(ships, replace(spec, convention="statsmodels"))
    assert larger.se / fit.se == pytest.approx(np.sqrt(33 / 31), rel=1e-9)


@pytest.fixture(scope="module")
def spec() -> PoissonSpec:
    return PoissonSpec("fe", "criminal_violence", ("interdiction",), "all_events", cluster="unit")


def test_recovers_the_simulated_slope(region_panel: Panel, spec: PoissonSpec, region_truth: dict[str, float]) -> None:
    fit = fit_poisson(region_panel, spec)
    # 51 clusters: the estimate lies within four standard errors of the average of the countries' true slopes, or one run
    # in ten thousand fails; the seed is fixed
    assert abs(fit.coef[0] - region_truth["criminal_violence"]) < 4 * fit.se[0]
    assert fit.simulated
    assert set(fit.tidy()["source"]) == {"SIMULATED"}


def test_matches_dummies_in_statsmodels(region_panel: Panel, spec: PoissonSpec) -> None:
    import statsmodels.api as sm

    panel = region_panel.select(countries=("KGZ", "TJK"))
    fit = fit_poisson(panel, spec)
    frame = panel.frame.reset_index()
    dummies = pd.get_dummies(frame[["unit", "month"]].astype(str), drop_first=True, dtype=float)
    x = sm.add_constant(pd.concat([frame[["interdiction"]], dummies], axis=1))
    y = frame["criminal_violence"].astype(float)
    plain = sm.GLM(y, x, sm.families.Poisson(), offset=np.log(frame["all_events"])).fit(tol=1e-12)
    assert fit.coef[0] == pytest.approx(plain.params["interdiction"], rel=1e-6)
    assert fit.loglik == pytest.approx(plain.llf, rel=1e-6)


def test_inference_uses_clusters_minus_one(region_panel: Panel, spec: PoissonSpec) -> None:
    fit = fit_poisson(region_panel, replace(spec, cluster="country"))
    row = fit.tidy(prob=0.95).iloc[0]
    assert row["df"] == 4
    # 97.5 % quantile of t(4)
    assert (row["high"] - row["coef"]) / row["se"] == pytest.approx(2.776445, abs=1e-6)
    both = fit.one_sided("interdiction", "above") + fit.one_sided("interdiction", "below")
    assert both == pytest.approx(1.0)


def test_round_trip(region_panel: Panel, spec: PoissonSpec, tmp_path: Path) -> None:
    fit = fit_poisson(region_panel, spec)
    again = load(fit.save(tmp_path / "fit.json"))
    assert again.tidy().equals(fit.tidy())
    stacked = fit_poisson(region_panel, spec, others=("crv3:country", "webb:country", "dk:99"))
    assert set(stacked.refused) == {"dk:99"}
    table = stacked.stacked()
    assert table["errors"].tolist() == ["CRV3, leave one country out", "wild score bootstrap by country"]
    assert load(stacked.save(tmp_path / "stacked.json")).stacked().equals(table)
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(DataError, match=r"bad\.json"):
        load(tmp_path / "bad.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"covariates": ("log_density",)}, "absorbed by the effects"),
        ({"covariates": ()}, "at least one covariate"),
        ({"cluster": "province"}, "no column"),
        ({"convention": "hc1"}, "no convention 'hc1'"),
    ],
)
def test_refuses_what_it_cannot_fit(
    region_panel: Panel, spec: PoissonSpec, change: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        fit_poisson(region_panel, replace(spec, **change))  # type: ignore[arg-type]


def test_refuses_one_cluster(region_panel: Panel, spec: PoissonSpec) -> None:
    with pytest.raises(ModelError, match="one cluster only"):
        fit_poisson(region_panel.select(countries=("KAZ",)), replace(spec, cluster="country"))
