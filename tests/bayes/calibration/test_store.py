"""The file of ranks: nothing finished is lost whenever the run is killed, and a foreign file is not touched."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from northroute import keeping
from northroute.bayes.calibration import RankTable, read, run
from northroute.bayes.calibration.store import Description, elements, growing
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
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[RankTable, Path]:
    path = tmp_path_factory.mktemp("whole") / "ranks.parquet"
    return ranked(path), path


def copied(path: Path, folder: Path) -> Path:
    """Copy a file of ranks and its record into a folder."""
    for place in (path, keeping.beside(path)):
        (folder / place.name).write_bytes(place.read_bytes())
    return folder / path.name


def test_the_file_says_what_it_is(whole: tuple[RankTable, Path]) -> None:
    about = whole[0].description
    assert about.model == "gamma_poisson"
    assert about.shapes == {"rate": (3,), "log_likelihood": ()}
    assert (about.provenance.simulated, about.provenance.seed, about.provenance.command) == (True, 7, "pytest")
    frame = pd.read_parquet(whole[1])
    assert len(frame) == REPLICATIONS * 4
    assert frame["element"].tolist()[:4] == ["0", "1", "2", ""]
    assert frame["rank"].between(0, frame["draws"]).all()
    assert (frame["draws"] == 99).all()
    assert [p.name for p in whole[1].parent.iterdir() if p.name != "ranks.parquet"] == ["ranks.parquet.sha256"]


@pytest.mark.parametrize("begun", [0, 1, 4])
def test_a_run_killed_while_it_writes_goes_on_to_the_same_ranks(
    begun: int, whole: tuple[RankTable, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ranks.parquet"
    with monkeypatch.context() as patch:
        written, truly = list[Path](), pq.write_table

        def write(table: pa.Table, where: Path, compression: str) -> None:
            truly(table, where, compression=compression)
            written.append(where)
            if len(written) > begun:
                where.write_bytes(where.read_bytes()[:50])
                raise KeyboardInterrupt

        patch.setattr("northroute.bayes.calibration.store.pq.write_table", write)
        with pytest.raises(KeyboardInterrupt):
            ranked(path)
    left = path.with_name(f"{path.name}.{2**22 + 1}.partial")  # of a process that is not there any more
    left.write_bytes(b"PAR1")
    if begun:
        assert read(path).frame["replication"].nunique() == begun  # every finished replication is there
    pd.testing.assert_frame_equal(decided(ranked(path)), decided(whole[0]))
    assert {p.name for p in tmp_path.iterdir()} == {"ranks.parquet", "ranks.parquet.sha256"}


def test_a_longer_run_extends_the_file(whole: tuple[RankTable, Path], tmp_path: Path) -> None:
    path = tmp_path / "ranks.parquet"
    before = ranked(path, 2).frame
    extended = ranked(path)
    pd.testing.assert_frame_equal(extended.frame.iloc[: len(before)], before)  # seconds too: it is not run again
    pd.testing.assert_frame_equal(decided(extended), decided(whole[0]))


def test_ranges_on_several_machines_join_to_the_whole(whole: tuple[RankTable, Path], tmp_path: Path) -> None:
    late, early = tmp_path / "late.parquet", tmp_path / "early.parquet"
    run(MODEL, REPLICATIONS, late, data_hash="d", seed=7, first=4)
    ranked(early, 4)
    pd.testing.assert_frame_equal(decided(read(late, early)), decided(whole[0]))
    with pytest.raises(DataError, match="replication 0 is there twice"):
        read(early, late, early)
    run(MODEL, 1, tmp_path / "other.parquet", data_hash="d", seed=8)
    with pytest.raises(DataError, match="the file has seed 8, not 7"):
        read(early, tmp_path / "other.parquet")


def test_damage_anywhere_is_refused_and_left_as_it_is(whole: tuple[RankTable, Path], tmp_path: Path) -> None:
    path = copied(whole[1], tmp_path)
    content = path.read_bytes()
    for at in (*range(0, len(content), 97), len(content) - 1):
        damaged = bytearray(content)
        damaged[at] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"not what was written.*delete the file to begin again"):
            ranked(path)
        assert path.read_bytes() == damaged


def test_a_table_that_lacks_a_row_is_refused(whole: tuple[RankTable, Path], tmp_path: Path) -> None:
    path = tmp_path / "ranks.parquet"
    table = pq.read_table(whole[1])
    for lacking in (table.slice(1), table.slice(0, 7), table.slice(4).take([0, 2, 1, 3])):
        pq.write_table(lacking, path)
        with pytest.raises(DataError, match="replications are not whole"):
            read(path)


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
    whole: tuple[RankTable, Path],
    tmp_path: Path,
) -> None:
    path = copied(whole[1], tmp_path)
    with pytest.raises(DataError, match=words):
        run(model, 8, path, data_hash=data_hash, seed=seed)
    assert path.read_bytes() == whole[1].read_bytes()
    assert len(list(tmp_path.iterdir())) == 2  # no lock is left


def parquet(**columns: list[object]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


@pytest.mark.parametrize("content", [b"month,count\n1,2\n", b"", b"PAR1", parquet(), parquet(rank=[1], draws=[9])])
def test_a_foreign_file_is_refused_and_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ranks.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a file of ranks"):
        ranked(path)
    with pytest.raises(DataError, match="not a file of ranks"):
        read(path)
    assert path.read_bytes() == content
    with pytest.raises(DataError, match="no ranks here"):
        read(tmp_path / "none.parquet")


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    description = Description("m", {"a": ()}, 9, Provenance("d", 1, True))
    path = tmp_path / "ranks.parquet"
    with growing(path, description), pytest.raises(DataError, match="another run"), growing(path, description):
        pass
    with growing(path, description) as file:
        file.append(0, [3], [9], passed=True, seconds=0.1)
    assert read(path).frame["rank"].tolist() == [3]
    assert {p.name for p in tmp_path.iterdir()} == {"ranks.parquet", "ranks.parquet.sha256"}


def test_a_file_that_came_without_its_record_is_read(whole: tuple[RankTable, Path], tmp_path: Path) -> None:
    path = copied(whole[1], tmp_path)
    keeping.beside(path).unlink()
    pd.testing.assert_frame_equal(read(path).frame, whole[0].frame)


def test_replications_read_back_as_they_were(tmp_path: Path) -> None:
    description = Description("m", {"a": (2,), "b": ()}, 99, Provenance("d", 1, True))
    path = tmp_path / "ranks.parquet"
    with growing(path, description) as file:
        file.append(4, [57, 12, 0], [99, 40, 99], passed=True, seconds=1.256)
        file.append(5, [None, None, 3], [0, 0, 99], passed=False, seconds=2, reason='R-hat "1.2",\nlimit 1.01')
    frame = read(path).frame
    assert frame["quantity"].tolist() == ["a", "a", "b"] * 2
    assert frame["rank"].tolist() == [57, 12, 0, pd.NA, pd.NA, 3]
    assert frame["draws"].tolist() == [99, 40, 99, 0, 0, 99]
    assert frame["passed"].tolist() == [True] * 3 + [False] * 3
    assert frame["seconds"].tolist() == [1.26] * 3 + [2.0] * 3
    assert frame["reason"].tolist() == [""] * 3 + ['R-hat "1.2", limit 1.01'] * 3


def test_elements_of_arrays() -> None:
    assert elements({"s": (), "m": (1, 2)}) == [("s", ""), ("m", "0,0"), ("m", "0,1")]


def test_nothing_to_do_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="take at least one"):
        ranked(tmp_path / "ranks.parquet", 0)
