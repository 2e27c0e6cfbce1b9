"""Labels and blocks of rows refuse what does not fit, and blocks give the sums of the whole."""

import numpy as np
import pytest

from northroute.bayes.checks.arrays import Groups, RowBlocks, blocks, group_sums
from northroute.errors import ModelError
from tests.bayes.checks.examples import groups


def test_sums_in_blocks_are_sums_of_the_whole() -> None:
    values = np.random.default_rng(1).normal(size=(7, 23))
    labels = groups("unit", np.arange(23) % 4)
    source = RowBlocks(lambda rows: values[:, rows], 7, 23, block=5)
    expected = np.stack([values[:, labels.codes == g].sum(axis=1) for g in range(4)], axis=1)
    for given in (values, source):
        np.testing.assert_allclose(group_sums(given, labels), expected, rtol=1e-12)


def test_blocks_ask_for_few_rows_at_a_time() -> None:
    asked: list[int] = []

    def of(rows: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
        asked.append(rows.size)
        return np.zeros((3, rows.size))

    group_sums(RowBlocks(of, 3, 10, block=4), groups("unit", [0] * 10))
    assert asked == [4, 4, 2]


@pytest.mark.parametrize(("codes", "names"), [([0, 2], ("A", "B", "C")), ([0, 1], ("A",)), ([0, 0], ("A", "B"))])
def test_codes_without_names_or_rows_are_refused(codes: list[int], names: tuple[str, ...]) -> None:
    with pytest.raises(ModelError, match="Recode"):
        Groups("unit", np.array(codes), names)


def test_a_log_likelihood_that_is_not_a_number_is_refused_by_row() -> None:
    values = np.zeros((3, 4))
    values[1, 2] = np.nan
    with pytest.raises(ModelError, match="row 2 is not a number"):
        list(blocks(values))
    values[1, 2] = -np.inf  # a draw that holds the row impossible is an answer
    assert len(list(blocks(values))) == 1


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ModelError, match="one line a draw"):
        list(RowBlocks(lambda rows: np.zeros((2, rows.size)), 3, 4))
    with pytest.raises(ModelError, match="flatten chains"):
        blocks(np.zeros((2, 3, 4)))
    with pytest.raises(ModelError, match="Give one a row"):
        group_sums(np.zeros((2, 3)), groups("unit", [0, 1]))
