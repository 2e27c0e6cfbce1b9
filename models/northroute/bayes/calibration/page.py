"""The page of calibration, ``analysis/docs/calibration.md``, and its figure, made from stored ranks.

Run ``python -m northroute.bayes.calibration.page analysis/docs`` after new ranks came into ``analysis/docs/calibration``; a
test compares.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from northroute.bayes.calibration import Calibration, assess, overview, read
from northroute.bayes.calibration import steps as calibrate
from northroute.bayes.calibration.assess import FAMILY_ERROR, MAX_FAILED, MIN_REPLICATIONS
from northroute.bayes.calibration.ranks import DRAWS
from northroute.bayes.ladder.describe import markdown, table
from northroute.conventions import SIMULATED_MARK
from northroute.errors import MissingDataError
from northroute.look import save

PAGE: Final = "calibration.md"
FIGURE: Final = "calibration.svg"
RANKS: Final = "calibration"
"""Folder of the stored ranks, beside the page."""
COMMAND: Final = "python -m northroute.bayes.calibration.page analysis/docs"
_INTRODUCTION: Final = f"""# Calibration of the ladder

Written by `{COMMAND}` from the ranks in [{RANKS}]({RANKS}).
Run those anew with `make calibrate`; do not change this page.

Is the posterior that a step computes the right one? Draw parameters from the prior and data from the model, fit, and see
where the truth lies among the draws. If model, simulator and sampler are right, the rank of every quantity is uniform (Talts
et al. 2018, arXiv:1804.06788). The joint log likelihood is ranked with the rest: without it, a posterior that ignores the
data would pass (Modrák et al. 2023, doi:10.1214/23-BA1404).

All data below are {SIMULATED_MARK}. That a model is calibrated says nothing on whether it suits the world.
"""
_READING: Final = f"""*p* is the smallest of the quantities' p values, each joint over all quantities of the model. A model
fails at {FAMILY_ERROR:g} and below, as a calibrated one does with probability {FAMILY_ERROR:.0%} at most. There is no
verdict where more than {MAX_FAILED:.0%} of the fits failed their diagnostics, or on fewer than {MIN_REPLICATIONS}
replications. Every truth is ranked among up to {DRAWS} draws. Seconds are a replication's, on the machine of the run.

![{SIMULATED_MARK}: differences of the ranks' ECDFs from uniformity, by model]({FIGURE})

A line is the scalar of a quantity that is nearest to failing, the blue area the range of all scalars. Grey are the narrowest
and the widest envelope of a model's quantities: one of more scalars has a wider one (Säilynoja et al. 2022, Statistics and
Computing 32:32).
"""


def write(folder: Path) -> tuple[Path, Path]:
    """Write the page and its figure beside the stored ranks, and return their paths.

    Parameters
    ----------
    folder : Path
        Has a folder :data:`RANKS` with files ``ranks_<model>.parquet``; files :data:`PAGE` and :data:`FIGURE` are replaced.

    Raises
    ------
    MissingDataError
        If there are no ranks.
    """
    stored = [folder / RANKS / f"ranks_{name}.parquet" for name in calibrate.CALIBRATIONS]
    found = [assess(read(path)) for path in stored if path.exists()]
    if not found:
        raise MissingDataError(f"No ranks in {folder / RANKS}: make calibrate puts them there.")
    page = folder / PAGE
    page.write_text(text(found), encoding="utf-8")
    return page, save(overview.draw(found), folder / FIGURE)


def text(found: Sequence[Calibration]) -> str:
    """Return the page in Markdown."""
    missing = sorted(set(calibrate.CALIBRATIONS) - {one.model for one in found})
    absent = f"Not run yet: {', '.join(missing)}.\n" if missing else ""
    outcomes = "\n".join(f"- {one.sentence}" for one in found)
    about = markdown((calibrate.__doc__ or "").split("\n\n", 1)[1]).strip()
    blocks = [_INTRODUCTION, f"## Outcome\n\n{_outcome(found)}\n", absent, _READING, f"{outcomes}\n"]
    blocks += [f"## Designs and priors\n\n{about}\n", f"## Where the ranks come from\n\n{_origin(found)}\n"]
    return "\n".join(b for b in blocks if b)


def _outcome(found: Sequence[Calibration]) -> str:
    head = ("", "step", "replications", "failed fits", "quantities (scalars)", "p", "verdict", "seconds")
    rows = [
        (
            SIMULATED_MARK,
            f"`{row['model']}`",
            str(row["replications"]),
            str(row["failed"]),
            f"{row['quantities']} ({row['scalars']})",
            f"{row['p']:.3f} (`{row['quantity']}`)" if row["quantity"] else "none",
            str(row["verdict"]),
            f"{row['seconds']:.1f}",
        )
        for row in overview.table(found).to_dict("records")
    ]
    return table(head, rows)


def _origin(found: Sequence[Calibration]) -> str:
    head = ("", "step", "seed", "hash of design, model and settings", "command")
    rows = [
        (SIMULATED_MARK, f"`{one.model}`", str(p.seed), f"`{p.data_hash[:16]}`", f"`{p.command}`")
        for one, p in ((one, one.provenance) for one in found)
    ]
    versions = dict.fromkeys(", ".join(f"{k} {v}" for k, v in one.provenance.versions.items()) for one in found)
    return "\n\n".join([table(head, rows), f"Versions: {'; or '.join(versions)}."])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {COMMAND}")
    for path in write(Path(sys.argv[1])):
        print(path)  # noqa: T201
