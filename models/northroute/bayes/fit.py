"""A Bayesian fit: its draws behind the gate, its provenance, and its file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import xarray as xr

from northroute import keeping, netcdf
from northroute.arrays import Array
from northroute.bayes.gate.gate import Check, Gate
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.samplers import replicates
from northroute.errors import DataError, GateError, ModelError
from northroute.provenance import Provenance

if TYPE_CHECKING:
    import pymc as pm

Group = Literal["posterior", "prior"]
POSTERIOR, PRIOR = "posterior_predictive", "prior_predictive"
_HEADER: Final = "northroute"
_REMEDY: Final = "Delete the file and fit again."


@dataclass(frozen=True)
class BayesFit:
    """A fitted model.

    Attributes
    ----------
    name : str
    tree : xarray.DataTree
        Groups ``posterior``, ``prior``, ``log_likelihood``, ``log_prior`` (of scalars), ``sample_stats``,
        ``observed_data``, ``constant_data``, as ArviZ understands them: chains and draws numbered from zero, rows in the
        order of the table and with its labels, in every group. ``posterior_predictive`` and ``prior_predictive`` are drawn
        when they are looked at, and a file does not hold them.
        Raw material: results go through :meth:`draws`, which respects the gate.
    gate : Gate
    provenance : Provenance
    info : mapping
        Specification, sampler, seconds, rows, ``dropped`` (rows left out, by reason; of a composition whole cells), the
        fit's key.
    allowed : bool
        True if a failed fit is summarised all the same, on request; then :attr:`stamp` is not empty.
    assembled : Assembled, optional
        The model on its data. A file does not hold it: :func:`load` leaves it out, and with it the predictive groups;
        the call that made the fit reads it back with both.
    """

    name: str
    tree: xr.DataTree
    gate: Gate
    provenance: Provenance
    info: Mapping[str, Any] = field(default_factory=dict)
    allowed: bool = False
    assembled: Assembled | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        groups = {name: _with_truth_values(node.to_dataset()) for name, node in self.tree.children.items()}
        numbered = {
            name: group.assign_coords(
                {d: np.arange(group.sizes[d]) for d in ("chain", "draw") if d in group.dims and d not in group.coords}
            )
            for name, group in groups.items()
        }
        object.__setattr__(self, "tree", xr.DataTree.from_dict(numbered | self._predictive(numbered)))

    def _predictive(self, groups: Mapping[str, xr.Dataset]) -> dict[str, xr.Dataset]:
        """Return the predictive groups that are not there and can be drawn."""
        if self.assembled is None or "row" not in groups.get("observed_data", ()):
            return {}
        rows, seed, found = groups["observed_data"]["row"].to_numpy(), self.provenance.seed, {}
        if POSTERIOR not in groups and "theta" in groups.get("coordinates", ()):
            found[POSTERIOR] = replicates.posterior_predictive(self.assembled, groups["coordinates"], rows, seed)
        if PRIOR not in groups and "draw" in groups["prior"].dims:
            found[PRIOR] = replicates.prior_predictive(self.assembled, groups["prior"].sizes["draw"], rows, seed)
        return found

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

    def draws(self, name: str, group: Group = "posterior", **labels: str) -> Array:
        """Return draws of a parameter, shape (chain, draw, ...), optionally at labels such as ``country="KAZ"``.

        Raises
        ------
        GateError
            If the fit failed its diagnostics and was not allowed.
        KeyError
            If the parameter or a label is not there: a unit without an observed row has no effect, say.
        """
        array = self.parameter(name, group)
        for dim, label in labels.items():
            if dim not in array.coords:
                raise KeyError(f"Fit '{self.name}': '{name}' has no dimension '{dim}'; it has {list(array.dims[2:])}.")
            known = array[dim].to_numpy().tolist()
            if np.ndim(label) == 0 and label not in known:
                left_out = dict(self.info.get("dropped", {}))
                raise KeyError(f"Fit '{self.name}': no {dim} {label!r} among {known}. Rows left out: {left_out}.")
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

    def pymc_model(self) -> "pm.Model":
        """Return the fitted model as an ordinary PyMC model, see :func:`northroute.bayes.pymc_model`.

        Raises
        ------
        ModelError
            If the fit was read from a file by :func:`load`, which holds no model.
        """
        from northroute.bayes.samplers import plain

        if self.assembled is None:
            raise ModelError(
                f"Fit '{self.name}' was read from a file, which holds no model. Read it back with the call that made it, or "
                "state it with northroute.bayes.pymc_model(model, frame)."
            )
        return plain.of_assembled(self.assembled, self.tree["observed_data"]["row"].to_numpy())

    def save(self, path: Path | str) -> Path:
        """Write the fit to one NetCDF file, atomically, with the record of its hash, and return the path."""
        path = Path(path)
        header = {
            "name": self.name,
            "gate": self.gate.to_list(),
            "provenance": self.provenance.to_dict(),
            "info": dict(self.info),
        }
        kept = self.tree.filter(lambda group: group.name not in (POSTERIOR, PRIOR))
        with keeping.writing(path, str(self.info.get("key", ""))) as partial:
            netcdf.write(kept, partial, {_HEADER: json.dumps(header), "simulated": int(self.simulated)})
        return path


def _with_truth_values(group: xr.Dataset) -> xr.Dataset:
    return group.assign(diverging=group["diverging"].astype(bool)) if "diverging" in group else group


def load(path: Path | str) -> BayesFit:
    """Read a fit written by :meth:`BayesFit.save`.

    Raises
    ------
    DataError
        If the file is not a fit, cannot be read, or is not what was written.
    """
    return _decoded(keeping.verified(Path(path), _REMEDY), path)


def kept(path: Path, key: str) -> BayesFit | None:
    """Return the fit of a key, or None where it has to be made, as :func:`northroute.keeping.read`."""
    return keeping.read(path, key, lambda content: _decoded(content, path))


def _decoded(content: bytes, path: Path | str) -> BayesFit:
    tree, attributes = netcdf.read(content, path, _REMEDY)
    if _HEADER not in attributes:
        raise DataError("the file carries no northroute fit", file=path, remedy=_REMEDY)
    header = json.loads(attributes[_HEADER])
    return BayesFit(
        name=header["name"],
        tree=tree,
        gate=Gate(tuple(Check(**c) for c in header["gate"])),
        provenance=Provenance(**header["provenance"]),
        info=header["info"],
    )
