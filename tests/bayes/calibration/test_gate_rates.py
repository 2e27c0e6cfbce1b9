"""The study of the gate's errors: resumable, counted rightly, and told on its page."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.bayes.calibration import gate_page, gate_rates
from northroute.bayes.gate.single_row import NAME
from northroute.errors import ModelError
from northroute.provenance import Provenance


def test_a_study_goes_on_from_what_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "fits.parquet"
    first = gate_rates.run(1, path, only=("poisson", "gross_row", "flat"))
    assert dict(zip(first["case"], first["refused"], strict=True)) == {
        "poisson": False,
        "gross_row": True,
        "flat": True,
    }
    assert first.loc[first["case"] == "gross_row", "by"].item() == NAME
    again = gate_rates.run(2, path, only=("poisson", "flat"))
    pd.testing.assert_frame_equal(again.iloc[:3], first)
    assert again["case"].tolist() == ["poisson", "gross_row", "flat", "poisson", "flat"]
    with pytest.raises(ModelError, match="no case 'walkk'"):
        gate_rates.run(1, path, only=("walkk",))


def test_wrong_decisions_are_refusals_of_true_and_passes_of_bad_models(tmp_path: Path) -> None:
    lines = [("poisson", i, i < 2, NAME if i < 2 else "", 0.01, 0.2, 1.0) for i in range(10)]
    lines += [("flat", i, True, "error: no posterior", np.nan, np.nan, 0.1) for i in range(10)]
    lines += [("gross_row", i, i < 9, NAME if i < 9 else "", 0.01, 9.5, 1.0) for i in range(10)]
    found = gate_rates.rates(pd.DataFrame(lines, columns=list(gate_rates.COLUMNS))).set_index("case")
    assert found["wrong"].to_dict() == {"poisson": 2, "gross_row": 1, "flat": 0}
    assert found.loc["poisson", "by"] == f"{NAME} (2)"
    # R: binom.test(2, 10)$conf.int[2] and binom.test(0, 10)$conf.int[2]
    assert found.loc["poisson", "at_most"] == pytest.approx(0.5561, abs=1e-4)
    assert found.loc["flat", "at_most"] == pytest.approx(0.3085, abs=1e-4)
    page = gate_page.text(found.reset_index(), Provenance("", 1, True, command="northroute study gate"))
    assert "10 data sets of each true model and 10 data sets of each bad one" in page
    assert "| intercept, 150 rows | 10 | 2 | 56% | 0.01 | 0.20 |" in page
