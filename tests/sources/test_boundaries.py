"""Outlines: every region has one or is part of one, neighbours meet, and damaged files are refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from northroute.errors import DataError, MissingDataError
from northroute.resources import resource
from northroute.sources import boundaries, regions

FILE = "data/reference/boundaries.geojson"
Features = list[dict[str, Any]]


@pytest.fixture(scope="module")
def outlines() -> boundaries.Boundaries:
    """The bundled outlines."""
    return boundaries.load()


def test_every_region_has_an_outline_or_is_part_of_one(outlines: boundaries.Boundaries) -> None:
    codes = set(regions.load("first-level").frame["region"])
    assert set(outlines.polygons) | set(outlines.part_of) == codes
    assert not set(outlines.polygons) & set(outlines.part_of)
    assert set(outlines.part_of.values()) <= set(outlines.polygons)
    assert len(outlines.polygons) == 48
    # Shymkent's whole is the one that the constant division has
    home = regions.load("first-level").frame.set_index("region")["panel_region"]
    assert home["KZ-SHY"] == outlines.part_of["KZ-SHY"]
    assert outlines.licence == "public domain"
    assert list(outlines.files) == ["boundaries.geojson"]


def test_the_file_is_small() -> None:
    assert resource(FILE).stat().st_size < 300_000


def test_rings_are_closed_rounded_and_fixed(outlines: boundaries.Boundaries) -> None:
    for rings in outlines.polygons.values():
        assert boundaries.area_km2(rings) > 0
        for ring in rings:
            assert ring.shape[1] == 2 and len(ring) >= 4
            assert (ring[0] == ring[-1]).all()
            assert (np.diff(ring, axis=0) != 0).any(axis=1).all()
            np.testing.assert_array_equal(ring, ring.round(3))
            with pytest.raises(ValueError, match="read-only"):
                ring[0, 0] = 0.0


def test_area_of_a_known_ring() -> None:
    """One degree square at the equator: R^2 (pi/180) sin(1 degree) = 12,364 km2 on the sphere of equal area."""
    square = np.array([[60, 0], [61, 0], [61, 1], [60, 1], [60, 0]], dtype=float)
    expected = 6371.0072**2 * np.radians(1) * np.sin(np.radians(1))
    assert boundaries.area_km2((square,)) == pytest.approx(expected, rel=1e-12)
    assert boundaries.area_km2((square[::-1],)) == pytest.approx(-expected, rel=1e-12)


def test_areas_of_whole_countries(outlines: boundaries.Boundaries) -> None:
    """Land areas as commonly given, in thousand km2, within 3 %: Turkmenistan without the Kara-Bogaz-Gol, 18."""
    known = {"KZ": 2_700, "KG": 199, "TJ": 142, "TM": 491 - 18, "UZ": 447}
    for code, thousand in known.items():
        total = sum(boundaries.area_km2(r) for region, r in outlines.polygons.items() if region.startswith(code))
        assert total / 1000 == pytest.approx(thousand, rel=0.03), code


def test_neighbours_meet(outlines: boundaries.Boundaries) -> None:
    """Regions of one country that adjacency.csv has as neighbours share points of their outlines."""
    points = {
        region: {tuple(p) for ring in rings for p in ring.tolist()} for region, rings in outlines.polygons.items()
    }
    pairs = regions.adjacency("first-level").frame
    apart = [
        (a, b)
        for a, b in zip(pairs["a"], pairs["b"], strict=True)
        if a in points and b in points and len(points[a] & points[b]) < 2
    ]
    assert apart == [("TM-L", "UZ-QR")]  # a short border in GADM, which Natural Earth gives to Khorezm


def test_every_hole_but_baikonur_s_is_another_region(outlines: boundaries.Boundaries) -> None:
    outer = {frozenset(map(tuple, r.tolist())) for rings in outlines.polygons.values() for r in rings if _outer(r)}
    empty = [
        (region, ring.mean(axis=0).round(1).tolist())
        for region, rings in outlines.polygons.items()
        for ring in rings
        if not _outer(ring) and frozenset(map(tuple, ring.tolist())) not in outer
    ]
    assert empty == [("KZ-KZY", [63.4, 46.0])]


def _outer(ring: "np.ndarray[Any, Any]") -> bool:
    return boundaries.area_km2((ring,)) > 0


def test_most_points_of_a_landlocked_region_are_shared(outlines: boundaries.Boundaries) -> None:
    others = {
        tuple(p) for r, rings in outlines.polygons.items() if r != "UZ-SA" for ring in rings for p in ring.tolist()
    }
    own = [tuple(p) for ring in outlines.polygons["UZ-SA"] for p in ring.tolist()]
    assert np.mean([p in others for p in own]) == 1.0


def _first_ring(features: Features) -> list[list[Any]]:
    ring: list[list[Any]] = features[0]["geometry"]["coordinates"][0][0]
    return ring


def _swap(features: Features) -> None:
    one, other = features[0]["properties"], features[1]["properties"]
    one["region"], other["region"] = other["region"], one["region"]


CASES: dict[str, tuple[Callable[[Features], object], str | None, str, str]] = {
    "region missing": (lambda f: f.pop(), None, "region", "no outline of"),
    "region twice": (lambda f: f.append(f[0]), "feature 49", "region", "has an outline already"),
    "unknown region": (lambda f: f[2]["properties"].update(region="KZ-ABA"), "feature 3", "region", "'KZ-ABA' is not"),
    "part of another": (lambda f: f[2]["properties"].update(region="KZ-SHY"), "feature 3", "region", "'KZ-SHY' is not"),
    "no name": (lambda f: f[2].pop("properties"), "feature 3", "region", "names no region"),
    "names swapped": (_swap, "feature 1", "coordinates", "times the area that regions.csv gives it"),
    "altered digit": (lambda f: _first_ring(f)[5].__setitem__(0, 9.665), "feature 1", "coordinates", "Central Asia"),
    "not a number": (lambda f: _first_ring(f)[5].__setitem__(0, None), "feature 1", "coordinates", "Central Asia"),
    "text": (lambda f: _first_ring(f)[5].__setitem__(0, "east"), "feature 1", "coordinates", "not two numbers"),
    "open ring": (lambda f: _first_ring(f).pop(), "feature 1", "coordinates", "not closed"),
    "wrong way": (lambda f: _first_ring(f).reverse(), "feature 1", "coordinates", "runs clockwise"),
    "other shape": (lambda f: f[0]["geometry"].update(type="Point"), "feature 1", "coordinates", "not a MultiPolygon"),
}


@pytest.mark.parametrize("case", CASES)
def test_damaged_outlines_are_refused(tmp_path: Path, case: str) -> None:
    damage, row, column, words = CASES[case]
    content = json.loads(resource(FILE).read_text(encoding="utf-8"))
    damage(content["features"])
    path = tmp_path / "boundaries.geojson"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        boundaries.load(path)
    assert words in str(caught.value)
    assert (caught.value.file, caught.value.row, caught.value.column) == (str(path), row, column)
    assert "northroute data build" in caught.value.remedy


def test_a_place_moved_is_refused(tmp_path: Path) -> None:
    """Two regions of nearly the same area with their names swapped: the centres tell."""
    content = json.loads(resource(FILE).read_text(encoding="utf-8"))
    by_region = {f["properties"]["region"]: f for f in content["features"]}
    a, b = by_region["TJ-SU"], by_region["TJ-KT"]
    a["geometry"], b["geometry"] = b["geometry"], a["geometry"]
    path = tmp_path / "boundaries.geojson"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match=r"does not hold the centre that regions\.csv gives it"):
        boundaries.load(path)


@pytest.mark.parametrize(("text", "words"), [('{"type": ', "not valid JSON"), ("[]", "not a GeoJSON collection")])
def test_not_outlines_at_all(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "boundaries.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        boundaries.load(path)


def test_a_folder_without_outlines(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"admin1_five\.geojson"):
        boundaries.trim(tmp_path)


def test_degenerate_rings_and_the_sliver_are_dropped(tmp_path: Path) -> None:
    square = [[60.00004, 40.0], [61, 40], [61, 41], [60, 41], [60.00004, 40.0]]  # clockwise or not: turned
    speck = [[60.5, 40.5], [60.5001, 40.5], [60.5, 40.5001], [60.5, 40.5]]
    shape = {"type": "Polygon", "coordinates": [square[::-1], speck]}
    specks = {"type": "MultiPolygon", "coordinates": [[square], [speck]]}
    folder = tmp_path / boundaries.FILE[0]
    folder.mkdir()
    features = [
        {"properties": {"iso_3166_2": code}, "geometry": geometry}
        for code, geometry in (("KZ-BAY", shape), ("UZ-AN", shape), ("KZ-AKT", specks))
    ]
    (folder / boundaries.FILE[1]).write_text(json.dumps({"features": features}), encoding="utf-8")
    made = json.loads(boundaries.trim(tmp_path))["features"]
    assert [f["properties"]["region"] for f in made] == ["KZ-AKT", "UZ-AN"]  # the order of regions.csv
    rounded = [[60, 40], [61, 40], [61, 41], [60, 41], [60, 40]]
    assert all(f["geometry"]["coordinates"] == [[rounded]] for f in made)


@pytest.mark.data
def test_the_bundle_is_the_provider_s(data_dir: Path) -> None:
    assert boundaries.trim(data_dir) == resource(FILE).read_text(encoding="utf-8")


@pytest.mark.data
def test_no_point_moved_by_more_than_the_rounding(data_dir: Path, outlines: boundaries.Boundaries) -> None:
    source = json.loads((data_dir.joinpath(*boundaries.FILE)).read_text(encoding="utf-8"))
    for feature in source["features"]:
        region, shape = feature["properties"]["iso_3166_2"], feature["geometry"]
        if region == "KZ-BAY":
            continue
        parts = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        raw = np.array([point for part in parts for ring in part for point in ring])
        rounded = raw.round(3)
        assert np.abs(raw - rounded).max() <= 0.0005 + 1e-12
        ours = {tuple(p) for ring in outlines.polygons[region] for p in ring.tolist()}
        assert ours == {tuple(p) for p in rounded.tolist()}
