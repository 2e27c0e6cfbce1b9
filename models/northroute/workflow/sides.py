"""The brief's question by country and region: rates, associations and maps, sharing the fits of other lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from northroute import provenance
from northroute.bayes import BayesFit, CountSpec
from northroute.claims import Register, article_counts, associations, rate_models, rates
from northroute.claims.associations import Associations
from northroute.claims.inquiries import homicide
from northroute.claims.inquiry import Job, Tables
from northroute.claims.rates import Rates
from northroute.errors import MissingDataError, ModelError, SimulatedDataError
from northroute.frequentist import FrequentistFit, PoissonSpec, fit_poisson
from northroute.panel import Panel
from northroute.report import side_by_side
from northroute.report.maps import section as map_sections
from northroute.report.site import Section
from northroute.sources import boundaries
from northroute.workflow import articles, questions
from northroute.workflow.line import Run

TABLES = (
    *("offences", "region_population", "regions", "kg_regions", "uz_regions", "placed_seizures"),
    *("annual_seizures", "crime_index", "vdem", "homicide", "population"),
)
"""Tables that are read."""
SHARED = ("drug_incident", "state_violence", "criminal_violence", "C16_state_violence")
"""Fits of the article line that are read, by their names in its catalogue."""


@dataclass(frozen=True)
class Sides:
    """What the page shows side by side.

    Attributes
    ----------
    rates : Rates
    associations : Associations
    section, maps : Section
    fits : tuple of BayesFit
        All that are read, those of other lines too.
    fixed_effects : tuple of FrequentistFit
        Companions that are of no other line.
    inputs : mapping of str to str
        SHA-256 of every file that was read.
    """

    rates: Rates
    associations: Associations
    section: Section
    maps: Section
    fits: tuple[BayesFit, ...]
    fixed_effects: tuple[FrequentistFit, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)


def run(
    tables: Tables,
    register: Register,
    run: Run,
    panel: Panel | None = None,
    made: Iterable[BayesFit] = (),
    *,
    state_violence: map_sections.EventMap | None = None,
    drug_incidents: map_sections.EventMap | None = None,
) -> Sides:
    """Fit what is not made yet, and read everything.

    Parameters
    ----------
    tables : mapping of str to Table
        At least :data:`TABLES`.
    register : Register
    run : Run
    panel : Panel, optional
        Constructs of article counts, as :func:`northroute.workflow.articles.panel` returns them. Without it measures on
        articles say that they were not fitted.
    made : iterable of BayesFit
        Fits of other lines; those of the same name and data are taken as they are.
    state_violence, drug_incidents : EventMap, optional
        Map 1 and Map 2 of the brief, where an events panel was fitted.

    Raises
    ------
    MissingDataError
        If a table is not there.
    ModelError
        If a fit made elsewhere has the name of one of these and other data.
    SimulatedDataError
        If a table or the panel is simulated: the section speaks of the world.
    """
    missing = [t for t in TABLES if t not in tables]
    if missing:
        raise MissingDataError(f"No table of {', '.join(missing)}. Give all that northroute.sources.tables.load reads.")
    if any(tables[t].simulated for t in TABLES) or (panel is not None and panel.simulated):
        raise SimulatedDataError("Simulated data cannot stand in the section on the world. Give real tables alone.")
    known = {f.name: f for f in made}
    of_rates, of_slopes = rate_models.jobs(tables, register), associations.jobs(tables, register)
    fits = {name: _fit(job, run, known) for name, job in {**of_rates, **of_slopes}.items()}
    if panel is not None:
        fits |= _articles(panel, register, run, known)
    beside = companions(tables, panel, run.command)
    found = rates.read(tables, register, of_rates, fits, run.seed)
    slopes = associations.read(of_slopes, fits, beside)
    outlines = boundaries.load()
    inputs = {n: sha for t in TABLES for n, sha in tables[t].files.items()} | dict(outlines.files)
    return Sides(
        rates=found,
        associations=slopes,
        section=side_by_side.section(found, slopes),
        maps=map_sections.section(
            found.regions, outlines, state_violence=state_violence, drug_incidents=drug_incidents
        ),
        fits=tuple(fits.values()),
        fixed_effects=tuple(f for f in beside.values() if f.name != associations.SHARED),
        inputs=inputs,
    )


def companions(tables: Tables, panel: Panel | None, command: str = "") -> dict[str, FrequentistFit]:
    """Return the fixed-effects and cross-section regressions beside the fits, by the fits' names.

    Poisson pseudo-maximum likelihood throughout, whose robust errors hold under overdispersion: clustered by region (one row
    a region over the regions of Kazakhstan), by country (three clusters) over months.
    """
    found = {}
    for pair in associations.PAIRS:
        name = f"O_side_{pair.short}"
        spec = PoissonSpec(name, "count", (associations.X,), "population", (), "region")
        found[name] = fit_poisson(associations.pair_frame(tables, pair), spec, command=command)
    spec = PoissonSpec("O_side_homicide", "count", homicide.COVARIATES, "population", ("region", "year"), "region")
    found[associations.KYRGYZ] = fit_poisson(homicide.panel(tables), spec, command=command)
    if panel is not None:
        built = articles.with_corruption(panel).select(countries=article_counts.CENTRAL_ASIA)
        monthly = {n: (s.name, s.outcome, s.varying) for n, s in associations.articles().items()}
        shared = (associations.SHARED, "state_violence", (article_counts.within("drug_incident"),))
        monthly[associations.STATE_ON_DRUGS] = shared
        for name, (own, outcome, x) in monthly.items():
            month = PoissonSpec(own, outcome, x, article_counts.EXPOSURE)
            found[name] = fit_poisson(built, month, command=command)
    return found


def _fit(job: Job, run: Run, known: Mapping[str, BayesFit]) -> BayesFit:
    """Take the fit of another line if it is this one, or make it."""
    name = job.model.name
    return _same(known[name], provenance.frame_hash(job.frame)) if name in known else questions.fit(job, run)


def _articles(panel: Panel, register: Register, run: Run, known: Mapping[str, BayesFit]) -> dict[str, BayesFit]:
    plain, catalogue = panel.select(countries=article_counts.CENTRAL_ASIA), article_counts.catalog(register)
    more = articles.with_corruption(panel).select(countries=article_counts.CENTRAL_ASIA)
    wanted: list[tuple[CountSpec, Panel]] = [(catalogue[name], plain) for name in SHARED]
    wanted += [(spec, plain) for spec in rate_models.articles().values()]
    wanted += [(spec, more) for spec in associations.articles().values()]
    return {
        spec.name: _same(known[spec.name], built.data_hash)
        if spec.name in known
        else run.counts(built, spec, articles.SETTINGS)
        for spec, built in wanted
    }


def _same(fit: BayesFit, data_hash: str) -> BayesFit:
    if fit.provenance.data_hash != data_hash:
        raise ModelError(f"Two different fits are named '{fit.name}': their data differ. Name them apart.")
    return fit
