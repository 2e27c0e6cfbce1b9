"""The claims register, the estimands as functions of fits, answers by kind of data, and the verdicts."""

from northroute.claims.answer import Answer, answer, not_summarised
from northroute.claims.estimate import Estimate, Estimated, Quantity, Requirement, Specification
from northroute.claims.register import Claim, Proxy, Question, Register, load, write_lock
from northroute.claims.verdict import Verdict, combine, recovery, to_frame

__all__ = [
    "Answer",
    "Claim",
    "Estimate",
    "Estimated",
    "Proxy",
    "Quantity",
    "Question",
    "Register",
    "Requirement",
    "Specification",
    "Verdict",
    "answer",
    "combine",
    "load",
    "not_summarised",
    "recovery",
    "to_frame",
    "write_lock",
]
