"""One seed, many named streams.

Every random number comes from ``SeedSequence(seed, spawn_key=words of SHA-256(name))``: the same seed and name give the
same stream whatever else runs, and two names never share one.
"""

import hashlib

import numpy as np

from northroute.conventions import DEFAULT_SEED


def sequence(name: str, seed: int = DEFAULT_SEED) -> np.random.SeedSequence:
    """Return the seed sequence of the stream called ``name``."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.SeedSequence(seed, spawn_key=tuple(np.frombuffer(digest[:16], dtype="<u4").tolist()))


def generator(name: str, seed: int = DEFAULT_SEED) -> np.random.Generator:
    """Return a generator on the stream called ``name``."""
    return np.random.default_rng(sequence(name, seed))


def integer(name: str, seed: int = DEFAULT_SEED) -> int:
    """Return one 31-bit integer from the stream called ``name``, for samplers that take only an integer."""
    return int(sequence(name, seed).generate_state(1)[0] >> 1)
