"""What the README says was found: written from a run's manifest, and kept beside it as the committed reference.

``python -m northroute.report.readme reports/build/manifest.json README.md reports/reference/claims.json`` after a full run.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from northroute import keeping
from northroute.conventions import interval_label
from northroute.errors import DataError

BEGIN: Final = "<!-- findings: written by northroute.report.readme, do not edit -->"
END: Final = "<!-- end of findings -->"
KEPT: Final = ("seed", "register_sha256", "data_sha256", "versions", "findings")
"""Parts of a manifest that the reference keeps, beside the claims on real data."""


def reference(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a full run found, to be committed."""
    claims = [c for c in manifest["claims"] if not c["simulated"]]
    return {name: manifest[name] for name in KEPT} | {"claims": claims}


def block(found: Mapping[str, Any]) -> str:
    """Return the README's text on a reference: findings, then every claim's word, as Markdown."""
    lines = [BEGIN]
    for finding in found["findings"]:
        lines.append(f"- **{finding['heading']}.** {_sentence(finding['lead'])}".rstrip())
        lines += [
            f"  - {_sentence(p['text'])} {p['claim']}: {p['basis']}".rstrip(": ") + "." for p in finding["points"]
        ]
        lines += [f"  - Also {', '.join(finding['more'])}."] if finding["more"] else []
    words: dict[str, list[str]] = {}
    for claim in found["claims"]:
        words.setdefault(claim["verdict"], []).append(claim["id"])
    told = "; ".join(f"{word}: {', '.join(ids)}" for word, ids in sorted(words.items()))
    lines += ["", f"In brackets {interval_label()}. The words of all {len(found['claims'])} claims: {told}.", END]
    return "\n".join(lines)


def _sentence(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def put(text: str, found: Mapping[str, Any], file: Path) -> str:
    """Return a README with its block written anew.

    Raises
    ------
    DataError
        If the README has no place for it.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        remedy = f"Put the lines '{BEGIN}' and '{END}' where it belongs."
        raise DataError("no place for the findings", file=file, remedy=remedy)
    before, rest = text.split(BEGIN)
    return f"{before}{block(found)}{rest.split(END)[1]}"


def main(manifest: Path, readme: Path, kept: Path) -> None:
    """Write the reference and the README's block from a full run's manifest."""
    found = reference(json.loads(keeping.verified(manifest, "Run the whole job again.")))
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    readme.write_text(put(readme.read_text(encoding="utf-8"), found, readme), encoding="utf-8")


if __name__ == "__main__":
    main(*(Path(a) for a in sys.argv[1:4]))
