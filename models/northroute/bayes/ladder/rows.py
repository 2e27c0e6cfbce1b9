"""Rows of a panel for the ladder: checked, labelled, centred; one row an outcome, unit and month."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.statement.intake import LEFT_OUT
from northroute.errors import ModelError
from northroute.panel import Panel

COUNT = "count"
OUTCOME = "outcome"
OWN: Final = ("unit", "country", "month", "month_of_year", "month_number", COUNT, OUTCOME, "exposure")
"""Columns of the rows that are the model's own; a panel's column of such a name is no covariate."""


@dataclass(frozen=True)
class Rows:
    """Rows of a panel and what was left out.

    Attributes
    ----------
    frame : pandas.DataFrame
        Columns ``unit``, ``country``, ``month``, ``month_of_year``, ``month_number`` (from the first month kept), ``count``,
        ``outcome``, ``exposure``, covariates, and ``from <month>`` for each shock.
    covariates, varying, unit_covariates : tuple of str
        Columns in place, after splitting and products.
    nested : bool
        True if some country has more than one unit, so that units get an effect of their own.
    dropped : mapping of str to int
        Rows of the panel that were left out, by reason.
    left_out : mapping of str to int
        The same in rows of ``frame``, one an outcome; those and these together are all.
    centre : mapping of str to float
        Mean of each unit covariate over units, which was subtracted.
    """

    frame: pd.DataFrame
    covariates: tuple[str, ...]
    varying: tuple[str, ...]
    unit_covariates: tuple[str, ...]
    nested: bool
    dropped: dict[str, int]
    centre: dict[str, float]
    left_out: dict[str, int]


def rows(panel: Panel, spec: CountSpec) -> Rows:
    """Take the rows of ``panel`` that ``spec`` needs.

    Rows whose outcome is unobserved or whose covariates or exposure are missing are left out and counted.

    Raises
    ------
    ModelError
        If a column is missing, is named twice or has a name of the model's own, nothing is left, only one country is there,
        a country or an outcome is all zero, an exposure is not positive, or a covariate is constant, or constant within
        countries where its slope varies by country.
    """
    outcomes = spec.outcomes or (spec.outcome,)
    pairs = tuple(dict.fromkeys(c for pair in spec.interactions for c in pair))
    names = tuple(dict.fromkeys((*spec.covariates, *spec.varying, *pairs, *spec.detection)))
    exposures = [spec.exposure] if spec.exposure else []
    panel.require(*outcomes, *exposures, *spec.unit_covariates, *names)
    _refuse_names(spec, outcomes)
    frame = panel.frame
    seen = frame[list(outcomes)].notna()
    observed = seen.any(axis=1)
    complete = frame[list(names)].notna().all(axis=1)
    exposed = frame[exposures].notna().all(axis=1)
    kept = frame[observed & complete & exposed]
    dropped, left_out = (
        {"outcome unobserved": int((~o).sum()), "covariate missing": int((o & ~c).sum())}
        | ({"exposure missing": int((o & c & ~e).sum())} if (o & c & ~e).any() else {})
        for o, c, e in (
            [x.to_numpy() for x in (observed, complete, exposed)],
            [seen.to_numpy().ravel(), *(np.repeat(x.to_numpy(), len(outcomes)) for x in (complete, exposed))],
        )
    )
    if kept.empty:
        raise ModelError(f"{spec.name}: no row of '{panel.name}' has both {outcomes} and {names}. See {dropped}.")
    month = pd.DatetimeIndex(kept.index.get_level_values("month"))
    span = 12 * (month.max().year - month.min().year) + month.max().month - month.min().month + 1
    if spec.step not in ("pooled", "country", "slopes") and span < 12:
        raise ModelError(f"{spec.name}: {span} months; a walk and a season over months need at least 12.")
    inner = {o: f"number of {OUTCOME} {i}" for i, o in enumerate(outcomes)}
    wide = kept.reset_index(drop=True).drop(columns=[c for c in (COUNT, OUTCOME) if c in kept and c not in inner])
    wide = wide.rename(columns=inner).assign(
        unit=kept.index.get_level_values("unit").astype(str),
        country=kept["country"].astype(str).to_numpy(),
        month=month,
        month_of_year=month.month,
        month_number=12 * (month.year - month.min().year) + month.month - month.min().month,
        exposure=kept[spec.exposure].to_numpy(float) / spec.exposure_unit if spec.exposure else 1.0,
    )
    wide = wide.assign(**{f"from {m}": (month >= pd.Timestamp(m)).astype(float) for m in spec.shocks})
    countries = list(dict.fromkeys(wide["country"]))
    if len(countries) < 2:
        raise ModelError(
            f"{spec.name}: only {countries} left, and effects that vary by country need two. Add countries."
        )
    nested = wide["unit"].nunique() > len(countries)
    wide, centre = _unit_covariates(wide, spec, nested)
    covariates, varying, wide = _covariates(wide, spec)
    long = wide.melt(
        id_vars=[c for c in wide.columns if c not in inner.values()],
        value_vars=list(inner.values()),
        var_name=OUTCOME,
        value_name=COUNT,
    )
    long[OUTCOME] = long[OUTCOME].map({v: k for k, v in inner.items()})
    long = long[long[COUNT].notna()].reset_index(drop=True)
    long.attrs[LEFT_OUT] = left_out
    _refuse_zeros(long, spec, countries)
    return Rows(long, covariates, varying, tuple(spec.unit_covariates), nested, dropped, centre, left_out)


def _refuse_names(spec: CountSpec, outcomes: tuple[str, ...]) -> None:
    """Refuse covariates that have a name of the model's own, are outcomes, or are named twice."""
    products = {f"{a}:{b}": "interactions" for a, b in spec.interactions}
    split = [f"{n}_{k}" for n in (*spec.covariates, *spec.varying, *products) for k in ("within", "between")]
    made = {f"from {m}": "shocks" for m in spec.shocks} | products
    later = made | (dict.fromkeys(split, "within_between") if spec.within_between else {})
    factors = tuple(c for pair in spec.interactions for c in pair)
    roles = {
        "covariates": (spec.covariates, made),
        "varying": (spec.varying, made),
        "interactions": (factors, made),
        "detection": (spec.detection, later),
        "unit_covariates": (spec.unit_covariates, later),
    }
    for role, (names, new) in roles.items():
        for name in names:
            if name in OWN or name in new:
                whose = f"the column that '{new[name]}' makes" if name in new else "a column of the model's own"
                raise ModelError(
                    f"{spec.name}: '{name}', named in '{role}', is also {whose}. Give the panel's column another name."
                )
            if name in outcomes:
                raise ModelError(f"{spec.name}: '{name}' is an outcome and named in '{role}'. Leave it out there.")
    if spec.exposure in outcomes:
        raise ModelError(f"{spec.name}: '{spec.exposure}' is both outcome and exposure. Name two columns.")
    for listed in ((*spec.covariates, *spec.varying), spec.unit_covariates, spec.detection, outcomes):
        twice = sorted({n for n in listed if list(listed).count(n) > 1})
        if twice:
            raise ModelError(
                f"{spec.name}: '{twice[0]}' is named twice, and its slopes cannot be told apart. Name it once."
            )


def _refuse_zeros(long: pd.DataFrame, spec: CountSpec, countries: list[str]) -> None:
    for outcome, own in long.groupby(OUTCOME, sort=False):
        totals = own.groupby("country")[COUNT].sum()
        empty = [c for c in countries if totals.get(c, 0) == 0]
        if empty:
            raise ModelError(
                f"{spec.name}: '{outcome}' is zero in every observed month of {', '.join(empty)}, so its rate has "
                "no finite estimate without the prior. Leave the country out, or mark months that nobody reported "
                "unobserved."
            )


def _unit_covariates(wide: pd.DataFrame, spec: CountSpec, nested: bool) -> tuple[pd.DataFrame, dict[str, float]]:
    """Check unit covariates and centre them over units; return the rows with the means taken off."""
    names = list(spec.unit_covariates)
    if not names:
        return wide, {}
    if not nested:
        raise ModelError(f"{spec.name}: unit covariates need several units a country; here a unit is a country.")
    by_unit = wide.groupby("unit", sort=False)[names]
    spread = (by_unit.max() - by_unit.min()).max()
    if (spread > 1e-9).any():
        raise ModelError(
            f"{spec.name}: '{spread.idxmax()}' changes within a unit; name it among 'covariates', not 'unit_covariates'."
        )
    first = by_unit.first().astype(float)
    flat = [n for n in names if first[n].std(ddof=0) == 0]
    if flat:
        raise ModelError(
            f"{spec.name}: {flat} is the same in every unit and cannot be told from the intercept. Leave it out."
        )
    centre = {n: float(first[n].mean()) for n in names}
    return wide.assign(**{n: wide[n].astype(float) - m for n, m in centre.items()}), centre


def _covariates(wide: pd.DataFrame, spec: CountSpec) -> tuple[tuple[str, ...], tuple[str, ...], pd.DataFrame]:
    """Check covariates, split them within and between units if asked, and form products."""
    products = {}
    for a, b in spec.interactions:
        product = (wide[a] - wide[a].mean()) * (wide[b] - wide[b].mean())
        products[f"{a}:{b}"] = product / product.std(ddof=0)
    wide = wide.assign(**products)
    covariates, varying = tuple(spec.covariates), (*spec.varying, *products)
    for name in (*covariates, *varying):
        if wide[name].std(ddof=0) == 0:
            raise ModelError(f"{spec.name}: ['{name}'] does not vary over the rows kept. Leave it out.")
    if spec.step != "pooled":
        within = wide.groupby("country")[list(varying)].std(ddof=0) if varying else pd.DataFrame()
        flat = [(c, str(k)) for c in varying for k in within.index if within.loc[k, c] < 1e-12]
        if flat:
            raise ModelError(
                f"{spec.name}: '{flat[0][0]}' is constant within {', '.join(k for c, k in flat if c == flat[0][0])}, so its "
                "slope there cannot be told from the country's level. Name it among 'covariates', or leave it out."
            )
    if not spec.within_between:
        return covariates, varying, wide
    means = {f"{n}_between": wide.groupby("unit")[n].transform("mean") for n in (*covariates, *varying)}
    means = {k: v - v.mean() for k, v in means.items() if v.std(ddof=0) > 1e-9}
    inside = {f"{n}_within": wide[n] - wide.groupby("unit")[n].transform("mean") for n in (*covariates, *varying)}
    wide = wide.assign(**means, **inside)
    common = (*(f"{n}_within" for n in covariates), *means)
    return common, tuple(f"{n}_within" for n in varying), wide
