r"""Latent corruption: indices measure it with error, and it enters the counts by country and month.

.. math::

   w_{kct} &\sim N\!\left(\alpha_k + \lambda_k z_{l(k),ct} + b_{kc},\ s_{kct}^2 + \sigma_k^2\right), \qquad
   z_{lct} = v_{lc} + q_{lct} \\
   \log\mu_{cm} &= \log E_{cm} + \alpha + a_c + h_{ct(m)} + w_m + \sum_l \beta_l z_{l,ct(m)}

for measures k of latents l (executive, public sector), countries c, years t, months m. Levels v are correlated over latents
and sum to zero over countries, as country biases b do; courses q are random walks over years, with correlated steps, that
sum to zero in each country. :math:`s` is the published error. Country-years of counts have shocks h: months of one year
share their z, and would otherwise pass for evidence of twelve.

*Scale and sign.* Measures are turned so that higher is more corrupt, and standardised over the table. The first measure of a
latent, its anchor, has :math:`\lambda = 1` and no country bias b: z is in standard deviations of the anchor. Other loadings
are positive by their prior. A latent with one measure (executive) has no :math:`\sigma_k`, which could not be told from the
course: its error is the stated one.

*Versions.* ``joint`` is one posterior: counts also inform z. ``cut`` fits the measures alone, draws z from that posterior,
fits the counts to each draw and pools (:mod:`northroute.bayes.ladder.imputation`): a misspecified count model then cannot
bend what corruption is. The price is bias: z drawn without the counts is noise as far as they go, and the slope is pulled to
zero by about the factor ``reliability`` (in ``info``). ``measured`` takes the anchors at face value, for comparison.

*When to use it.* For claims that relate corruption to counts. If ``joint`` and ``cut`` disagree by more than the reliability
says, the count model is bending the latent.
*What it cannot tell.* Indices share sources and coders, so their errors are not independent and z is less certain than
shown. Indices move slowly: with five countries a slope rests on few changes. A slope is an association; news of corruption
may feed the indices themselves.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from northroute.bayes.engine import Origin, fit_model
from northroute.bayes.fit import BayesFit
from northroute.bayes.ladder.corruption_spec import COUNT, CorruptionSpec
from northroute.bayes.ladder.imputation import between_share, pooled_gate, spaced, stacked
from northroute.bayes.ladder.measures import standardised
from northroute.bayes.samplers.settings import Sampling
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.intake import require_columns
from northroute.bayes.statement.model import Model, Term
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.latent import Loads
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.bayes.statement.terms.time import Walk
from northroute.errors import ModelError
from northroute.panel import Panel
from northroute.progress import Progress, quiet
from northroute.provenance import Provenance, frame_hash

Version = Literal["joint", "cut", "measured"]


def fit_latent_corruption(
    counts: Panel | pd.DataFrame,
    measures: pd.DataFrame,
    spec: CorruptionSpec,
    settings: Sampling | None = None,
    *,
    version: Version = "joint",
    simulated: bool = False,
    source: str = "",
    folder: Path | None = None,
    command: str = "",
    progress: Progress = quiet,
) -> BayesFit:
    """Fit counts by country and month with latent corruption.

    Parameters
    ----------
    counts : Panel or pandas.DataFrame
        A panel, whose units are summed to countries (:func:`country_counts`), or a table with columns ``country``,
        ``month`` (timestamps), the outcome and the exposure.
    measures : pandas.DataFrame
        Columns ``country``, ``year``, ``measure``, ``value``, ``error``
        (:func:`northroute.bayes.ladder.measures.governance_measures`). Countries without counts help to know the measures.
    spec : CorruptionSpec
    settings : Sampling, optional
        Of every fit.
    version : {"joint", "cut", "measured"}
    simulated : bool
        True if the measures, or a table of counts, were simulated; a simulated panel says so itself.
    source : str
        Default the panel's name.
    folder : Path, optional
        Where fits are kept, each draw's too: an interrupted ``cut`` goes on where it was.
    command, progress
        See :func:`northroute.bayes.fit_model`.

    Returns
    -------
    BayesFit
        ``slope`` (latent); ``corruption`` (country, year, latent) where it is latent. A ``cut`` fit is a mixture of M fits
        with their chains one after the other, a gate at its worst over them and the measurement model, and in ``info``
        ``failed`` (names of fits that failed), ``between_share`` of the slopes and ``reliability``.

    Raises
    ------
    ModelError
        If a column is missing, an anchor lacks a country or year of the counts, or measures are malformed.
    """
    wide = country_counts(counts, spec.outcome, spec.exposure) if isinstance(counts, Panel) else counts
    rows, scales, dropped = standardised(measures, spec.measures, spec.name)
    table = _counts(wide, spec)
    _covered(table, rows, spec)
    origin = Origin(
        data_hash=frame_hash(pd.concat([table, rows], ignore_index=True)),
        simulated=simulated or (isinstance(counts, Panel) and counts.simulated),
        source=source or (counts.name if isinstance(counts, Panel) else ""),
        description={"spec": asdict(spec), "version": version, "dropped": dropped},
        constants=xr.Dataset(
            {f"measure_{k}": ("measure", scales[k].to_numpy()) for k in scales}, {"measure": scales.index.to_numpy(str)}
        ),
    )
    run = _Run(spec, settings or Sampling(), origin, folder, command, progress)
    if version == "cut":
        return run.cut(table, rows)
    if version == "measured":
        z = rows[rows["measure"].isin(spec.anchors)].pivot(index=["country", "year"], columns="latent", values="value")
        return run.fit(count_model(spec, spec.name), _with_latents(table, z, spec))
    return run.fit(joint_model(spec), _long(table, rows, spec))


def country_counts(panel: Panel, outcome: str, exposure: str | None) -> pd.DataFrame:
    """Sum a panel's units to countries and months; a month in which any unit is unobserved is so for the country."""
    panel.require(outcome, *([exposure] if exposure else []))
    frame = panel.frame.reset_index()
    columns = [outcome, *([exposure] if exposure else [])]
    sums = frame.groupby(["country", "month"], sort=False)[columns].sum(skipna=False).astype(float)
    return sums.reset_index()


def joint_model(spec: CorruptionSpec) -> Model:
    """Return counts and measures in one model, one row an observation."""
    slopes: list[Term] = []
    for latent in spec.latents:
        more = (f"of_{latent}",) if len(spec.latents) > 1 else ()
        name, only = f"slope_{latent}", (COUNT,)
        slopes.append(Loads("level_effect", ("country", *more), spec.priors["slope"], only=only, name=name))
        slopes.append(Loads("course_effect", ("country", "year", *more), None, only=only, name=name))
    laws: dict[str, dist.Distribution] = {COUNT: dist.NegativeBinomial(spec.priors["root_dispersion"])}
    terms = (*_measure_terms(spec), *slopes, *_count_terms(spec, (COUNT,)))
    return Model(
        spec.name, "value", laws | _laws(spec), terms, exposure="exposure", exposure_unit=1.0, response="response"
    )


def joint_frame(counts: pd.DataFrame, measures: pd.DataFrame, spec: CorruptionSpec) -> pd.DataFrame:
    """Return the rows of :func:`joint_model`; ``counts`` and ``measures`` as :func:`fit_latent_corruption` takes them."""
    return _long(_counts(counts, spec), standardised(measures, spec.measures, spec.name)[0], spec)


def measurement_model(spec: CorruptionSpec) -> Model:
    """Return the measures alone."""
    return Model(f"{spec.name}_measures", "value", _laws(spec), _measure_terms(spec), response="response")


def count_model(spec: CorruptionSpec, name: str) -> Model:
    """Return the counts with known values of the latents, in columns of their names."""
    slopes = Linear(spec.latents, spec.priors["slope"], dim="latent")
    law = dist.NegativeBinomial(spec.priors["root_dispersion"])
    return Model(name, "value", law, (slopes, *_count_terms(spec, None)), exposure="exposure")


def reliability(corruption: xr.DataArray) -> xr.DataArray:
    """Return, by latent, the share of the draws' variance over country-years that their means keep.

    Parameters
    ----------
    corruption : xarray.DataArray
        Dimensions chain, draw, country, year, latent.
    """
    known = corruption.mean(("chain", "draw")).var(("country", "year"))
    return known / (known + corruption.var(("chain", "draw")).mean(("country", "year")))


@dataclass(frozen=True)
class _Run:
    """What every fit of one call shares."""

    spec: CorruptionSpec
    settings: Sampling
    origin: Origin
    folder: Path | None
    command: str
    progress: Progress

    def fit(self, model: Model, frame: pd.DataFrame) -> BayesFit:
        """Fit one model."""
        return fit_model(
            model,
            frame,
            self.settings,
            origin=self.origin,
            derive=self.spec.derive,
            check_prior=False,
            folder=self.folder,
            command=self.command,
            progress=self.progress,
        )

    def cut(self, table: pd.DataFrame, rows: pd.DataFrame) -> BayesFit:
        """Fit the measures, then the counts for every draw of the latents, and pool."""
        spec, m = self.spec, self.spec.imputations
        if m < 2:
            raise ModelError(
                f"{spec.name}: a cut posterior needs several draws of the latents, not {m}. Give 20 or so."
            )
        measured = self.fit(measurement_model(spec), _responses(rows, spec))
        z = measured.tree["posterior"].to_dataset()["corruption"]
        kept = z.sel(country=sorted(set(table["country"])), year=sorted(set(table["year"].astype(str))))
        flat = kept.stack(sample=("chain", "draw")).transpose("sample", ...).to_numpy()
        chosen = xr.DataArray(
            flat[spaced(len(flat), m)],
            [("imputation", np.arange(m)), *((d, kept[d].to_numpy()) for d in ("country", "year", "latent"))],
        )
        fits = []
        for i in range(m):
            self.progress(f"{spec.name}: draw {i + 1} of {m} of the latents", i / m)
            own = chosen.isel(imputation=i, drop=True).to_series().unstack("latent")
            own = own.reset_index().astype({"year": int}).set_index(["country", "year"])
            drawn = self.fit(count_model(spec, f"{spec.name}_draw{i + 1:02d}"), _with_latents(table, own, spec))
            if not drawn.sampled:
                drawn.require()
            fits.append(drawn)
        return self._pooled(measured, fits, chosen, kept)

    def _pooled(self, measured: BayesFit, fits: Sequence[BayesFit], chosen: xr.DataArray, z: xr.DataArray) -> BayesFit:
        posterior = stacked([f.tree["posterior"].to_dataset() for f in fits])
        between = between_share(posterior[["slope"]], len(fits))["slope"]
        groups = {
            "posterior": posterior,
            "prior": fits[0].tree["prior"].to_dataset(),
            "sample_stats": stacked([f.tree["sample_stats"].to_dataset() for f in fits]),
            "constant_data": self.origin.constants.assign(corruption_drawn=chosen),
            "observed_data": fits[0].tree["observed_data"].to_dataset(),
        }
        every = [measured, *fits]
        info = dict(fits[0].info) | {
            "key": "",
            "dropped": {**measured.info["dropped"], **fits[0].info["dropped"]},
            "seconds": sum(f.info["seconds"] for f in every),
            "attempts": max(f.info["attempts"] for f in every),
            "imputations": len(fits),
            "failed": [f.name for f in every if not f.gate.passed],
            "between_share": _by_latent(between),
            "reliability": _by_latent(reliability(z)),
        }
        pooled = BayesFit(
            self.spec.name,
            xr.DataTree.from_dict(groups),
            pooled_gate(every),
            Provenance(self.origin.data_hash, self.settings.seed, self.origin.simulated, command=self.command),
            info,
        )
        if self.folder:
            pooled.save(self.folder / f"{self.spec.name}.nc")
        return pooled


def _by_latent(values: xr.DataArray) -> dict[str, float]:
    return {str(k): float(v) for k, v in zip(values["latent"].to_numpy(), values.to_numpy(), strict=True)}


def _measure_terms(spec: CorruptionSpec) -> tuple[Term, ...]:
    p, several = spec.priors, len(spec.latents) > 1
    by = "latent" if several else None
    names = tuple(m.name for m in spec.measures)
    others = tuple(n for n in names if n not in spec.anchors)
    found: list[Term] = [
        Intercept(p["measure_intercept"], by="measure", only=names, name="measure_intercept"),
        Effects("country", by=by, correlated=several, zero_sum=True, sd=p["sd_level"], only=spec.anchors, name="level"),
        Walk("year", "country", by, several, sd=p["sd_course"], sd_varies=False, only=spec.anchors, name="course"),
    ]
    if others:
        index = ("latent",) if several else ()
        found += [
            Loads("level_effect", ("country", *index), p["loading"], "further_measure", others),
            Loads("course_effect", ("country", "year", *index), None, "further_measure", others),
            Effects("measured_country", by="further_measure", zero_sum=True, sd=p["sd_bias"], only=others, name="bias"),
        ]
    return tuple(found)


def _count_terms(spec: CorruptionSpec, only: tuple[str, ...] | None) -> tuple[Term, ...]:
    p = spec.priors
    found: list[Term] = [
        Intercept(p["intercept"], only=only),
        Effects("count_country", sd=p["sd_country"], only=only, name="country"),
        Effects(("count_country", "year"), within="count_country", sd=p["sd_shock"], only=only, name="shock"),
        Walk("month", sd=p["sd_month"], only=only, step="month"),
    ]
    if spec.season:
        found.append(Effects("month_of_year", zero_sum=True, sd=p["sd_season"], only=only, name="season"))
    return tuple(found)


def _laws(spec: CorruptionSpec) -> dict[str, dist.Distribution]:
    alone = {m.name for m in spec.measures if [k.latent for k in spec.measures].count(m.latent) == 1}
    sd = spec.priors["sd_residual"]
    return {m.name: dist.Normal(None if m.name in alone else sd, "error") for m in spec.measures}


def _counts(frame: pd.DataFrame, spec: CorruptionSpec) -> pd.DataFrame:
    """Return the counts with the model's names."""
    wanted = ["country", "month", spec.outcome, *([spec.exposure] if spec.exposure else [])]
    require_columns(f"{spec.name}, counts", frame, wanted)
    month = pd.to_datetime(frame["month"])
    exposure = frame[spec.exposure].astype(float) / spec.exposure_unit if spec.exposure else 1.0
    table = pd.DataFrame(
        {
            "response": COUNT,
            "country": frame["country"].astype(str),
            "year": month.dt.year.astype(int),
            "month": month,
            "month_of_year": month.dt.month,
            "value": frame[spec.outcome].astype(float),
            "exposure": exposure,
        }
    ).assign(count_country=frame["country"].astype(str))
    table = table.assign(**{f"of_{latent}": latent for latent in spec.latents})
    return table.reset_index(drop=True)


def _covered(table: pd.DataFrame, rows: pd.DataFrame, spec: CorruptionSpec) -> None:
    if table["country"].nunique() < 2:
        raise ModelError(
            f"{spec.name}: counts of one country, whose level and slope cannot be told apart. Add countries."
        )
    for anchor in spec.anchors:
        own = rows[rows["measure"] == anchor]
        lacking = sorted(set(table["country"]) - set(own["country"]))
        if lacking:
            raise ModelError(
                f"{spec.name}: '{anchor}', the anchor of its latent, has no value for {', '.join(lacking)}. Name another "
                "measure first, or leave those countries out."
            )
        years = sorted(set(table["year"]) - set(range(own["year"].min(), own["year"].max() + 1)))
        if years:
            raise ModelError(
                f"{spec.name}: '{anchor}' ends before, or begins after, {', '.join(map(str, years))}. Leave those months "
                "out, or name another measure first."
            )


def _responses(rows: pd.DataFrame, spec: CorruptionSpec) -> pd.DataFrame:
    found = rows.assign(response=rows["measure"], further_measure=rows["measure"], measured_country=rows["country"])
    found.attrs = dict(rows.attrs)
    return found


def _long(table: pd.DataFrame, rows: pd.DataFrame, spec: CorruptionSpec) -> pd.DataFrame:
    """Put counts below measures, so that every column has what its own terms need and is empty elsewhere."""
    found = pd.concat([_responses(rows, spec), table], ignore_index=True)
    found.attrs = dict(rows.attrs)
    return found


def _with_latents(table: pd.DataFrame, z: pd.DataFrame, spec: CorruptionSpec) -> pd.DataFrame:
    """Join values of the latents, indexed by country and year, to the counts."""
    joined = table.join(z, on=["country", "year"])
    missing = joined[joined[list(spec.latents)].isna().any(axis=1)]
    if len(missing):
        at = missing.iloc[0]
        raise ModelError(
            f"{spec.name}: no value of the anchors for {at['country']} {at['year']}. Use version 'joint' or 'cut', or leave "
            "those months out."
        )
    return joined
