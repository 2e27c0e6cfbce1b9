"""Parts of a program's rows: a window of rows for log likelihoods by block, and a likelihood without some rows."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from northroute.arrays import Array, Bools, Ints
from northroute.bayes.kernel import batch
from northroute.bayes.kernel.tables import SEGMENT, Program, Records
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.program.records import repeated, table
from northroute.bayes.statement.codes import Family
from northroute.bayes.statement.model import Model
from northroute.errors import ModelError

_PLACE = "place among all rows"


def window(program: Program, start: int, stop: int) -> Program:
    """Return the program of rows ``start`` to ``stop - 1`` alone, for log likelihoods and predictors; values are the same.

    Only tables of records change, so a window costs no copy of the data. Its log density is not that of the rows: tables of
    repeated counts are those of the whole segment.
    """
    uses, shift = _cut(program.uses, start, stop)
    for column in ("index", "weight", "other"):
        uses[column] += np.where(uses[column] >= 0, shift, 0)
    dense, shift = _cut(program.dense, start, stop)
    dense["matrix"] += shift
    segments, shift = _cut(program.segments, start, stop)
    for column, width in (("outcome", 1), ("offset", 1), ("known", 1), ("predictor", 2)):
        segments[column] += np.where(segments[column] >= 0, width * shift, 0)
    sizes = program.sizes.copy()
    sizes["rows"] = stop - start
    return program._replace(sizes=sizes, uses=uses, dense=dense, segments=segments)


def log_likelihood_rows(program: Program, values: Array, rows: Ints) -> Array:
    """Log likelihood of some rows.

    Parameters
    ----------
    program : Program
    values : array, shape (draw, value)
    rows : int array, shape (k,)
        In any order; runs of consecutive rows are evaluated together.

    Returns
    -------
    array, shape (draw, k)
        A cell's stands at its first row, its other rows are zero.
    """
    found = np.empty((len(values), rows.size))
    values = np.ascontiguousarray(values)
    ends = np.flatnonzero(np.diff(rows) != 1) + 1
    for first, stop in zip([0, *ends], [*ends, rows.size], strict=True):
        if stop > first:
            begin, end = _whole_cells(program, int(rows[first]), int(rows[stop - 1]) + 1)
            part = batch.log_likelihood(window(program, begin, end), values)
            found[:, first:stop] = part[:, rows[first:stop] - begin]
    return found


@dataclass(frozen=True)
class HeldOut:
    """A model of whose likelihood some rows are no part; their effects stay, and the posterior draws them from the model.

    Attributes
    ----------
    assembled : Assembled
        Rows held out come last in each segment, beyond its end.
    whole : Program
        The same with every row in the likelihood.
    rows : int array, shape (held row,)
        Positions of the rows held out, in the order in which the frame has them.
    """

    assembled: Assembled
    whole: Program
    rows: Ints


def hold_out(model: Model, frame: pd.DataFrame, held: Bools) -> HeldOut:
    """Take rows out of a model's likelihood.

    Parameters
    ----------
    model : Model
    frame : pandas.DataFrame
        With every outcome observed, such as ``Assembled.frame``.
    held : bool array, shape (row,)
        Of a cell, all rows or none.

    Raises
    ------
    ModelError
        If all rows are held out, or none, or a part of a cell.
    """
    if not held.any() or held.all():
        raise ModelError(
            f"{model.name}: {int(held.sum())} of {held.size} rows are held out. Hold out some and keep some."
        )
    order = np.argsort(held, kind="stable")
    assembled = assemble(model, frame.assign(**{_PLACE: np.arange(len(frame))}).iloc[order], allow_empty=True)
    place = assembled.frame[_PLACE].to_numpy()
    out = held[place]
    records, data, size = [], [assembled.program.data], assembled.program.data.size
    for segment, record in zip(assembled.segments, assembled.program.segments, strict=True):
        kept = int((~out[segment.rows]).sum())
        if out[segment.rows][:kept].any() or kept % segment.cell:
            raise ModelError(f"{model.name}: some cell is held out in part. Hold out whole cells.")
        short = record.copy()
        short.stop = short.start + kept
        if record.family == Family.NEGATIVE_BINOMIAL:
            counts = assembled.frame[model.outcome].to_numpy(float)[segment.rows][:kept]
            above, large = repeated(counts, int(record.table))
            short.above, short.large, short.large_count = size, size + above.size, len(large)
            data += [above, large.ravel()]
            size += above.size + large.size
        records.append(short)
    program = assembled.program._replace(segments=table(records, SEGMENT), data=np.concatenate(data))
    position = np.empty(len(frame), dtype=np.int64)
    position[place] = np.arange(len(frame))
    return HeldOut(replace(assembled, program=program), assembled.program, position[np.flatnonzero(held)])


def _cut(records: Records, start: int, stop: int) -> tuple[Records, Ints]:
    """Return records that meet the window, rows counted from its start, and how many of their own rows came before it."""
    kept = records[(records["start"] < stop) & (records["stop"] > start)]
    shift = np.maximum(start - kept["start"], 0)
    kept["start"] = np.maximum(kept["start"], start) - start
    kept["stop"] = np.minimum(kept["stop"], stop) - start
    return kept, shift


def _whole_cells(program: Program, start: int, stop: int) -> tuple[int, int]:
    """Widen a run of rows until it holds whole cells."""
    starts, cells = program.segments["start"], program.segments["cell"]
    a, b = (int(np.searchsorted(starts, at, side="right")) - 1 for at in (start, stop - 1))
    begin = starts[a] + (start - starts[a]) // cells[a] * cells[a]
    return int(begin), int(starts[b] - (starts[b] - stop) // cells[b] * cells[b])
