"""Coordinates at the edge: where a standard deviation has vanished, nothing is taken as known of its effects."""

import numpy as np
import pandas as pd
import pytest

from northroute.bayes.coordinates import adaptation
from northroute.bayes.distributions import Poisson
from northroute.bayes.kernel import batch
from northroute.bayes.program.assemble import assemble
from northroute.bayes.statement.model import Model
from northroute.bayes.terms import Effects, Intercept


@pytest.mark.parametrize("columns", [("1",), ("1", "x")])
@pytest.mark.parametrize("log_sd", [-20.0, -40.0, -170.0])
def test_effects_without_spread_are_left_as_they_are(columns: tuple[str, ...], log_sd: float) -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"g": np.repeat(list("abcdef"), 8), "x": rng.normal(size=48), "y": rng.poisson(3.0, 48)})
    model = Model("m", "y", Poisson(), (Intercept(), Effects("g", columns, correlated=len(columns) > 1)))
    assembled = assemble(model, frame)
    theta = adaptation.start(assembled.layout, assembled.program.dim)
    for name in (n for n in assembled.layout.parameters if n.startswith("sd_")):
        for i in np.ravel(assembled.layout.parameters[name].ids):
            theta[assembled.layout.position[int(i)]] = log_sd
    with np.errstate(all="raise", under="ignore"):
        program, _ = adaptation.centre(
            assembled.layout, assembled.program, adaptation.find_mode(assembled.program, theta)
        )
    block = assembled.layout.blocks[0]
    known = program.data[block.stored]
    assert np.isfinite(known).all()
    assert np.isfinite(batch.values_of(program, theta[None])[0]).all()
    if log_sd < -30:
        assert not known.any()
