"""The rules on Google's copy of GDELT: what a query would scan, and its rows (extra ``bigquery``, and credentials)."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from northroute.errors import MissingDataError

_REMEDY = (
    "Install the extra (pip install 'northroute[bigquery]') and log in (gcloud auth application-default login), or run the "
    "printed text in the BigQuery console."
)


@dataclass(frozen=True)
class Estimate:
    """What a query would scan, in bytes; nothing is charged for asking."""

    scanned: int

    def __str__(self) -> str:
        """Return the size in gigabytes."""
        return f"{self.scanned / 1e9:.1f} GB"


def client(project: str | None = None) -> Any:
    """Return a BigQuery client on the user's own credentials.

    Raises
    ------
    MissingDataError
        If the extra is not installed or there are no credentials; says how to get them.
    """
    try:
        from google.auth.exceptions import DefaultCredentialsError
        from google.cloud import bigquery
    except ImportError as failure:
        raise MissingDataError(f"google-cloud-bigquery is not installed. {_REMEDY}") from failure
    try:
        return bigquery.Client(project=project)
    except (DefaultCredentialsError, OSError) as failure:
        raise MissingDataError(f"No credentials for BigQuery were found. {_REMEDY}") from failure


def estimate(connection: Any, text: str) -> Estimate:
    """Return what a query would scan, by a dry run.

    Parameters
    ----------
    connection : google.cloud.bigquery.Client
    text : str
        From :func:`northroute.sources.gdelt.sql.query` in BigQuery's dialect.
    """
    job = connection.query(text, job_config=_settings(dry_run=True, limit=None))
    return Estimate(int(job.total_bytes_processed))


def rows(connection: Any, text: str, limit: int) -> pd.DataFrame:
    """Run a query and return its rows; BigQuery refuses it if it would scan more than ``limit`` bytes."""
    found = connection.query(text, job_config=_settings(dry_run=False, limit=limit)).result()
    return pd.DataFrame([dict(row.items()) for row in found])


def _settings(*, dry_run: bool, limit: int | None) -> Any:
    try:
        from google.cloud import bigquery
    except ImportError as failure:
        raise MissingDataError(f"google-cloud-bigquery is not installed. {_REMEDY}") from failure
    return bigquery.QueryJobConfig(dry_run=dry_run, use_query_cache=False, maximum_bytes_billed=limit)
