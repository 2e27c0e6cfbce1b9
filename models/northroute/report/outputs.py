"""The files beside the page: figures, drawn only where something changed, and tables."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from northroute.claims import Answer, to_frame
from northroute.conventions import INTERVAL_PROB
from northroute.provenance import array_hash, frame_hash, value_hash
from northroute.report import alts, figures, fit_tables, ladder, style, tables
from northroute.report.maps.section import simulated_rates
from northroute.report.site import Picture, Section, Site, estimated
from northroute.sources import boundaries

NARROW = "_narrow"
_VERDICT_COLUMNS = ["claim", "source", "verdict", "probability", "prior_probability", "agreement", "quantity", "median"]
_VERDICT_COLUMNS += ["low", "high"]


def pictures(site: Site, *, simulated: bool) -> dict[str, Picture]:
    """Return the figures of one page by name: one an answer, the overview, the ladder, and those of its sections."""
    kind = _kind(simulated)
    answers = estimated(site.verdicts(simulated=simulated))
    found = [_posterior(kind, a) for a in answers]
    if answers:
        draw, alt = partial(figures.overview, answers, simulated=simulated), alts.overview(answers, simulated=simulated)
        found.append(_own(f"{kind}_overview", draw, alt, [_answer_key(a) for a in answers]))
    steps = site.steps(simulated=simulated)
    if any(r.level for r in steps):
        key = [frame_hash(ladder.table(steps).drop(columns="seconds")), [str(r.level) for r in steps]]
        found.append(
            _own(f"ladder_{kind}", partial(ladder.forest, steps), alts.ladder(steps, simulated=simulated), key)
        )
    if simulated and not site.region_rates.empty:
        found.append(simulated_rates(site.region_rates, boundaries.load()))
    sections: list[Section | None] = [] if simulated else [site.side_by_side, site.maps]
    found += [p for s in sections if s for p in s.figures]
    return {p.name: p for p in found}


def draw(wanted: dict[str, Picture], folder: Path) -> dict[str, Path]:
    """Draw what is not there yet, and return every figure's file; one for a narrow screen has ``_narrow`` at its end."""
    found = {}
    for name, p in wanted.items():
        found[name] = style.saved(name, p.key, p.draw, folder)
        if p.narrow:
            found[name + NARROW] = style.saved(name + NARROW, p.key, p.narrow, folder)
    return found


def write_tables(site: Site, folder: Path) -> None:
    """Write every table as CSV and LaTeX, real and simulated apart."""
    for simulated in (False, True):
        kind = _kind(simulated)
        if steps := site.steps(simulated=simulated):
            tables.write(ladder.table(steps), folder, f"ladder_{kind}", site.stamp, simulated=simulated)
        if verdicts := site.verdicts(simulated=simulated):
            frame = to_frame(verdicts, site.register.sha256)
            columns = [c for c in _VERDICT_COLUMNS if c in frame.columns]
            tables.write(frame, folder, f"claims_{kind}", site.stamp, simulated=simulated, columns=columns)
        if fits := site.fits_of(simulated=simulated):
            frame = fit_tables.diagnostics(fits)
            tables.write(frame, folder, f"diagnostics_{kind}", site.stamp, simulated=simulated)
        if fixed := site.companions(simulated=simulated):
            frame = fit_tables.coefficients(fixed)
            tables.write(frame, folder, f"fixed_effects_{kind}", site.stamp, simulated=simulated)
        if any(f.others for f in fixed):
            name = f"fixed_effects_errors_{kind}"
            tables.write(fit_tables.stacked(fixed), folder, name, site.stamp, simulated=simulated)
    for section in filter(None, (site.side_by_side, site.maps)):
        for i, (_, frame) in enumerate((*section.tables, *section.folded), start=1):
            flat = frame.reset_index() if frame.index.name else frame
            tables.write(flat.assign(source="real"), folder, f"{section.id}_{i}", site.stamp, simulated=False)


def _kind(simulated: bool) -> str:
    return "simulated" if simulated else "real"


def _own(name: str, make: Callable[[], Figure], alt: str, key: object) -> Picture:
    return Picture(name, make, alt, value_hash(key), adapts=True)


def _posterior(kind: str, answer: Answer) -> Picture:
    made = answer.estimate
    assert made is not None
    own = [
        [q.name, array_hash(q.draws), array_hash(q.prior), q.region, q.log_scale, q.truth, q.discrete]
        for q in made.quantities
    ]
    name, draw = f"{kind}_{answer.question.id}", partial(figures.posterior, made)
    return _own(name, draw, alts.posterior(answer), [made.simulated, INTERVAL_PROB, own])


def _answer_key(a: Answer) -> list[object]:
    others = [s.probability for s in a.specifications]
    return [a.question.id, a.claim.slug, a.word, a.grade, a.probability, a.prior_probability, others]
