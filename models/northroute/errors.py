"""Every error northroute raises on purpose, each saying what is wrong, where, and what to do."""

from pathlib import Path


class NorthrouteError(Exception):
    """Base class: catch this to catch all of the package's own errors."""


class DataError(NorthrouteError):
    """A file or table that cannot be used as it is.

    Parameters
    ----------
    problem : str
        What is wrong, as a short sentence without a final stop.
    file : path-like or str
        The file, or a description of the table where there is no file.
    remedy : str
        What the user can do about it.
    row : int, optional
        Line in the file (the header is line 1), or a row key in words.
    column : str, optional
        Column name.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: Path | str,
        remedy: str,
        row: int | str | None = None,
        column: str | None = None,
    ) -> None:
        self.problem, self.file, self.row, self.column, self.remedy = problem, str(file), row, column, remedy
        place = self.file
        if row is not None:
            place += f", line {row}" if isinstance(row, int) else f", row {row}"
        if column is not None:
            place += f", column '{column}'"
        super().__init__(f"{place}: {problem}. {remedy}")


class MissingDataError(NorthrouteError):
    """Data that are needed and not there; the message says how to get them."""


class FetchError(NorthrouteError):
    """A download that failed or whose size or checksum is not the published one."""


class PanelError(NorthrouteError):
    """A panel whose keys, counts, exposure or covariates break the panel's contract."""


class ModelError(NorthrouteError):
    """A specification that cannot be fitted to the panel it was given."""


class GateError(NorthrouteError):
    """A fit that failed its diagnostics and may not be summarised."""


class RegisterError(NorthrouteError):
    """A claims register that is malformed or inconsistent."""


class SimulatedDataError(NorthrouteError):
    """An attempt to let simulated values pass for real ones."""
