"""What the ablation found, as a tidy table and as Markdown on the page of the engine."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from northroute.conventions import SIMULATED_MARK

ROOT = Path(__file__).parents[2]
PAGE, TIDY = ROOT / "analysis" / "docs" / "engine.md", ROOT / "analysis" / "docs" / "ablation.csv"
BEGIN, END = "<!-- ablation: begin -->", "<!-- ablation: end -->"
EARNED = 1.2
"""Least gain, in the smallest effective size a second, that a piece is kept for, on two of the models at least."""
MODELS = {
    "reference": "reference",
    "joint": "`joint`",
    "places": "BYM2, 1,921 tracts",
    "gp": "`gp`",
    "crossed": "three crossed effects",
}
NAMES = {
    "whole": "nothing",
    "low rank": "straightening, for nutpie's low rank",
    "low rank, long": "the same, warm-up 1,000",
}
ORDER = (
    "whole",
    "centring",
    "sweeping",
    "absorption",
    "straightening",
    "folding",
    "pilot",
    *list(NAMES)[1:],
)
"""In the order in which the engine has its pieces."""
COLUMNS = ["model", "variant", "seed", "rows", "coordinates", "seconds", "adapting", "ess", "gradients", "failed"]


def read(folder: Path) -> pd.DataFrame:
    """Return all runs of a folder, one row each, tidy; ``failed`` names checks, or says that a run was stopped."""
    lines = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.jsonl"))]
    broken = [line for line in lines if "error" in line]
    if broken or not lines:
        raise SystemExit(f"{len(broken)} of {len(lines)} runs broke: {broken[:1]}")
    found = pd.DataFrame([line | {"failed": _failed(line)} for line in lines]).reindex(columns=[*COLUMNS, "machine"])
    return found.sort_values(["model", "variant", "seed"], ignore_index=True)


def _failed(line: dict[str, Any]) -> str:
    return "stopped" if line["stopped"] else ", ".join(line["failed"])


Measure = Literal["second", "evaluation"]
PER: dict[Measure, str] = {
    "second": "Per second of processor time, from the first coordinates to the last draw",
    "evaluation": "Per 1,000 evaluations of the density after warm-up, whatever the rest costs",
}


@dataclass(frozen=True)
class Rate:
    """Effective sizes of a variant on a model for what they cost, by seed, and what failed in any."""

    by_seed: Mapping[int, float]
    failed: str

    @classmethod
    def of(cls, runs: pd.DataFrame, per: Measure) -> "Rate":
        """Put the runs of one variant on one model together; a run that was stopped leaves no rate."""
        words = dict.fromkeys(w for f in runs["failed"] if f for w in str(f).split(", "))
        if "stopped" in words:
            return cls({}, "stopped")
        cost = runs["seconds"] if per == "second" else runs["gradients"] / 1000
        return cls(dict(zip(runs["seed"], runs["ess"] / cost, strict=True)), ", ".join(words))

    @property
    def rate(self) -> float:
        """Geometric mean over seeds."""
        return _mean(self.by_seed.values())

    def over(self, other: "Rate") -> float:
        """How many times another's rate this is, over the seeds that both were run with: a seed is run on one machine."""
        return _mean(self.by_seed[s] / other.by_seed[s] for s in self.by_seed if s in other.by_seed)


def _mean(numbers: Iterable[float]) -> float:
    """Return the geometric mean; of no number it is none."""
    logs = np.log(list(numbers))
    return float(np.exp(logs.mean())) if logs.size else np.nan


Rates = dict[tuple[str, str], Rate]


def rates(found: pd.DataFrame, per: Measure) -> Rates:
    """Return the rates, by variant and model; none where the cost was not measured."""
    known = found[(found["seconds" if per == "second" else "gradients"] > 0)]
    return {(str(v), str(m)): Rate.of(runs, per) for (v, m), runs in known.groupby(["variant", "model"])}


def earns(every: Rates, variant: str, model: str) -> bool:
    """Whether leaving a piece out costs what it has to earn, or a gate that is passed with it."""
    whole, without = every["whole", model], every[variant, model]
    return bool((without.failed and not whole.failed) or whole.over(without) >= EARNED)


def table(found: pd.DataFrame, per: Measure = "second") -> str:
    """Return the table, one row a variant, in the order in which the engine has its pieces."""
    every = rates(found, per)
    models = [m for m in MODELS if any(m == model for _, model in every)]
    known = [m for m in models if ("whole", m) in every]
    lines = [f"| left out | {' | '.join(MODELS[m] for m in models)} | earns its place on |"]
    lines.append("|---" * (len(models) + 2) + "|")
    for variant in ORDER:
        own = [m for m in models if (variant, m) in every]
        if not own:
            continue
        cells = [_cell(every, variant, m) if m in own else "not run" for m in models]
        held = [earns(every, variant, m) for m in own if m in known and variant != "whole"]
        count = f"{sum(held)} of {len(held)}" if held else ""
        lines.append(f"| {NAMES.get(variant, variant)} | {' | '.join(cells)} | {count} |")
    return "\n".join(lines)


def _cell(every: Rates, variant: str, model: str) -> str:
    """Effective size for its cost, the gain of what is left out, and what failed."""
    own, whole = every[variant, model], every.get(("whole", model))
    if not own.by_seed:
        return own.failed
    gain = whole.over(own) if whole and variant != "whole" else np.nan
    times = f", ×{gain:.2f}" if np.isfinite(gain) else ""
    return f"{own.rate:.3g}{times}" + (f"; fails: {own.failed}" if own.failed else "")


def evaluations(found: pd.DataFrame) -> str:
    """Say what folding saves of the time of an evaluation, which is all that it changes."""
    cost = (found["seconds"] / found["gradients"]).groupby([found["variant"], found["model"], found["seed"]]).mean()
    gains = (cost["folding"] / cost["whole"]).dropna().groupby("model").agg(_mean)
    told = [f"×{gains[m]:.2f} ({name})" for m, name in MODELS.items() if m in gains]
    return f"By the time of an evaluation alone, folding earns {', '.join(told)}."


def section(found: pd.DataFrame) -> str:
    """Return the part of the page that is generated."""
    seeds = found.groupby("model")["seed"].nunique()
    few, many = int(seeds.min()), int(seeds.max())
    machines = sorted({re.sub(", load.*", "", str(m)) for m in found["machine"].dropna()})
    note = (
        f"{SIMULATED_MARK}. Smallest bulk effective size of all reported quantities, "
        f"{few if few == many else f'{few} to {many}'} seed{'s' * (many > 1)} "
        f"({'; '.join(machines)}); × is what the engine as it is has over that, with the same seeds. One attempt with the "
        "default settings, so that a gate fails here which a second attempt may pass; *fails* names its checks in any "
        "seed, *stopped* a run that went beyond its limit, *not run* one that is missing."
    )
    tables = [f"{PER[per]}:\n\n{table(found, per)}" for per in PER]
    return "\n\n".join([*tables, evaluations(found), note])


def write(found: pd.DataFrame) -> None:
    """Write the tidy table, and the page's part that is made from it."""
    found.round({"seconds": 3, "adapting": 3, "ess": 1}).to_csv(TIDY, index=False)
    between(BEGIN, section(tidy()), END)


def between(begin: str, text: str, end: str) -> None:
    """Put text between two marks of the page."""
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(begin)
    PAGE.write_text(f"{head}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8")


def tidy() -> pd.DataFrame:
    """Return the runs that the page shows."""
    return pd.read_csv(TIDY, keep_default_na=True, dtype={"failed": str}).fillna({"failed": ""})
