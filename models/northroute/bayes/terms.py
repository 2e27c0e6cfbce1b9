"""Terms of a model, as a user names them: ``from northroute.bayes.terms import Effects, Intercept``.

The modules' earlier names, ``northroute.bayes.terms.population`` say, are still understood.
"""

import sys
from types import ModuleType

from northroute.bayes.statement.terms import groups, latent, places, population, process, time
from northroute.bayes.statement.terms.groups import Effects
from northroute.bayes.statement.terms.latent import Hidden, Loads
from northroute.bayes.statement.terms.places import BYM2
from northroute.bayes.statement.terms.population import Intercept, Linear
from northroute.bayes.statement.terms.process import GP
from northroute.bayes.statement.terms.time import AR1, Walk

__all__ = ["AR1", "BYM2", "GP", "Effects", "Hidden", "Intercept", "Linear", "Loads", "Walk"]

_BEFORE: tuple[ModuleType, ...] = (groups, latent, places, population, process, time)
sys.modules.update({f"{__name__}.{module.__name__.rpartition('.')[2]}": module for module in _BEFORE})
