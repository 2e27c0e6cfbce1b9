"""The page: one self-contained HTML file, with its tables, figures and manifest beside it."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from northroute.bayes import BayesFit, prior_predictive, row_check
from northroute.claims import Answer, Register, Verdict, to_frame
from northroute.conventions import COUNTRIES, SIMULATED_MARK, interval_label
from northroute.frequentist import FrequentistFit
from northroute.report import figures, ladder, style, tables
from northroute.report.ladder import LadderRow
from northroute.resources import resource

_VERDICT_COLUMNS = ["claim", "source", "verdict", "probability", "prior_probability", "agreement", "quantity", "median"]
_VERDICT_COLUMNS += ["low", "high"]
_SHOWN = ("R-hat", "bulk ESS", "tail ESS", "divergences", "E-BFMI", prior_predictive.TOO_LARGE, row_check.NAME)
"""Checks in the page's table of diagnostics."""


@dataclass(frozen=True)
class Site:
    """Everything the page shows.

    Attributes
    ----------
    register : Register
    real, simulated : tuple of Verdict
        Kept apart: two tables, never one.
    fits : tuple of BayesFit
        Fits behind the answers, failed ones too.
    fixed_effects : tuple of FrequentistFit
        Fixed-effects companions.
    regions : pandas.DataFrame
        The region table.
    region_rates : mapping of str to float
        Posterior median rate of simulated drug incidents by region.
    ladder : tuple of LadderRow
        Steps of the ladder on every data set.
    ladder_note : str
        What a quick run left out of it.
    inputs : mapping of str to str
        SHA-256 of every file that was read.
    stamp : mapping
        Data hash, register hash, versions, seed, command.
    notices : tuple of str
        Shown at the top: a changed register, data that are missing.
    """

    register: Register
    real: tuple[Verdict, ...]
    simulated: tuple[Verdict, ...]
    fits: tuple[BayesFit, ...]
    fixed_effects: tuple[FrequentistFit, ...]
    regions: pd.DataFrame
    region_rates: Mapping[str, float]
    ladder: tuple[LadderRow, ...]
    ladder_note: str
    inputs: Mapping[str, str]
    stamp: Mapping[str, Any]
    notices: tuple[str, ...]


def write(site: Site, out: Path) -> Path:
    """Write figures, tables and ``index.html`` under ``out``; return the page."""
    drawn = _figures(site, out / "figures")
    _tables(site, out / "tables")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resource("reports/templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": _number,
        "probability": _probability,
        "ratio": _bounds,
        "share": _share,
        "fixed": _fixed,
    }
    text = environment.get_template("index.html.j2").render(
        site=site,
        figures={name: _embedded(path) for name, path in drawn.items()},
        sections=[("real", site.real), ("simulated", site.simulated)],
        counts=_counts(site.real),
        recovered=_counts(site.simulated),
        diagnostics=diagnostics(site.fits).to_dict("records"),
        coefficients=_coefficients(site.fixed_effects).to_dict("records"),
        stacked=_stacked(site.fixed_effects).to_dict("records"),
        countries=COUNTRIES,
        interval=interval_label(),
        mark=SIMULATED_MARK,
    )
    path = out / "index.html"
    path.write_text(text, encoding="utf-8")
    return path


def diagnostics(fits: Iterable[BayesFit]) -> pd.DataFrame:
    """One row a fit: the gate's values (missing where not computed), attempts, draws and seconds."""
    rows = []
    missing = dict.fromkeys(_SHOWN, np.nan)
    for fit in fits:
        settings = fit.info["settings"]
        rows.append(
            {
                "source": SIMULATED_MARK if fit.simulated else "real",
                "fit": fit.name,
                "model": fit.info["model"],
                "rows": fit.info["rows"],
                "gate": "passed" if fit.gate.passed else "FAILED",
                **missing,
                **{check.name: fit.gate.value(check.name) for check in fit.gate.checks},
                "sampler": fit.info["sampler"],
                "chains x draws": f"{settings['chains']} x {settings['draws']}",
                "target acceptance": settings["target_accept"],
                "attempts": fit.info["attempts"],
                "seconds": fit.info["seconds"],
                "data_sha256": fit.provenance.data_hash,
            }
        )
    return pd.DataFrame(rows)


def _figures(site: Site, folder: Path) -> dict[str, Path]:
    drawn: dict[str, Path] = {}
    for kind, verdicts in (("real", site.real), ("simulated", site.simulated)):
        answers = _answers(verdicts)
        for a in answers:
            if a.estimate is not None:
                name = f"{kind}_{a.question.id}"
                drawn[name] = style.save(figures.posterior(a.estimate), folder, name)
        if answers:
            name = f"{kind}_overview"
            drawn[name] = style.save(figures.overview(answers, simulated=kind == "simulated"), folder, name)
    drawn["map_regions"] = style.save(figures.region_map(site.regions), folder, "map_regions")
    if site.region_rates:
        label = "drug incidents per 100 events (posterior median)"
        rates = figures.region_map(site.regions, site.region_rates, label=label, simulated=True)
        drawn["map_simulated_rates"] = style.save(rates, folder, "map_simulated_rates")
    for kind, rows in _ladder(site).items():
        if any(r.level for r in rows):
            drawn[f"ladder_{kind}"] = style.save(ladder.forest(rows), folder, f"ladder_{kind}")
    return drawn


def _ladder(site: Site) -> dict[str, list[LadderRow]]:
    return {
        "real": [r for r in site.ladder if not r.simulated],
        "simulated": [r for r in site.ladder if r.simulated],
    }


def _tables(site: Site, folder: Path) -> None:
    sha = site.register.sha256
    for kind, rows in _ladder(site).items():
        if rows:
            tables.write(ladder.table(rows), folder, f"ladder_{kind}", site.stamp, simulated=kind == "simulated")
    for kind, verdicts in (("real", site.real), ("simulated", site.simulated)):
        if not verdicts:
            continue
        frame = to_frame(verdicts, sha)
        columns = [c for c in _VERDICT_COLUMNS if c in frame.columns]
        tables.write(frame, folder, f"claims_{kind}", site.stamp, simulated=kind == "simulated", columns=columns)
        fits = [f for f in site.fits if f.simulated == (kind == "simulated")]
        if fits:
            tables.write(diagnostics(fits), folder, f"diagnostics_{kind}", site.stamp, simulated=kind == "simulated")
    for simulated in (False, True):
        fixed = [f for f in site.fixed_effects if f.simulated == simulated]
        if fixed:
            name = f"fixed_effects_{'simulated' if simulated else 'real'}"
            tables.write(_coefficients(fixed), folder, name, site.stamp, simulated=simulated)
        if any(f.others for f in fixed):
            name = f"fixed_effects_errors_{'simulated' if simulated else 'real'}"
            tables.write(_stacked(fixed), folder, name, site.stamp, simulated=simulated)


def _coefficients(fits: Sequence[FrequentistFit]) -> pd.DataFrame:
    if not fits:
        return pd.DataFrame()
    return pd.concat(
        [f.tidy().assign(rows=f.rows, clusters=f.clusters, model=f.model) for f in fits], ignore_index=True
    )


def _stacked(fits: Sequence[FrequentistFit]) -> pd.DataFrame:
    """Every other kind of errors of each fixed-effects companion, one row a kind and term."""
    parts = [f.stacked() for f in fits if f.others]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _answers(verdicts: Sequence[Verdict]) -> list[Answer]:
    return [a for v in verdicts for a in v.answers if a.estimate is not None]


def _counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    words = [v.word for v in verdicts]
    return {w: words.count(w) for w in dict.fromkeys(words)}


def _embedded(path: Path) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode()


def _number(value: float | None) -> str:
    if value is None or np.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _fixed(value: float, digits: int) -> str:
    return "–" if np.isnan(value) else f"{value:.{digits}f}"


def _probability(value: float) -> str:
    if np.isnan(value):
        return "–"
    if value < 0.0005:
        return "< 0.001"
    return "> 0.999" if value > 0.9995 else f"{value:.3f}"


def _share(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.0%}"


def _bounds(region: tuple[float | None, float | None]) -> str:
    low, high = region
    if low is not None and high is not None:
        return f"between {low:g} and {high:g}"
    if low is not None:
        return f"> {low:g}"
    return f"< {high:g}" if high is not None else ""
