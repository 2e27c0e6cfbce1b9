"""What a hostile or broken server does in place of an answer; each trick writes to the connection as it likes."""

import gzip
import http.server
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat
from typing import Final

Trick = Callable[[http.server.BaseHTTPRequestHandler, bytes], None]
END: Final = 20.0
"""Seconds after which an endless trick ends all the same; a client that waits for it has failed."""
DRIP: Final = 0.02
_BOMB: Final = gzip.compress(bytes(10_000_000), 1)
HTML: Final = b"<!DOCTYPE html><html><body>Please log in to this network</body></html>"


def _send(handler: http.server.BaseHTTPRequestHandler, blocks: Iterator[bytes], pause: float = 0.0) -> None:
    """Write until the blocks or the time are used up, or the client hangs up."""
    began = time.monotonic()
    try:
        for block in blocks:
            handler.wfile.write(block)
            if pause:
                time.sleep(pause)
            if time.monotonic() - began > END:
                break
    except OSError:
        pass
    handler.close_connection = True


def _bytes(content: bytes) -> Iterator[bytes]:
    return (content[i : i + 1] for i in range(len(content)))


def _after(head: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from blocks


def reply(head: str, handler: http.server.BaseHTTPRequestHandler, content: bytes) -> None:
    """Send head lines, then the right content; ``{n}`` is its length and ``{here}`` the host asked."""
    here = handler.headers["Host"]
    text = head.replace("{n}", str(len(content))).replace("{here}", here).replace("{port}", here.partition(":")[2])
    text = text.replace("{path}", handler.path)
    _send(handler, iter([text.replace("\n", "\r\n").encode() + b"\r\n\r\n", content]))


def _page(handler: http.server.BaseHTTPRequestHandler, content: bytes) -> None:
    reply("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: {n}", handler, HTML)


def _endless(head: bytes, block: bytes, handler: http.server.BaseHTTPRequestHandler, content: bytes) -> None:
    _send(handler, _after(head, repeat(block)))


def _drip(head: bytes, body: bytes | None, handler: http.server.BaseHTTPRequestHandler, content: bytes) -> None:
    head = head.replace(b"{n}", str(len(content)).encode())
    _send(handler, _after(head, _bytes(content if body is None else body)), DRIP)


def _bomb(handler: http.server.BaseHTTPRequestHandler, content: bytes) -> None:
    reply("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: {n}", handler, _BOMB)


def _broken_chunk(size: bytes, handler: http.server.BaseHTTPRequestHandler, content: bytes) -> None:
    half = content[: len(content) // 2]
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    _send(handler, iter([head, b"%x\r\n" % len(half), half, b"\r\n", size]))


def _raw(text: bytes, handler: http.server.BaseHTTPRequestHandler, content: bytes) -> None:
    _send(handler, iter([text]))


def _more(handler: http.server.BaseHTTPRequestHandler, content: bytes) -> None:
    reply("HTTP/1.1 200 OK\nConnection: close", handler, content + b"and more")


def _less(handler: http.server.BaseHTTPRequestHandler, content: bytes) -> None:
    reply("HTTP/1.1 200 OK\nConnection: close", handler, content[:-7])


_CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_WITH_LENGTH: Final = "HTTP/1.1 200 OK\nContent-Length: "
_TO: Final = "HTTP/1.1 302 Found\nContent-Length: 0\nLocation: "

TRICKS: Final[dict[str, Trick]] = {
    "endless body": partial(_endless, b"HTTP/1.1 200 OK\r\n\r\n", bytes(1 << 16)),
    "endless chunks": partial(_endless, _CHUNKED, b"1\r\nx\r\n"),
    "endless head": partial(_endless, b"HTTP/1.1 200 OK\r\n", b"X-More: y\r\n"),
    "endless header line": partial(_endless, b"HTTP/1.1 200 OK\r\nX-More: ", b"y" * 4096),
    "endless interim answers": partial(_endless, b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "endless trailers": partial(_endless, _CHUNKED + b"0\r\n", b"X-More: y\r\n" * 100),
    "endless redirect page": partial(_endless, b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n", bytes(1 << 16)),
    "endless error page": partial(_endless, b"HTTP/1.1 500 Oops\r\n\r\n", bytes(1 << 16)),
    "dripping body": partial(_drip, b"HTTP/1.1 200 OK\r\nContent-Length: {n}\r\n\r\n", None),
    "dripping head": partial(_drip, b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n" * 500),
    "dripping chunk size": partial(_drip, _CHUNKED, b"0" * 5000),
    "dripping trailers": partial(_drip, _CHUNKED + b"0\r\n", b"X-More: yes\r\n" * 500),
    "dripping interim answers": partial(_drip, b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
    **{
        f"Content-Length: {value}": partial(reply, f"{_WITH_LENGTH}{value}")
        for value in (
            "abc",
            "-5",
            "1" + "0" * 17,
            "1" + "0" * 30,
            "1" * 5000,
            "0x10",
            "+5",
            "{n}, {n}",
            "{n}.0",
            "",
            "٣",
        )
    },
    "two Content-Lengths": partial(reply, f"{_WITH_LENGTH}5\nContent-Length: {{n}}"),
    "more than listed": _more,
    "less than listed": _less,
    "chunk cut off": partial(_broken_chunk, b""),
    "chunk size garbage": partial(_broken_chunk, b"zz\r\n"),
    "chunk size huge": partial(_broken_chunk, b"ffffffffffffffffffffffff\r\nx"),
    "chunk size negative": partial(_broken_chunk, b"-1\r\nx"),
    "gzip bomb": _bomb,
    "deflate-coded": partial(reply, "HTTP/1.1 200 OK\nContent-Encoding: deflate\nContent-Length: {n}"),
    "HTML page": _page,
    "HTML page without a length": partial(_raw, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + HTML),
    "to another host": partial(reply, f"{_TO}http://localhost:{{port}}{{path}}?again"),
    "to another port": partial(reply, f"{_TO}http://127.0.0.1:1{{path}}"),
    "to itself": partial(reply, f"{_TO}{{path}}"),
    "to plain http": partial(reply, f"{_TO}http://{{here}}{{path}}"),
    "to a file": partial(reply, f"{_TO}file:///etc/passwd"),
    "to ftp": partial(reply, f"{_TO}ftp://127.0.0.1{{path}}"),
    "to nowhere": partial(reply, "HTTP/1.1 302 Found\nContent-Length: 0"),
    "to garbage": partial(reply, f"{_TO}http://[::1"),
    "to a bad port": partial(reply, f"{_TO}http://127.0.0.1:99999999/"),
    "to a line feed": partial(reply, f"{_TO}http://127.0.0.1:{{port}}/%0d%0aX:%20y"),
    "to another path": partial(reply, f"{_TO}{{path}}?moved"),
    "not modified": partial(_raw, b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "no content": partial(_raw, b"HTTP/1.1 204 No Content\r\n\r\n"),
    "part not asked for": partial(reply, "HTTP/1.1 206 Partial\nContent-Range: bytes 5-9/10\nContent-Length: {n}"),
    "status 999": partial(_raw, b"HTTP/1.1 999 What\r\n\r\n"),
    "status 10^30": partial(_raw, b"HTTP/1.1 1" + b"0" * 30 + b" What\r\n\r\n"),
    "status abc": partial(_raw, b"HTTP/1.1 abc\r\n\r\n"),
    "status with colours": partial(_raw, b"HTTP/1.1 403 \x1b[31mred [bold]x[/] \x07\r\nContent-Length: 0\r\n\r\n"),
    "429, come back never": partial(
        _raw, b"HTTP/1.1 429 Slow\r\nRetry-After: 99999999999\r\nContent-Length: 0\r\n\r\n"
    ),
    "503, come back in 9999": partial(
        _raw, b"HTTP/1.1 503 Busy\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n"
    ),
    "503, come back nonsense": partial(_raw, b"HTTP/1.1 503 Busy\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n"),
    "not HTTP": partial(_raw, b"SSH-2.0-OpenSSH_9.6\r\n"),
    "bytes of nothing": partial(_raw, bytes(range(256)) * 40),
    "HTTP 0.9": partial(_raw, HTML),
    "silence": partial(_raw, b""),
}
