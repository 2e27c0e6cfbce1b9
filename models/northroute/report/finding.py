"""What the page shows of a claim: the verdict and, where there is one, the estimate behind it."""

from dataclasses import dataclass

from northroute.claims import Estimate, Verdict


@dataclass(frozen=True)
class Finding:
    """A verdict with the estimate that it was read from; ``estimate`` is None for a claim that is not testable."""

    verdict: Verdict
    estimate: Estimate | None = None
