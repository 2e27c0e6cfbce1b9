"""Fetching: only the published files are put in place, and a failure of any kind changes nothing."""

import hashlib
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from northroute import holding
from northroute.cli import app
from northroute.errors import FetchError
from northroute.sources import fetch, mlp
from northroute.sources.fetch import Published, fetch_mlp
from northroute.sources.wire import Policy

CONTENT = {"Here.csv": b"date,arrest\n2015-01-01,3\n", "There.csv": b"date,arrest\n2015-01-01,0\n"}
PUBLISHED = {n: Published(len(b), hashlib.sha256(b).hexdigest()) for n, b in CONTENT.items()}
QUICK = Policy(pause=0.01)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loopback is asked directly, whatever proxy the machine has."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A data folder with an older version of one file and something of the user's own."""
    folder = tmp_path / "data" / mlp.FOLDER
    folder.mkdir(parents=True)
    (folder / "Here.csv").write_bytes(b"an older version\n")
    (folder / "notes.txt").write_bytes(b"mine\n")
    return tmp_path / "data"


def _tree(folder: Path) -> dict[str, bytes]:
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in holding.OWN]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


@contextmanager
def _serve(answer: Callable[[BaseHTTPRequestHandler, bytes | None], None]) -> Iterator[tuple[str, list[str]]]:
    """Serve CONTENT on the loopback; ``answer`` writes each reply. Yields the address and the paths asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answer(self, CONTENT.get(self.path.rsplit("/", 1)[-1]))

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/counts/", asked
        finally:
            server.shutdown()
            thread.join()


def _whole(reply: BaseHTTPRequestHandler, body: bytes | None) -> None:
    reply.send_response(200 if body else 404)
    reply.send_header("Content-Length", str(len(body or b"")))
    reply.end_headers()
    reply.wfile.write(body or b"")


def _cut(reply: BaseHTTPRequestHandler, body: bytes | None) -> None:
    """Promise the whole file, send half of it, and hang up."""
    reply.send_response(200)
    reply.send_header("Content-Length", str(len(body or b"")))
    reply.end_headers()
    reply.wfile.write((body or b"")[: len(body or b"") // 2])


def _absent(reply: BaseHTTPRequestHandler, body: bytes | None) -> None:
    _whole(reply, None)


def _in_place(target: Path) -> None:
    tree = _tree(target / mlp.FOLDER)
    assert {n: tree[n] for n in CONTENT} == CONTENT
    assert tree["notes.txt"] == b"mine\n"
    assert set(tree) == {*CONTENT, "notes.txt", "SOURCE.txt"}  # nothing half-written is left
    source_note = tree["SOURCE.txt"].decode()
    assert mlp.CITATION in source_note
    assert mlp.LICENCE in source_note


def test_copies_from_a_folder(source: Path, target: Path) -> None:
    paths = fetch_mlp(target, source, published=PUBLISHED)
    assert paths == [target / mlp.FOLDER / n for n in CONTENT]
    _in_place(target)


def test_copies_from_the_folder_above(source: Path, target: Path, tmp_path: Path) -> None:
    shutil.move(source, tmp_path / "above" / mlp.FOLDER)
    fetch_mlp(target, tmp_path / "above", published=PUBLISHED)
    _in_place(target)


def test_downloads(target: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with _serve(_whole) as (address, asked):
        fetch_mlp(target, address=address, policy=QUICK, published=PUBLISHED)
    _in_place(target)
    assert asked == ["/counts/Here.csv", "/counts/There.csv"]
    assert capfd.readouterr() == ("", "")  # what to say is the command line's to decide


def test_right_files_are_left_alone(source: Path, target: Path) -> None:
    fetch_mlp(target, source, published=PUBLISHED)
    before = {n: (target / mlp.FOLDER / n).stat().st_mtime_ns for n in CONTENT}
    with _serve(_whole) as (address, asked):
        fetch_mlp(target, address=address, policy=QUICK, published=PUBLISHED)
    assert asked == []
    assert {n: (target / mlp.FOLDER / n).stat().st_mtime_ns for n in CONTENT} == before


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: p.write_bytes(CONTENT["There.csv"][:-3]), r"There\.csv: 22 bytes, 25 were published"),
        (lambda p: p.write_bytes(CONTENT["There.csv"].replace(b",0", b",9")), r"There\.csv: SHA-256 .* is not the pub"),
        (lambda p: p.unlink(), r"has no There\.csv"),
    ],
    ids=["wrong size", "wrong hash", "absent"],
)
def test_a_wrong_file_changes_nothing(
    source: Path, target: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(source / "There.csv")  # the second one: the first is sound and still not put in place
    before = _tree(target)
    with pytest.raises(FetchError, match=message) as caught:
        fetch_mlp(target, source, published=PUBLISHED)
    assert "Nothing was changed" in str(caught.value)
    assert _tree(target) == before


@pytest.mark.parametrize("answer", [_cut, _absent], ids=["cut off", "not found"])
def test_a_failed_download_changes_nothing(
    target: Path, answer: Callable[[BaseHTTPRequestHandler, bytes | None], None]
) -> None:
    before = _tree(target)
    with _serve(answer) as (address, _), pytest.raises(FetchError, match=r"Here\.csv.*Nothing was changed"):
        fetch_mlp(target, address=address, policy=QUICK, published=PUBLISHED)
    assert _tree(target) == before


def _closed_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_no_connection_changes_nothing(target: Path, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{_closed_port()}/"
    before = _tree(target)
    with pytest.raises(FetchError, match=r"Check the connection, or copy .* with --from\. Nothing was changed"):
        fetch_mlp(target, address=address, policy=QUICK, published=PUBLISHED)
    assert _tree(target) == before
    with pytest.raises(FetchError):
        fetch_mlp(tmp_path / "new", address=address, policy=QUICK, published=PUBLISHED)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("stop_at", [1, 2, 3, 4])
def test_interrupted(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int) -> None:
    """Ctrl-C at each of the four copies: two out of the source, two into the folder. Then the command again."""
    copy, done = shutil.copyfile, [0]

    def interrupted(src: Path, dst: Path) -> Path:
        done[0] += 1
        if done[0] == stop_at:
            dst.write_bytes(src.read_bytes()[:5])
            raise KeyboardInterrupt
        return Path(copy(src, dst))

    before = _tree(target)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch_mlp(target, source, published=PUBLISHED)
    assert done[0] == stop_at
    assert _tree(target) == before
    fetch_mlp(target, source, published=PUBLISHED)
    _in_place(target)


def test_the_published_files_are_those_the_reader_wants() -> None:
    assert set(fetch.MLP) == {f"{mlp.FILES[iso3]}.csv" for iso3 in mlp.COMMON}
    assert "e649f2fa3433973b85ecfc20f95215002f1a690e" in fetch.ADDRESS  # a commit, not a branch that moves


@pytest.mark.data
def test_the_command_takes_the_real_files(data_dir: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["fetch", "mlp", "--to", str(tmp_path), "--from", str(data_dir)])
    assert result.exit_code == 0, result.output
    for name, published in fetch.MLP.items():
        content = (tmp_path / mlp.FOLDER / name).read_bytes()
        assert len(content) == published.size
        assert hashlib.sha256(content).hexdigest() == published.sha256
    assert mlp.folder_of(tmp_path) == tmp_path / mlp.FOLDER


def test_the_command_without_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fetch_mlp.__kwdefaults__ or {}, "address", f"http://127.0.0.1:{_closed_port()}/")
    result = CliRunner().invoke(app, ["fetch", "mlp", "--to", str(tmp_path / "data")])
    assert result.exit_code == 1
    assert len(result.output.strip().splitlines()) == 1
    assert "Nothing was changed" in result.output
    assert not (tmp_path / "data").exists()
