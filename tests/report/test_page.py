"""The pages: whole, marked, self-contained, readable without a mouse and without scripts."""

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from northroute.claims import combine
from northroute.report import Site, findings, glossary, page, style, write
from northroute.report.site import estimated
from tests.report.checks import Page, faults

BESIDE = {"index.html": ("calibration.html",), "calibration.html": ("index.html",)}


@pytest.fixture
def index(pages: Path) -> str:
    return (pages / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def calibration(pages: Path) -> str:
    return (pages / "calibration.html").read_text(encoding="utf-8")


def article(text: str, claim: str) -> str:
    found = re.search(rf'<article id="{claim}".*?</article>', text, re.DOTALL)
    assert found, claim
    return html.unescape(found[0])


@pytest.mark.parametrize("name", BESIDE)
def test_structure_names_and_links_are_sound(name: str, pages: Path) -> None:
    assert faults((pages / name).read_text(encoding="utf-8"), beside=BESIDE[name]) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('<a href="https://x.y">x</a>', "not in the page: <a> https://x.y"),
        ('<script src="x.js"></script>', "not in the page: <script> x.js"),
        ('<a href="#gone">x</a>', "leads nowhere: #gone"),
        ('<p id="a"></p><p id="a"></p>', "id twice: a"),
        ('<img src="data:image/svg+xml,a" alt="">', "image without a text"),
        ("<table><tr><th scope='col'>a</th></tr></table>", "table without a caption"),
        ("<table><caption>a</caption><tr><th>a</th></tr></table>", "header cell with scope None"),
        ("<h3>x</h3>", "heading 3 after 1"),
        ('<p aria-labelledby="gone"></p>', "refers to no id: gone"),
    ],
)
def test_the_checks_find_what_they_look_for(text: str, fault: str) -> None:
    whole = f'<html lang="en"><main><h1>a</h1>{text}</main></html>'
    assert faults(whole) == [fault]
    assert faults('<html lang="en"><main><h1>a</h1></main></html>') == []


def test_the_first_screen_says_what_it_is_and_whose_claims_these_are(index: str, made_up_site: Site) -> None:
    top = index[: index.index('id="claims"')]
    assert "Marat, E. and Botoeva, G. (2022)" in top
    assert "SOC ACE Research Briefing, University of Birmingham" in top
    for finding in findings.findings(made_up_site.real, made_up_site.register):
        assert f"<h3>{finding.heading}</h3>" in top
        assert all(f'href="#{c}"' in top for c in finding.claims)


def test_notices_stand_at_the_top(index: str, made_up_site: Site, tmp_path: Path) -> None:
    head = index[: index.index("<main")]
    assert "A quick look" in head
    assert "Changed: claims: C02 thresholds" in head
    assert '1 fit failed the diagnostics: <a href="#fit-bad_fit">' in head
    few = replace(made_up_site, quick=False, real=made_up_site.real[:1], simulated=(), ladder=())
    plain = write(few, tmp_path).read_text(encoding="utf-8")
    assert "A quick look" not in plain


def test_the_strip_has_every_claim_with_its_word_and_what_its_line_shows(index: str, made_up_site: Site) -> None:
    strip = index[index.index('id="claims"') : index.index('id="side_by_side"')]
    assert re.findall(r'<li data-claim="(C\d\d)"', strip).sort() == list(made_up_site.register.claims).sort()
    for v in made_up_site.real:
        tile = re.search(rf'<li data-claim="{v.claim.id}".*?</li>', strip, re.DOTALL)
        assert tile
        assert f'<span class="word">{v.marked}</span>' in tile[0]
        assert ('role="img" aria-label="P ' in tile[0]) == (v.leading is not None)
        if v.leading:
            assert f'<span class="sr">grade </span>{v.leading.grade}' in tile[0]
            assert tile[0].count('class="on"') == len(v.countries)
    for v in made_up_site.real:
        if v.word == "not testable":
            folds = re.findall(r"<details.*?</details>", strip, re.DOTALL)
            assert any(f'data-claim="{v.claim.id}"' in fold for fold in folds)


def test_filters_wait_for_the_script_and_the_list_is_whole_without_it(index: str) -> None:
    assert re.search(r'<div class="filters"[^>]* hidden>', index)
    assert index.count("<script") == 1
    assert not re.search(r"<li data-claim[^>]*hidden", index)
    for button in re.findall(r"<button[^>]*>", index):
        assert 'aria-pressed="' in button and 'type="button"' in button


def test_every_answer_is_told_in_full(index: str, made_up_site: Site) -> None:
    for v in made_up_site.real:
        own = article(index, v.claim.id)
        assert v.claim.quote in own
        for a in v.answers:
            if a.estimate is None:
                assert "failed its diagnostics" in own
                continue
            detail = re.search(rf'<details class="detail" id="{re.escape(a.question.id)}".*?</details>', own, re.DOTALL)
            assert detail
            assert f'alt="Posterior of {a.question.id}: ' in detail[0]
            for specification in a.specifications:
                assert specification.label in detail[0]
            assert a.question.leaves_out.split(";")[0] in detail[0]
            assert ("Known to err" in detail[0]) == bool(a.question.errs)
        assert own.count("Seen before") == sum(a.question.seen and a.estimate is not None for a in v.answers)
        assert ("it decides nothing" in own) == any(a.grade == "C" for a in v.answers)
        assert own.count('<details class="detail"') == len(estimated((v,)))


def test_no_simulated_number_stands_on_the_first_page(index: str, made_up_site: Site) -> None:
    assert "SIMULATED" not in index
    assert 'href="calibration.html"' in index
    truths = {q.truth for v in made_up_site.simulated for a in v.answers for q in a.quantities}
    assert truths and ">truth<" not in index


def test_the_calibration_page_is_marked_everywhere(calibration: str, made_up_site: Site) -> None:
    assert "SIMULATED DATA" in calibration[: calibration.index("<main")]
    assert all(alt and alt.startswith("SIMULATED") for alt in Page(calibration).alts)
    tables = re.findall(r"<table(?! class=\"variants\").*?</table>", calibration, re.DOTALL)
    for table in tables:
        if "Sources and licences" in table:
            continue
        for row in re.findall(r"<tr.*?</tr>", table.split("<tbody>")[1], re.DOTALL):
            assert "SIMULATED" in row
    for v in made_up_site.simulated:
        assert '<p class="banner inside">SIMULATED</p>' in article(calibration, v.claim.id)


def test_without_a_simulated_world_there_is_no_calibration_page(made_up_site: Site, tmp_path: Path) -> None:
    (tmp_path / "calibration.html").write_text("old")
    few = replace(
        made_up_site, simulated=(), real=made_up_site.real[:2], ladder=(), region_rates=made_up_site.region_rates[:0]
    )
    text = write(few, tmp_path).read_text(encoding="utf-8")
    assert not (tmp_path / "calibration.html").exists()
    assert "calibration.html" not in text


def test_a_page_without_any_answer_is_a_page_all_the_same(made_up_site: Site, tmp_path: Path) -> None:
    none = tuple(combine(c, ()) for c in made_up_site.register.claims.values())
    bare = replace(
        *(made_up_site,), real=none, simulated=(), fits=(), ladder=(), sources=(), side_by_side=None, maps=None
    )
    text = write(bare, tmp_path).read_text(encoding="utf-8")
    assert faults(text) == []
    assert "None of the 29 claims is supported." in text


def test_sections_show_their_tables_and_figures(index: str, pages: Path) -> None:
    start = index.index('id="side_by_side"')
    own = index[start : index.index('id="maps"')]
    assert "<caption>By country: side_by_side</caption>" in own
    assert '<th scope="row">Drug offences</th><td>33 (31 to 35)</td><td class="n">0.912</td>' in own
    assert '<td class="n">–</td>' in own and '<td class="n">1,234</td>' in own
    assert 'alt="Rates by country: Kazakhstan 33, Kyrgyzstan 0.9."' in own and "A caption." in own
    assert (pages / "tables" / "side_by_side_1.csv").is_file()
    assert (pages / "figures" / "side_by_side_figure.svg").is_file()


def test_words_of_art_are_explained(index: str) -> None:
    for term in glossary.TERMS.values():
        assert f'<dt id="glossary-{term.id}"><dfn>{term.word}</dfn></dt>' in index
    for id in ("P", "prior", "interval", "agreement", "grade", "gate", "rhat"):
        assert f'<a class="term" href="#glossary-{id}">' in index


def test_a_second_writing_draws_nothing_and_says_the_same(
    pages: Path, made_up_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {p.name: p.read_bytes() for p in pages.glob("*.html")}

    def refuse(*_: object) -> Path:
        raise AssertionError("drawn again")

    monkeypatch.setattr(style, "save", refuse)
    write(made_up_site, pages)
    assert {p.name: p.read_bytes() for p in pages.glob("*.html")} == before


def test_the_pages_are_not_too_large(pages: Path) -> None:
    assert (pages / "index.html").stat().st_size < 6e6
    assert (pages / page.CALIBRATION).stat().st_size < 3e6


def test_a_picture_for_phones_has_an_address_that_srcset_can_read(index: str) -> None:
    sources = re.findall(r'<source media="\(max-width:760px\)" srcset="([^"]*)"', index)
    assert len(sources) == 2
    for source in sources:
        assert source.startswith("data:image/svg+xml,") and not re.search(r"\s", source)
        assert not source.endswith(",")
