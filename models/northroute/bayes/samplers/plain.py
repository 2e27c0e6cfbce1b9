r"""The plain statement of a model in PyMC: what a reader checks the mathematics against, and what other samplers run.

It is written from the tables of the assembled model (scalars, blocks of effects, uses, segments) and not from its terms, for
two reasons. A block is a normal effect, a Gaussian process or a place's effect whatever term made it, so one function a kind
of block states every term there is or will be. And the tables are all that the compiled kernel sees: a statement made from
the terms could agree with their documentation and not with what is sampled. The tests compare this one with the kernel.

Every effect is non-centred: ``z_<stem>`` is standard normal (summing to zero where the effects do), and the effect is
``sd * L z`` with L the Cholesky factor of its correlation. Reported quantities have the names of the fit.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from scipy.special import gammaln

from northroute.arrays import Array
from northroute.bayes.kernel.tables import Filter, Kind, Program, Record
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.program.graphs import laplacian_root
from northroute.bayes.program.layout import Block, Layout
from northroute.bayes.program.table_rows import row_labels, table_order
from northroute.bayes.program.uses import covariates_of
from northroute.bayes.samplers.plain_outcomes import FAMILIES, Stated
from northroute.bayes.statement.codes import Family, Rows, Spectrum
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.terms.writer import Ids, Parameter
from northroute.errors import ModelError

PRIORS: Final[Mapping[str, Callable[..., Any]]] = {
    "normal": lambda name, at, s, _, dims: pm.Normal(name, at, s, dims=dims),
    "student_t": lambda name, at, s, df, dims: pm.StudentT(name, nu=df, mu=at, sigma=s, dims=dims),
    "lognormal": lambda name, at, s, _, dims: pm.LogNormal(name, at, s, dims=dims),
    "half_normal": lambda name, at, s, _, dims: pm.HalfNormal(name, s, dims=dims),
    "half_cauchy": lambda name, at, s, _, dims: pm.HalfCauchy(name, s, dims=dims),
    "half_student_t": lambda name, at, s, df, dims: pm.HalfStudentT(name, nu=df, sigma=s, dims=dims),
    "exponential": lambda name, at, s, _, dims: pm.Exponential(name, scale=s, dims=dims),
    "gamma": lambda name, at, s, k, dims: pm.Gamma(name, alpha=k, beta=1 / s, dims=dims),
    "inverse_gamma": lambda name, at, s, k, dims: pm.InverseGamma(name, alpha=k, beta=s, dims=dims),
    "beta": lambda name, at, s, k, dims: pm.Beta(name, alpha=k, beta=s, dims=dims),
    "uniform": lambda name, at, s, _, dims: pm.Uniform(name, at, at + s, dims=dims),
    "flat": lambda name, at, s, _, dims: pm.Flat(name, dims=dims),
}
"""Creates a variable of a family of priors in the model in context, from its name, location, scale, shape and dimensions."""
_MATERN: Final = {Spectrum.MATERN52: 2.5, Spectrum.MATERN32: 1.5}


def pymc_model(model: Model, frame: pd.DataFrame) -> pm.Model:
    """Return ``model`` on ``frame`` as a PyMC model.

    Parameters
    ----------
    model : Model
    frame : pandas.DataFrame
        One row an observation.

    Returns
    -------
    pymc.Model
        An ordinary one, to sample, extend, draw or intervene on. Free variables are the scalars under their reported names
        and ``z_<stem>``; every other reported quantity is a deterministic. The outcome has its column's name, followed by
        the response where there are several. Dimensions are those of the fit: groups, times and covariates by their
        labels, rows (``row``; ``row_<response>`` where there are several) by the table's index.

    Raises
    ------
    ModelError
        As :func:`northroute.bayes.program.assemble.assemble`.
    """
    assembled = assemble(model, frame)
    return of_assembled(assembled, row_labels(frame.index, assembled.frame))


def of_assembled(assembled: Assembled, labels: NDArray[Any]) -> pm.Model:
    """Return a model on its data as a PyMC model, see :func:`pymc_model`.

    Parameters
    ----------
    assembled : Assembled
    labels : array, shape (row,)
        Of its rows, in the order of the table.
    """
    model, frame, several = assembled.model, assembled.frame, len(assembled.segments) > 1
    by_row = np.empty_like(labels)
    by_row[table_order(frame)] = labels
    names: list[str] = []
    dims: list[tuple[str, ...]] = []
    coords = dict(assembled.layout.coords)
    for segment in assembled.segments:
        names.append(f"{model.outcome}_{segment.response}" if several else model.outcome)
        if segment.cell > 1:
            cell, response = str(model.cell), str(model.response)
            coords[cell] = list(frame[cell].iloc[:: segment.cell])
            coords[response] = list(frame[response].iloc[: segment.cell].astype(str))
            dims.append((cell, response))
            continue
        dims.append((f"row_{segment.response}" if several else "row",))
        coords[dims[-1][0]] = by_row[segment.rows].tolist()
    return stated(assembled.program, assembled.layout, names, dims, coords)


def stated(
    program: Program,
    layout: Layout,
    names: Sequence[str],
    dims: Sequence[tuple[str, ...] | None] | None = None,
    coords: Mapping[str, Sequence[Any]] | None = None,
) -> pm.Model:
    """Return a program as a PyMC model; ``names`` and ``dims`` are those of its segments' outcomes."""
    with pm.Model(coords=layout.coords if coords is None else coords) as plain:
        factors = _correlations(layout)
        values = _Values(int(program.sizes[0].values))
        _scalars(layout, values)
        for block, stem in sorted(zip(layout.blocks, stems(layout), strict=True), key=lambda b: b[0].record.value):
            effects = _places if block.record.kind == Kind.BYM2 else _effects
            found = effects(program, layout, block, stem, values, factors)
            first, size = int(block.record.value), block.span[1] - block.span[0]
            values.add(np.arange(first, first + size), _flat(found, size))
            name = f"{stem}_effect"
            if name in layout.parameters and name not in plain.named_vars:
                _report(values, name, layout.parameters[name])
        for name, parameter in layout.parameters.items():
            if name not in plain.named_vars:
                _report(values, name, parameter)
        for name, sums in layout.derived.items():
            pm.Deterministic(name, (values[sums.ids] * sums.weights).sum(axis=-1), dims=sums.dims)
        for record, name, own in zip(program.segments, names, dims or [None] * len(names), strict=True):
            rows = slice(int(record.start), int(record.stop))
            at = int(record.offset)
            offset = program.data[at : at + rows.stop - rows.start] if at >= 0 else np.zeros(rows.stop - rows.start)
            mean, second = (
                _predictor(program, layout, values, p, rows, x) for p, x in enumerate((offset, np.zeros_like(offset)))
            )
            outcome = Stated(program, record, mean, second, values, factors)
            FAMILIES[Family(record.family)](outcome, name, own)
    return plain


class _Values:
    """A program's values by identifier, each in the variable that holds it: PyMC's graph shows what depends on what."""

    def __init__(self, size: int) -> None:
        self._pieces: list[Any] = [pt.zeros(1)]  # for partial correlations, which only factors hold
        self._piece, self._place = np.zeros((2, size), dtype=np.int64)

    def add(self, ids: Ids, values: Any) -> None:
        """Say that the values of ``ids`` are those of a vector."""
        self._piece[ids], self._place[ids] = len(self._pieces), np.arange(ids.size)
        self._pieces.append(values)

    def __getitem__(self, key: Any) -> Any:
        """Return the values of identifiers, shaped as these."""
        ids = np.asarray(key, dtype=np.int64)
        pieces, which = np.unique(self._piece[ids], return_inverse=True)
        if pieces.size == 1:
            return self._pieces[pieces[0]][self._place[ids]]
        own = [self._pieces[p] for p in pieces]
        starts = np.cumsum([0, *(p.type.shape[0] for p in own[:-1])])
        return pt.concatenate(own)[starts[which].reshape(ids.shape) + self._place[ids]]


def _report(values: _Values, name: str, parameter: Parameter) -> None:
    """State a reported quantity, which then stands for the values that it reports."""
    ids = parameter.ids
    reported = pm.Deterministic(name, values[ids], dims=parameter.dims)
    if np.unique(ids).size == ids.size:
        values.add(ids.ravel(), _flat(reported, ids.size))


# --- scalars --------------------------------------------------------------------------------------------------------------


def _correlations(layout: Layout) -> dict[int, Any]:
    """State every correlation matrix; return Cholesky factors by the identifier of their first partial correlation."""
    factors = {}
    for name, parameter in layout.parameters.items():
        ids = parameter.ids.ravel()
        if ids.size and ids[0] < len(layout.scalars) and layout.scalars[ids[0]].prior is None:
            size = int(1 + np.sqrt(1 + 8 * ids.size)) // 2
            shape = layout.scalars[
                ids[-1]
            ].numbers.shape  # the last partial correlation's, given all others, is LKJ's own
            factor = pm.LKJCorr(f"z_{name}", n=size, eta=shape)
            pm.Deterministic(name, factor @ factor.T, dims=parameter.dims)
            factors[int(ids[0])] = factor
    return factors


def _scalars(layout: Layout, values: _Values) -> None:
    """State every scalar's prior."""
    known = layout.scalars
    done = np.zeros(len(known), dtype=bool)
    for name, parameter in layout.parameters.items():
        ids = parameter.ids.ravel()
        priors = {int(i): known[i].prior for i in ids if i < len(known) and not done[i]}
        new = np.asarray([i for i, prior in priors.items() if prior is not None], np.int64)
        alike = len({prior.family for prior in priors.values() if prior is not None}) == 1
        if alike and new.size == ids.size:
            values.add(ids, _flat(_variable(layout, parameter.ids, name, parameter.dims), ids.size))
        else:
            for j, i in enumerate(new):
                values.add(np.asarray([i]), _flat(_variable(layout, new[[j]], f"z_{name}_{j}", ()), 1))
        done[new] = True


def _flat(variable: Any, size: int) -> Any:
    return pt.specify_shape(variable.ravel(), (size,))


def _variable(layout: Layout, ids: Ids, name: str, dims: tuple[str, ...]) -> Any:
    """State scalars whose priors are of one family, shaped as their identifiers."""
    priors = [prior for i in ids.ravel() if (prior := layout.scalars[i].prior) is not None]
    if len(set(priors)) == 1:
        numbers: Any = (priors[0].location, priors[0].scale, priors[0].shape)
    else:
        numbers = [np.reshape([getattr(p, n) for p in priors], ids.shape) for n in ("location", "scale", "shape")]
    return PRIORS[priors[0].family](name, *numbers, dims or None)


# --- effects --------------------------------------------------------------------------------------------------------------


def stems(layout: Layout) -> list[str]:
    """Name every block after the quantity that reports its effects, else after its standard deviation."""
    stems: list[str] = []
    for block in layout.blocks:
        at, sd = block.record.value, block.sd[0, 0]
        reported = [n.removesuffix("_effect") for n, p in layout.parameters.items() if (p.ids == at).any()]
        scaled = [n.removeprefix("sd_") for n, p in layout.parameters.items() if (p.ids == sd).any()]
        stem = (reported or scaled)[0]
        taken = stems.count(stem)
        stems.append(f"{stem}_{taken + 1}" if taken else stem)
    return stems


def _effects(program: Program, layout: Layout, block: Block, stem: str, scalars: Any, factors: dict[int, Any]) -> Any:
    """State a block of normal effects; return its coefficients, shape (level over all batches, dim)."""
    record = block.record
    sizes = np.diff(block.pointer)
    batch = np.repeat(np.arange(sizes.size), sizes)
    effects = _raw(layout, block, stem)
    if record.correlation >= 0:
        effects = effects @ factors[int(program.index[record.correlation])].T
    scale = scalars[block.sd[batch]]
    if record.spectrum != Spectrum.NONE:
        if record.rows == Rows.ZERO_SUM or record.zero_dims:
            raise ModelError(f"'{stem}': weights of a Gaussian process do not also sum to zero. Demean the process.")
        square = np.tile(np.asarray(block.frequency), sizes.size)
        scale = scale * root_spectrum(record, scalars[np.asarray(block.length)[batch]], square)[:, None]
    effects = effects * scale
    if record.filter == Filter.NONE and not record.demean:
        return effects
    paths = []
    for b, (first, stop) in enumerate(zip(block.pointer[:-1], block.pointer[1:], strict=True)):
        path = effects[first:stop]
        if record.filter == Filter.BASIS:
            path = pt.as_tensor(block.basis) @ path
        elif record.filter == Filter.AR1:
            path = autoregressive(scalars[program.index[record.coefficient + b]], path, int(stop - first))
        paths.append(path - path.mean(axis=0) if record.demean else path)
    return pt.concatenate(paths)


def _raw(layout: Layout, block: Block, stem: str) -> Any:
    """State standard normal effects, summing to zero where the block says; shape (group over all batches, dim)."""
    k, groups = int(block.record.dims), int(block.pointer[-1])
    across = bool(block.record.zero_dims)
    named = _dims(layout, stem, groups, k)
    if block.record.rows != Rows.ZERO_SUM:
        if across:
            return pm.ZeroSumNormal(f"z_{stem}", shape=(groups, k), dims=named)
        shape = (groups,) if named and len(named) == 1 else (groups, k)
        return pm.Normal(f"z_{stem}", shape=shape, dims=named).reshape((groups, k))
    if block.pointer.size == 2 and named and not across and groups > 1:
        shape = (groups,) if len(named) == 1 else (k, groups)
        return pm.ZeroSumNormal(f"z_{stem}", shape=shape, dims=named[::-1]).T.reshape((groups, k))
    pieces = []
    for b, size in enumerate(np.diff(block.pointer)):
        name = f"z_{stem}" if block.pointer.size == 2 else f"z_{stem}_{b}"
        if size == 1:
            pieces.append(pt.zeros((1, k)))
        elif across:
            pieces.append(pm.ZeroSumNormal(name, n_zerosum_axes=2, shape=(size, k)))
        else:
            pieces.append(pm.ZeroSumNormal(name, shape=(k, size)).T)
    return pt.concatenate(pieces)


def _dims(layout: Layout, stem: str, groups: int, k: int) -> tuple[str, ...] | None:
    """Return the dimensions of the effects that a block reports, if its raw effects have these too."""
    parameter = layout.parameters.get(f"{stem}_effect")
    if parameter is None or parameter.ids.shape not in ((groups, k), (groups,)) or parameter.ids.size != groups * k:
        return None
    return parameter.dims


def root_spectrum(record: Record, length: Any, square: Array) -> Any:
    r"""Return the square root of a stationary kernel's spectral density, unit variance, at squared frequencies.

    Squared exponential: :math:`S(\omega) = (\sqrt{2\pi}\,\ell)^D e^{-\ell^2\omega^2/2}`; Matern:

    .. math::
       S(\omega) = \frac{2^D\pi^{D/2}\,\Gamma(\nu+D/2)\,(2\nu)^\nu}{\Gamma(\nu)\,\ell^{2\nu}}
       \left(\frac{2\nu}{\ell^2}+\omega^2\right)^{-(\nu+D/2)}

    (Riutort-Mayol et al. 2023, Statistics and Computing 33:17, equations 1 to 3).
    """
    space = float(record.space)
    if record.spectrum == Spectrum.SQUARED_EXPONENTIAL:
        return pt.sqrt((np.sqrt(2 * np.pi) * length) ** space * pt.exp(-0.5 * length**2 * square))
    nu = _MATERN[Spectrum(record.spectrum)]
    constant = 2**space * np.pi ** (space / 2) * np.exp(gammaln(nu + space / 2) - gammaln(nu)) * (2 * nu) ** nu
    return pt.sqrt(constant / length ** (2 * nu) * (2 * nu / length**2 + square) ** -(nu + space / 2))


def autoregressive(phi: Any, innovations: Any, n: int) -> Any:
    """Return the stationary path ``x_1 = u_1``, ``x_t = phi x_(t-1) + sqrt(1 - phi^2) u_t``, down the first axis."""
    later = pt.as_tensor((np.arange(n) > 0).astype(float))[:, None]
    scaled = innovations * (1 - later + later * pt.sqrt(1 - phi**2))
    return pt.linalg.solve_triangular(pt.eye(n) - phi * pt.eye(n, k=-1), scaled, lower=True)


def _places(program: Program, layout: Layout, block: Block, stem: str, scalars: Any, _factors: dict[int, Any]) -> Any:
    """State a block of places: BYM2, sorted by connected part, islands last; return its effects, shape (place,).

    A part's structured effects are ``V diag(lambda^-1/2) z`` with the eigenvectors and positive eigenvalues of its
    Laplacian: the intrinsic autoregression that sums to zero.
    """
    n = block.centred
    connected = int(block.pointer[-1])
    sigma, rho = scalars[block.sd[0, 0]], scalars[block.sd[0, 1]]
    factor = program.data[block.record.scaling : block.record.scaling + n]
    z = pm.Normal(f"z_{stem}", shape=n)  # sorted by connected part, and so without the places' labels
    waves = pm.Normal(f"z_{stem}_structured", shape=connected - (block.pointer.size - 1))
    structured = pt.as_tensor(laplacian_root(program, block)) @ waves * factor[:connected]
    near = sigma * (pt.sqrt(rho) * structured + pt.sqrt(1 - rho) * z[:connected])
    return pt.concatenate([near, sigma * z[connected:]])


# --- rows -----------------------------------------------------------------------------------------------------------------


def _predictor(program: Program, layout: Layout, values: _Values, predictor: int, rows: slice, offset: Array) -> Any:
    """Return a linear predictor of some rows: offsets, slopes times covariates, and every use of a value."""
    eta = pt.as_tensor(offset)
    for dense in program.dense:
        begin, end = max(dense.start, rows.start), min(dense.stop, rows.stop)
        if dense.predictor == predictor and begin < end:
            matrix = covariates_of(program, dense)[begin - dense.start : end - dense.start]
            part = pt.as_tensor(matrix) @ values[np.arange(dense.value, dense.value + dense.columns)]
            eta = pt.inc_subtensor(eta[begin - rows.start : end - rows.start], part)
    for use in layout.uses:
        begin, end = max(use.start, rows.start), min(use.stop, rows.stop)
        if use.predictor == predictor and begin < end:
            own = slice(begin - use.start, end - use.start)
            part = values[use.ids[own]]
            if use.weight is not None:
                part = part * use.weight[own]
            if use.other is not None:
                part = part * values[use.other[own]]
            eta = pt.inc_subtensor(eta[begin - rows.start : end - rows.start], part)
    return eta
