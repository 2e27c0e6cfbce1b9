"""Size and power of every kind of errors on panels of this shape: which one to believe here."""

from northroute.frequentist.study.figure import draw
from northroute.frequentist.study.methods import METHODS
from northroute.frequentist.study.run import Study, run
from northroute.frequentist.study.words import insert, markdown
from northroute.frequentist.study.world import SCENARIOS, Scenario

__all__ = ["METHODS", "SCENARIOS", "Scenario", "Study", "draw", "insert", "markdown", "run"]
