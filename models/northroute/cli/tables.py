"""A user's own table, CSV or Parquet: which of its columns are numbers, and which are codes to be kept letter by letter."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd

_GAPS: Final = frozenset(("na", "n/a", "#n/a", "<na>", "nan", "null", "none", ".", "..", "-", ""))
"""Ways of writing a missing number, in columns whose other cells are numbers."""
_CLUSTERS: Final = ("cluster", "crv3", "webb", "randomisation")
_MAGIC: Final = b"PAR1"
_CATEGORY: Final = re.compile(r"\bC\(\s*(`[^`]*`|\w+)")


def read(path: Path, codes: Collection[str] = ()) -> "pd.DataFrame":
    """Read a table; what the file is, its first bytes say, not its name.

    Parameters
    ----------
    path : Path
    codes : collection of str
        Columns of a CSV that are kept as text, so that 1.1 and 1.10 differ and NA is a code.

    Raises
    ------
    DataError
        If it is neither Parquet nor CSV in UTF-8, or is damaged.
    """
    import pandas as pd
    import pyarrow as pa

    from northroute.errors import DataError
    from northroute.files import check_regular
    from northroute.sources.reading import read_cells

    check_regular(path)
    with path.open("rb") as stream:
        start = stream.read(len(_MAGIC))
    if start != _MAGIC and path.suffix.lower() != ".parquet":
        text = read_cells(path)
        return pd.DataFrame({name: text[name] if name in codes else _typed(text[name]) for name in text.columns})
    try:
        return pd.read_parquet(path)
    except (pa.ArrowException, ValueError, OSError) as failure:
        said = " ".join(str(failure).split())
        raise DataError(f"not a readable table ({said})", file=path, remedy="Write it again.") from failure


def codes_in(formula: str, *columns: str, kinds: Collection[str] = ()) -> frozenset[str]:
    """Return the columns that a call uses as codes only: effects, clusters, ``C()`` and those named.

    Parameters
    ----------
    formula : str
    columns : str
        Columns of units, periods, countries, groups.
    kinds : collection of str
        Errors as they are asked for, such as ``cluster:country,month``.
    """
    from northroute.frequentist import regression
    from northroute.frequentist.formula import bare, tokens

    spec = regression(formula)
    categories = {bare(m) for term in spec.terms for m in _CATEGORY.findall(term)}
    rest = (token for term in spec.terms for token in tokens(_CATEGORY.sub("", term)))
    numbers = {bare(t.text) for t in rest if t.kind in ("name", "tick")} | {*spec.terms}
    effects = {part for effect in spec.effects for part in (effect, *effect.split("^"))}
    named = [name for word, _, name in (kind.partition(":") for kind in kinds) if word in _CLUSTERS]
    clusters = {part for name in named for part in (name, *re.split(r"[,^:]", name))}
    return frozenset(({*columns} | effects | clusters | categories) - numbers)


def _typed(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Numbers and truth values where all cells are such; codes with leading zeros, and NA among words, stay text."""
    import pandas as pd

    held = column.dropna()
    if held.empty or held.str.fullmatch(r"[+-]?0\d+").any():
        return column
    if held.str.lower().isin(["true", "false"]).all():
        truth = column.str.lower().map({"true": True, "false": False})
        return truth.astype(bool) if len(held) == len(column) else truth.astype("boolean")
    gaps = held.str.strip().str.lower().isin(_GAPS)
    if not gaps.all() and pd.to_numeric(held[~gaps], errors="coerce").notna().all():
        return pd.to_numeric(column.mask(column.isin(held[gaps].unique())))
    return column
