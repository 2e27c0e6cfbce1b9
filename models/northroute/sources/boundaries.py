"""Outlines of the regions, from Natural Earth (public domain): 48 polygons for the 51 first-level regions.

Three cities with a region's rank have no outline of their own and lie inside their neighbour's: :data:`PART_OF`. Neighbours
share the points of their common border, which are rounded alike everywhere, so they still meet.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from northroute.arrays import Array
from northroute.errors import DataError
from northroute.provenance import file_sha256
from northroute.resources import resource
from northroute.sources import regions
from northroute.sources.rows import provider_file

FILE: Final = ("natural_earth_admin1_five", "admin1_five.geojson")
PART_OF: Final[Mapping[str, str]] = {"KZ-SHY": "KZ-YUZ", "KG-GO": "KG-O", "TM-S": "TM-A"}
"""Regions without an outline, and the region whose outline holds them."""
CITATION: Final = "Natural Earth, 1:10m admin-1 states and provinces"
LICENCE: Final = "public domain"
REMEDY: Final = "Restore data/reference/boundaries.geojson, or make it anew with 'northroute data build'."

_DECIMALS = 3  # about 100 m
_SLIVER = "KZ-BAY"  # two specks on the Caspian coast, without a name: not Baikonur
_BOX = ((46.0, 88.0), (34.0, 56.0))
_EARTH_KM = 6371.0072  # radius of the sphere with the Earth's area
_AREA_RATIO = 1.25  # a region's outline against regions.csv; the largest difference is Samarkand's, 15 %
_CITY_RATIO = 3.0  # cities have grown since the outlines were drawn


@dataclass(frozen=True)
class Boundaries:
    """Outlines of regions.

    Attributes
    ----------
    polygons : mapping of str to tuple of numpy.ndarray
        Region code to its rings, each of shape (n, 2): degrees east and north, the last point the first again. Outer rings
        run counter-clockwise, holes clockwise, so a path of all rings fills right under the non-zero rule.
    part_of : mapping of str to str
        Regions without a polygon to the region whose polygon holds them.
    files : mapping of str to str
        File name to SHA-256.
    citation, licence : str
        How to cite the provider, and under what terms the outlines stand.
    """

    polygons: Mapping[str, tuple[Array, ...]]
    part_of: Mapping[str, str]
    files: Mapping[str, str]
    citation: str = CITATION
    licence: str = LICENCE


def load(path: Path | None = None) -> Boundaries:
    """Read the outlines.

    Parameters
    ----------
    path : Path, optional
        A file of the same format to read instead of the bundled one.

    Raises
    ------
    DataError
        For a file that is not GeoJSON, an unknown or repeated region, a point outside Central Asia, an open ring or one
        that runs the wrong way, a region that is missing, or one whose area or place is not that of ``regions.csv``.
    """
    file = path or resource("data/reference/boundaries.geojson")
    known = regions.load("first-level").frame.set_index("region")
    polygons: dict[str, tuple[Array, ...]] = {}
    for number, feature in enumerate(_features(file), start=1):
        region = _region(feature, number, file)
        if region not in known.index or region in PART_OF:
            raise _error(f"'{region}' is not a region with an outline", file, number, "region")
        if region in polygons:
            raise _error(f"'{region}' has an outline already", file, number, "region")
        polygons[region] = _rings(feature, number, file)
    missing = [r for r in known.index if r not in polygons and r not in PART_OF]
    if missing:
        raise DataError(f"no outline of {', '.join(missing)}", file=file, column="region", remedy=REMEDY)
    for number, (region, rings) in enumerate(polygons.items(), start=1):
        inside = [region, *(r for r, whole in PART_OF.items() if whole == region)]
        expected = float(known.loc[inside, "area_km2"].sum())
        _check_place(rings, expected, known.loc[region], file, number)
    return Boundaries(polygons, PART_OF, {file.name: file_sha256(file)})


def trim(folder: Path) -> str:
    """Return the bundled file's text, made from the provider's outlines.

    Coordinates are rounded to three decimals (about 100 m), repeated points and rings of less than four points are
    dropped, outer rings are turned counter-clockwise and holes clockwise, the sliver ``KZ-BAY`` is left out, and regions
    stand in the order of ``regions.csv``.

    Raises
    ------
    MissingDataError
        If the folder has no ``natural_earth_admin1_five/admin1_five.geojson``.
    DataError
        If that file is not GeoJSON, or has a region twice.
    """
    file = provider_file(folder, *FILE)
    lines = {}
    for number, feature in enumerate(_features(file), start=1):
        region = str(feature["properties"]["iso_3166_2"])
        if region == _SLIVER:
            continue
        if region in lines:
            raise _error(f"'{region}' has an outline already", file, number, "iso_3166_2")
        shape = feature["geometry"]
        parts = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        rounded = [p for p in (_round(part, file, number) for part in parts) if p]
        geometry = {"type": "MultiPolygon", "coordinates": rounded}
        lines[region] = json.dumps(
            {"type": "Feature", "properties": {"region": region}, "geometry": geometry}, separators=(",", ":")
        )
    order = [r for r in regions.load("first-level").frame["region"] if r in lines]
    body = ",\n".join(lines[r] for r in order)
    return f'{{"type":"FeatureCollection","features":[\n{body}\n]}}\n'


def area_km2(rings: tuple[Array, ...]) -> float:
    """Return the area inside rings in square kilometres, holes taken off.

    Sides are taken as straight in Lambert's cylindrical equal-area projection of a sphere, ``(lon, sin lat)``.
    """
    return float(sum(_signed_area(ring) for ring in rings))


def _signed_area(ring: Array) -> float:
    x, y = np.radians(ring[:, 0]), np.sin(np.radians(ring[:, 1]))
    x = x - x[0]  # about the first point, so that small rings lose no digits
    y = y - y[0]
    return float(_EARTH_KM**2 / 2 * np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def _round(part: list[list[list[float]]], file: Path, number: int) -> list[list[list[float]]]:
    """Round one polygon's rings; empty if nothing is left of its outer ring."""
    kept: list[list[list[float]]] = []
    for position, ring in enumerate(part):
        points = np.round(np.asarray(ring, dtype=np.float64), _DECIMALS)
        if points.ndim != 2 or points.shape[1] != 2:
            raise _error("a ring is not a list of points", file, number, "coordinates")
        new = np.append(True, (np.diff(points, axis=0) != 0).any(axis=1))
        points = points[new]
        area = _signed_area(points)
        if len(points) < 4 or area == 0:
            if position == 0:
                return []
            continue
        outer = position == 0
        kept.append((points if (area > 0) == outer else points[::-1]).tolist())
    return kept


def _features(file: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as failure:
        line = failure.lineno if isinstance(failure, json.JSONDecodeError) else None
        raise DataError(f"not valid JSON ({failure})", file=file, row=line, remedy=REMEDY) from failure
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not all(isinstance(f, dict) for f in features):
        raise DataError("not a GeoJSON collection of features", file=file, remedy=REMEDY)
    return features


def _region(feature: dict[str, Any], number: int, file: Path) -> str:
    properties = feature.get("properties")
    region = properties.get("region") if isinstance(properties, dict) else None
    if not isinstance(region, str):
        raise _error("the feature names no region", file, number, "region")
    return region


def _rings(feature: dict[str, Any], number: int, file: Path) -> tuple[Array, ...]:
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict) or geometry.get("type") != "MultiPolygon" or not geometry.get("coordinates"):
        raise _error("the geometry is not a MultiPolygon", file, number, "coordinates")
    rings = []
    for part in geometry["coordinates"]:
        for position, ring in enumerate(part):
            try:
                points = np.array(ring, dtype=np.float64)
            except (TypeError, ValueError) as failure:
                raise _error(f"a point is not two numbers ({failure})", file, number, "coordinates") from failure
            if points.ndim != 2 or points.shape[1] != 2 or len(points) < 4 or (points[0] != points[-1]).any():
                raise _error("a ring is not closed, or has less than three corners", file, number, "coordinates")
            for axis, (low, high) in enumerate(_BOX):
                bad = ~((points[:, axis] >= low) & (points[:, axis] <= high))
                if bad.any():
                    what = f"{points[bad][0].tolist()} is not in Central Asia"
                    raise _error(what, file, number, "coordinates")
            if (_signed_area(points) > 0) != (position == 0):
                raise _error("an outer ring runs clockwise, or a hole counter-clockwise", file, number, "coordinates")
            points.setflags(write=False)
            rings.append(points)
    return tuple(rings)


def _check_place(rings: tuple[Array, ...], expected: float, region: "Any", file: Path, number: int) -> None:
    ratio, limit = area_km2(rings) / expected, _CITY_RATIO if region["city"] else _AREA_RATIO
    if not 1 / limit < ratio < limit:
        what = f"{region.name} has {ratio:.2f} times the area that regions.csv gives it"
        raise _error(what, file, number, "coordinates")
    low, high = np.min([r.min(axis=0) for r in rings], axis=0), np.max([r.max(axis=0) for r in rings], axis=0)
    centre = np.array([region["lon"], region["lat"]], dtype=np.float64)
    if (centre < low).any() or (centre > high).any():
        raise _error(f"{region.name} does not hold the centre that regions.csv gives it", file, number, "coordinates")


def _error(what: str, file: Path, number: int, column: str) -> DataError:
    return DataError(what, file=file, row=f"feature {number}", column=column, remedy=REMEDY)
