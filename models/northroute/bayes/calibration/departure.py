"""What a posterior that is not calibrated does wrong, in words."""

from typing import Final

import numpy as np

from northroute.arrays import Array

_CLEAR: Final = 2.0


def departure(values: Array) -> str:
    """Name the clearest departure of spread ranks from uniformity.

    Parameters
    ----------
    values : numpy.ndarray
        Spread ranks of one scalar, or of several taken together. Their mean against 1/2 tells a shift, their variance
        against 1/12 tells the width; each in units of its standard error under uniformity.
    """
    root = np.sqrt(values.size)
    shift = float((values.mean() - 1 / 2) * root * np.sqrt(12))
    width = float((values.var() - 1 / 12) * root * np.sqrt(180))
    if max(abs(shift), abs(width)) < _CLEAR:
        return "the shape is neither a shift nor a width"
    if abs(shift) >= abs(width):
        return f"the draws are too {'low' if shift > 0 else 'high'}"
    return f"the draws are too {'narrow' if width > 0 else 'wide'}"
