"""Poisson pseudo-maximum likelihood: printed estimates, pyfixest and statsmodels, invariants, recovery."""

import numpy as np
import pandas as pd
import pyfixest as pf
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from northroute.frequentist import Estimate, Regression, poisson, regression
from northroute.frequentist.covariance import cluster
from northroute.panel import Panel

DISTANCE = "log(dist_km)"


@pytest.mark.reference
@pytest.mark.parametrize(
    ("effects", "key", "decimals"),
    [
        (("Origin", "Destination", "Product", "Year"), "fe4_cluster_origin", 5),
        ((), "fe0_cluster_origin_destination", 5),
        (("Year",), "fe_year_cluster_origin_destination", 3),
        (("Year", "Destination"), "fe_year_destination_cluster_origin_destination", 3),
        (("Year", "Destination", "Origin"), "fe_year_destination_origin_cluster_origin_destination", 3),
    ],
)
def test_trade_estimates(
    trade: pd.DataFrame, trade_published: pd.DataFrame, effects: tuple[str, ...], key: str, decimals: int
) -> None:
    found = poisson(trade, Regression("Euros", (DISTANCE,), effects))
    # to half a unit of the last printed digit
    assert found.coef[found.term(DISTANCE)] == pytest.approx(
        trade_published.loc[(key, DISTANCE), "estimate"], abs=0.51 * 10.0**-decimals
    )
    assert found.rows == 38325


@pytest.mark.reference
def test_trade_log_likelihood(trade: pd.DataFrame) -> None:
    found = poisson(trade, f"Euros ~ {DISTANCE} | Origin + Destination + Product + Year")
    # printed as -7.025e11, and the squared correlation as 0.612021
    assert found.loglik == pytest.approx(-7.025e11, abs=0.5e8)
    assert np.corrcoef(found.mean, found.design.y)[0, 1] ** 2 == pytest.approx(0.612021, abs=5e-7)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pyfixest 0.60 under pandas 3.1
@pytest.mark.parametrize("right", ["interdiction", "interdiction + interdiction:log_density + rail:interdiction"])
def test_matches_pyfixest(regions_frame: pd.DataFrame, right: str) -> None:
    formula = f"criminal_violence ~ {right} | unit + month"
    ours = poisson(regions_frame, formula, exposure="all_events")
    theirs = pf.fepois(
        formula,
        regions_frame.assign(
            off=np.log(regions_frame["all_events"]), criminal_violence=lambda d: d["criminal_violence"].astype(float)
        ),
        vcov={"CRV1": "country"},
        offset="off",
        iwls_tol=1e-10,
    )
    expected = theirs.coef()
    order = [t if t in expected.index else ":".join(t.split(":")[::-1]) for t in ours.terms]
    # both stop at 1e-10 of the deviance
    np.testing.assert_allclose(ours.coef, expected[order], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(cluster(ours, "country").se, theirs.se()[order], rtol=1e-5)


def test_three_way_gravity_matches_dummies() -> None:
    rng = np.random.default_rng(3)
    places = [f"p{i}" for i in range(7)]
    table = pd.DataFrame(
        [(a, b, y) for a in places for b in places if a != b for y in range(4)],
        columns=["exporter", "importer", "year"],
    )
    table["agreement"] = rng.integers(0, 2, len(table)).astype(float)
    table["flow"] = rng.poisson(np.exp(1.5 + 0.4 * table["agreement"] + rng.normal(0, 0.5, len(table))))
    ours = poisson(table, "flow ~ agreement | exporter^year + importer^year + exporter^importer")
    keys = {
        "ey": table["exporter"] + table["year"].astype(str),
        "iy": table["importer"] + table["year"].astype(str),
        "pair": table["exporter"] + table["importer"],
    }
    dummies = pd.concat(
        [pd.get_dummies(v, prefix=k, drop_first=k != "ey", dtype=float) for k, v in keys.items()], axis=1
    )
    kept = ours.design.frame.index
    x = np.column_stack([table["agreement"], dummies])[kept]
    # a set of columns of full rank with the agreement among them: without it the dummies' pivots
    pivots = linalg.qr(x[:, 1:], pivoting=True, mode="r")[1][: np.linalg.matrix_rank(x[:, 1:])]
    x = x[:, np.r_[0, 1 + np.sort(pivots)]]
    theirs = sm.GLM(table["flow"].to_numpy(float)[kept], x, sm.families.Poisson()).fit(tol=1e-12, maxiter=200)
    assert ours.coef[0] == pytest.approx(theirs.params[0], rel=1e-5)
    assert ours.gradient < 1e-6
    assert (
        cluster(ours, "exporter^importer").groups["exporter^importer"]
        == table.groupby(["exporter", "importer"]).ngroups
    )


def test_offset_and_exposure_are_the_same_thing(regions_frame: pd.DataFrame) -> None:
    frame = regions_frame.assign(off=np.log(regions_frame["all_events"]))
    by_exposure = poisson(frame, "general_crime ~ interdiction | unit", exposure="all_events")
    by_offset = poisson(frame, "general_crime ~ interdiction | unit", offset="off")
    assert by_exposure.coef == pytest.approx(by_offset.coef, rel=1e-12)
    # effects make fitted totals equal observed ones, exposure or not
    totals = pd.Series(by_exposure.mean).groupby(by_exposure.design.frame["unit"].to_numpy()).sum()
    observed = frame.groupby("unit")["general_crime"].sum()
    np.testing.assert_allclose(totals, observed.loc[totals.index].astype(float), rtol=1e-8)


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(0.01, 100), shift=st.floats(-5, 5), stretch=st.floats(0.1, 10))
def test_units_of_covariate_and_exposure(groups: pd.DataFrame, scale: float, shift: float, stretch: float) -> None:
    small = groups[groups["g"] < 60]
    plain = poisson(small, "y ~ x + z | g", exposure="hours")
    changed = poisson(
        small.assign(x=small["x"] * scale + shift, hours=small["hours"] * stretch), "y ~ x + z | g", exposure="hours"
    )
    assert changed.coef[0] * scale == pytest.approx(plain.coef[0], rel=1e-6, abs=1e-9)
    assert changed.coef[1] == pytest.approx(plain.coef[1], rel=1e-6, abs=1e-9)
    np.testing.assert_allclose(changed.mean, plain.mean, rtol=1e-6)


def test_order_of_rows_does_not_matter(regions_frame: pd.DataFrame, fit: Estimate) -> None:
    shuffled = regions_frame.sample(frac=1, random_state=1)
    again = poisson(shuffled, "drug_incident ~ interdiction | unit + month", exposure="all_events")
    assert again.coef[0] == pytest.approx(fit.coef[0], rel=1e-9)


def test_panel_and_frame_agree(region_panel: Panel, fit: Estimate) -> None:
    spec = Regression("drug_incident", ("interdiction",), ("unit", "month"), "all_events")
    again = poisson(region_panel, spec)
    assert again.coef[0] == pytest.approx(fit.coef[0], rel=1e-12)
    assert again.simulated and fit.simulated
    assert again.design.data_hash == region_panel.data_hash


def test_recovers_the_simulated_slope(fit: Estimate, region_truth: dict[str, float]) -> None:
    # 51 clusters: within four standard errors, or one run in ten thousand fails; the seed is fixed
    assert abs(fit.coef[0] - region_truth["drug_incident"]) < 4 * cluster(fit, "unit").se[0]


def test_formula_reads_as_written() -> None:
    spec = regression("y ~ a + log(b + 1) + c:d | u^v + t", exposure="e")
    assert spec == Regression("y", ("a", "log(b + 1)", "c:d"), ("u^v", "t"), "e")
    assert regression(spec) is spec
    assert spec.formula == "y ~ a + log(b + 1) + c:d | u^v + t"


def test_missing_cells_are_left_out_and_counted(regions_frame: pd.DataFrame) -> None:
    frame = regions_frame.copy()
    frame.loc[frame.index[:3], "drug_incident"] = pd.NA
    frame.loc[frame.index[10:15], "interdiction"] = np.nan
    found = poisson(frame, "drug_incident ~ interdiction | unit + month", exposure="all_events")
    assert found.dropped == {"outcome unobserved": 3, "covariate missing": 5}
    assert found.rows == len(frame) - 8


def test_collinear_terms_are_named_or_dropped(regions_frame: pd.DataFrame) -> None:
    frame = regions_frame.assign(double=2 * regions_frame["interdiction"])
    kept = poisson(frame, "drug_incident ~ interdiction + double + log_density | unit + month", on_collinear="drop")
    assert kept.collinear == ("double", "log_density")
    assert kept.terms == ("interdiction",)
