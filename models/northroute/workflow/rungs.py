"""The ladder on data: which specification each step has on simulated regions and on real tables, or why it has none.

The outcome is state violence and the covariate drug interdiction wherever both are there: with the article counts, the
specification of claim C16, so that step ``dynamic`` is the fit that the claim rests on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from northroute.bayes import BayesFit, CountSpec, Prior, Sampling, fit_counts, replaced
from northroute.bayes.answers.posterior import Drawn, drawn, of_counts
from northroute.bayes.ladder.composition import CompositionSpec, cells, fit_composition
from northroute.bayes.ladder.corruption_spec import COUNT, CorruptionSpec
from northroute.bayes.ladder.latent_corruption import country_counts, fit_latent_corruption, joint_frame, joint_model
from northroute.bayes.ladder.measures import governance_measures
from northroute.bayes.program.assemble import assemble
from northroute.claims import Register, article_counts
from northroute.errors import ModelError
from northroute.panel import Panel, log_rate, standardise, within_between
from northroute.progress import Progress, quiet
from northroute.sources import governance, mlp, regions
from northroute.sources.simulated import EXPOSURE_UNIT, OUTCOMES, UNIT_COVARIATES, Simulation
from northroute.workflow import articles, simulated
from northroute.workflow.line import EXPOSURE

STEPS: Final = (
    *("pooled", "country", "slopes", "dynamic", "ar1", "gp", "spatial", "joint", "reporting"),
    *("latent_corruption", "composition"),
)
"""In the order of the ladder; ``ar1`` and ``gp`` are ``dynamic`` with another time than a random walk."""
OUTCOME: Final = "state_violence"
SIMULATED, ARTICLES, SEIZURES = "simulated regions", "article counts", "drug seizures"
ARTICLE_SPECS: Final = {
    "state_violence": "C16_state_violence",
    "drug_incident": "C11_other_crime",
    "state_response": "C22_state_response_corruption_reports",
}
"""Outcomes that claims give a covariate on articles, and the fit of :func:`northroute.claims.article_counts.catalog`."""
TOGETHER: Final = {
    SIMULATED: ("state_violence", "criminal_violence"),
    ARTICLES: ("state_violence", "criminal_violence", "corruption_reports"),
}
"""Outcomes of step ``joint``; the covariate, which interdiction is read from, is not among them."""
WINDOW: Final = 24
"""Months of it that steps by region and month look at; its counts by country and month are few enough to take all."""
VOICE: Final = "voice"
COVERAGE: Final = "all_events_log_rate_within_z"
HALF: Final = Prior("normal", 0.3, "assumed: 38 to 62 % of events are reported with 89 %; counts cannot tell")
"""Of the intercept of detection: under the default, which is nearly flat, level and share trade along a curve for ever."""
NO_AREAS: Final = (
    "needs regions; the counts are by country. The three countries all border each other, and on a complete graph the "
    "structured and the unstructured part have the same covariance: rho would be its prior"
)

Spec = CountSpec | CorruptionSpec | CompositionSpec


@dataclass(frozen=True)
class Rung:
    """A step on data.

    Attributes
    ----------
    step : str
        One of :data:`STEPS`.
    data : str
        What the counts are.
    spec : CountSpec or CorruptionSpec or CompositionSpec
    table : Panel or pandas.DataFrame
    note : str
        What this step's specification assumes here beyond the step itself.
    """

    step: str
    data: str
    spec: Spec
    table: Panel | pd.DataFrame
    simulated: bool
    note: str = ""

    def fit(
        self,
        settings: Sampling | None = None,
        *,
        folder: Path | None = None,
        command: str = "",
        progress: Progress = quiet,
    ) -> BayesFit:
        """Fit the step; see :func:`northroute.bayes.fit_model`.

        Loadings of further measures mix slowly: latent corruption gets twice the draws and shorter steps from the start.
        """
        own = settings or Sampling()
        match self.spec, self.table:
            case CountSpec() as spec, Panel() as panel:
                return fit_counts(panel, spec, own, folder=folder, command=command, progress=progress)
            case CorruptionSpec() as spec, Panel() as panel:
                own = replace(own, draws=2 * own.draws, target_accept=max(own.target_accept, 0.95))
                return fit_latent_corruption(
                    *(panel, governance_measures(), spec, own), folder=folder, command=command, progress=progress
                )
            case CompositionSpec() as spec, pd.DataFrame() as frame:
                return fit_composition(
                    *(frame, spec, own),
                    simulated=self.simulated,
                    source=self.data,
                    folder=folder,
                    command=command,
                    progress=progress,
                )
        raise self._mismatch()

    def drawn(self, fit: BayesFit) -> Drawn:
        """Return the draws of ``fit``, looking at the rows that are counts, for its checks."""
        match self.spec, self.table:
            case CountSpec() as spec, Panel() as panel:
                return of_counts(fit, panel, spec)
            case CorruptionSpec() as spec, Panel() as panel:
                counts = country_counts(panel, spec.outcome, spec.exposure)
                own = drawn(fit, assemble(joint_model(spec), joint_frame(counts, governance_measures(), spec)))
                return own.looking_at(np.flatnonzero(own.frame["response"] == COUNT))
            case CompositionSpec() as spec, pd.DataFrame() as frame:
                return drawn(fit, assemble(spec.model(), cells(frame, spec)[0]))
        raise self._mismatch()

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """Neighbouring units, where the step has them."""
        return self.spec.edges if isinstance(self.spec, CountSpec) else ()

    def _mismatch(self) -> ModelError:
        return ModelError(f"Step '{self.step}' on {self.data}: a {type(self.spec).__name__} does not fit its table.")


@dataclass(frozen=True)
class Absent:
    """A step that is not fitted to data, and why."""

    step: str
    data: str
    reason: str


Rungs = Mapping[str, Rung | Absent]


def on_regions(simulation: Simulation, outcome: str = OUTCOME, months: int = WINDOW) -> Rungs:
    """Return every step on SIMULATED regions, by step.

    Parameters
    ----------
    simulation : Simulation
    outcome : str
    months : int
        The first months, which steps by region and month look at; latent corruption, by country, takes all.

    Raises
    ------
    ModelError
        If the simulation has no such outcome.
    """
    if outcome not in OUTCOMES:
        raise ModelError(f"The simulated regions have no outcome '{outcome}'. They have {', '.join(OUTCOMES)}.")
    whole = simulated.panel(simulation)
    first, last = whole.months[0], whole.months[:months][-1]
    panel = log_rate(whole.select(months=(f"{first:%Y-%m}", f"{last:%Y-%m}")), EXPOSURE)
    panel = standardise(within_between(panel, f"{EXPOSURE}_log_rate"), f"{EXPOSURE}_log_rate_within")
    base = CountSpec(
        "regions",
        outcome,
        EXPOSURE,
        EXPOSURE_UNIT,
        unit_covariates=UNIT_COVARIATES,
        varying=(simulated.COVARIATE,),
    )
    edges = regions.adjacency("first-level").frame[["a", "b"]].itertuples(index=False, name=None)
    together = tuple(dict.fromkeys((outcome, *TOGETHER[SIMULATED])))[:2]
    specs = _counts(base) | {
        "spatial": replace(base, step="spatial", edges=tuple(edges)),
        "joint": replace(base, step="joint", outcomes=together),
        "reporting": _reporting(base, COVERAGE),
    }
    notes = {
        "reporting": "about half of events are reported, by assumption; more or fewer with coverage (in truth, not so)"
    }
    found = _rungs(SIMULATED, "ladder_regions", specs, panel, notes)
    corruption = CorruptionSpec("ladder_regions_latent_corruption", outcome, EXPOSURE, EXPOSURE_UNIT)
    note = "published indices, simulated counts that know nothing of them: the true slopes are zero"
    found["latent_corruption"] = Rung("latent_corruption", SIMULATED, corruption, whole, True, note)
    frame = panel.frame.reset_index()
    long = frame.melt(
        id_vars=["unit", "country", "month", simulated.COVARIATE],
        value_vars=list(OUTCOMES),
        var_name="construct",
        value_name="n",
    )
    composition = CompositionSpec(
        "ladder_regions_composition",
        "n",
        "construct",
        ("unit", "month"),
        "country",
        "unit",
        covariates=(simulated.COVARIATE,),
        focus=outcome,
    )
    note = "shares of the four outcomes; cells are region-months"
    found["composition"] = Rung("composition", SIMULATED, composition, long, True, note)
    return {step: found[step] for step in STEPS}


def on_articles(data: Path | None, register: Register, outcome: str = OUTCOME) -> Rungs:
    """Return every step on real tables, by step: article counts of three countries, and bundled seizures.

    Raises
    ------
    ModelError
        If no claim gives the outcome a covariate on articles.
    """
    if outcome not in ARTICLE_SPECS:
        raise ModelError(f"No claim has a slope of '{outcome}' on articles. There are: {', '.join(ARTICLE_SPECS)}.")
    base = article_counts.catalog(register)[ARTICLE_SPECS[outcome]]
    panel = _with_voice(articles.panel(data, register)[0].select(countries=article_counts.CENTRAL_ASIA))
    together = tuple(dict.fromkeys((outcome, *TOGETHER[ARTICLES])))[:3]
    specs = _counts(base) | {
        "ar1": replace(base, step="dynamic", time="ar1", month="shared"),
        "joint": replace(base, step="joint", outcomes=together, distribution="poisson"),
        "reporting": _reporting(base, VOICE),
    }
    notes = {
        "joint": "Poisson: with one count a country, month and outcome, the shocks are the overdispersion",
        "ar1": "one course for all: with one count a country and month, a fast AR(1) cannot be told from dispersion",
        "reporting": "about half of events are reported, by assumption; more or fewer with WGI voice and accountability",
    }
    found = _rungs(ARTICLES, "ladder_articles", specs, panel, notes)
    corruption = CorruptionSpec("ladder_articles_latent_corruption", outcome, mlp.EXPOSURE, article_counts.PER_ARTICLES)
    found["latent_corruption"] = Rung("latent_corruption", ARTICLES, corruption, panel, False)
    found["spatial"] = Absent("spatial", ARTICLES, NO_AREAS)
    found["composition"] = on_seizures()
    return {step: found[step] for step in STEPS}


def on_seizures() -> Rung:
    """Return step ``composition`` on reported seizures by country and year, which are bundled."""
    frame = governance.load("seizures").frame
    years = frame.drop_duplicates(["iso3", "year"])["year"]
    frame = frame.assign(time=(frame["year"] - years.mean()) / years.std(ddof=0))
    spec = CompositionSpec(
        "ladder_seizures_composition",
        *("n_reported", "drug", ("iso3", "year"), "iso3"),
        covariates=("time",),
        focus="heroin",
    )
    note = "heroin and opium among records of seizures, not kilograms; reporting is voluntary, so trends are of records"
    return Rung("composition", SEIZURES, spec, frame, False, note)


def _counts(base: CountSpec) -> dict[str, CountSpec]:
    """Return the steps that any panel of counts has."""
    steps = {s: replace(base, step=s) for s in ("pooled", "country", "slopes", "dynamic")}
    return steps | {t: replace(base, step="dynamic", time=t) for t in ("ar1", "gp")}


def _rungs(
    data: str, stem: str, specs: Mapping[str, CountSpec], panel: Panel, notes: Mapping[str, str]
) -> dict[str, Rung | Absent]:
    return {
        step: Rung(step, data, replace(spec, name=f"{stem}_{step}"), panel, data == SIMULATED, notes.get(step, ""))
        for step, spec in specs.items()
    }


def _reporting(base: CountSpec, covariate: str) -> CountSpec:
    priors = replaced(base.priors, detection_intercept=HALF)
    return replace(base, step="reporting", detection=(covariate,), priors=priors)


def _with_voice(panel: Panel) -> Panel:
    """Add WGI voice and accountability by country and year, standardised over the panel."""
    voice = governance.load("wgi").frame.query("indicator == 'va'")
    own = articles.by_country_year(panel, voice)
    return panel.with_covariate(VOICE, (own - np.nanmean(own)) / np.nanstd(own))
