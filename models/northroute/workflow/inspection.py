"""Everything that the main job reads, read once: what is in it, and what is wrong with it, a line each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from northroute.bayes.statement import prior_sets
from northroute.claims import catalogue
from northroute.errors import MissingDataError, NorthrouteError
from northroute.report import phrases
from northroute.sources import boundaries, bundled, governance, licences, mlp, regions, shocks, tables, unodc
from northroute.sources.gdelt import codebook, places
from northroute.sources.table import Table
from northroute.workflow import gdelt_regions


@dataclass(frozen=True)
class Finding:
    """What was read, or what is wrong.

    Attributes
    ----------
    name : str
        Of the table, file or folder.
    told : str
        What is in it.
    problem : str
        Why it cannot be used; empty if it can.
    notice : bool
        Whether ``told`` is something to look at.
    """

    name: str
    told: str = ""
    problem: str = ""
    notice: bool = False


def inspect(data: Path | None = None, events: Path | None = None) -> tuple[Finding, ...]:
    """Read every file that the main job reads, and go on after a fault.

    Parameters
    ----------
    data : Path, optional
        Folder of the providers' files, as of :func:`northroute.sources.tables.load`.
    events : Path, optional
        Folder of ``northroute events build``.

    Returns
    -------
    tuple of Finding
        The package's own files first, then the folders'. A folder that is not there, or holds nothing, is a problem.
    """
    found = [*_own()]
    if data is not None:
        found += _given(data)
    if events is not None:
        found.append(_tried(str(events), partial(_events, events)))
    return tuple(found)


def _own() -> Iterator[Finding]:
    yield _tried("licence notices", lambda: f"{len(licences.check())} notices")
    yield _tried("priors", lambda: f"{len(prior_sets.load())} sets")
    yield _tried("constructs", lambda: f"version {codebook.load().version}")
    yield _tried("places", lambda: f"{len(places.load().codes)} codes")
    yield _tried("phrases", lambda: f"{len(phrases.load())} claims")
    yield _tried("register", lambda: f"{len(catalogue.load().claims)} claims")
    notice = _notice()
    if notice:
        yield Finding("register", notice, notice=True)
    for name in governance.NAMES:
        yield _tried(f"governance/{name}", lambda n=name: _told(governance.load(n)))  # type: ignore[misc]
    for name, (_, read) in tables.READERS.items():
        if name not in governance.NAMES:
            yield _tried(name, lambda r=read: _told(r(None)))  # type: ignore[misc]
    yield _tried("shocks", lambda: _told(shocks.load()))
    yield _tried("adjacency", lambda: _told(regions.adjacency()))
    yield _tried("article_counts", lambda: _told(mlp.load(None, tuple(mlp.FILES))))
    yield _tried("boundaries", lambda: f"{len(boundaries.load().polygons)} outlines  {boundaries.LICENCE}")


def _given(data: Path) -> Iterator[Finding]:
    if not data.is_dir():
        yield Finding(
            str(data), problem=f"'{data}' is not a folder; name the one that holds a folder for each provider."
        )
        return
    found = [*_articles(data), *_providers(data)]
    if (data / unodc.FILE).exists():
        found.append(_tried(unodc.FILE, lambda: _told(unodc.load(data))))
    if all(finding.notice for finding in found):
        what = (
            f"'{data}' holds no provider's files that northroute can read. See 'Real data' in README.md for the folders, or "
            "leave --data out: the bundled tables are then read."
        )
        found.append(Finding(str(data), problem=what))
    yield from found


def _articles(data: Path) -> Iterator[Finding]:
    folder = mlp.folder_of(data)
    if folder is None:
        return
    files = {f"{name}.csv": iso3 for iso3, name in mlp.FILES.items()}
    for path in sorted(folder.glob("*.csv")):
        if path.name in files:
            given, own = (partial(mlp.load, where, (files[path.name],)) for where in (folder, None))
            yield from _replacing(path.name, given, own)
        elif folder.name == mlp.FOLDER:
            yield Finding(path.name, f"{path} is not read: no country of this project has that file.", notice=True)


def _providers(data: Path) -> Iterator[Finding]:
    names = {file: name for name, (file, _) in tables.READERS.items()}
    folders = [p.name for p in data.iterdir() if p.is_dir()]
    for file in bundled.BUNDLE:
        if file == mlp.BUNDLED:
            continue
        try:
            text = bundled.trimmed(file, data)
        except MissingDataError as absent:
            if any(f" {folder}/" in str(absent) for folder in folders):
                yield Finding(file, f"stays as bundled: {absent}", notice=True)
            continue
        except NorthrouteError as problem:
            yield Finding(file, problem=str(problem))
            continue
        if file in names:
            read = tables.READERS[names[file]][1]
            yield from _replacing(file, partial(tables.given, names[file], text, data), partial(read, None))
        else:
            yield Finding(file, f"{len(text.splitlines()):6} lines from {data}")


def _replacing(name: str, read: Callable[[], Table], own: Callable[[], Table]) -> Iterator[Finding]:
    """Read a table that a folder brings, and hold it against the bundled one."""
    try:
        table = read()
        gone = tables.lacking(name, table, own())
    except NorthrouteError as problem:
        yield Finding(name, problem=str(problem))
        return
    yield Finding(name, problem=f"{name}: {gone}") if gone else Finding(name, f"{_told(table)} (given)")


def _events(folder: Path) -> str:
    source = gdelt_regions.find(folder)
    if source.panel is None:
        raise MissingDataError(source.notice)
    return f"{len(source.panel.frame):6} rows  region-months"


def _notice() -> str:
    try:
        return catalogue.load().notice()
    except NorthrouteError:
        return ""


def _told(table: Table) -> str:
    return f"{len(table.frame):6} rows  {table.licence}"


def _tried(name: str, read: Callable[[], str]) -> Finding:
    try:
        return Finding(name, read())
    except NorthrouteError as problem:
        return Finding(name, problem=str(problem))
