"""Effects that rows load on: what enters the predictor, its derivative, and what is refused."""

import numpy as np
import pytest

from northroute.bayes import adaptation
from northroute.bayes.families import Prior
from northroute.bayes.kernel import batch
from northroute.bayes.model import Assembled
from northroute.bayes.terms.groups import Effects
from northroute.bayes.terms.latent import Hidden, Loads
from northroute.bayes.terms.places import BYM2
from northroute.bayes.terms.time import Walk
from northroute.errors import ModelError
from tests.bayes.terms.examples import Array, assembled, gradient_error, panel

FREE = Prior("normal", 1.0, "either sign")
POSITIVE = Prior("half_normal", 1.0, "more of one goes with more of the other")
HIDDEN = Hidden(Effects("unit", name="corruption"))


def predicted(made: Assembled) -> tuple[Array, Array]:
    """Values and first predictor at a random point."""
    theta = adaptation.start(made.layout, made.program.dim)
    theta = theta + np.random.default_rng(4).normal(0, 0.5, theta.size)
    values, _ = batch.values_of(made.program, theta[None])
    return values[0], batch.predictors(made.program, values)[0, 0]


def test_rows_get_loading_times_effect() -> None:
    made = assembled(panel(), HIDDEN, Loads("corruption_effect", "unit", FREE, by="response"))
    values, eta = predicted(made)
    p, coords = made.layout.parameters, made.layout.coords
    effect = dict(zip(coords["unit"], values[p["corruption_effect"].ids], strict=True))
    loading = dict(zip(coords["response"], values[p["loading"].ids], strict=True))
    product = made.frame["unit"].map(effect) * made.frame["response"].map(loading)
    np.testing.assert_allclose(eta, values[p["intercept"].ids] + product, atol=1e-12)


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
    p = made.layout.parameters
    effect = made.frame["unit"].map(
        dict(zip(made.layout.coords["unit"], values[p["corruption_effect"].ids], strict=True))
    )
    weight = np.where(made.frame["response"] == "violence", 1.0, values[p["loading"].ids])
    np.testing.assert_allclose(eta, values[p["intercept"].ids] + weight * effect, atol=1e-12)


def test_a_walk_of_each_group_is_indexed_by_group_and_time() -> None:
    walk = Hidden(Walk("month", group="unit", name="state"))
    made = assembled(panel(), walk, Loads("state_effect", ("unit", "month"), POSITIVE))
    values, eta = predicted(made)
    p, coords = made.layout.parameters, made.layout.coords
    unit = made.frame["unit"].map(coords["unit"].index)
    month = made.frame["month"].dt.strftime("%Y-%m").map(coords["month"].index)
    effect = values[p["state_effect"].ids][unit, month]
    np.testing.assert_allclose(eta, values[p["intercept"].ids] + values[p["loading"].ids] * effect, atol=1e-12)


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
