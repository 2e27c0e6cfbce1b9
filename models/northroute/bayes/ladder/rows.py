"""Rows of a panel for the ladder: checked, labelled, centred; one row an outcome, unit and month."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from northroute.bayes.spec import CountSpec
from northroute.errors import ModelError
from northroute.panel import Panel

COUNT = "count"
OUTCOME = "outcome"


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
    """

    frame: pd.DataFrame
    covariates: tuple[str, ...]
    varying: tuple[str, ...]
    unit_covariates: tuple[str, ...]
    nested: bool
    dropped: dict[str, int]


def rows(panel: Panel, spec: CountSpec) -> Rows:
    """Take the rows of ``panel`` that ``spec`` needs.

    Rows whose outcome is unobserved or whose covariates are missing are left out and counted.

    Raises
    ------
    ModelError
        If a column is missing, nothing is left, only one country is there, a country or an outcome is all zero, an exposure
        is not positive, or a covariate is constant, or constant within countries where its slope varies by country.
    """
    outcomes = spec.outcomes or (spec.outcome,)
    pairs = tuple(dict.fromkeys(c for pair in spec.interactions for c in pair))
    names = tuple(dict.fromkeys((*spec.covariates, *spec.varying, *pairs, *spec.detection)))
    panel.require(*outcomes, *([spec.exposure] if spec.exposure else []), *spec.unit_covariates, *names)
    frame = panel.frame
    observed = frame[list(outcomes)].notna().any(axis=1)
    complete = frame[list(names)].notna().all(axis=1)
    kept = frame[observed & complete]
    dropped = {"outcome unobserved": int((~observed).sum()), "covariate missing": int((observed & ~complete).sum())}
    if kept.empty:
        raise ModelError(f"{spec.name}: no row of '{panel.name}' has both {outcomes} and {names}. See {dropped}.")
    month = pd.DatetimeIndex(kept.index.get_level_values("month"))
    span = 12 * (month.max().year - month.min().year) + month.max().month - month.min().month + 1
    if spec.step not in ("pooled", "country", "slopes") and span < 12:
        raise ModelError(f"{spec.name}: {span} months; a walk and a season over months need at least 12.")
    wide = kept.reset_index(drop=True).assign(
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
    wide = _unit_covariates(wide, spec, nested)
    covariates, varying, wide = _covariates(wide, spec)
    long = wide.melt(
        id_vars=[c for c in wide.columns if c not in outcomes],
        value_vars=list(outcomes),
        var_name=OUTCOME,
        value_name=COUNT,
    )
    long = long[long[COUNT].notna()].reset_index(drop=True)
    _refuse_zeros(long, spec, countries)
    return Rows(long, covariates, varying, tuple(spec.unit_covariates), nested, dropped)


def _refuse_zeros(long: pd.DataFrame, spec: CountSpec, countries: list[str]) -> None:
    for outcome, own in long.groupby(OUTCOME, sort=False):
        totals = own.groupby("country")[COUNT].sum()
        empty = [c for c in countries if totals.get(c, 0) == 0]
        if empty:
            raise ModelError(
                f"{spec.name}: '{outcome}' is zero in every observed month of {', '.join(empty)}, so its rate has "
                "no finite estimate without the prior. Leave the country out, or mark months that nobody reported unobserved."
            )


def _unit_covariates(wide: pd.DataFrame, spec: CountSpec, nested: bool) -> pd.DataFrame:
    names = list(spec.unit_covariates)
    if not names:
        return wide
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
    return wide.assign(**{n: wide[n].astype(float) - first[n].mean() for n in names})


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


def log_exposure(frame: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Log exposure by row, in exposure units."""
    return np.log(frame["exposure"].to_numpy(float))
