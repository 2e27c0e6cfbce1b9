"""One pass over raw bytes: where the lines are, how many fields each has, and which lie in the wanted countries.

The kernel looks at eight bytes at a time. A word without a newline adds its tabs to the field count by one
multiplication (the exact zero-byte test of Warren, *Hacker's Delight*, section 6-1); only words that hold a newline or
border on the place column are walked byte by byte. No text is decoded, so no byte can be invalid here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numba import njit

from northroute import machine_code
from northroute.arrays import Ints
from northroute.provenance import file_sha256

_TAB: Final = 9
_NEWLINE: Final = 10
_HASH: Final = 35
_SEMICOLON: Final = 59
_LOW: Final = np.uint64(0x7F7F7F7F7F7F7F7F)
_TABS: Final = np.uint64(0x0909090909090909)
_NEWLINES: Final = np.uint64(0x0A0A0A0A0A0A0A0A)
_ONES: Final = np.uint64(0x0101010101010101)
_SEVEN: Final = np.uint64(7)
_TOP: Final = np.uint64(56)
_WORD: Final = 8
_FOLDER: Final = machine_code.folder("scan", file_sha256(Path(__file__)))


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile on first use, outside Python's lock; kept between runs in a folder of the user's own."""
    with machine_code.kept_in(_FOLDER) as kept:
        return njit(nogil=True, cache=kept)(function)


@dataclass(frozen=True)
class Scanned:
    """What a block holds.

    Attributes
    ----------
    rows : int
        Whole lines.
    found : ndarray of int64, shape (m, 4)
        Start, end (without the newline), line number from 0 within the block, and fields, of every line that is in a
        wanted country or whose number of fields is not the layout's.
    consumed : int
        Bytes up to the last newline.
    """

    rows: int
    found: Ints
    consumed: int


def country_codes(codes: tuple[str, ...]) -> Ints:
    """Return two-letter codes as the kernel compares them."""
    return np.array([ord(c[0]) * 256 + ord(c[1]) for c in codes], dtype=np.int64)


def scan(block: bytes, fields: int, place: int, packed: bool, codes: Ints) -> Scanned:
    """Scan the whole lines of a block.

    Parameters
    ----------
    block : bytes
        Text that starts at the start of a line; what follows the last newline is not consumed.
    fields : int
        Fields of a good line.
    place : int
        Zero-based field with the country code, or with packed locations if ``packed``.
    packed : bool
        Whether to look for the code in the third ``#`` part of each ``;`` block of the field.
    codes : ndarray of int64, shape (k,)
        From :func:`country_codes`.
    """
    view = np.frombuffer(block, dtype=np.uint8)
    words = view[: len(block) // _WORD * _WORD].view(np.uint64)
    rows, found, consumed = _kernel(view, words, fields, place, packed, codes)
    return Scanned(int(rows), found, int(consumed))


@_compiled
def _wanted(b: Any, start: int, end: int, packed: bool, codes: Any) -> bool:
    if not packed:
        return end - start == 2 and _is_code(b, start, codes)
    part = 0
    first = start
    for i in range(start, end):
        if b[i] == _HASH:
            if part == 2 and i - first == 2 and _is_code(b, first, codes):
                return True
            part += 1
            first = i + 1
        elif b[i] == _SEMICOLON:
            part = 0
            first = i + 1
    return False


@_compiled
def _is_code(b: Any, at: int, codes: Any) -> bool:
    value = np.int64(b[at]) * 256 + np.int64(b[at + 1])
    for code in codes:  # noqa: SIM110 - numba compiles no generator
        if code == value:
            return True
    return False


@_compiled
def _kernel(b: Any, words: Any, fields: int, place: int, packed: bool, codes: Any) -> Any:
    found = np.empty((256, 4), np.int64)
    m = rows = start = first = 0
    tabs: Any = 0
    hit = False
    for j in range(words.size + 1):
        word = words[j] if j < words.size else _NEWLINES  # the bytes after the last whole word are walked one by one
        t = word ^ _NEWLINES
        newlines = ~(((t & _LOW) + _LOW) | t | _LOW)
        if newlines == 0:
            t = word ^ _TABS
            marks = ~(((t & _LOW) + _LOW) | t | _LOW)
            if marks == 0:
                continue
            count = np.int64(((marks >> _SEVEN) * _ONES) >> _TOP)
            if tabs + count < place or tabs > place:
                tabs += count
                continue
        for i in range(_WORD * j, min(_WORD * j + _WORD, b.size)):
            c = b[i]
            if c == _TAB:
                tabs += 1
                if tabs == place:
                    first = i + 1
                elif tabs == place + 1:
                    hit = _wanted(b, first, i, packed, codes)
            elif c == _NEWLINE:
                if tabs + 1 != fields or hit:
                    if m == found.shape[0]:
                        larger = np.empty((2 * m, 4), np.int64)
                        larger[:m] = found
                        found = larger
                    found[m, 0] = start
                    found[m, 1] = i
                    found[m, 2] = rows
                    found[m, 3] = tabs + 1
                    m += 1
                rows += 1
                start = i + 1
                tabs = 0
                hit = False
    return rows, found[:m].copy(), start
