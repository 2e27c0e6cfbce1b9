"""Tables as LaTeX: what is written is what prints."""

import numpy as np
import pandas as pd
import pytest

from northroute.latex import escaped, table


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a_b & c%", r"a\_b \& c\%"),
        ("$x$ #1 {y}", r"\$x\$ \#1 \{y\}"),
        ("\\alpha", r"\textbackslash{}alpha"),
        ("x^2 ~ y", r"x\textasciicircum{}2 \textasciitilde{} y"),
        ("<a|b>", r"\textless{}a\textbar{}b\textgreater{}"),
        ("two\nlines", "two lines"),
        ("Öst", "Öst"),
    ],
)
def test_every_sign_is_escaped_once(text: str, written: str) -> None:
    assert escaped(text) == written


def test_a_row_does_not_begin_with_an_option_of_the_line_before() -> None:
    made = table(pd.DataFrame({"name": ["[red]", "*"], "n": [1, 2]}))
    assert "{[}red]" in made
    assert "{*} & 2" in made


def test_headers_are_distinct_and_escaped() -> None:
    frame = pd.DataFrame(np.zeros((1, 3)), columns=["a_b", "a b", "100%"])
    assert r"a\_b & a b & 100\% \\" in table(frame)
    alike = pd.DataFrame(np.zeros((1, 2)), columns=["a_b", "a_b"])
    assert r"a\_b & a\_b (2) \\" in table(alike)
    assert r"a b & c \\" in table(pd.DataFrame([[1, 2]], columns=["a_b", "c"]))


def test_numbers_gaps_and_captions() -> None:
    frame = pd.DataFrame({"x": [1 / 3, np.nan], "name": ["NA", None], "n": pd.array([1, None], dtype="Int64")})
    made = table(frame, caption="50 % of a_b", label="tab:x", longtable=True)
    assert "0.333 & NA & 1" in made
    assert " &  & " in made
    assert r"\caption{50 \% of a\_b}" in made
    assert r"\label{tab:x}" in made
