"""GDELT events: fetch their files, simulate an archive, build incidents and panels, print a rule's SQL."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from rich.markup import escape

from northroute.cli import places
from northroute.cli.console import DATA_FOLDER, EVENTS_FOLDER, SeedOption, err, errors, fail, out, progress
from northroute.cli.downloads import OtherHostsOption, SlowestOption, TimeoutOption, TriesOption, policy
from northroute.conventions import DEFAULT_SEED, SIMULATED_MARK
from northroute.errors import DataError

_DAYS: Final = ["%Y-%m-%d"]
_FILES: Final = DATA_FOLDER / "gdelt/v1"
_FIPS: Final = ("KZ", "KG", "TI", "TX", "UZ")
_MEGABYTES: Final = 100.0
"""Room that a build must find; years of events take more, and say so when it is gone."""
_SHOWN: Final = 20
"""Files that are not here and are named; the manifest has all."""
_TABLES: Final = {"events": "events", "gkg": "gkg", "gkgcounts": "counts", "counts": "counts"}
Rule = Literal["id", "address_day", "address_day_place", "actors_place_day", "story_slot"]

StartOption = Annotated[datetime, typer.Option("--start", formats=_DAYS, help="First day.")]
EndOption = Annotated[datetime, typer.Option("--end", formats=_DAYS, help="Last day.")]
VersionOption = Annotated[
    int, typer.Option("--version", min=1, max=2, help="1: daily files; 2: files of a quarter of an hour.")
]


def fetch_gdelt(
    start: StartOption,
    end: EndOption,
    tables: Annotated[str, typer.Option(help="events, gkg, gkgcounts, with commas between.")] = "events",
    version: VersionOption = 1,
    translated: Annotated[
        bool, typer.Option("--translated", help="The stream of translated articles too (version 2).")
    ] = False,
    base_url: Annotated[str, typer.Option("--base-url", help="The provider's address, or a mirror's.")] = "",
    to: Annotated[Path, places.folder_option("The data folder.", "--to")] = DATA_FOLDER,
    connections: Annotated[int, typer.Option(min=1, max=16, help="Files at a time.")] = 4,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compute the MD5 of every file here anew, and fetch again what has rotted.")
    ] = False,
    tries: TriesOption = 5,
    timeout: TimeoutOption = 30.0,
    slowest: SlowestOption = 1.0,
    other_hosts: OtherHostsOption = False,
) -> None:
    """Bring GDELT's files, checked by size and MD5; broken off and run again, it goes on."""
    from northroute.sources.gdelt import fetch
    from northroute.sources.transfer import in_words

    with errors("Whole files are kept; the same command goes on from there."), progress() as tell:
        base = base_url or fetch.ADDRESS
        found = fetch.fetch_gdelt(
            to,
            *_ordered(start, end),
            _tables(tables),  # type: ignore[arg-type]
            version=2 if version == 2 else 1,
            translated=translated,
            base=base if base.endswith("/") else f"{base}/",
            connections=connections,
            policy=policy(tries, timeout, slowest, other_hosts),
            verify=verify,
            progress=tell,
        )
    complete = [e for e in (found.manifest.entries.get(f.name) for f in found.listed) if e and e.status == "complete"]
    size = sum(e.size for e in complete)
    out.print(
        f"{len(complete)} of {len(found.listed)} files, {in_words(size)}, {found.downloaded} of them new: "
        f"{escape(str(found.folder))}"
    )
    if not base.startswith("https://"):
        out.print("over plain http: files and their MD5 came by one channel; MD5 guards against accidents, not forgery")
    if any(e.simulated for e in complete):
        out.print(f"[bold]{SIMULATED_MARK}[/bold]: the files carry a simulator's mark")
    for table in found.gaps:
        _days(f"{table}: days without a file, unobserved", found.gaps[table])
        _days(f"{table}: days with far too small a file", found.outages[table])
    if found.repeated:
        out.print(escape(f"listed twice: {', '.join(found.repeated)}"))
    bad = (*found.failed_lists, *found.lacking)
    for entry in bad[:_SHOWN]:
        out.print(f"[bold red]{entry.status}[/bold red] {escape(f'{entry.address}: {entry.reason}')}")
    if len(bad) > _SHOWN:
        out.print(f"and {len(bad) - _SHOWN} more: {escape(str(found.folder / fetch.MANIFEST))} has the reason of each")
    if bad:
        lists = f"{len(found.failed_lists)} list(s) could not be read, and " if found.failed_lists else ""
        err.print(
            f"{lists}{len(found.lacking)} listed file(s) are not here; their days are unobserved. Run again to try again."
        )
        raise typer.Exit(1)


def simulate_archive(
    out_folder: Annotated[Path, places.folder_option("Folder for the site and the truth.")] = Path(
        "data/interim/archive"
    ),
    start: StartOption = datetime(2015, 1, 1),
    days: Annotated[int, typer.Option(min=1, help="Number of days.")] = 90,
    incidents: Annotated[float, typer.Option(min=0, help="True incidents a day.")] = 12.0,
    background: Annotated[float, typer.Option(min=0, help="Other event rows a day in the five countries.")] = 40.0,
    world: Annotated[float, typer.Option(min=0, help="Event rows a day elsewhere.")] = 100.0,
    version: VersionOption = 1,
    clean: Annotated[
        bool, typer.Option("--clean", help="Without gaps, duplicates, bad rows and the other faults.")
    ] = False,
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Write a SIMULATED GDELT archive in the true formats, with its lists, its faults and the truth."""
    from northroute.sources.gdelt import simulated

    made = simulated.ArchiveWorld(
        start=start.date(),
        days=days,
        incidents_per_day=incidents,
        background_per_day=background,
        world_per_day=world,
        faults=simulated.CLEAN if clean else simulated.Faults(),
    )
    with progress() as tell, places.writing(out_folder, _MEGABYTES, "", tell):
        archive = simulated.write(out_folder, made, version=2 if version == 2 else 1, seed=seed, progress=tell)
    true = len(archive.truth.incidents)
    where = escape(f"{archive.site}, their truth in {out_folder / 'truth.parquet'}")
    out.print(f"{SIMULATED_MARK}: {true} incidents in {where}")
    for name, count in sorted(archive.written.items()):
        out.print(f"{count:9} {name}")


def build(
    data: Annotated[Path, typer.Option("--data", help="Folder of GDELT files of one version.")] = _FILES,
    out_folder: Annotated[Path, places.folder_option("Where extract, incidents and panels go.")] = EVENTS_FOLDER,
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", help="construct=variant, again for each construct; the others keep their default."),
    ] = None,
    rule: Annotated[Rule, typer.Option(help="When two reports are one incident.")] = "actors_place_day",
    dated: Annotated[
        Literal["event", "added"], typer.Option(help="An incident's day: its own, or its file's.")
    ] = "event",
    weight: Annotated[Literal["incidents", "articles", "sources"], typer.Option(help="What is counted.")] = "incidents",
    exposure: Annotated[
        Literal["all_events", "all_articles", "none"], typer.Option(help="What counts are relative to.")
    ] = "all_events",
    allocate: Annotated[
        bool,
        typer.Option("--allocate", help="Draw a region for incidents that have a country only; else leave them out."),
    ] = False,
    countries: Annotated[str, typer.Option(help="FIPS codes, with commas between.")] = ",".join(_FIPS),
    start: Annotated[
        datetime | None, typer.Option("--start", formats=_DAYS, help="First day; else the files'.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--end", formats=_DAYS, help="Last day; else the files'.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Months read at a time; else as many as processors, up to 3.")
    ] = None,
    seed: SeedOption = DEFAULT_SEED,
) -> None:
    """Read files, build incidents, write the region-month and country-month panels, and print the flow of counts."""
    from northroute.panel.incidents import PanelChoices
    from northroute.sources.gdelt import Options, files_of
    from northroute.sources.gdelt.build import DEFAULT_VARIANTS, WITHOUT_GKG
    from northroute.workflow.events import build_events

    wanted, days = _countries(countries), _window(start, end)
    kept = "Finished months are kept; the same command goes on from there."
    with progress() as tell, places.writing(out_folder, _MEGABYTES, kept, tell):
        has_gkg = any(".gkg." in f.name.lower() for f in files_of(data))
        options = Options(
            variants={**(DEFAULT_VARIANTS if has_gkg else WITHOUT_GKG), **_variants(variant or [])},
            rule=rule,
            dated=dated,
            window=days,
        )
        choices = PanelChoices(
            weight=weight, exposure=exposure, unplaced="allocate" if allocate else "leave_out", seed=seed
        )
        built = build_events(data, out_folder, options, choices, countries=wanted, workers=workers, progress=tell)
    found = built.incidents
    if found.simulated:
        out.print(f"[bold]{SIMULATED_MARK}[/bold]")
    for construct, rows in found.flow.groupby("construct", sort=False):
        out.print(f"[bold]{construct}[/bold] ({options.variants[str(construct)]})")
        for step, count in zip(rows["step"], rows["count"], strict=True):
            out.print(f"{count:12}  {escape(step)}")
    unreadable = [f for e in built.extracts.values() for f in e.unreadable]
    for file in unreadable:
        out.print(f"[bold red]unreadable[/bold red] {escape(file.problem)}")
    _days("days without files, unobserved", [d.date() for d in found.covered.index[found.covered == 0]])
    share = found.frame["region"].isna().mean() if len(found.frame) else 0.0
    out.print(
        f"{share:.1%} of {len(found.frame)} incidents have no region (by country and month: incidents/placed.parquet)"
    )
    for panel in (built.regions, built.countries):
        if panel is not None:
            out.print(f"{escape(panel.name)}: {len(panel.units)} units x {len(panel.months)} months")
    out.print(
        f"{escape(str(out_folder))}, codebook {found.origin['codebook_version']} {found.origin['codebook_sha256'][:12]}"
    )


def sql(
    rule: Annotated[str | None, typer.Argument(help="construct.variant; without it, they are listed.")] = None,
    dialect: Annotated[
        Literal["duckdb", "bigquery"], typer.Option(help="DuckDB for files, BigQuery for gdelt-bq.")
    ] = "duckdb",
    start: StartOption = datetime(2015, 1, 1),
    end: EndOption = datetime(2022, 12, 31),
    run: Annotated[bool, typer.Option("--run", help="Run it in BigQuery on your credentials.")] = False,
    limit: Annotated[float, typer.Option(min=0, help="Gigabytes that --run may scan.")] = 100.0,
    to: Annotated[Path, places.file_option("CSV file of the rows of --run.", "--to")] = Path("rows.csv"),
    project: Annotated[str | None, typer.Option(help="Google project that pays.")] = None,
) -> None:
    """Print the SQL text of a rule; for BigQuery also what a dry run would scan, and with --run its rows."""
    from northroute.errors import MissingDataError
    from northroute.sources.gdelt import bigquery, codebook
    from northroute.sources.gdelt import sql as texts

    book = codebook.load()
    if rule is None:
        for construct, variants in book.variants.items():
            out.print(f"[bold]{construct}[/bold]  {escape(book.labels[construct])}")
            for name, each in variants.items():
                out.print(f"  {construct}.{name} ({each.table})")
        out.print(f"codebook {book.version} {book.sha256[:12]}")
        return
    chosen = book.variant(*rule.split(".", 1)) if "." in rule else book.variant(rule, "")
    text = texts.query(chosen, *_ordered(start, end), dialect="bigquery" if run else dialect)
    out.print(text, markup=False)
    if run or dialect == "bigquery":
        try:
            connection = bigquery.client(project)
        except MissingDataError as absent:
            if run:
                raise
            err.print(f"No dry run: {escape(str(absent))}")
            return
        err.print(f"It would scan {bigquery.estimate(connection, text) / 1e9:.1f} GB.")
        if run:
            bigquery.rows(connection, text, int(limit * 1e9)).to_csv(to, index=False)
            err.print(escape(f"Rows in {to}"))


def _tables(names: str) -> tuple[str, ...]:
    asked = [n.strip() for n in names.split(",") if n.strip()]
    unknown = [n for n in asked if n not in _TABLES]
    if unknown or not asked:
        raise DataError(f"no table '{', '.join(unknown)}'", file="--tables", remedy="Use events, gkg, gkgcounts.")
    return tuple(dict.fromkeys(_TABLES[n] for n in asked))


def _variants(pairs: list[str]) -> dict[str, str]:
    chosen = {}
    for pair in pairs:
        construct, sign, name = pair.partition("=")
        if not sign:
            raise DataError(
                f"'{pair}' is not construct=variant", file="--variant", remedy="See: northroute events sql."
            )
        chosen[construct] = name
    return chosen


def _window(start: datetime | None, end: datetime | None) -> tuple[date, date] | None:
    if (start is None) != (end is None):
        fail("--start and --end go together. Give both, or neither.")
    return _ordered(start, end) if start and end else None


def _ordered(start: datetime, end: datetime) -> tuple[date, date]:
    if end < start:
        fail(f"--end {end:%Y-%m-%d} lies before --start {start:%Y-%m-%d}. Give the first day first.")
    return start.date(), end.date()


def _countries(text: str) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(c.strip().upper() for c in text.split(",") if c.strip()))
    unknown = [c for c in asked if c not in _FIPS]
    if unknown or not asked:
        fail(f"--countries: no country {', '.join(unknown) or 'named'}. Use FIPS codes, of {', '.join(_FIPS)}.")
    return asked


def _days(what: str, days: "list[date] | tuple[date, ...]") -> None:
    if days:
        shown = ", ".join(str(d) for d in days[:12]) + (f" and {len(days) - 12} more" if len(days) > 12 else "")
        out.print(f"{what}: {shown}")
