"""Where a program's index and numeric tables are put, one after another."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from northroute.arrays import Array, Ints


@dataclass
class Store:
    """Tables one behind another: whole numbers in one array, numbers in another."""

    _index: list[Ints] = field(default_factory=list)
    _data: list[Array] = field(default_factory=list)
    _index_size: int = 0
    _data_size: int = 0

    def table(self, values: Any) -> int:
        """Store an index table and return where it begins; minus one if there is none."""
        if values is None:
            return -1
        flat = np.asarray(values, dtype=np.int64).ravel()
        self._index.append(flat)
        self._index_size += flat.size
        return self._index_size - flat.size

    def numbers(self, values: Any) -> int:
        """Store a numeric table and return where it begins; minus one if there is none."""
        if values is None:
            return -1
        flat = np.asarray(values, dtype=float).ravel()
        self._data.append(flat)
        self._data_size += flat.size
        return self._data_size - flat.size

    def index(self) -> NDArray[np.int32]:
        """Return all index tables, and one zero, so that the array is never empty."""
        return np.concatenate([*self._index, np.zeros(1, np.int64)]).astype(np.int32)

    def data(self) -> Array:
        """Return all numeric tables, and one zero, so that the array is never empty."""
        return np.concatenate([*self._data, np.zeros(1)])
