"""Two models in miniature and a server for each, shared by all tests of the room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from platefuse.inference.reader import Reader
from tests.helpers.once import once
from tests.helpers.photograph_reader import save_photograph_reader
from tests.helpers.reader import save_rule_reader
from tests.helpers.server import running


@pytest.fixture(scope="session")
def plates_model(shared: Path) -> Path:
    return once(shared / "serving" / "plates", save_rule_reader)


@pytest.fixture(scope="session")
def plates(plates_model: Path) -> Reader:
    return Reader(plates_model)


@pytest.fixture(scope="session")
def photographs(shared: Path) -> Reader:
    return Reader(once(shared / "serving" / "photographs", save_photograph_reader))


@pytest.fixture(scope="session")
def plates_server(plates: Reader) -> Iterator[str]:
    with running(plates) as address:
        yield address


@pytest.fixture(scope="session")
def photographs_server(photographs: Reader) -> Iterator[str]:
    with running(photographs) as address:
        yield address
