"""Where the names on a map stand: on their region where there is room, else beside it at the end of a thin line.

Each label has candidate boxes: places inside its own region, and places around its point at growing distance. A label
takes the cheapest candidate given the others, first in turn and then again in sweeps until none moves. No chance is used:
the same labels give the same places. Boxes never overlap; a map without room for its labels is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from northroute.arrays import Array, Bools, Ints
from northroute.errors import DataError

_DIRECTIONS: Final = 16
_PAD = 1.2  # points kept free around a box
_CLASH = 1e4  # cost of an overlap, above all that a label can otherwise cost
_CROSSING: Final = 40.0  # cost of two lines that cross
_THROUGH: Final = 200.0  # cost of a line through another label
_ON_OTHERS: Final = (0.8, 2.5, 3.5)  # cost of lying on other regions: a marker's label, a region's, one with a line
_OUTSIDE: Final = 6.5  # cost of lying wholly outside the own region
_SWEEPS: Final = 12
_ROUNDS: Final = 3
_TRIES: Final = 12
_MOST: Final = 12  # labels that may push others aside, in a round
_DEAR: Final = 2.5  # a label that costs less is content
_KEPT: Final = 150  # candidates kept for a label


@dataclass(frozen=True)
class Label:
    """A name to place.

    Attributes
    ----------
    width, height : float
        The text's box, in points.
    point : tuple of float
        What the label names: the marker's centre, or a point well inside the region, in points from the frame's lower
        left corner.
    radius : float
        Radius of the marker drawn there, in points; 0 where none is drawn.
    shape : int
        Number of its own region in the raster; -1 where it has none.
    """

    width: float
    height: float
    point: tuple[float, float]
    radius: float = 0.0
    shape: int = -1


@dataclass(frozen=True)
class Place:
    """Where a label stands.

    Attributes
    ----------
    centre : tuple of float
        Centre of its box, in points.
    leader : tuple of two points, optional
        Ends of the line from the box to what it names; none where the label stands on it or next to it.
    """

    centre: tuple[float, float]
    leader: tuple[tuple[float, float], tuple[float, float]] | None


@dataclass(frozen=True)
class _Candidates:
    boxes: Array  # (n, 4): left, bottom, right, top
    cost: Array  # (n,)
    line: Array  # (n, 4): from and to; a line without length where there is no leader


def place(
    labels: Sequence[Label],
    raster: Ints,
    cell: float,
    markers: Array | None = None,
    lines: Array | None = None,
) -> tuple[Place, ...]:
    """Return a place for each label.

    Parameters
    ----------
    labels : sequence of Label
        What to place.
    raster : ndarray of int (rows, columns)
        The number of the region in each cell of the frame, -1 for none; the first row is the lowest.
    cell : float
        Side of a cell, in points.
    markers : ndarray (n, 3), optional
        Centre and radius of markers without a label, to be kept clear.
    lines : ndarray (n, 4), optional
        Ends of lines that names should not stand on.

    Raises
    ------
    DataError
        If the frame has no room for the labels without an overlap.
    """
    avoid = np.empty((0, 4)) if lines is None else lines
    state = _State(
        [_candidates(label, raster, cell, _marks(labels, i, markers), avoid) for i, label in enumerate(labels)]
    )
    # those with few good places choose first
    good = [int((s.cost < s.cost.min() + 0.5).sum()) for s in state.sets]
    order = sorted(range(len(labels)), key=lambda i: (labels[i].shape < 0, good[i], i))
    _settle(state, order)
    for _ in range(_ROUNDS):
        dearest = sorted(order, key=lambda i: (-state.cost(i), i))[:_MOST]
        moved = [_eject(state, i) for i in dearest]
        if not any(moved):
            break
        _settle(state, order)
    clash = np.array([_overlaps(state.boxes[[i]], np.delete(state.boxes, i, axis=0)).any() for i in range(len(labels))])
    if clash.any():
        remedy = "Draw fewer countries in one map, or a larger map."
        raise DataError(
            f"no room for {int(clash.sum())} of {len(labels)} labels", file="the map's labels", remedy=remedy
        )
    return tuple(_placed(box, line) for box, line in zip(state.boxes, state.lines, strict=True))


class _State:
    """The candidate that each label has chosen, -1 for none yet."""

    def __init__(self, sets: Sequence[_Candidates]) -> None:
        self.sets = sets
        self.chosen = np.full(len(sets), -1)
        self.boxes = np.full((len(sets), 4), np.nan)
        self.lines = np.full((len(sets), 4), np.nan)

    def take(self, i: int, candidate: int) -> None:
        self.chosen[i] = candidate
        self.boxes[i] = self.sets[i].boxes[candidate]
        self.lines[i] = self.sets[i].line[candidate]

    def costs(self, i: int) -> Array:
        """Return what each candidate of a label would cost, given where the others stand."""
        others = (np.arange(len(self.sets)) != i) & (self.chosen >= 0)
        if not others.any():
            return np.asarray(self.sets[i].cost)
        pairs = _pairs(self.sets[i].boxes, self.sets[i].line, self.boxes[others], self.lines[others])
        return np.asarray(self.sets[i].cost + pairs.sum(axis=1))

    def cost(self, i: int) -> float:
        return float(self.sets[i].cost[self.chosen[i]] + self.against(i).sum())

    def against(self, i: int) -> Array:
        """Return what a label's place costs against each other label's."""
        pairs = _pairs(self.boxes[[i]], self.lines[[i]], self.boxes, self.lines)[0]
        pairs[i] = 0.0
        return np.asarray(pairs)

    def total(self) -> float:
        pairs = _pairs(self.boxes, self.lines, self.boxes, self.lines)
        np.fill_diagonal(pairs, 0.0)
        own = sum(float(s.cost[c]) for s, c in zip(self.sets, self.chosen, strict=True))
        return own + float(pairs.sum()) / 2


def _settle(state: _State, order: Sequence[int]) -> None:
    """Let each label in turn take its cheapest place, until none moves."""
    for _ in range(_SWEEPS):
        before = state.chosen.copy()
        for i in order:
            state.take(i, int(np.argmin(state.costs(i))))
        if (before == state.chosen).all():
            return


def _eject(state: _State, i: int) -> bool:
    """Let a dear label take a place it likes and those in its way look for another; keep it if all together gain."""
    now, total, before = state.cost(i), state.total(), state.chosen.copy()
    liked = np.argsort(state.sets[i].cost, kind="stable")
    for candidate in liked[:_TRIES]:
        if now < _DEAR or state.sets[i].cost[candidate] > now - 0.5:
            return False
        state.take(i, int(candidate))
        for j in np.flatnonzero(state.against(i) > 0):
            state.take(int(j), int(np.argmin(state.costs(int(j)))))
        if state.total() < total - 1e-6:
            return True
        for j in np.flatnonzero(before != state.chosen):
            state.take(int(j), int(before[j]))
    return False


def _placed(box: Array, line: Array) -> Place:
    centre = (float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2)
    if np.hypot(line[2] - line[0], line[3] - line[1]) == 0:
        return Place(centre, None)
    return Place(centre, ((float(line[0]), float(line[1])), (float(line[2]), float(line[3]))))


def _candidates(label: Label, raster: Ints, cell: float, marks: Array, lines: Array) -> _Candidates:
    height, width = raster.shape[0] * cell, raster.shape[1] * cell
    half = np.array([label.width / 2, label.height / 2])
    parts = [_around(label, half)]
    own = raster == label.shape if label.shape >= 0 else np.zeros_like(raster, dtype=bool)
    if own.any():
        parts.append(_inside(label, half, own, cell))
    centres, cost, leader = (np.concatenate([p[k] for p in parts]) for k in range(3))
    boxes = np.hstack([centres - half, centres + half])
    fits = (boxes[:, 0] >= 1) & (boxes[:, 1] >= 1) & (boxes[:, 2] <= width - 1) & (boxes[:, 3] <= height - 1)
    if not fits.any():
        remedy = "Shorten the name, or draw a larger map."
        raise DataError("a label is wider than the map", file="the map's labels", remedy=remedy)
    boxes, cost, leader = boxes[fits], cost[fits], leader[fits].astype(bool)
    covered = _share((raster >= 0) & ~own, boxes, cell)
    mine = _share(own, boxes, cell) if own.any() else np.ones(len(boxes))
    cost = (
        cost
        + np.where(label.radius > 0, _ON_OTHERS[0], np.where(leader, _ON_OTHERS[2], _ON_OTHERS[1])) * covered
        + np.where(leader, 0.0, _OUTSIDE * (1 - mine)) * own.any()
    )
    near = [np.clip(marks[None, :, k], boxes[:, k, None], boxes[:, k + 2, None]) for k in (0, 1)]
    gap = np.hypot(near[0] - marks[None, :, 0], near[1] - marks[None, :, 1])
    drawn = (marks[:, 2] > 0) & (gap < marks[:, 2] + 0.6)
    cost = cost + _THROUGH * drawn.sum(axis=1) + 0.6 * ((gap == 0) & (marks[:, 2] == 0))[:, 1:].sum(axis=1)
    line = np.where(leader[:, None], _leader(label, boxes), 0.0)
    discs = marks[1:][marks[1:, 2] > 0]
    round_them = np.hstack([discs[:, :2] - discs[:, 2:], discs[:, :2] + discs[:, 2:]])
    cost = cost + 6.0 * _meets(lines, _grow(boxes)).sum(axis=0)
    cost = cost + 60.0 * _meets(line, round_them).sum(axis=1)
    best = np.argsort(cost, kind="stable")[:_KEPT]
    return _Candidates(boxes[best], cost[best], line[best])


def _marks(labels: Sequence[Label], i: int, markers: Array | None) -> Array:
    """Return points and radii, shape (n, 3): the label's own first, then the other labels' and the markers'."""
    others = [label for j, label in enumerate(labels) if j != i]
    rows = [(*label.point, label.radius) for label in (labels[i], *others)]
    return np.array(rows) if markers is None else np.vstack([rows, markers])


def _leader(label: Label, boxes: Array) -> Array:
    """Return the line from each box's nearest edge to the point or to its marker's rim, shape (n, 4)."""
    point = np.array(label.point)
    start = np.clip(point, boxes[:, :2], boxes[:, 2:])
    away = np.hypot(*(point - start).T)
    part = np.divide(np.maximum(away - label.radius, 0), away, out=np.zeros_like(away), where=away > 0)
    return np.hstack([start, start + (point - start) * part[:, None]])


def _around(label: Label, half: Array) -> tuple[Array, Array, Array]:
    """Return centres, costs and whether there is a leader, around the point at growing distance."""
    turns = np.arange(_DIRECTIONS) * 2 * np.pi / _DIRECTIONS
    gaps = np.concatenate([[1.5, 4.0], np.arange(8.0, 60, 4), np.arange(60.0, 260, 10)])
    way = np.column_stack([np.cos(turns), np.sin(turns)])
    square = way / np.abs(way).max(axis=1, keepdims=True)  # to the box's own edge, not an ellipse's
    base = half * square + label.radius * way
    centres = np.array(label.point) + (base[None] + gaps[:, None, None] * way[None]).reshape(-1, 2)
    first = gaps < 4.5 if label.radius else np.zeros(len(gaps), dtype=bool)
    cost = np.where(first, 0.2 * gaps / 4, (1.2 if label.radius else 2.0) + gaps / 14)
    turn_cost = 0.15 * (1 - way[:, 0])  # to the right, where the eye looks first
    return (
        centres,
        (cost[:, None] + turn_cost[None]).ravel(),
        np.repeat(~first, _DIRECTIONS),
    )


def _inside(label: Label, half: Array, own: Bools, cell: float) -> tuple[Array, Array, Array]:
    """Return centres inside the label's own region; the nearer to its point the cheaper."""
    rows, columns = np.nonzero(own)
    centres = np.column_stack([columns + 0.5, rows + 0.5]) * cell
    size = np.sqrt(own.sum()) * cell
    away = np.hypot(*(centres - np.array(label.point)).T) / size
    boxes = np.hstack([centres - half, centres + half])
    cost = 1.2 * away + _OUTSIDE * (1 - _share(own, boxes, cell))
    best = np.argsort(cost, kind="stable")[:150]
    return centres[best], 1.2 * away[best], np.zeros(len(best))


def _share(mask: Bools, boxes: Array, cell: float) -> Array:
    """Return the share of each box's cells that are in the mask, by sums over its corners."""
    sums = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1))
    sums[1:, 1:] = mask.cumsum(axis=0).cumsum(axis=1)
    columns = np.clip(np.round(boxes[:, [0, 2]] / cell), 0, mask.shape[1]).astype(int)
    rows = np.clip(np.round(boxes[:, [1, 3]] / cell), 0, mask.shape[0]).astype(int)
    inside = (
        sums[rows[:, 1], columns[:, 1]]
        - sums[rows[:, 0], columns[:, 1]]
        - sums[rows[:, 1], columns[:, 0]]
        + sums[rows[:, 0], columns[:, 0]]
    )
    cells = np.maximum((columns[:, 1] - columns[:, 0]) * (rows[:, 1] - rows[:, 0]), 1)
    return np.asarray(inside / cells)


def _pairs(boxes: Array, lines: Array, other_boxes: Array, other_lines: Array) -> Array:
    """Return what places (n) and other places (m) cost together."""
    cost = _CLASH * _overlaps(boxes, other_boxes)
    cost = cost + _THROUGH * _meets(lines, _grow(other_boxes))
    cost = cost + _THROUGH * _meets(other_lines, _grow(boxes)).T
    return np.asarray(cost + _CROSSING * _cross(lines, other_lines))


def _grow(boxes: Array) -> Array:
    return boxes + np.array([-1, -1, 1, 1]) * _PAD / 2


def _overlaps(one: Array, other: Array) -> Bools:
    a, b = _grow(one)[:, None], _grow(other)[None]
    return np.asarray(
        (a[..., 0] < b[..., 2]) & (b[..., 0] < a[..., 2]) & (a[..., 1] < b[..., 3]) & (b[..., 1] < a[..., 3])
    )


def _meets(lines: Array, boxes: Array) -> Bools:
    """Return whether each line (n) with length meets each box (m): no axis parts them (separating axis theorem)."""
    start, end = lines[:, None, :2], lines[:, None, 2:]
    centre, half = (boxes[None, :, :2] + boxes[None, :, 2:]) / 2, (boxes[None, :, 2:] - boxes[None, :, :2]) / 2
    middle, reach = (start + end) / 2 - centre, (end - start) / 2
    near = (np.abs(middle) <= half + np.abs(reach)).all(axis=2)
    side = np.abs(middle[..., 0] * reach[..., 1] - middle[..., 1] * reach[..., 0])
    near &= side <= half[..., 0] * np.abs(reach[..., 1]) + half[..., 1] * np.abs(reach[..., 0])
    return np.asarray(near & (reach != 0).any(axis=2))


def _cross(one: Array, other: Array) -> Bools:
    """Return whether lines (n) and lines (m) cross."""

    def side(line: Array, point: Array) -> Array:
        along = line[..., 2:] - line[..., :2]
        away = point - line[..., :2]
        return np.asarray(np.sign(along[..., 0] * away[..., 1] - along[..., 1] * away[..., 0]))

    a, b = one[:, None], other[None]
    return np.asarray((side(a, b[..., :2]) * side(a, b[..., 2:]) < 0) & (side(b, a[..., :2]) * side(b, a[..., 2:]) < 0))
