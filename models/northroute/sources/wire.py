"""The wire under a download: every byte of an answer passes one gauge, which counts bytes and seconds.

So a body, a header, a chunk's size, a trailer or a row of interim answers that never ends, or that comes too slowly, ends
all the same. A library that retries and follows redirects for us has no such place.
"""

import http.client
import io
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from northroute.errors import FetchError

_POLL: Final = 0.5
"""Seconds after which a read looks whether it shall stop."""


@dataclass(frozen=True)
class Policy:
    """How patient a download is, and whom it follows.

    Attributes
    ----------
    attempts : int
        Tries before a file is given up; what another try cannot mend (an absent file, a refusal) is not tried again.
    pause : float
        Seconds before the second try; doubled each time, and longer where the server asks for it (``Retry-After``).
    longest_pause : float
        Seconds that a pause takes at most, whoever asks.
    timeout : float
        Seconds without a byte after which a connection counts as stalled.
    slowest : float
        Bytes a second, over any ``timeout`` seconds, below which a connection is given up.
    other_hosts : bool
        Whether a redirect may lead to another host; never from https to http.
    """

    attempts: int = 5
    pause: float = 1.0
    longest_pause: float = 60.0
    timeout: float = 30.0
    slowest: float = 1000.0
    other_hosts: bool = False


class ExchangeError(FetchError):
    """An exchange that did not bring what was asked for; the message is a reason, without a sentence's frame.

    Attributes
    ----------
    status : int
        HTTP status, 0 where none came.
    again : bool
        Whether another try may do better.
    wait : float
        Seconds that the server asked to wait, 0 if it did not.
    """

    def __init__(self, reason: str, *, status: int = 0, again: bool = True, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.status, self.again, self.wait = status, again, wait


class _Gauge(io.RawIOBase):
    """The socket's stream: at most ``most`` bytes, none slower than the policy allows, none after the word to stop."""

    def __init__(
        self, connection: socket.socket, stream: io.RawIOBase, policy: Policy, stop: threading.Event, most: int
    ):
        super().__init__()
        self._connection, self._stream, self._policy, self._stop, self._most = connection, stream, policy, stop, most
        self._usual = connection.gettimeout()
        self._count = self._marked = 0
        self._since: float | None = None
        connection.settimeout(min(_POLL, policy.timeout))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        began = time.monotonic()
        while True:
            if self._stop.is_set():
                raise ExchangeError("stopped", again=False)
            try:
                arrived = self._connection.recv_into(buffer)
                break
            except TimeoutError:
                if time.monotonic() - began >= self._policy.timeout:
                    raise ExchangeError(f"stalled: no byte in {self._policy.timeout:g} s") from None
        self._count += arrived
        if self._count > self._most:
            raise ExchangeError(f"more than {self._most} bytes came, and no end")
        self._judge(time.monotonic())
        return arrived

    def _judge(self, now: float) -> None:
        if self._since is None:
            self._since = now
            return
        passed = now - self._since
        if passed >= self._policy.timeout:
            if self._count - self._marked < self._policy.slowest * passed:
                rate = f"{(self._count - self._marked) / passed:.0f} bytes a second over {passed:.1f} s"
                raise ExchangeError(f"too slow: {rate}, where {self._policy.slowest:.0f} are the least")
            self._since, self._marked = now, self._count

    def close(self) -> None:
        with suppress(OSError):
            self._connection.settimeout(self._usual)
        self._stream.close()
        super().close()


class GaugedRequest(urllib.request.Request):
    """A request whose answer has at most ``most`` bytes on the wire, head included."""

    def __init__(self, address: str, headers: dict[str, str], most: int, policy: Policy, stop: threading.Event) -> None:
        super().__init__(address, headers=headers)
        self.gauge = partial(_Gauge, policy=policy, stop=stop, most=most)


def opener() -> urllib.request.OpenerDirector:
    """Return what sends a :class:`GaugedRequest`, by the environment's proxy if it names one, and nothing but http(s)."""
    made = urllib.request.OpenerDirector()
    for handler in (urllib.request.ProxyHandler(), _Plain(), _Secure()):
        made.add_handler(handler)
    return made


class _Response(http.client.HTTPResponse):
    def __init__(
        self, connection: socket.socket, debuglevel: int = 0, method: str | None = None, *, gauge: Callable[..., _Gauge]
    ) -> None:
        super().__init__(connection, debuglevel, method)
        self.fp: Any = io.BufferedReader(gauge(connection, self.fp.detach()))


def _connection(kind: type[http.client.HTTPConnection], request: Any) -> Callable[..., http.client.HTTPConnection]:
    def make(host: str, **settings: Any) -> http.client.HTTPConnection:
        made = kind(host, **settings)
        made.response_class = partial(_Response, gauge=request.gauge)  # type: ignore[assignment]
        return made

    return make


class _Plain(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_connection(http.client.HTTPConnection, req), req)


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self) -> None:
        super().__init__()
        self._trust = ssl.create_default_context()

    def https_open(self, req: urllib.request.Request) -> Any:
        make = _connection(http.client.HTTPSConnection, req)
        return self.do_open(make, req, context=self._trust)
