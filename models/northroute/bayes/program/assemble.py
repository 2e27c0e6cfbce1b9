"""From a model and data to a program: rows sorted and checked, segments of one distribution, terms written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.bayes.kernel.tables import Program, Records
from northroute.bayes.program import names, records, table_rows
from northroute.bayes.program.builder import Builder
from northroute.bayes.program.layout import Layout
from northroute.bayes.program.segments import FAMILIES, Outcomes, Segment
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement import intake
from northroute.bayes.statement.codes import Part, Rows
from northroute.bayes.statement.distributions import Distribution
from northroute.bayes.statement.families import SUITED
from northroute.bayes.statement.model import Model, Term
from northroute.bayes.statement.terms.context import Context
from northroute.bayes.statement.terms.population import Intercept
from northroute.errors import ModelError


@dataclass(frozen=True)
class Assembled:
    """A model on data.

    Attributes
    ----------
    model : Model
    frame : pandas.DataFrame
        The rows kept, sorted by response (by cell where there are cells), with their places in the table that was given
        (:mod:`northroute.bayes.program.table_rows`).
    program : Program
        Neither centred nor rotated.
    layout : Layout
    segments : tuple of Segment
    dropped : mapping of str to int
        Rows left out, by reason.
    """

    model: Model
    frame: pd.DataFrame
    program: Program
    layout: Layout
    segments: tuple[Segment, ...]
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.frame)

    def unswept(self) -> "Assembled":
        """Return the same model in coordinates where no effect's mean is swept into another value."""
        table = _unswept(self.program.blocks)
        records = tuple(replace(b, record=r) for b, r in zip(self.layout.blocks, table, strict=True))
        return replace(self, program=self.program._replace(blocks=table), layout=replace(self.layout, blocks=records))


def assemble(model: Model, frame: pd.DataFrame, *, allow_empty: bool = False) -> Assembled:
    """Write the program of ``model`` on ``frame``, one row an observation.

    Counts of a response that are all zero are refused unless ``allow_empty``: a check of the data, which data simulated from
    the prior need not pass.

    Raises
    ------
    ModelError
        If a column is missing, nothing is left, an exposure is not positive, an outcome is not a count where it has to be,
        a response is zero in every row, two terms share a name, or a term does not suit the data.
    """
    _require(model, frame)
    measures = [r for r in _responses(model, frame) if isinstance(model.of(r), dist.Measures)] if model.exposure else ()
    table = table_rows.numbered(frame)
    kept, dropped = intake.kept(model.name, table, model.outcome, model.exposure, model.response, model.cell, measures)
    kept, cell = _sorted(model, kept)
    responses = kept[model.response].astype(str).to_numpy() if model.response else np.full(len(kept), model.outcome)
    builder = Builder()
    outcome = intake.numbers(model.name, kept, model.outcome)
    offset = _offset(model, kept)
    level, middle, spread = np.zeros(len(kept)), np.zeros(len(kept)), np.ones(len(kept))
    segments = []
    for response in dict.fromkeys(["all"] if cell > 1 else responses):
        where = np.flatnonzero(responses == response) if cell == 1 else np.arange(len(kept))
        rows = slice(int(where[0]), int(where[-1]) + 1)
        distribution = model.of(str(response) if cell == 1 else str(responses[0]))
        counts = not isinstance(distribution, dist.Measures)
        part = dist.PARTS[model.part] if model.part and counts and cell == 1 else Part.NONE
        y = outcome[rows]
        if counts:
            _check_counts(model, kept, rows, str(response), allow_empty)
        elif not np.isfinite(y).all():
            at = rows.start + int(np.argmin(np.isfinite(y)))
            raise ModelError(
                f"{model.name}: '{model.outcome}' is infinite in row {at}. Mend it, or mark it unobserved."
            )
        if counts and cell == 1:
            level[rows] = middle[rows] = np.log(max(y.sum(), 0.5) / np.exp(offset[rows]).sum())
        elif not counts:
            level[rows] = np.median(y) if isinstance(distribution, dist.StudentT) else y.mean()
        if cell > 1 or not counts:
            for own in np.arange(rows.start, rows.stop).reshape(-1, cell).T:
                middle[own], spread[own] = _around(distribution, outcome[own])
        if cell > 1 and counts:
            middle[rows] -= middle[rows].mean()
        segment = Segment(str(response), rows, distribution, part, cell)
        fields = FAMILIES[type(distribution)].write(
            Outcomes(builder, model, kept, segment, y, spread[rows]), distribution
        )
        known = offset[rows] if offset[rows].any() else None
        builder.segments.append(
            records.segment(builder.store, distribution.code, rows, y, offset=known, part=part, cell=cell, **fields)
        )
        segments.append(segment)
    none = np.zeros(len(kept))
    context = Context(model.name, kept, builder, 0, model.response, level, middle, spread)
    for term in _ordered(model.terms):
        term.add(context)
    odds = _log_odds(outcome) if model.part == "hurdle" else 0.0
    second = Context(model.name, kept, builder, 1, model.response, none, none + odds, none + 1)
    for term in _ordered(model.part_terms):
        term.add(second)
    names.refuse(model.name, builder)
    program, layout = builder.finish(len(kept))
    return Assembled(model, kept, program, layout, tuple(segments), dropped)


def _ordered(terms: Sequence[Term]) -> list[Term]:
    """Put intercepts of average rows before the slopes whose means they take in; else terms stay in order."""
    return sorted(terms, key=lambda t: not (isinstance(t, Intercept) and t.prior is SUITED))


def _around(distribution: Distribution, y: Array) -> tuple[float, float]:
    """Return where outcomes lie on the predictor's scale, and their spread there: what default priors suit."""
    match distribution:
        case dist.Multinomial() | dist.DirichletMultinomial():
            return float(np.log(y.sum() + 0.5)), 1.0
        case dist.StudentT():
            low, middle, high = np.quantile(y, [0.25, 0.5, 0.75])
            return float(middle), float((high - low) / 1.349 or y.std() or 1.0)
    return float(y.mean()), float(y.std() or 1.0)


def _log_odds(outcome: Array) -> float:
    """Return the log odds of a zero."""
    zeros = int((outcome == 0).sum())
    return float(np.log((zeros + 0.5) / (outcome.size - zeros + 0.5)))


def _unswept(blocks: Records) -> Records:
    plain = blocks.copy()
    plain["rows"][plain["rows"] == Rows.WITH_MEAN] = Rows.GROUPS
    plain["target"] = -1
    return plain


def _require(model: Model, frame: pd.DataFrame) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise ModelError(
            f"{model.name}: the data are a {type(frame).__name__}. Give a pandas DataFrame, one row an outcome."
        )
    intake.require_columns(
        model.name, frame, [c for c in (model.outcome, model.exposure, model.response, model.cell) if c]
    )
    if model.exposure == model.outcome:
        raise ModelError(f"{model.name}: '{model.outcome}' is both outcome and exposure. Name two columns.")
    if bool(model.part) != bool(model.part_terms):
        raise ModelError(f"{model.name}: 'part' and 'part_terms' go together. Give both or neither.")


def _responses(model: Model, frame: pd.DataFrame) -> list[str]:
    if model.response is None:
        return [model.outcome]
    return [str(r) for r in frame.loc[frame[model.outcome].notna(), model.response].dropna().unique()]


def _sorted(model: Model, frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Sort rows by response, or by cell and response; return them with the number of rows a cell."""
    if model.response is None:
        return frame, 1
    order = pd.factorize(frame[model.response])[0]
    if model.cell is None:
        return frame.iloc[np.argsort(order, kind="stable")].reset_index(drop=True), 1
    cells = pd.factorize(frame[model.cell])[0]
    responses = int(order.max()) + 1
    sizes = np.bincount(cells)
    if (sizes != responses).any() or np.unique(cells * responses + order).size != len(frame):
        bad = frame[model.cell].drop_duplicates().iloc[int(np.argmax(sizes != responses))]
        raise ModelError(
            f"{model.name}: cell '{bad}' does not have one row for each of the {responses} levels of '{model.response}'. "
            "Give every cell all of them, with zero counts written out."
        )
    return frame.iloc[np.lexsort((order, cells))].reset_index(drop=True), responses


def _offset(model: Model, frame: pd.DataFrame) -> Array:
    """Return the log exposure of each row; zero in rows of measures that have none."""
    if model.exposure is None:
        return np.zeros(len(frame))
    exposure = intake.numbers(model.name, frame, model.exposure)
    return np.where(np.isnan(exposure), 0.0, np.log(exposure / model.exposure_unit))


def _check_counts(model: Model, frame: pd.DataFrame, rows: slice, response: str, allow_empty: bool) -> None:
    y = intake.numbers(model.name, frame, model.outcome)[rows]
    bad = np.flatnonzero((y < 0) | (y != np.floor(y)) | ~np.isfinite(y))
    if bad.size:
        raise ModelError(
            f"{model.name}: '{model.outcome}' is {y[bad[0]]:g} in row {rows.start + bad[0]}; counts are whole numbers from "
            "zero. Mend the data, or choose a distribution for numbers that are not counts."
        )
    if y.max() > intake.LARGEST:
        raise ModelError(
            f"{model.name}: '{model.outcome}' is {y.max():g} in row {rows.start + int(y.argmax())}; counts above "
            f"{intake.LARGEST:g} are not fitted as counts. Count in a larger unit, or fit the log as normal."
        )
    if not y.any() and not allow_empty:
        raise ModelError(
            f"{model.name}: '{response}' is zero in every observed row, so its rate has no finite estimate without the "
            "prior. Leave it out, or mark rows that nobody reported unobserved."
        )
