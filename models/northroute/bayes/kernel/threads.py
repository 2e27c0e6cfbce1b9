"""Work of the kernel side by side: its functions run without Python's lock."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np


def shared_out(work: Callable[[tuple[int, int]], None], size: int) -> None:
    """Do parts of some work, from a first place to a last one, side by side, a part a processor."""
    workers = os.cpu_count() or 1
    edges = np.linspace(0, size, workers + 1).astype(int)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, [(a, b) for a, b in pairwise(edges.tolist()) if b > a]))
