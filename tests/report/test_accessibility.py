"""axe-core finds nothing serious on the pages, in headless Chromium.

Chromium: any on PATH, or the one that NORTHROUTE_CHROMIUM names. axe-core: the script ``axe.min.js`` that NORTHROUTE_AXE
names, or the copy inside an installed package of PACKAGES; it is not vendored (half a megabyte, MPL 2.0) and never
downloaded. Without either the tests skip and say so. No driver is needed: a copy of the page runs axe by itself and
writes what it found into its own document.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

PACKAGES = ("axe_playwright_python", "axe_core_python", "axe_selenium_python")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SIZES = {"wide": (1300, 900), "phone": (390, 844)}
SERIOUS = ("serious", "critical")
CASES = [
    ("index.html", "wide", False),
    ("index.html", "wide", True),
    ("index.html", "phone", False),
    ("calibration.html", "wide", True),
    ("calibration.html", "phone", False),
]
RUN = """
<script>{axe}</script>
<script>
window.addEventListener("load", function () {{
  document.querySelectorAll("details").forEach(function (d) {{ d.open = {opened}; }});
  axe.run({{resultTypes: ["violations"]}}).then(function (found) {{
    window.parent.postMessage(JSON.stringify({{
      width: window.innerWidth,
      dark: window.matchMedia("(prefers-color-scheme: dark)").matches,
      over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      passes: found.passes.length,
      violations: found.violations.map(function (v) {{
        return {{id: v.id, impact: v.impact, nodes: v.nodes.map(function (n) {{ return n.html.slice(0, 200); }})}};
      }})
    }}), "*");
  }});
}});
</script>
</body>
"""
FRAME = """<!doctype html><html lang="en"><title>frame</title><body>
<iframe title="the page" src="{page}" style="width:{width}px;height:{height}px;border:0"></iframe>
<script>
window.addEventListener("message", function (e) {{
  var out = document.createElement("pre");
  out.id = "axe-found";
  out.textContent = e.data;
  document.body.appendChild(out);
}});
</script></body></html>
"""
"""The page stands in a frame, as headless Chromium makes no window as narrow as a phone."""


@pytest.fixture(scope="module")
def chromium() -> str:
    named = os.environ.get("NORTHROUTE_CHROMIUM")
    found = named or next(filter(None, (shutil.which(b) for b in BROWSERS)), None)
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


def run(page: Path, axe: str, chromium: str, folder: Path, *, size: str, dark: bool) -> dict[str, Any]:
    """Run axe on a copy of a page and return what it found; on a wide page everything folded is opened."""
    width, height = SIZES[size]
    copy, frame = folder / f"copy_{page.name}", folder / "frame.html"
    script = RUN.format(axe=axe.replace("</script", "<\\/script"), opened=str(size == "wide").lower())
    copy.write_text(page.read_text(encoding="utf-8").replace("</body>", script), encoding="utf-8")
    frame.write_text(FRAME.format(page=copy.name, width=width, height=height), encoding="utf-8")
    command = [
        *(chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
        *(f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000", "--virtual-time-budget=60000"),
        *(f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--dump-dom", frame.resolve().as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    found = re.search(r'<pre id="axe-found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, f"axe left nothing behind: {done.stderr[-800:]}"
    result: dict[str, Any] = json.loads(unescape(found[1]))
    assert (result["width"], result["dark"]) == (width, dark)
    return result


@pytest.mark.parametrize(("name", "size", "dark"), CASES)
def test_axe_finds_nothing_serious(
    name: str, size: str, dark: bool, pages: Path, axe: str, chromium: str, tmp_path: Path
) -> None:
    found = run(pages / name, axe, chromium, tmp_path, size=size, dark=dark)
    assert found["passes"] > 10
    assert [v for v in found["violations"] if v["impact"] in SERIOUS] == []
    assert found["over"] <= 0, f"{found['over']} pixels wider than the screen"


def test_axe_sees_what_is_wrong(axe: str, chromium: str, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    bad = "<img src='data:,'><p style='color:#bbb;background:#fff'>pale</p><p style='width:2000px'>wide</p>"
    page.write_text(f"<!doctype html><html><body>{bad}</body></html>")
    found = run(page, axe, chromium, tmp_path, size="phone", dark=False)
    assert {"html-has-lang", "image-alt", "color-contrast"} <= {v["id"] for v in found["violations"]}
    assert found["over"] > 1000
