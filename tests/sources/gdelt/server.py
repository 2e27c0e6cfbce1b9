"""An HTTP server on the loopback that serves a folder and misbehaves on request."""

import http.server
import os
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from tests.sources.gdelt.tricks import TRICKS

Faults = dict[str, list[str]]


class Site(http.server.ThreadingHTTPServer):
    """Serves ``folder``; ``faults`` gives, by file name, what happens at its first, second ... request: see TRICKS."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, folder: Path, faults: Faults, stall: float, certificate: Path | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.scheme = "https"
        self.folder, self.faults, self.stall = folder, faults, stall
        self.requests: Counter[str] = Counter()
        self.ranges: list[tuple[str, str]] = []
        self.open = 0
        self.most = 0
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        """Base address with the final slash."""
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: connections are meant to break here."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Site

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        site = self.server
        name = self.path.partition("?")[0].rsplit("/", 1)[-1]
        with site.lock:
            turn = site.requests[name]
            site.requests[name] += 1
            site.open += 1
            site.most = max(site.most, site.open)
        try:
            faults = site.faults.get(name, [])
            self._answer(name, faults[turn] if turn < len(faults) else "")
        finally:
            with site.lock:
                site.open -= 1

    def _answer(self, name: str, fault: str) -> None:
        site = self.server
        path = site.folder / self.path.partition("?")[0].lstrip("/")
        if fault.isdigit() or not path.is_file():
            self.send_error(int(fault or "404"))
            return
        if fault in TRICKS:
            TRICKS[fault](self, path.read_bytes())
            return
        content, start = path.read_bytes(), 0
        wanted = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted:
            site.ranges.append((name, wanted[0]))
            if fault != "no range":
                start = int(wanted[1]) + (1 if fault == "another part" else 0)
                if start >= len(content):
                    self.send_error(416)
                    return
        body = content[start:]
        if fault == "other content":
            body = bytes(len(body))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(body) // 2 if fault == "short" else len(body)))
        self.end_headers()
        if fault in ("cut", "reset", "stall", "short"):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            if fault == "stall":
                time.sleep(site.stall)
            elif fault == "reset":
                self.connection.setsockopt(1, 13, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # SO_LINGER 0: send RST
                self.connection.close()
            return
        self.wfile.write(body)


@contextmanager
def serving(
    folder: Path, faults: Faults | None = None, stall: float = 2.5, certificate: Path | None = None
) -> Iterator[Site]:
    """Serve a folder for the length of a block, by https if there is a file of certificate and key; no proxy is asked."""
    site = Site(folder, faults or {}, stall, certificate)
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        with mock.patch.dict(os.environ, {"NO_PROXY": "*", "no_proxy": "*"}):
            yield site
    finally:
        site.shutdown()
        thread.join()
        site.server_close()
