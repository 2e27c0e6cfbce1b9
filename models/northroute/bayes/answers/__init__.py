"""Answers of fits of the ladder on the scale of counts: rate ratios, events, comparisons, sweeps, tipping points.

Every function takes a fit that passed the gate (a failed one refuses), and returns draws, a tidy table and a sentence. What
they say is association: what the model expects, not what would happen if someone acted.
"""

from northroute.bayes.answers.comparisons import Rankings, contrasts, homes, rankings
from northroute.bayes.answers.events import events, share_attributable
from northroute.bayes.answers.ratios import rate_ratios
from northroute.bayes.answers.summary import Summary
from northroute.bayes.answers.sweep import Sweep, sweep
from northroute.bayes.answers.tipping import TippingPoint, held_detection, tipping_point

__all__ = [
    "Rankings",
    "Summary",
    "Sweep",
    "TippingPoint",
    "contrasts",
    "events",
    "held_detection",
    "homes",
    "rankings",
    "rate_ratios",
    "share_attributable",
    "sweep",
    "tipping_point",
]
