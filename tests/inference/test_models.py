"""Which model a name stands for: in a checkout, in an installed package, and by default."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.inference.models import KNOWN, resolve
from tests.helpers.imports import ROOT


def copy_package(folder: Path) -> Path:
    """Copy the package into a folder, where it stands for another checkout or an installation."""
    shutil.copytree(ROOT / "platefuse", folder / "platefuse", ignore=shutil.ignore_patterns("__pycache__", "models"))
    return folder


@pytest.fixture
def checkout(tmp_path):
    """A checkout that releases all models, with plates pulled, and the folder `work` to start in."""
    for folder in ("released/plates", "work"):
        (tmp_path / folder).mkdir(parents=True)
    for name in KNOWN:
        (tmp_path / "released" / f"{name}.dvc").touch()
    return copy_package(tmp_path)


@pytest.fixture
def installation(tmp_path):
    """An installed package that brings plates, and the folder `work` to start in."""
    copy_package(tmp_path)
    for folder in ("platefuse/models", "work"):
        (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / "platefuse" / "models" / "plates.onnx").touch()
    return tmp_path


def resolved(place: Path, argument: str) -> str:
    """Resolve a Python expression with the package in `place`, from its folder `work`; or what is wrong."""
    script = f"""if True:
        import sys
        from pathlib import Path
        sys.path.insert(0, {str(place)!r})
        from platefuse.core.errors import PlatefuseError
        from platefuse.inference.models import resolve
        try:
            print(resolve({argument}))
        except PlatefuseError as error:
            print(error)
    """
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=place / "work", capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def test_in_a_checkout_a_known_name_is_the_released_folder(checkout):
    assert resolved(checkout, "'plates'") == str(checkout / "released" / "plates")
    assert resolved(checkout, "'digits'") == (
        f"{checkout / 'released' / 'digits'} is missing: `dvc pull released/digits` brings it."
    )
    (checkout / "released" / "photographs").mkdir()
    assert resolved(checkout, "'photographs'") == str(checkout / "released" / "photographs")


def test_in_an_installation_a_known_name_is_the_bundled_file(installation):
    assert resolved(installation, "'plates'") == str(installation / "platefuse" / "models" / "plates.onnx")
    assert resolved(installation, "'digits'").startswith("The model digits does not come with this installation: ")


def test_the_default_is_this_folders_fused_model_or_else_plates(checkout):
    assert resolved(checkout, "None") == str(checkout / "released" / "plates")
    (checkout / "work" / "models" / "fused").mkdir(parents=True)
    assert resolved(checkout, "None") == "models/fused"


def test_a_path_is_no_known_name(checkout):
    (checkout / "work" / "plates").mkdir()
    assert resolved(checkout, "'./plates'") == "plates"
    assert resolved(checkout, "Path('plates')") == "plates"
    assert resolved(checkout, "'plates'") == str(checkout / "released" / "plates")


@pytest.mark.parametrize("suffix", ["", ".onnx", ".tflite"])
def test_an_unknown_name_lists_the_known_ones_and_says_how_to_make_a_model(suffix, tmp_path):
    remedy = {"": "dvc repro fuse", ".onnx": "export --to onnx", ".tflite": "export --to litert"}[suffix]
    for name, hint in (
        (f"plate{suffix}", "" if suffix else " (did you mean plates?)"),
        (tmp_path / f"mine{suffix}", ""),
    ):
        sentence = rf"{re.escape(f'{name}{hint}')}: expected .*\(plates, photographs, digits\)\. .*{remedy}"
        with pytest.raises(PlatefuseError, match=sentence):
            resolve(name)
