"""Small models on small frames, one for every family and second part."""

from typing import Any

import numpy as np
import pandas as pd

from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.latent import Hidden, Loads
from northroute.bayes.statement.terms.places import BYM2
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.bayes.statement.terms.process import GP
from northroute.bayes.statement.terms.time import AR1, Walk

LEVEL = Prior.normal(mean=0, sd=2)
SLOPE = Prior.normal(mean=0, sd=0.5)
"""Priors of the user's, so that values in programs are in the user's terms."""


def panel(seed: int = 3) -> pd.DataFrame:
    """Two responses in nine regions of three countries over five months, sorted neither way."""
    rng = np.random.default_rng(seed)
    keys = [(f"r{r}", f"c{r // 3}", m, y) for r in range(9) for m in range(5) for y in ("seizure", "arrest")]
    frame = pd.DataFrame(keys, columns=["region", "country", "month", "response"])
    frame["cell"] = frame.region + " " + frame.month.astype(str)
    frame["x"], frame["z"] = rng.normal(size=(2, len(frame)))
    frame["exposure"] = rng.uniform(20.0, 300.0, len(frame))
    frame["known"] = rng.uniform(0.5, 1.5, len(frame))
    frame["count"] = rng.negative_binomial(1.0, 0.3, len(frame)).astype(float)
    frame["number"] = rng.normal(size=len(frame))
    frame.loc[4, "count"] = np.nan
    return frame


def full() -> Model:
    """Effects of every kind that the terms write, of two responses with dispersions of their own."""
    return Model(
        "full",
        "count",
        dist.NegativeBinomial(),
        (
            Intercept(LEVEL, by="response"),
            Linear(("x", "z"), SLOPE, by="response"),
            Linear(("x",), SLOPE, name="curve", dim="curve_column", only=("seizure",)),
            Effects("country", by="response", correlated=True),
            Effects("region", columns=("1", "x"), within="country", correlated=True),
            Effects("month", zero_sum=True),
            Effects(("region", "month"), zero_sum="region", name="cell"),
            Effects("month", by="response", zero_sum_by=True, name="share"),
        ),
        exposure="exposure",
        exposure_unit=100.0,
        response="response",
        part="zero_inflated",
        part_terms=(Intercept(LEVEL, name="zero"), Effects("country", name="zero_country")),
    )


def small(distribution: Any, **options: Any) -> Model:
    """An intercept and a slope with any distribution."""
    terms = (Intercept(LEVEL), Linear(("x",), SLOPE))
    outcome = "number" if isinstance(distribution, dist.Normal | dist.StudentT | dist.MultivariateNormal) else "count"
    return Model("small", outcome, distribution, terms, **options)


def heavy() -> Model:
    """Two responses with laws of their own: a Student t with known scales and one to estimate, and a normal."""
    laws: dict[str, dist.Distribution] = {"seizure": dist.StudentT(known="known", df=3.5), "arrest": dist.Normal()}
    terms = (Intercept(LEVEL, by="response"), Linear(("x",), SLOPE, by="response"), Effects("country", by="response"))
    return Model("heavy", "number", laws, terms, response="response")


def swept() -> Model:
    """Means swept through effects that sum to zero into intercepts, three levels deep."""
    return Model(
        "swept",
        "count",
        dist.Poisson(),
        (
            Intercept(LEVEL, by="response"),
            Effects("country", by="response", zero_sum=True),
            Effects("region", by="response", within="country", correlated=True),
            Effects("month", zero_sum=True),
        ),
        exposure="exposure",
        response="response",
    )


def paths() -> Model:
    """Walks, an autoregression, a Gaussian process, places and loadings."""
    edges = (
        ("r0", "r1"),
        ("r1", "r2"),
        ("r2", "r0"),
        ("r4", "r5"),
        ("r5", "r6"),
        ("r6", "r7"),
    )  # r3 and r8 are islands
    return Model(
        "paths",
        "count",
        dist.GeneralisedPoisson(),
        (
            Intercept(LEVEL, by="response"),
            Walk("month", by="response", correlated=True),
            AR1("month", group="country", ar=Prior("uniform", 1.8, "either sign", -0.9), name="country_path"),
            GP(("x",), Prior("inverse_gamma", 5.0, "in units of the covariate", shape=5.0), functions=6, name="curve"),
            BYM2("region", edges),
            Hidden(Effects("country", name="latent")),
            Loads("latent_effect", "country", Prior("lognormal", 0.5, "positive"), by="response"),
        ),
        exposure="exposure",
        response="response",
        part="hurdle",
        part_terms=(Intercept(LEVEL, name="zero"),),
    )
