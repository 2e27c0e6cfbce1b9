"""Whether violence and complaints of abuse lie where drugs are sold, over the regions of Kazakhstan: C04.

Counts of three kinds of offences in a region are Poisson around log rates that vary jointly between regions. The reference
reads the correlation of the 17 regions' own log rates, as of all regions that there are; the variant that of the population
of regions like these.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from northroute.arrays import Array
from northroute.bayes import Model
from northroute.bayes.statement import distributions as dist
from northroute.bayes.terms import Effects
from northroute.claims.inquiries import offence_tables as offences
from northroute.claims.inquiries.models import COUNT, rates
from northroute.claims.inquiry import REFERENCE, Inquiry, Job, Measured, Reader, Side, Stated, Tables, Values
from northroute.claims.region_events import correlation
from northroute.claims.register import Claim, Register
from northroute.errors import ModelError

KIND: Final = "kind"
DRUG, CRIMINAL, STATE = "drug", "violence", "complaints"
KINDS: Final = (DRUG, CRIMINAL, STATE)
_PAIR: Final = "corr_region_pair"


def kinds_frame(tables: Tables, drug: Sequence[str]) -> pd.DataFrame:
    """Return three rows a region: drug offences, violent offences, complaints of torture and exceeding power."""
    articles = {DRUG: drug, CRIMINAL: offences.VIOLENT, STATE: offences.COMPLAINTS}
    parts = [offences.counted(tables, articles[k]).assign(**{KIND: k}) for k in KINDS]
    return pd.concat(parts, ignore_index=True)


def model(name: str, register: Register, frame: pd.DataFrame, lkj: float) -> Model:
    """Return the multivariate Poisson-lognormal of the three kinds per inhabitant."""
    effects = Effects("region", by=KIND, correlated=True, lkj=lkj, sd=register.prior("region_sd"))
    unit = offences.unit(frame)
    own = rates(name, register, exposure="population", exposure_unit=unit, country=KIND, effects=(effects,))
    return replace(own, distribution=dist.Poisson(), response=KIND)


def pair(reader: Reader, a: str, b: str) -> Array:
    """Return the correlation of two kinds in the population of regions.

    Raises
    ------
    ModelError
        If the fit has none of that name.
    """
    found = reader("corr_region")
    labels = [str(v) for v in found[_PAIR].to_numpy()]
    for label in (f"{a} ~ {b}", f"{b} ~ {a}"):
        if label in labels:
            return np.asarray(found.sel({_PAIR: label}).to_numpy())
    raise ModelError(f"{reader.fit.name}: no correlation of {a} and {b}; it has {labels}.")


@dataclass(frozen=True)
class _Reading:
    """Read the two correlations and their difference, of the regions in hand or of their population."""

    claim: Claim
    population: bool = False

    def __call__(self, reader: Reader, job: Job) -> Values:
        """Read them."""
        own = dict(zip((STATE, CRIMINAL), self._correlations(reader), strict=True))
        floor, width = self.claim.threshold("correlation"), self.claim.threshold("difference")
        found = {
            "correlation, complaints with drugs": Measured(own[STATE], (floor, None)),
            "correlation, violence with drugs": Measured(own[CRIMINAL], (floor, None)),
            "difference of the two": Measured(own[STATE] - own[CRIMINAL], (-width, width)),
        }
        if not self.population:
            effect = reader("region_effect").transpose("chain", "draw", KIND, "region")
            both = correlation(*(effect.sel({KIND: k}).to_numpy() for k in (STATE, CRIMINAL)))
            found["correlation, complaints with violence"] = Measured(both)
        return found

    def _correlations(self, reader: Reader) -> tuple[Array, Array]:
        if self.population:
            return pair(reader, STATE, DRUG), pair(reader, CRIMINAL, DRUG)
        effect = reader("region_effect").transpose("chain", "draw", KIND, "region")
        drug, criminal, state = (effect.sel({KIND: k}).to_numpy() for k in KINDS)
        return correlation(state, drug), correlation(criminal, drug)


def _state(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    lkj = register.constant("lkj")

    def job(short: str, frame: pd.DataFrame, lkj: float = lkj) -> Job:
        count = {k: int(frame.loc[frame[KIND] == k, COUNT].sum()) for k in KINDS}
        source = f"{offences.FORM}: " + ", ".join(f"{n} {k}" for k, n in count.items())
        source += f" in {frame['region'].nunique()} regions"
        return Job(model(f"O_C04_{short}", register, frame, lkj), frame, source, draws=2000)

    frame = kinds_frame(tables, offences.SALE)
    reference, read = job("kinds", frame), _Reading(claim)
    kept = offences.without_almaty(frame)
    return {
        REFERENCE: Stated(reference, read),
        "all drug offences": Stated(job("kinds_drugs", kinds_frame(tables, offences.DRUGS)), read),
        "smuggling (286)": Stated(job("kinds_smuggling", kinds_frame(tables, offences.SMUGGLING)), read),
        "correlation of the population of regions": Stated(reference, _Reading(claim, population=True)),
        "lkj 1": Stated(job("kinds_lkj_1", frame, 1.0), read),
        "without Almaty": Stated(job("kinds_no_almaty", kept), read),
    }


def exact(rng: np.random.Generator, regions: int, target: Array) -> Array:
    """Draw normal columns whose sample correlations are a matrix exactly, with mean zero and standard deviation one.

    Returns
    -------
    array, shape (region, kind)
    """
    raw = rng.standard_normal((regions, len(target)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(raw.T @ raw / regions)).T
    return np.asarray(white @ np.linalg.cholesky(target).T)


def _world(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
    """Log rates of standard deviation 0.9 with known correlations; at the threshold the two differ by just too much."""
    violence, state = {
        "true": (0.95, 0.95),
        "false": (-0.6, -0.6),
        "threshold": (0.9, 0.9 - claim.threshold("difference")),
    }[side]
    target = np.array([[1, violence, state], [violence, 1, violence * state], [state, violence * state, 1]])
    frame = job.frame
    names = frame["region"].unique()
    effect = pd.DataFrame(0.9 * exact(rng, len(names), target), index=names, columns=list(KINDS))
    out = frame.copy()
    for kind in KINDS:
        rows = frame[KIND] == kind
        weight = frame.loc[rows, "population"].to_numpy(float) * np.exp(effect.loc[frame.loc[rows, "region"], kind])
        mean = weight.to_numpy(float) * frame.loc[rows, COUNT].sum() / weight.sum()
        out.loc[rows, COUNT] = rng.poisson(mean).astype(float)
    return out


INQUIRIES: Final[Mapping[str, Inquiry]] = {
    "offences.co_location": Inquiry(
        _state,
        _world,
        (
            "population of the middle of 2022, as the census of 2021 counts it",
            "open robbery (191) is counted whole: the form does not tell it with violence from it without",
        ),
    ),
}
