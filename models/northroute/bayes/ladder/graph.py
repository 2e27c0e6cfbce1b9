"""The graph of a compiled model: scalars and their priors, blocks of effects, linear predictors, outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from northroute.bayes.kernel.tables import Filter, Kind, Program
from northroute.bayes.program.assemble import Assembled, Segment
from northroute.bayes.program.layout import Block, Layout
from northroute.bayes.statement.codes import Part, Rows, Spectrum
from northroute.bayes.statement.families import FAMILIES
from northroute.bayes.statement.terms.writer import Ids
from northroute.look import BOUND, INK, MAIN, QUIET, look

WIDTH, HEIGHT, GAP, STEP = 2.6, 0.62, 0.75, 0.98
"""Of a box, between columns, and from one box to the next, in inches."""
COLUMNS: Final = ("hyperparameters", "parameters", "predictors", "outcomes")


@dataclass(frozen=True)
class Node:
    """A box of the graph.

    Attributes
    ----------
    name, text : str
        First and second line.
    column : int
        Position among :data:`COLUMNS`.
    plate : str
        What it is repeated over; empty for a single number.
    """

    name: str
    text: str
    column: int
    plate: str = ""


@dataclass(frozen=True)
class Graph:
    """Boxes, and arrows from and to names of boxes."""

    nodes: tuple[Node, ...]
    arrows: tuple[tuple[str, str], ...]


def graph(assembled: Assembled) -> Graph:
    """Read the graph of a model off its tables."""
    layout, program = assembled.layout, assembled.program
    names = {int(i): k for k, p in layout.parameters.items() for i in p.ids.ravel()}
    arrows: list[tuple[str, str]] = []
    nodes: list[Node] = []
    for block in layout.blocks:
        name = names[block.span[0]]
        plate = _plate(layout.parameters[name].dims)
        nodes.append(Node(name, _effects(block, layout.parameters[name].dims), 1, plate))
        arrows += [(names[i], name) for i in _above(block, program)]
    hyper = {a for a, _ in arrows}
    for name, parameter in layout.parameters.items():
        first = int(parameter.ids.flat[0])
        if first < len(layout.scalars):
            plate = "pair of " + parameter.dims[0] if name.startswith("corr_") else _plate(parameter.dims)
            nodes.append(Node(name, prior_text(layout, parameter.ids), 0 if name in hyper else 1, plate))
    more, further = _predictors(assembled, names)
    order = list(layout.parameters)
    nodes.sort(key=lambda n: order.index(n.name))
    return Graph((*nodes, *more), tuple(dict.fromkeys([*arrows, *further])))


def prior_text(layout: Layout, ids: Ids) -> str:
    """Return the prior of scalars, in words; of canonical partial correlations, that of their matrix."""
    scalar = layout.scalars[int(ids.flat[0])]
    if scalar.prior is not None:
        return str(scalar.prior)
    k = round((1 + np.sqrt(1 + 8 * ids.size)) / 2)
    if scalar.numbers.family != len(FAMILIES):
        raise ValueError("a scalar without a prior is a partial correlation")
    return f"LKJ({scalar.numbers.shape - (k - 2) / 2:g})"


def draw(model: Graph) -> Figure:
    """Draw boxes in columns from left to right; a box on a stack is repeated over what is written at its foot."""
    placed = _places(model)
    rows = max(sum(n.column == c for n in model.nodes) for c in range(4))
    wide, high = 4 * WIDTH + 3 * GAP + 0.4, rows * STEP + 0.45
    with look():
        figure = Figure(figsize=(wide, high))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, wide), ylim=(0, high))
        axes.axis("off")
        for a, b in model.arrows:
            (x, y), (to_x, to_y) = placed[a], placed[b]
            start, style = (x + WIDTH / 2, y), {"arrowstyle": "-|>", "color": QUIET, "lw": 0.8}
            axes.annotate("", (to_x - WIDTH / 2 - 0.03, to_y), start, arrowprops=style)
        for column, title in enumerate(COLUMNS):
            x = 0.2 + WIDTH / 2 + column * (WIDTH + GAP)
            axes.text(x, high - 0.2, title, ha="center", va="center", color=QUIET)
        for node in model.nodes:
            _box(axes, node, *placed[node.name])
    return figure


def _box(axes: Axes, node: Node, x: float, y: float) -> None:
    corner = (x - WIDTH / 2, y - HEIGHT / 2)
    edge = (MAIN, MAIN, INK, BOUND)[node.column]
    face = "#f4e3d7" if node.column == 3 else "white"
    shape = "round,pad=0,rounding_size=0.1"
    for shift in (0.07, 0.0) if node.plate else (0.0,):
        at = (corner[0] + shift, corner[1] - shift)
        axes.add_patch(FancyBboxPatch(at, WIDTH, HEIGHT, boxstyle=shape, ec=edge, fc=face, lw=0.9))
    axes.text(x, y + 0.13, node.name, ha="center", va="center", weight="bold", fontsize=8)
    axes.text(x, y - 0.13, node.text, ha="center", va="center", fontsize=7)
    if node.plate:
        axes.text(x + WIDTH / 2 + 0.05, corner[1] - 0.16, f"each {node.plate}", ha="right", va="center", fontsize=6.5)


def _places(model: Graph) -> dict[str, tuple[float, float]]:
    """Return the middle of every box: hyperparameters beside what they rule, predictors and outcomes spread evenly."""
    columns = [[n for n in model.nodes if n.column == c] for c in range(4)]
    rows = max(map(len, columns))
    row = {n.name: float(i) for i, n in enumerate(columns[1])}
    wanted = {n.name: min(row[b] for a, b in model.arrows if a == n.name) for n in columns[0]}
    first = sorted(columns[0], key=lambda n: wanted[n.name])
    above = -1.0
    for i, node in enumerate(first):
        above = row[node.name] = min(max(wanted[node.name], above + 1), float(rows - len(first) + i))
    for nodes in columns[2:]:
        row |= {n.name: rows * (i + 0.5) / len(nodes) - 0.5 for i, n in enumerate(nodes)}
    left = 0.2 + WIDTH / 2
    return {n.name: (left + n.column * (WIDTH + GAP), (rows - 0.5 - row[n.name]) * STEP + 0.08) for n in model.nodes}


def _above(block: Block, program: Program) -> Sequence[int]:
    """Scalars that a block's effects depend on."""
    record = block.record
    found = list(block.sd.ravel())
    if record.kind != Kind.BYM2:
        k, batches = int(record.dims), int(record.batches)
        if (at := int(record.correlation)) >= 0:
            found += list(program.index[at : at + k * (k - 1) // 2])
        if record.filter == Filter.AR1:
            at = int(record.coefficient)
            found += list(program.index[at : at + batches])
        if block.length is not None:
            found += list(block.length.ravel())
    return [int(i) for i in found]


def _effects(block: Block, dims: tuple[str, ...]) -> str:
    """Say what a block is, in a few words."""
    record = block.record
    if record.kind == Kind.BYM2:
        return "BYM2 over neighbours"
    if record.spectrum != Spectrum.NONE:
        return "Gaussian process"
    if record.filter == Filter.AR1:
        return "AR(1)"
    what = "random walk" if record.filter == Filter.BASIS else "normal"
    if record.correlation >= 0:
        what += f", correlated over {dims[-1]}"
    if record.rows == Rows.ZERO_SUM or record.demean:
        what += ", sum to zero"
    if record.zero_dims:
        what += f", zero sum over {dims[-1]}"
    return what


def _predictors(assembled: Assembled, names: dict[int, str]) -> tuple[list[Node], list[tuple[str, str]]]:
    """Predictors and outcomes by kind of distribution, what enters each, and the distributions' own scalars."""
    kinds: dict[str, list[int]] = {}
    for i, segment in enumerate(assembled.segments):
        kinds.setdefault(segment.distribution.describe(), []).append(i)
    nodes: list[Node] = []
    arrows: list[tuple[str, str]] = []
    for kind, members in kinds.items():
        own = [assembled.segments[i] for i in members]
        outcome = own[0].response if len(kinds) > 1 and len(own) == 1 else assembled.model.outcome
        outcome = "measures" if kind == "normal" and len(own) > 1 else outcome
        plate = "row" if len(own) == 1 else f"row of {len(own)} responses"
        nodes.append(Node(outcome, kind, 3, "cell" if own[0].cell > 1 else plate))
        for predictor, title in _titles(own[0], outcome).items():
            nodes.append(Node(title, _scale(assembled, own[0], predictor), 2, "row"))
            arrows.append((title, outcome))
            arrows += [(names[i], title) for i in _entering(assembled, own, predictor)]
        auxiliary = {names[int(a)] for a in assembled.program.segments["auxiliary"][members] if a >= 0}
        arrows += [(name, outcome) for name in sorted(auxiliary)]
    return nodes, arrows


def _titles(segment: Segment, outcome: str) -> dict[int, str]:
    first = {0: f"predictor of {outcome}"}
    return first if segment.part is Part.NONE else first | {1: segment.part.name.lower().replace("_", "-")}


def _scale(assembled: Assembled, segment: Segment, predictor: int) -> str:
    if predictor == 1:
        return "logit"
    if segment.cell > 1:
        return "log share"
    if segment.distribution.describe() == "normal":
        return "mean"
    return "log mean, with log exposure" if assembled.model.exposure else "log mean"


def _entering(assembled: Assembled, segments: Sequence[Segment], predictor: int) -> list[int]:
    """First value of everything that enters a predictor in some row of the segments."""
    found: list[int] = []
    spans = [(s.rows.start, s.rows.stop) for s in segments]

    def meets(start: int, stop: int) -> bool:
        return any(start < b and a < stop for a, b in spans)

    for use in assembled.layout.uses:
        if use.predictor == predictor and meets(use.start, use.stop):
            found += [int(i[0]) for i in (use.ids, use.other) if i is not None]
    for record in assembled.program.dense:
        if record.predictor == predictor and meets(int(record.start), int(record.stop)):
            found += range(int(record.value), int(record.value + record.columns))
    return found


def _plate(dims: tuple[str, ...]) -> str:
    return ", ".join("varying covariate" if d == "varying" else d.replace("_", " ") for d in dims)
