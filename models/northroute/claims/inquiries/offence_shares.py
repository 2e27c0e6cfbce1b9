"""Shares of registered offences, beta-binomial over the regions of Kazakhstan: C02, C03, C19, C20.

The reference is the expected share of regions like these, so that the differences between regions count; the national
share, of the 17 regions themselves weighted by their offences, stands beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import logit

from northroute.arrays import Array
from northroute.claims.inquiries import offence_tables as offences
from northroute.claims.inquiries.lookups import table
from northroute.claims.inquiries.models import ANSWER, COUNT, NO, YES, beta_binomial, cells, expected_share, shares
from northroute.claims.inquiries.own_numbers import own_shares
from northroute.claims.inquiry import (
    REFERENCE,
    Inquiry,
    Job,
    Measured,
    Reader,
    Reading,
    Region,
    Side,
    Stated,
    Tables,
    Values,
)
from northroute.claims.register import Claim, Register
from northroute.errors import DataError

K, N = "yes", "total"
OPEN: Final = "open_robbery"
_CONCENTRATION: Final = 60.0
"""Of simulated shares, near the real ones: a share of 0.1 has a standard deviation of 0.04 between regions."""
OTHER_K, OTHER_N = "other_yes", "other_total"


def counts(tables: Tables, yes: "pd.Series[int]", total: "pd.Series[int]") -> pd.DataFrame:
    """Return one row a region with ``yes`` of ``total``.

    Raises
    ------
    DataError
        If a region has more of yes than in total.
    """
    frame = offences.regions(tables).assign(**{K: yes.to_numpy(), N: total.to_numpy()})
    over = frame[K] > frame[N]
    if over.any():
        row = frame[over].iloc[0]
        raise DataError(
            f"{row[K]} offences are said to be a part of {row[N]}",
            file=table(tables, "offences").name,
            row=str(row["region"]),
            column="count",
            remedy="Restore the counts, or name a part that lies in the whole.",
        )
    return frame


def part_of(tables: Tables, part: tuple[str, ...], whole: tuple[str, ...]) -> pd.DataFrame:
    """Return :func:`counts` of registered offences of some articles among others."""
    return counts(tables, offences.summed(tables, part), offences.summed(tables, whole))


def _job(register: Register, name: str, frame: pd.DataFrame, what: str, *, binomial: bool = False) -> Job:
    model = shares(f"O_{name}", register, binomial=binomial)
    source = f"{offences.FORM}: {frame[K].sum()} {what} among {frame[N].sum()} in {len(frame)} regions"
    return Job(model, cells(frame, K, N), source)


def _specifications(
    register: Register, claim: str, what: str, read: Reading, frames: Mapping[str, tuple[str, pd.DataFrame]]
) -> dict[str, Stated]:
    """State one fit a frame, named apart; the reference's frame once more as binomial with region effects."""
    found = {
        label: Stated(_job(register, f"{claim}_{short}", frame, what), read) for label, (short, frame) in frames.items()
    }
    reference = frames[REFERENCE][1]
    binomial = _job(register, f"{claim}_binomial", reference, what, binomial=True)
    return found | {"binomial with region effects": Stated(binomial, read)}


def national(own: Array, weight: Array) -> Array:
    """Return the mean of the regions' own shares, weighted.

    Parameters
    ----------
    own : array, shape (chain, draw, region)
    weight : array, shape (region,)
    """
    return np.asarray((own * weight).sum(-1) / weight.sum())


def left_out(share: Array, kept: Array) -> Array:
    """Return the share of yes when only a fraction ``kept`` of the others is counted: the odds grow by ``1 / kept``."""
    return np.asarray(share / (share + (1 - share) * kept))


def _totals(job: Job) -> Array:
    return job.frame.loc[job.frame[ANSWER] == YES, N].to_numpy(float)


def _read(what: str, region: Region, reader: Reader, job: Job, *, extremes: bool = True) -> Values:
    """Read the expected share, which decides, and the shares of the regions in hand."""
    own = own_shares(reader, job, K, N)
    found = {
        what: Measured(expected_share(reader, job, N), region),
        "the same, of the regions themselves": Measured(national(own, _totals(job))),
    }
    if extremes:
        found |= {"lowest of the regions": Measured(own.min(-1)), "highest of the regions": Measured(own.max(-1))}
    return found


def _lethal(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C02: murders among violent offences."""
    murder, violent = ("99",), offences.VIOLENT
    mild = offences.without(violent, offences.EXTORTION)
    reference = part_of(tables, murder, violent).assign(
        **{OPEN: offences.summed(tables, (offences.OPEN_ROBBERY,)).to_numpy()}
    )
    deaths = part_of(tables, ("causing_death",), (*violent, "causing_death_other"))
    plain = partial(_read, "lethal share of violent offences", (None, claim.threshold("lethal_share")))

    def read(reader: Reader, job: Job) -> Values:
        if OPEN not in job.frame:
            return plain(reader, job)
        rows = job.frame[job.frame[ANSWER] == YES]
        n, k, robbery = (rows[c].to_numpy(float) for c in (N, K, OPEN))
        kept = left_out(own_shares(reader, job, K, N), 1 - robbery / (n - k))
        beside = Measured(national(kept, n - robbery))
        return plain(reader, job) | {"of the regions themselves, open robbery (191) left out": beside}

    frames = {
        REFERENCE: ("lethal", reference),
        "without extortion": ("lethal_no_extortion", part_of(tables, murder, mild)),
        "all deaths caused by offences": ("lethal_deaths", deaths),
        "without Almaty": ("lethal_no_almaty", offences.without_almaty(reference)),
    }
    return _specifications(register, "C02", "lethal offences", read, frames)


def _violence(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C03: violent offences among all."""
    violent, total = offences.VIOLENT, (offences.TOTAL,)
    reference = part_of(tables, violent, total)
    frames = {
        REFERENCE: ("violence", reference),
        "without extortion": (
            "violence_no_extortion",
            part_of(tables, offences.without(violent, offences.EXTORTION), total),
        ),
        "with hooliganism and mass disorder": ("violence_disorder", part_of(tables, (*violent, "293", "272"), total)),
        "without Almaty": ("violence_no_almaty", offences.without_almaty(reference)),
    }
    read = partial(_read, "violent share of registered offences", (None, claim.threshold("violence_share")))
    return _specifications(register, "C03", "violent offences", read, frames)


def _several(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C20: ended cases committed by a group."""

    def by_group(articles: tuple[str, ...]) -> pd.DataFrame:
        group = offences.summed(tables, articles, "ended_by_group")
        return counts(tables, group, offences.summed(tables, articles, "ended"))

    reference = by_group(offences.SALE)
    frames = {
        REFERENCE: ("group", reference),
        "sale and possession": ("group_possession", by_group((*offences.SALE, *offences.POSSESSION))),
        "without Almaty": ("group_no_almaty", offences.without_almaty(reference)),
    }
    read = partial(_read, "share of ended sale cases by a group", (claim.threshold("share"), None))
    return _specifications(register, "C20", "ended cases by a group", read, frames)


def armed(tables: Tables, drugs: tuple[str, ...]) -> pd.DataFrame:
    """Return drug offences with firearms, one row a region, and beside them all other offences likewise."""
    parts = {}
    for measure in ("with_firearms", "registered"):
        mine, all_of_it = (offences.summed(tables, a, measure) for a in (drugs, (offences.TOTAL,)))
        parts[measure] = mine, all_of_it - mine
    arms, whole = parts["with_firearms"], parts["registered"]
    return counts(tables, arms[0], whole[0]).assign(**{OTHER_K: arms[1].to_numpy(), OTHER_N: whole[1].to_numpy()})


def _arms(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    """C19: drug offences with firearms; beside them the odds ratio to other offences, whose share is their counts'."""
    above = (claim.threshold("share"), None)
    main = partial(_read, "share of drug offences with firearms", above, extremes=False)

    def read(reader: Reader, job: Job) -> Values:
        rows = job.frame[job.frame[ANSWER] == YES]
        drug = national(own_shares(reader, job, K, N), rows[N].to_numpy(float))
        k, n = (float(rows[c].sum()) if reader.group == "posterior" else 0.0 for c in (OTHER_K, OTHER_N))
        other = reader.generator("other offences").beta(k + 0.5, n - k + 0.5, drug.shape)
        return main(reader, job) | {
            "share of other offences with firearms": Measured(other),
            "odds ratio of the regions themselves, drug to other offences": Measured(
                np.exp(logit(np.maximum(drug, 1e-12)) - logit(other)), log_scale=True
            ),
        }

    reference = armed(tables, offences.DRUGS)
    frames = {REFERENCE: ("arms", reference), "sale offences only": ("arms_sale", armed(tables, offences.SALE))}
    return _specifications(register, "C19", "drug offences with firearms", read, frames)


@dataclass(frozen=True)
class _World:
    """Worlds whose regions have a known expected share; how many others are open robbery is not simulated.

    At the threshold it is the registered one of that name.
    """

    threshold: str
    true: float
    false: float

    def __call__(self, job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
        """Simulate one."""
        share = {"true": self.true, "false": self.false, "threshold": claim.threshold(self.threshold)}[side]
        frame = job.frame.copy()
        yes, no = frame[ANSWER] == YES, frame[ANSWER] == NO
        total = frame.loc[yes, N].to_numpy()
        drawn = beta_binomial(rng, total, share, _CONCENTRATION)
        frame.loc[yes, COUNT], frame.loc[no, COUNT] = drawn, total - drawn
        frame.loc[yes, K] = frame.loc[no, K] = drawn.astype(int)
        return frame.drop(columns=OPEN, errors="ignore")


_ROBBERY: Final = "open robbery (191) is counted whole: the form does not tell it with violence from it without"
INQUIRIES: Final[Mapping[str, Inquiry]] = {
    "offences.lethal_share": Inquiry(_lethal, _World("lethal_share", 0.1, 0.3), (_ROBBERY,)),
    "offences.violence_share": Inquiry(_violence, _World("violence_share", 0.15, 0.35), (_ROBBERY,)),
    "offences.arms_with_drugs": Inquiry(_arms, _World("share", 0.2, 0.03)),
    "offences.several_people": Inquiry(_several, _World("share", 0.7, 0.3)),
}
