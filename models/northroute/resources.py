"""The package's own data files, found the same way in a checkout and in an installed wheel."""

from pathlib import Path

from northroute import pins
from northroute.errors import MissingDataError

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "_bundled", _PACKAGE.parents[1])


def resource(relative: str) -> Path:
    """Return the path of a bundled file such as ``data/reference/regions.csv``.

    Raises
    ------
    MissingDataError
        If the file is neither in the wheel nor in the checkout.
    DataError
        If it is a bundled table and not the one registered (:mod:`northroute.pins`).
    """
    for root in _ROOTS:
        path = root / relative
        if path.exists():
            pins.check(relative, path, root / pins.LOCK)
            return path
    raise MissingDataError(
        f"The bundled file '{relative}' is missing; reinstall northroute or restore it from the repository."
    )
