"""The page of the estimands' trials, ``analysis/docs/claims.md``, and its figure, made from the stored tables.

Run ``python -m northroute.workflow.trials_page analysis/docs`` after new tables came there; a test compares.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from northroute.claims import Register, catalogue
from northroute.claims.inquiry import SIDES
from northroute.conventions import CONTRADICTED_AT, SIMULATED_MARK, SUPPORTED_AT
from northroute.errors import DataError, MissingDataError
from northroute.look import save
from northroute.workflow import reference_fits, trials, trials_figure
from northroute.workflow.seed_scatter import FAMILY_ERROR, NARROWER, NEAR_BOUND, WIDER

PAGE: Final = "claims.md"
FIGURE: Final = "claims_trials.svg"
TRIALS: Final = "claims_trials.csv"
SEEDS: Final = "claims_seeds.csv"
COMMAND: Final = "python -m northroute.workflow.trials_page analysis/docs"
_TEXT: Final = {"remark": str, "probabilities": str, "verdict": str}
CLEARLY: Final = {
    "offences.lethal_share": "share 0.10, false 0.30",
    "offences.violence_share": "share 0.15, false 0.35",
    "offences.arms_with_drugs": "share 0.20, false 0.03",
    "offences.several_people": "share 0.70, false 0.30",
    "offences.state_over_criminal": "rate ratio 2, false 1/2",
    "offences.rail_corridor": "rate ratio 5, false 1/5",
    "offences.crime_and_sale": "log rate 0.4 per sd, false -0.4",
    "offences.russian_border": "rate ratio 1/2, false 2",
    "offences.co_location": "correlations 0.95, false -0.6",
    "density.violence": "log rate 0.6 per sd of log density in each series, false -0.6",
    "density.all_crime": "log rate 0.6 per sd of log density, false -0.6",
    "homicide.effectiveness": "slopes 0.4 per sd, false 0",
    "placed_seizures.seizure_places": "share 15 points above what is asked for, false 15 below",
    "placed_seizures.off_routes": "shares 0.25 off and 0.05 on the routes, false the other way round",
    "placed_seizures.hubs": "rate ratios 8, false 1/8",
    "placed_seizures.rail_corridor": "rate ratio 4, false 1/4",
    "placed_seizures.urgench_line": "rate ratio 4, false 1/4",
    "placed_seizures.russian_border": "rate ratio 1/4, false 4",
    "annual_seizures.opium_over_heroin": "typical log ratio 1.5, false -1.5",
    "annual_seizures.heroin_protected": "slope -3 log units per unit of corruption, false 3",
    "annual_seizures.taliban": "eightfold up, false eightfold down",
    "annual_seizures.synthetics": "trend of 1 on the logit scale a year, false -1",
    "transit.violence_per_enforcement": "rate ratio 1/2, false 2",
    "transit.homicide": "rate ratio 1/2, false 2",
    "concealment.tipping_point": "half as many articles a lethal offence, false twice",
    "indices.two_types": "indices 0.3 apart, false the other way round",
    "indices.state_embedded": "scores 8.5 and 6.5, false the other way round",
    "indices.civil_society": "indices 0.4 apart, false the other way round",
}
"""How far from its threshold the claim is true, and false, in the simulated worlds of each question."""
_UNTRIED: Final = {
    "region_events": "on events: recovered on the simulated regions of the job's own page, `calibration.html`",
    "article_counts": "on monthly article counts: not tried. No world with a known ratio of mean rates is written for their "
    "dynamic models, and one world takes up to three fits, 10 to 40 seconds: three hours for all. The models themselves are "
    "calibrated in [calibration.md](calibration.md)",
    "article_slopes": "on monthly article counts, likewise not tried",
    "indicators": "measurement models of annual seizures and of the share of opium: not tried, no such world is written",
}


def write(folder: Path, register: Register) -> tuple[Path, ...]:
    """Write page and figure beside the stored tables, and return their paths.

    Parameters
    ----------
    folder : Path
        Has :data:`TRIALS`, and :data:`SEEDS` where seeds were tried.
    register : Register

    Raises
    ------
    MissingDataError
        If there are no trials.
    DataError
        If a stored trial is not marked as simulated.
    """
    if not (folder / TRIALS).exists():
        raise MissingDataError(f"No {TRIALS} in {folder}: northroute study claims --out {folder} puts it there.")
    tried = pd.read_csv(folder / TRIALS, dtype=_TEXT).fillna(dict.fromkeys(("remark", "probabilities"), ""))
    if set(tried["source"]) != {SIMULATED_MARK}:
        raise DataError(
            f"a row is not marked {SIMULATED_MARK}",
            file=folder / TRIALS,
            column="source",
            remedy=f"Write it anew: northroute study claims --out {folder}.",
        )
    scattered = pd.read_csv(folder / SEEDS, dtype=_TEXT) if (folder / SEEDS).exists() else None
    page = folder / PAGE
    page.write_text(text(tried, scattered, register), encoding="utf-8")
    return page, save(trials_figure.draw(tried), folder / FIGURE)


def text(tried: pd.DataFrame, scattered: pd.DataFrame | None, register: Register) -> str:
    """Return the page in Markdown.

    Parameters
    ----------
    tried : pandas.DataFrame
        As :func:`northroute.workflow.trials.table` returns it.
    scattered : pandas.DataFrame or None
        As :func:`northroute.workflow.seed_scatter.scatter` does.
    register : Register
    """
    return "\n\n".join([_introduction(tried), _remarks(tried), _untried(tried, register), _seeds(scattered)]) + "\n"


def _introduction(tried: pd.DataFrame) -> str:
    counts = sorted(set(tried["replications"]))
    worlds = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"""# Trials of the claims' estimands

Written by `{COMMAND}` from [{TRIALS}]({TRIALS}) and [{SEEDS}]({SEEDS}).
Run those anew with `make trials`; do not change this page.

## Does an estimand find what is there?

All data of this section are {SIMULATED_MARK}. For every question that fits a model to tables, and for those drawn from
indices, {worlds} worlds a side were drawn from the reference model at the size of the real data: its regions, years,
exposures and totals. The claim is clearly true in them, clearly false, or exactly at its threshold (column *clearly*, and
the `world` of each question's module in `models/northroute/claims/inquiries`). The reference model was fitted to
each, behind the same gate as on the page, and decided by P alone: {SUPPORTED_AT:g} and above supports, {CONTRADICTED_AT:g}
and below contradicts. Equivalent specifications and requirements are left out: they can only turn a decision into none.

At the threshold either word is false. Where one quantity decides, P is near uniform there, and each word comes in about
{trials.NOMINAL:.0%} of worlds; priors centred elsewhere move that, and worlds whose regions or countries are drawn with
the estimand exactly as stated, not only on average, make it rarer. Where several inequalities have to hold together
(column *needs*), P is the probability of them all. Some worlds have one of them at its threshold and the others well
inside (C04.O, C05.O): P is then as for one. Others have all of them there (C06.S, C07.S, C17.O, C29 and the indices):
that all hold together is then unlikely, the more so the more there are, and *contradicted* is what the rule says,
rightly, for the claim asks for more than lies there. So only *supported* is held to {trials.NOMINAL:.0%} where a claim
needs several. The last column names what is clearly more often than {trials.NOMINAL:.0%} (binomial probability
{trials.CLEARLY:g}), and what is found in less than {trials.SELDOM:.0%} of worlds.

{_rates(tried)}

{_pooled(tried)}

*Found* is the share of right words, *wrong* that of the other word. Rates are shares of the fits that passed the gate; those
that failed are counted in the last column but one. With {counts[0]} worlds a true {trials.NOMINAL:.0%} has a standard error
of {(trials.NOMINAL * (1 - trials.NOMINAL) / counts[0]) ** 0.5:.0%}.

![{SIMULATED_MARK}: P of each question in worlds where its claim is true, at its threshold and false]({FIGURE})

A mark is a world. Marks in brown are words that are wrong."""


def _rates(tried: pd.DataFrame) -> str:
    head = (
        *("", "question", "clearly", "needs", "true: found", "wrong", "threshold: supported", "contradicted"),
        *("false: found", "wrong", "failed the gate", "remark"),
    )
    rows = []
    for (question, function), own in tried.groupby(["question", "function"], sort=False):
        by = {str(r["side"]): r for r in own.to_dict("records")}
        cells = [
            f"{question} `{function}`",
            f"true: {CLEARLY.get(str(function), 'see its module')}",
            f"{max(int(r['decisive']) for r in by.values())}",
        ]
        for side in SIDES:
            r = by.get(side)
            passed = int(r["replications"]) - int(r["failed"]) if r else 0
            if r is None or not passed:
                cells += ["", ""]
            elif side == "threshold":
                cells += [f"{int(r[w]) / passed:.0%}" for w in ("supported", "contradicted")]
            else:
                cells += [f"{float(r['right']):.0%}", f"{float(r['wrong']):.0%}"]
        remarks = [f"{side}: {r['remark']}" for side, r in by.items() if r["remark"]]
        cells += [f"{sum(int(r['failed']) for r in by.values())} of {sum(int(r['replications']) for r in by.values())}"]
        rows.append((SIMULATED_MARK, *cells, "; ".join(remarks)))
    return _table(head, rows)


def _pooled(tried: pd.DataFrame) -> str:
    """Say how often either word comes at the threshold, over all questions that one quantity decides."""
    level = tried[(tried["side"] == "threshold") & (tried["decisive"] == 1)]
    worlds = int((level["replications"] - level["failed"]).sum())
    if not worlds:
        return "No question that one quantity decides was tried at its threshold."
    rates = {word: level[word].sum() / worlds for word in ("supported", "contradicted")}
    return (
        f"Over the {level['question'].nunique()} questions that one quantity decides, {rates['supported']:.1%} of {worlds} "
        f"worlds at the threshold are supported and {rates['contradicted']:.1%} contradicted."
    )


def _remarks(tried: pd.DataFrame) -> str:
    lines = ["### What these data can and cannot see", ""]
    rows: dict[str, list[str]] = {"seldom": [], "often": []}
    for r in tried.to_dict("records"):
        where = f"- {r['question']}, claim {'at its threshold' if r['side'] == 'threshold' else r['side']}"
        if "seldom" in r["remark"]:
            rows["seldom"].append(
                f"{where}: the right word in {float(r['right']):.0%} of worlds, mean P {float(r['mean_probability']):.2f}. "
                "Data of this size see it seldom: an undecided answer says little."
            )
        if "often" in r["remark"]:
            decided = (
                f"{int(r['supported'])} supported, {int(r['contradicted'])} contradicted of {int(r['replications'])}"
            )
            rows["often"].append(f"{where}: {r['remark']} ({decided}).")
    found = [*rows["seldom"], *rows["often"]]
    return "\n".join(
        [*lines, *(found or ["Every estimand found what was there, and none decided wrongly more often than it may."])]
    )


def _untried(tried: pd.DataFrame, register: Register) -> str:
    done = set(tried["function"])
    absent = [n for n in reference_fits.names() if n not in done]
    lines = ["### Not tried", ""]
    groups: dict[str, list[str]] = {}
    for question in register.questions:
        if question.function in catalogue.FUNCTIONS and question.function not in reference_fits.names():
            groups.setdefault(question.function.split(".")[0], []).append(question.id)
    lines += [f"- {', '.join(ids)}: {_UNTRIED.get(subject, 'no simulated world')}." for subject, ids in groups.items()]
    if absent:
        lines.append(f"- {', '.join(register.asked(n)[1].id for n in absent)}: not run yet.")
    return "\n".join(lines)


def _seeds(scattered: pd.DataFrame | None) -> str:
    title = "## Does P scatter over seeds as its standard error says?\n\n"
    if scattered is None:
        return f"{title}Not run yet: `northroute study seeds`."
    head = ("question", "seeds", "mean P", "sd over seeds", "stated error", "ratio of squares", "bounds", "verdict")
    rows = [
        (
            f"{r['question']} `{r['function']}`",
            f"{int(r['seeds']) - int(r['failed'])}" + (f" ({int(r['failed'])} failed)" if r["failed"] else ""),
            *(f"{float(r[c]):.5f}" for c in ("mean_probability", "sd", "mcse")),
            f"{float(r['ratio']):.2f}",
            f"{float(r['low']):.2f} to {float(r['high']):.2f}",
            str(r["verdict"]),
        )
        for r in scattered.to_dict("records")
    ]
    outside = scattered[scattered["verdict"].isin([WIDER, NARROWER])]
    near = int((scattered["verdict"] == NEAR_BOUND).sum())
    flagged = [f"{q} ({v})" for q, v in zip(outside["question"], outside["verdict"], strict=True)]
    outcome = (
        f"Outside its bounds: {', '.join(flagged)}."
        if flagged
        else f"None of {len(scattered)} questions lies outside its bounds."
    )
    beside = f" {near} lie so near to 0 or 1 that only too wide a scatter could be told." if near else ""
    return f"""{title}Real data, the same in every fit; the reference model of each question is fitted with other seeds by
`northroute study seeds`. The stated error is the root mean square of the Monte Carlo standard errors that the page would
show. The variance of P over seeds divided by its square is a chi-square over its degrees of freedom if the errors are right.
The bounds hold all questions together with {1 - FAMILY_ERROR:.0%}.

{outcome}{beside} An error that is stated too large is the lesser harm: the page then claims less than it knows.

{_table(head, rows)}

Answers on article counts, on events and of the measurement models of the indicators are not in this table: their fits take
minutes a seed."""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(r)} |" for r in (head, ["---"] * len(head), *rows))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {COMMAND}")
    for path in write(Path(sys.argv[1]), catalogue.load()):
        print(path)  # noqa: T201
