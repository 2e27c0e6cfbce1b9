"""The manifest of a run: what it rests on, what it found, and the hash of every file that it wrote."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from northroute import holding, keeping, provenance
from northroute.bayes import BayesFit
from northroute.claims import Answer, Register, Verdict
from northroute.report import findings
from northroute.standing import MANIFEST

_FITS: Final = "fits"
"""Folder of a run's fits, which have keys of their own and are not among its outputs."""


def write(
    out: Path,
    *,
    key: str,
    stamp: Mapping[str, Any],
    inputs: Mapping[str, str],
    fits: Sequence[BayesFit],
    verdicts: Sequence[Verdict],
    register: Register,
    notices: Sequence[str],
    times: Mapping[str, Any],
) -> dict[str, Any]:
    """Write ``manifest.json`` in a run's folder and return its content.

    Parameters
    ----------
    out : Path
    key : str
        Of :class:`northroute.standing.Setting`.
    stamp, inputs, times : mapping
        What every output carries; SHA-256 of the files read; when it began and how long it took.
    fits : sequence of BayesFit
    verdicts : sequence of Verdict
        Real and simulated.
    register : Register
    notices : sequence of str
    """
    path = out / MANIFEST
    own = {*holding.OWN, path.name, keeping.beside(path).name}
    found = (p for p in out.rglob("*") if p.is_file() and p.name not in own and p.suffix != keeping.PARTIAL)
    files = sorted(p for p in found if p.relative_to(out).parts[0] != _FITS)
    content = {
        "key": key,
        **stamp,
        "register": {
            "in_force": register.sha256,
            "registered": register.registered_sha256,
            "changes": list(register.changes),
        },
        "code": provenance.commit() | {"sha256": provenance.code_sha256()},
        "inputs": dict(inputs),
        "notices": list(notices),
        **times,
        "fits": [
            {
                "name": f.name,
                "key": f.info["key"],
                "simulated": f.simulated,
                "passed": f.gate.passed,
                "failures": list(f.gate.failures),
                "command": f.provenance.command,
                "seconds": round(f.info["seconds"], 2),
            }
            for f in fits
        ],
        "claims": [_claim(v) for v in verdicts],
        "findings": [asdict(f) for f in findings.findings([v for v in verdicts if not v.simulated], register)],
        "outputs": {str(p.relative_to(out).as_posix()): provenance.file_sha256(p) for p in files},
    }
    keeping.write(path, f"{json.dumps(content, indent=1)}\n".encode(), key)
    return content


def _claim(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": verdict.claim.id,
        "slug": verdict.claim.slug,
        "simulated": verdict.simulated,
        "verdict": verdict.marked,
        "reason": verdict.reason,
        "answers": [_answer(a) for a in verdict.answers],
    }


def _answer(answer: Answer) -> dict[str, Any]:
    numbers = {
        "probability": answer.probability,
        "mcse": answer.mcse,
        "prior_probability": answer.prior_probability,
        "agreement": answer.agreement,
    }
    plain = {k: None if np.isnan(v) else round(v, 5) for k, v in numbers.items()}
    return {"id": answer.question.id, "grade": answer.grade, "word": answer.marked, "reason": answer.reason} | plain
