"""Rings on the plane of a map: fewer points, the borders between groups of regions, and which region each cell lies in."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.path import Path as Ring
from matplotlib.transforms import Bbox

from northroute.arrays import Array, Ints

Rings = tuple[Array, ...]


def clip(ring: Array, width: float, height: float) -> Array:
    """Return the part of a closed ring in a frame with its origin at the lower left; empty if there is none."""
    low, high = ring.min(axis=0), ring.max(axis=0)
    if (low > [width, height]).any() or (high < 0).any():
        return np.empty((0, 2))
    if (low >= 0).all() and (high <= [width, height]).all():
        return ring
    path = Ring(ring, closed=True).clip_to_bbox(Bbox([(0, 0), (width, height)]))
    points = np.asarray(path.vertices, dtype=np.float64)
    return points if not len(points) else np.vstack([points[:-1], points[:1]])


def simplify(shapes: Mapping[str, Rings], tolerance: float) -> dict[str, Rings]:
    """Return the rings with fewer points, none of their lines moved by more than about the tolerance.

    Neighbours still meet: rings are cut where three lines join, and each piece is thinned once for both its sides, by the
    rule of Douglas and Peucker (1973), *Cartographica* 10, 112-122. Rings that shrink to a line are left out, unless a
    region would be lost.

    Parameters
    ----------
    shapes : mapping of str to tuple of ndarray (n, 2)
        Region code to closed rings.
    tolerance : float
        In the plane's unit. Points are first put on a grid of a tenth of it.
    """
    grid = tolerance / 10
    snapped = {r: [_snap(ring, grid) for ring in rings] for r, rings in shapes.items()}
    beside: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for rings in snapped.values():
        for ring in rings:
            for one, other in itertools.pairwise(ring):
                beside.setdefault(one, set()).add(other)
                beside.setdefault(other, set()).add(one)
    thinned: dict[tuple[tuple[int, int], ...], Array] = {}
    result = {}
    for region, rings in snapped.items():
        new = [_thin_ring(ring, beside, thinned, tolerance / grid) * grid for ring in rings if len(ring) >= 4]
        kept = tuple(ring for ring in new if len(ring) >= 4 and area((ring,)) != 0)
        if kept or shapes[region]:
            result[region] = kept or (max(shapes[region], key=lambda ring: abs(area((ring,)))),)
    return result


def _snap(ring: Array, grid: float) -> list[tuple[int, int]]:
    points = np.round(ring / grid).astype(int)
    points = points[np.append(True, (np.diff(points, axis=0) != 0).any(axis=1))]
    return [(x, y) for x, y in points.tolist()]


def _thin_ring(
    ring: list[tuple[int, int]],
    beside: Mapping[tuple[int, int], set[tuple[int, int]]],
    thinned: dict[tuple[tuple[int, int], ...], Array],
    tolerance: float,
) -> Array:
    open_ring = ring[:-1]
    joins = [i for i, point in enumerate(open_ring) if len(beside[point]) != 2]
    start = joins[0] if joins else open_ring.index(min(open_ring))
    turned = [*open_ring[start:], *open_ring[: start + 1]]
    cuts = [0, *(i - start for i in joins if i > start), *(i - start + len(open_ring) for i in joins if i < start)]
    pieces: list[Array] = []
    for one, other in zip(cuts, [*cuts[1:], len(open_ring)], strict=True):
        piece = tuple(turned[one : other + 1])
        forward = piece <= piece[::-1]
        key = piece if forward else piece[::-1]
        if key not in thinned:
            thinned[key] = _thin(np.array(key, dtype=np.float64), tolerance)
        line = thinned[key] if forward else thinned[key][::-1]
        pieces.append(line if not pieces else line[1:])
    return np.concatenate(pieces)


def _thin(line: Array, tolerance: float) -> Array:
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    todo = [(0, len(line) - 1)]
    while todo:
        first, last = todo.pop()
        if last - first < 2:
            continue
        along, away = line[last] - line[first], line[first + 1 : last] - line[first]
        length = np.hypot(*along)
        off = np.abs(along[0] * away[:, 1] - along[1] * away[:, 0]) / length if length else np.hypot(*away.T)
        far = int(np.argmax(off))
        if off[far] > tolerance:
            middle = first + 1 + far
            keep[middle] = True
            todo += [(first, middle), (middle, last)]
    return line[keep]


def area(rings: Rings) -> float:
    """Return the area inside rings, holes (which run clockwise) taken off, in the plane's unit squared."""
    return float(sum(np.sum(r[:-1, 0] * r[1:, 1] - r[1:, 0] * r[:-1, 1]) / 2 for r in rings))


def compound(lines: Sequence[Array]) -> Ring:
    """Return one path of several lines or rings, for drawing."""
    codes = [np.append(Ring.MOVETO, np.full(len(line) - 1, Ring.LINETO)) for line in lines]
    return Ring(np.concatenate(lines), np.concatenate(codes))


def borders(shapes: Mapping[str, Rings], group: Mapping[str, str]) -> list[Array]:
    """Return the lines where one group of regions ends, each once, as runs of points.

    Parameters
    ----------
    shapes : mapping of str to tuple of ndarray (n, 2)
        Region code to closed rings; neighbours share the points of their border.
    group : mapping of str to str
        Region code to the group it belongs to, such as its country.
    """
    sides: dict[tuple[tuple[float, ...], ...], set[str]] = {}
    for region, rings in shapes.items():
        for ring in rings:
            for side in _sides(ring):
                sides.setdefault(side, set()).add(region)
    drawn: set[tuple[tuple[float, ...], ...]] = set()
    lines: list[Array] = []
    for rings in shapes.values():
        for ring in rings:
            run: list[Array] = []
            for start, end, side in zip(ring[:-1], ring[1:], _sides(ring), strict=True):
                owners = sides[side]
                inner = len(owners) > 1 and len({group[r] for r in owners}) == 1
                if inner or side in drawn:
                    if run:
                        lines.append(np.array(run))
                    run = []
                    continue
                drawn.add(side)
                run = [*run, end] if run else [start, end]
            if run:
                lines.append(np.array(run))
    return lines


def open_holes(shapes: Mapping[str, Rings]) -> list[Array]:
    """Return the holes that no region fills: land that is part of none, such as Baikonur."""
    holes = [ring for rings in shapes.values() for ring in rings if area((ring,)) < 0]
    outer = {
        tuple(point) for rings in shapes.values() for ring in rings if area((ring,)) > 0 for point in ring.tolist()
    }
    return [hole for hole in holes if not any(tuple(point) in outer for point in hole.tolist())]


def _sides(ring: Array) -> list[tuple[tuple[float, ...], ...]]:
    points = [tuple(p) for p in ring.tolist()]
    return [(min(a, b), max(a, b)) for a, b in itertools.pairwise(points)]


def raster(shapes: Sequence[Rings], width: float, height: float, cell: float) -> Ints:
    """Return which shape each cell of a frame lies in, shape (rows, columns), -1 for none; the first row is the lowest.

    Parameters
    ----------
    shapes : sequence of tuple of ndarray (n, 2)
        Closed rings in the frame's unit, with the origin at the frame's lower left corner; a shape may have none.
    width, height, cell : float
        The frame, and the side of a cell; a cell counts by its centre.
    """
    x = np.arange(cell / 2, width, cell)
    y = np.arange(cell / 2, height, cell)
    grid = np.full((len(y), len(x)), -1)
    for number, rings in enumerate(shapes):
        if not rings:
            continue
        corners = np.concatenate(rings)
        low, high = corners.min(axis=0), corners.max(axis=0)
        columns = np.flatnonzero((x >= low[0]) & (x <= high[0]))
        rows = np.flatnonzero((y >= low[1]) & (y <= high[1]))
        if not columns.size or not rows.size:
            continue
        window = np.ix_(rows, columns)
        points = np.column_stack([a.ravel() for a in np.meshgrid(x[columns], y[rows])])
        inside = np.zeros(len(points), dtype=np.int64)
        for ring in rings:
            inside += Ring(ring).contains_points(points)
        grid[window] = np.where((inside % 2 == 1).reshape(len(rows), len(columns)), number, grid[window])
    return grid
