"""The rules on Google's copy of GDELT: what a query would scan, and its rows (extra ``bigquery``, and credentials)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from northroute.errors import FetchError, MissingDataError

_REMEDY = (
    "Install the extra (pip install 'northroute[bigquery]') and log in (gcloud auth application-default login), or run the "
    "printed text in the BigQuery console."
)


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


def estimate(connection: Any, text: str) -> int:
    """Return the bytes that a query would scan, by a dry run, for which nothing is charged.

    Parameters
    ----------
    connection : google.cloud.bigquery.Client
    text : str
        From :func:`northroute.sources.gdelt.sql.query` in BigQuery's dialect.

    Raises
    ------
    FetchError
        For what BigQuery refuses.
    """
    with _told():
        job = connection.query(text, job_config=_settings(dry_run=True, limit=None))
        return int(job.total_bytes_processed)


def rows(connection: Any, text: str, limit: int) -> pd.DataFrame:
    """Run a query and return its rows.

    Raises
    ------
    FetchError
        For what BigQuery refuses, such as a query that would scan more than ``limit`` bytes.
    """
    with _told():
        found = connection.query(text, job_config=_settings(dry_run=False, limit=limit)).result()
        return pd.DataFrame([dict(row.items()) for row in found])


@contextmanager
def _told() -> Iterator[None]:
    """Turn what Google's libraries raise (refusals, lost connections, stale credentials) into one line."""
    try:
        yield
    except Exception as failure:
        if not type(failure).__module__.startswith("google."):
            raise
        what = (str(failure).splitlines() or [type(failure).__name__])[0]
        raise FetchError(
            f"BigQuery: {what[:300]}. Check --project, its rights and --limit. Nothing was written."
        ) from failure


def _settings(*, dry_run: bool, limit: int | None) -> Any:
    try:
        from google.cloud import bigquery
    except ImportError as failure:
        raise MissingDataError(f"google-cloud-bigquery is not installed. {_REMEDY}") from failure
    return bigquery.QueryJobConfig(dry_run=dry_run, use_query_cache=False, maximum_bytes_billed=limit)
