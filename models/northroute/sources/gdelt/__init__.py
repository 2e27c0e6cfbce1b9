"""GDELT: from the provider's own files to incidents.

``fetch_gdelt`` brings the files, ``extract`` reads them into Parquet, ``build_incidents`` turns them into the Incidents
table; :mod:`northroute.panel.incidents` makes panels of it. See ``analysis/docs/events.md``.
"""

from northroute.sources.gdelt.build import Options, build_incidents
from northroute.sources.gdelt.extract import Extract, extract, files_of
from northroute.sources.gdelt.fetch import Fetched, fetch_gdelt
from northroute.sources.gdelt.incident import Incidents, load, save

__all__ = [
    "Extract",
    "Fetched",
    "Incidents",
    "Options",
    "build_incidents",
    "extract",
    "fetch_gdelt",
    "files_of",
    "load",
    "save",
]
