"""From GDELT's files on disk to incidents and their panels, in one folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from northroute import holding
from northroute.errors import MissingDataError
from northroute.panel import Panel, save
from northroute.panel.incidents import PanelChoices, incident_panel
from northroute.progress import Progress, quiet
from northroute.sources import gdelt
from northroute.sources.gdelt import Extract, Incidents, Options, manifest
from northroute.sources.gdelt.build import DEFAULT_VARIANTS, WITHOUT_GKG
from northroute.sources.gdelt.fetch import MANIFEST
from northroute.sources.gdelt.formats import CENTRAL_ASIA, TableName, describe
from northroute.sources.gdelt.index import last_day

EXTRACT: Final = "extract"
INCIDENTS: Final = "incidents"
REGION_PANEL: Final = "region_month.parquet"
COUNTRY_PANEL: Final = "country_month.parquet"


@dataclass(frozen=True)
class Built:
    """What a run left in its folder.

    Attributes
    ----------
    extracts : mapping of table to Extract
    incidents : Incidents
    regions : Panel or None
        None where the countries have no regions in the constant division.
    countries : Panel
    """

    extracts: Mapping[TableName, Extract]
    incidents: Incidents
    regions: Panel | None
    countries: Panel


def build_events(
    files: Path,
    out: Path,
    options: Options | None = None,
    choices: PanelChoices | None = None,
    *,
    countries: Sequence[str] = CENTRAL_ASIA,
    workers: int | None = None,
    progress: Progress = quiet,
) -> Built:
    """Read the files below a folder, build the incidents and both panels, and save everything under ``out``.

    Files that lie in no month of ``options.window`` are not read. Where the folder holds a manifest, the rows read and kept
    of every file are entered into it, and which could not be read: the next fetch looks at these again.

    Parameters
    ----------
    files : Path
        Folder of GDELT files of one version.
    out : Path
        Gets ``extract/``, ``incidents/``, ``region_month.parquet`` and ``country_month.parquet``.
    options : Options, optional
    choices : PanelChoices, optional
        Of the region panel; the country panel differs only in its unit.
    countries : sequence of str
        FIPS codes.
    workers : int, optional
        Months read at a time.
    progress : Progress

    Raises
    ------
    MissingDataError
        If the folder holds no file that can be read.
    """
    wanted = _inside(gdelt.files_of(files), options.window if options else None)
    if not wanted:
        raise MissingDataError(
            f"No GDELT file of the window below '{files}': fetch some with 'northroute fetch gdelt', or make SIMULATED ones "
            "with 'northroute simulate archive'."
        )
    extracts = gdelt.extract(wanted, out / EXTRACT, countries, workers=workers, progress=progress)
    if options is None:
        options = Options(DEFAULT_VARIANTS if "gkg" in extracts else WITHOUT_GKG)
    _enter(files, extracts)
    incidents = gdelt.build_incidents(extracts, options, scratch=out / "scratch", progress=progress)
    gdelt.save(incidents, out / INCIDENTS)
    choices = choices or PanelChoices()
    by_country = incident_panel(incidents, replace(choices, unit="country"))
    save(by_country, out / COUNTRY_PANEL)
    by_region = None
    if set(countries) <= set(CENTRAL_ASIA):
        by_region = incident_panel(incidents, replace(choices, unit="region"))
        save(by_region, out / REGION_PANEL)
    return Built(extracts, incidents, by_region, by_country)


def _inside(files: Sequence[Path], window: tuple[date, date] | None) -> tuple[Path, ...]:
    if window is None:
        return tuple(files)
    kinds = ((f, describe(f.name)) for f in files)
    return tuple(f for f, k in kinds if k and k.day <= window[1] and last_day(k) >= window[0])


def _enter(folder: Path, extracts: Mapping[TableName, Extract]) -> None:
    counts = {f.name: (f.tally.rows, f.tally.kept) for e in extracts.values() for f in e.files if not f.problem}
    problems = {f.name: f.problem for e in extracts.values() for f in e.unreadable}
    for path in (folder / MANIFEST, *folder.glob(f"*/{MANIFEST}"), *folder.glob(f"*/*/{MANIFEST}")):
        if path.exists():
            with holding.folder(path.parent, "events build"):
                manifest.load(path).with_rows(counts).with_problems(problems).save(path)
