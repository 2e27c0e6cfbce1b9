"""The value that every source returns: a tidy table that knows where it comes from and whether it is simulated."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class Table:
    """A tidy table with its origin.

    Attributes
    ----------
    name : str
        Short name, such as ``mlp`` or ``governance/cpi``.
    frame : pandas.DataFrame
        The rows. Missing values are *unobserved*, never zero.
    key : tuple of str
        Columns that identify a row; checked to be unique.
    simulated : bool
        True if the values were made by a simulator.
    files : mapping of str to str
        File name to SHA-256 of the files that were read.
    citation, licence : str
        How to cite the provider, and under what terms its data stand.
    """

    name: str
    frame: pd.DataFrame
    key: tuple[str, ...]
    simulated: bool
    files: Mapping[str, str] = field(default_factory=dict)
    citation: str = ""
    licence: str = ""
