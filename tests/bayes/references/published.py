"""Models of published analyses, with their data and priors, and one rule of agreement."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import arviz_stats as azs
import numpy as np
import pandas as pd
import xarray as xr

from northroute.bayes import Model, Prior
from northroute.bayes.statement.distributions import MultivariateNormal, NegativeBinomial, Normal, Poisson
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.places import BYM2
from northroute.bayes.statement.terms.population import Intercept, Linear
from tests.reference import schools
from tests.reference import scotland as lips

Problem = tuple[Model, pd.DataFrame]
Row = Mapping[str, Any]
FLAT = Prior("flat", 1.0, "brms: coefficients of the population")
SD = Prior("half_student_t", 2.5, "brms: standard deviations", shape=3.0)


def table(folder: Path, column: str | None = None, value: str = "") -> dict[str, Row]:
    """Return the published rows by parameter, those where ``column`` has a value, if named."""
    rows = pd.read_csv(folder / "published.csv")
    if column is not None:
        rows = rows[rows[column] == value]
    return {str(r["parameter"]): {str(k): v for k, v in r.items()} for r in rows.to_dict("records")}


def disagreement(draws: xr.DataArray, mean: float, sd: float, ess: float, digits: int) -> dict[str, float]:
    """Return how far mean and sd lie from published ones, in units of what both sides allow.

    A published mean of draws with effective size ``ess`` has standard error ``sd / sqrt(ess)``, its standard deviation
    about ``sd / sqrt(2 ess)``; both are rounded to ``digits`` decimals, an error of at most half a unit.
    """
    rounding = 0.5 * 10.0**-digits
    found = {}
    for name, ours, theirs, error in (
        ("mean", float(draws.mean()), mean, sd / np.sqrt(ess)),
        ("sd", float(draws.std()), sd, sd / np.sqrt(2 * ess)),
    ):
        own = float(azs.mcse(draws.transpose("chain", "draw").to_numpy(), method=name))
        found[name] = max(abs(ours - theirs) - rounding, 0.0) / float(np.hypot(own, error))
    return found


def scotland() -> Problem:
    """Lip cancer in 56 districts of Scotland: Poisson with exposure and BYM2 effects."""
    frame = pd.DataFrame({"y": lips.CASES, "E": lips.EXPECTED, "x": np.asarray(lips.OUTDOORS) / 10})
    frame["district"] = [f"d{i:02d}" for i in range(len(frame))]
    wide = Prior("normal", 5.0, "Morris: N(0, 5)")
    terms = (
        Intercept(wide),
        Linear(("x",), wide),
        BYM2(
            "district",
            tuple((f"d{i:02d}", f"d{j:02d}") for i, j in lips.PAIRS),
            sd=Prior("half_normal", 5.0, "Morris: N+(0, 5)"),
            rho=Prior("beta", 0.5, "Morris: beta(0.5, 0.5)", shape=0.5),
        ),
    )
    return Model("scotland", "y", Poisson(), terms, exposure="E"), frame


def epilepsy(folder: Path) -> Problem:
    """Seizures of 59 patients at four visits; brms's default priors, its intercept that of an average row."""
    frame = pd.read_csv(folder / "epilepsy.csv", dtype={"patient": str})
    frame["Trt1"] = frame["Trt"].astype(float)
    frame["zBase:Trt1"] = frame["zBase"] * frame["Trt1"]
    middle = round(float(np.median(np.log(frame["count"] + 0.1))), 1)
    terms = (
        Intercept(Prior("student_t", 2.5, "brms: centred intercept", location=middle, shape=3.0)),
        Linear(("zAge", "zBase", "Trt1", "zBase:Trt1"), FLAT, centre=True),
        Effects("patient", sd=SD),
    )
    return Model("epilepsy", "count", Poisson(), terms), frame


SPECIES = ("PR", "DM", "EC-A", "EC-L", "DES-L", "DF")
WEAK = Prior("normal", 5.0, "weak beside the likelihood; flat ones would be improper where no zero need be structural")


def salamanders(folder: Path, model: str) -> Problem:
    """Salamanders at 23 sites: zero-inflated Poisson ("zip"), zero-inflated NB ("zinb"), "hurdle_poisson"."""
    frame = pd.read_csv(folder / "Salamanders.csv")
    frame["minedno"] = (frame["mined"] == "no").astype(float)
    for species in SPECIES:
        frame[f"spp{species}"] = (frame["spp"] == species).astype(float)
    columns = ("minedno",) if model == "zip" else (*(f"spp{s}" for s in SPECIES), "minedno")
    wide = Prior("half_normal", 3.0, "root of the dispersion, weak")
    found = Model(
        f"salamanders_{model}",
        "count",
        NegativeBinomial(wide) if model == "zinb" else Poisson(),
        (Intercept(WEAK), Linear(columns, WEAK), Effects("site", sd=SD)),
        part="hurdle" if model == "hurdle_poisson" else "zero_inflated",
        part_terms=(Intercept(WEAK, name="zi_intercept"), Linear(columns, WEAK, name="zi_slope")),
    )
    return found, frame


def eight_schools() -> Problem:
    """Rubin's eight schools: normal effects with known standard errors."""
    frame = pd.DataFrame({"y": schools.EFFECT, "sigma": schools.ERROR, "school": [f"s{i}" for i in range(8)]})
    terms = (
        Intercept(Prior("normal", 5.0, "posteriordb's mu")),
        Effects("school", sd=Prior("half_cauchy", 5.0, "posteriordb's tau")),
    )
    return Model("eight_schools", "y", Normal(None, "sigma"), terms), frame


def bluetit(folder: Path) -> Problem:
    """Tarsus and back of 828 blue tits: nests and dams with effects on both, correlated, and correlated residuals."""
    wide = pd.read_csv(folder / "BTdata.csv")
    wide["sexMale"] = (wide["sex"] == "Male").astype(float)
    wide["sexUNK"] = (wide["sex"] == "UNK").astype(float)
    keep = ["animal", "dam", "fosternest", "hatchdate", "sexMale", "sexUNK"]
    frame = wide.melt(id_vars=keep, value_vars=["tarsus", "back"], var_name="trait", value_name="y")
    terms = (
        Intercept(Prior("student_t", 2.5, "brms: centred intercept", shape=3.0), by="trait"),
        Linear(("sexMale", "sexUNK", "hatchdate"), FLAT, by="trait", centre=True),
        Effects("fosternest", by="trait", correlated=True, lkj=1.0, sd=SD),
        Effects("dam", by="trait", correlated=True, lkj=1.0, sd=SD),
    )
    return Model("bluetit", "y", MultivariateNormal(SD, 1.0), terms, response="trait", cell="animal"), frame
