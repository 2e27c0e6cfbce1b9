"""Reading of a file that somebody else made: a regular one, of a size that makes sense, in UTF-8."""

from pathlib import Path
from typing import Final

from northroute.errors import DataError

LARGEST: Final = 200_000_000
"""Bytes of a text file beyond which it is not read into memory."""
_RESTORE: Final = "Restore the file from its source."


def check_regular(path: Path) -> None:
    """Refuse what is not a readable regular file: a folder, a pipe or device (which could block for ever), a dangling link.

    Raises
    ------
    DataError
    """
    if path.is_symlink() and not path.exists():
        raise DataError("a link to nothing", file=path, remedy="Mend the link, or put the file there.")
    if not path.exists():
        raise DataError("there is no such file", file=path, remedy="Check the folder, or fetch the data first.")
    if path.is_dir():
        raise DataError("a folder, not a file", file=path, remedy="Put the file there.")
    if not path.is_file():
        raise DataError("a pipe or device, not a file", file=path, remedy="Put the file itself there.")


def read_text(path: Path, *, largest: int = LARGEST) -> str:
    """Return the text of a UTF-8 file; a byte order mark is dropped.

    Raises
    ------
    DataError
        For what is no regular file, cannot be read, has more than ``largest`` bytes, or is not UTF-8.
    """
    check_regular(path)
    try:
        size = path.stat().st_size
        if size > largest:
            what = f"{size:,} bytes, where {largest:,} are the most that make sense"
            raise DataError(what, file=path, remedy=_RESTORE)
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as failure:
        what = f"not UTF-8 text ({failure.reason} at byte {failure.start})"
        raise DataError(what, file=path, remedy=f"{_RESTORE} Save it as UTF-8 if it is yours.") from failure
    except OSError as failure:
        what = f"cannot be read ({failure.strerror or failure})"
        raise DataError(what, file=path, remedy="Check the file's permissions and its disk.") from failure
