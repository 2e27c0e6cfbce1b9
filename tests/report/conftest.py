"""The pages of a made-up site, built once."""

from pathlib import Path

import pytest

from northroute.report import Site, write
from tests.report import made_up


@pytest.fixture(scope="session")
def made_up_site() -> Site:
    """A site of made-up answers: a quick look, with a failed fit, a changed register, sections and sources."""
    return made_up.site(quick=True, changed=True)


@pytest.fixture(scope="session")
def pages(made_up_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of its pages."""
    folder = tmp_path_factory.mktemp("pages")
    write(made_up_site, folder)
    return folder
