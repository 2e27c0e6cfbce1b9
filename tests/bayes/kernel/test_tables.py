"""Tables of records: every field can be read by its name, and every family has rows in the example of everything."""

import inspect

import numpy as np
import pytest

from northroute.bayes.kernel import batch, tables
from northroute.bayes.kernel.reading import FIELDS
from northroute.bayes.kernel.units import address_table, needed
from northroute.bayes.program import records
from northroute.bayes.program.builder import Builder
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.codes import Family
from tests.bayes.kernel.examples import everything

KINDS = ("SIZES", "SCALAR", "BLOCK", "USE", "FOLD", "DENSE", "SEGMENT")


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_an_attribute_of_its_record_and_nothing_else(kind: str) -> None:
    fields = getattr(tables, kind)
    record = np.zeros(1, dtype=fields)[0]
    for i, name in enumerate(fields.names):
        assert not hasattr(np.void(b"\0"), name), f"{name} would be numpy's own"
        setattr(record, name, i + 1)
    assert record.tolist() == tuple(range(1, len(fields.names) + 1))


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_documented(kind: str) -> None:
    source = inspect.getsource(tables)
    told = source[source.index(f"\n{kind}: Final") :].split('"""')[1]
    heads = [part.split(":")[0] for line in told.splitlines() for part in line.split(";") if " : " in part]
    named = {name.strip() for head in heads for name in head.split(",")}
    assert named == set(getattr(tables, kind).names)


def test_a_blank_record_has_nothing() -> None:
    record = tables.blank(tables.BLOCK)
    assert set(record.tolist()) == {-1}


def test_the_kernel_is_given_every_table() -> None:
    program = everything().program
    table = address_table(program)
    assert table.shape == (FIELDS + len(tables.Slot), 2) and (table[:, 0] != 0).all()


def test_a_program_is_given_only_the_units_that_it_needs() -> None:
    builder = Builder()
    builder.segments.append(records.segment(builder.store, Family.POISSON, slice(0, 3), np.ones(3)))
    program, _ = builder.finish(3)
    slots = {tables.Slot[n] for n in ("VALUES", "PREDICT", "SCATTER", "PLAIN_COUNTS", "COUNTS")}
    assert needed(program) == slots
    given = np.flatnonzero(address_table(program)[FIELDS:, 0])
    assert {tables.Slot(int(slot)) for slot in given} == slots


def test_every_family_has_a_distribution_and_rows_that_it_is_tested_on() -> None:
    codes = (getattr(c, "code", None) for _, c in inspect.getmembers(dist, inspect.isclass))
    assert {code for code in codes if isinstance(code, Family)} == set(Family)
    tested = {Family(int(record.family)) for record in everything().program.segments}
    assert tested | {Family.STUDENT_T, Family.NORMAL_ERRORS} == set(Family)  # these two in test_rows and test_window


def test_draws_of_another_shape_are_refused_since_the_kernel_trusts_it() -> None:
    program = everything().program
    for asked in (batch.values_of, batch.predictors, batch.log_likelihood, batch.coordinates):
        with pytest.raises(ValueError, match=r"draws have shape \(draw, \d+\), not \(2, 3\)"):
            asked(program, np.zeros((2, 3)))


def test_tables_of_another_type_are_refused() -> None:
    program = everything().program
    with pytest.raises(ValueError, match="float64, not of float32"):
        address_table(program._replace(data=program.data.astype(np.float32)))
    with pytest.raises(ValueError, match="contiguous"):
        address_table(program._replace(data=np.repeat(program.data, 2)[::2]))
