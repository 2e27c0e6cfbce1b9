"""A page's worth of made-up answers: numbers drawn at random, for tests of the page only."""

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from northroute.bayes import BayesFit, Check, Gate
from northroute.claims import (
    Answer,
    Claim,
    Estimate,
    Estimated,
    Quantity,
    Question,
    Register,
    Specification,
    Verdict,
    answer,
    combine,
    load,
    not_summarised,
    recovery,
)
from northroute.provenance import Provenance, value_hash
from northroute.report import Site
from northroute.report.ladder import LadderRow, Number
from northroute.report.site import DataSource, Picture, Section
from northroute.sources import regions

SIDES = {"supported": 3.0, "contradicted": -3.0, "undecided": 0.4}
"""Where the decisive quantity lies from its threshold, in standard deviations, for each word."""


def estimate(
    question: Question, word: str, *, simulated: bool = False, size: int = 250, name: str = "rate ratio, pooled"
) -> Estimate:
    """An estimate whose rule gives ``word``."""
    rng = np.random.default_rng(int(value_hash([question.id, word])[:8], 16))
    shift = SIDES[word]
    ratio = Quantity(
        name,
        np.exp(rng.normal(0.2 * shift, 0.2, (4, size))),
        np.exp(rng.normal(0, 1, 500)),
        (1.0, None),
        log_scale=True,
        truth=1.2 if simulated else None,
    )
    level = Quantity("share of regions, KAZ", rng.beta(4, 9, (4, size)))
    count = Quantity("countries above one, of 5", rng.binomial(5, 0.7, (4, size)).astype(float), discrete=True)
    return Estimate(
        question.claim,
        (ratio, level, count),
        ("made-up data, 17 regions",),
        proxies={"drug_incident": "articles"} if question.kind == "M" else {},
        assumptions=("regions are alike",),
        fits=("made_up_fit",),
        simulated=simulated,
    )


def answered(
    claim: Claim, question: Question, word: str, *, simulated: bool = False, name: str = "rate ratio"
) -> Answer:
    """An answer with a word on made-up draws."""
    made = estimate(question, word, simulated=simulated, name=name)
    inside = float(made.event.mean())
    return answer(claim, question, Estimated(made, tuple(Specification(v, inside) for v in question.variants)))


def verdict(claim_id: str, words: dict[str, str], register: Register | None = None) -> Verdict:
    """A claim's verdict from words by question id; questions that are not named have no answer."""
    claim = (register or load())[claim_id]
    given = [answered(claim, q, words[q.id]) for q in claim.questions if q.id in words]
    return combine(claim, given)


def real(register: Register) -> tuple[Verdict, ...]:
    """A verdict for every claim, words in turn over the questions; event data have no answer."""
    words = ("supported", "undecided", "contradicted")
    found = []
    for i, claim in enumerate(register.claims.values()):
        given = [
            answered(claim, q, words[(i + j * (i % 2)) % 3])
            for j, q in enumerate(q for q in claim.questions if q.kind != "E")
        ]
        if claim.id == "C24":
            given = [not_summarised(claim, claim.questions[0], "the fit failed its diagnostics: R-hat 1.2.")]
        found.append(combine(claim, given))
    return tuple(found)


def simulated(register: Register) -> tuple[Verdict, ...]:
    """Words on a simulated world for the questions on events."""
    return tuple(
        recovery(c, answered(c, replace(q, variants=()), "supported", simulated=True))
        for c in register.claims.values()
        for q in c.questions
        if q.kind == "E"
    )


def fit(name: str, *, simulated: bool = False, passed: bool = True) -> BayesFit:
    """A fit without draws."""
    sizes = (Check(f"{k} ESS", 900.0, 400.0, True, "slope", "Draw more.") for k in ("bulk", "tail"))
    gate = Gate((Check("R-hat", 1.002 if passed else 1.4, 1.01, passed, "slope", "Draw more."), *sizes))
    settings = {"chains": 4, "draws": 1000, "target_accept": 0.9}
    info = {"settings": settings, "model": "y ~ x", "rows": 9, "sampler": "nutpie", "attempts": 1, "seconds": 1.0}
    return BayesFit(name, xr.DataTree(), gate, Provenance("0", 1, simulated), info)


def section(name: str) -> Section:
    """A section with a table by country, and a figure."""
    table = pd.DataFrame(
        {"Kazakhstan": ["33 (31 to 35)", "28"], "Kyrgyzstan": [0.9123, 5.1], "Uzbekistan": [1.2, np.nan]},
        index=pd.Index(["Drug offences", "Criminal violence"], name="per 100,000 inhabitants and year"),
    )
    plain = pd.DataFrame({"region": ["Almaty", "Aktobe"], "rate": [1.25, 1234.5]})

    def draw() -> Figure:
        figure = Figure(figsize=(11, 3))
        figure.subplots().plot([1, 2, 3])
        return figure

    picture = Picture(
        f"{name}_figure", draw, "Rates by country: Kazakhstan 33, Kyrgyzstan 0.9.", "1", "A caption.", narrow=draw
    )
    return Section(
        name,
        f"A section of {name.replace('_', ' ')}",
        ("A paragraph.",),
        ((f"By country: {name}", table),),
        (picture,),
        ((f"By region: {name}", plain),),
    )


def site(*, quick: bool = False, changed: bool = False) -> Site:
    """A whole page of made-up answers."""
    register = load()
    register = replace(register, changes=("claims: C02 thresholds",) if changed else ())
    slope = Number("slope of interdiction", 0.12, 0.02, 0.25)
    steps = tuple(
        LadderRow("pooled", "articles", "state_violence", s, fit("step", simulated=s), level=slope, slope=slope)
        for s in (False, True)
    )
    codes = pd.Index(regions.load("first-level").frame["region"], name="region")
    spread = np.geomspace(0.5, 5, len(codes))
    rates = pd.DataFrame({"median": spread, "low": 0.8 * spread, "high": 1.3 * spread}, index=codes)
    stamp = {
        "command": "northroute reproduce",
        "seed": 1,
        "register_sha256": register.sha256,
        "data_sha256": "0",
        "versions": {"python": "3.12"},
    }
    return Site(
        register=register,
        real=real(register),
        simulated=simulated(register),
        fits=(fit("made_up_fit"), fit("bad_fit", passed=False), fit("made_up_fit", simulated=True)),
        fixed_effects=(),
        region_rates=rates,
        ladder=steps,
        ladder_note="",
        inputs={"regions.csv": "ab" * 32},
        stamp=stamp,
        notices=("Made-up numbers, for tests of the page only.", *filter(None, [register.notice()])),
        quick=quick,
        side_by_side=section("side_by_side"),
        maps=section("maps"),
        sources=(DataSource("Registered offences", "Committee on Legal Statistics", "open", "a copy", "a note"),),
    )
