"""The section side by side: tables and words from numbers, figures that show what is there, and what is not."""

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from northroute.claims import measures as of
from northroute.claims.associations import Association, Associations
from northroute.claims.measures import Measure, Rate
from northroute.claims.rates import Rates
from northroute.conventions import COUNTRIES
from northroute.errors import MissingDataError
from northroute.report import side_by_side, side_figures

MEDIANS = {"KAZ": 10.0, "KGZ": 20.0, "TJK": 100.0, "TKM": 40.0, "UZB": 15.0}


def rate(place: str, measure: Measure, median: float, *, country: str = "", name: str = "") -> Rate:
    country = country or place
    name = name or COUNTRIES.get(place, place)
    return Rate(place, name, country, measure, (2015, 2022), median, 0.8 * median, 1.25 * median, "a fit")


def none(place: str, measure: Measure) -> Rate:
    return Rate(place, COUNTRIES[place], place, measure, note="no article counts of the country")


def abscissae(axes: Axes, marker: str = "") -> list[list[float]]:
    lines = [line for line in axes.lines if not marker or line.get_marker() == marker]
    return [np.asarray(line.get_xdata(), dtype=float).tolist() for line in lines]


@pytest.fixture
def rates() -> Rates:
    countries = [rate(c, of.OPIATES, m) for c, m in MEDIANS.items()]
    countries += [rate(c, of.COERCION, 1.0 + i) for i, c in enumerate(("KAZ", "KGZ", "UZB"))]
    countries += [none(c, of.COERCION) for c in ("TJK", "TKM")]
    regions = [
        rate(place, of.DRUG_OFFENCES, m, country="KAZ", name=name)
        for place, name, m in (
            ("KZ-AKM", "Akmola", 30.0),
            ("KZ-ALA", "Almaty (city)", 60.0),
            ("KZ-YUZ", "Turkestan", 15.0),
        )
    ]
    regions += [rate("TJ-KT", of.SINGLE, 0.3, country="TJK", name="Khatlon")]
    return Rates(tuple(countries), tuple(regions))


@pytest.fixture
def associations() -> Associations:
    first = Association(
        *("violent offences", "drug sale (297)", "O", "A", "KAZ", "17 regions, 2022"),
        *(0.5, 0.2, 0.8, 0.99, 17, "f"),
    )
    return Associations(
        (
            replace(first, coefficient=0.45, error=0.1),
            replace(first, outcome="complaints", median=-0.1, low=-0.4, high=0.2, probability=0.4, grade="C"),
        )
    )


def test_the_table_has_a_dash_where_nothing_is_reported(rates: Rates) -> None:
    table = side_by_side.country_table(rates)
    assert len(table) == 2
    row = table[table["Measure"] == "State violence: articles on state coercion"].iloc[0]
    assert row["Tajikistan"] == row["Turkmenistan"] == "–"
    assert row["Kazakhstan"] == "1 (0.8 to 1.25)"
    assert row["Data (grade)"] == "M (B)"


def test_words_name_the_extremes(rates: Rates, associations: Associations) -> None:
    text = " ".join(side_by_side.paragraphs(rates, associations))
    assert "most in Tajikistan, 100 (80 to 125), least in Kazakhstan, 10 (8 to 12.5)" in text
    assert "from 15 (12 to 18.8) in Turkestan to 60 (48 to 75) in Almaty (city), a factor of 4" in text
    assert "Of 2 slopes 1 are above zero with a probability of at least 0.95 (violent offences on drug sale" in text
    assert "1 cannot be told from zero" in text


def test_overlapping_extremes_are_said_to_overlap(rates: Rates, associations: Associations) -> None:
    near = tuple(rate(c, of.OPIATES, 10.0 + i) for i, c in enumerate(COUNTRIES))
    assert "Their intervals overlap." in " ".join(side_by_side.paragraphs(replace(rates, countries=near), associations))
    assert "overlap" not in " ".join(side_by_side.paragraphs(rates, associations))


def test_what_the_gate_refused_is_said(rates: Rates, associations: Associations) -> None:
    refused = replace(rates, refused=("Fit 'x' failed its diagnostics.",))
    assert "Not shown: Fit 'x' failed its diagnostics." in side_by_side.paragraphs(refused, associations)


def test_the_section_folds_regions_and_reasons(rates: Rates, associations: Associations) -> None:
    section = side_by_side.section(rates, associations)
    titles = [title for title, _ in section.folded]
    assert any(t.startswith("Regions of Kazakhstan") for t in titles)
    assert "Why a number is missing" in titles
    assert not any("Uzbekistan" in t for t in titles)
    assert [p.name for p in section.figures] == [
        *("countries_side_by_side", "regions_kazakhstan", "regions_tajikistan_turkmenistan", "associations"),
    ]
    assert len({p.key for p in section.figures}) == len(section.figures)


def test_a_changed_number_changes_the_key(rates: Rates, associations: Associations) -> None:
    before = side_by_side.section(rates, associations).figures[0].key
    other = (replace(rates.countries[0], median=10.5), *rates.countries[1:])
    assert side_by_side.section(replace(rates, countries=other), associations).figures[0].key != before


def test_without_any_number_there_is_no_section(rates: Rates, associations: Associations) -> None:
    empty = tuple(none(c, of.COERCION) for c in COUNTRIES)
    with pytest.raises(MissingDataError, match="nothing to put side by side"):
        side_by_side.section(replace(rates, countries=empty), associations)


def test_every_figure_is_drawn_with_all_that_it_shows(rates: Rates, associations: Associations) -> None:
    drawn = {p.name: p.draw() for p in side_by_side.section(rates, associations).figures}
    first = drawn["countries_side_by_side"].axes[0]
    assert [t.get_text() for t in first.get_yticklabels()] == list(COUNTRIES.values())
    medians = [x[0] for x in abscissae(first) if len(x) == 1]
    assert medians == list(MEDIANS.values())
    assert sum(t.get_text() == "no data" for t in drawn["countries_side_by_side"].axes[3].texts) == 2
    kazakh = drawn["regions_kazakhstan"].axes[0]
    assert [t.get_text() for t in kazakh.get_yticklabels()] == ["Almaty (city)", "Akmola", "Turkestan"]
    slopes = drawn["associations"].axes[0]
    points = [x[0] for x in abscissae(slopes, "o")]
    assert points == pytest.approx(np.exp([0.5, -0.1]))
    crosses = [x[0] for x in abscissae(slopes, "x")]
    assert crosses == pytest.approx(np.exp([0.45]))


def test_no_name_is_cut(rates: Rates, associations: Associations) -> None:
    for picture in side_by_side.section(rates, associations).figures:
        figure = picture.draw()
        assert isinstance(figure, Figure)
        with mpl.rc_context({"font.size": 9}):
            figure.draw_without_rendering()
        for axes in figure.axes:
            for label in axes.get_yticklabels():
                assert label.get_window_extent().x0 >= 0, (picture.name, label.get_text())


def test_alternative_texts_say_the_numbers(rates: Rates, associations: Associations) -> None:
    text = side_figures.country_alt(rates.countries)
    assert "Tajikistan 100 (80 to 125), Turkmenistan 40" in text
    assert "no data for Tajikistan, Turkmenistan" in text
    forest = side_figures.forest_alt(associations.rows)
    assert "violent offences on drug sale (297), Kazakhstan, 17 regions, 2022, grade A: 1.65 (1.22 to 2.23)" in forest
    assert "P above 1: 0.990" in forest


@pytest.mark.parametrize(
    ("low", "high"), [(0.07, 0.15), (1.4, 2.6), (3.0, 800.0), (0.9, 4.4), (6.0, 160.0), (0.002, 2.0)]
)
def test_axes_have_few_round_ticks(low: float, high: float) -> None:
    axes = Figure().subplots()
    side_figures._scale(axes, low, high, log=True)
    ticks = [t for t in axes.get_xticks() if axes.get_xlim()[0] <= t <= axes.get_xlim()[1]]
    assert 2 <= len(ticks) <= 4
    assert all(float(f"{t:.3g}") == pytest.approx(t) for t in ticks)
