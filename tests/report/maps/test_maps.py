"""Maps: areas are true, no label covers another, no gap passes for a value, and the picture says what the numbers say."""

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle, PathPatch
from matplotlib.text import Text

from northroute.conventions import COUNTRIES
from northroute.errors import DataError
from northroute.report import formats, maps, style
from northroute.report.maps import figure as map_figure
from northroute.report.maps import ink as map_ink
from northroute.report.maps import labels as label_placement
from northroute.report.maps import outlines
from northroute.report.maps import sheet as map_sheet
from northroute.report.maps.projection import project
from northroute.sources import boundaries, regions

SHAPES = boundaries.load()
FRAME = regions.load("first-level").frame
CODES = {c: [str(r) for r in FRAME["region"][FRAME["iso3"] == c]] for c in COUNTRIES}
FIVE = list(COUNTRIES)
TITLE, LABEL = "Offences", "offences per 100,000 residents"


def values(*countries: str) -> pd.DataFrame:
    codes = [r for c in countries for r in CODES[c]]
    median = np.geomspace(1.2, 84.0, len(codes))
    return pd.DataFrame({"median": median, "low": median / 1.3, "high": median * 1.4}, index=codes)


def rate_map(frame: pd.DataFrame, *countries: str, log: bool = True, simulated: bool = False) -> Figure:
    return maps.rate_map(frame, SHAPES, countries=countries, log=log, simulated=simulated, title=TITLE, label=LABEL)


def drawn(figure: Figure) -> RendererAgg:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    return canvas.get_renderer()  # type: ignore[no-untyped-call, no-any-return]


def panels(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if named(axes)]


def named(axes: Axes) -> list[Text]:
    return [t for t in axes.texts if t.get_gid() == "label"]


def legend_texts(figure: Figure) -> list[str]:
    return [t.get_text() for legend in figure.legends for t in legend.get_texts()]


def test_projection_gives_snyders_worked_example() -> None:
    clarke = {"lat_0": 40.0, "lon_0": -100.0, "semi_major": 6378206.4, "eccentricity_squared": 0.00676866}
    point = project(np.array([[-110.0, 30.0]]), **clarke)  # Snyder (1987), Appendix A, pp. 333-335
    assert point[0] == pytest.approx([-965932.1, -1056814.9], abs=0.05)


@given(st.floats(46, 88), st.floats(34, 56))
def test_projection_keeps_areas(lon: float, lat: float) -> None:
    step, a, e2 = 1e-3, 6378.137, 0.0066943799901413165
    corners = np.array([[0, 0], [step, 0], [step, step], [0, step], [0, 0]])
    cell = project(corners + np.array([lon, lat]))
    phi = np.radians(lat + step / 2)
    on_ground = a**2 * (1 - e2) * np.cos(phi) * np.radians(step) ** 2 / (1 - e2 * np.sin(phi) ** 2) ** 2
    assert outlines.area((cell,)) == pytest.approx(on_ground, rel=1e-5)


def test_areas_of_regions_are_those_of_the_table() -> None:
    merged = regions.load("constant").frame.set_index("region")["area_km2"]
    plane = {r: tuple(project(ring) for ring in rings) for r, rings in SHAPES.polygons.items()}
    drawn = pd.Series({r: outlines.area(rings) for r, rings in plane.items()})
    drawn = drawn.reindex(merged.index.intersection(drawn.index))
    table = FRAME.set_index("region").loc[drawn.index, "area_km2"].copy()
    for part, whole in SHAPES.part_of.items():
        table[whole] += FRAME.set_index("region").loc[part, "area_km2"]
    off = (drawn / table - 1).abs()
    # two sources: cities have grown, and lakes and bays are drawn otherwise on the Caspian and in the Ferghana Valley
    assert off[table > 5000].median() < 0.015
    assert (off[table > 5000] < 0.02).mean() > 0.6
    home = FRAME.set_index("region")["iso3"].reindex(drawn.index)
    total = drawn.groupby(home).sum() / table.groupby(home).sum()
    assert total.drop("TKM").to_numpy() == pytest.approx(1.0, abs=0.01)  # Turkmenistan: the bay of Garabogazkol


def test_simplified_neighbours_still_meet() -> None:
    y = np.linspace(0, 10, 200)
    line = np.column_stack([5 + 0.3 * np.sin(9 * y), y])
    left = np.vstack([[[0, 0]], line, [[0, 10], [0, 0]]])
    right = np.vstack([[[10, 10]], line[::-1], [[10, 0], [10, 10]]])
    thin = outlines.simplify({"A": (left,), "B": (right,)}, 0.1)
    assert len(thin["A"][0]) < 0.4 * len(left)
    assert outlines.area(thin["A"]) + outlines.area(thin["B"]) == pytest.approx(100.0, abs=1e-9)  # no gap, no overlap
    assert outlines.area(thin["A"]) == pytest.approx(outlines.area((left,)), abs=0.5)
    one_country = outlines.borders(thin, {"A": "x", "B": "x"})
    assert all(min(p[0], p[1], 10 - p[0], 10 - p[1]) < 0.1 for run in one_country for p in run)
    two = outlines.borders(thin, {"A": "x", "B": "y"})
    inside = sum(len(run) - 1 for run in two) - sum(len(run) - 1 for run in one_country)
    assert inside == len(thin["A"][0]) - 4  # the shared line, once: the ring's sides but the three that are its own


@pytest.mark.parametrize("country", FIVE)
def test_a_panel_draws_each_region_at_its_size(country: str) -> None:
    sheet = map_sheet.sheet(FRAME, SHAPES, [country], 378.0, (200.0, 310.0))
    area = FRAME.set_index("region")["area_km2"]
    for region, rings in sheet.shapes.items():
        assert outlines.area(rings) == pytest.approx(sheet.areas[region], rel=0.02, abs=3.0)
    shown = [r for r in sheet.shapes if r not in sheet.markers]
    per_km2 = sum(sheet.areas[r] for r in shown) / sum(area[r] for r in shown)
    assert per_km2 == pytest.approx(sheet.scale**2, rel=0.05)
    for number, region in enumerate(sheet.asked):
        if region in sheet.markers:
            continue
        row, column = (int(v / map_sheet.CELL) for v in reversed(sheet.points[region]))
        assert sheet.raster[row, column] == number, f"the name's point of {region} lies outside it"


def test_baikonur_is_no_region_and_not_painted_as_one() -> None:
    sheet = map_sheet.sheet(FRAME, SHAPES, ["KAZ"], 378.0, (200.0, 310.0))
    holes = outlines.open_holes(sheet.shapes)
    assert len(holes) == 1
    assert any(np.array_equal(holes[0], ring) for ring in sheet.context)


def drawn_maps() -> dict[str, Figure]:
    rng = np.random.default_rng(3)
    codes = [r for c in FIVE for r in CODES[c]]
    counts = pd.Series(rng.negative_binomial(1.2, 0.02, len(codes)).astype(float), index=codes)
    counts[["TM-S", "TM-B"]] = np.nan
    counts["UZ-AN"] = 0
    both = maps.rate_map(
        values(*FIVE).drop(["TM-S", "TM-B"]),
        SHAPES,
        title="Map 2",
        label="incidents per 100,000",
        countries=FIVE,
        simulated=True,
        counts=counts,
        count_label="incidents",
    )
    single = {c: rate_map(values(c), c) for c in FIVE}
    return single | {
        "two": rate_map(values("KAZ", "UZB"), "KAZ", "UZB"),
        "five": rate_map(values(*FIVE).drop("UZ-SI"), *FIVE),
        "counts": both,
        "regions": maps.regions_map(FRAME, SHAPES),
        "regions, tall": maps.regions_map(FRAME, SHAPES, tall=True),
        "constant": maps.regions_map(regions.load("constant").frame, SHAPES),
    }


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    return drawn_maps()


def test_no_label_covers_another_or_leaves_its_map(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        renderer = drawn(figure)
        for axes in panels(figure):
            frame = axes.get_window_extent()
            boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in named(axes)]
            for text, box in boxes:
                assert frame.x0 <= box.x0 and box.x1 <= frame.x1, f"{name}: '{text}' is cut"
                assert frame.y0 <= box.y0 and box.y1 <= frame.y1, f"{name}: '{text}' is cut"
            for (one, a), (other, b) in itertools.combinations(boxes, 2):
                apart = a.x1 <= b.x0 or b.x1 <= a.x0 or a.y1 <= b.y0 or b.y1 <= a.y0
                assert apart, f"{name}: '{one}' and '{other}' overlap"


def test_every_region_is_named_once_in_each_map(figures: dict[str, Figure]) -> None:
    for name, count in (("KAZ", 17), ("KGZ", 9), ("TJK", 5), ("TKM", 6), ("UZB", 14), ("five", 51), ("counts", 51)):
        assert sum(len(named(axes)) for axes in panels(figures[name])) == 2 * count
    assert sum(len(named(axes)) for axes in panels(figures["regions"])) == 51
    assert sum(len(named(axes)) for axes in panels(figures["constant"])) == 50


def test_nothing_is_cut_and_nothing_is_small(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        renderer = drawn(figure)
        shown = [t for t in figure.texts if t.get_text() != "SIMULATED"]
        for text in (*shown, *(t for axes in figure.axes for t in axes.texts), *figure.legends[0].get_texts()):
            assert float(text.get_fontsize()) >= 7, f"{name}: '{text.get_text()}'"
        for part in (*shown, *figure.legends):
            box = part.get_window_extent(renderer)
            assert box.x0 >= 0 and box.y0 >= 0, f"{name}: {part} is cut"
            assert box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1, f"{name}: {part} is cut"
        for one, other in itertools.combinations((*shown, *figure.legends), 2):
            assert not one.get_window_extent(renderer).overlaps(other.get_window_extent(renderer)), (
                f"{name}: {one} {other}"
            )


def test_figures_fit_the_page_and_the_phone(figures: dict[str, Figure]) -> None:
    assert {float(f.get_figwidth()) for name, f in figures.items() if not name.endswith("tall")} == {11.0}
    assert figures["regions, tall"].get_figwidth() < 6
    tall = maps.rate_map(values("KAZ"), SHAPES, countries=["KAZ"], simulated=False, tall=True, title=TITLE, label=LABEL)
    assert tall.get_figwidth() < 6
    assert len(panels(tall)) == 2


def test_simulated_maps_say_so(figures: dict[str, Figure]) -> None:
    assert "SIMULATED" in [t.get_text() for t in figures["counts"].texts]
    assert "SIMULATED" not in [t.get_text() for t in figures["five"].texts]
    assert "SIMULATED" in [t.get_text() for t in rate_map(values("TJK"), "TJK", simulated=True).texts]


def test_regions_without_data_are_hatched_and_the_legend_says_so(figures: dict[str, Figure]) -> None:
    def hatched(figure: Figure) -> int:
        return sum(
            bool(p.get_hatch()) for axes in panels(figure) for p in axes.get_children() if isinstance(p, PathPatch)
        )

    assert hatched(figures["KAZ"]) == 0
    assert "no data" not in legend_texts(figures["KAZ"])
    gap = values("KAZ").drop("KZ-ATY")
    gap.loc["KZ-AKT"] = np.nan
    figure = rate_map(gap, "KAZ")
    assert hatched(figure) == 4  # two regions, two maps
    assert "no data" in legend_texts(figure)


def test_colours_are_the_scale_and_the_markers_share_it() -> None:
    frame = values("KGZ")
    figure = rate_map(frame, "KGZ")
    scale = map_ink.scale(frame["median"], log=True, colours="viridis")
    left = panels(figure)[0]
    seen = {to_hex(p.get_facecolor()) for p in left.get_children() if isinstance(p, PathPatch | Circle)}
    assert {scale.colour(float(v)) for v in frame["median"]} <= seen
    assert scale.place(float(frame["median"].min())) == 0
    assert scale.place(float(frame["median"].max())) == 1


@pytest.mark.parametrize("colours", ["viridis", "magma"])
def test_scales_darken_evenly(colours: str) -> None:
    """Lightness falls all the way, so the order of colours survives colour blindness and grey print."""
    ramp = map_ink.Scale(0, 1, False, colours).ramp()(np.linspace(0, 1, 64))[:, :3]
    linear = np.where(ramp <= 0.04045, ramp / 12.92, ((ramp + 0.055) / 1.055) ** 2.4)
    lightness = 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16
    steps = np.diff(lightness)
    assert (steps < 0).all()
    assert steps.std() < 0.35 * abs(steps.mean())


def test_a_merged_city_is_on_the_map_only_if_named() -> None:
    constant = values("KAZ").drop("KZ-SHY")
    assert len(named(panels(rate_map(constant, "KAZ"))[0])) == 16
    blank = values("KAZ")
    blank.loc["KZ-SHY"] = np.nan
    assert len(named(panels(rate_map(blank, "KAZ"))[0])) == 17
    words = maps.alt_text(blank, countries=["KAZ"], simulated=False, title=TITLE, label=LABEL)
    assert "No data for 1 of 17 regions: Shymkent (city)." in words
    words = maps.alt_text(constant, countries=["KAZ"], simulated=False, title=TITLE, label=LABEL)
    assert words.endswith("All 16 regions have data.")


def test_alt_text_has_the_extremes_with_their_intervals() -> None:
    frame = values("KAZ")
    words = maps.alt_text(frame, countries=["KAZ"], simulated=True, title=TITLE, label=LABEL)
    assert words.startswith("SIMULATED data. Map of Kazakhstan: Offences.")
    name = FRAME.set_index("region")["name"]
    for region in (*frame.index[:3], *frame.index[-3:]):
        median, low, high = (formats.number(float(v)) for v in frame.loc[region])
        assert f"{name[region]} {median} ({low} to {high})" in words
    assert words.index(f"{name[frame.index[-1]]} 84 ") < words.index("Lowest")
    counts = pd.Series(range(17), index=frame.index, dtype=float)
    words = maps.alt_text(frame, countries=["KAZ"], simulated=False, counts=counts, title=TITLE, label=LABEL)
    assert f"136 in all; most: {name[frame.index[-1]]} 16" in words
    few = maps.alt_text(values("TJK"), countries=["TJK"], simulated=False, title=TITLE, label=LABEL)
    assert "From high to low" in few


def test_the_same_map_gives_the_same_file(tmp_path: Path) -> None:
    one, two = (style.save(rate_map(values("UZB"), "UZB"), tmp_path / n, "map").read_bytes() for n in ("a", "b"))
    assert one == two


def test_an_index_below_zero_is_drawn_on_even_steps() -> None:
    frame = pd.DataFrame(
        {"median": [-9.0, 20, 45], "low": [-15.0, 18, 40], "high": [-2.0, 25, 49]}, index=["KG-GB", "KG-C", "KG-B"]
    )
    figure = rate_map(frame, "KGZ", log=False)
    bars = [axes for axes in figure.axes if axes not in panels(figure)]
    assert [t.get_text() for t in bars[0].get_xticklabels()] == ["0", "10", "20", "30", "40"]
    with pytest.raises(DataError, match=r"row KG-GB: .*not above zero.*log=False"):
        rate_map(frame, "KGZ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.drop(columns="low"), "column 'low': a column is missing"),
        (lambda v: v.assign(low=v["high"] + 1), "row TJ-DU: .*not in the order low, median, high"),
        (lambda v: v.rename(index={"TJ-DU": "KG-C"}), "row KG-C: 'KG-C' is not a region of TJK"),
        (lambda v: v.rename(index={"TJ-DU": "TJ-GB"}), "row TJ-GB: a region has two rows"),
        (lambda v: v.assign(high=v["high"].where(v.index != "TJ-KT")), "row TJ-KT: .*empty in part"),
        (lambda v: v.assign(high=np.inf), "row TJ-DU: .*not finite"),
        (lambda v: v * np.nan, "no region has data"),
        (lambda v: v * 0, "row TJ-DU: .*not above zero"),
    ],
)
def test_values_that_would_mislead_are_refused(change: Callable[[pd.DataFrame], pd.DataFrame], message: str) -> None:
    bad = change(values("TJK"))
    with pytest.raises(DataError, match=message):
        rate_map(bad, "TJK")
    with pytest.raises(DataError, match=message):
        maps.alt_text(bad, countries=["TJK"], simulated=False, title=TITLE, label=LABEL)


@pytest.mark.parametrize("countries", [(), ("AFG",), ("TJK", "TJK")])
def test_countries_outside_the_study_are_refused(countries: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="are not countries of the study"):
        rate_map(values("TJK"), *countries)


@pytest.mark.parametrize("bad", [-1.0, 2.5, np.inf])
def test_counts_must_be_counts(bad: float) -> None:
    counts = pd.Series([bad, 3.0], index=["TJ-DU", "TJ-KT"])
    with pytest.raises(DataError, match=r"row TJ-DU: .*not a count"):
        maps.rate_map(
            values("TJK"),
            SHAPES,
            title="t",
            label="r",
            countries=["TJK"],
            simulated=False,
            counts=counts,
            count_label="n",
        )


def test_a_count_given_twice_is_refused() -> None:
    counts = pd.Series([2.0, 3.0], index=["TJ-DU", "TJ-DU"])
    draw = partial(maps.rate_map, title="t", label="r", countries=["TJK"], simulated=False, count_label="n")
    with pytest.raises(DataError, match="two rows"):
        draw(values("TJK"), SHAPES, counts=counts)


def test_more_names_than_room_is_refused() -> None:
    raster = np.full((12, 40), -1)  # 80 by 24 points: four labels fit
    close = [label_placement.Label(30, 8, (37.0 + i, 12.0)) for i in range(7)]
    with pytest.raises(DataError, match=r"no room for \d of 7 labels"):
        label_placement.place(close, raster, 2.0)
    with pytest.raises(DataError, match="wider than the map"):
        label_placement.place([label_placement.Label(90, 8, (20.0, 10.0))], raster, 2.0)


def test_a_label_stands_on_its_region_or_at_the_end_of_a_line() -> None:
    raster = np.full((50, 100), -1)
    raster[5:20, 5:40] = 0  # room for its name
    raster[30:33, 60:63] = 1  # none
    wide = label_placement.Label(40, 9, (45.0, 25.0), 0.0, 0)
    tight = label_placement.Label(40, 9, (123.0, 63.0), 0.0, 1)
    city = label_placement.Label(40, 9, (45.0, 25.0), 3.6)
    on, off, beside = label_placement.place([wide, tight, city], raster, 2.0)
    assert on.leader is None
    assert (30 <= on.centre[0] <= 60) and (14.5 <= on.centre[1] <= 35.5)
    assert off.leader is not None
    assert off.leader[1] == pytest.approx((123.0, 63.0))
    assert beside.leader is None or np.hypot(*np.subtract(beside.leader[1], (45.0, 25.0))) == pytest.approx(3.6)
    assert label_placement.place([wide, tight, city], raster, 2.0) == (on, off, beside)


@given(st.floats(1e-3, 1e5), st.floats(1.03, 1e4), st.booleans())
def test_ticks_are_round_few_and_on_the_scale(low: float, ratio: float, log: bool) -> None:
    found = map_ink.ticks(low, low * ratio, log=log)
    assert 2 <= len(found) <= 13
    assert all(low * (1 - 1e-9) <= v <= low * ratio * (1 + 1e-9) for v in found)
    assert found == sorted(set(found))
    assert all(float(f"{v:.4g}") == pytest.approx(v, rel=1e-9) for v in found)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0213, "0.0213"),
        (1.0, "1"),
        (18.53, "18.5"),
        (38.0, "38"),
        (155200.0, "155,200"),
        (-9.3, "\N{MINUS SIGN}9.3"),
    ],
)
def test_numbers_are_plain(value: float, text: str) -> None:
    assert formats.number(value) == text


def test_every_pair_of_countries_finds_room() -> None:
    for pair in itertools.combinations(FIVE, 2):
        geometry = map_figure.geometry_of(FRAME[FRAME["iso3"].isin(pair)], SHAPES, list(pair))
        assert sum(map(len, map_figure.labels_of(geometry))) == len(geometry.whole.asked)
