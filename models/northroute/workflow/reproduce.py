"""From data to the page: every line of the job, reusing whatever is finished and unchanged."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from northroute import provenance
from northroute.bayes import BayesFit
from northroute.claims import Register, Verdict, combine, load, recovery
from northroute.conventions import DEFAULT_SEED
from northroute.errors import MissingDataError
from northroute.progress import Progress, quiet
from northroute.report import Site, write
from northroute.sources import mlp, regions
from northroute.workflow import articles, gdelt_regions, indicators, ladder, simulated
from northroute.workflow.line import Run

FETCH = "northroute fetch mlp"


@dataclass(frozen=True)
class Options:
    """What to reproduce and where to write it.

    Attributes
    ----------
    out : Path
        Folder of the page, tables, figures, fits and manifest.
    data : Path, optional
        Folder of real data; without it the bundled tables are the only real data.
    quick : bool
        Simulate 18 months, sample more coarsely and climb fewer steps of the ladder; for a look, the claims' real fits stay
        as they are.
    allow_failed : bool
        Summarise fits that failed their diagnostics; everything that rests on them is stamped.
    seed : int
    command : str
        Recorded in every output.
    events : Path, optional
        Folder of ``northroute events build`` on real files; its region panel then answers the claims on regions.
    """

    out: Path
    data: Path | None = None
    quick: bool = False
    allow_failed: bool = False
    seed: int = DEFAULT_SEED
    command: str = "northroute reproduce"
    events: Path | None = None


@dataclass(frozen=True)
class Result:
    """What a run brought: the page, the verdicts, the fits that failed, seconds."""

    page: Path
    real: tuple[Verdict, ...]
    simulated: tuple[Verdict, ...]
    failed: tuple[str, ...]
    notices: tuple[str, ...]
    seconds: float


def reproduce(options: Options, progress: Progress = quiet) -> Result:
    """Run the main job.

    Raises
    ------
    MissingDataError
        If ``options.data`` or ``options.events`` holds nothing that northroute can read.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    if options.data and mlp.folder_of(options.data) is None:
        raise MissingDataError(
            f"'{options.data}' holds no complete {mlp.FOLDER}/ ({', '.join(f'{f}.csv' for f in mlp.FILES.values())}). "
            f"Get it with: {FETCH}, or leave --data out."
        )
    source = gdelt_regions.find(options.events)
    register = load()
    run = Run(
        folder=options.out / "fits",
        seed=options.seed,
        command=options.command,
        quick=options.quick,
        allow_failed=options.allow_failed,
        progress=progress,
    )
    lines = [indicators.run(options.data, register, run)]
    if source.panel:
        lines.append(gdelt_regions.run(source.panel, register, run))
    if options.data:
        lines.append(articles.run(options.data, register, run))
    world = simulated.run(register, run)
    answers = [a for line in lines for a in line.answers]
    real = tuple(combine(claim, [a for a in answers if a.claim.id == c]) for c, claim in register.claims.items())
    found = tuple(recovery(a.claim, a) for a in world.line.answers)
    lines.append(world.line)
    steps = ladder.run(options.data, register, run)
    fits = (*(f for line in lines for f in line.fits), *steps.fits)
    inputs = {name: sha for own in (*(line.inputs for line in lines), steps.inputs) for name, sha in own.items()}
    stamp = {
        "command": options.command,
        "seed": options.seed,
        "register_sha256": register.sha256,
        "data_sha256": provenance.value_hash(inputs),
        "versions": provenance.versions(),
    }
    notices = tuple(n for n in (register.notice(), "" if options.data else _notice(), source.notice) if n)
    progress("writing the page", 0.0)
    site = Site(
        register=register,
        real=real,
        simulated=found,
        fits=fits,
        fixed_effects=tuple(f for line in lines for f in line.fixed_effects),
        regions=regions.load("first-level").frame,
        region_rates=world.region_rates,
        ladder=steps.rows,
        ladder_note=steps.note,
        inputs=inputs,
        stamp=stamp,
        notices=notices,
    )
    page = write(site, options.out)
    seconds = time.perf_counter() - clock
    _manifest(options.out, stamp, inputs, fits, (*real, *found), register, started, seconds)
    failed = tuple(f"{f.name}: {' '.join(f.gate.failures)}" for f in fits if not f.gate.passed)
    return Result(page, real, found, failed, notices, seconds)


def _notice() -> str:
    return (
        "The article counts are not here, so the claims that need them are not tested on this page. They are one command "
        f"away with a connection: make reproduce-real ({FETCH}, then northroute reproduce)."
    )


def _manifest(
    out: Path,
    stamp: dict[str, Any],
    inputs: dict[str, str],
    fits: Sequence[BayesFit],
    verdicts: Sequence[Verdict],
    register: Register,
    started: datetime,
    seconds: float,
) -> None:
    files = sorted(p for p in out.rglob("*") if p.is_file() and p.name != "manifest.json" and "fits" not in p.parts)
    content = {
        **stamp,
        "register": {
            "in_force": register.sha256,
            "registered": register.registered_sha256,
            "changes": register.changes,
        },
        "inputs": inputs,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 2),
        "fits": [
            {
                "name": f.name,
                "key": f.info["key"],
                "simulated": f.simulated,
                "passed": f.gate.passed,
                "command": f.provenance.command,
                "seconds": round(f.info["seconds"], 2),
            }
            for f in fits
        ],
        "claims": [{"id": v.claim.id, "simulated": v.simulated, "verdict": v.marked} for v in verdicts],
        "outputs": {str(p.relative_to(out).as_posix()): provenance.file_sha256(p) for p in files},
    }
    (out / "manifest.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
