"""The claims register, the estimands as functions of fits, and the verdicts."""

from northroute.claims.answer import Answer
from northroute.claims.estimate import Estimate, Quantity, Requirement, Specification
from northroute.claims.register import Claim, Proxy, Register, load, write_lock
from northroute.claims.verdict import Verdict, decide, not_recovered, not_testable, to_frame

__all__ = [
    "Answer",
    "Claim",
    "Estimate",
    "Proxy",
    "Quantity",
    "Register",
    "Requirement",
    "Specification",
    "Verdict",
    "decide",
    "load",
    "not_recovered",
    "not_testable",
    "to_frame",
    "write_lock",
]
