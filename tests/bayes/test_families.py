"""Every family of outcomes has what it needs in each room: nothing is forgotten where one is added."""

from typing import get_args

from northroute.bayes import distributions
from northroute.bayes.program import segments
from northroute.bayes.samplers import plain_outcomes
from northroute.bayes.statement import distributions as dist
from northroute.bayes.statement.codes import Family


def test_every_family_has_an_entry_in_every_room() -> None:
    classes = set(get_args(dist.Distribution))
    assert [c.code for c in sorted(classes, key=lambda c: c.code)] == list(Family)
    assert set(segments.FAMILIES) == classes
    assert set(plain_outcomes.FAMILIES) == set(Family)
    assert set(distributions.__all__) == {c.__name__ for c in classes}
