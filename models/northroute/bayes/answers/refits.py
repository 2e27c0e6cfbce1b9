"""Exact refits: the model sampled without some rows, and the log likelihood of those rows under it.

The rows are taken out of the likelihood, not out of the model: effects that only they inform stay, and are drawn from their
population; months after a cut follow from the model's own dynamics. Effects that sum to zero go on doing so.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from northroute.arrays import Array, Bools, Ints
from northroute.bayes import engine
from northroute.bayes.checks.arrays import Groups, LogLikelihood
from northroute.bayes.program.assemble import Assembled
from northroute.bayes.program.window import hold_out, log_likelihood_rows
from northroute.bayes.samplers.settings import Sampling
from northroute.errors import GateError
from northroute.progress import Progress, quiet

SETTINGS = Sampling(draws=500, tune=300, retries=2)


@dataclass(frozen=True)
class Refits:
    """Refits of a model without some of its rows.

    Attributes
    ----------
    assembled : Assembled
    settings : Sampling
    progress : callable
        Called with a message and the share done.
    """

    assembled: Assembled
    settings: Sampling = SETTINGS
    progress: Progress = quiet

    def without(self, held: Bools, label: str) -> Array:
        """Log likelihood of the rows held out, shape (draw, held row), under a fit to the others.

        Raises
        ------
        GateError
            If the refit does not pass its diagnostics.
        """
        own = self.assembled
        model = replace(own.model, name=f"{own.model.name} without {label}")
        parts = hold_out(model, own.frame, held)
        found = engine.attempts(parts.assembled, self.settings, progress=self.progress)
        if not found.gate.passed:
            raise GateError(
                f"The refit '{model.name}' failed its diagnostics: {' '.join(found.gate.failures)} Give more draws."
            )
        values = found.values.reshape(-1, found.values.shape[2])
        return log_likelihood_rows(parts.whole, values, parts.rows)

    def of_groups(self, groups: Groups) -> Callable[[int], Array]:
        """Return what :func:`northroute.bayes.checks.leave_group_out` takes as ``refit``."""
        return lambda group: self.without(groups.codes == group, f"{groups.kind} {groups.names[group]}")

    def of_future(self, months: Ints) -> Callable[[int], LogLikelihood]:
        """Return what :func:`northroute.bayes.checks.leave_future_out` takes as ``refit``."""
        return lambda cut: self.without(months > cut, f"months after {cut}")
