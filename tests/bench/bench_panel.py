"""Speed of the panel estimators, as ratios measured in one run: python -m tests.bench.bench_panel.

Against pyfixest called directly (both with clustered errors), and against the textbook way with few clusters: refits with
dummies in statsmodels, of which a few are timed and the total is scaled up. BLAS runs on one thread on both sides
(OPENBLAS_NUM_THREADS=1, set below before numpy is loaded), since its threads contend for two cores here.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyfixest as pf
import statsmodels.api as sm

from northroute.frequentist import Regression, conditional_poisson, poisson
from northroute.frequentist.covariance import cluster, conley, jackknife, randomisation, score_bootstrap
from northroute.frequentist.places import with_places
from northroute.seeds import generator
from northroute.sources.simulated import simulate_regions

NAIVE_REFITS = 4
DRAWS = 999


@dataclass(frozen=True)
class Row:
    """One comparison."""

    what: str
    seconds: float
    other: str
    other_seconds: float
    ratio: float


def best(works: Sequence[Callable[[], Any]], repeats: int) -> list[float]:
    """Shortest run of each in seconds, taken in turns, after one run that compiles."""
    times = [[np.inf] for _ in works]
    for repeat in range(repeats + 1):
        for work, found in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            if repeat:
                found.append(time.perf_counter() - start)
    return [float(min(found)) for found in times]


def regions(units: int) -> pd.DataFrame:
    """A SIMULATED panel of regions and 96 months."""
    frame = with_places(simulate_regions(months=96).table.frame.assign(month=lambda d: d["month"].dt.strftime("%Y-%m")))
    return frame[frame["unit"].isin(frame["unit"].unique()[:units])].reset_index(drop=True)


def against_pyfixest(repeats: int) -> list[Row]:
    """Absorbed effects: the regions' panel, and a three-way trade panel of 40,000 rows."""
    rng = generator("bench trade")
    n = 40_000
    trade = pd.DataFrame({"a": rng.integers(0, 60, n), "b": rng.integers(0, 60, n), "year": rng.integers(0, 15, n)})
    trade["x"] = rng.normal(size=n)
    trade["y"] = rng.poisson(np.exp(0.5 + 0.2 * trade["x"] + 0.02 * trade["a"] - 0.01 * trade["b"])).astype(float)
    region = regions(51).assign(drug_incident=lambda d: d["drug_incident"].astype(float))
    cases = (
        (
            "Poisson, 51 regions x 96 months, two effects",
            region,
            "drug_incident ~ interdiction | unit + month",
            "country",
        ),
        ("Poisson, 40,000 rows, three effects", trade, "y ~ x | a + b + year", "a"),
    )
    rows = []
    for name, table, formula, by in cases:

        def ours(table: pd.DataFrame = table, formula: str = formula, by: str = by) -> None:
            cluster(poisson(table, formula), by)

        def theirs(table: pd.DataFrame = table, formula: str = formula, by: str = by) -> None:
            pf.fepois(formula, table, vcov={"CRV1": by}, separation_check=["fe", "ir"])

        seconds, other = best([ours, theirs], repeats)
        rows.append(_row(name, seconds, "pyfixest, same checks of separation", other))
    return rows


def inference(repeats: int) -> Row:
    """CRV3, 7,776 Webb weights, 999 randomisations and Conley on 50 regions x 96 months, against refits in statsmodels."""
    table = regions(50)
    spec = Regression("drug_incident", ("interdiction",), ("unit", "month"), "all_events", name="bench")

    def ours() -> None:
        fit = poisson(table, spec)
        jackknife(fit, "country")
        score_bootstrap(fit, "country")
        randomisation(fit, by="country", draws=DRAWS)
        conley(fit, kilometres=300, months=12)

    (seconds,) = best([ours], repeats)
    dummies = pd.get_dummies(table[["unit", "month"]].astype(str), drop_first=True, dtype=float)
    x = np.column_stack([np.ones(len(table)), table["interdiction"], dummies])
    y, offset = table["drug_incident"].to_numpy(float), np.log(table["all_events"].to_numpy())
    rng = generator("bench naive")
    start = time.perf_counter()
    for _ in range(NAIVE_REFITS):
        x[:, 1] = rng.permutation(x[:, 1])
        sm.GLM(y, x, sm.families.Poisson(), offset=offset).fit()
    refit = (time.perf_counter() - start) / NAIVE_REFITS
    needed = 1 + table["country"].nunique() + DRAWS  # the fit, CRV3, randomisations; the bootstrap is not even counted
    return _row(
        f"CRV3 + 7,776 Webb + {DRAWS} randomisations + Conley, 50 x 96",
        seconds,
        f"{needed} refits in statsmodels, scaled from {NAIVE_REFITS}",
        needed * refit,
    )


def conditional(repeats: int) -> Row:
    """Conditional Poisson on 20,000 rows of 5,000 groups with ten covariates, against pyfixest with the groups absorbed."""
    rng = generator("bench health")
    group = np.repeat(np.arange(5_000), 4)
    table = pd.DataFrame(rng.normal(size=(20_000, 10)), columns=[f"x{k}" for k in range(10)]).assign(group=group)
    level = rng.gamma(1.5, 1 / 1.5, 5_000)[group]
    table["visits"] = rng.poisson(
        2.5 * level * np.exp(table[[f"x{k}" for k in range(10)]].to_numpy() @ np.linspace(-0.2, 0.2, 10))
    )
    right = " + ".join(f"x{k}" for k in range(10))
    floats = table.assign(visits=table["visits"].astype(float))
    seconds, other = best(
        [
            lambda: cluster(conditional_poisson(table, f"visits ~ {right}", group="group"), "group"),
            lambda: pf.fepois(f"visits ~ {right} | group", floats, vcov={"CRV1": "group"}),
        ],
        repeats,
    )
    return _row("conditional Poisson, 20,000 rows, ten covariates", seconds, "pyfixest, groups absorbed", other)


def _row(what: str, seconds: float, other: str, other_seconds: float) -> Row:
    return Row(what, seconds, other, other_seconds, seconds / other_seconds)


def main() -> None:
    """Measure and print the table; exit 1 if a bound of the issue is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyfixest 0.60 warns of pandas 3.1 in every call
        rows = [*against_pyfixest(repeats), inference(repeats), conditional(repeats)]
    print("| what | ours, s | other | other, s | ours / other |\n|---|---|---|---|---|")
    for row in rows:
        print(f"| {row.what} | {row.seconds:.3f} | {row.other} | {row.other_seconds:.3f} | {row.ratio:.4f} |")
    region, trade, errors, health = rows
    kept = (
        max(region.ratio, trade.ratio) <= 1.2 and errors.ratio <= 1 / 20 and errors.seconds < 10 and health.seconds < 2
    )
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
