"""The named prior sets: the numbers that the models are published with, what reasons promise, and refusals."""

from pathlib import Path

import numpy as np
import pytest

from northroute.bayes.statement.prior_sets import PARTS, load, prior_set
from northroute.bayes.statement.priors import COUNTS, MEASUREMENT
from northroute.errors import DataError, ModelError

DEFAULT = {
    "intercept": "normal(0, 1.5)",
    "sd_country": "half_normal(1)",
    "sd_unit": "half_normal(1)",
    "unit_slope": "normal(0, 0.5)",
    "common_slope": "normal(0, 0.5)",
    "slope": "normal(0, 0.5)",
    "sd_slope": "half_normal(0.5)",
    "sd_month": "half_normal(0.2)",
    "sd_season": "half_normal(0.3)",
    "root_dispersion": "half_normal(1)",
}
MEASURED = {
    "intercept": "normal(0, 3)",
    "sd_group": "half_normal(2)",
    "sd_residual": "half_normal(1)",
    "slope": "normal(0, 2)",
    "sd_predictor": "half_normal(1)",
}
ENTRY = "{family: normal, scale: 1.0, reason: why}"


def test_the_default_set_is_the_models_priors() -> None:
    assert {k: str(p) for k, p in prior_set().items()} == DEFAULT
    assert {k: str(p) for k, p in MEASUREMENT.items()} == MEASURED
    assert prior_set() | prior_set(part="terms") == COUNTS
    assert prior_set("default", "measurement") == MEASUREMENT


def test_the_sets_name_the_same_parameters_and_give_reasons() -> None:
    sets = load()
    assert list(sets) == ["default", "wide", "tight"]
    for part in PARTS:
        names = [list(getattr(s, part)) for s in sets.values()]
        assert names[0] == names[1] == names[2]
    assert not set(sets["default"].counts) & set(sets["default"].terms)
    assert all(len(p.reason) > 10 for s in sets.values() for part in PARTS for p in getattr(s, part).values())


@pytest.mark.parametrize("part", PARTS)
def test_wide_is_wider_than_default_and_tight_is_tighter(part: str) -> None:
    tight, default, wide = (getattr(load()[n], part) for n in ("tight", "default", "wide"))
    for name in set(default) - {"rho_spatial"}:  # U-shaped by default: "wide" is flat there
        spread = [p[name].quantile(0.95) - p[name].quantile(0.05) for p in (tight, default, wide)]
        assert spread == sorted(spread), name
        assert spread[0] < spread[2], name


def test_shares_and_scales_have_priors_on_their_support() -> None:
    for prior_sets in load().values():
        for name, prior in (prior_sets.counts | prior_sets.terms | prior_sets.measurement).items():
            if name.startswith(("sd_", "root_")) or name.endswith("_root"):
                assert prior.support == "positive", name
        assert {prior_sets.terms[n].support for n in ("ar", "rho_spatial")} == {"unit"}


@pytest.mark.parametrize(
    ("name", "probability", "ends", "tolerance"),
    [
        # each reason's own words; tolerances are half a unit of the last digit that the reason prints
        ("default.counts.intercept", 0.95, (np.log(0.05), np.log(20)), 0.1),
        ("default.terms.lengthscale_months", 0.98, (2, 24), 0.5),
        ("wide.terms.lengthscale_months", 0.98, (1, 70), 5),
        ("tight.terms.lengthscale_months", 0.98, (3, 18), 0.5),
        ("default.terms.ar", 0.95, (0.1, 0.9), 0.05),
        ("tight.terms.ar", 0.95, (0.21, 0.79), 0.005),
        ("default.terms.loading", 0.95, (0.4, 2.7), 0.05),
        ("wide.terms.loading", 0.95, (0.14, 7), 0.5),
        ("tight.terms.zero_intercept", 0.95, (np.log(0.19 / 0.81), np.log(0.81 / 0.19)), 0.04),
        ("tight.counts.intercept", 0.95, (np.log(0.23), np.log(4.3)), 0.03),
        ("wide.counts.intercept", 0.95, (np.log(0.003), np.log(360)), 0.17),
    ],
)
def test_reasons_state_the_true_ranges(
    name: str, probability: float, ends: tuple[float, float], tolerance: float
) -> None:
    set_name, part, entry = name.split(".")
    prior = getattr(load()[set_name], part)[entry]
    found = prior.quantile((1 - probability) / 2), prior.quantile((1 + probability) / 2)
    assert found == pytest.approx(ends, abs=tolerance)


def test_an_unknown_set_names_those_that_exist() -> None:
    with pytest.raises(ModelError, match=r"No prior set 'narrow'.*default, wide, tight; each has counts, terms"):
        prior_set("narrow")


def written(tmp_path: Path, entry: str = ENTRY, counts: str = "intercept") -> Path:
    path = tmp_path / "mine.yaml"
    parts = f"  counts:\n    {counts}: {entry}\n  terms:\n    ar: {ENTRY}\n  measurement:\n    slope: {ENTRY}\n"
    path.write_text(f"mine:\n  about: mine\n{parts}", encoding="utf-8")
    return path


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    mine = load(written(tmp_path, "{family: inverse_gamma, shape: 3, scale: 2.5, reason: short}"))
    assert str(mine["mine"].counts["intercept"]) == "inverse_gamma(shape 3, scale 2.5)"
    assert load(written(tmp_path, "{family: flat, reason: none}"))["mine"].counts["intercept"].family == "flat"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("3.0", "an entry is a mapping"),
        ("{scale: 1.0, reason: why}", "no family 'None'"),
        ("{family: gaussian, scale: 1.0, reason: why}", "no family 'gaussian'; the families are normal"),
        ("{family: normal, scale: 1.0}", "needs a reason"),
        ("{family: normal, reason: why}", "normal takes location, scale, and has none"),
        ("{family: gamma, scale: 1.0, reason: why}", "gamma takes scale, shape, and has scale"),
        ("{family: half_normal, scale: 1.0, location: 0.0, reason: why}", "half_normal takes scale, and has location"),
        ("{family: normal, sd: 1.0, reason: why}", "normal takes location, scale, and has sd"),
        (
            "{family: normal, scale: 1e5, reason: why}",
            "scale '1e5' is not a number that makes sense .YAML wants 100000.0",
        ),
        ("{family: normal, scale: true, reason: why}", "scale 'True' is not a number"),
        ("{family: normal, scale: -1.0, reason: why}", "Prior .*scale and shape must be positive"),
    ],
)
def test_a_bad_entry_is_named_with_file_and_remedy(tmp_path: Path, entry: str, problem: str) -> None:
    with pytest.raises(DataError, match=rf"mine.yaml, row mine.counts.intercept: {problem}.*head of data/codebook"):
        load(written(tmp_path, entry))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no prior sets in it"),
        ("mine: {about: x}", r"row mine: a set has exactly about, counts, terms, measurement"),
        ("mine: {about: x, counts: {}, terms: {}, measurement: {}}", r"row mine.counts: has no entries"),
        ("mine: [", "line 1: not valid YAML"),
        ("mine: {about: x, about: y}", "line 1: the name 'about' is there twice"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=rf"mine.yaml.*{problem}"):
        load(path)
    with pytest.raises(DataError, match=r"absent.yaml: there is no such file"):
        load(tmp_path / "absent.yaml")
