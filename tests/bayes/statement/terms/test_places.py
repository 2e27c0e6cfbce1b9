"""Places: scaling factors, the effects' covariance, islands, gradient, and what is refused."""

import time

import numpy as np
import pandas as pd
import pytest

from northroute.bayes.statement.distributions import Poisson
from northroute.bayes.statement.families import Prior
from northroute.bayes.statement.model import Model
from northroute.bayes.statement.terms import places
from northroute.bayes.statement.terms.latent import Hidden
from northroute.bayes.statement.terms.places import BYM2, arrange, scaling_factors
from northroute.bayes.statement.terms.population import Intercept
from northroute.bayes.statement.terms.time import Walk
from northroute.errors import ModelError
from tests.bayes.statement.terms.examples import assembled, gradient_error, labelled, panel, predicted, prior_covariance
from tests.reference import scotland

CHAIN = (("u0", "u2"), ("u2", "u4"), ("u1", "u5"), ("u5", "u1"))
"""Of seven places: a path of three, a pair named twice, and two islands."""


def lattice(rows: int, columns: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    at = np.arange(rows * columns).reshape(rows, columns)
    across = np.column_stack([at[:, :-1].ravel(), at[:, 1:].ravel()])
    down = np.column_stack([at[:-1].ravel(), at[1:].ravel()])
    return np.vstack([across, down])


def test_scaling_factor_of_scotland() -> None:
    """Against M. Morris' case study of the Scottish lip cancer data, whose factor INLA computed.

    Its Laplacian has the largest diagonal element times the root of the machine's precision added to its diagonal, which
    lowers the factor by 2.4e-7: with that the published digits come out, and without it the function's.
    """
    n, edges = len(scotland.CASES), np.asarray(scotland.PAIRS)
    laplacian = np.zeros((n, n))
    laplacian[edges[:, 0], edges[:, 1]] = laplacian[edges[:, 1], edges[:, 0]] = -1.0
    np.fill_diagonal(laplacian, -laplacian.sum(axis=1))
    values, vectors = np.linalg.eigh(laplacian)

    def factor(added: float) -> float:
        return float(np.exp(np.log((vectors[:, 1:] ** 2 / (values[1:] + added)).sum(axis=1)).mean()))

    assert factor(laplacian.max() * np.finfo(float).eps ** 0.5) == pytest.approx(scotland.SCALING, abs=5e-8)
    found = scaling_factors(n, edges)
    np.testing.assert_allclose(found, factor(0.0), rtol=1e-10)
    np.testing.assert_allclose(found, scotland.SCALING, atol=3e-7)


def test_scaling_factors_of_a_pair_a_path_and_an_island() -> None:
    factors = scaling_factors(6, np.asarray([[0, 2], [4, 1], [1, 3]], dtype=np.int64))
    pair = 1 / 4  # generalised inverse of ((1, -1), (-1, 1))
    path = (5 / 9 * 2 / 9 * 5 / 9) ** (1 / 3)
    np.testing.assert_allclose(factors, [pair, path, pair, path, path, 1.0])


def test_large_parts_give_the_same_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    edges = lattice(18, 20)
    dense = scaling_factors(360, edges)
    monkeypatch.setattr(places, "DENSE", 10)
    np.testing.assert_allclose(scaling_factors(360, edges), dense, rtol=1e-10)


def test_1921_places_take_seconds() -> None:
    edges = lattice(17, 113)
    began = time.perf_counter()
    arrange(1921, edges)
    assert time.perf_counter() - began < 5


def test_parts_are_sorted_and_islands_come_last() -> None:
    found = arrange(7, np.asarray([[6, 1], [5, 3], [3, 2], [1, 6]], dtype=np.int64))
    np.testing.assert_array_equal(found.place, [5, 0, 2, 3, 6, 4, 1])  # 1 6 | 2 3 5 | 0 4
    np.testing.assert_array_equal(found.parts, [0, 2, 5])
    np.testing.assert_array_equal(found.edges, [[0, 1], [2, 3], [3, 4]])


def test_typical_variance_is_one_and_islands_have_the_same_standard_deviation() -> None:
    made = assembled(panel(units=7), BYM2("unit", CHAIN))
    # the structured part alone, but for islands, as rho goes to one
    covariance = prior_covariance(made, "unit_effect", {"sd_unit": 2.0, "rho_unit": 1 - 1e-6})
    variance = pd.Series(np.diag(covariance) / 4, index=made.layout.coords["unit"])
    # 1e-6 of unstructured variance
    assert np.exp(np.log(variance[["u0", "u2", "u4"]]).mean()) == pytest.approx(1, abs=1e-5)
    assert np.exp(np.log(variance[["u1", "u5"]]).mean()) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(variance[["u3", "u6"]], 1.0)
    assert BYM2("unit", CHAIN).islands([f"u{i}" for i in range(7)]) == ("u3", "u6")


def test_covariance_mixes_structured_and_unstructured_parts() -> None:
    made = assembled(panel(units=7), BYM2("unit", CHAIN, name="place"))
    covariance = prior_covariance(made, "place_effect", {"sd_place": 1.5, "rho_place": 0.3})
    found = pd.DataFrame(covariance, made.layout.coords["unit"], made.layout.coords["unit"])
    path = ["u0", "u2", "u4"]
    inverse = np.linalg.pinv(np.asarray([[1, -1, 0], [-1, 2, -1], [0, -1, 1]]))
    scaled = inverse / np.exp(np.log(np.diag(inverse)).mean())
    np.testing.assert_allclose(found.loc[path, path], 2.25 * (0.3 * scaled + 0.7 * np.eye(3)), atol=1e-8)
    np.testing.assert_allclose(found.loc[path, ["u1", "u3"]], 0.0, atol=1e-8)


def test_rows_get_the_effect_of_their_place() -> None:
    made = assembled(panel(units=7), BYM2("unit", CHAIN))
    values, eta = predicted(made)
    np.testing.assert_allclose(eta, labelled(made, values, "unit_effect", made.frame["unit"]), atol=1e-12)


def test_gradient() -> None:
    assert gradient_error(assembled(panel(units=7), BYM2("unit", CHAIN))) < 1e-6
    term = BYM2("unit", (("u0", "u1"), ("u1", "u2"), ("u0", "u2")), rho=Prior("uniform", 1.0, "any share"))
    assert gradient_error(assembled(panel(units=3), term)) < 1e-6


def test_what_is_refused() -> None:
    frame = panel(units=4)
    with pytest.raises(ModelError, match="2 places of 'edges' have no row with 'unit', u8 first"):
        assembled(frame, BYM2("unit", (("u0", "u8"), ("u9", "u1"))))
    with pytest.raises(ModelError, match="u1 its own neighbour"):
        assembled(frame, BYM2("unit", (("u0", "u2"), ("u1", "u1"))))
    with pytest.raises(ModelError, match="no two places of 'unit' are neighbours"):
        assembled(frame, BYM2("unit", (("u0", "u8"),), drop_unknown=True))
    with pytest.raises(ModelError, match="reaches beyond 0 to 1"):
        assembled(frame, BYM2("unit", (("u0", "u2"),), rho=Prior("half_normal", 1.0, "beyond one")))


def test_unknown_places_are_left_out_when_asked() -> None:
    made = assembled(panel(units=4), BYM2("unit", (("u0", "u8"), ("u0", "u2")), drop_unknown=True))
    block = made.layout.blocks[0]
    np.testing.assert_array_equal(block.pointer, [0, 2])


def test_a_model_tells_how_many_pairs_and_what_is_hidden() -> None:
    term = Hidden(BYM2("unit", CHAIN))
    told = Model("m", "count", Poisson(), (Intercept(), term, Walk("month", group="unit"))).describe()
    assert told == "Poisson; no exposure; Intercept(); Hidden(BYM2(unit, 4 edges)); Walk(month, unit, sd_varies)"
