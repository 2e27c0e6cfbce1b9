"""Draws of a posterior, whichever sampler or approximation made them."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from northroute.arrays import Array
from northroute.bayes.coordinates import centring
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.tables import Program
from northroute.bayes.program.assemble import Assembled


@dataclass(frozen=True)
class Draws:
    """Draws of a model's values.

    Attributes
    ----------
    values : array, shape (chain, draw, value)
        Not-a-number where a sampler does not report a value.
    stats : xarray.Dataset
        The sampler's statistics.
    coordinates : xarray.Dataset
        ``theta`` (chain, draw, coordinate) in the model's coordinates and ``centring`` (number,), which
        :mod:`northroute.bayes.coordinates.centring` reads; empty for samplers of the plain statement, whose coordinates are
        others.
    """

    values: Array
    stats: xr.Dataset
    coordinates: xr.Dataset


def of_coordinates(assembled: Assembled, program: Program, theta: Array, stats: xr.Dataset) -> Draws:
    """Return the draws of an adapted ``program`` of the model, from theta (chain, draw, dim), the model's coordinates."""
    flat = np.ascontiguousarray(theta.reshape(-1, theta.shape[-1]))
    values = np.asarray(batch.values_of(program, flat)[0].reshape(*theta.shape[:2], -1))
    numbers = centring.read(assembled, program)
    kept = {"theta": (("chain", "draw", "coordinate"), theta), "centring": ("number", numbers)}
    return Draws(values, stats, xr.Dataset(kept))
