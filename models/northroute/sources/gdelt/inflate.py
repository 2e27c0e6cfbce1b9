"""Zipped or plain files as a stream of byte blocks, inflated by ISA-L and checked by CRC-32."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from isal import igzip_lib, isal_zlib

from northroute.conventions import SIMULATED_MARK
from northroute.errors import DataError
from northroute.sources.connection import shown

BLOCK: Final = 512 << 10
"""Bytes of one inflated block: few enough to stay in a processor's cache until they have been scanned."""
_READ: Final = 256 << 10
_REMEDY: Final = "Fetch the file again; its size or checksum will differ from the published one."
_LOCAL_HEADER: Final = 30
_RATIO: Final = 1100
"""Bytes out of one byte in, at most: deflate has no more than 1,032."""


def blocks(path: Path, size: int = BLOCK) -> Iterator[bytes]:
    """Yield the content of a ``.zip`` file's one member, or of a plain file, in blocks of at most ``size`` bytes.

    Raises
    ------
    DataError
        If the file is absent, no zip archive, has no or several members, is cut off, or fails its checksum. Blocks that
        came before the fault was met have been yielded: discard what was made of them.
    """
    try:
        with path.open("rb") as stream:
            if path.suffix.lower() == ".zip":
                yield from _member(path, stream, size)
            else:
                while block := stream.read(size):
                    yield block
    except FileNotFoundError as failure:
        raise DataError("there is no such file", file=path, remedy="Check the folder, or fetch first.") from failure


def is_simulated(path: Path) -> bool:
    """Tell whether a zip archive carries the mark of a simulator in its comment; plain files carry none."""
    if path.suffix.lower() != ".zip":
        return False
    return _directory(path).comment.startswith(SIMULATED_MARK.encode())


def check(path: Path) -> None:
    """Read a file to its end and keep nothing.

    Raises
    ------
    DataError
        As :func:`blocks`.
    """
    for _ in blocks(path):
        pass


def _directory(path: Path) -> zipfile.ZipFile:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as failure:
        raise DataError(f"not a readable zip archive ({failure})", file=path, remedy=_REMEDY) from failure


def _member(path: Path, stream: IO[bytes], size: int) -> Iterator[bytes]:
    members = [m for m in _directory(path).infolist() if not m.is_dir()]
    if len(members) != 1:
        raise DataError(f"{len(members)} members where one is expected", file=path, remedy=_REMEDY)
    member = members[0]
    outside = member.filename.startswith("/") or ".." in member.filename.split("/")
    if outside or not member.filename.isprintable() or {"\\", ":"} & set(member.filename):
        raise DataError(f"the member's name is '{shown(member.filename)}'", file=path, remedy=_REMEDY)
    if member.file_size > _RATIO * member.compress_size + _RATIO:
        what = f"{member.compress_size} bytes that claim to hold {member.file_size}"
        raise DataError(what, file=path, remedy=_REMEDY)
    if member.compress_type not in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED) or member.flag_bits & 0x1:
        raise DataError("the member is neither deflated nor stored, or is encrypted", file=path, remedy=_REMEDY)
    stream.seek(member.header_offset)
    header = stream.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
        raise DataError("the member's header is damaged", file=path, remedy=_REMEDY)
    stream.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    stored = member.compress_type == zipfile.ZIP_STORED
    crc = length = 0
    for block in _stored(stream, member.file_size, size) if stored else _inflated(path, stream, member, size):
        crc = isal_zlib.crc32(block, crc)
        length += len(block)
        if length > member.file_size:
            break
        yield block
    if crc != member.CRC or length != member.file_size:
        raise DataError("the content fails the archive's own checksum", file=path, remedy=_REMEDY)


def _stored(stream: IO[bytes], length: int, size: int) -> Iterator[bytes]:
    while length > 0 and (block := stream.read(min(size, length))):
        length -= len(block)
        yield block


def _inflated(path: Path, stream: IO[bytes], member: zipfile.ZipInfo, size: int) -> Iterator[bytes]:
    inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)
    left = member.compress_size
    try:
        while not inflater.eof:
            raw = b""
            if inflater.needs_input:
                raw = stream.read(min(_READ, left))
                left -= len(raw)
                if not raw:
                    raise DataError("the compressed content is cut off", file=path, remedy=_REMEDY)
            if block := inflater.decompress(raw, size):
                yield block
    except igzip_lib.IsalError as failure:  # type: ignore[misc]
        raise DataError(f"the compressed content is damaged ({failure})", file=path, remedy=_REMEDY) from failure
