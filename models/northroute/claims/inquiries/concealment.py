"""How visible lethal violence is beside other violence, and what must be unseen before other claims turn (C21).

The ratio is of articles per registered offence, Kazakhstan 2022. A tipping point is the factor by which true lethal
violence must exceed what is registered before a claim on registered offences crosses its threshold. With ``p`` the lethal
share of violent offences, ``v`` the violent share of all, and a factor ``f`` on lethal offences alone:

- C02, lethal share ``f p / (f p + 1 - p)``, crosses ``t`` at ``f = t / (1 - t) (1 - p) / p``;
- C03, violent share ``(v + (f - 1) p v) / (1 + (f - 1) p v)``, crosses ``t`` at ``f = 1 + (t - v) / ((1 - t) p v)``.

One over the factor is the share of lethal violence that is registered there. Below one, the claim has turned already.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import beta, norm

from northroute.arrays import Array
from northroute.bayes import Prior
from northroute.bayes.terms import Effects
from northroute.claims.inquiries import lookups
from northroute.claims.inquiries import offence_tables as offences
from northroute.claims.inquiries.models import COUNT, negative_binomial, rates
from northroute.claims.inquiry import REFERENCE, Inquiry, Job, Measured, Reader, Side, Stated, Tables, Values
from northroute.claims.register import Claim, Register
from northroute.errors import DataError

COUNTRY: Final = "KAZ"
MONTHS: Final = 12
MURDER: Final = ("99",)
LEVEL: Final = 1.0
"""As visible as other violence: the claim holds below it."""
ORDINARY: Final = "ncr_violencelethal"
CIVIC: Final = "violencelethal"
OTHER: Final = "ncr_violencenonlethal"

_RATIO: Final = "articles per registered offence, lethal to other violence"
_SIDES: Final[Mapping[Side, float]] = {"true": 0.5, "threshold": 1.0, "false": 2.0}
_SIMULATED_DISPERSION: Final = 0.1
_SIMULATED_MONTH_SD: Final = 0.2


def articles(tables: Tables, columns: Sequence[str]) -> Array:
    """Return articles of some columns, summed, by month of the year of the offences; shape (12,).

    Raises
    ------
    DataError
        If a month is not there or a count is unobserved.
    """
    table = lookups.table(tables, "article_counts")
    months = pd.date_range(f"{offences.YEAR}-01-01", periods=MONTHS, freq="MS")
    own = table.frame[table.frame["country"] == COUNTRY].set_index("month")[list(columns)].reindex(months)
    gone = own.isna().any(axis=1)
    if gone.any():
        raise DataError(
            "the articles of the month were not counted",
            file=table.name,
            row=f"{COUNTRY} {own.index[gone][0]:%Y-%m}",
            column=columns[0],
            remedy="The year has to be whole: offences are by year.",
        )
    return np.asarray(own.sum(axis=1), dtype=np.float64)


def months(tables: Tables, lethal: Sequence[str], violent: Sequence[str]) -> pd.DataFrame:
    """Return articles and registered offences, one row a month and kind of violence.

    Parameters
    ----------
    tables : mapping of str to Table
    lethal : sequence of str
        Columns of articles on lethal violence.
    violent : sequence of str
        Articles of the code, murder among them.

    Returns
    -------
    pandas.DataFrame
        Columns ``month`` (1 to 12), ``lethal`` (0 or 1), ``count`` (articles), ``offences`` (a twelfth of the year's).
    """
    year = {kind: float(offences.summed(tables, codes).sum()) for kind, codes in _codes(violent).items()}
    counts = {1: articles(tables, lethal), 0: articles(tables, (OTHER,))}
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "month": np.arange(1, MONTHS + 1),
                    "lethal": float(kind),
                    COUNT: counts[kind],
                    "offences": year[kind] / MONTHS,
                }
            )
            for kind in (1, 0)
        ],
        ignore_index=True,
    )


def _codes(violent: Sequence[str]) -> dict[int, tuple[str, ...]]:
    return {1: MURDER, 0: tuple(code for code in violent if code not in MURDER)}


def lethal_tipping(lethal: Array, threshold: float) -> Array:
    """Return the factor on lethal offences at which their share of violent ones, ``lethal`` so far, is the threshold."""
    return np.asarray(threshold / (1 - threshold) * (1 - lethal) / lethal)


def violence_tipping(lethal: Array, violent: Array, threshold: float) -> Array:
    """Return the factor on lethal offences at which the violent share of all, ``violent`` so far, is the threshold.

    Zero where other violence alone crosses it.
    """
    return np.asarray(np.maximum(1 + (threshold - violent) / ((1 - threshold) * lethal * violent), 0.0))


def _share(reader: Reader, stream: str, yes: float, total: float, prior: Prior) -> Array:
    """Draw a share given counts (beta, with half an offence added on either side), or from its prior."""
    shape = reader("intercept").shape
    u = reader.uniform(stream, shape)
    if reader.group == "prior":
        return np.asarray(expit(prior.location + prior.scale * norm.ppf(u)))
    return np.asarray(beta.ppf(u, yes + 0.5, total - yes + 0.5))


def _tipping_point(tables: Tables, claim: Claim, register: Register) -> Mapping[str, Stated]:
    mild = offences.without(offences.VIOLENT, offences.EXTORTION)
    total = float(offences.summed(tables, (offences.TOTAL,)).sum())
    turn = register["C02"].threshold("lethal_share"), register["C03"].threshold("violence_share")

    def job(short: str, frame: pd.DataFrame) -> Job:
        by_month = Effects("month", sd=register.prior("year_sd"))
        model = rates(f"M_C21_{short}", register, exposure="offences", contrasts=("lethal",), effects=(by_month,))
        number = frame.groupby("lethal")[["offences", COUNT]].sum()
        source = (
            f"articles on violence and {offences.FORM}: {number[COUNT][1]:.0f} articles on lethal violence and "
            f"{number['offences'][1]:.0f} murders, {number[COUNT][0]:.0f} articles on other violence and "
            f"{number['offences'][0]:.0f} other violent offences"
        )
        return Job(model, frame, source, target_accept=0.95)

    def read(violent: Sequence[str], reader: Reader, job: Job) -> Values:
        year = {kind: float(offences.summed(tables, codes).sum()) for kind, codes in _codes(violent).items()}
        both = year[1] + year[0]
        level, contrast = reader.array("intercept"), reader("contrast").sel(contrasted="lethal").to_numpy()
        prior = register.prior("share")
        lethal = _share(reader, "lethal share", year[1], both, prior)
        share = _share(reader, "violent share", both, total, prior)
        factors = lethal_tipping(lethal, turn[0]), violence_tipping(lethal, share, turn[1])
        return {
            _RATIO: Measured(np.exp(contrast), (None, LEVEL), log_scale=True),
            "articles per registered murder": Measured(np.exp(level + contrast), log_scale=True),
            "articles per other registered violent offence": Measured(np.exp(level), log_scale=True),
            f"times the registered murders at which C02 turns (share {turn[0]:g})": Measured(factors[0]),
            f"times the registered murders at which C03 turns (share {turn[1]:g})": Measured(factors[1]),
        }

    frames = {
        REFERENCE: ("visibility", (ORDINARY,), offences.VIOLENT),
        "criminal_lethal: all violence": ("visibility_civic", (ORDINARY, CIVIC), offences.VIOLENT),
        "without extortion": ("visibility_no_extortion", (ORDINARY,), mild),
    }
    return {
        label: Stated(job(short, months(tables, lethal, violent)), partial(read, violent))
        for label, (short, lethal, violent) in frames.items()
    }


def _world(job: Job, claim: Claim, side: Side, rng: np.random.Generator) -> pd.DataFrame:
    """Simulate articles: half as many, as many or twice as many a lethal offence, months varying together. SIMULATED."""
    frame = job.frame
    ratio = np.where(frame["lethal"] == 1, _SIDES[side] * LEVEL, 1.0)
    other = frame[frame["lethal"] == 0]
    rate = float(other[COUNT].sum() / other["offences"].sum())
    shock = np.exp(rng.normal(0, _SIMULATED_MONTH_SD, MONTHS))[frame["month"].to_numpy() - 1]
    mean = rate * ratio * shock * frame["offences"].to_numpy(float)
    return frame.assign(**{COUNT: negative_binomial(rng, mean, _SIMULATED_DISPERSION)})


INQUIRIES: Final[Mapping[str, Inquiry]] = {
    "concealment.tipping_point": Inquiry(
        _tipping_point,
        _world,
        assumes=(
            "murder (99) stands for lethal violence, and the other violent offences of C02 for the rest",
            "months of the year vary together for both kinds of violence",
            "at a tipping point lethal offences alone are more than registered",
        ),
    ),
}
