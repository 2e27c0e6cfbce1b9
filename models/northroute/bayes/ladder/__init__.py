"""The ladder: from one rate for all to outcomes, places and reporting, each step one idea more than the last."""

from northroute.bayes.ladder.formulate import STEPS, Formulation, formulate

__all__ = ["STEPS", "Formulation", "formulate"]
