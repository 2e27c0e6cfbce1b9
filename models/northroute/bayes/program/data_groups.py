"""What a fit's tree keeps of the data: outcomes and constants, rows in the order of the table and with its labels."""

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.table_rows import table_order
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement import intake


def observed_data(assembled: Assembled, labels: NDArray[Any]) -> xr.Dataset:
    """Return the outcomes ``y`` (row); counts are whole numbers."""
    model = assembled.model
    y = intake.numbers(model.name, assembled.frame, model.outcome)[table_order(assembled.frame)]
    counts = all(not isinstance(s.distribution, dist.Measures) for s in assembled.segments)
    return xr.Dataset({"y": ("row", y.astype(np.int64) if counts else y)}, {"row": labels})


def constant_data(assembled: Assembled, labels: NDArray[Any], constants: xr.Dataset) -> xr.Dataset:
    """Return a fit's ``constants``, rows labelled; where they say nothing of rows, the model's exposure and response."""
    model, frame = assembled.model, assembled.frame.iloc[table_order(assembled.frame)]
    if "row" in constants.dims:
        return constants.assign_coords(row=labels) if constants.sizes["row"] == labels.size else constants
    found = {}
    if model.exposure:
        found["exposure"] = ("row", intake.numbers(model.name, frame, model.exposure))
    if model.response:
        found["response"] = ("row", frame[model.response].to_numpy().astype(str))
    return constants.assign(found).assign_coords(row=labels)
