"""Headless Chromium without a driver: a copy of a page runs a script by itself and hands on what it found."""

import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WIDE, PHONE = (1300, 900), (390, 844)
FRAME = """<!doctype html><html lang="en"><title>frame</title><body>
<iframe title="the page" src="{page}" style="width:{width}px;height:{height}px;border:0"></iframe>
<script>
window.addEventListener("message", function (e) {{
  var out = document.createElement("pre");
  out.id = "handed-on";
  out.textContent = e.data;
  document.body.appendChild(out);
}});
</script></body></html>
"""
"""The page stands in a frame, as headless Chromium makes no window as narrow as a phone."""
RUN = """
<script>
window.addEventListener("load", function () {{
  Promise.resolve().then(function () {{ {script} }}).then(function (found) {{
    found.width = window.innerWidth;
    found.dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    window.parent.postMessage(JSON.stringify(found), "*");
  }});
}});
</script>
</body>
"""


def chromium() -> str | None:
    """Path of a Chromium: the one that NORTHROUTE_CHROMIUM names, or any on PATH."""
    return os.environ.get("NORTHROUTE_CHROMIUM") or next(filter(None, (shutil.which(b) for b in BROWSERS)), None)


def run(
    page: Path, script: str, folder: Path, browser: str, *, size: tuple[int, int] = WIDE, dark: bool = False
) -> dict[str, Any]:
    """Run a script's body in a copy of a page; it returns an object, or a promise of one."""
    copy, frame = folder / f"copy_{page.name}", folder / "frame.html"
    text = page.read_text(encoding="utf-8")
    copy.write_text(text.replace("</body>", RUN.format(script=script)), encoding="utf-8")
    frame.write_text(FRAME.format(page=copy.name, width=size[0], height=size[1]), encoding="utf-8")
    command = [
        *(browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
        *(f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000", "--virtual-time-budget=60000"),
        *(f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--dump-dom", frame.resolve().as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    found = re.search(r'<pre id="handed-on">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, f"the page handed nothing on: {done.stderr[-800:]}"
    result: dict[str, Any] = json.loads(unescape(found[1]))
    assert (result["width"], result["dark"]) == (size[0], dark)
    return result
