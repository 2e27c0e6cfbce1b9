"""The register as data: complete, hashed, and honest about what was changed."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from northroute.claims import load, write_lock
from northroute.errors import RegisterError
from northroute.resources import resource

SOURCE = resource("analysis/claims.yaml")


def edited(folder: Path, change: object) -> Path:
    raw = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    change(raw)  # type: ignore[operator]
    path = folder / "claims.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    return path


def test_holds_the_29_claims_and_their_thresholds() -> None:
    register = load()
    assert list(register.claims) == [f"C{i:02d}" for i in range(1, 30)]
    assert not register.changed, register.notice()
    # the thresholds that CLAIMS.md states as numbers
    assert register["C02"].threshold("lethal_share") == 0.20
    assert register["C03"].threshold("violence_share") == 0.25
    assert register["C04"].threshold("difference") == 0.2
    assert register["C16"].threshold("sd") == 0.1
    assert register["C17"].threshold("rope") == 0.05
    assert register["C26"].threshold("share") == pytest.approx(1 / 3)
    assert register["C28"].untestable


def test_every_proxy_names_columns_and_what_they_do_not_measure() -> None:
    from northroute.sources.mlp import COUNTS

    for proxy in load().proxies.values():
        assert proxy.caveat
        for columns in (proxy.reference, *proxy.alternatives.values()):
            assert set(columns) <= set(COUNTS), proxy.construct


def test_quotes_are_the_briefs_own_words(data_dir: Path) -> None:
    brief = data_dir.parent / "brief.txt"
    if not brief.exists():
        pytest.skip("the brief does not lie beside the data")
    words = re.sub(
        r"(?<=\w)- (?=\w)", "-", " ".join(brief.read_text(encoding="utf-8").split())
    )  # words broken at a line
    for claim in load().claims.values():
        assert " ".join(claim.quote.split()) in words, claim.id


def test_a_changed_threshold_is_noticed(tmp_path: Path) -> None:
    def change(raw: dict) -> None:  # type: ignore[type-arg]
        raw["claims"][1]["thresholds"]["lethal_share"] = 0.5

    register = load(edited(tmp_path, change))
    assert register.changed
    assert register.changes == ("C02 lethal_share: 0.2 -> 0.5",)
    assert "C02 lethal_share: 0.2 -> 0.5" in register.notice()
    assert register.sha256[:12] in register.notice()
    assert register.registered_sha256[:12] in register.notice()


def test_changed_wording_is_noticed_too(tmp_path: Path) -> None:
    def change(raw: dict) -> None:  # type: ignore[type-arg]
        raw["claims"][0]["estimand"] = "something else"

    register = load(edited(tmp_path, change))
    assert "wording only, no threshold" in register.notice()


def test_registering_a_version_makes_it_the_registered_one(tmp_path: Path) -> None:
    def change(raw: dict) -> None:  # type: ignore[type-arg]
        raw["claims"].pop()

    path, lock = edited(tmp_path, change), tmp_path / "lock.json"
    shutil.copy(resource("analysis/claims.lock.json"), lock)
    register = load(path, lock)
    assert register.changes == ("C29 removed",)
    write_lock(register, lock)
    assert not load(path, lock).changed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r["claims"].append(dict(r["claims"][0])), "C01 is there twice"),
        (lambda r: r["claims"][3].pop("quote"), r"claim number 4 \(C04\): missing .'quote'."),
        (lambda r: r["claims"][3].update(treshold=1), r"\(C04\): missing \[\], unknown .'treshold'."),
        (lambda r: r["claims"][3].update(data=["X"]), "kinds other than"),
        (lambda r: r["claims"][1]["thresholds"].update(lethal_share="low"), "'lethal_share' is 'low', not a number"),
        (lambda r: r.pop("claims"), "no list 'claims'"),
        (lambda r: r["proxies"]["other_crime"].pop("caveat"), "proxy 'other_crime'"),
    ],
)
def test_malformed_registers_are_refused(tmp_path: Path, change: object, message: str) -> None:
    with pytest.raises(RegisterError, match=message):
        load(edited(tmp_path, change))


def test_what_is_not_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text("claims: [", encoding="utf-8")
    with pytest.raises(RegisterError, match="not valid YAML"):
        load(path)


def test_unknown_ids_and_thresholds_are_named() -> None:
    register = load()
    with pytest.raises(RegisterError, match="No claim 'C99'"):
        register["C99"]
    with pytest.raises(RegisterError, match="C02 has no threshold 'share'"):
        register["C02"].threshold("share")
