"""The priors that a model on data has, in the user's units."""

from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.names import of_scalars


def used(assembled: Assembled) -> list[dict[str, str]]:
    """Return one record a prior: ``parameter``, ``prior`` and ``reason``.

    A quantity whose values have one prior is named once, one with several by its labels, ``slope[altitude]``. A default
    prior of an intercept is of ``<name>_average`` where covariates are taken from their means: a row whose covariates are
    average (:mod:`northroute.bayes.statement.suited`). Correlations are named with their LKJ prior.
    """
    layout, names = assembled.layout, of_scalars(assembled.layout)
    found: list[dict[str, str]] = []
    for name, parameter in layout.parameters.items():
        ids = [int(i) for i in parameter.ids.flat if i < len(layout.scalars)]
        priors = [layout.scalars[i].prior for i in ids]
        if not ids:
            continue
        if any(p is None for p in priors):
            shape = layout.scalars[ids[-1]].numbers.shape
            # the last partial correlation's shape, given all others, is LKJ's own
            reason = "correlations near plus or minus one are unlikely, all others about alike"
            found.append({"parameter": name, "prior": f"LKJ({shape:g})", "reason": reason})
            continue
        alike = len(set(priors)) == 1
        rows = [(name, priors[0])] if alike else [(names[i], p) for i, p in zip(ids, priors, strict=True)]
        found += [{"parameter": n, "prior": str(p), "reason": p.reason} for n, p in rows if p is not None]
    return found
