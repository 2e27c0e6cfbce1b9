"""A compiled program as a model that nutpie samples: its density is a C function, so chains run without Python's lock.

nutpie's way in for such functions is not public; this module is the only one that knows it, and the bound on nutpie in
``pyproject.toml`` guards it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray
from nutpie import _lib
from nutpie.sample import CompiledModel

from northroute.arrays import Array
from northroute.bayes.kernel.coordinates import c_coordinates
from northroute.bayes.kernel.density import c_log_density
from northroute.bayes.kernel.tables import Program
from northroute.bayes.kernel.units import address_table

NAME, DIM = "theta", "coordinate"


@dataclass(frozen=True)
class NativeModel(CompiledModel):  # type: ignore[misc]
    """A program and its starting points, as nutpie wants them.

    Attributes
    ----------
    program : Program
    start : callable
        From a seed to a starting point, shape (dim,), in the sampler's coordinates.
    """

    program: Program
    start: Callable[[int], Array]
    table: NDArray[Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", address_table(self.program))

    @property
    def n_dim(self) -> int:
        """Unconstrained dimension."""
        return self.program.dim

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """One variable: the model's coordinates."""
        return {NAME: (self.n_dim,)}

    @property
    def coords(self) -> dict[str, Any]:
        """No labels."""
        return {}

    def _make_sampler(
        self,
        settings: Any,
        init_mean: Any,
        cores: int,
        progress_type: Any,
        extra_callback: Any,
        extra_callback_rate: Any,
        store: Any,
    ) -> Any:
        model = self._make_model(init_mean)
        return _lib.PySampler.from_pymc(
            settings, cores, model, progress_type, extra_callback, extra_callback_rate, store
        )

    def _make_model(self, _init_mean: Any) -> Any:
        n, pointer = self.n_dim, self.table.ctypes.data
        expand = _lib.ExpandFunc(n, n, c_coordinates.address, pointer, self)
        density = _lib.LogpFunc(c_log_density.address, pointer, self)
        variables = _lib.PyVariable.new_variables([NAME], ["float64"], [(n,)], {DIM: n}, {NAME: (DIM,)})
        return _lib.PyMcModel(density, expand, variables, n, {DIM: n}, {}, self.start, lambda *_a, **_k: None)


def native(program: Program, start: Callable[[int], Array]) -> NativeModel:
    """Return a program as a model that nutpie samples."""
    return NativeModel(dims={}, program=program, start=start)
