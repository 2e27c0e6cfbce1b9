"""Calibration of models on a design of their own: simulate from the prior, fit, and hand truth and draws to be ranked.

Every step of the ladder is calibrated on a small SIMULATED design (:mod:`northroute.bayes.ladder.designs`), what it says of
counts with the narrow prior set ``tight``. A model that is right is calibrated under any prior, and the computation is the
same; under the default ones, many simulated data sets have regions without an event beside regions of thousands, and their
fits fail as no real one does. Priors that only measures or shares have are the default ones.

Of latent corruption the joint version is calibrated. The cut version cannot be: it keeps from the latent what the counts say
of it, so that it is the posterior of no joint model, and ranks in it are not uniform by construction.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from northroute import provenance, seeds
from northroute.arrays import Array
from northroute.bayes import engine
from northroute.bayes.calibration import LOG_LIKELIHOOD, Posterior
from northroute.bayes.coordinates.prior_coordinates import prior_theta
from northroute.bayes.engine import Derive, nothing
from northroute.bayes.gate.convergence import diagnose
from northroute.bayes.kernel import batch
from northroute.bayes.ladder import designs
from northroute.bayes.ladder.formulate import formulate
from northroute.bayes.ladder.latent_corruption import joint_model
from northroute.bayes.ladder.spec import CountSpec
from northroute.bayes.program import predict
from northroute.bayes.program.assemble import Assembled, assemble
from northroute.bayes.program.quantities import named
from northroute.bayes.samplers.settings import Sampling
from northroute.bayes.statement.families import Suited
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.prior_sets import prior_set
from northroute.bayes.statement.priors import Priors
from northroute.bayes.statement.terms.population import Intercept
from northroute.errors import ModelError
from northroute.panel import Panel

SETTINGS: Final = Sampling(draws=1000, tune=300, target_accept=0.95, pilot=200, retries=3)
"""Short chains: ranks take 99 independent draws; the gate decides, and a fit that fails is tried again with more."""
PRIORS: Final[Priors] = prior_set("tight") | prior_set("tight", "terms")
"""What replaces the default priors of the same names."""
DERIVED: Final = ("dispersion", "concentration")
"""Quantities that are functions of one other: their ranks are the same, and would only weaken the joint test."""


@dataclass(frozen=True)
class ModelCalibration:
    """A model on a frame whose outcomes are placeholders, ready to be calibrated.

    Attributes
    ----------
    name : str
    model : Model
    frame : pandas.DataFrame
        Covariates, exposures and groups; the outcome column only says which rows are observed, and a composition's totals.
        Counts, measures and shares alike are drawn anew for every replication.
    derive : callable
        From the dataset of reported quantities to others that are ranked with them.
    settings : Sampling
    """

    name: str
    model: Model
    frame: pd.DataFrame
    derive: Derive = nothing
    settings: Sampling = SETTINGS

    @property
    def data_hash(self) -> str:
        """Hash of the design, the model and the settings."""
        settings = {k: v for k, v in asdict(self.settings).items() if k not in ("seed", "force")}
        floats = self.frame.select_dtypes("float").round(9)  # processors differ in the last digit
        design = provenance.frame_hash(self.frame.assign(**{str(k): v for k, v in floats.items()}))
        return provenance.value_hash([design, repr(self.model), settings])

    def simulate(self, seed: int) -> tuple[Mapping[str, Array], pd.DataFrame]:
        """Draw parameters from the prior and outcomes given them.

        Raises
        ------
        ModelError
            If a prior is flat, or the intercept's is the default, which moves with the data that are simulated.
        """
        open_terms = (*self.model.terms, *self.model.part_terms)
        if any(isinstance(t, Intercept) and isinstance(t.prior, Suited) for t in open_terms):
            raise ModelError(
                f"{self.name}: the prior of an intercept suits the data by default, and a calibration draws data from a "
                "prior that stays. Give it one, Intercept(Prior.normal(mean=0, sd=1)) say."
            )
        rng = seeds.generator(f"prior and outcomes {self.name}", seed)
        plain = assemble(self.model, self.frame, allow_empty=True).unswept()
        values, _ = batch.values_of(plain.program, prior_theta(plain, 1, rng))
        outcomes = predict.simulate(plain, values, rng)[0]
        data = plain.frame.assign(**{self.model.outcome: outcomes})
        truth = self._quantities(assemble(self.model, data, allow_empty=True), values[None])
        return {n: v[0, 0] for n, v in truth.items()}, data

    def posterior(self, data: pd.DataFrame, seed: int) -> Posterior:
        """Fit the data."""
        assembled = assemble(self.model, data, allow_empty=True)
        found = engine.attempts(assembled, replace(self.settings, seed=seed))
        drawn = self._quantities(assembled, found.values)
        flat = {n: v.reshape(*v.shape[:2], -1) for n, v in drawn.items()}
        return Posterior(
            {n: v.reshape(-1, *v.shape[2:]) for n, v in drawn.items()},
            found.gate.passed,
            found.gate.failures,
            {n: diagnose(flat[n]).bulk.reshape(v.shape[2:]) for n, v in drawn.items()},
        )

    def _quantities(self, assembled: Assembled, values: Array) -> dict[str, Array]:
        """Every reported quantity and the joint log likelihood, shape (chain, draw, ...)."""
        found = named(assembled, values)
        found = found.assign(self.derive(found).data_vars)
        flat = np.ascontiguousarray(values.reshape(-1, values.shape[2]))
        joint = batch.log_likelihood(assembled.program, flat).sum(axis=1).reshape(values.shape[:2])
        kept = {str(n): v.transpose("chain", "draw", ...).to_numpy() for n, v in found.data_vars.items()}
        return {n: v for n, v in kept.items() if not n.startswith(DERIVED)} | {LOG_LIKELIHOOD: joint}


def of_counts(panel: Panel, spec: CountSpec, settings: Sampling = SETTINGS) -> ModelCalibration:
    """Return a step of the ladder on the design of a panel, whose counts are not used, with the specification's priors."""
    for outcome in spec.outcomes or (spec.outcome,):
        panel = panel.with_outcome(outcome, panel.frame[outcome].mask(panel.frame[outcome].notna(), 1))
    stated = formulate(panel, spec)
    return ModelCalibration(spec.name, stated.model, stated.frame, stated.derive, settings)


def of_ladder(step: str, settings: Sampling = SETTINGS, *, months: int = designs.MONTHS) -> ModelCalibration:
    """Return a step of the ladder that counts on the small design."""
    panel = designs.small_design(months=months)
    spec = designs.ladder_specs(panel)[step]
    return of_counts(panel, replace(spec, priors=_narrow(spec.priors)), settings)


def of_corruption(settings: Sampling = SETTINGS) -> ModelCalibration:
    """Return counts and measures of latent corruption in one model, its joint version."""
    spec, frame = designs.corruption()
    spec = replace(spec, priors=_narrow(spec.priors))

    def latents(values: xr.Dataset) -> xr.Dataset:
        return spec.derive(values)[["corruption"]]  # its slopes are those of the model once more

    return ModelCalibration(spec.name, joint_model(spec), frame, latents, settings)


def of_composition(settings: Sampling = SETTINGS) -> ModelCalibration:
    """Return the composition."""
    spec, frame = designs.composition()
    return ModelCalibration(spec.name, spec.model(), frame, spec.derive, settings)


def _narrow(priors: Priors) -> Priors:
    return {name: PRIORS.get(name, prior) for name, prior in priors.items()}


CALIBRATIONS: Final[Mapping[str, Callable[[Sampling], ModelCalibration]]] = {
    "pooled": partial(of_ladder, "pooled"),
    "country": partial(of_ladder, "country"),
    "slopes": partial(of_ladder, "slopes"),
    "walk": partial(of_ladder, "walk"),
    "ar1": partial(of_ladder, "ar1"),
    "gp": partial(of_ladder, "gp"),
    "spatial": partial(of_ladder, "spatial"),
    "joint": partial(of_ladder, "joint", months=12),
    "reporting": partial(of_ladder, "reporting"),
    "latent_corruption": of_corruption,
    "composition": of_composition,
}
"""What can be calibrated by name; another model joins with a constructor of a :class:`ModelCalibration`."""


def calibration(name: str, settings: Sampling = SETTINGS) -> ModelCalibration:
    """Return a model of :data:`CALIBRATIONS`.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    if name not in CALIBRATIONS:
        raise ModelError(f"No calibration of '{name}'. There are: {', '.join(CALIBRATIONS)}.")
    return CALIBRATIONS[name](settings)
