"""Bring files that may not be bundled from their public address, checked by size and SHA-256."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from northroute import holding
from northroute.errors import FetchError
from northroute.provenance import file_sha256
from northroute.sources import mlp
from northroute.sources.connection import Client
from northroute.sources.transfer import Expected, download, file_digest, in_the_way, storage_error
from northroute.sources.wire import Policy

ADDRESS: Final = (
    "https://raw.githubusercontent.com/sanmavicha/mlp-data-intro/e649f2fa3433973b85ecfc20f95215002f1a690e/data/counts/"
)


@dataclass(frozen=True)
class Published:
    """A published file's size in bytes and SHA-256."""

    size: int
    sha256: str


MLP: Final[Mapping[str, Published]] = {
    "Colombia.csv": Published(144338, "22478aaa323cc5257c1a4748b76234ce27dd24a3c4ac4ca5e15210a0605b5cef"),
    "Kazakhstan.csv": Published(169752, "93915b7a52cddde08b90cfed04c90e3fd04b86e4e7819693bdaeecc57949114c"),
    "Kyrgyzstan.csv": Published(184626, "aa36951b3071899e6f5c4bf5997e00b113c2b4c0c8a549eb080b0c91800bc48f"),
    "Uzbekistan.csv": Published(152135, "575ed048806b2ce04a0583f1b289df586f1f76998d1d6e61c4071136898ee0df"),
}


def fetch_mlp(
    target: Path,
    source: Path | None = None,
    *,
    address: str = ADDRESS,
    published: Mapping[str, Published] = MLP,
    policy: Policy | None = None,
) -> list[Path]:
    """Bring the article counts to ``target/mlp_civic_space_counts``.

    Every file is checked by size and SHA-256 before the first one is put in place; on any failure nothing changes. Files
    that are there and right already are left alone.

    Parameters
    ----------
    target : Path
        The data folder.
    source : Path, optional
        A folder to copy from instead of downloading.
    address : str
        Where the files are published.
    published : mapping of str to Published
        Files with their sizes and checksums.
    policy : Policy, optional
        Of downloads.

    Returns
    -------
    list of Path
        The files, in place.

    Raises
    ------
    FetchError
        Without a connection, for a file that is absent or not the published one, or a folder that cannot be written.
    """
    folder = target / mlp.FOLDER
    try:
        wanted = {n: p for n, p in published.items() if not _right(folder / n, p)}
        with tempfile.TemporaryDirectory() as scratch:
            client = Client(policy or Policy())
            for name, expected in wanted.items():
                if source:
                    _copy(source, name, expected, Path(scratch))
                else:
                    _download(client, address, name, expected, Path(scratch))
            with holding.folder(folder, "fetch mlp"):
                _put(Path(scratch), folder, list(wanted))
                note = f"{mlp.CITATION}\n{address}\nLicence: {mlp.LICENCE}\n"
                (folder / "SOURCE.txt").write_text(note, encoding="utf-8")
    except OSError as failure:
        raise storage_error(folder, failure, sum(p.size for p in published.values())) from failure
    return [folder / n for n in published]


def _put(scratch: Path, folder: Path, names: list[str]) -> None:
    """Copy files beside their places, all of them, before the first is put there."""
    partial = {name: folder / f"{name}.partial" for name in names}
    try:
        for name in names:
            shutil.copyfile(scratch / name, partial[name])
        for name in names:
            partial[name].replace(folder / name)
    finally:
        for path in partial.values():
            path.unlink(missing_ok=True)


def _right(path: Path, expected: Published) -> bool:
    """Tell whether the published file is in place; what cannot be replaced by it is refused."""
    if blocked := in_the_way(path) or in_the_way(path.with_name(f"{path.name}.partial"), link=False):
        raise FetchError(f"{path.parent}: {blocked}. Move it away. Nothing was changed.")
    return path.exists() and path.stat().st_size == expected.size and file_sha256(path) == expected.sha256


def _copy(source: Path, name: str, expected: Published, scratch: Path) -> None:
    for path in (source / mlp.FOLDER / name, source / name):
        if path.is_file():
            size = path.stat().st_size
            if size != expected.size:
                raise FetchError(
                    f"{name}: {size} bytes, {expected.size} were published. The file was cut off, or is another version. "
                    "Nothing was changed."
                )
            found = file_digest(Path(shutil.copyfile(path, scratch / name)), "sha256")
            if found != expected.sha256:
                raise FetchError(
                    f"{name}: SHA-256 {found[:16]}..., published {expected.sha256[:16]}... The file is not the published "
                    "one. Nothing was changed."
                )
            return
    raise FetchError(f"'{source}' has no {name}: name a folder that holds {', '.join(MLP)}. Nothing was changed.")


def _download(client: Client, address: str, name: str, expected: Published, scratch: Path) -> None:
    outcome = download(client, f"{address}{name}", scratch / name, Expected(expected.size, expected.sha256, "sha256"))
    if outcome.status != "complete":
        raise FetchError(
            f"Could not download {name} from {address} ({outcome.reason}). Check the connection, or copy the files from a "
            "folder with --from. Nothing was changed."
        )
