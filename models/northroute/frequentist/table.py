"""One regression table for several fits and several kinds of errors, as CSV, LaTeX or HTML.

Each coefficient stands once; under it every kind of errors asked for, with its standard error, reference distribution and
p-value. Below stand clusters, rows, effects, rows left out and the exposure.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from northroute import latex
from northroute.conventions import SIMULATED_MARK
from northroute.errors import ModelError, SimulatedDataError
from northroute.frequentist.covariance.result import Errors
from northroute.frequentist.estimate import Estimate
from northroute.sheets import write_csv


@dataclass(frozen=True)
class RegressionTable:
    """Fits side by side.

    Attributes
    ----------
    fits : tuple of Estimate
    errors : tuple of tuple of Errors
        The kinds of errors of each fit.
    """

    fits: tuple[Estimate, ...]
    errors: tuple[tuple[Errors, ...], ...]

    def __post_init__(self) -> None:
        if not self.fits or len(self.fits) != len(self.errors):
            raise ModelError("A table needs one or more fits, each with its errors.")
        for fit, kinds in zip(self.fits, self.errors, strict=True):
            if any(e.fit != fit.name for e in kinds):
                raise ModelError(f"The errors beside '{fit.name}' belong to {sorted({e.fit for e in kinds})}.")
        if len({f.simulated for f in self.fits}) > 1:
            raise SimulatedDataError("Simulated and real fits never share a table; make two tables.")

    @property
    def simulated(self) -> bool:
        """True if the fits rest on simulated data."""
        return self.fits[0].simulated

    def tidy(self) -> pd.DataFrame:
        """One row a fit, kind of errors and term, with every number; see :meth:`Errors.table`."""
        return pd.concat([e.table() for kinds in self.errors for e in kinds], ignore_index=True)

    def frame(self, digits: int = 3) -> pd.DataFrame:
        """Return the printed table: columns ``term``, ``errors`` and one for each fit, all text."""
        rows = self._body(digits)
        for label, values in self._foot().items():
            rows.append({"term": label, "errors": ""} | {k: values[i] for i, k in self._keys()})
        frame = pd.DataFrame(rows)
        frame.insert(0, "source", SIMULATED_MARK if self.simulated else "real")
        return frame

    def lines(self, digits: int = 3) -> list[str]:
        """Return the printed table of the first fit as lines of text, for a terminal."""
        key = self._keys()[0][1]
        mark = [SIMULATED_MARK] if self.simulated else []
        body = [
            f"  {row['errors']:<42} {row[key]}" if row["errors"] else f"{row['term']:<44} {row[key]}"
            for row in self._body(digits)
        ]
        return [*mark, *body, "", *(f"{label}: {values[0]}" for label, values in self._foot().items())]

    def _body(self, digits: int) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = []
        terms = list(dict.fromkeys(t for f in self.fits for t in f.terms))
        for term in terms:
            rows.append({"term": term, "errors": ""} | {k: self._coef(i, term, digits) for i, k in self._keys()})
            for kind in list(dict.fromkeys(e.kind for kinds in self.errors for e in kinds)):
                cells = {k: self._cell(i, kind, term, digits) for i, k in self._keys()}
                if any(cells.values()):
                    rows.append({"term": "", "errors": kind} | cells)
        return rows

    def to_csv(self, path: Path | str) -> Path:
        """Write the tidy table, every digit kept."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_csv(self.tidy(), path)

    def to_latex(self, path: Path | str, digits: int = 3) -> Path:
        """Write the printed table as LaTeX (booktabs); names are escaped, and columns numbered so that no two are alike."""
        return _written(path, latex.table(self._printed(digits)))

    def to_html(self, path: Path | str, digits: int = 3) -> Path:
        """Write the printed table as a table in HTML."""
        caption = f"<caption>{html.escape('; '.join(f.model for f in self.fits))}</caption>"
        body = self._printed(digits).to_html(index=False, escape=True, border=0)
        return _written(path, body.replace("<thead>", f"{caption}\n  <thead>", 1) + "\n")

    def _printed(self, digits: int) -> pd.DataFrame:
        return self.frame(digits) if self.simulated else self.frame(digits).drop(columns="source")

    def _keys(self) -> list[tuple[int, str]]:
        return [(i, f"({i + 1}) {f.name}") for i, f in enumerate(self.fits)]

    def _coef(self, i: int, term: str, digits: int) -> str:
        fit = self.fits[i]
        return _number(float(fit.coef[fit.terms.index(term)]), digits) if term in fit.terms else ""

    def _cell(self, i: int, kind: str, term: str, digits: int) -> str:
        for errors in self.errors[i]:
            if errors.kind == kind and term in errors.terms:
                at = errors.terms.index(term)
                least = 10.0**-digits
                p = f"p = {errors.p[at]:.{digits}f}" if errors.p[at] >= least else f"p < {least:g}"
                if math.isnan(errors.se[at]):
                    return p
                return f"({_number(float(errors.se[at]), digits)}) t({errors.df:g}), {p}"
        return ""

    def _foot(self) -> dict[str, list[str]]:
        foot = {
            "estimator": [f.family for f in self.fits],
            "rows": [f"{f.rows:,}" for f in self.fits],
            "effects": ["; ".join(f"{e.name} ({e.levels})" for e in f.design.effects) or "none" for f in self.fits],
            "exposure": [f.design.regression.exposure or "none" for f in self.fits],
            "rows left out": ["; ".join(f"{n:,} {why}" for why, n in f.dropped.items()) or "none" for f in self.fits],
            "terms left out": [", ".join((*f.collinear, *f.design.empty)) or "none" for f in self.fits],
            "log likelihood": [f"{f.loglik:,.1f}" if math.isfinite(f.loglik) else "none" for f in self.fits],
        }
        for kind in dict.fromkeys(e.kind for kinds in self.errors for e in kinds):
            foot[f"{kind}: clusters, factor, note"] = [self._note(kinds, kind) for kinds in self.errors]
        return foot

    def _note(self, kinds: Sequence[Errors], kind: str) -> str:
        for errors in kinds:
            if errors.kind == kind:
                counts = ", ".join(f"{n} {name}" for name, n in errors.groups.items())
                return "; ".join(p for p in (counts, f"factor of {errors.convention}", errors.note) if p)
        return ""


def _written(path: Path | str, text: str) -> Path:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _number(value: float, digits: int) -> str:
    """Return a number with so many decimals; one that they would print as zero, whatever its unit, by its power of ten."""
    return f"{value:.{digits}f}" if value == 0 or abs(value) >= 10.0**-digits else f"{value:.{max(digits - 1, 0)}e}"


def regression_table(*columns: tuple[Estimate, Sequence[Errors]]) -> RegressionTable:
    """Table of fits, each with its kinds of errors: ``regression_table((fit, stacked(fit, kinds)), ...)``."""
    return RegressionTable(tuple(f for f, _ in columns), tuple(tuple(e) for _, e in columns))
