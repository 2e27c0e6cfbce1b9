"""Where verbs write: places are refused before anything is computed, held by one process at a time, and have room."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from northroute import holding
from northroute.cli.console import command, errors, fail, room
from northroute.progress import Progress


@contextmanager
def writing(folder: Path, megabytes: float, kept: str, tell: Progress) -> Iterator[None]:
    """Hold a folder that a verb writes in, alone, and refuse to begin on a disk without room for what it needs.

    Parameters
    ----------
    folder : Path
    megabytes : float
        What the verb may write, at most.
    kept, tell
        As in :func:`errors`; progress.
    """
    with errors(kept, folder), holding.folder(folder, command(), tell):
        free, more = room(folder), megabytes - held(folder)
        if free < more:
            fail(
                f"The disk of '{folder}' has {free:.0f} MB free, and this needs up to {more:.0f} MB more. Make room there, "
                "or write elsewhere."
            )
        yield


def held(folder: Path) -> float:
    """Return how many megabytes lie in a folder already."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6


def _place(path: Path, *, folder: bool) -> str:
    """Return what is wrong with a path as a place to write, or nothing."""
    if "\0" in str(path):
        return "holds a zero byte"
    try:
        if path.exists():
            kind = path.stat().st_mode
            if folder and not stat.S_ISDIR(kind):
                return "is no folder"
            if not folder and not stat.S_ISREG(kind):
                return "is no file"
        parent = path if folder and path.exists() else path.absolute().parent
        while not parent.exists():
            parent = parent.parent
        if not parent.is_dir():
            return f"cannot be made: '{parent}' is no folder"
        if not os.access(parent, os.W_OK | os.X_OK):
            return f"cannot be written: '{parent}' is read-only"
    except OSError as problem:
        return f"is no place to write ({problem.strerror})"
    return ""


def _checked(option: typer.CallbackParam, path: Path | None, *, folder: bool) -> Path | None:
    problem = _place(path, folder=folder) if path is not None else ""
    if problem:
        fail(f"{option.opts[0]}: '{path}' {problem}. Name a {'folder' if folder else 'file'} that can be written.")
    return path


def _folder(option: typer.CallbackParam, path: Path | None) -> Path | None:
    return _checked(option, path, folder=True)


def _file(option: typer.CallbackParam, path: Path | None) -> Path | None:
    return _checked(option, path, folder=False)


def folder_option(what: str, name: str = "--out") -> Any:
    """Return the option of a folder to write in; one that cannot be written is refused before anything is computed."""
    return typer.Option(name, callback=_folder, help=what)


def file_option(what: str, name: str = "--out") -> Any:
    """Return the option of a file to write; one that cannot be written is refused before anything is computed."""
    return typer.Option(name, callback=_file, help=what)
