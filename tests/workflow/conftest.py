"""One quick run of the main job on the bundled tables, shared by the tests of page, tables, manifest and reuse."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from northroute.workflow import Options, Result, reproduce


@dataclass(frozen=True)
class Job:
    options: Options
    result: Result
    again: Result
    messages: tuple[str, ...]


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    options = Options(tmp_path_factory.mktemp("job"), quick=True, command="northroute reproduce --quick")
    result = reproduce(options)
    messages: list[str] = []
    again = reproduce(replace(options, command="again"), lambda message, _: messages.append(message))
    return Job(options, result, again, tuple(messages))


@pytest.fixture(scope="session")
def out(job: Job) -> Path:
    return job.options.out
