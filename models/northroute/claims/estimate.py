"""What an estimand returns: named posterior quantities, the event that the claim asserts, and what both rest on.

The reference estimate of a question stands with its equivalent specifications.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from northroute.arrays import Array, Bools

Draws = Array


@dataclass(frozen=True)
class Quantity:
    """One posterior quantity.

    Attributes
    ----------
    name : str
        Label for tables and plots, such as ``rate ratio, KAZ``.
    draws : array, shape (chain, draw)
        Posterior draws on the reported scale.
    prior : array, shape (draw,)
        Draws of the same quantity under the prior; empty where the quantity has no proper prior.
    region : (float or None, float or None)
        The claim holds strictly between these bounds; ``(None, None)`` where the quantity only informs.
    log_scale : bool
        Whether plots use a logarithmic axis (ratios).
    truth : float, optional
        The known value, on simulated data.
    discrete : bool
        Whether it takes whole numbers only, such as a count of countries; plots then draw bars.
    """

    name: str
    draws: Draws
    prior: Draws = field(default_factory=lambda: np.empty(0))
    region: tuple[float | None, float | None] = (None, None)
    log_scale: bool = False
    truth: float | None = None
    discrete: bool = False

    @property
    def decisive(self) -> bool:
        """True if the claim's event depends on this quantity."""
        return self.region != (None, None)

    def inside(self, values: Any) -> Bools:
        """Return whether values lie inside the region in which the claim holds."""
        low, high = self.region
        values = np.asarray(values, dtype=float)
        above = values > (-np.inf if low is None else low)
        return np.asarray(above & (values < (np.inf if high is None else high)), dtype=np.bool_)


@dataclass(frozen=True)
class Requirement:
    """A condition besides the probability, such as a model comparison; unmet, a claim cannot be supported."""

    text: str
    met: bool


@dataclass(frozen=True)
class Estimate:
    """A claim's estimand, estimated.

    Attributes
    ----------
    claim_id : str
    quantities : tuple of Quantity
        The claim's event is that every decisive quantity lies in its region, jointly, draw by draw.
    data : tuple of str
        The data used, in words.
    proxies : mapping of str to str
        Construct to the columns that stand for it; a verdict with proxies is marked.
    assumptions : tuple of str
        What was assumed beyond the model.
    fits : tuple of str
        Names of the fits it rests on.
    stamps : tuple of str
        Warnings that travel with the verdict, such as fits summarised although they failed the gate.
    simulated : bool
    """

    claim_id: str
    quantities: tuple[Quantity, ...]
    data: tuple[str, ...]
    proxies: Mapping[str, str] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    fits: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()
    simulated: bool = False

    @property
    def event(self) -> Bools:
        """Posterior indicator of the claim's event, shape (chain, draw)."""
        held = [q.inside(q.draws) for q in self.quantities if q.decisive]
        return np.asarray(np.logical_and.reduce(held), dtype=np.bool_)

    @property
    def prior_probability(self) -> float:
        """Prior probability of the same event; NaN where a decisive quantity has no proper prior."""
        decisive = [q for q in self.quantities if q.decisive]
        if any(q.prior.size == 0 for q in decisive):
            return float("nan")
        return float(np.logical_and.reduce([q.inside(q.prior) for q in decisive]).mean())

    @property
    def truth(self) -> bool | None:
        """Whether the claim holds in the simulated truth; ``None`` on real data."""
        decisive = [q for q in self.quantities if q.decisive]
        if not self.simulated or any(q.truth is None for q in decisive):
            return None
        return all(bool(q.inside(q.truth)) for q in decisive)


@dataclass(frozen=True)
class Specification:
    """One of the equivalent specifications: a label and the claim's probability under it."""

    label: str
    probability: float


@dataclass(frozen=True)
class Estimated:
    """The reference estimate and the claim's probability under each equivalent specification."""

    estimate: Estimate
    specifications: tuple[Specification, ...] = ()
