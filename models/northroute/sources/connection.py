"""HTTP with limits: a redirect stays with its host, nothing is inflated, what goes wrong becomes a reason in words."""

import email.utils
import http.client
import re
import socket
import ssl
import threading
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from northroute import __version__
from northroute.errors import FetchError
from northroute.sources.wire import ExchangeError, GaugedRequest, Policy, opener

OK: Final = 200
PARTIAL: Final = 206
GONE: Final = (404, 410)
_AGAIN: Final = (408, 416, 425, 429)
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_HOPS: Final = 5
_PORTS: Final = {"http": 80, "https": 443}
_ROOM: Final = 1 << 20
"""Bytes on the wire that are not the body's: heads, and a redirect's own page."""
_CHUNKING: Final = 8
"""Bytes on the wire a byte of the body, at most: chunks of one byte."""
_AGENT: Final = f"northroute/{__version__}"
_LENGTH: Final = re.compile(r"[0-9]{1,18}")


class Answer(NamedTuple):
    """An answer whose head is right: ``address`` is where it came from in the end, ``blocks`` its body."""

    address: str
    resumed: bool
    blocks: Iterator[bytes]


class Client:
    """Asks servers under a policy, until it is told to stop.

    Parameters
    ----------
    policy : Policy
    stop : threading.Event, optional
        When set, reads under way end within a second, as an :class:`ExchangeError`.
    """

    def __init__(self, policy: Policy, stop: threading.Event | None = None) -> None:
        self.policy, self.stop = policy, stop or threading.Event()
        self._opener = opener()

    @contextmanager
    def answer(self, address: str, start: int, size: int | None, most: int) -> Iterator[Answer]:
        """Ask for a file of ``size`` bytes, or of at most ``most`` where that is not known, from byte ``start`` on.

        A body that is longer is handed out to its first byte too many, and no further.

        Raises
        ------
        ExchangeError
            Here or while the blocks are read: with the reason, in words.
        """
        most = most if size is None else size
        with _said():
            reply, final = self._open(address, start, most)
        with reply:
            _check(reply, start, retry_after(reply.headers.get("Retry-After"), datetime.now(UTC)))
            resumed = reply.status == PARTIAL
            left = most - start if resumed else most
            length = _length(reply.headers.get_all("Content-Length", []))
            if length is not None and length > left:
                raise ExchangeError(f"the server announces {length} bytes, where {left} are the most that may come")
            if size is not None and length not in (None, left):
                raise ExchangeError(f"the server announces {length} bytes, where {left} are to come")
            yield Answer(final, resumed, _blocks(reply, length, left))

    def _open(self, address: str, start: int, most: int) -> tuple[http.client.HTTPResponse, str]:
        headers = {"User-Agent": _AGENT} | ({"Range": f"bytes={start}-"} if start else {})
        wire = _CHUNKING * most + _ROOM
        for _ in range(_HOPS + 1):
            request = GaugedRequest(address, headers, wire, self.policy, self.stop)
            reply = self._opener.open(request, timeout=self.policy.timeout)
            assert isinstance(reply, http.client.HTTPResponse)
            if reply.status not in _REDIRECTS:
                return reply, address
            with reply:
                address = onward(address, reply.headers.get("Location", ""), self.policy.other_hosts)
        raise ExchangeError(f"redirected more than {_HOPS} times, in the end to {shown(address)}", again=False)


def check_address(address: str) -> None:
    """Refuse what is no plain address of a folder or file on an HTTP server.

    Raises
    ------
    FetchError
    """
    remedy = "Give --base-url as https://host/folder/ or http://host/folder/."
    try:
        parts = urlsplit(address)
        good = parts.scheme in _PORTS and bool(parts.hostname) and _port(parts) > 0
    except ValueError:
        good = False
    if not good or not address.isascii() or re.search(r"[\s\x00-\x1f?#@\\]", address):
        raise FetchError(f"'{shown(address)}' is no HTTP address of a folder. {remedy}")


def onward(address: str, location: str, other_hosts: bool) -> str:
    """Return where a redirect leads.

    Raises
    ------
    ExchangeError
        If it leads nowhere, from https to http, or to another host and that was not asked for.
    """
    try:
        target = urljoin(address, quote(location.strip(), safe="%/:=&?~#+!$,;'@()*[]"))
        here, there = urlsplit(address), urlsplit(target)
        ports = _port(here), _port(there)
    except ValueError as failure:
        raise ExchangeError(f"redirected to '{shown(location)}', which is no address", again=False) from failure
    if not location or there.scheme not in _PORTS or not there.hostname:
        raise ExchangeError(f"redirected to '{shown(location)}', which is no HTTP address", again=False)
    if here.scheme == "https" and there.scheme == "http":
        raise ExchangeError(f"redirected from https to plain http, {shown(target)}: not followed", again=False)
    same = here.hostname == there.hostname and (ports[0] == ports[1] or ports == (80, 443))
    if not same and not other_hosts:
        raise ExchangeError(f"redirected to another host, {shown(target)}: --other-hosts follows it", again=False)
    return target


def retry_after(value: str | None, now: datetime) -> float:
    """Return the seconds that a ``Retry-After`` header asks to wait; 0 for none, for the past and for nonsense."""
    if value is None:
        return 0.0
    if _LENGTH.fullmatch(value.strip()):
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
        return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError, IndexError, TypeError):
        return 0.0


def shown(text: str) -> str:
    """Return what a server sent as it may be printed: one line of plain characters, cut to 100."""
    return "".join(c if c.isprintable() else "?" for c in text[:100]) + ("..." if len(text) > 100 else "")


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS.get(parts.scheme, 0)


def _check(reply: http.client.HTTPResponse, start: int, wait: float) -> None:
    """Refuse an answer that is neither the whole file nor the part that was asked for."""
    status = reply.status
    if status == PARTIAL:
        span = reply.headers.get("Content-Range", "")
        if not start or not span.startswith(f"bytes {start}-"):
            raise ExchangeError(f"another part came than was asked for ('{shown(span)}' for {start}-)", status=416)
    elif status != OK:
        again = status in _AGAIN or status >= 500
        phrase = f" {shown(reply.reason)}" if reply.reason else ""
        raise ExchangeError(f"HTTP {status}{phrase}", status=status, again=again, wait=wait)
    coding = reply.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise ExchangeError(f"came {shown(coding)}-coded, which was not asked for", again=False)
    if reply.headers.get_content_type() == "text/html":
        raise ExchangeError("a web page came in place of the file")


def _length(announced: list[str]) -> int | None:
    if not announced:
        return None
    if len(set(announced)) > 1 or not _LENGTH.fullmatch(announced[0].strip()):
        raise ExchangeError(f"the server's Content-Length is '{shown(', '.join(announced))}', which is no length")
    return int(announced[0])


def _blocks(reply: http.client.HTTPResponse, length: int | None, most: int) -> Iterator[bytes]:
    arrived = 0
    with _said():
        while arrived <= most and (block := reply.read1(min(1 << 16, most + 1 - arrived))):
            arrived += len(block)
            yield block
        if length is not None and arrived < length:
            raise ExchangeError(f"broke off after {arrived} of {length} bytes")


@contextmanager
def _said() -> Iterator[None]:
    """Turn what the network and its libraries raise into a reason."""
    try:
        yield
    except urllib.error.URLError as failure:
        inner = failure.reason
        final = isinstance(inner, ssl.SSLCertVerificationError)
        raise ExchangeError(_words(inner), again=not final) from failure
    except (OSError, http.client.HTTPException, ValueError) as failure:
        raise ExchangeError(_words(failure)) from failure


def _words(failure: object) -> str:
    match failure:
        case ssl.SSLCertVerificationError():
            return f"the server's certificate is not accepted ({failure.verify_message})"
        case ssl.SSLError():
            return f"the secure connection failed ({failure.reason or 'cut off'})"
        case socket.gaierror():
            return "the server's name is not known: no connection?"
        case ConnectionRefusedError():
            return "the server refuses connections"
        case http.client.RemoteDisconnected():
            return "the server hung up without an answer"
        case ConnectionResetError() | BrokenPipeError():
            return "the connection was reset"
        case TimeoutError():
            return "no answer in time"
        case http.client.InvalidURL():
            return f"no address that can be asked ({shown(str(failure))})"
        case http.client.IncompleteRead():
            return "broke off in the midst of a chunk"
        case http.client.BadStatusLine() | http.client.UnknownProtocol():
            return "the answer is not HTTP"
        case http.client.HTTPException() | ValueError():
            return f"the answer is not HTTP as it should be ({shown(str(failure))})"
        case OSError() if failure.strerror:
            return failure.strerror
        case _:
            return f"{type(failure).__name__}: {shown(str(failure))}"
