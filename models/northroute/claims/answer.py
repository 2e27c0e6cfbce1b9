"""An answer: the reference estimate of a claim with its equivalent specifications."""

from dataclasses import dataclass

from northroute.claims.estimate import Estimate, Specification


@dataclass(frozen=True)
class Answer:
    """The reference estimate and the claim's probability under each equivalent specification."""

    estimate: Estimate
    specifications: tuple[Specification, ...] = ()
