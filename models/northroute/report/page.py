"""The pages: ``index.html`` on the world and ``calibration.html`` on the simulated one, each one self-contained file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jinja2
import pandas as pd

from northroute.claims import Verdict
from northroute.claims.register import DATA_KINDS, GRADES
from northroute.conventions import (
    AGREEMENT_AT,
    CONTRADICTED_AT,
    COUNTRIES,
    SIMULATED_MARK,
    SUPPORTED_AT,
    interval_label,
)
from northroute.report import brief, findings, fit_tables, formats, glossary, outputs, phrases, style, tiles
from northroute.report.site import Picture, Site
from northroute.resources import resource

WORDS: Final = ("supported", "contradicted", "split", "undecided", "not testable")
CALIBRATION: Final = "calibration.html"


def write(site: Site, out: Path) -> Path:
    """Write figures, tables, ``calibration.html`` and ``index.html`` under ``out``; return the last.

    Figures are drawn only where something changed. The calibration page is there only with a simulated world.
    """
    environment = _environment()
    outputs.write_tables(site, out / "tables")
    wanted = {simulated: outputs.pictures(site, simulated=simulated) for simulated in (False, True)}
    drawn = {simulated: outputs.draw(own, out / "figures") for simulated, own in wanted.items()}
    style.keep({name for own in drawn.values() for name in own}, out / "figures")
    page = out / "index.html"
    for simulated, name in ((True, CALIBRATION), (False, page.name)):
        if simulated and not site.simulated:
            (out / name).unlink(missing_ok=True)
            continue
        images = _images(wanted[simulated], drawn[simulated])
        text = environment.get_template(f"{name}.j2").render(_context(site, simulated=simulated, images=images))
        (out / name).write_text(text, encoding="utf-8")
    return page


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resource("reports/templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": formats.number,
        "probability": formats.probability,
        "bounds": formats.bounds,
        "share": formats.share,
        "fixed": formats.fixed,
        "spread": formats.spread,
        "years": formats.years,
        "places": findings.places,
        "cell": _cell,
    }
    return environment


def _context(site: Site, *, simulated: bool, images: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    verdicts = site.verdicts(simulated=simulated)
    known = phrases.load()
    companions = site.companions(simulated=simulated)
    return {
        "site": site,
        "simulated": simulated,
        "verdicts": verdicts,
        "titles": {v.claim.id: phrases.of(v.claim, known).title for v in verdicts},
        "tiles": tiles.tiles(verdicts),
        "scale": tiles.scale,
        "folded": tiles.folded(verdicts),
        "findings": () if simulated else findings.findings(verdicts, site.register),
        "main": findings.main_quantity,
        "counts": _counts(verdicts),
        "failed": [f.name for f in site.fits_of(simulated=simulated) if not f.gate.passed],
        "images": images,
        "diagnostics": fit_tables.diagnostics(site.fits_of(simulated=simulated)).to_dict("records"),
        "coefficients": fit_tables.coefficients(companions).to_dict("records"),
        "stacked": fit_tables.stacked(companions).to_dict("records"),
        "steps": site.steps(simulated=simulated),
        "grid": _grid,
        "terms": glossary.TERMS,
        "brief": brief,
        "countries": COUNTRIES,
        "kinds": DATA_KINDS,
        "plain": findings.SOURCES,
        "present": {a.question.kind for v in verdicts for a in v.answers if a.estimate is not None},
        "grades": GRADES,
        "years": _window(verdicts),
        "supported_at": SUPPORTED_AT,
        "contradicted_at": CONTRADICTED_AT,
        "agreement_at": AGREEMENT_AT,
        "interval": interval_label(),
        "mark": SIMULATED_MARK,
        "calibration": CALIBRATION if site.simulated else "",
    }


def _images(wanted: Mapping[str, Picture], drawn: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "source": style.embedded(drawn[name], adapts=p.adapts),
            "narrow": style.in_srcset(style.embedded(drawn[name + outputs.NARROW], adapts=p.adapts))
            if p.narrow
            else "",
            "alt": p.alt,
            "caption": p.caption,
            "adapts": p.adapts,
        }
        for name, p in wanted.items()
    }


def _counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    words = [v.word for v in verdicts]
    order = (*(w for w in WORDS if w in words), *words)
    return {w: words.count(w) for w in dict.fromkeys(order)}


def _window(verdicts: Sequence[Verdict]) -> tuple[int, int]:
    ends = [a.question.years for v in verdicts for a in v.answers if a.estimate is not None]
    return (min(e[0] for e in ends), max(e[1] for e in ends)) if ends else (0, 0)


def _grid(frame: pd.DataFrame) -> dict[str, Any]:
    """Return a table as headers and rows, the first cell of a row being its header."""
    flat = frame.reset_index() if frame.index.name else frame
    numeric = [pd.api.types.is_numeric_dtype(flat[c]) for c in flat.columns]
    rows = [list(row) for row in flat.itertuples(index=False, name=None)]
    return {"columns": [str(c) for c in flat.columns], "numeric": numeric, "rows": rows}


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return formats.number(value)
    return formats.NONE if value is None or value is pd.NA else str(value)
