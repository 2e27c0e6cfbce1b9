"""One file over HTTP: resumed where it broke off, retried with growing pauses, checked, put in place at once."""

import hashlib
import http.client
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from northroute import __version__
from northroute.errors import FetchError

_CHUNK: Final = 1 << 16
_GONE: Final = (404, 410)
_OK, _PARTIAL, _UNSATISFIABLE = 200, 206, 416
_AGENT: Final = f"northroute/{__version__}"


@dataclass(frozen=True)
class Policy:
    """How patient a download is.

    Attributes
    ----------
    attempts : int
        Tries before a file is given up; a file that is absent (404, 410) is not tried again.
    pause : float
        Seconds before the second try; doubled each time, at most 60.
    timeout : float
        Seconds without a byte after which a connection counts as stalled.
    """

    attempts: int = 5
    pause: float = 1.0
    timeout: float = 30.0


@dataclass(frozen=True)
class Outcome:
    """How a download ended; ``size`` and ``md5`` are of the file in place, 0 and empty if there is none."""

    status: Literal["complete", "absent", "corrupt", "failed"]
    size: int = 0
    md5: str = ""
    reason: str = ""


def file_md5(path: Path) -> str:
    """MD5 of a file's bytes, as hexadecimal; the checksum that the provider publishes, no proof against forgery."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def download(
    address: str, target: Path, size: int | None, md5: str | None, policy: Policy, stop: threading.Event
) -> Outcome:
    """Bring one file to ``target``.

    What has arrived waits beside it as ``.partial`` and is gone on with, in this call or a later one. The file is in
    place, whole and as published, or not at all.

    Parameters
    ----------
    address : str
    target : Path
    size, md5 : int and str, or None
        As published; None is not checked.
    policy : Policy
    stop : threading.Event
        When set, the download ends as ``failed`` and its partial file is kept.
    """
    partial = target.with_name(target.name + ".partial")
    target.parent.mkdir(parents=True, exist_ok=True)
    outcome = Outcome("failed", reason="stopped")
    for attempt in range(policy.attempts):
        if attempt and stop.wait(min(policy.pause * 2 ** (attempt - 1), 60.0)):
            break
        try:
            _receive(address, partial, size, policy.timeout, stop)
        except urllib.error.HTTPError as failure:
            failure.close()
            if failure.code in _GONE:
                partial.unlink(missing_ok=True)
                return Outcome("absent", reason=f"HTTP {failure.code}")
            if failure.code == _UNSATISFIABLE:
                partial.unlink(missing_ok=True)
            outcome = Outcome("failed", reason=f"HTTP {failure.code}")
            continue
        except (OSError, http.client.HTTPException) as failure:
            outcome = Outcome("failed", reason=f"{type(failure).__name__}: {failure}")
            continue
        if stop.is_set():
            break
        outcome = _check(partial, size, md5)
        if outcome.status == "complete":
            partial.replace(target)
            return outcome
    return outcome


def text(address: str, policy: Policy) -> str:
    """Return a text file such as an index.

    Raises
    ------
    FetchError
        If it cannot be had; says what to check.
    """
    reason = ""
    waiting = threading.Event()
    for attempt in range(policy.attempts):
        if attempt:
            waiting.wait(min(policy.pause * 2 ** (attempt - 1), 60.0))
        try:
            with urllib.request.urlopen(_request(address), timeout=policy.timeout) as answer:
                content: bytes = answer.read()
                return content.decode("utf-8", errors="replace")
        except urllib.error.HTTPError as failure:
            failure.close()
            reason = f"HTTP {failure.code}"
            if failure.code in _GONE:
                break
        except (OSError, http.client.HTTPException) as failure:
            reason = f"{type(failure).__name__}: {failure}"
    raise FetchError(
        f"Could not read {address} ({reason}). Check the connection and --base-url. Files that are here were left alone."
    )


def _request(address: str, start: int = 0) -> urllib.request.Request:
    if not address.startswith(("http://", "https://")):
        raise FetchError(f"'{address}' is no HTTP address. Give --base-url as http://host/ or https://host/.")
    headers = {"User-Agent": _AGENT} | ({"Range": f"bytes={start}-"} if start else {})
    return urllib.request.Request(address, headers=headers)


def _receive(address: str, partial: Path, size: int | None, timeout: float, stop: threading.Event) -> None:
    have = partial.stat().st_size if partial.exists() else 0
    if size is not None and have > size:
        partial.unlink()
        have = 0
    if size is not None and have == size > 0:
        return
    with urllib.request.urlopen(_request(address, have), timeout=timeout) as answer:
        resumed = answer.status == _PARTIAL and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        with partial.open("ab" if resumed else "wb") as stream:
            while not stop.is_set() and (chunk := answer.read1(_CHUNK)):
                stream.write(chunk)
        expected = answer.headers.get("Content-Length")
        arrived = partial.stat().st_size - (have if resumed else 0)
        if not stop.is_set() and expected is not None and arrived < int(expected):
            raise http.client.IncompleteRead(b"", int(expected) - arrived)


def _check(partial: Path, size: int | None, md5: str | None) -> Outcome:
    arrived = partial.stat().st_size
    if size is not None and arrived < size:
        return Outcome("failed", reason=f"{arrived} of {size} bytes arrived")
    found = file_md5(partial)
    if (size is not None and arrived != size) or (md5 is not None and found != md5):
        partial.unlink()
        return Outcome("corrupt", reason=f"{arrived} bytes with MD5 {found}, not as published ({size}, {md5})")
    return Outcome("complete", arrived, found)
