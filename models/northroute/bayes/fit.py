"""A Bayesian fit: its draws behind the gate, its provenance, and its file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from northroute.bayes.gate.gate import Check, Gate
from northroute.errors import DataError, GateError
from northroute.provenance import Provenance

Group = Literal["posterior", "prior"]


@dataclass(frozen=True)
class BayesFit:
    """A fitted model.

    Attributes
    ----------
    name : str
    tree : xarray.DataTree
        Groups ``posterior``, ``prior``, ``log_likelihood``, ``sample_stats``, ``observed_data``, ``constant_data``, as
        ArviZ understands them, chains and draws numbered from zero in every group.
        Raw material: results go through :meth:`draws`, which respects the gate.
    gate : Gate
    provenance : Provenance
    info : mapping
        Specification, sampler, seconds, rows, ``dropped`` (rows left out, by reason), the fit's key.
    allowed : bool
        True if a failed fit is summarised all the same, on request; then :attr:`stamp` is not empty.
    """

    name: str
    tree: xr.DataTree
    gate: Gate
    provenance: Provenance
    info: Mapping[str, Any] = field(default_factory=dict)
    allowed: bool = False

    def __post_init__(self) -> None:
        groups = {name: node.to_dataset() for name, node in self.tree.children.items()}
        unlabelled = {
            name: {d: np.arange(group.sizes[d]) for d in ("chain", "draw") if d in group.dims and d not in group.coords}
            for name, group in groups.items()
        }
        if any(unlabelled.values()):
            whole = {name: group.assign_coords(unlabelled[name]) for name, group in groups.items()}
            object.__setattr__(self, "tree", xr.DataTree.from_dict(whole))

    @property
    def simulated(self) -> bool:
        """True if the data were simulated."""
        return self.provenance.simulated

    @property
    def sampled(self) -> bool:
        """False if the prior failed its check, and nothing was sampled."""
        return bool(self.tree["posterior"].to_dataset().data_vars)

    @property
    def stamp(self) -> str:
        """Warning that travels with every number of a fit that failed and was allowed; empty otherwise."""
        return (
            ""
            if self.gate.passed
            else f"FAILED DIAGNOSTICS, shown on request: {self.name}: {' '.join(self.gate.failures)}"
        )

    def allow_failed(self) -> "BayesFit":
        """Return the fit with its summaries allowed whatever the gate said; every result is stamped."""
        return replace(self, allowed=True)

    def draws(self, name: str, group: Group = "posterior", **labels: str) -> NDArray[np.float64]:
        """Return draws of a parameter, shape (chain, draw, ...), optionally at labels such as ``country="KAZ"``.

        Raises
        ------
        GateError
            If the fit failed its diagnostics and was not allowed.
        """
        array = self.parameter(name, group)
        return array.sel(labels).to_numpy() if labels else array.to_numpy()

    def parameter(self, name: str, group: Group = "posterior") -> xr.DataArray:
        """Return a parameter as a labelled array with leading dimensions (chain, draw), behind the gate."""
        self.require()
        dataset = self.tree[group].to_dataset()
        if name not in dataset:
            raise KeyError(
                f"Fit '{self.name}' has no parameter '{name}'; it has {sorted(map(str, dataset.data_vars))}."
            )
        return dataset[name].transpose("chain", "draw", ...)

    def require(self) -> None:
        """Refuse a fit that failed its diagnostics and was not allowed, or was not sampled.

        Raises
        ------
        GateError
        """
        if self.gate.passed or (self.allowed and self.sampled):
            return
        what, mend = "is not summarised", "Mend the fit, or ask for it with --allow-failed"
        if not self.sampled:
            what, mend = "was not sampled", "Mend the prior, or sample it with --allow-failed (Sampling(force=True))"
        raise GateError(
            f"Fit '{self.name}' failed its diagnostics and {what}: {' '.join(self.gate.failures)} "
            f"{mend}; its results are then stamped."
        )

    def save(self, path: Path | str) -> Path:
        """Write the fit to one NetCDF file, atomically, and return the path."""
        path = Path(path)
        header = {
            "name": self.name,
            "gate": self.gate.to_list(),
            "provenance": self.provenance.to_dict(),
            "info": dict(self.info),
        }
        tree = self.tree.copy()
        tree.attrs = {"northroute": json.dumps(header), "simulated": int(self.simulated)}
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        encoding = {
            f"/{group}": {
                str(v): {"zlib": True, "complevel": 1} for v in node.data_vars if node[str(v)].dtype.kind == "f"
            }
            for group, node in tree.children.items()
        }
        tree.to_netcdf(partial, engine="h5netcdf", encoding=encoding)
        partial.replace(path)
        return path


def load(path: Path | str) -> BayesFit:
    """Read a fit written by :meth:`BayesFit.save`.

    Raises
    ------
    DataError
        If the file is not a fit, or cannot be read.
    """
    header = read_header(path)
    tree = xr.load_datatree(path, engine="h5netcdf")
    tree.attrs = {}
    return BayesFit(
        name=header["name"],
        tree=tree,
        gate=Gate(tuple(Check(**c) for c in header["gate"])),
        provenance=Provenance(**header["provenance"]),
        info=header["info"],
    )


def read_header(path: Path | str) -> dict[str, Any]:
    """Read only a fit's description, without its draws."""
    remedy = "Delete the file and fit again."
    try:
        with xr.open_dataset(path, engine="h5netcdf") as root:
            text = root.attrs.get("northroute")
    except (OSError, ValueError) as failure:
        raise DataError(f"not a readable NetCDF file ({failure})", file=path, remedy=remedy) from failure
    if text is None:
        raise DataError("the file carries no northroute fit", file=path, remedy=remedy)
    header: dict[str, Any] = json.loads(text)
    return header
