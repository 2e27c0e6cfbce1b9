"""Fits, the chains of interrupted ones, row scores, trials and manifests, damaged as in :mod:`tests.faults.caches`."""

import functools
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from northroute import keeping, provenance, standing
from northroute.bayes import BayesFit, Model, Sampling, fit_model, load
from northroute.bayes import distributions as dist
from northroute.bayes.answers.posterior import drawn
from northroute.bayes.coordinates import adaptation
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.samplers.sampling import Chains, sample
from northroute.bayes.terms import Effects, Intercept
from northroute.errors import DataError
from northroute.frequentist import FrequentistFit, PoissonSpec, fit_poisson
from northroute.frequentist import load as load_regression
from northroute.workflow.reference_fits import Found, kept
from northroute.workflow.scores import Scores, score
from tests.faults.caches import SURVIVED, Damage, Fault, damages, lines, scratch, told

_SEED: Final = 20
_SETTINGS: Final = Sampling(draws=60, tune=120, chains=2, retries=0, pilot=20, seed=_SEED)
_MODEL: Final = Model("counts", "y", dist.Poisson(), (Intercept(), Effects("region")))
_KEY: Final = {"what": "decides", "seed": 7}


def faults() -> Iterator[tuple[str, str, Fault]]:
    """Yield every fault: its family, its name, and what tries it in an empty folder."""
    for how, damage in damages("fit", bits=8).items():
        yield "caches: fits", how, functools.partial(_fit, damage)
        if how != "no record":
            yield "caches: fits that a user names", how, functools.partial(_named_fit, damage)
    for how, deed in _DEEDS.items():
        yield "caches: fits", how, functools.partial(_fit, deed)
    yield "caches: fits", "a fit of another seed, record and all", _other_seed
    yield "caches: fits", "a fit of another name, record and all", _other_name
    for how, damage in damages("chain", bits=8).items():
        yield "caches: chains", how, functools.partial(_chains, damage)
    yield "caches: chains", "two chains swapped, records and all", _swapped_chains
    for how, damage in (damages("scores", bits=8) | {"a digit changed": _digit}).items():
        yield "caches: row scores", how, functools.partial(_scores, damage)
    for how, damage in (damages("trial", bits=6) | {"a digit changed": _digit}).items():
        yield "caches: trials", how, functools.partial(_trial, damage)
    for how, damage in (damages("manifest", bits=6) | {"a verdict changed": _verdict}).items():
        yield "caches: manifests", how, functools.partial(_manifest, damage)
    for how, damage in damages("page", bits=2).items():
        if "record" not in how:
            yield "caches: manifests", f"a page, {how}", functools.partial(_page, damage)
    for how, damage in (damages("regression", bits=6) | {"a digit changed": _digit}).items():
        if how != "no record":
            yield "caches: regressions", how, functools.partial(_regression, damage)


@functools.cache
def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(_SEED)
    region = np.repeat([f"region {i}" for i in range(6)], 8)
    month = np.tile(pd.date_range("2015-01-01", periods=8, freq="MS"), 6)
    return pd.DataFrame(
        {"region": region, "country": "KAZ", "month": month, "x": rng.normal(size=48), "y": rng.poisson(4.0, 48)}
    )


def _fitted(folder: Path | None, seed: int = _SEED) -> BayesFit:
    return fit_model(_MODEL, _frame(), replace(_SETTINGS, seed=seed), folder=folder)


@functools.cache
def _true() -> BayesFit:
    return _fitted(scratch() / "fits")


def _again(folder: Path) -> BayesFit:
    _true()
    shutil.copytree(scratch() / "fits", folder, dirs_exist_ok=True)
    return _true()


def _same(found: BayesFit) -> None:
    for group, node in _true().tree.children.items():
        xr.testing.assert_identical(found.tree[group].to_dataset(), node.to_dataset())


def _fit(damage: Damage, folder: Path) -> str:
    _again(folder)
    path = folder / "counts.nc"
    damage(path)
    with lines() as said:
        found = _fitted(folder)
    told(said, path)
    _same(found)
    with lines() as said:
        _same(_fitted(folder))
    assert not said, f"said again after it was mended: {said}"
    return SURVIVED


def _named_fit(damage: Damage, folder: Path) -> str:
    _again(folder)
    path = folder / "counts.nc"
    damage(path)
    try:
        load(path)
    except DataError as refusal:
        assert path.name in str(refusal), f"the file is not named: {refusal}"
        return SURVIVED
    raise AssertionError("a damaged fit was read")


def _moved(path: Path) -> None:
    """Add one to the draws, in a file that is as whole as before."""
    tree = xr.load_datatree(path, engine="h5netcdf")
    posterior = tree["posterior"].to_dataset()
    changed = xr.DataTree.from_dict(
        {**{n: g.to_dataset() for n, g in tree.children.items()}, "posterior": posterior + 1}
    )
    changed.attrs = tree.attrs
    changed.to_netcdf(path, engine="h5netcdf")


def _one_draw(path: Path) -> None:
    """Change one number where it lies: the file keeps its length and its structure."""
    content = path.read_bytes()
    draw = _true().tree["posterior"]["intercept"].to_numpy()[0, 0]
    at = content.index(np.float64(draw).tobytes())
    path.write_bytes(content[:at] + np.float64(draw + 1).tobytes() + content[at + 8 :])


_DEEDS: Final[dict[str, Callable[[Path], None]]] = {
    "one added to the draws": _moved,
    "one added to one draw": _one_draw,
}


def _other_seed(folder: Path) -> str:
    _again(folder)
    _fitted(folder / "other", seed=_SEED + 1)
    for name in ("counts.nc", "counts.nc.sha256"):
        (folder / "other" / name).replace(folder / name)
    with lines() as said:
        _same(_fitted(folder))
    assert not said, f"a file of another key is no damage: {said}"
    return SURVIVED


def _other_name(folder: Path) -> str:
    _again(folder)
    path = folder / "counts.nc"
    other = replace(_true(), name="other").save(folder / "other.nc")
    for one, two in ((other, path), (keeping.beside(other), keeping.beside(path))):
        one.replace(two)
    with lines() as said:
        _same(_fitted(folder))
    told(said, path)
    return SURVIVED


@functools.cache
def _assembled() -> Assembled:
    return assemble(_MODEL, _frame())


def _sampled(folder: Path) -> Chains:
    adapted = adaptation.first(_assembled())
    return sample("counts", adapted.program, adapted.z, _SETTINGS, keep=folder / "counts-0123-0")


@functools.cache
def _true_chains() -> Chains:
    return _sampled(scratch() / "chains")


def _chains(damage: Damage, folder: Path) -> str:
    true = _true_chains()
    shutil.copytree(scratch() / "chains", folder, dirs_exist_ok=True)
    path = folder / "counts-0123-0-chain1.npz"
    damage(path)
    with lines() as said:
        found = _sampled(folder)
    told(said, path)
    np.testing.assert_array_equal(found.theta, true.theta)
    xr.testing.assert_identical(found.stats, true.stats)
    return SURVIVED


def _swapped_chains(folder: Path) -> str:
    true = _true_chains()
    shutil.copytree(scratch() / "chains", folder, dirs_exist_ok=True)
    paths = [folder / f"counts-0123-0-chain{i}.npz" for i in range(2)]
    for one, two in (paths, list(map(keeping.beside, paths))):
        one.rename(folder / "away")
        two.rename(one)
        (folder / "away").rename(two)
    with lines() as said:
        found = _sampled(folder)
    assert len(said) == 2, said
    np.testing.assert_array_equal(found.theta, true.theta)
    return SURVIVED


def _scored(folder: Path) -> Scores:
    return score(_true(), lambda: drawn(_true(), _assembled()), _SEED, folder)


@functools.cache
def _true_scores() -> Scores:
    return _scored(scratch() / "scores")


def _digit(path: Path) -> None:
    """Change a digit of a number: the file stays what it says it is."""
    text = path.read_text(encoding="utf-8")
    at = next(i for i, c in enumerate(text) if c in "12345678" and text[i - 1] == ".")
    path.write_text(f"{text[:at]}9{text[at + 1 :]}", encoding="utf-8")


def _scores(damage: Damage, folder: Path) -> str:
    true = _true_scores()
    shutil.copytree(scratch() / "scores", folder, dirs_exist_ok=True)
    path = folder / "counts.scores.json"
    damage(path)
    with lines() as said:
        found = _scored(folder)
    told(said, path)
    np.testing.assert_array_equal(found.loo.elpd, true.loo.elpd)
    assert (found.verdict, found.sentence) == (true.verdict, true.sentence)
    return SURVIVED


def _trial(damage: Damage, folder: Path) -> str:
    true = Found(0.8712, 0.0034, 2, ("R-hat 1.4",))
    kept(folder, "trial", _KEY, lambda: true)
    (path,) = folder.glob("*.json")
    damage(path)
    made = []

    def make() -> Found:
        made.append(1)
        return true

    with lines() as said:
        assert kept(folder, "trial", _KEY, make) == true
    told(said, path)
    assert made, "what was damaged was read"
    return SURVIVED


def _run(folder: Path) -> Path:
    page = folder / "index.html"
    page.write_text("page", encoding="utf-8")
    content = {"key": "k", "claims": [{"verdict": "undecided"}], "outputs": {page.name: provenance.file_sha256(page)}}
    return keeping.write(folder / standing.MANIFEST, json.dumps(content).encode(), "k")


def _verdict(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace("undecided", "supported"), encoding="utf-8")


def _manifest(damage: Damage, folder: Path) -> str:
    path = _run(folder)
    assert standing.standing(folder, "k")
    damage(path)
    with lines() as said:
        assert standing.standing(folder, "k") is None, "a damaged manifest was read"
    told(said, path)
    return SURVIVED


def _page(damage: Damage, folder: Path) -> str:
    path = _run(folder).with_name("index.html")
    damage(path)
    with lines() as said:
        assert standing.standing(folder, "k") is None, "a damaged page stands"
    told(said, path)
    return SURVIVED


@functools.cache
def _true_regression() -> FrequentistFit:
    return fit_poisson(_frame(), PoissonSpec("regression", "y", ("x",), effects=("region",), cluster="region"))


def _regression(damage: Damage, folder: Path) -> str:
    path = _true_regression().save(folder / "regression.json")
    damage(path)
    try:
        load_regression(path)
    except DataError as refusal:
        assert path.name in str(refusal), f"the file is not named: {refusal}"
        return SURVIVED
    raise AssertionError("a damaged regression was read")
