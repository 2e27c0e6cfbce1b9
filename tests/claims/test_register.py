"""The register as data: complete, hashed, and honest about what was changed."""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from northroute.claims import load, write_lock
from northroute.errors import RegisterError
from northroute.resources import resource

SOURCE = resource("analysis/claims.yaml")


def edited(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    raw = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    change(raw)
    path = folder / "claims.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    return path


def test_holds_the_29_claims_and_their_thresholds() -> None:
    register = load()
    assert list(register.claims) == [f"C{i:02d}" for i in range(1, 30)]
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


def test_the_registered_version_is_in_force() -> None:
    register = load()
    assert not register.changed, register.notice()
    assert register.sha256 == register.registered_sha256
    assert register.notice() == ""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """What is in force, registered."""
    path = tmp_path / "lock.json"
    write_lock(path)
    return path


Change = Callable[[dict[str, Any]], object]
CHANGES: list[tuple[Change, str]] = [
    (lambda r: r["claims"][1]["thresholds"].update(lethal_share=0.5), "C02 lethal_share: 0.2 -> 0.5"),
    (lambda r: r["claims"][1]["answers"][1].update(grade="B"), "C02 offences.lethal_share grade: A -> B"),
    (lambda r: r["claims"][0].update(estimand="something else"), "C01 estimand changed"),
    (lambda r: r["claims"][27].update(untestable="no"), "C28 untestable changed"),
    (lambda r: r["claims"].pop(), "C29 removed"),
    (lambda r: r["claims"][1]["answers"].pop(), "C02 offences.lethal_share removed"),
    (lambda r: r["proxies"]["corruption_reports"].update(reference=["purge"]), "proxies corruption_reports reference"),
    (lambda r: r["priors"]["slope"].update(scale=5.0), "priors slope scale: 0.5 -> 5.0"),
    (lambda r: r["constants"].update(lkj=1.0), "constants lkj: 2.0 -> 1.0"),
]


@pytest.mark.parametrize(("change", "named"), CHANGES)
def test_every_change_is_named(tmp_path: Path, lock: Path, change: Change, named: str) -> None:
    register = load(edited(tmp_path, change), lock)
    assert register.changed
    assert len(register.changes) == 1
    assert register.changes[0].startswith(named)
    assert named in register.notice()
    assert register.sha256[:12] in register.notice()
    assert register.registered_sha256[:12] in register.notice()


def test_a_changed_threshold_hides_no_other_change(tmp_path: Path, lock: Path) -> None:
    def change(raw: dict[str, Any]) -> None:
        for edit, _ in CHANGES[:3]:
            edit(raw)

    assert len(load(edited(tmp_path, change), lock).changes) == 3


def test_a_changed_table_and_prior_set_are_named(lock: Path) -> None:
    registered = json.loads(lock.read_text(encoding="utf-8"))
    registered["file"]["data/reference/vdem.csv"]["sha256"] = "0" * 64
    registered["file"]["data/reference/seizures.csv"] |= {"sha256": "1" * 64, "rows": 16}
    registered["file"].pop("data/codebook/constructs.yaml")
    registered["priors in force"]["article models"]["slope"] = "normal(0, 9)"
    lock.write_text(json.dumps(registered), encoding="utf-8")
    assert set(load(lock=lock).changes) == {
        "data/reference/vdem.csv changed",
        "data/reference/seizures.csv changed (16 -> 32 rows)",
        "data/codebook/constructs.yaml added",
        "priors in force article models slope: normal(0, 9) -> normal(0, 0.5)",
    }


def test_registering_a_version_makes_it_the_registered_one(tmp_path: Path) -> None:
    path, lock = edited(tmp_path, lambda raw: raw["claims"].pop()), tmp_path / "lock.json"
    sha = write_lock(lock, path)
    register = load(path, lock)
    assert not register.changed
    assert register.sha256 == sha


def test_questions_are_told_apart() -> None:
    register = load()
    ids = [q.id for q in register.questions]
    assert len(set(ids)) == len(ids)
    assert {"C05.O", "C05.O.UZB", "C15.I.index"} <= set(ids)
    claim, question = register.asked("offences.lethal_share")
    assert (claim.id, question.id, question.grade, question.countries) == ("C02", "C02.O", "A", ("KAZ",))
    with pytest.raises(RegisterError, match=r"asks no question of 'offences\.none'"):
        register.asked("offences.none")


def test_grades_and_biases_are_those_of_the_brief_for_this_version() -> None:
    """Article counts that stand for drugs are weak; lethal and violent events draw more articles."""
    register = load()
    for name in ("C10.M", "C11.M", "C16.M", "C23.M", "C01.O", "C08.O", "C19.O"):
        assert next(q for q in register.questions if q.id == name).grade == "C", name
    assert [q.id for q in register.questions if q.errs] == ["C02.M", "C03.M"]
    assert sum(bool(c.questions) for c in register.claims.values()) >= 22 + 1
    for claim in register.claims.values():
        assert claim.questions or claim.untestable or claim.wanted, claim.id


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r["claims"].append(deepcopy(r["claims"][17])), "C18 is there twice"),
        (lambda r: r["claims"][3].pop("quote"), r"claim number 4 \(C04\): missing .'quote'."),
        (lambda r: r["claims"][3].update(treshold=1), r"\(C04\): missing \[\], unknown .'treshold'."),
        (lambda r: r["claims"][3].update(data=["X"]), r"data has \['X'\], other than"),
        (lambda r: r["claims"][3].update(about=["KAZ", "FRA"]), r"about has \['FRA'\]"),
        (lambda r: r["claims"][1]["thresholds"].update(lethal_share="low"), "'lethal_share' is 'low', not a number"),
        (lambda r: r["claims"][1]["thresholds"].update(lethal_share=float("nan")), "'.nan' is not a finite number"),
        (lambda r: r["claims"][1]["thresholds"].update(lethal_share=float("inf")), "'.inf' is not a finite number"),
        (lambda r: r["claims"][1]["thresholds"].update(lethal_share=True), "True, not a number"),
        (lambda r: r["claims"][1]["answers"][0].pop("function"), r"answer number 1 \(M\): missing .'function'."),
        (lambda r: r["claims"][1]["answers"][0].update(grade="D"), r"grade has \['D'\]"),
        (lambda r: r["claims"][1]["answers"][0].update(errs="undecided"), r"errs has \['undecided'\]"),
        (lambda r: r["claims"][1]["answers"][0].pop("errs_because"), "'errs' and 'errs_because' go together"),
        (lambda r: r["claims"][1]["answers"][0].update(years=[2022, 2015]), "not a first and a last year"),
        (lambda r: r["claims"][1]["answers"][0].update(seen="yes"), "not true or false"),
        (lambda r: r["claims"][1]["answers"][0].update(variants=["a", "a"]), "names one thing twice"),
        (
            lambda r: r["claims"][1]["answers"].append(deepcopy(r["claims"][1]["answers"][0])),
            "answer C02.M is there twice",
        ),
        (
            lambda r: r["claims"][2]["answers"][0].update(function="article_counts.lethal_share"),
            "two answers name the function 'article_counts.lethal_share'",
        ),
        (lambda r: r["priors"]["slope"].update(scale=-1), "scale and shape must be positive"),
        (lambda r: r["priors"]["slope"].update(family="norm"), "no family 'norm'"),
        (lambda r: r["priors"]["slope"].pop("reason"), "prior 'slope': needs a reason"),
        (lambda r: r["constants"].update(lkj="two"), "'lkj' is 'two', not a number"),
        (lambda r: r.update(version=1), "version 1; this northroute reads version 2"),
        (lambda r: r.update(more=1), "unknown .'more'."),
        (lambda r: r.pop("claims"), "no list 'claims'"),
        (lambda r: r["proxies"]["other_crime"].pop("caveat"), "proxy 'other_crime'"),
        (lambda r: r["claims"][3].update(slug=7), "'slug' is 7, not a text"),
        (lambda r: r["claims"][3].update(quote=" "), "'quote' is ' ', not a text"),
        (lambda r: r["claims"][3].update(untestable=["no"]), "'untestable' is .'no'., not a text"),
        (lambda r: r["claims"][3].update(id="C4"), "id 'C4' is not C and two digits"),
        (lambda r: r["claims"][3].update(answers="none"), "'answers' is 'none', not a list"),
        (lambda r: r["claims"][1].update(thresholds=[0.2]), "is not a mapping of names to numbers"),
        (lambda r: r["claims"][1]["thresholds"].update(lethal_share=1e300), "1e.300, which makes no sense"),
        (lambda r: r["claims"][1]["answers"][0].update(function=3), "'function' is 3, not a text"),
        (lambda r: r["claims"][1]["answers"][0].update(kind=["M", "O"]), "kind has 2 values, not one"),
        (lambda r: r["claims"][1]["answers"][0].update(years=[1815, 2022]), "not a first and a last year"),
        (lambda r: r["priors"].update(slope=3), "prior 'slope': an entry is a mapping"),
        (lambda r: r.update(priors=[1]), "'priors' is .1., not a mapping"),
        (lambda r: r.update(proxies="none"), "'proxies' is 'none', not a mapping"),
        (lambda r: r["priors"]["slope"].update(family="gamma"), "gamma takes scale, shape, and has location, scale"),
        (lambda r: r["priors"]["slope"].update(shape=2.0), "normal takes location, scale, and has"),
        (lambda r: r["proxies"]["other_crime"].update(reference="raid"), "'reference' is 'raid', not a list of texts"),
        (lambda r: r["proxies"]["other_crime"].update(reference=["riad"]), "'riad' is no column"),
        (lambda r: r["proxies"]["other_crime"].update(reference=[]), "'reference' is empty"),
        (lambda r: r["proxies"]["other_crime"].update(alternatives={"a": "raid"}), "not a list of texts"),
        (lambda r: r["proxies"]["other_crime"].update(note="x"), "unknown .'note'."),
    ],
)
def test_malformed_registers_are_refused(tmp_path: Path, change: Change, message: str) -> None:
    with pytest.raises(RegisterError, match=message):
        load(edited(tmp_path, change))


def test_a_malformed_lock_is_refused(tmp_path: Path) -> None:
    whole = resource("analysis/claims.lock.json").read_text(encoding="utf-8")
    for text, words in (
        ("{", "not valid JSON"),
        ("[]", "not a lock of this version"),
        ('{"sha256": "0"}', "not a lock of this version"),
        ('{"file": 1, "register": {}, "priors in force": {}, "assumed in code": {}}', "not a lock of this version"),
        ("[" * 100_000, "too deep"),
        (whole.replace("0.05", "NaN", 1), "'NaN' is not a finite number"),
        (whole.replace('"register"', '"file"', 1), "the name 'file' is there twice"),
        ("\udcff", "not UTF-8"),
    ):
        path = tmp_path / "lock.json"
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        with pytest.raises(RegisterError, match=words) as caught:
            load(lock=path)
        assert "\n" not in str(caught.value)


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
