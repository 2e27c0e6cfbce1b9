"""All checks of one fit, run together."""

import pytest

from northroute.bayes import CountSpec, Sampling, fit_counts
from northroute.bayes.answers.examine import examine
from northroute.bayes.answers.posterior import of_counts
from northroute.bayes.ladder.designs import small_design

SPEC = CountSpec("small", "general_crime", "all_events", 100.0, varying=("interdiction",), step="pooled")
SETTINGS = Sampling(draws=250, tune=200, pilot=50, prior_draws=50)


@pytest.mark.parametrize("deep", [False, True])
def test_checks_run_and_say_what_they_found(deep: bool) -> None:
    panel = small_design()
    fit = fit_counts(panel, SPEC, SETTINGS)
    found = {c.name: c for c in examine(of_counts(fit, panel, SPEC), fit, deep=deep, draws=250, refits=SETTINGS)}
    assert len(found) == 9 + deep
    assert all(not c.sentence.startswith("Not done") for c in found.values())
    assert all(c.table["source"].eq("SIMULATED").all() for c in found.values())
    # one rate for all regions cannot be right: regions differ
    assert "leave one country out" in found
    assert not deep or found["leave one unit out"].passed
