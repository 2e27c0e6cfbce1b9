"""What an estimand returns: the reference estimate of a question with its equivalent specifications."""

from dataclasses import dataclass

from northroute.claims.estimate import Estimate, Specification


@dataclass(frozen=True)
class Estimated:
    """The reference estimate and the claim's probability under each equivalent specification."""

    estimate: Estimate
    specifications: tuple[Specification, ...] = ()
