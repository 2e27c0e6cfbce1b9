"""Write what calibration found: tables, figures, the sentence, with provenance."""

import json
from pathlib import Path

from northroute.bayes.calibration import figure
from northroute.bayes.calibration.assess import Calibration
from northroute.look import save
from northroute.sheets import write_csv


def write(calibration: Calibration, folder: Path) -> list[Path]:
    """Write the outcome into a folder and return the paths.

    ``sbc_<model>.json`` (sentence, failed replications with reasons, provenance) and, if any fit passed,
    ``sbc_<model>.csv`` (a row a quantity), ``sbc_<model>_scalars.csv`` (a row a scalar), ``sbc_<model>_ecdf.svg`` and
    ``sbc_<model>_coverage.svg``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"sbc_{calibration.model}"
    paths = [folder / f"{stem}.json"]
    summary = {
        "model": calibration.model,
        "simulated": True,
        "verdict": calibration.verdict,
        "sentence": calibration.sentence,
        "replications": calibration.replications,
        "failed": calibration.failures.to_dict("records"),
        "provenance": calibration.provenance.to_dict(),
    }
    paths[0].write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if not calibration.curves:
        return paths
    for suffix, table in (("", calibration.table), ("_scalars", calibration.scalars)):
        paths.append(write_csv(table, folder / f"{stem}{suffix}.csv"))
    for name, drawn in (("ecdf", figure.ecdf_differences), ("coverage", figure.coverage)):
        paths.append(save(drawn(calibration), folder / f"{stem}_{name}.svg"))
    return paths
