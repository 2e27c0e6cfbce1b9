"""Tables as LaTeX: every header and cell prints as it is written, and no two headers are alike."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

_SIGNS: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        **{sign: f"\\{sign}" for sign in "{}$&%#_"},
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        # the usual font encoding prints other signs for these
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        # at the head of a row these belong to the line break before it
        "[": "{[}",
        "*": "{*}",
        **dict.fromkeys("\n\r\t", " "),
    }
)


def escaped(value: object) -> str:
    """Return text that LaTeX prints as it is written; line ends become blanks."""
    return str(value).translate(_SIGNS)


def table(
    frame: pd.DataFrame, *, caption: str | None = None, label: str | None = None, longtable: bool | None = None
) -> str:
    """Return a table in booktabs' style, numbers with three digits, missing cells empty.

    Parameters
    ----------
    frame : pandas.DataFrame
        Without its index. Underscores of headers that are one word are written as blanks, unless two would then be alike.
    caption, label : str, optional
        The caption is escaped.
    longtable : bool, optional
        Let it break over pages.
    """
    plain = [str(c) for c in frame.columns]
    headers = _distinct([c.replace("_", " ") if c.isidentifier() else c for c in plain], plain)
    cells = {i: frame.iloc[:, i].map(_cell, na_action="ignore") for i in range(frame.shape[1])}
    shown = pd.DataFrame(cells).astype(object)
    shown.columns = pd.Index([escaped(h) for h in headers])
    text: str = shown.to_latex(
        index=False,
        escape=False,
        na_rep="",
        float_format="%.3g",
        caption=None if caption is None else escaped(caption),
        label=label,
        longtable=longtable,
        column_format="".join("r" if pd.api.types.is_numeric_dtype(t) else "l" for t in frame.dtypes),
    )
    return text


def _cell(value: Any) -> Any:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else escaped(value)


def _distinct(headers: Sequence[str], otherwise: Sequence[str]) -> list[str]:
    if len(set(headers)) == len(headers):
        return list(headers)
    seen: dict[str, int] = {}
    found = []
    for name in otherwise:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found if len(set(found)) == len(found) else [f"{n} ({i})" for i, n in enumerate(otherwise, 1)]
