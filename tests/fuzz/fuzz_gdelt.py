"""Coverage-guided fuzzing of everything that reads GDELT's bytes: rows of every layout, zip archives, index lists.

An input is a fault if anything but a northroute error is raised, or if a row is neither kept, filtered nor set aside.

Run (Linux, ``pip install atheris``): ``python -m tests.fuzz.fuzz_gdelt -max_total_time=3600``. Options are libFuzzer's.
"""

import inspect
import os
import sys
import tempfile
import zipfile
from pathlib import Path

import atheris

from northroute.errors import DataError
from northroute.sources.gdelt import index, inflate
from northroute.sources.gdelt import read as reader
from northroute.sources.gdelt.formats import LAYOUTS, Layout
from northroute.sources.gdelt.inflate import blocks, is_simulated
from northroute.sources.gdelt.read import Tally, read
from tests.sources.gdelt.examples import event_row, gkg_row
from tests.sources.gdelt.test_read import reference

COUNTRIES = ("KZ", "TX")
MEMORY = Path("/dev/shm")
PLAIN = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None)) / f"{os.getpid()}.CSV"
ZIPPED = PLAIN.with_suffix(".zip")


def instrument() -> None:
    """Trace the branches of the readers; not of the scanner, which numba compiles."""
    for module in (reader, inflate, index):
        for thing in vars(module).values():
            held = vars(thing).values() if inspect.isclass(thing) else [thing]
            for function in held:
                if inspect.isfunction(function) and function.__module__ == module.__name__:
                    atheris.instrument_func(function)


def rows(provider: atheris.FuzzedDataProvider, layout: Layout) -> bytes:
    """Put lines together: noise, or fields of the right number with a few of them filled."""
    width, place = len(layout.columns), layout.place_index
    lines = []
    for _ in range(provider.ConsumeIntInRange(0, 6)):
        if provider.ConsumeProbability() < 0.3:
            lines.append(provider.ConsumeBytes(provider.ConsumeIntInRange(0, 64)))
            continue
        cells = [b""] * (width + provider.PickValueInList([0, 0, 0, 0, -1, 1]))
        if layout.table == "events":
            cells[:2], cells[-2] = [b"7", b"20150102"], b"20150102"
        elif layout.name == "GKG 2.1":
            cells[1] = b"20150102001500"
        else:
            cells[0] = b"20150102"
        code = provider.PickValueInList([b"KZ", b"TX", b"USTX", b"US", b""])
        if place < len(cells):
            cells[place] = b"4#Almaty#" + code + b"#KZ02#1#2#3;" if layout.packed else code
        for _ in range(provider.ConsumeIntInRange(0, 3)):
            cells[provider.ConsumeIntInRange(0, len(cells) - 1)] = provider.ConsumeBytes(
                provider.ConsumeIntInRange(0, 24)
            )
        lines.append(b"\t".join(cells))
    return b"\n".join(lines) + (b"\n" if provider.ConsumeBool() else b"")


def check_rows(provider: atheris.FuzzedDataProvider, path: Path, content: bytes, layout: Layout) -> None:
    """Compare the reader's account with the plainest one."""
    batches = list(read(path, layout, COUNTRIES, block=provider.PickValueInList([1, 7, 64, 4096])))
    tally = sum((b.tally for b in batches), Tally())
    assert tally.rows == tally.kept + tally.filtered + tally.aside
    if tally.header:
        content = content.partition(b"\n")[2]
    wanted, wrong, lines = reference(content, layout, COUNTRIES)
    assert tally.rows == lines and tally.short + tally.long == len(wrong) and tally.kept + tally.value == len(wanted)
    aside = {a.line - tally.header for b in batches for a in b.aside}
    kept = {n - tally.header for b in batches for n in b.table["Line"].to_pylist()}
    assert kept | (aside - set(wrong)) == set(wanted) and set(wrong) <= aside


def one_input(data: bytes) -> None:
    """Run one input."""
    provider = atheris.FuzzedDataProvider(data)
    choice = provider.ConsumeIntInRange(0, 9)
    layout = LAYOUTS[choice % len(LAYOUTS)]
    try:
        if choice < 8:
            content = rows(provider, layout) if choice < 6 else provider.ConsumeBytes(sys.maxsize)
            if provider.ConsumeProbability() < 0.1:
                with zipfile.ZipFile(ZIPPED, "w", zipfile.ZIP_DEFLATED) as archive:
                    archive.writestr("a.CSV", content)
                check_rows(provider, ZIPPED, content, layout)
            else:
                PLAIN.write_bytes(content)
                check_rows(provider, PLAIN, content, layout)
        elif choice == 8:
            ZIPPED.write_bytes(provider.ConsumeBytes(sys.maxsize))
            is_simulated(ZIPPED)
            for _ in blocks(ZIPPED, 64):
                pass
        else:
            text = provider.ConsumeUnicode(sys.maxsize).splitlines()
            for parse in (lambda t: index.read_daily(t, t), index.read_master):
                try:
                    found = parse(text)
                    index.outages(found.files, "events")
                except DataError:
                    continue
    except DataError:
        return


def seeds(folder: Path) -> None:
    """Write inputs to start from."""
    texts = [event_row(), event_row() + b"\n" + event_row(SQLDATE="x"), gkg_row("1#T#TX#TX#1#2#TX")]
    for i, text in enumerate(texts):
        (folder / str(i)).write_bytes(bytes([i]) + text)
    with zipfile.ZipFile(folder / "zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.CSV", texts[0])


if __name__ == "__main__":
    instrument()
    corpus = Path(tempfile.mkdtemp())
    seeds(corpus)
    atheris.Setup([*sys.argv, str(corpus)], one_input)
    atheris.Fuzz()
