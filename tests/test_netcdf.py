"""The reader of NetCDF gives what xarray gives, for every kind of variable that a fit may hold."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from northroute import netcdf
from northroute.errors import DataError

TREE = xr.DataTree.from_dict(
    {
        "posterior": xr.Dataset(
            {
                "slope": (("chain", "draw", "country"), np.arange(24.0).reshape(2, 4, 3)),
                "level": (("chain", "draw"), np.full((2, 4), np.nan)),
                "single": (("draw",), np.arange(4, dtype=np.float32)),
                "square": (("country", "country_"), np.eye(3)),
            },
            {"chain": [0, 1], "draw": np.arange(4), "country": ["KAZ", "KGZ", "Ўзбекистон"]},
        ),
        "sample_stats": xr.Dataset(
            {"diverging": ("draw", [True, False, True]), "depth": ("draw", np.array([1, 2, 3], dtype=np.int8))}
        ),
        "constant_data": xr.Dataset(
            {
                "name_of_row": ("row", np.array(["a", "", "c"])),
                "x": (("row", "covariate"), np.empty((3, 0))),
                "when": ("row", pd.date_range("2015-01-01", periods=3)),
                "size": ((), 7.5),
                "count": ((), 3),
            },
            {"month": pd.date_range("2015-01-01", periods=2, freq="MS"), "row": [10, 20, 30]},
        ),
        "prior": xr.Dataset(),
    }
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("netcdf") / "tree.nc"
    netcdf.write(TREE, made, {"northroute": "a header", "simulated": 1})
    return made


def test_what_is_read_is_what_xarray_reads_and_what_was_written(path: Path) -> None:
    found, attributes = netcdf.read(path.read_bytes(), path, "Mend it.")
    assert attributes == {"northroute": "a header", "simulated": 1}
    expected = xr.load_datatree(path, engine="h5netcdf")
    for group, node in TREE.children.items():
        xr.testing.assert_identical(found[group].to_dataset(), node.to_dataset())
        xr.testing.assert_identical(found[group].to_dataset(), expected[group].to_dataset())
        for name, variable in expected[group].variables.items():
            assert found[group].variables[name].dtype == variable.dtype, name


@pytest.mark.parametrize("content", [b"", b"no NetCDF", b"\x89HDF\r\n\x1a\n" + bytes(99)])
def test_what_is_no_such_file_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match=r"a\.nc: not a readable NetCDF file .* Mend it\."):
        netcdf.read(content, "a.nc", "Mend it.")
