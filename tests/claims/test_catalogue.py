"""The catalogue and the register agree: every question has its function, every function its question and its variants."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from northroute.claims import Register, catalogue, inquiry
from northroute.claims.inquiry import REFERENCE, Stated
from northroute.conventions import DEFAULT_SEED
from northroute.errors import ModelError, RegisterError
from northroute.resources import resource
from northroute.sources import Table, tables
from northroute.workflow import questions


@pytest.fixture(scope="module")
def register() -> Register:
    return catalogue.load()


@pytest.fixture(scope="module")
def bundle() -> Mapping[str, Table]:
    return tables.load().tables


@pytest.fixture(scope="module")
def asked(bundle: Mapping[str, Table], register: Register) -> questions.Questions:
    return questions.state(bundle, register)


def test_an_answer_without_a_function_is_refused_by_file_and_id(tmp_path: Path) -> None:
    raw = yaml.safe_load(resource("analysis/claims.yaml").read_text(encoding="utf-8"))
    raw["claims"][1]["answers"][1]["function"] = "offences.lethal_shares"
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    with pytest.raises(RegisterError) as caught:
        catalogue.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, C02.O: no function 'offences.lethal_shares' in this version.")
    assert "There are annual_seizures." in message
    assert "offences.lethal_share," in message


def test_every_function_is_asked_once_and_every_question_has_one(register: Register) -> None:
    functions = [question.function for question in register.questions]
    assert sorted(functions) == sorted(catalogue.FUNCTIONS)
    assert len(set(functions)) == len(functions)


def test_every_inquiry_states_the_registered_variants(asked: questions.Questions, register: Register) -> None:
    assert set(asked.stated) == set(catalogue.INQUIRIES)
    for name, stated in asked.stated.items():
        _, question = register.asked(name)
        labels = list(stated)
        assert labels[0] == REFERENCE, question.id
        assert sorted(labels[1:]) == sorted(question.variants), question.id
        assert question.variants, question.id
        for own in stated.values():
            assert len(own.job.frame), question.id
            assert own.job.source, question.id


def test_estimands_without_a_fit_have_the_registered_variants(bundle: Mapping[str, Table], register: Register) -> None:
    for name, direct in catalogue.DIRECT.items():
        claim, question = register.asked(name)
        found = direct(bundle, register, DEFAULT_SEED)
        assert found.estimate.claim_id == claim.id
        assert sorted(s.label for s in found.specifications) == sorted(question.variants), question.id
        assert not found.estimate.simulated


def test_names_of_fits_are_theirs_alone(asked: questions.Questions) -> None:
    for name, job in asked.jobs.items():
        assert name == job.model.name
    used = {own.job.model.name for stated in asked.stated.values() for own in stated.values()}
    assert set(asked.jobs) == used
    first = next(iter(asked.stated.values()))[REFERENCE]
    other = replace(first, job=replace(first.job, frame=first.job.frame.iloc[1:]))
    with pytest.raises(ModelError, match=f"Two different fits are named '{first.job.model.name}'"):
        inquiry.jobs([first, other])


def test_a_reduced_register_asks_for_one_fit_a_question(
    asked: questions.Questions, bundle: Mapping[str, Table], register: Register
) -> None:
    reduced = questions.state(bundle, register.reduced())
    assert set(reduced.stated) == set(asked.stated)
    for name, stated in reduced.stated.items():
        whole = asked.stated[name]
        fit = whole[REFERENCE].job.model.name
        assert list(stated) == [label for label, own in whole.items() if own.job.model.name == fit], name
    assert set(reduced.jobs) == {stated[REFERENCE].job.model.name for stated in asked.stated.values()}
    # variants that read the reference's fit otherwise are kept: some questions have them
    assert sum(len(stated) for stated in reduced.stated.values()) > len(reduced.stated)


def test_some_questions_alone_can_be_asked(bundle: Mapping[str, Table], register: Register) -> None:
    some = questions.state(bundle, register, ("offences.lethal_share",))
    assert list(some.stated) == ["offences.lethal_share"]
    stated: Mapping[str, Stated] = some.stated["offences.lethal_share"]
    assert set(some.jobs) == {own.job.model.name for own in stated.values()}
    with pytest.raises(RegisterError, match=r"No function 'offences\.none' on tables\. There are annual_seizures"):
        questions.state(bundle, register, ("offences.none",))
