"""Models whose posterior is known in closed form, and wrong posteriors of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from northroute.bayes.calibration import LOG_LIKELIHOOD, Posterior
from northroute.errors import GateError

Array = NDArray[np.float64]
DRAWS = 200


@dataclass(frozen=True)
class GammaPoisson:
    """Regions with rates ~ Gamma(shape, 1 / rate) and ``months`` Poisson counts each; the posterior is a gamma."""

    name: str = "gamma_poisson"
    regions: int = 6
    months: int = 5
    shape: float = 3.0
    rate: float = 1.5
    ignores_data: bool = False
    tightened: float = 1.0

    def simulate(self, seed: int) -> tuple[Mapping[str, Array], Any]:
        rng = np.random.default_rng(seed)
        true = rng.gamma(self.shape, 1 / self.rate, self.regions)
        counts = rng.poisson(true[:, None], (self.regions, self.months))
        return {"rate": true, LOG_LIKELIHOOD: np.array(self._log_likelihood(true, counts))}, counts

    def posterior(self, data: Any, seed: int) -> Posterior:
        rng = np.random.default_rng(seed)
        total, months = (0, 0) if self.ignores_data else (data.sum(axis=1), self.months)
        draws = rng.gamma(self.shape + total, 1 / (self.rate + months), (DRAWS, self.regions))
        mean = (self.shape + total) / (self.rate + months)
        draws = mean + self.tightened * (draws - mean)
        return Posterior({"rate": draws, LOG_LIKELIHOOD: self._log_likelihood(draws, data)})

    def _log_likelihood(self, rate: Array, counts: Any) -> Array:
        return np.sum(stats.poisson.logpmf(counts, rate[..., None]), axis=(-2, -1))


@dataclass(frozen=True)
class NormalNormal:
    """One mean ~ N(0, 1) and ten observations ~ N(mean, 1); the posterior is N(sum / 11, 1 / 11), or wrong on request."""

    name: str = "normal_normal"
    width: float = 1.0
    shift: float = 0.0
    autocorrelation: float = 0.0
    fails: frozenset[int] = frozenset()
    breaks: frozenset[int] = frozenset()
    stops_after: int = 10_000
    fitted: list[int] = field(default_factory=list)

    def simulate(self, seed: int) -> tuple[Mapping[str, Array], Any]:
        rng = np.random.default_rng(seed)
        true = rng.normal()
        data = rng.normal(true, 1, 10)
        return {"mean": np.array(true), LOG_LIKELIHOOD: self._log_likelihood(np.array(true), data)}, data

    def posterior(self, data: Any, seed: int) -> Posterior:
        number = len(self.fitted)
        if number >= self.stops_after:
            raise KeyboardInterrupt
        self.fitted.append(seed)
        if number in self.breaks:
            raise GateError("the sampler found no start")
        rng = np.random.default_rng(seed)
        sd = 1 / np.sqrt(11)
        z = rng.normal(size=2000 if self.autocorrelation else DRAWS)
        ess = None
        if self.autocorrelation:
            r = self.autocorrelation
            for t in range(1, len(z)):
                z[t] = r * z[t - 1] + np.sqrt(1 - r**2) * z[t]
            size = np.array(len(z) * (1 - r) / (1 + r))
            ess = {"mean": size, LOG_LIKELIHOOD: size}
        draws = data.sum() / 11 + self.shift * sd + self.width * sd * z
        values = {"mean": draws, LOG_LIKELIHOOD: self._log_likelihood(draws, data)}
        failed = number in self.fails
        return Posterior(values, passed=not failed, reasons=("R-hat 1.2,\nlimit 1.01",) * failed, ess=ess)

    def _log_likelihood(self, mean: Array, data: Any) -> Array:
        return np.asarray(np.sum(stats.norm.logpdf(data, mean[..., None]), axis=-1))
