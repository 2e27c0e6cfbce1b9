"""How often the gate refuses true models, and passes bad ones, over data sets simulated for each.

A *true* model generates its own data, so a refusal is false. A *bad* model is fitted to data that it cannot describe, or has
a posterior that no sampler gets right, so a pass is missed. What is finished is kept in a Parquet table, one line a fit, and
the same command goes on from there.
"""

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from northroute import holding, keeping, seeds
from northroute.arrays import Array
from northroute.bayes.engine import attempts, row_checks
from northroute.bayes.program.assemble import assemble
from northroute.bayes.samplers.settings import Sampling
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.latent import Hidden, Loads
from northroute.bayes.statement.terms.places import BYM2, laplacian
from northroute.bayes.statement.terms.population import Intercept
from northroute.bayes.statement.terms.process import GP
from northroute.bayes.statement.terms.time import AR1, Walk
from northroute.conventions import DEFAULT_SEED
from northroute.errors import ModelError
from northroute.progress import Progress, quiet

LEVEL: Final = 1.5
"""Log mean of most simulated counts."""
LATTICE: Final = 11
COLUMNS: Final = {
    "case": str,
    "data_set": int,
    "refused": bool,
    "by": str,
    "share": float,
    "shift": float,
    "seconds": float,
}
"""Of the table of fits, with their types."""

Rng = np.random.Generator
Stated = tuple[str, Model, Callable[[Rng], pd.DataFrame]]
"""What is fitted to what, in words; the model; from a random generator to a data set."""


@dataclass(frozen=True)
class Case:
    """A model, data for it, and whether it is true.

    Attributes
    ----------
    name, what : str
        What is fitted to what, in words.
    true : bool
    model : Model
    simulate : callable
        From a random generator to a data set.
    """

    name: str
    what: str
    true: bool
    model: Model
    simulate: Callable[[Rng], pd.DataFrame]


def cases() -> dict[str, Case]:
    """Return the cases by name."""
    every = [(name, one, true) for true, found in ((True, _true()), (False, _bad())) for name, one in found.items()]
    return {name: Case(name, what, true, model, simulate) for name, (what, model, simulate), true in every}


def run(
    replications: int,
    path: Path,
    *,
    only: tuple[str, ...] = (),
    seed: int = DEFAULT_SEED,
    settings: Sampling | None = None,
    progress: Progress = quiet,
) -> pd.DataFrame:
    """Fit every case to data sets 0 to ``replications - 1``, those in the file left out; return the whole file's table.

    Data sets are taken in turn over the cases, so that an interrupted study has about as many of each.

    Raises
    ------
    ModelError
        If ``only`` names an unknown case.
    """
    known = cases()
    unknown = sorted(set(only) - set(known))
    if unknown:
        raise ModelError(f"There is no case '{unknown[0]}'; there are {', '.join(known)}.")
    waiting = [(i, case) for i in range(replications) for case in known.values() if (not only or case.name in only)]
    with holding.folder(path.parent, "counting the gate's errors", progress):
        rows = read(path).to_dict("records") if path.exists() else []
        done = {(row["case"], row["data_set"]) for row in rows}
        for at, (i, case) in enumerate(waiting):
            if (case.name, i) in done:
                continue
            began = time.perf_counter()
            by, *values = refusal(case, i, seed, settings or Sampling())
            row = (case.name, i, bool(by), by, *values, round(time.perf_counter() - began, 2))
            rows.append(dict(zip(COLUMNS, row, strict=True)))
            with keeping.writing(path) as partial:
                pd.DataFrame(rows).astype(COLUMNS).to_parquet(partial)
            progress(f"{case.name}: data set {i}", (at + 1) / len(waiting))
    return read(path)


def refusal(case: Case, data_set: int, seed: int, settings: Sampling) -> tuple[str, float, float]:
    """Fit a case to one data set; return what refused it, empty if it passed, and the values of the checks of rows.

    A value is not-a-number where it was not computed.
    """
    rng = seeds.generator(f"gate {case.name} {data_set}", seed)
    try:
        assembled = assemble(case.model, case.simulate(rng))
        found = attempts(assembled, settings)
    except ModelError as refused:
        return f"error: {refused}", np.nan, np.nan
    share, shift = row_checks(assembled, found)
    by = ", ".join(c.name for c in (*found.gate.checks, share, shift) if c.passed is False)
    values = [np.nan if c.value is None else round(c.value, 4) for c in (share, shift)]
    return by, values[0], values[1]


def read(path: Path) -> pd.DataFrame:
    """Read the table of finished fits.

    Raises
    ------
    DataError
        If the file is not what was written.
    """
    return pd.read_parquet(io.BytesIO(keeping.verified(path, "Delete the file to begin again.")))


def rates(fits: pd.DataFrame) -> pd.DataFrame:
    """Return one line a case: wrong decisions, their share and its 95 % upper bound, largest values, and what refused."""
    lines = []
    for case in cases().values():
        own = fits[fits["case"] == case.name]
        if own.empty:
            continue
        wrong = int((own["refused"] == case.true).sum())
        reasons = own.loc[own["refused"], "by"].str.split(": ").str[0].value_counts()
        lines.append(
            {
                "case": case.name,
                "what": case.what,
                "true": case.true,
                "data_sets": len(own),
                "refused": int(own["refused"].sum()),
                "wrong": wrong,
                "share_wrong": wrong / len(own),
                "at_most": upper(wrong, len(own)),
                "share": own["share"].max(),
                "shift": own["shift"].max(),
                "by": "; ".join(f"{name} ({count})" for name, count in reasons.items()),
                "seconds": float(own["seconds"].median()),
            }
        )
    return pd.DataFrame(lines)


def upper(wrong: int, trials: int) -> float:
    """Return the upper end of the exact 95 % interval of a share (Clopper and Pearson 1934, Biometrika 26:404)."""
    return 1.0 if wrong == trials else float(stats.beta.ppf(0.975, wrong + 1, trials - wrong))


def _counts(rng: Rng, eta: Array, dispersion: float = 0.0) -> Array:
    mean = np.exp(eta)
    if dispersion:
        mean = mean * rng.gamma(1 / dispersion, dispersion, mean.shape)
    return rng.poisson(mean).astype(float)


def _frame(rng: Rng, eta: Array, dispersion: float = 0.0, **columns: NDArray[Any]) -> pd.DataFrame:
    return pd.DataFrame({"y": _counts(rng, eta, dispersion), **columns})


def _path(rng: Rng, times: int, persistence: float, sd: float) -> Array:
    x = rng.normal(0, sd, times)
    for t in range(1, times):
        x[t] = persistence * x[t - 1] + np.sqrt(1 - persistence**2) * x[t]
    return x


def _poisson(name: str, *terms: object, **more: object) -> Model:
    return Model(name, "y", dist.Poisson(), (Intercept(), *terms), **more)  # type: ignore[arg-type]


def _groups(groups: int, each: int) -> Array:
    return np.repeat(np.arange(groups), each)


def _autoregression(times: int, persistence: float, sd: float) -> Callable[[Rng], pd.DataFrame]:
    return lambda rng: _frame(rng, LEVEL + _path(rng, times, persistence, sd), t=np.arange(times))


def _walk(rng: Rng) -> pd.DataFrame:
    steps = np.cumsum(rng.normal(0, 0.25, 120))
    return _frame(rng, LEVEL + steps - steps.mean(), t=np.arange(120))


def _smooth(rng: Rng) -> pd.DataFrame:
    x = np.sort(rng.uniform(0, 10, 120))
    covariance = 0.49 * np.exp(-0.5 * np.square(np.subtract.outer(x, x))) + 1e-8 * np.eye(120)
    return _frame(rng, LEVEL + np.linalg.cholesky(covariance) @ rng.standard_normal(120), x=x)


def lattice(side: int) -> tuple[tuple[str, str], ...]:
    """Return the pairs of neighbours of a square lattice, its places named ``p<row>_<column>``."""
    across = [(f"p{i}_{j}", f"p{i}_{j + 1}") for i in range(side) for j in range(side - 1)]
    return (*across, *((f"p{j}_{i}", f"p{j + 1}_{i}") for i in range(side) for j in range(side - 1)))


def _places(rng: Rng) -> pd.DataFrame:
    names = [f"p{i}_{j}" for i in range(LATTICE) for j in range(LATTICE)]
    edges = np.array([[names.index(a), names.index(b)] for a, b in lattice(LATTICE)])
    sizes, vectors = np.linalg.eigh(laplacian(len(names), edges).toarray())
    roots = np.concatenate([[0.0], sizes[1:] ** -0.5])
    typical = np.exp(0.5 * np.log(np.square(vectors * roots).sum(axis=1)).mean())
    structured = vectors @ (roots * rng.standard_normal(len(names))) / typical
    effect = 0.6 * (np.sqrt(0.6) * structured + np.sqrt(0.4) * rng.standard_normal(len(names)))
    return _frame(rng, LEVEL + effect).assign(place=names)


def _plain(rng: Rng) -> pd.DataFrame:
    return _frame(rng, np.full(150, LEVEL))


def _own(rng: Rng) -> pd.DataFrame:
    return _frame(rng, LEVEL + rng.normal(0, 0.7, 150), row=np.arange(150))


def _negative_binomial(rng: Rng) -> pd.DataFrame:
    unit = _groups(20, 8)
    return _frame(rng, LEVEL + rng.normal(0, 0.5, 20)[unit], 0.4, unit=unit)


def _slopes(rng: Rng) -> pd.DataFrame:
    unit, x = _groups(50, 4), rng.normal(0, 1, 200)
    u = rng.multivariate_normal([0, 0], [[0.25, 0.06], [0.06, 0.16]], 50)
    return _frame(rng, LEVEL + u[unit, 0] + u[unit, 1] * x, unit=unit, x=x)


def _zeros(share: float, hurdle: bool) -> Callable[[Rng], pd.DataFrame]:
    def simulate(rng: Rng) -> pd.DataFrame:
        unit = _groups(25, 8)
        eta = LEVEL + rng.normal(0, 0.4, 25)[unit]
        y = _counts(rng, eta)
        while hurdle and not y.all():
            y = np.where(y == 0, _counts(rng, eta), y)
        return pd.DataFrame({"y": np.where(rng.uniform(size=200) < share, 0.0, y), "unit": unit})

    return simulate


def _true() -> dict[str, Stated]:
    length = Prior.lognormal(mean_log=0.0, sd_log=0.5)
    part = {"part": "zero_inflated", "part_terms": (Intercept(name="zeros"),)}
    found: dict[str, Stated] = {
        "poisson": ("intercept, 150 rows", _poisson("poisson"), _plain),
        "negative_binomial": (
            "20 units of 8 rows, dispersion 0.4",
            Model("negative_binomial", "y", dist.NegativeBinomial(), (Intercept(), Effects("unit"))),
            _negative_binomial,
        ),
        "row_effects": ("an effect a row, 150 rows", _poisson("row_effects", Effects("row")), _own),
        "slopes": (
            "correlated intercept and slope of 50 units of 4 rows",
            _poisson("slopes", Effects("unit", columns=("1", "x"), correlated=True)),
            _slopes,
        ),
        "walk": ("a walk, one row a time, 120 times", _poisson("walk", Walk("t")), _walk),
        "gp": ("a Gaussian process, one row a point, 120 points", _poisson("gp", GP(("x",), length)), _smooth),
        "bym2": (
            f"BYM2, one row a place, {LATTICE}x{LATTICE} places",
            _poisson("bym2", BYM2("place", lattice(LATTICE))),
            _places,
        ),
        "zero_inflated": (
            "zero-inflated, 25 units of 8 rows, 30 % zeros",
            _poisson("zi", Effects("unit"), **part),
            _zeros(0.3, False),
        ),
        "hurdle": (
            "hurdle, 25 units of 8 rows, 30 % zeros",
            _poisson("hurdle", Effects("unit"), **(part | {"part": "hurdle"})),
            _zeros(0.3, True),
        ),
    }
    for persistence, sd, times in ((0.8, 0.5, 150), (0.6, 0.7, 150), (0.8, 0.5, 400)):
        name = f"ar1_{persistence:g}_{sd:g}_{times}"
        what = f"AR(1) {persistence:g}, sd {sd:g}, one row a time, {times} times"
        found[name] = (what, _poisson(name, AR1("t")), _autoregression(times, persistence, sd))
    return found


def _spoilt(simulate: Callable[[Rng], pd.DataFrame], rows: float, times: float) -> Callable[[Rng], pd.DataFrame]:
    """Return a simulator that multiplies some rows' counts; ``rows`` below 1 is a share of them, else their number."""

    def spoil(rng: Rng) -> pd.DataFrame:
        frame = simulate(rng)
        count = int(rows if rows >= 1 else rows * len(frame))
        at = rng.choice(len(frame), count, replace=False)
        y = frame["y"].to_numpy(copy=True)
        y[at] = times * np.maximum(y[at], 1)
        return frame.assign(y=y)

    return spoil


def _two_signs(rng: Rng) -> pd.DataFrame:
    unit, item = np.tile(np.arange(30), 4), np.repeat(np.arange(4), 30)
    trait, loading = rng.normal(0, 1, 30), np.array([0.7, 0.9, -0.6, 0.8])
    return _frame(rng, LEVEL + loading[item] * trait[unit], unit=unit, item=item)


def _bad() -> dict[str, Stated]:
    flat = Prior.flat()
    latent = Hidden(Effects("unit", sd=Prior.half_normal(sd=1.0)))
    loads = Loads("unit_effect", group="unit", prior=Prior.normal(mean=0.0, sd=1.0), by="item", name="loading")
    return {
        "gross_row": ("Poisson, one count of 150 multiplied by 100", _poisson("gross"), _spoilt(_plain, 1, 100)),
        "gross_rows": ("Poisson, every tenth count multiplied by 30", _poisson("rows"), _spoilt(_plain, 0.1, 30)),
        "gross_ar1": (
            "AR(1), one count of 150 multiplied by 100",
            _poisson("gross_ar1", AR1("t")),
            _spoilt(_autoregression(150, 0.8, 0.3), 1, 100),
        ),
        "overdispersed": (
            "Poisson with unit effects for negative binomial counts, dispersion 3",
            _poisson("overdispersed", Effects("unit")),
            lambda r: _frame(r, LEVEL + r.normal(0, 0.5, 20)[_groups(20, 8)], 3.0, unit=_groups(20, 8)),
        ),
        "two_signs": ("loadings without a sign", _poisson("two_signs", latent, loads), _two_signs),
        "flat": (
            "two intercepts with flat priors",
            Model("flat", "y", dist.Poisson(), (Intercept(prior=flat), Intercept(prior=flat, name="again"))),
            _plain,
        ),
    }
