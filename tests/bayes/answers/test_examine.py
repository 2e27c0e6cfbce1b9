"""All checks of one fit, run together."""

from dataclasses import replace

import pytest

from northroute.bayes import CountSpec, Sampling, fit_counts
from northroute.bayes.answers.examine import _tried as tried
from northroute.bayes.answers.examine import examine
from northroute.bayes.answers.posterior import of_counts
from northroute.bayes.checks import CheckResult
from northroute.bayes.ladder.designs import small_design
from northroute.errors import ModelError
from northroute.panel import Panel

POOLED = CountSpec("small", "general_crime", "all_events", 100.0, varying=("interdiction",), step="pooled")
SETTINGS = Sampling(draws=250, tune=200, pilot=50, prior_draws=50)
# one rate for all regions cannot be right: regions differ, so that some decide their own prediction, and Tajikistan the
# intercept; counts of single months are spread as those of a negative binomial may be
QUICK = {
    "posterior predictive": "passed",
    "rootogram": "passed",
    "probability integral transform": "passed",
    "leave one row out": "passed",
    "leave one unit out": "failed",
    "leave one country out": "failed",
    "influence of groups": "failed",
    "power-scaling of priors": "passed",
    "prior predictive": "passed",
}
# exact refits take the place of weights that failed
DEEP = QUICK | {
    "leave one unit out": "passed",
    "leave one country out": "passed",
    "leave the future out": "look",
}


@pytest.fixture(scope="module")
def panel() -> Panel:
    return small_design()


def checked(panel: Panel, spec: CountSpec, *, deep: bool = False) -> dict[str, CheckResult]:
    fit = fit_counts(panel, spec, SETTINGS)
    found = examine(of_counts(fit, panel, spec), fit, deep=deep, draws=250, refits=SETTINGS)
    assert len({c.name for c in found}) == len(found)
    return {c.name: c for c in found}


@pytest.mark.parametrize("deep", [False, True])
def test_checks_run_and_say_what_they_found(panel: Panel, deep: bool) -> None:
    found = checked(panel, POOLED, deep=deep)
    assert {n: c.verdict for n, c in found.items()} == (DEEP if deep else QUICK), [c.sentence for c in found.values()]
    assert all(not c.sentence.startswith("Not done") for c in found.values())
    assert all(c.table["source"].eq("SIMULATED").all() for c in found.values())
    countries = found["leave one country out"].table
    assert sorted(countries["country"]) == ["KAZ", "KGZ", "TJK", "TKM", "UZB"]
    assert countries["country"].iloc[0] == "TJK"
    assert found["influence of groups"].table["without"].iloc[0] == "TJK"
    assert countries["trusted"].all() == deep


def test_rates_that_are_one_fail_what_they_cannot_make(panel: Panel) -> None:
    """Poisson counts of one rate: too few zeros, too little spread."""
    found = checked(panel, replace(POOLED, distribution="poisson"))
    for name in ("posterior predictive", "rootogram", "probability integral transform"):
        assert found[name].verdict == "failed", found[name].sentence
    assert "predictions are too narrow" in found["probability integral transform"].sentence


def test_a_check_that_cannot_be_done_is_for_the_reader_with_the_reason(panel: Panel) -> None:
    def refused() -> CheckResult:
        raise ModelError("too few rows.")

    done = tried("influence of groups", refused, simulated=True)
    assert done.verdict == "look"
    assert done.sentence == "Not done: too few rows."
    assert done.table["source"].tolist() == ["SIMULATED"]
