"""Small models with one term each, and what is checked of every term: its gradient and its prior's covariance."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from northroute.bayes.coordinates import adaptation, curvature
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.tables import Coordinates
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.program.layout import Block
from northroute.bayes.statement.distributions import Poisson
from northroute.bayes.statement.model import Model, Term
from northroute.bayes.statement.terms.population import Intercept

Array = NDArray[np.float64]


def panel(units: int = 4, months: int = 9, seed: int = 1) -> pd.DataFrame:
    """Counts of units by months, two responses, with covariates; rows in no special order."""
    rng = np.random.default_rng(seed)
    stamps = pd.date_range("2020-11-01", periods=months, freq="MS")
    index = pd.MultiIndex.from_product(
        [[f"u{i}" for i in range(units)], stamps, ["seizures", "violence"]], names=["unit", "month", "response"]
    )
    frame = index.to_frame(index=False)
    frame["count"] = rng.poisson(3.0, len(frame)).astype(float)
    frame["x"] = rng.uniform(-2, 5, len(frame)).round(1)
    frame["z"] = rng.uniform(0, 3, len(frame)).round(1)
    return frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)


def assembled(frame: pd.DataFrame, *terms: Term) -> Assembled:
    """A Poisson model of the counts with an intercept and the terms."""
    return assemble(Model("example", "count", Poisson(), (Intercept(), *terms), response="response"), frame)


def gradient_error(made: Assembled, seed: int = 2, points: int = 3) -> float:
    """Largest error of the gradient against central differences, over one plus its size.

    Effects are centred by random amounts, and the linear part is rotated and shifted at random.
    """
    rng = np.random.default_rng(seed)
    program = made.program
    data = program.data.copy()
    for block in made.layout.blocks:
        data[block.stored] = informed(block, rng)
    n = program.dim - program.linear
    begin = np.maximum(np.arange(n) - rng.integers(0, n, n), 0)
    rows = [np.append(rng.normal(0, 0.3 / np.sqrt(n), i - b), 1.0) for i, b in enumerate(begin)]
    factor = np.concatenate(rows).astype(np.float32)
    turned = Coordinates(shift=rng.normal(0, 0.1, n), order=rng.permutation(n), begin=begin, factor=factor)
    program = program._replace(data=data, coordinates=turned)
    worst, step = 0.0, 1e-5
    for _ in range(points):
        z = adaptation.start(made.layout, program.dim) + rng.normal(0, 0.4, program.dim)
        _, slope = curvature.gradient(program, z)
        for i in range(program.dim):
            ahead, behind = z.copy(), z.copy()
            ahead[i] += step
            behind[i] -= step
            difference = (curvature.gradient(program, ahead)[0] - curvature.gradient(program, behind)[0]) / (2 * step)
            worst = max(worst, abs(slope[i] - difference) / (1 + abs(difference)))
    return worst


def informed(block: Block, rng: np.random.Generator) -> Array:
    """Random precisions and natural means of a block's effects."""
    k = int(block.record.dims)
    roots = rng.normal(0, 0.5, (block.centred // k, k, k))
    joint = (roots @ roots.transpose(0, 2, 1)).ravel()
    precisions = joint if block.correlated else rng.uniform(0.1, 0.9, block.centred)
    return np.concatenate([precisions, rng.normal(0, 0.5, block.centred)])


def prior_covariance(made: Assembled, name: str, given: Mapping[str, Any], block: int = 0) -> Array:
    """Exact prior covariance of a reported quantity's values, flattened, given the scalars that it depends on.

    Given them the log prior is quadratic in the block's raw coordinates, and the values are linear in them.
    """
    scalars = list(made.layout.scalars)
    for key, value in given.items():
        ids = made.layout.parameters[key].ids
        for i, v in zip(np.ravel(ids), np.broadcast_to(value, ids.shape).ravel(), strict=True):
            scalars[i] = replace(scalars[i], start=float(v))
    origin = adaptation.start(replace(made.layout, scalars=tuple(scalars)), made.program.dim)
    record = made.layout.blocks[block].record
    first, n = int(record.theta), int(record.raw)
    ids = np.ravel(made.layout.parameters[name].ids)
    units = np.zeros((n, made.program.dim))
    units[np.arange(n), first + np.arange(n)] = 1.0
    rows, columns = np.triu_indices(n)
    values, single = batch.values_of(made.program, np.vstack([origin, origin + units]))
    _, pair = batch.values_of(made.program, origin + units[rows] + units[columns])
    precision = np.zeros((n, n))
    precision[rows, columns] = -(pair - single[1 + rows] - single[1 + columns] + single[0])
    precision = precision + np.triu(precision, 1).T
    linear = values[1:, ids] - values[0, ids]
    return np.asarray(linear.T @ np.linalg.solve(precision, linear))


def predicted(made: Assembled) -> tuple[Array, Array]:
    """Values, and the first predictor of every row less the intercept, at a random point."""
    theta = adaptation.start(made.layout, made.program.dim)
    theta = theta + np.random.default_rng(4).normal(0, 0.5, theta.size)
    values, _ = batch.values_of(made.program, theta[None])
    eta = batch.predictors(made.program, values)[0, 0]
    return values[0], np.asarray(eta - values[0, made.layout.parameters["intercept"].ids])


def labelled(made: Assembled, values: Array, name: str, *labels: Any) -> Array:
    """Values of a reported quantity by row, found by one column of labels for each of its dimensions."""
    parameter = made.layout.parameters[name]
    places = []
    for column, dim in zip(labels, parameter.dims, strict=True):
        place = {label: i for i, label in enumerate(made.layout.coords[dim])}
        places.append([place[label] for label in column])
    return np.asarray(values[parameter.ids[tuple(places)]])
