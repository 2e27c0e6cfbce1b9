"""A tree of datasets in one NetCDF file, written by xarray and read by h5py.

Reading it through xarray takes most of a second for a fit of some ninety variables, of which the draws are a small part:
each variable is opened, wrapped and decoded in turn. What northroute writes needs none of that: dimensions are named in the
file, arrays are plain, and only what was encoded (dates, truth values) is decoded.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import xarray as xr

from northroute.errors import DataError

_INTERNAL: Final = frozenset(
    {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Coordinates", "_Netcdf4Dimid"}
)
_NO_VARIABLE: Final = b"This is a netCDF dimension but not a netCDF variable"
_FAILURES: Final = (OSError, KeyError, ValueError, TypeError, RuntimeError)
"""What h5py raises for a file that is none."""


def write(tree: xr.DataTree, path: Path, attributes: Mapping[str, str | int]) -> None:
    """Write the groups of a tree, and attributes of the file.

    Draws are written as they are: packed, they would take almost as much room and three times as long to read.
    """
    whole = tree.copy()
    whole.attrs = dict(attributes)
    encoding = {
        f"/{group}": {str(n): {"_FillValue": None} for n, v in node.variables.items() if v.dtype.kind == "f"}
        for group, node in tree.children.items()
    }
    # through memory: HDF5 that meets a full disk while it writes crashes the process when it closes the file
    path.write_bytes(bytes(whole.to_netcdf(None, engine="h5netcdf", encoding=encoding)))


def read(content: bytes, file: Path | str, remedy: str) -> tuple[xr.DataTree, dict[str, Any]]:
    """Read what :func:`write` wrote: the tree, and the file's attributes.

    Parameters
    ----------
    content : bytes
        Of the file.
    file, remedy : Path or str
        What an error says.

    Raises
    ------
    DataError
        If it is no such file.
    """
    try:
        with h5py.File(io.BytesIO(content)) as stored:
            groups = {name: _dataset(group) for name, group in stored.items() if isinstance(group, h5py.Group)}
            return xr.DataTree.from_dict(groups), {k: v for k, v in stored.attrs.items() if not k.startswith("_")}
    except _FAILURES as failure:
        raise DataError(f"not a readable NetCDF file ({failure})", file=file, remedy=remedy) from failure


def _dataset(group: h5py.Group) -> xr.Dataset:
    variables = {
        name: xr.Variable(_dimensions(name, own), _values(own), _attributes(own))
        for name, own in group.items()
        if not own.attrs.get("NAME", b"").startswith(_NO_VARIABLE)
    }
    coordinates = {n: v for n, v in variables.items() if v.dims == (n,)}
    found = xr.Dataset({n: v for n, v in variables.items() if n not in coordinates}, coordinates)
    found.attrs = {k: v for k, v in group.attrs.items() if not k.startswith("_")}
    return xr.decode_cf(found) if any(v.attrs for v in variables.values()) else found


def _dimensions(name: str, own: h5py.Dataset) -> tuple[str, ...]:
    if own.attrs.get("CLASS") == b"DIMENSION_SCALE":
        return (name,)
    scales = own.attrs.get("DIMENSION_LIST", ())
    return tuple(own.file[scale[0]].name.rpartition("/")[2] for scale in scales)


def _values(own: h5py.Dataset) -> np.ndarray[Any, Any]:
    return np.asarray(own.asstr()[()], dtype=str) if h5py.check_string_dtype(own.dtype) else np.asarray(own[()])


def _attributes(own: h5py.Dataset) -> dict[str, Any]:
    return {k: own.attrs[k] for k in own.attrs if k not in _INTERNAL}
