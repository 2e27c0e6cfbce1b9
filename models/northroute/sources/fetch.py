"""Bring files that may not be bundled from their public address, checked by size and SHA-256."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pooch

from northroute.errors import FetchError
from northroute.provenance import file_sha256
from northroute.sources import mlp

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

    Returns
    -------
    list of Path
        The files, in place.

    Raises
    ------
    FetchError
        Without a connection, or for a file that is absent or not the published one.
    """
    folder = target / mlp.FOLDER
    wanted = {n: p for n, p in published.items() if not ((folder / n).exists() and file_sha256(folder / n) == p.sha256)}
    with tempfile.TemporaryDirectory() as scratch:
        for name, expected in wanted.items():
            arrived = _copy(source, name, Path(scratch)) if source else _download(address, name, Path(scratch))
            _verify(arrived, expected)
        folder.mkdir(parents=True, exist_ok=True)
        partial = {name: folder / f"{name}.partial" for name in wanted}
        try:
            for name in wanted:
                shutil.copyfile(Path(scratch) / name, partial[name])
            for name in wanted:
                partial[name].replace(folder / name)
        finally:
            for path in partial.values():
                path.unlink(missing_ok=True)
        (folder / "SOURCE.txt").write_text(f"{mlp.CITATION}\n{address}\nLicence: {mlp.LICENCE}\n", encoding="utf-8")
    return [folder / n for n in published]


def _copy(source: Path, name: str, scratch: Path) -> Path:
    for path in (source / mlp.FOLDER / name, source / name):
        if path.exists():
            return Path(shutil.copyfile(path, scratch / name))
    raise FetchError(f"'{source}' has no {name}: name a folder that holds {', '.join(MLP)}. Nothing was changed.")


def _download(address: str, name: str, scratch: Path) -> Path:
    log = pooch.get_logger()
    level = log.level
    log.setLevel("ERROR")  # its advice on hashes is not for our user: _verify checks them
    try:
        return Path(pooch.retrieve(f"{address}{name}", known_hash=None, fname=name, path=scratch, progressbar=False))
    except OSError as failure:
        raise FetchError(
            f"Could not download {name} from {address} ({type(failure).__name__}). Check the connection, or copy the files "
            "from a folder with --from. Nothing was changed."
        ) from failure
    finally:
        log.setLevel(level)


def _verify(path: Path, expected: Published) -> None:
    size = path.stat().st_size
    if size != expected.size:
        raise FetchError(
            f"{path.name}: {size} bytes arrived, {expected.size} were published. The download was cut off, or the file "
            "is another version. Nothing was changed; try again."
        )
    found = file_sha256(path)
    if found != expected.sha256:
        raise FetchError(
            f"{path.name}: SHA-256 {found[:16]}..., published {expected.sha256[:16]}... The file is not the published one. "
            "Nothing was changed."
        )
