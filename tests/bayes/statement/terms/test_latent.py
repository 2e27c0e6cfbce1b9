"""Effects that rows load on: what enters the predictor, its derivative, and what is refused."""

import numpy as np
import pytest

from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.latent import Hidden, Loads
from northroute.bayes.statement.terms.places import BYM2
from northroute.bayes.statement.terms.process import GP
from northroute.bayes.statement.terms.time import Walk
from northroute.errors import ModelError
from tests.bayes.statement.terms.examples import assembled, gradient_error, labelled, panel, predicted

FREE = Prior("normal", 1.0, "either sign")
POSITIVE = Prior("half_normal", 1.0, "more of one goes with more of the other")
HIDDEN = Hidden(Effects("unit", name="corruption"))


def test_rows_get_loading_times_effect() -> None:
    made = assembled(panel(), HIDDEN, Loads("corruption_effect", "unit", FREE, by="response"))
    values, eta = predicted(made)
    effect = labelled(made, values, "corruption_effect", made.frame["unit"])
    loading = labelled(made, values, "loading", made.frame["response"])
    np.testing.assert_allclose(eta, loading * effect, atol=1e-12)


def test_hidden_effects_enter_no_row() -> None:
    values, eta = predicted(assembled(panel(), HIDDEN))
    assert np.ptp(eta) == 0.0
    assert np.ptp(values) > 0.1


def test_effects_measured_by_one_response_load_on_another() -> None:
    made = assembled(
        panel(),
        Effects("unit", only=("violence",), name="corruption"),
        Loads("corruption_effect", "unit", POSITIVE, only=("seizures",)),
    )
    values, eta = predicted(made)
    loading = values[made.layout.parameters["loading"].ids]
    weight = np.where(made.frame["response"] == "violence", 1.0, loading)
    effect = labelled(made, values, "corruption_effect", made.frame["unit"])
    np.testing.assert_allclose(eta, weight * effect, atol=1e-12)


def test_a_walk_of_each_group_is_indexed_by_group_and_time() -> None:
    walk = Hidden(Walk("month", group="unit", name="state"))
    made = assembled(panel(), walk, Loads("state_effect", ("unit", "month"), POSITIVE))
    values, eta = predicted(made)
    state = labelled(made, values, "state_effect", made.frame["unit"], made.frame["month"].dt.strftime("%Y-%m"))
    np.testing.assert_allclose(eta, values[made.layout.parameters["loading"].ids] * state, atol=1e-12)


def test_a_surface_is_indexed_by_its_covariates() -> None:
    length = Prior("lognormal", 0.3, "a third of the range")
    made = assembled(
        panel(), Hidden(GP(("x", "z"), length, functions=4, name="s")), Loads("s_effect", ("x", "z"), POSITIVE)
    )
    values, eta = predicted(made)
    points = [f"{x} {z}" for x, z in zip(made.frame["x"], made.frame["z"], strict=True)]
    surface = labelled(made, values, "s_effect", points)
    np.testing.assert_allclose(eta, values[made.layout.parameters["loading"].ids] * surface, atol=1e-12)


@pytest.mark.parametrize(
    ("latent", "group"),
    [
        (Effects("unit", name="state"), "unit"),
        (Effects(("unit", "month"), name="state"), ("unit", "month")),
        (Walk("month", group="unit", name="state"), ("unit", "month")),
        (BYM2("unit", (("u0", "u1"), ("u1", "u2")), name="state"), "unit"),
    ],
)
def test_gradient(latent: Effects | Walk | BYM2, group: str | tuple[str, ...]) -> None:
    loads = Loads("state_effect", group, FREE, by="response")
    assert gradient_error(assembled(panel(), Hidden(latent), loads)) < 1e-6
    one = Loads("state_effect", group, POSITIVE, only=("seizures",))
    assert gradient_error(assembled(panel(), latent, one)) < 1e-6


def test_loadings_start_off_zero() -> None:
    """At zero, neither loadings nor effects would have a slope."""
    made = assembled(panel(), HIDDEN, Loads("corruption_effect", "unit", FREE, by="response"))
    starts = [made.layout.scalars[i].start for i in made.layout.parameters["loading"].ids]
    np.testing.assert_allclose(starts, 0.6745, atol=1e-4)


def test_what_is_refused() -> None:
    frame = panel()
    with pytest.raises(
        ModelError, match=r"no term before the loadings reports 'state_effect'.*\['corruption_effect'\]"
    ):
        assembled(frame, HIDDEN, Loads("state_effect", "unit", FREE))
    with pytest.raises(ModelError, match="Name a column for each"):
        assembled(frame, Hidden(Walk("month", group="unit", name="state")), Loads("state_effect", "unit", FREE))
    partial = Hidden(Effects("unit", only=("violence",), name="corruption"))
    seen = frame[(frame["response"] == "seizures") | (frame["unit"] != "u2")]
    with pytest.raises(ModelError, match="no effect of u2"):
        assembled(seen, partial, Loads("corruption_effect", "unit", FREE, only=("seizures",)))
    with pytest.raises(ModelError, match="Give a proper prior"):
        assembled(frame, HIDDEN, Loads("corruption_effect", "unit", Prior("flat", 1.0, "any")))
