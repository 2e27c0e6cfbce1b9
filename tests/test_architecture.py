"""The house rules that a machine can hold: import directions, exports, interval defaults, module sizes."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import northroute
from northroute import bayes
from northroute.conventions import INTERVAL_KIND, INTERVAL_PROB, interval_label

ROOT = Path(northroute.__file__).parent
BASE = (
    "arrays",
    "check",
    "conventions",
    "documents",
    "errors",
    "files",
    "holding",
    "keeping",
    "latex",
    "look",
    "machine_code",
    "netcdf",
    "pins",
    "progress",
    "provenance",
    "resources",
    "seeds",
    "shapes",
    "sheets",
    "standing",
)
LEFT_TO_RIGHT = (
    BASE,
    ("sources",),
    ("panel",),
    ("frequentist", "bayes"),
    ("claims",),
    ("report",),
    ("workflow",),
    ("cli",),
)
LEVEL = {room: level for level, rooms in enumerate(LEFT_TO_RIGHT) for room in rooms}
BAYES = (
    "statement",
    "kernel",
    "program",
    "coordinates",
    "checks",
    "samplers",
    "gate",
    "fit",
    "engine",
    "ladder",
    "calibration",
    "answers",
)
"""The rooms of the engine, left to right; at its top, beside the two that they meet in, only what a user calls."""
BAYES_TOP = {"__init__", "counts", "distributions", "engine", "fit", "measurement", "terms"}

EXPORTS = {
    "northroute.bayes": "COUNTS MEASUREMENT QUICK BayesFit Check CountSpec Gate MeasurementSpec Model Origin Prior "
    "Sampling fit_counts fit_measurement fit_model load prior_set pymc_model replaced",
    "northroute.claims": "Answer Claim Estimate Estimated Proxy Quantity Question Register Requirement Specification "
    "Verdict answer combine load not_summarised recovery to_frame write_lock",
    "northroute.cli": "app",
    "northroute.frequentist": "CONVENTIONS Estimate FrequentistFit PoissonSpec Regression conditional_poisson fit_poisson "
    "gee hurdle load negative_binomial poisson random_effects regression zero_inflated",
    "northroute.panel": "Panel Scaling build lag load log_rate original_slope save standardise within_between",
    "northroute.report": "Site write",
    "northroute.sources": "Table",
    "northroute.workflow": "Options Recovery Result recover reproduce",
}
"""The package's public names, room by room: the one list."""


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), path


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module == "northroute":
                found |= {a.name for a in node.names}
            elif (node.module or "").startswith("northroute."):
                found.add(str(node.module).split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("northroute.")}
    return found - {"__version__"}


@pytest.mark.parametrize(("name", "path"), list(modules()))
def test_a_room_imports_only_rooms_to_its_left(name: str, path: Path) -> None:
    room = name.split("/")[0].removesuffix(".py")
    if room == "__init__":
        assert imported_rooms(path) == set()
        return
    assert room in LEVEL, f"'{room}' has no place in the order of rooms; give it one in LEFT_TO_RIGHT"
    for other in imported_rooms(path) - {room}:
        assert LEVEL[other] < LEVEL[room] or (room in BASE and other in BASE), f"{name} imports {other}"


def test_the_engine_is_a_path_of_rooms() -> None:
    top = ROOT / "bayes"
    assert {p.stem for p in top.glob("*.py")} == BAYES_TOP
    assert {p.parent.name for p in top.glob("*/__init__.py")} | {"fit", "engine"} == set(BAYES)
    level = {room: i for i, room in enumerate(BAYES)}
    for room in BAYES:
        for path in sorted((top / room).rglob("*.py")) or [top / f"{room}.py"]:
            others = {name.split(".")[0] for name in imported_modules(path, "northroute.bayes")}
            ahead = {o for o in others if level.get(o, len(level)) > level[room]}
            assert not ahead, f"{path.relative_to(ROOT)} imports {sorted(ahead)}, which lie further on"


def test_claims_read_fits_and_panels_and_make_neither() -> None:
    """A count's way is one way: panels are built before, by ``panel/`` or a line of the workflow, which also fits them."""
    for path in sorted((ROOT / "claims").rglob("*.py")):
        taken = imported_modules(path, "northroute.panel")
        assert taken <= {"Panel"}, f"{path.relative_to(ROOT)} builds panels: {sorted(taken)}"
        for room in ("bayes", "frequentist"):
            fitters = {n for n in imported_modules(path, f"northroute.{room}") if n.startswith("fit_")}
            assert not fitters, f"{path.relative_to(ROOT)} fits: {sorted(fitters)}"


def imported_modules(path: Path, package: str) -> set[str]:
    """Return what a module imports below a package, without the package's name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == package:
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{package}."):
            found.add(str(node.module).removeprefix(f"{package}."))
    return found


def test_every_room_has_its_exports_in_the_list() -> None:
    rooms = {m.name for m in pkgutil.iter_modules([str(ROOT)], "northroute.") if m.ispkg}
    assert rooms == set(EXPORTS)


@pytest.mark.parametrize(("room", "names"), EXPORTS.items())
def test_exports_are_the_list(room: str, names: str) -> None:
    module = importlib.import_module(room)
    assert sorted(module.__all__) == sorted(names.split())
    for name in names.split():
        thing = getattr(module, name)
        assert thing.__doc__, f"{room}.{name} has no docstring"


def test_intervals_default_to_the_one_constant() -> None:
    assert (INTERVAL_PROB, INTERVAL_KIND, interval_label()) == (0.89, "ETI", "89 % ETI")
    found = 0
    for info in pkgutil.walk_packages([str(ROOT)], "northroute."):
        module = importlib.import_module(info.name)
        for _, thing in inspect.getmembers(module, lambda o: inspect.isfunction(o) or inspect.isclass(o)):
            if not thing.__module__.startswith("northroute"):
                continue
            functions = (
                [thing] if inspect.isfunction(thing) else [f for _, f in inspect.getmembers(thing, inspect.isfunction)]
            )
            for function in functions:
                prob = inspect.signature(function).parameters.get("prob")
                if prob is not None and prob.default is not inspect.Parameter.empty:
                    assert prob.default == INTERVAL_PROB, f"{info.name}.{function.__qualname__}"
                    found += 1
    assert found >= 3


HEAVY = ("matplotlib", "pymc", "pytensor", "arviz_stats", "nutpie", "statsmodels.api", "pandera", "scipy.stats")
LIGHT = {
    "from northroute.cli import app; app(['--help'], standalone_mode=False)": (*HEAVY, "numpy", "pandas"),
    "from northroute.bayes import fit_counts, fit_model, load": HEAVY,
    "import northroute.bayes.kernel.warm": (*HEAVY, "pandas", "xarray", "pyarrow"),
    "import northroute.frequentist": ("matplotlib", "statsmodels", "arviz_stats", "pandera"),
}
"""What a user waits for first, and libraries that are loaded when they are used."""


@pytest.mark.parametrize(("code", "libraries"), LIGHT.items(), ids=["help", "bayes", "kernel", "frequentist"])
def test_what_is_not_needed_is_not_loaded(code: str, libraries: tuple[str, ...]) -> None:
    told = f"{code}\nimport sys\nprint('LOADED', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert not set(libraries) & set(done.stdout.rpartition("LOADED")[2].split())


def test_public_names_of_the_engine_are_loaded_from_where_they_are_written() -> None:
    assert sorted(bayes._HOMES) == sorted(bayes.__all__)
    for name in bayes.__all__:
        assert getattr(bayes, name) is getattr(importlib.import_module(f"northroute.bayes.{bayes._HOMES[name]}"), name)
    assert set(bayes.__all__) <= set(dir(bayes))
    with pytest.raises(AttributeError, match="no attribute 'fit_nothing'"):
        _ = bayes.fit_nothing


@pytest.mark.parametrize(("name", "path"), list(modules()))
def test_modules_stay_small(name: str, path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 400


def test_no_module_keeps_a_global_generator() -> None:
    for name, path in modules():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"np\.random\.(seed|normal|rand|randn|randint|choice|poisson)\(", text), name
