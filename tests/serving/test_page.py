"""docs/serving-http.md: its curl commands run, its answers have the form that it shows, its table has the bounds."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from platefuse.cli.main import _parser
from platefuse.inference.reader import Reader
from tests.helpers.imports import ROOT
from tests.helpers.photograph_reader import photograph
from tests.helpers.server import running

PAGE = (ROOT / "docs" / "serving-http.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"
COMMANDS = re.findall(r"^\$ (curl .*?)(?:  #.*)?$", PAGE, re.MULTILINE)
TOKEN = "a-token"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


@pytest.fixture(scope="module")
def address(photographs: Reader) -> Iterator[str]:
    with running(photographs, token=TOKEN) as address:
        yield address


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.fromarray(photograph(("7294", (30, 40), 255))).save(tmp_path / "street.jpg", "PNG")
    Image.fromarray(np.zeros((40, 100, 3), np.uint8)).save(tmp_path / "plate.jpg", "PNG")
    return tmp_path


def run(command: str, address: str, folder: Path) -> str:
    """Run a command of the page at another address, with the token that all but `/health` need here."""
    command = command.replace(ADDRESS, address).replace("curl ", "curl --fail --silent --header @header ", 1)
    (folder / "header").write_text(f"Authorization: Token {TOKEN}\n")
    if "Authorization" in command:
        command = command.replace("--header @header ", "").replace("$TOKEN", TOKEN)
    ended = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def form_of(value: Any) -> Any:
    """Keys and types of a value; of lists those of the first entry."""
    if isinstance(value, dict):
        return {key: form_of(of_key) for key, of_key in value.items()}
    return [form_of(entry) for entry in value[:1]] if isinstance(value, list) else type(value)


def test_the_page_has_commands() -> None:
    assert len(COMMANDS) >= 8
    for path in ("/v1/read", "/v1/vision/alpr", "/v1/plate-reader/", "/health", "/metrics", "/openapi.json"):
        assert any(path in command for command in COMMANDS), path


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_answered(command: str, address: str, folder: Path) -> None:
    printed = run(command, address, folder)
    if "/metrics" in command:
        names = set(re.findall(r"^\| `(platefuse_\w+)` \|", PAGE, re.MULTILINE))
        told = set(re.findall(r"^# TYPE (platefuse_\w+) ", printed, re.MULTILINE))
        assert names == told
    elif "street.jpg" in command:
        assert "7294" in printed
    elif "plate.jpg" in command:
        assert json.loads(printed)["plates"] == []


@pytest.mark.parametrize("path", ["/v1/read", "/v1/vision/alpr", "/v1/plate-reader/"])
def test_an_answer_has_the_form_that_the_page_shows(path: str, address: str, folder: Path) -> None:
    after = PAGE[PAGE.index(f"{ADDRESS}{path}\n") :]
    shown = json.loads(re.search(r"```json\n(.*?)```", after, re.DOTALL)[1])
    command = next(command for command in COMMANDS if command.endswith(path))
    answer = json.loads(run(command, address, folder))
    assert form_of(answer) == form_of(shown)


def test_the_table_has_the_options_defaults() -> None:
    defaults = vars(_parser().parse_args(["serve"]))
    rows = re.findall(r"^\| [^|]+ \| \d+ \| `--([\w-]+)` \| (\S+)(?: s)? \|$", PAGE, re.MULTILINE)
    assert len(rows) == 6
    for option, default in rows:
        expected = defaults[option.replace("-", "_")]
        assert default == ("none" if expected is None else f"{expected:g}" if option == "timeout" else str(expected))
