"""The public API, as a user's script sees it."""

import subprocess
import sys
from pathlib import Path

import pytest

import platefuse
from tests.helpers.imports import ROOT

SCRIPT = """\
from collections.abc import Iterable
from pathlib import Path

from platefuse import Character, Plate, PlatefuseError, Reader, Reading, __version__

reader: Reader = Reader("plates")
reading: Reading = reader.read("plate.jpg")
best: tuple[str, float] = (reading.text, reading.confidence)
files: Iterable[Path] = Path("photos").glob("*.jpg")
for reading in reader.read_many(files):
    error: PlatefuseError | None = reading.error
    plate: Plate
    for plate in reading.plates:
        x1, y1, x2, y2 = plate.box
        characters: tuple[Character, ...] = plate.characters
        print(__version__, reading.image, plate.text, x2 - x1, [c.confidence * c.score for c in characters])
"""
MISTAKES = {
    'Reader("plates").raed("plate.jpg")': "attr-defined",
    'Reader("plates").read(7)': "arg-type",
    'Reader("plates").read("plate.jpg").text = "A"': "misc",
    "import platefuse; platefuse.Raeder": "attr-defined",
}


def run_mypy(script: str, folder: Path) -> str:
    """Check a script against the sources, whose own errors do not show: so it is with an installed package."""
    (folder / "script.py").write_text(script)
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent", "--cache-dir", "cache"]
    environment = {"MYPYPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(
        [*command, "script.py"], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    return done.stdout + done.stderr


def test_a_users_script_passes_mypy_strict_and_a_mistake_does_not(tmp_path):
    assert run_mypy(SCRIPT, tmp_path).startswith("Success")
    said = run_mypy("from platefuse import Reader\n" + "\n".join(MISTAKES), tmp_path).splitlines()
    assert [line.rsplit("[")[-1].rstrip("]") for line in said[:-1]] == list(MISTAKES.values())
    assert (ROOT / "platefuse" / "py.typed").is_file()


def test_importing_platefuse_loads_nothing():
    script = """if True:
        import sys, typing
        before = set(sys.modules)
        import platefuse
        dir(platefuse)
        print(set(sys.modules) - before)
    """
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout == "{'platefuse'}\n", done.stderr


def test_every_name_is_there_and_no_other():
    for name in platefuse.__all__:
        assert getattr(platefuse, name) is not None
    assert dir(platefuse) == platefuse.__all__
    with pytest.raises(AttributeError, match="no attribute 'Raeder'"):
        platefuse.Raeder  # noqa: B018


def test_the_version_is_the_projects_or_unknown(tmp_path):
    script = "import platefuse; print(platefuse.__version__)"
    installed = tmp_path / "installed"
    (installed / "platefuse-1.2.3.dist-info").mkdir(parents=True)
    (installed / "platefuse-1.2.3.dist-info" / "METADATA").write_text("Name: platefuse\nVersion: 1.2.3\n")
    for path, expected in ((installed, "1.2.3"), (tmp_path, "0+unknown")):
        command = [sys.executable, "-S", "-c", script]  # without site-packages, where the project itself may be
        environment = {"PYTHONPATH": f"{ROOT}:{path}"}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
        assert done.stdout.strip() == expected, done.stderr
