"""Co-location of drugs, violence and complaints: frames, correlations by hand, and worlds in which the answer is known."""

import numpy as np
import pytest

from northroute.claims.inquiries import co_location as asked
from northroute.claims.inquiries import offence_tables as offences
from northroute.claims.inquiry import REFERENCE, Reader, Side, Values, held
from northroute.errors import ModelError
from tests.claims.inquiries.trials import fit, register, simulated, stated, tables

NAME = "offences.co_location"
SIDES: tuple[Side, ...] = ("true", "threshold", "false")


@pytest.fixture(scope="module")
def worlds() -> dict[Side, tuple[Reader, Values, Values]]:
    """Each side's fit, with the reading of the regions in hand and that of their population."""
    found = {}
    population = stated(asked.INQUIRIES, NAME)["correlation of the population of regions"]
    for side in SIDES:
        reference, job = simulated(asked.INQUIRIES, NAME, side)
        reader = Reader(fit(job))
        found[side] = reader, reference.read(reader, job), population.read(reader, job)
    return found


def test_the_specifications_are_the_registered_ones() -> None:
    labels = list(stated(asked.INQUIRIES, NAME))
    assert labels[0] == REFERENCE
    assert sorted(labels[1:]) == sorted(register().asked(NAME)[1].variants)


def test_three_rows_a_region() -> None:
    frame = asked.kinds_frame(tables(), offences.SALE)
    assert len(frame) == 51
    assert frame.groupby("kind")["count"].sum().to_dict() == {"complaints": 246, "drug": 1619, "violence": 5290}


def test_the_simulated_correlations_are_exact() -> None:
    target = np.array([[1, 0.9, 0.7], [0.9, 1, 0.6], [0.7, 0.6, 1]])
    columns = asked.exact(np.random.default_rng(3), 17, target)
    np.testing.assert_allclose(np.corrcoef(columns.T), target, atol=1e-12)
    np.testing.assert_allclose(columns.std(axis=0), 1)
    np.testing.assert_allclose(columns.mean(axis=0), 0, atol=1e-12)


def test_worlds_are_told_apart(worlds: dict[Side, tuple[Reader, Values, Values]]) -> None:
    probability = {side: held(values) for side, (_, values, _) in worlds.items()}
    assert probability["true"] > 0.95
    assert 0.02 < probability["threshold"] < 0.98
    assert probability["false"] < 0.05


def test_the_population_is_less_certain_than_the_regions_in_hand(
    worlds: dict[Side, tuple[Reader, Values, Values]],
) -> None:
    name = "correlation, violence with drugs"
    for _, own, population in worlds.values():
        assert own[name].draws.std() < population[name].draws.std()
        assert np.median(own[name].draws) == pytest.approx(np.median(population[name].draws), abs=0.15)


def test_a_pair_is_found_in_either_order(worlds: dict[Side, tuple[Reader, Values, Values]]) -> None:
    reader, _, _ = worlds["true"]
    np.testing.assert_array_equal(asked.pair(reader, "drug", "violence"), asked.pair(reader, "violence", "drug"))
    with pytest.raises(ModelError, match="no correlation of drug and murder"):
        asked.pair(reader, "drug", "murder")
