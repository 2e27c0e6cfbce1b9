"""Names of reported quantities and dimensions: each means one thing, is none of the draws' own, and can be written."""

from typing import Final

import numpy as np

from northroute.bayes.program.layout import Layout
from northroute.bayes.statement.terms.writer import Writer
from northroute.errors import ModelError

_OWN_DIMS: Final = ("chain", "draw")


def refuse(model: str, builder: Writer) -> None:
    """Raise a ModelError if a reported quantity or a dimension has a name that something else has, or that no file takes."""
    own = [d for d in builder.coords if d in _OWN_DIMS]
    if own:
        raise ModelError(
            f"{model}: a term's column or dimension is called '{own[0]}', a name of the draws' own. Rename the column, or "
            "give the term another 'dim'."
        )
    both = sorted(set(builder.parameters) & set(builder.coords))
    if both:
        raise ModelError(
            f"{model}: '{both[0]}' names both what a term reports and a column or dimension of a term. Give the term "
            "another 'name', or rename the column."
        )
    paths = [n for n in (*builder.coords, *builder.parameters) if "/" in n or n in (".", "..")]
    if paths:
        raise ModelError(
            f"{model}: '{paths[0]}' names a term's column, dimension or quantity, and reads as a path in the fit's file. "
            "Rename the column, or give the term another 'name', without '/'."
        )
    cut = [(d, label) for d, labels in builder.coords.items() for label in labels if "\0" in str(label)]
    if cut:
        raise ModelError(f"{model}: '{cut[0][0]}' has the label {cut[0][1]!r}, with a zero character. Mend the label.")
    derived = {n: n.removeprefix("root_") for n in builder.parameters if n.startswith("root_dispersion")}
    derived |= {n: "concentration" for n in builder.parameters if n == "inverse_root_concentration"}
    taken = [d for d in derived.values() if d in builder.parameters]
    if taken:
        raise ModelError(
            f"{model}: a term reports '{taken[0]}', a name of the distribution's own. Give the term another 'name'."
        )


def of_scalars(layout: Layout) -> list[str]:
    """Return every scalar's name with its labels, such as ``slope[altitude]``, by identifier."""
    found = [""] * len(layout.scalars)
    for name, parameter in layout.parameters.items():
        whole = parameter.ids.shape == tuple(len(layout.coords[d]) for d in parameter.dims)
        for place, i in np.ndenumerate(parameter.ids):
            if i >= len(found):
                break
            labels = [str(layout.coords[d][k]) for d, k in zip(parameter.dims, place, strict=True)] if whole else place
            found[i] = f"{name}[{', '.join(map(str, labels))}]" if parameter.dims else name
    return found
