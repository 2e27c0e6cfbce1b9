"""The line that makes rates, associations and maps: on the bundled tables, with shared fits, and what it refuses."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from northroute.bayes import BayesFit, CountSpec, Sampling
from northroute.claims import Register, article_counts, associations, load, rate_models
from northroute.claims import measures as of
from northroute.claims.inquiry import Tables
from northroute.errors import MissingDataError, ModelError, SimulatedDataError
from northroute.panel import Panel
from northroute.sources import tables as sources
from northroute.workflow import articles, line, sides
from northroute.workflow.line import Run
from northroute.workflow.sides import Sides


@pytest.fixture(scope="module")
def tables() -> Tables:
    return sources.load().tables


@pytest.fixture(scope="module")
def register() -> Register:
    return load()


@pytest.fixture(scope="module")
def whole(tables: Tables, register: Register, tmp_path_factory: pytest.TempPathFactory) -> Sides:
    """Everything but the article counts."""
    return sides.run(tables, register, Run(folder=tmp_path_factory.mktemp("fits")))


def test_every_fit_passes_and_is_read(whole: Sides, tables: Tables, register: Register) -> None:
    jobs = {**rate_models.jobs(tables, register), **associations.jobs(tables, register)}
    assert {f.name for f in whole.fits} == set(jobs)
    assert all(f.gate.passed for f in whole.fits)
    assert not (*whole.rates.refused, *whole.associations.refused)


def test_section_and_maps_are_there(whole: Sides) -> None:
    assert len(whole.maps.figures) == 7
    assert whole.section.figures[0].name == "countries_side_by_side"
    assert "boundaries.geojson" in whole.inputs
    assert len(whole.inputs) == len(sides.TABLES) + 1


def test_associations_agree_with_their_companions(whole: Sides) -> None:
    """Posterior and Poisson regression are two estimates of one slope: within two standard errors of each other."""
    own = [a for a in whole.associations.rows if np.isfinite(a.coefficient)]
    assert len(own) == 4
    assert all(abs(a.median - a.coefficient) < 2 * a.error for a in own)
    violence = next(a for a in own if a.outcome == "violent offences")
    assert violence.probability > 0.95
    assert violence.low > 0


def test_companions_stand_beside_the_fits(tables: Tables) -> None:
    beside = sides.companions(tables, None)
    assert set(beside) == {"O_side_violence", "O_side_complaints", "O_side_sale", associations.KYRGYZ}
    violence = beside["O_side_violence"]
    frame = associations.pair_frame(tables, associations.PAIRS[0])
    # the maximum of a Poisson likelihood: its score is zero
    mu = np.exp(violence.coef[violence.terms.index(associations.X)] * frame[associations.X]) * frame["population"]
    mu *= frame["count"].sum() / mu.sum()
    assert ((frame["count"] - mu) * frame[associations.X]).sum() == pytest.approx(0.0, abs=1e-3)
    assert violence.clusters == 17


def test_fits_of_other_lines_are_taken_as_they_are(whole: Sides, tables: Tables, register: Register) -> None:
    again = sides.run(tables, register, Run(), made=whole.fits)
    assert all(a is b for a, b in zip(again.fits, whole.fits, strict=True))
    assert again.rates == whole.rates


def test_a_fit_of_the_same_name_on_other_data_is_refused(whole: Sides, tables: Tables, register: Register) -> None:
    first = whole.fits[0]
    other = replace(first, provenance=replace(first.provenance, data_hash="0" * 64))
    with pytest.raises(ModelError, match=first.name):
        sides.run(tables, register, Run(), made=[other, *whole.fits[1:]])


@pytest.mark.parametrize("name", sides.TABLES)
def test_a_missing_table_is_refused(tables: Tables, register: Register, name: str) -> None:
    with pytest.raises(MissingDataError, match=name):
        sides.run({n: t for n, t in tables.items() if n != name}, register, Run())


def test_simulated_tables_are_refused(tables: Tables, register: Register) -> None:
    with pytest.raises(SimulatedDataError):
        sides.run({**tables, "vdem": replace(tables["vdem"], simulated=True)}, register, Run())


def test_article_fits_are_shared_by_name_and_panel(
    whole: Sides, tables: Tables, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only three fits are new, and those of the catalogue are taken; sampling itself is not tried here."""
    panel, _ = articles.panel(None, register)
    plain = panel.select(countries=article_counts.CENTRAL_ASIA)
    asked: list[tuple[str, str]] = []

    def stand_in(built: Panel, spec: CountSpec, settings: Sampling, **kept: object) -> BayesFit:
        asked.append((spec.name, built.data_hash))
        return _named(whole.fits[0], spec.name, built.data_hash)

    monkeypatch.setattr(line, "fit_counts", stand_in)
    catalogue = article_counts.catalog(register)
    shared = {catalogue[n].name: plain.data_hash for n in sides.SHARED}
    known: Mapping[str, BayesFit] = {n: _named(whole.fits[0], n, h) for n, h in shared.items()}
    fits = sides._articles(panel, register, Run(folder=Path("unused")), known)
    assert [n for n, _ in asked] == [
        *(rate_models.CORRUPTION_ARTICLES, associations.CRIMINAL_ON_DRUGS, associations.DRUGS_ON_CORRUPTION),
    ]
    assert asked[0][1] == plain.data_hash != asked[1][1]
    assert set(fits) == {*shared, *(n for n, _ in asked)}
    assert set(fits) >= {associations.STATE_ON_DRUGS}


def test_without_articles_their_measures_say_so(whole: Sides) -> None:
    own = [r for r in whole.rates.countries if r.measure == of.COERCION]
    assert len(own) == 5
    assert all("not fitted" in r.note for r in own)


def _named(fit: BayesFit, name: str, data_hash: str) -> BayesFit:
    return replace(fit, name=name, provenance=replace(fit.provenance, data_hash=data_hash))
