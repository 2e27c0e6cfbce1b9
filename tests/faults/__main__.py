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


def main(only: list[str]) -> int:
    """Print the table; return how many failed."""
    began = time.monotonic()
    jobs = [(m, i) for m in modules() if not only or m in only for i in range(len(faults(m)))]
    counted, failed = Counter[tuple[str, bool]](), []
    with ProcessPoolExecutor(2) as pool:
        for family, name, end in pool.map(tried, *zip(*jobs, strict=True), chunksize=8):
            counted[family, end == SURVIVED] += 1
            if end != SURVIVED:
                failed.append(f"{family}: {name}: {end}")
    print(f"{'family':44} tried survived failed")
    for family in dict.fromkeys(f for f, _ in counted):
        good, bad = counted[family, True], counted[family, False]
        print(f"{family:44} {good + bad:5} {good:8} {bad:6}")
    good, bad = (sum(n for (_, kind), n in counted.items() if kind is wanted) for wanted in (True, False))
    print(f"{'all':44} {good + bad:5} {good:8} {bad:6}  in {time.monotonic() - began:.0f} s")
    print("\n".join(failed))
    return len(failed)


if __name__ == "__main__":
    raise SystemExit(min(main(sys.argv[1:]), 1))
