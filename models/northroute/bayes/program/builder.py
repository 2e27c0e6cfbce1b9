"""From what terms say to a compiled program."""

from dataclasses import dataclass, field

import numpy as np

from northroute.bayes.kernel.tables import Program, Record
from northroute.bayes.program.layout import Combination, Layout
from northroute.bayes.program.store import Store
from northroute.bayes.program.writing import write
from northroute.bayes.statement.terms.writer import Writer


@dataclass
class Builder(Writer):
    """What terms and outcomes have said; :meth:`finish` writes the program.

    Attributes
    ----------
    segments : list of Record
    store : Store
        Index and numeric tables.
    """

    segments: list[Record] = field(default_factory=list)
    store: Store = field(default_factory=Store)

    def finish(self, rows: int) -> tuple[Program, Layout]:
        """Write the program, neither centred nor rotated, and what is needed to read its values."""
        derived = self._at_zero()
        return write(self, self.store, self.segments, rows, derived)

    def _at_zero(self) -> dict[str, Combination]:
        """Where means were taken off, report an average row's intercept beside that at zero, which has its name."""
        found = {}
        for average in self.averages:
            if not average.shifts:
                continue
            parameter = self.parameters.pop(average.name)
            self.report(f"{average.name}_average", parameter.ids, parameter.dims)
            base = average.ids[:, None]
            ids = [np.broadcast_to(s, (len(base), s.size)) for s, _ in average.shifts]
            weights = np.hstack([np.ones(base.shape), *(-m for _, m in average.shifts)])
            shape = (*parameter.ids.shape, -1)
            found[average.name] = Combination(
                np.hstack([base, *ids]).reshape(shape), weights.reshape(shape), average.dims
            )
        return found
