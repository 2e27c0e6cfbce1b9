"""What hostile and broken servers, and the folder that is fetched to, do to ``northroute fetch``, through the command line.

Every fault of a server is of the same shape: three days are fetched, and the second meets the fault. Then the command has
to end soon, with status 1 and without a traceback; console and manifest give the reason; the other days are whole and the
second is not there; and the same command against a sound server leaves what an undisturbed one does.
"""

import contextlib
import hashlib
import io
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final
from unittest import mock

from typer.testing import CliRunner, Result

from northroute import holding
from northroute.cli import app
from northroute.sources.fetch import Published, fetch_mlp
from northroute.sources.gdelt import manifest
from northroute.sources.mlp import FOLDER
from tests.faults.folders import mounts
from tests.sources.gdelt.server import Site, serving
from tests.sources.gdelt.tricks import END

SURVIVED: Final = "survived"
Fault = Callable[[Path], str]
NAMES: Final = tuple(f"2015010{day}.export.CSV.zip" for day in (1, 2, 3))
BAD: Final = NAMES[1]
_VERB: Final = ("fetch", "gdelt", "--start", "2015-01-01", "--end", "2015-01-03")
SOON: Final = 15.0
"""Seconds that a fetch may take, whatever the server does."""

ANSWERS: Final = {
    "endless body": "more than the .* bytes came",
    "endless chunks": "more than the .* bytes came",
    "endless head": "more than 100 headers",
    "endless header line": "more than 65536 bytes",
    "endless interim answers": "more than .* bytes came, and no end",
    "endless trailers": "more than .* bytes came, and no end",
    "endless redirect page": "HTTP 404",
    "endless error page": "HTTP 500 Oops",
    "dripping body": "too slow",
    "dripping head": "too slow",
    "dripping chunk size": "too slow",
    "dripping trailers": "too slow",
    "dripping interim answers": "too slow",
    "stall": "stalled",
    "reset": "reset|broke off|hung up",
    "cut": "broke off after",
    "Content-Length: abc": "'abc', which is no length",
    "Content-Length: -5": "'-5', which is no length",
    "Content-Length: 100000000000000000": "announces 100000000000000000 bytes",
    "Content-Length: 1000000000000000000000000000000": "which is no length",
    f"Content-Length: {'1' * 5000}": "which is no length",
    "Content-Length: 0x10": "which is no length",
    "Content-Length: +5": "which is no length",
    "Content-Length: {n}, {n}": "which is no length",
    "Content-Length: {n}.0": "which is no length",
    "Content-Length: ": "which is no length",
    "Content-Length: ٣": "which is no length",
    "two Content-Lengths": "which is no length",
    "short": "announces .* are to come",
    "more than listed": "more than the .* bytes came",
    "less than listed": "of .* bytes came",
    "chunk cut off": "broke off",
    "chunk size garbage": "broke off",
    "chunk size huge": "broke off",
    "chunk size negative": "broke off",
    "gzip bomb": "gzip-coded, which was not asked for",
    "deflate-coded": "deflate-coded, which was not asked for",
    "HTML page": "a web page came",
    "HTML page without a length": "a web page came",
    "other content": "MD5 .* published",
    "to another host": "redirected to another host, http://localhost.*--other-hosts",
    "to another port": "redirected to another host",
    "to itself": "redirected more than 5 times",
    "to another path": "redirected more than 5 times",
    "to a file": "no HTTP address",
    "to ftp": "no HTTP address",
    "to nowhere": "no HTTP address",
    "to garbage": "no address",
    "to a bad port": "no address",
    "to a line feed": "HTTP 404",
    "not modified": "HTTP 304",
    "no content": "HTTP 204",
    "part not asked for": "another part came",
    **{code: f"HTTP {code}" for code in ("400", "401", "403", "404", "410", "429", "451", "500", "502", "503", "507")},
    "status 999": "HTTP 999",
    "status 10^30": "not HTTP",
    "status abc": "not HTTP",
    "status with colours": r"HTTP 403 \?\[31mred \[bold\]x\[/\]",
    "429, come back never": "HTTP 429",
    "503, come back in 9999": "HTTP 503",
    "503, come back nonsense": "HTTP 503",
    "not HTTP": "not HTTP",
    "bytes of nothing": "not HTTP",
    "HTTP 0.9": "not HTTP",
    "silence": "hung up without an answer",
}
"""What the server does when the second day is asked for, and the reason that is given, as a pattern."""


def _zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _patched(content: bytes, offset: int, local: int | None, value: bytes) -> bytes:
    """Overwrite a field of the central directory, and of the local header if it is there too."""
    made = bytearray(content)
    central = content.rindex(b"PK\x01\x02") + offset
    made[central : central + len(value)] = value
    if local is not None:
        made[local : local + len(value)] = value
    return bytes(made)


def _archives() -> dict[str, tuple[bytes, str]]:
    rows = b"2015\tx\n" * 300
    sound = _zipped({"a.CSV": rows})
    deflated = _zipped({"a.CSV": bytes(100_000)}, zipfile.ZIP_DEFLATED)
    return {
        "encrypted": (_patched(sound, 8, 6, b"\x01\x00"), "encrypted"),
        "several members": (_zipped({"a.CSV": rows, "b.CSV": rows}), "2 members where one is expected"),
        "no member": (_zipped({}), "0 members"),
        "a folder only": (_zipped({"a/": b""}), "0 members"),
        "member ../": (_zipped({"../../a.CSV": rows}), "the member's name is"),
        "member with a root": (_zipped({"/etc/cron.d/a": rows}), "the member's name is"),
        "member of another system": (_zipped({"C:\\a.CSV": rows}), "the member's name is"),
        "member with a line feed": (_zipped({"a\n[red]b": rows}), "the member's name is"),
        "bzip2": (_zipped({"a.CSV": rows}, zipfile.ZIP_BZIP2), "neither deflated nor stored"),
        "lzma": (_zipped({"a.CSV": rows}, zipfile.ZIP_LZMA), "neither deflated nor stored"),
        "wrong checksum": (_patched(sound, 16, 14, b"abcd"), "checksum"),
        "claims 4 GB": (_patched(deflated, 24, 22, struct.pack("<I", 0xFFFFFFF0)), "claim to hold 4294967280"),
        "says 10 bytes, has more": (_patched(deflated, 24, 22, struct.pack("<I", 10)), "checksum"),
        "cut off": (sound[: len(sound) // 2], "not a readable zip"),
        "header elsewhere": (_patched(sound, 42, None, struct.pack("<I", 0xFFFFFF)), "header|zip archive"),
        "no archive": (b"GLOBALEVENTID,SQLDATE\n" * 50, "not a readable zip"),
        "a web page": (b"<!DOCTYPE html>" * 20, "not a readable zip"),
        "nothing": (b"", "not a readable zip"),
        "a gzip file": (b"\x1f\x8b\x08\x00" + bytes(50), "not a readable zip"),
    }


def _sums(line: str) -> str:
    return f"{'0' * 32}  {line}\n"


LISTS: Final[dict[str, tuple[str, str | bytes, str]]] = {
    "no md5sums": ("md5sums", b"", "no line names a file"),
    "newlines": ("md5sums", "\n" * 1_000_000, "no line names a file"),
    "a web page": ("md5sums", "<!DOCTYPE html>\n<html>\n", "line 1: '<!DOCTYPE html>' is not"),
    "zeros": ("md5sums", bytes(100_000), "line 1: .* is not"),
    "no text": ("md5sums", bytes(range(256)) * 100, "line 1: .* is not"),
    "one endless line": ("md5sums", "a" * 5_000_000, "line 1: .* is not"),
    "negative size": ("filesizes", f"-5 {BAD}\n", "line 1: .* is not"),
    "sizes in other digits": ("filesizes", f"٣٤ {BAD}\n", "line 1: .* is not"),
    "size with an exponent": ("filesizes", f"1e9 {BAD}\n", "line 1: .* is not"),
    "names of other files": (
        "md5sums",
        _sums("../../../etc/passwd") + _sums("20150102.export.CSV.zip/../x"),
        "no line",
    ),
}
"""A list, what stands in it, and the reason: of a list that is no good the files are not asked for."""

LINES: Final[dict[str, tuple[str, str, str]]] = {
    "size 10^30": ("filesizes", f"1{'0' * 30} {BAD}", "listed with 10+ bytes"),
    "size of 5,000 digits": ("filesizes", f"{'9' * 5000} {BAD}", "listed with 10+ bytes"),
    "size 2 GB": ("filesizes", f"2147483648 {BAD}", "listed with 2147483648 bytes"),
    "size 0": ("filesizes", f"0 {BAD}", "announces .* where 0 are the most"),
    "one byte less": ("filesizes", "{less} " + BAD, "announces"),
    "one byte more": ("filesizes", "{more} " + BAD, "announces .* are to come"),
    "another MD5": ("md5sums", f"{'0' * 32}  {BAD}", "MD5 .* published"),
}
"""A line in the place of the second day's, and the reason that is given of it."""


def faults() -> Iterator[tuple[str, str, Fault]]:
    """Yield every fault: its family, its name, and what tries it in an empty folder."""
    for name, reason in ANSWERS.items():
        yield "servers: answers", name[:60], partial(_answer, name, reason)
    for name, (content, reason) in _archives().items():
        yield "servers: archives", name, partial(_archive, content, reason)
    for name, (file, text, reason) in LISTS.items():
        yield "servers: lists", name, partial(_list, file, text, reason)
    for name, (file, line, reason) in LINES.items():
        yield "servers: lists", name, partial(_line, file, line, reason)
    for name in ("endless body", "dripping body", "gzip bomb", "to another host", "403", "503", "cut", "silence"):
        yield "servers: lists", f"md5sums: {name}", partial(_list_answer, name, ANSWERS[name])
    for name, reason in ANSWERS.items():
        yield "servers: article counts", name[:60], partial(_articles, name, reason)
    for name, reason in _PLACES.items():
        yield "servers: article counts", name, partial(_articles_blocked, name, reason)
    for name, (faulty, reason) in _SECURE.items():
        if shutil.which("openssl"):
            yield "servers: https", name, partial(_secure, name, faulty, reason)
    for limit in (0, 50, 3000):
        yield "servers: full disks", f"no file above {limit} bytes", partial(_limited, limit)
    if mounts():
        for size in (4, 8, 16, 32):
            yield "servers: full disks", f"a disk of {size} kB", partial(_small_disk, size)
    for deed in _DEEDS:
        yield "servers: the rest", (deed.__doc__ or "").strip().rstrip("."), deed
    for address in _ADDRESSES:
        yield "servers: addresses", address, partial(_address, address)


def _site(folder: Path, second: bytes | None = None) -> Path:
    """Make a site of three days."""
    place = folder / "site" / "events"
    place.mkdir(parents=True)
    for name in NAMES:
        (place / name).write_bytes(_zipped({name.removesuffix(".zip"): f"{name}\tx\n".encode() * 300}))
    if second is not None:
        (place / BAD).write_bytes(second)
    publish(place)
    return folder / "site"


def publish(place: Path) -> None:
    """Write the lists of the files that are there."""
    contents = [(n, (place / n).read_bytes()) for n in NAMES]
    sums = "".join(f"{hashlib.md5(c, usedforsecurity=False).hexdigest()}  {n}\n" for n, c in contents)
    (place / "md5sums").write_text(sums, encoding="utf-8")
    (place / "filesizes").write_text("".join(f"{len(c)} {n}\n" for n, c in contents), encoding="utf-8")


def fetch(data: Path, address: str, *more: str) -> Result:
    """Fetch the three days through the command line, impatiently; it must end soon, by itself and without a traceback."""
    options = ("--tries", "1", "--timeout", "1", "--to", str(data), "--base-url", address, *more)
    began = time.monotonic()
    return _ended(CliRunner().invoke(app, [*_VERB, *options]), began)


def _ended(result: Result, began: float) -> Result:
    assert time.monotonic() - began < min(SOON, END), f"it took {time.monotonic() - began:.1f} s"
    assert result.exception is None or isinstance(result.exception, SystemExit), f"{result.exception!r}"
    assert "Traceback" not in result.output
    assert result.exit_code in (0, 1), f"status {result.exit_code}: {result.output}"
    return result


def entries(data: Path) -> dict[str, manifest.Entry]:
    """Return what the manifest says."""
    return dict(manifest.load(data / "gdelt/v1" / "manifest.csv").entries)


def _says(pattern: str, text: str) -> None:
    assert re.search(pattern, " ".join(text.split())), f"'{pattern}' is not in: {text[-500:]}"


def _whole(site: Path, data: Path, *, but: str = "") -> None:
    """Ask that every day is in place as it was published, save one that is not there at all."""
    for name in NAMES:
        path = data / "gdelt/v1/events" / name
        if name == but:
            assert not path.exists(), f"{name} is in place"
        else:
            assert path.read_bytes() == (site / "events" / name).read_bytes(), name
            assert entries(data)[name].status == "complete"


def _healed(site: Path, data: Path) -> str:
    """Fetch from a sound server; what is left must be that of an undisturbed fetch."""
    with serving(site) as server:
        result = fetch(data, server.address)
    assert result.exit_code == 0, result.output
    _whole(site, data)
    left = [p.name for p in data.rglob("*") if p.name.endswith(".partial")]
    assert not left, f"left behind: {left}"
    assert all(e.status == "complete" and not e.reason for e in entries(data).values())
    return SURVIVED


def _failed(site: Path, data: Path, server: Site, reason: str, *more: str) -> None:
    result = fetch(data, server.address, *more)
    assert result.exit_code == 1, result.output
    entry = entries(data)[BAD]
    assert entry.status != "complete"
    _says(reason, entry.reason)
    _says(reason, result.output)
    assert "2 of 3 files" in result.output
    _whole(site, data, but=BAD)


def _answer(trick: str, reason: str, folder: Path) -> str:
    site, data = _site(folder), folder / "data"
    with serving(site, {BAD: [trick] * 9}) as server:
        _failed(site, data, server, reason)
    return _healed(site, data)


def _archive(content: bytes, reason: str, folder: Path) -> str:
    site, data = _site(folder, content), folder / "data"
    with serving(site) as server:
        result = fetch(data, server.address)
    assert result.exit_code == 1 and "2 of 3 files" in result.output, result.output
    assert entries(data)[BAD].status == "unreadable"
    _says(reason, entries(data)[BAD].reason)
    _says(reason, result.output)
    (site / "events" / BAD).write_bytes((site / "events" / NAMES[0]).read_bytes())
    publish(site / "events")
    return _healed(site, data)


def _list(file: str, text: str | bytes, reason: str, folder: Path) -> str:
    site, data = _site(folder), folder / "data"
    (site / "events" / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    if "no line" in reason:
        (site / "events" / ("filesizes" if file == "md5sums" else "md5sums")).write_bytes(b"")
    with serving(site) as server:
        result = fetch(data, server.address)
    assert result.exit_code == 1 and "0 of 0" not in result.output
    _says(reason, result.output)
    _says(reason, entries(data)[f"events/{file}"].reason)
    publish(site / "events")
    return _healed(site, data)


def _list_answer(trick: str, reason: str, folder: Path) -> str:
    site, data = _site(folder), folder / "data"
    reason = "more than .* bytes came" if trick == "endless body" else reason
    with serving(site, {"md5sums": [trick]}) as server:
        result = fetch(data, server.address)
    assert result.exit_code == 1
    _says(reason, result.output)
    _says(reason, entries(data)["events/md5sums"].reason)
    return _healed(site, data)


def _line(file: str, line: str, reason: str, folder: Path) -> str:
    site, data = _site(folder), folder / "data"
    size = len((site / "events" / BAD).read_bytes())
    path = site / "events" / file
    line = line.replace("{less}", str(size - 1)).replace("{more}", str(size + 1))
    lines = [line if BAD in old else old for old in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("\n".join(lines), encoding="utf-8")
    with serving(site) as server:
        _failed(site, data, server, reason)
    publish(site / "events")
    return _healed(site, data)


def _followed(folder: Path) -> str:
    """A redirect to another host that was asked for: the final address is recorded."""
    site, data = _site(folder), folder / "data"
    with serving(site, {BAD: ["to another host"]}) as server:
        result = fetch(data, server.address, "--other-hosts")
        assert result.exit_code == 0, result.output
        assert entries(data)[BAD].final == server.address.replace("127.0.0.1", "localhost") + f"events/{BAD}?again"
    return _healed(site, data)


def _moved(folder: Path) -> str:
    """A redirect to another path of the same host is followed, and recorded."""
    site, data = _site(folder), folder / "data"
    with serving(site, {BAD: ["to another path"]}) as server:
        assert fetch(data, server.address).exit_code == 0
        assert entries(data)[BAD].final.endswith("?moved") and not entries(data)[NAMES[0]].final
    return _healed(site, data)


def _retried(folder: Path) -> str:
    """A server that asks to come back in 3,000 years is asked again after the longest pause."""
    from northroute.sources.wire import Policy

    site, data = _site(folder), folder / "data"
    quick = partial(Policy, pause=0.01, longest_pause=0.1)
    tricks = ["429, come back never", "503, come back in 9999", "503, come back nonsense"]
    with serving(site, {BAD: tricks}) as server, mock.patch("northroute.sources.wire.Policy", quick):
        result = fetch(data, server.address, "--tries", "4")
        assert result.exit_code == 0 and server.requests[BAD] == 4, result.output
    return _healed(site, data)


def _refused_once(folder: Path) -> str:
    """A refusal is not asked for again and again."""
    site, data = _site(folder), folder / "data"
    with serving(site, {BAD: ["403"] * 9}) as server:
        assert fetch(data, server.address, "--tries", "5").exit_code == 1
        assert server.requests[BAD] == 1
    return _healed(site, data)


def _resumed_wrongly(folder: Path) -> str:
    """A server that resumes at another byte than was asked for."""
    site, data = _site(folder), folder / "data"
    with serving(site, {BAD: ["cut", "another part"]}) as server:
        _failed(site, data, server, "broke off")
        _failed(site, data, server, "another part came")
    return _healed(site, data)


def _articles(trick: str, reason: str, folder: Path) -> str:
    site, data = _site(folder), folder / "data"
    reason = "SHA256 .* published" if trick == "other content" else reason
    with serving(site, {BAD: [trick] * 9}) as server:
        result = _fetch_articles(site, data, server)
        assert result.exit_code == 1 and "Nothing was changed" in result.output, result.output
        _says(reason, result.output)
        assert not data.exists()
    with serving(site) as server:
        assert _fetch_articles(site, data, server).exit_code == 0
    return _articles_whole(site, data)


def _fetch_articles(site: Path, data: Path, server: Site, *more: str) -> Result:
    """Fetch two of the days as if they were article counts."""
    contents = {n: (site / "events" / n).read_bytes() for n in NAMES[:2]}
    published = {n: Published(len(c), hashlib.sha256(c).hexdigest()) for n, c in contents.items()}
    defaults = {"address": f"{server.address}events/", "published": published}
    options = ("--tries", "1", "--timeout", "1", "--to", str(data), *more)
    began = time.monotonic()
    with mock.patch.dict(fetch_mlp.__kwdefaults__ or {}, defaults):
        result = CliRunner().invoke(app, ["fetch", "mlp", *options])
    return _ended(result, began)


def _articles_whole(site: Path, data: Path) -> str:
    for name in NAMES[:2]:
        assert (data / FOLDER / name).read_bytes() == (site / "events" / name).read_bytes()
    assert {p.name for p in (data / FOLDER).iterdir()} - holding.OWN == {*NAMES[:2], "SOURCE.txt"}
    return SURVIVED


_PLACES: Final = {
    "a pipe in a file's place": "a pipe is in the place",
    "a folder in a file's place": "a folder is in the place",
    "a link in a partial file's place": "a link is in the place",
    "--from a pipe": "has no 2015",
    "--from an endless device": "has no 2015",
    "--from a folder": "has no 2015",
    "--from a longer file": "bytes, .* were published",
    "--from another file": "SHA-256 .* is not the published",
}


def _articles_blocked(name: str, reason: str, folder: Path) -> str:
    site, data, own = _site(folder), folder / "data", folder / "own"
    own.mkdir()
    for each in NAMES[:2]:
        (own / each).write_bytes((site / "events" / each).read_bytes())
    place = own / NAMES[1] if name.startswith("--from") else data / FOLDER / NAMES[1]
    content = (site / "events" / NAMES[1]).read_bytes()
    if name.startswith("--from"):
        place.unlink()
    if "partial" in name:
        place = place.with_name(f"{place.name}.partial")
    if "longer" in name:
        place.write_bytes(content + b"x")
    elif "another" in name:
        place.write_bytes(content[:-1] + b"x")
    elif "device" in name:
        place.symlink_to("/dev/zero")
    else:
        _blocked("pipe" if "pipe" in name else "link" if "link" in name else "folder", place.name, place.parent)
    with serving(site) as server:
        result = _fetch_articles(site, data, server, *(("--from", str(own)) if name.startswith("--from") else ()))
        assert result.exit_code == 1 and not (data / FOLDER / NAMES[0]).exists(), result.output
        _says(reason, result.output)
        _says("Nothing was changed", result.output)
        place.rename(folder / "aside")
        (data / FOLDER / "precious").unlink(missing_ok=True)
        assert _fetch_articles(site, data, server).exit_code == 0
    return _articles_whole(site, data)


_SECURE: Final[dict[str, tuple[list[str], str]]] = {
    "a certificate that nobody vouches for": ([], "certificate is not accepted"),
    "a certificate of another host": ([], "certificate is not accepted"),
    "a certificate that is trusted": ([], ""),
    "from https to plain http": (["to plain http"] * 9, "redirected from https to plain http"),
    "plain http where https was asked for": ([], "secure connection failed"),
    "https where plain http was asked for": ([], "not HTTP|reset|hung up"),
}


def _secure(name: str, faulty: list[str], reason: str, folder: Path) -> str:
    site, data = _site(folder), folder / "data"
    host = "elsewhere.example" if "another host" in name else "127.0.0.1"
    kind = "DNS" if "another host" in name else "IP"
    key, made = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *(
                "-keyout",
                str(key),
                "-out",
                str(made),
                "-subj",
                f"/CN={host}",
                "-addext",
                f"subjectAltName={kind}:{host}",
            ),
        ],
        check=True,
        capture_output=True,
    )
    both = folder / "both.pem"
    both.write_bytes(key.read_bytes() + made.read_bytes())
    trust = {} if "nobody" in name else {"SSL_CERT_FILE": str(made)}
    served = None if name.startswith("plain") else both
    with serving(site, {BAD: faulty}, certificate=served) as server, mock.patch.dict(os.environ, trust):
        scheme = "http" if name.endswith("plain http was asked for") else "https"
        result = fetch(data, f"{scheme}://{server.address.partition('//')[2]}", "--tries", "3", "--other-hosts")
        asked = sum(server.requests.values())
    if not reason:
        assert result.exit_code == 0 and "plain http" not in result.output, result.output
        assert asked == 5
    else:
        assert result.exit_code == 1
        _says(reason, result.output)
        assert asked <= 5, "a refusal for good is not asked for again"
    return _healed(site, data)


def _limited(limit: int, folder: Path) -> str:
    site, data = _site(folder), folder / "data"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with serving(site) as server:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            result = fetch(data, server.address)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    _told_full(result)
    return _healed(site, data)


def _small_disk(size: int, folder: Path) -> str:
    site, data = _site(folder), folder / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(data)], check=True)
    try:
        with serving(site) as server:
            _told_full(fetch(data, server.address))
            subprocess.run(["mount", "-o", "remount,size=1m", str(data)], check=True)
        return _healed(site, data)
    finally:
        subprocess.run(["umount", str(data)], check=True)


def _told_full(result: Result) -> None:
    assert result.exit_code == 1, result.output
    _says(r"Error '.*/data.*' (is full|has .* free and the files that lack are)", result.output)
    assert len([line for line in result.output.splitlines() if "Error" in line]) == 1


def _twice(folder: Path) -> str:
    """Three fetches at once on one folder: one works, the others wait and find it done."""
    site, data = _site(folder), folder / "data"
    with serving(site, {BAD: ["stall"]}) as server:
        words = [*_VERB, "--to", str(data), "--base-url", server.address]
        command = [sys.executable, "-c", "from northroute.cli import app; app()", *words]
        started = [subprocess.Popen(command, stdout=-1, stderr=subprocess.STDOUT, text=True) for _ in range(3)]
        said = [process.communicate(timeout=60)[0] for process in started]
        assert [process.returncode for process in started] == [0, 0, 0], said
        assert sum("3 of them new" in text for text in said) == 1, said
        assert sum("0 of them new" in text for text in said) == 2, said
        assert sum(server.requests[n] for n in NAMES) == 4, server.requests
    return _healed(site, data)


def _no_proxy(folder: Path) -> str:
    """A proxy that is not there, or no proxy's address, is told."""
    site, data = _site(folder), folder / "data"
    with serving(site) as server:
        for proxy in (
            "http://127.0.0.1:1",
            "nonsense",
            "socks5://127.0.0.1:1",
            "http://[::1",
            "http://127.0.0.1:x",
            "://",
        ):
            with mock.patch.dict(os.environ, {"http_proxy": proxy, "no_proxy": "", "NO_PROXY": ""}):
                result = fetch(data, server.address)
            assert result.exit_code == 1, f"{proxy}: {result.output}"
            assert len(result.output.strip().splitlines()) <= 2 and "names a proxy" in result.output, result.output
    return _healed(site, data)


def _quarters(folder: Path) -> str:
    """A list of version 2 that leads elsewhere: only the names count, and files are asked of the provider alone."""
    place = folder / "site" / "gdeltv2"
    place.mkdir(parents=True)
    lines = []
    for hour in range(3):
        name = f"201503010{hour}0000.export.CSV.zip"
        content = _zipped({name.removesuffix(".zip"): b"x\ty\n" * 50})
        (place / name).write_bytes(content)
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        lines.append(f"{len(content)} {digest} http://127.0.0.1:1/../../../{name}")
    lines += [f"{'9' * 40} {'0' * 32} http://x/20150301040000.export.CSV.zip", f"5 {'0' * 32}", "5 " + "0" * 32 + " x"]
    (place / "masterfilelist.txt").write_text("\n".join(lines), encoding="utf-8")
    data = folder / "data"
    with serving(folder / "site") as server:
        span = ("--start", "2015-03-01", "--end", "2015-03-01", "--version", "2", "--translated")
        result = fetch(data, server.address, *span)
    assert result.exit_code == 1 and "3 of 4 files" in result.output, result.output
    _says("listed with 10+ bytes", result.output)
    _says("absent .*masterfilelist-translation.txt: HTTP 404", result.output)
    found = sorted(p.name for p in data.rglob("*.zip"))
    assert found == sorted(p.name for p in place.glob("*.zip"))
    return SURVIVED


def _one_table(folder: Path) -> str:
    """One table's lists are no good: the other table is fetched, and the failure told."""
    site, data = _site(folder), folder / "data"
    with serving(site) as server:
        result = fetch(data, server.address, "--tables", "events,gkg")
    assert result.exit_code == 1 and "3 of 3 files" in result.output
    _says("absent .*/gkg/md5sums: HTTP 404", result.output)
    _whole(site, data)
    return SURVIVED


def _other_days(folder: Path) -> str:
    """A list of other days than were asked for is no success."""
    site, data = _site(folder), folder / "data"
    with serving(site) as server:
        result = fetch(data, server.address, "--start", "2001-01-01", "--end", "2001-01-02")
    assert result.exit_code == 1
    _says("lists no file of events from 2001-01-01 to 2001-01-02; it lists files from 2015-01-01", result.output)
    return SURVIVED


def _last_month(folder: Path) -> str:
    """A list with the last month of the last year, and one file under two names."""
    site, data = _site(folder), folder / "data"
    sums = site / "events/md5sums"
    more = (
        _sums("999912.zip")
        + _sums("20150101.EXPORT.csv.zip")
        + _sums("0000.zip")
        + _sums("２０１５0101.export.CSV.zip")
    )
    sums.write_text(more + sums.read_text(encoding="utf-8"), encoding="utf-8")
    with serving(site) as server:
        result = fetch(data, server.address)
    assert result.exit_code == 0, result.output
    _says("listed twice: 20150101.export.CSV.zip", result.output)
    publish(site / "events")
    return _healed(site, data)


def _blocked(kind: str, place: str, folder: Path) -> None:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "folder":
        path.mkdir()
        (path / "mine.txt").write_text("mine", encoding="utf-8")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        (folder / "precious").write_bytes(b"precious")
        path.symlink_to(folder / "precious")
    else:
        path.write_bytes(b"a file")


def _in_the_way(kind: str, place: str, reason: str, folder: Path) -> str:
    site, data = _site(folder), folder / "data"
    _blocked(kind, place, data)
    with serving(site) as server:
        result = fetch(data, server.address)
    assert result.exit_code == 1
    _says(reason, result.output)
    if kind == "link":
        assert (data / "precious").read_bytes() == b"precious"
    path = data / place
    path.rename(folder / "aside")
    return _healed(site, data)


def _full(folder: Path) -> str:
    """The disk fills in the midst of the second day."""
    site, data = _site(folder), folder / "data"
    (site / "events" / BAD).write_bytes(_zipped({"a.CSV": b"2015\tx\n" * 100_000}))
    publish(site / "events")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with serving(site) as server:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        try:
            result = fetch(data, server.address)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    _told_full(result)
    _says(r"/data/gdelt/v1' is full .* are still to come, .* are free", result.output)
    return _healed(site, data)


def _no_room(folder: Path) -> str:
    """Less space than the lists announce is told before anything is asked for."""
    site, data = _site(folder), folder / "data"
    target = "northroute.sources.gdelt.fetch.room"
    with serving(site) as server, mock.patch(target, lambda _: 1000):
        result = fetch(data, server.address)
        assert not server.requests[BAD]
    assert result.exit_code == 1
    _says("has 1.0 kB free and the files that lack are 23.. kB", result.output)
    return _healed(site, data)


def _manifest_lost(folder: Path) -> str:
    """A manifest that is garbage is refused by name, with what to do; then it is made anew without a download."""
    site, data = _site(folder), folder / "data"
    with serving(site) as server:
        assert fetch(data, server.address).exit_code == 0
        record = data / "gdelt/v1/manifest.csv"
        for garbage in (bytes(range(256)), b"a,b\n", record.read_bytes()[:-30], b'"' * 9, b"", b"\n" * 1000):
            record.write_bytes(garbage)
            result = fetch(data, server.address)
            assert result.exit_code == 1
            _says("manifest.csv.*: .*Delete the manifest and fetch again", result.output)
        record.unlink()
        result = fetch(data, server.address)
        assert result.exit_code == 0 and server.requests[BAD] == 1, result.output
    return _healed(site, data)


def _rot(folder: Path) -> str:
    """A bit of a file flips: --verify finds it and fetches it again."""
    site, data = _site(folder), folder / "data"
    with serving(site) as server:
        assert fetch(data, server.address).exit_code == 0
        path = data / "gdelt/v1/events" / BAD
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 4
        path.write_bytes(content)
        result = fetch(data, server.address, "--verify")
        assert result.exit_code == 0 and "1 of them new" in result.output, result.output
    return _healed(site, data)


def _rot_in_a_build(folder: Path) -> str:
    """A bit of a file flips and a build meets it: the next fetch brings it again, without being asked to."""
    from northroute.sources.gdelt.formats import EVENTS_1
    from tests.sources.gdelt.examples import event_row

    site, data = _site(folder), folder / "data"
    for day, name in enumerate(NAMES, 1):
        rows = [event_row(EVENTS_1, GLOBALEVENTID=str(100 * day + i), SQLDATE=f"2015010{day}") for i in range(20)]
        (site / "events" / name).write_bytes(_zipped({name.removesuffix(".zip"): b"\n".join(rows)}))
    publish(site / "events")
    build = ["events", "build", "--data", str(data / "gdelt/v1"), "--out", str(folder / "built")]
    with serving(site) as server:
        assert fetch(data, server.address).exit_code == 0
        path = data / "gdelt/v1/events" / BAD
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 4
        path.write_bytes(content)
        result = CliRunner().invoke(app, build)
        assert isinstance(result.exception, SystemExit | None) and "Traceback" not in result.output, repr(
            result.exception
        )
        assert entries(data)[BAD].status == "unreadable" and "checksum" in entries(data)[BAD].reason
        result = fetch(data, server.address)
        assert result.exit_code == 0 and "1 of them new" in result.output, result.output
        result = CliRunner().invoke(app, build)
        assert entries(data)[BAD].rows == 20, result.output
    return _healed(site, data)


def _interrupted(folder: Path) -> str:
    """Ctrl-C in the midst of the second day: what came is kept, and gone on with."""
    site, data = _site(folder), folder / "data"
    with serving(site, {BAD: ["stall"]}, stall=30) as server:
        partial_file = data / "gdelt/v1/events" / f"{BAD}.partial"

        def interrupt() -> None:
            while not (partial_file.exists() and entries_saved()):
                time.sleep(0.02)
            os.kill(os.getpid(), signal.SIGINT)

        def entries_saved() -> bool:
            return all((data / "gdelt/v1/events" / n).exists() for n in NAMES if n != BAD)

        watcher = threading.Thread(target=interrupt, daemon=True)
        watcher.start()
        options = ["--tries", "1", "--timeout", "30", "--to", str(data), "--base-url", server.address]
        began = time.monotonic()
        result = CliRunner().invoke(app, [*_VERB, *options])
        assert result.exit_code == 130 and "Whole files are kept" in result.output, result.output
        assert time.monotonic() - began < SOON
        assert partial_file.stat().st_size > 0
    with serving(site) as server:
        assert fetch(data, server.address).exit_code == 0
        assert [name for name, _ in server.ranges] == [BAD], "what had come was asked for again"
    return _healed(site, data)


def _named(text: str, fault: Fault) -> Fault:
    fault.__doc__ = text
    return fault


def _deed(text: str, function: Callable[..., str], *values: str) -> Fault:
    def deed(folder: Path) -> str:
        return function(*values, folder)

    return _named(text, deed)


_EVENTS: Final = f"gdelt/v1/events/{BAD}"
_DEEDS: Final[tuple[Fault, ...]] = (
    *(_followed, _moved, _retried, _refused_once, _resumed_wrongly, _one_table, _other_days, _last_month),
    *(_twice, _no_proxy, _quarters, _full, _no_room, _manifest_lost, _rot, _rot_in_a_build, _interrupted),
    _deed("A folder in a file's place", _in_the_way, "folder", _EVENTS, "a folder is in the place of"),
    _deed("A pipe in a file's place", _in_the_way, "pipe", _EVENTS, "a pipe is in the place of"),
    _deed("A pipe in a partial file's place", _in_the_way, "pipe", f"{_EVENTS}.partial", "a pipe is in the place of"),
    _deed("A link in a partial file's place", _in_the_way, "link", f"{_EVENTS}.partial", "a link is in the place of"),
    _deed(
        "A folder in the manifest's place", _in_the_way, "folder", "gdelt/v1/manifest.csv", "a folder is in the place"
    ),
    _deed("A pipe in the manifest's place", _in_the_way, "pipe", "gdelt/v1/manifest.csv", "a pipe is in the place"),
    _deed("A pipe in a list's place", _in_the_way, "pipe", "gdelt/v1/index/events.md5sums", "a pipe is in the place"),
    _deed("A file in the folder's place", _in_the_way, "file", "gdelt", "cannot be written"),
    _deed("A pipe in the folder's place", _in_the_way, "pipe", "gdelt/v1", "cannot be written"),
)
_ADDRESSES: Final = (
    *("file:///etc/", "ftp://127.0.0.1/", "http://", "https:///", "http://[::1", "http://127.0.0.1:99999/", "data:,x"),
    *(
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1/a b/",
        "http://127.0.0.1/\r\nX: y/",
        "127.0.0.1",
        "http://127.0.0.1?x",
    ),
    *("http://127.0.0.1:1/", "http://nowhere.invalid/", "javascript:alert(1)", "//127.0.0.1/"),
)


def _address(address: str, folder: Path) -> str:
    with contextlib.chdir(folder):
        result = fetch(folder / "data", address)
    assert result.exit_code == 1
    _says("no HTTP address|refuses connections|name is not known", result.output)
    assert not list((folder / "data").rglob("*.zip"))
    return SURVIVED
