"""One small program that has every kind of block, prior, family and second part at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from northroute.bayes.kernel.tables import Program
from northroute.bayes.program import records
from northroute.bayes.program.builder import Builder
from northroute.bayes.program.layout import Layout
from northroute.bayes.statement.codes import Family, Part, Rows, Spectrum
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.terms.writer import Batches, Places

Array = NDArray[np.float64]
CELLS, K, EACH = 4, 3, 12
COUNTS = [(f, p) for f in (Family.POISSON, Family.NEGATIVE_BINOMIAL, Family.GENERALISED_POISSON) for p in Part]
SEGMENTS = [
    *(f"{f.name}_{p.name}".lower() for f, p in COUNTS),
    "normal",
    "normal_known",
    "normal_both",
    "multivariate",
    "multinomial",
    "dirichlet",
]
ROWS = EACH * len(SEGMENTS)


@dataclass(frozen=True)
class Example:
    """A program, how to read it, and the names of its segments."""

    program: Program
    layout: Layout
    names: list[str]


def prior(family: str, scale: float = 1.0, location: float = 0.0, shape: float = 1.0) -> Prior:
    return Prior(family, scale, "an example", location, shape)  # type: ignore[arg-type]


def everything(flat_prior: Prior | None = None) -> Example:
    rng = np.random.default_rng(5)
    builder = Builder()
    labels = {"pair": 2, "trio": 3, "two": 2, "covariate": 2, "region": 5, "within": 8, "month": 9, "place": 8}
    builder.coords.update({name: list(range(n)) for name, n in labels.items()})
    rows = slice(0, ROWS)

    def spread(ids: Array | NDArray[np.int64], predictor: int = 0, weighted: bool = False) -> None:
        flat = np.asarray(ids).ravel()
        weight = rng.normal(size=ROWS) if weighted else None
        builder.use(predictor, rows, rng.choice(flat, ROWS), weight)

    first = builder.scalar("intercept", prior("student_t", 1.0, 0.5, 4.0))
    builder.use(0, rows, np.broadcast_to(first, ROWS))
    slopes = builder.scalar("slope", prior("normal", 0.5, 0.1), ("covariate",))
    builder.columns(0, rows, rng.normal(size=(ROWS, 2)), int(slopes[0]))
    flat = builder.scalar("flat", flat_prior or prior("flat"))
    builder.use(1, rows, np.broadcast_to(flat, ROWS), rng.normal(size=ROWS))

    sd = builder.scalar("sd_region", prior("half_normal", 0.7), ("pair",))
    corr = builder.correlation("corr_region", "pair", 2.0)
    region = builder.effects(Batches(np.array([0, 5]), sd[None], correlation=corr))
    builder.report("region_effect", region, ("region", "pair"))
    spread(region[:, 0])
    spread(region[:, 1], weighted=True)

    sd = builder.scalar("sd_within", prior("half_cauchy", 0.5))
    within = builder.effects(Batches(np.array([0, 3, 7, 8]), np.broadcast_to(sd, (3, 1)), rows=Rows.ZERO_SUM))
    builder.report("within_effect", within[:, 0], ("within",))
    spread(within, 1)
    sd = builder.scalar("sd_trio", prior("half_student_t", 0.5, shape=3.0), ("trio",))
    trio = builder.effects(
        Batches(
            np.array([0, 4]), sd[None], rows=Rows.ZERO_SUM, correlation=builder.correlation("corr_trio", "trio", 1.0)
        )
    )
    spread(trio)
    sd = np.broadcast_to(builder.scalar("sd_share", prior("exponential", 0.5)), (1, 3))
    spread(builder.effects(Batches(np.array([0, 4]), sd, rows=Rows.ZERO_SUM, zero_dims=True)))
    sd = np.broadcast_to(builder.scalar("sd_choice", prior("lognormal", 0.5, -1.0)), (1, 3))
    spread(builder.effects(Batches(np.array([0, 4]), sd, zero_dims=True)))

    sd = builder.scalar("sd_month", prior("gamma", 0.2, shape=3.0))
    phi = builder.scalar("phi_month", prior("uniform", 2.0, -1.0), ("two",))
    month = builder.effects(Batches(np.array([0, 5, 9]), np.broadcast_to(sd, (2, 1)), autoregression=phi, demean=True))
    builder.report("month_effect", month[:, 0], ("month",))
    spread(month)
    share = builder.scalar("phi_year", prior("beta", 2.0, shape=3.0))
    sd = builder.scalar("sd_year", prior("inverse_gamma", 1.0, shape=3.0), ("pair",))
    year = builder.effects(Batches(np.array([0, 4]), sd[None], autoregression=np.atleast_1d(share)))
    spread(year[:, 0], 1)

    sd = builder.scalar("sd_spline", prior("half_normal"), ("pair",))
    spline = builder.effects(Batches(np.array([0, 3]), sd[None], basis=rng.normal(size=(6, 3)), demean=True))
    spread(spline)
    for kind, space in ((Spectrum.SQUARED_EXPONENTIAL, 1), (Spectrum.MATERN52, 2), (Spectrum.MATERN32, 1)):
        name = kind.name.lower()
        sd = builder.scalar(f"sd_{name}", prior("half_normal"))
        length = builder.scalar(f"length_{name}", prior("inverse_gamma", 2.0, shape=3.0))
        smooth = builder.effects(
            Batches(
                np.array([0, 4]),
                sd.reshape(1, 1),
                basis=rng.normal(size=(6, 4)),
                spectrum=kind,
                frequency=np.array([0.3, 1.0, 2.0, 4.0]),
                length=np.atleast_1d(length),
                space=space,
            )
        )
        spread(smooth)

    sigma, rho = (
        builder.scalar("sd_place", prior("half_normal")),
        builder.scalar("rho_place", prior("beta", 2.0, shape=2.0)),
    )
    edges = np.array([[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6]])
    place = builder.bym2(
        Places(np.array([0, 4, 7]), edges, np.array([1.1] * 4 + [0.8] * 3 + [0.0]), int(sigma), int(rho))
    )
    builder.report("place_effect", place, ("place",))
    spread(place)
    builder.use(0, rows, rng.choice(place, ROWS), rng.normal(size=ROWS), rng.choice(region[:, 0], ROWS))

    offset = rng.normal(0, 0.3, ROWS)
    aux = {
        Family.NEGATIVE_BINOMIAL: int(builder.scalar("root_dispersion", prior("half_normal"))),
        Family.GENERALISED_POISSON: int(builder.scalar("excess", prior("beta", 2.0, shape=1.0))),
        Family.NORMAL: int(builder.scalar("sd_residual", prior("half_normal"))),
        Family.DIRICHLET_MULTINOMIAL: int(builder.scalar("inverse_root_concentration", prior("half_normal", 0.5))),
    }
    at = 0
    for family, part in COUNTS:
        y = rng.negative_binomial(1.0, 0.25, EACH).astype(float)
        y[:2] = 0.0, 1500.0 if part is Part.NONE else 3.0
        builder.segments.append(
            records.segment(
                builder.store,
                family,
                slice(at, at + EACH),
                y,
                offset=offset[at : at + EACH],
                auxiliary=aux.get(family, -1),
                part=part,
            )
        )
        at += EACH
    for sd_id, known in ((aux[Family.NORMAL], False), (-1, True), (aux[Family.NORMAL], True)):
        builder.segments.append(
            records.segment(
                builder.store,
                Family.NORMAL,
                slice(at, at + EACH),
                rng.normal(size=EACH),
                auxiliary=sd_id,
                known=rng.uniform(0.5, 1.5, EACH) if known else None,
            )
        )
        at += EACH
    sds = builder.scalar("sd_cell", prior("half_student_t", 2.5, shape=3.0), ("trio",))
    corr = builder.correlation("corr_cell", "trio", 1.5)
    builder.segments.append(
        records.segment(
            builder.store,
            Family.MULTIVARIATE_NORMAL,
            slice(at, at + EACH),
            rng.normal(size=EACH),
            cell=K,
            deviations=sds,
            correlation=corr,
        )
    )
    at += EACH
    for family in (Family.MULTINOMIAL, Family.DIRICHLET_MULTINOMIAL):
        y = rng.poisson(3.0, EACH).astype(float)
        builder.segments.append(
            records.segment(builder.store, family, slice(at, at + EACH), y, auxiliary=aux.get(family, -1), cell=K)
        )
        at += EACH
    program, layout = builder.finish(ROWS)
    return Example(program, layout, list(SEGMENTS))


def point(program: Program, seed: int) -> Array:
    """Moderate coordinates: no predictor is beyond where both sides are accurate."""
    return np.random.default_rng(seed).normal(0.0, 0.4, program.dim)
