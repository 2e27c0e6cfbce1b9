"""Try every fault of every family, and print how many were tried, survived and failed: ``python -m tests.faults``.

A fault survives if what comes after it is right, or refused in a line that says what to do. Two run at a time; a fault that
takes longer than two minutes has failed. ``python -m tests.faults caches`` tries the families of one module.
"""

import importlib
import pkgutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Final

import tests.faults

SURVIVED: Final = "survived"
_LIMIT: Final = 120
Fault = tuple[str, str, Callable[[Path], str]]


def modules() -> Iterator[str]:
    """Yield the modules that have faults."""
    for module in pkgutil.iter_modules(tests.faults.__path__):
        if module.name != "__main__" and not module.name.startswith("test_"):
            yield module.name


@cache
def faults(module: str) -> list[Fault]:
    """Return the faults of a module: family, name, and what tries it in an empty folder."""
    return list(importlib.import_module(f"tests.faults.{module}").faults())


def tried(module: str, index: int) -> tuple[str, str, str]:
    """Try one fault; return its family, its name and how it ended."""
    family, name, attempt = faults(module)[index]

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not over after {_LIMIT} seconds")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(_LIMIT)
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            return family, name, attempt(Path(folder))
    except BaseException as problem:
        return family, name, f"{type(problem).__name__}: {problem}".splitlines()[0]
    finally:
        signal.alarm(0)


def main(words: list[str]) -> int:
    """Print the table, and write it with ``--write FILE`` as Markdown; return how many failed."""
    to = Path(words[words.index("--write") + 1]) if "--write" in words else None
    only = [w for w in words if w not in ("--write", str(to))]
    began = time.monotonic()
    jobs = [(m, i) for m in modules() if not only or m in only for i in range(len(faults(m)))]
    counted, failed = Counter[tuple[str, bool]](), list[str]()
    with ProcessPoolExecutor(2) as pool:
        for family, name, end in pool.map(tried, *zip(*jobs, strict=True), chunksize=4):
            counted[family, end == SURVIVED] += 1
            if end != SURVIVED:
                failed.append(f"{family}: {name}: {end}")
    table = [(f, counted[f, True], counted[f, False]) for f in dict.fromkeys(f for f, _ in counted)]
    table.append(("all", sum(good for _, good, _ in table), sum(bad for _, _, bad in table)))
    print(f"{'family':44} tried survived failed")
    for family, good, bad in table:
        print(f"{family:44} {good + bad:5} {good:8} {bad:6}")
    print(f"in {time.monotonic() - began:.0f} s\n" + "\n".join(failed))
    if to:
        to.write_text(page(table, failed), encoding="utf-8")
    return len(failed)


def page(table: list[tuple[str, int, int]], failed: list[str]) -> str:
    """Return the table as a page of the documentation."""
    rows = "\n".join(f"| {family} | {good + bad} | {good} | {bad} |" for family, good, bad in table)
    left = "".join(f"- {line}\n" for line in failed) or "None.\n"
    return f"""# Faults that were tried

Written by `python -m tests.faults --write analysis/docs/faults.md`: damaged files, hostile servers, odd inputs, kills, full
disks and processes side by side. A fault survives if what comes after it is right, or refused in a line that says what to
do; none may show a traceback.

| family | tried | survived | failed |
|---|---|---|---|
{rows}

What failed:

{left}"""


if __name__ == "__main__":
    raise SystemExit(min(main(sys.argv[1:]), 1))
