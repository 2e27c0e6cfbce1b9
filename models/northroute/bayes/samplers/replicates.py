"""Outcomes drawn for every row and draw of a fit, when somebody looks at them: ArviZ's predictive groups.

Drawn with the fit they would cost some of its time and a tenth of its file, and few fits are ever looked at so.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from northroute import seeds
from northroute.arrays import Array, Ints
from northroute.bayes.coordinates import centring
from northroute.bayes.coordinates.prior_coordinates import prior_values
from northroute.bayes.kernel import batch
from northroute.bayes.program import predict
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.table_rows import table_order
from northroute.bayes.statement import distributions as dist

MOST: Final = 50_000_000
"""Largest number of outcomes; beyond, evenly spaced draws are replicated, and are labelled by their numbers."""
LARGEST: Final = 9e18
"""Counts above this, which only a prior can expect, stand as this."""


def posterior_predictive(assembled: Assembled, coordinates: xr.Dataset, rows: NDArray[Any], seed: int) -> xr.Dataset:
    """Return replicates ``y`` (chain, draw, row) of the draws whose coordinates a fit keeps."""
    theta = coordinates["theta"].transpose("chain", "draw", "coordinate").to_numpy()
    step = -(-theta.shape[0] * theta.shape[1] * assembled.rows // MOST)
    program = centring.written(assembled, coordinates["centring"].to_numpy())

    def draw() -> Array:
        flat = np.ascontiguousarray(theta[:, ::step].reshape(-1, theta.shape[2]))
        rng = seeds.generator(f"posterior predictive {assembled.model.name}", seed)
        return predict.simulate(assembled, batch.values_of(program, flat)[0], rng)

    return _dataset(assembled, draw, theta.shape[0], np.arange(theta.shape[1])[::step], rows)


def prior_predictive(assembled: Assembled, draws: int, rows: NDArray[Any], seed: int) -> xr.Dataset:
    """Return replicates ``y`` (one chain, draw, row) of the draws of a fit's group ``prior``."""
    step = -(-draws * assembled.rows // MOST)

    def draw() -> Array:
        name = assembled.model.name
        values = prior_values(assembled, draws, seeds.generator(f"prior {name}", seed))[::step]
        return predict.simulate(assembled.unswept(), values, seeds.generator(f"prior replicates {name}", seed))

    return _dataset(assembled, draw, 1, np.arange(draws)[::step], rows)


class _Replicates(BackendArray):
    """An array that is drawn when it is first indexed."""

    def __init__(self, draw: Callable[[], Array], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.draw, self.shape, self.dtype = draw, shape, dtype

    @cached_property
    def drawn(self) -> NDArray[Any]:
        found = self.draw().reshape(self.shape)
        return found if self.dtype.kind == "f" else np.minimum(found, LARGEST).astype(self.dtype)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> NDArray[Any]:
        return np.asarray(
            indexing.explicit_indexing_adapter(
                key, self.shape, indexing.IndexingSupport.OUTER_1VECTOR, lambda k: self.drawn[k]
            )
        )


def _dataset(
    assembled: Assembled, draw: Callable[[], Array], chains: int, draws: Ints, rows: NDArray[Any]
) -> xr.Dataset:
    order = table_order(assembled.frame)
    counts = all(not isinstance(s.distribution, dist.Measures) for s in assembled.segments)
    made = _Replicates(
        lambda: draw()[:, order], (chains, draws.size, assembled.rows), np.dtype(np.int64 if counts else np.float64)
    )
    variable = xr.Variable(("chain", "draw", "row"), indexing.LazilyIndexedArray(made))
    return xr.Dataset({"y": variable}, {"chain": np.arange(chains), "draw": draws, "row": rows})
