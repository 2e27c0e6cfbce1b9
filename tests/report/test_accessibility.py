"""In headless Chromium: axe-core finds nothing serious on the pages, nothing is cut, and the filters filter.

Chromium: any on PATH, or the one that NORTHROUTE_CHROMIUM names. axe-core: the script ``axe.min.js`` that NORTHROUTE_AXE
names, or the copy inside an installed package of PACKAGES; it is not vendored (half a megabyte, MPL 2.0) and never
downloaded. Without either the tests skip and say so.
"""

import importlib.util
import os
from pathlib import Path

import pytest

from northroute.report import Site
from tests.report import browser
from tests.report.browser import PHONE, WIDE

PACKAGES = ("axe_playwright_python", "axe_core_python", "axe_selenium_python")
SERIOUS = ("serious", "critical")
CASES = [
    ("index.html", WIDE, False),
    ("index.html", WIDE, True),
    ("index.html", PHONE, False),
    ("calibration.html", WIDE, True),
    ("calibration.html", PHONE, False),
]
AXE = """
  document.querySelectorAll("details").forEach(function (d) {{ d.open = {opened}; }});
  return axe.run({{resultTypes: ["violations"]}}).then(function (found) {{
    return {{
      over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      passes: found.passes.length,
      violations: found.violations.map(function (v) {{
        return {{id: v.id, impact: v.impact, nodes: v.nodes.map(function (n) {{ return n.html.slice(0, 200); }})}};
      }})
    }};
  }});
"""
FILTER = """
  var seen = function () {
    return Array.prototype.filter.call(document.querySelectorAll("[data-claim]"), function (t) {
      return !t.hidden;
    }).map(function (t) { return t.dataset.claim; });
  };
  var press = function (by, value) {
    document.querySelector("button[data-by=" + by + "][value='" + value + "']").click();
  };
  var out = {hidden: document.querySelector(".filters").hidden, before: seen()};
  press("word", "supported"); out.supported = seen();
  press("country", "TKM"); out.both = seen();
  press("word", ""); out.country = seen();
  press("country", "TKM"); press("word", "not-testable"); out.untestable = seen();
  out.opened = document.querySelectorAll("details[data-tiles][open]").length;
  out.status = document.querySelector(".filters [role=status]").textContent;
  press("word", "not-testable"); out.after = seen();
  return out;
"""


@pytest.fixture(scope="module")
def chromium() -> str:
    found = browser.chromium()
    if not found:
        pytest.skip("no Chromium on PATH and none named by NORTHROUTE_CHROMIUM: install Debian's chromium")
    return found


@pytest.fixture(scope="module")
def axe() -> str:
    named = os.environ.get("NORTHROUTE_AXE")
    if named:
        return Path(named).read_text(encoding="utf-8")
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(folder).rglob("axe.min.js")):
                return path.read_text(encoding="utf-8")
    pytest.skip(f"no axe-core: set NORTHROUTE_AXE to axe.min.js, or install one of {', '.join(PACKAGES)}")


def with_axe(page: Path, axe: str, folder: Path) -> Path:
    """Return a copy of a page that has axe in it."""
    copy = folder / page.name
    script = axe.replace("</script", "<\\/script")
    text = page.read_text(encoding="utf-8").replace("</body>", f"<script>{script}</script></body>")
    copy.write_text(text, encoding="utf-8")
    return copy


@pytest.mark.parametrize(("name", "size", "dark"), CASES)
def test_axe_finds_nothing_serious_and_nothing_is_cut(
    name: str, size: tuple[int, int], dark: bool, pages: Path, axe: str, chromium: str, tmp_path: Path
) -> None:
    # on a wide page everything folded is opened, so that axe sees it
    script = AXE.format(opened=str(size == WIDE).lower())
    found = browser.run(with_axe(pages / name, axe, tmp_path), script, tmp_path, chromium, size=size, dark=dark)
    assert found["passes"] > 10
    assert [v for v in found["violations"] if v["impact"] in SERIOUS] == []
    assert found["over"] <= 0, f"{found['over']} pixels wider than the screen"


def test_axe_sees_what_is_wrong(axe: str, chromium: str, tmp_path: Path) -> None:
    (tmp_path / "of").mkdir()
    page = tmp_path / "of" / "bad.html"
    bad = "<img src='data:,'><p style='color:#bbb;background:#fff'>pale</p><p style='width:2000px'>wide</p>"
    page.write_text(f"<!doctype html><html><body>{bad}</body></html>")
    found = browser.run(
        with_axe(page, axe, tmp_path), AXE.format(opened="true"), tmp_path, chromium, size=PHONE, dark=False
    )
    assert {"html-has-lang", "image-alt", "color-contrast"} <= {v["id"] for v in found["violations"]}
    assert found["over"] > 1000


def test_filters_show_what_they_say(pages: Path, made_up_site: Site, chromium: str, tmp_path: Path) -> None:
    found = browser.run(pages / "index.html", FILTER, tmp_path, chromium)
    every = {v.claim.id for v in made_up_site.real}
    supported = {v.claim.id for v in made_up_site.real if v.word == "supported"}
    turkmen = {v.claim.id for v in made_up_site.real if "TKM" in v.countries}
    untestable = {v.claim.id for v in made_up_site.real if v.word == "not testable"}
    assert not found["hidden"]
    for at, expected in (
        *(("before", every), ("supported", supported), ("both", supported & turkmen), ("country", turkmen)),
        *(("untestable", untestable), ("after", every)),
    ):
        assert set(found[at]) == expected and len(found[at]) == len(expected), at
    assert found["opened"] > 0
    assert found["status"] == f"{len(untestable)} of {len(every)} claims shown"
