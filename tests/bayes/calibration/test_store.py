"""The file of ranks: nothing finished is lost whenever the run is killed, and a foreign file is not touched."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from northroute.bayes.calibration import RankTable, read, run
from northroute.bayes.calibration.store import Description, RankFile, Row, elements
from northroute.errors import DataError, ModelError
from northroute.provenance import Provenance
from tests.bayes.calibration.models import GammaPoisson, NormalNormal

MODEL = GammaPoisson(regions=3)
REPLICATIONS = 6


def ranked(path: Path, replications: int = REPLICATIONS) -> RankTable:
    return run(MODEL, replications, path, data_hash="d", seed=7, command="pytest")


def decided(table: RankTable) -> pd.DataFrame:
    return table.frame.drop(columns="seconds")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[RankTable, bytes]:
    path = tmp_path_factory.mktemp("whole") / "ranks.csv"
    return ranked(path), path.read_bytes()


def test_the_file_says_what_it_is(whole: tuple[RankTable, bytes]) -> None:
    table, content = whole
    header = json.loads(content.split(b"\n")[0][2:])
    assert header["model"] == "gamma_poisson"
    assert header["shapes"] == {"rate": [3], "log_likelihood": []}
    assert header["provenance"]["simulated"] is True
    assert (header["provenance"]["seed"], header["provenance"]["command"]) == (7, "pytest")
    frame = table.frame
    assert len(frame) == REPLICATIONS * 4
    assert frame["element"].tolist()[:4] == ["0", "1", "2", ""]
    assert frame["rank"].between(0, frame["draws"]).all()
    assert (frame["draws"] == 99).all()


def test_cut_anywhere_the_run_goes_on_to_the_same_ranks(whole: tuple[RankTable, bytes], tmp_path: Path) -> None:
    table, content = whole
    path = tmp_path / "ranks.csv"
    body = content.index(b"\n", content.index(b"\n") + 1) + 1
    cuts = [0, 1, 2, 3, 50, body - 1, body, body + 1, *range(body + 10, len(content), 7), len(content) - 1]
    for cut in cuts:
        path.write_bytes(content[:cut])
        if cut >= body:
            kept = read(path).frame["replication"].nunique()
            assert kept == content[body:cut].count(b"\n")  # every finished replication is there
        resumed = decided(ranked(path))
        pd.testing.assert_frame_equal(resumed, decided(table))
        same = resumed["rank"].to_numpy(np.int64).tobytes() == table.frame["rank"].to_numpy(np.int64).tobytes()
        assert same


def test_a_longer_run_extends_the_file(whole: tuple[RankTable, bytes], tmp_path: Path) -> None:
    table, _ = whole
    path = tmp_path / "ranks.csv"
    ranked(path, 2)
    before = path.read_bytes()
    extended = ranked(path)
    assert path.read_bytes().startswith(before)  # what was there is not run again
    pd.testing.assert_frame_equal(decided(extended), decided(table))


def test_ranges_on_several_machines_join_to_the_whole(whole: tuple[RankTable, bytes], tmp_path: Path) -> None:
    late, early = tmp_path / "late.csv", tmp_path / "early.csv"
    run(MODEL, REPLICATIONS, late, data_hash="d", seed=7, first=4)
    ranked(early, 4)
    pd.testing.assert_frame_equal(decided(read(late, early)), decided(whole[0]))
    with pytest.raises(DataError, match="replication 0 is there twice"):
        read(early, late, early)
    run(MODEL, 1, tmp_path / "other.csv", data_hash="d", seed=8)
    with pytest.raises(DataError, match="the file has seed 8, not 7"):
        read(early, tmp_path / "other.csv")


def test_zeros_left_by_a_crash_are_cut_off(whole: tuple[RankTable, bytes], tmp_path: Path) -> None:
    table, content = whole
    path = tmp_path / "ranks.csv"
    path.write_bytes(content[:-10] + bytes(10))
    pd.testing.assert_frame_equal(decided(ranked(path)), decided(table))


def test_damage_before_the_end_is_refused(whole: tuple[RankTable, bytes], tmp_path: Path) -> None:
    content = whole[1]
    path = tmp_path / "ranks.csv"
    path.write_bytes(content.replace(b"\n1,1,", b"\n1,one,"))
    with pytest.raises(DataError, match="line 4: a replication is damaged"):
        ranked(path)


@pytest.mark.parametrize(
    ("model", "seed", "data_hash", "words"),
    [
        (MODEL, 8, "d", "seed 7, not 8"),
        (MODEL, 7, "e", "data hash 'd', not 'e'"),
        (GammaPoisson(regions=4), 7, "d", "quantities"),
        (NormalNormal(), 7, "d", "model 'gamma_poisson', not 'normal_normal'"),
    ],
)
def test_another_calibrations_file_is_refused(
    model: GammaPoisson | NormalNormal,
    seed: int,
    data_hash: str,
    words: str,
    whole: tuple[RankTable, bytes],
    tmp_path: Path,
) -> None:
    path = tmp_path / "ranks.csv"
    path.write_bytes(whole[1])
    with pytest.raises(DataError, match=words):
        run(model, 8, path, data_hash=data_hash, seed=seed)
    assert path.read_bytes() == whole[1]


@pytest.mark.parametrize("content", [b"month,count\n1,2\n", b"# a comment\n", b'# {"a": 1}\nmonth\n1\n', b"x"])
def test_a_foreign_file_is_refused_and_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ranks.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a file of ranks"):
        ranked(path)
    with pytest.raises(DataError, match="no ranks here"):
        read(path)
    assert path.read_bytes() == content


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    description = Description("m", {"a": ()}, 9, Provenance("d", 1, True))
    path = tmp_path / "ranks.csv"
    with RankFile(path, description), pytest.raises(DataError, match="another run"), RankFile(path, description):
        pass
    with RankFile(path, description) as file:
        file.append(0, [Row("a", "", 3, 9)], passed=True, seconds=0.1)
        with pytest.raises(DataError, match="the quantities are not those"):
            file.append(1, [Row("b", "", 3, 9)], passed=True, seconds=0.1)
    assert read(path).frame["rank"].tolist() == [3]


def test_a_replication_is_a_line_of_ranks_and_reads_back_as_it_was(tmp_path: Path) -> None:
    description = Description("m", {"a": (2,), "b": ()}, 99, Provenance("d", 1, True))
    path = tmp_path / "ranks.csv"
    with RankFile(path, description) as file:
        file.append(4, [Row("a", "0", 57, 99), Row("a", "1", 12, 40), Row("b", "", 0, 99)], passed=True, seconds=1.256)
        lost = [Row("a", "0", None, 0), Row("a", "1", None, 0), Row("b", "", 3, 99)]
        file.append(5, lost, passed=False, seconds=2, reason='R-hat "1.2",\nlimit 1.01')
    assert path.read_text().splitlines()[2:] == ["4,1,1.26,57 12/40 0,", '5,0,2.00,- - 3,"R-hat ""1.2"", limit 1.01"']
    frame = read(path).frame
    assert frame["rank"].tolist() == [57, 12, 0, pd.NA, pd.NA, 3]
    assert frame["draws"].tolist() == [99, 40, 99, 0, 0, 99]
    assert frame["passed"].tolist() == [True] * 3 + [False] * 3
    assert frame["reason"].tolist() == [""] * 3 + ['R-hat "1.2", limit 1.01'] * 3


def test_elements_of_arrays() -> None:
    assert elements({"s": (), "m": (1, 2)}) == [("s", ""), ("m", "0,0"), ("m", "0,1")]


def test_nothing_to_do_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="take at least one"):
        ranked(tmp_path / "ranks.csv", 0)
