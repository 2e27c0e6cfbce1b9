"""Checks of a posterior of counts, on arrays: each has numbers, and a ``check_`` that says them with table and figure."""

from northroute.bayes.checks.arrays import Groups, RowBlocks
from northroute.bayes.checks.future import FutureElpd, check_future, leave_future_out
from northroute.bayes.checks.groups import GroupElpd, check_groups, leave_group_out
from northroute.bayes.checks.influence import Influence, check_influence, influence
from northroute.bayes.checks.loo import Loo, check_loo, loo
from northroute.bayes.checks.moment_matching import Density, match_rows
from northroute.bayes.checks.pit import PitBounds, PitUniformity, check_pit, pit_bounds, randomised, uniformity
from northroute.bayes.checks.predictive import Predictive, check_predictive, predictive
from northroute.bayes.checks.psis import pareto_limit
from northroute.bayes.checks.rootogram import Rootogram, check_rootogram, rootogram
from northroute.bayes.checks.spatial import Moran, check_moran, moran
from northroute.bayes.checks.stacking import (
    Comparison,
    check_comparison,
    compare,
    pseudo_bma_weights,
    stacking_weights,
)
from northroute.check import CheckResult

__all__ = [
    "CheckResult",
    "Comparison",
    "Density",
    "FutureElpd",
    "GroupElpd",
    "Groups",
    "Influence",
    "Loo",
    "Moran",
    "PitBounds",
    "PitUniformity",
    "Predictive",
    "Rootogram",
    "RowBlocks",
    "check_comparison",
    "check_future",
    "check_groups",
    "check_influence",
    "check_loo",
    "check_moran",
    "check_pit",
    "check_predictive",
    "check_rootogram",
    "compare",
    "influence",
    "leave_future_out",
    "leave_group_out",
    "loo",
    "match_rows",
    "moran",
    "pareto_limit",
    "pit_bounds",
    "predictive",
    "pseudo_bma_weights",
    "randomised",
    "rootogram",
    "stacking_weights",
    "uniformity",
]
