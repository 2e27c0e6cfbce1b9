"""From data to the pages: every line of the job, reusing whatever is finished and unchanged."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from northroute import provenance
from northroute.bayes import BayesFit
from northroute.claims import Verdict, catalogue, combine, recovery
from northroute.conventions import DEFAULT_SEED
from northroute.progress import Progress, quiet
from northroute.report import Site, write
from northroute.report.maps.section import EventMap
from northroute.sources import tables
from northroute.standing import Setting
from northroute.workflow import articles, gdelt_regions, indicators, ladder, manifest, questions, sides, simulated
from northroute.workflow.data_sources import data_sources
from northroute.workflow.line import Run

FITS: Final = "fits"


@dataclass(frozen=True)
class Options:
    """What to reproduce and where to write it.

    Attributes
    ----------
    out : Path
        Folder of the pages, tables, figures, fits and manifest.
    data : Path, optional
        Folder of the providers' newer or fuller files; they stand in the place of the bundled tables.
    quick : bool
        Leave out variants that need fits of their own, simulate 18 months and climb fewer steps of the ladder: for a look,
        and the page says so.
    allow_failed : bool
        Summarise fits that failed their diagnostics; everything that rests on them is stamped.
    seed : int
    command : str
        Recorded in every output.
    whole_ladder : bool
        Climb every step of the ladder, the long ones too.
    events : Path, optional
        Folder of ``northroute events build`` on real files; its region panel then answers the questions on regions.
    """

    out: Path
    data: Path | None = None
    quick: bool = False
    allow_failed: bool = False
    seed: int = DEFAULT_SEED
    command: str = "northroute reproduce"
    events: Path | None = None
    whole_ladder: bool = False

    @property
    def setting(self) -> Setting:
        """Everything that decides what the run writes."""
        return Setting.of_job(
            *(self.data, self.events),
            quick=self.quick,
            allow_failed=self.allow_failed,
            whole_ladder=self.whole_ladder,
            seed=self.seed,
        )


@dataclass(frozen=True)
class Result:
    """What a run brought: the page, the verdicts, the fits that failed, notices, the manifest, seconds."""

    page: Path
    real: tuple[Verdict, ...]
    simulated: tuple[Verdict, ...]
    fits: tuple[BayesFit, ...]
    notices: tuple[str, ...]
    manifest: dict[str, Any]
    seconds: float

    @property
    def failed(self) -> tuple[str, ...]:
        """Fits that failed their diagnostics, each with why."""
        return tuple(f"{f.name}: {' '.join(f.gate.failures)}" for f in self.fits if not f.gate.passed)


def reproduce(options: Options, progress: Progress = quiet) -> Result:
    """Run the main job.

    Raises
    ------
    MissingDataError
        If ``options.data`` or ``options.events`` holds nothing that northroute can read.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    key = options.setting.key
    source = gdelt_regions.find(options.events)
    register = catalogue.load()
    if options.quick:
        register = register.reduced()
    progress("reading tables", 0.0)
    loaded = tables.load(options.data)
    run = Run(
        folder=options.out / FITS,
        seed=options.seed,
        command=options.command,
        quick=options.quick,
        allow_failed=options.allow_failed,
        whole_ladder=options.whole_ladder,
        progress=progress,
    )
    counts, counted = articles.panel(options.data, register)
    lines = [
        questions.run(loaded.tables, register, run),
        articles.run(counts, counted, register, run),
        indicators.run(options.data, register, run),
    ]
    events: dict[str, EventMap] = {}
    if source.panel:
        lines.append(gdelt_regions.run(source.panel, register, run))
        events = gdelt_regions.maps(source.panel, lines[-1])
    made = [f for line in lines for f in line.fits]
    beside = sides.run(
        *(loaded.tables, register, run, counts, made),
        state_violence=events.get("state_violence"),
        drug_incidents=events.get("drug_incidents"),
    )
    world = simulated.run(register, run)
    steps = ladder.run(options.data, register, run)
    answers = [a for line in lines for a in line.answers]
    real = tuple(combine(claim, [a for a in answers if a.claim.id == c]) for c, claim in register.claims.items())
    found = tuple(recovery(a.claim, a) for a in world.line.answers)
    lines.append(world.line)
    fits = _once([*(f for line in lines for f in line.fits), *beside.fits, *steps.fits])
    inputs = {
        n: sha
        for own in (loaded.inputs, *(line.inputs for line in lines), beside.inputs, steps.inputs)
        for n, sha in own.items()
    }
    stamp = {
        "command": options.command,
        "seed": options.seed,
        "register_sha256": register.sha256,
        "data_sha256": provenance.value_hash(inputs),
        "versions": provenance.versions(),
    }
    notices = tuple(
        filter(None, (register.notice(), _replaced(loaded.replaced, options.data), *loaded.notices, source.notice))
    )
    progress("writing the pages", 0.0)
    page = write(
        Site(
            register=register,
            real=real,
            simulated=found,
            fits=fits,
            fixed_effects=(*(f for line in lines for f in line.fixed_effects), *beside.fixed_effects),
            region_rates=world.region_rates,
            ladder=steps.rows,
            ladder_note=steps.note,
            inputs=inputs,
            stamp=stamp,
            notices=notices,
            quick=options.quick,
            side_by_side=beside.section,
            maps=beside.maps,
            sources=data_sources(loaded.tables),
        ),
        options.out,
    )
    seconds = time.perf_counter() - clock
    content = manifest.write(
        options.out,
        key=key,
        stamp=stamp,
        inputs=inputs,
        fits=fits,
        verdicts=(*real, *found),
        register=register,
        notices=notices,
        times={"started": started.isoformat(timespec="seconds"), "seconds": round(seconds, 2)},
    )
    return Result(page, real, found, fits, notices, content, seconds)


def _once(fits: list[BayesFit]) -> tuple[BayesFit, ...]:
    """Keep the first fit of each name."""
    return tuple({f.name: f for f in reversed(fits)}[name] for name in dict.fromkeys(f.name for f in fits))


def _replaced(files: tuple[str, ...], data: Path | None) -> str:
    return f"Files of {data} stand in the place of the bundled tables: {', '.join(files)}." if files else ""
