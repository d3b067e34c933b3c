"""The wheel of tools/wheel.py, installed outside the checkout: it reads with the bundled model, without TensorFlow."""

import json
import os
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

from platefuse.export.export import export
from platefuse.fusion.graph import fuse
from platefuse.fusion.saved_model import save_fused
from platefuse.inference.reader import Reader
from platefuse.networks.classification.model import Classifier
from platefuse.networks.detection.retinanet import Detector
from tests.helpers.imports import ROOT
from tests.helpers.small_models import (
    ALPHABET,
    DETECTOR,
    FUSE,
    INPUT_SIZE,
    random_boards,
    small_classifier,
    unsaturated_detector,
)

TOOL = runpy.run_path(str(ROOT / "tools" / "wheel.py"))
CARD = {
    "alphabet": ALPHABET,
    "licence": "Apache-2.0",
    "metrics": {"real": {"all": {"images": 2, "exact": 0.5}}},
}
# What the base install and the extra `onnx` do not bring.
ABSENT = (
    "tensorflow",
    "tf_keras",
    "keras",
    "keras_retinanet",
    "pydantic",
    "yaml",
    "dvc",
    "onnx",
    "matplotlib",
    "scipy",
)


class Model(NamedTuple):
    """A small model as ONNX, an image, and the text that the SavedModel reads on it."""

    onnx: Path
    image: Path
    text: str


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("model")
    detector = Detector(unsaturated_detector(len(ALPHABET)), DETECTOR.anchors, ALPHABET)
    fused = fuse(detector, Classifier(small_classifier(), ALPHABET), FUSE)
    save_fused(folder / "fused", fused, FUSE.model_dump(mode="json"))
    image = folder / "plate.png"
    Image.fromarray(random_boards(1, *INPUT_SIZE, seed=0)[0]).save(image)
    export(folder / "fused", "onnx", folder / "fused.onnx", folder)
    text = Reader(folder / "fused").read(image).text
    assert text
    return Model(folder / "fused.onnx", image, text)


def build(onnx: Path, dist: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        wheel: Path = TOOL["build_wheel"]({"plates": (onnx, CARD)}, dist)
    return wheel


@pytest.fixture(scope="module")
def wheel(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(model.onnx, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plate and an environment: the wheel's files in `installed`, and in `absent` what is not there."""
    folder = tmp_path_factory.mktemp("elsewhere")
    install = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-index", "--target"]
    subprocess.run([*install, folder / "installed", wheel], check=True)
    for name in ABSENT:
        (folder / "absent" / name).mkdir(parents=True)
        (folder / "absent" / name / "__init__.py").write_text(f"raise ModuleNotFoundError(name={name!r})\n")
    shutil.copy(model.image, folder / "plate.png")
    return folder


def run(elsewhere: Path, *arguments: str) -> str:
    path = os.pathsep.join([str(elsewhere / "installed"), str(elsewhere / "absent")])
    environment = os.environ | {"PYTHONPATH": path}
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=elsewhere, env=environment, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def metadata(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return archive.read(name).decode().split("\n\n")[0].splitlines()


def test_the_command_reads_with_the_bundled_model(elsewhere: Path, model: Model) -> None:
    read = run(elsewhere, "-m", "platefuse", "read", "plate.png", "--model", "plates")
    assert read.split("\t")[:2] == ["plate.png", model.text]
    reading = json.loads(run(elsewhere, "-m", "platefuse", "read", "plate.png", "--json"))
    assert reading["model"] == str(elsewhere / "installed" / "platefuse" / "models" / "plates.onnx")


def test_three_lines_of_python_read(elsewhere: Path, model: Model) -> None:
    lines = ["from platefuse import Reader", "reading = Reader().read('plate.png')", "print(reading.text)"]
    assert run(elsewhere, "-c", "\n".join(lines)) == f"{model.text}\n"


def test_the_bundled_model_is_listed(elsewhere: Path) -> None:
    plates, *others = map(json.loads, run(elsewhere, "-m", "platefuse", "models", "--json").splitlines())
    bundled = elsewhere / "installed" / "platefuse" / "models" / "plates.onnx"
    assert plates == {
        "name": "plates",
        "path": str(bundled),
        "missing": None,
        "alphabet": ALPHABET,
        "bytes": bundled.stat().st_size,
        "exact_match": 0.5,
        "measured_on": "2 photographs",
        "licence": "Apache-2.0",
    }
    assert [other["name"] for other in others] == ["photographs", "digits"]
    for other in others:
        assert other["path"] is None and f"{other['name']} does not come with this installation" in other["missing"]


def test_the_wheel_holds_the_package_the_model_and_the_licence(wheel: Path, model: Model) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert archive.read("platefuse/models/plates.onnx") == model.onnx.read_bytes()
        assert any(archive.read(name) == (ROOT / "LICENSE").read_bytes() for name in names if name.endswith("LICENSE"))
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "platefuse").rglob("*.py")}
    assert modules | {"platefuse/py.typed"} <= set(names)
    assert {name.split("/")[0] for name in names} == {"platefuse", "platefuse-0.1.0.dist-info"}


def test_the_metadata_has_a_licence_and_the_extras(wheel: Path) -> None:
    lines = metadata(wheel)
    assert "License-Expression: Apache-2.0" in lines
    assert {"Provides-Extra: onnx", "Provides-Extra: tensorflow", "Provides-Extra: litert"} <= set(lines)


def test_the_same_model_makes_the_same_wheel_and_leaves_the_checkout_alone(wheel: Path, model: Model) -> None:
    before, files = wheel.read_bytes(), sorted((ROOT / "platefuse" / "models").iterdir())
    (wheel.parent / "platefuse-0.0.1-py3-none-any.whl").touch()
    assert build(model.onnx, wheel.parent).read_bytes() == before
    assert [path.name for path in wheel.parent.iterdir()] == [wheel.name]
    assert sorted((ROOT / "platefuse" / "models").iterdir()) == files


def test_a_card_has_the_alphabet_and_the_release(tmp_path: Path) -> None:
    (tmp_path / "platefuse.json").write_text(json.dumps({"alphabet": "AB", "max_characters": 4}))
    (tmp_path / "release.json").write_text(json.dumps({"licence": "Apache-2.0", "metrics": {}}))
    card: dict[str, Any] = TOOL["card_of"](tmp_path)
    assert card == {"alphabet": "AB", "licence": "Apache-2.0", "metrics": {}}


@pytest.mark.parametrize("name", ["plates", "photographs"])
def test_images_to_check_on_are_rendered(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setitem(TOOL["RENDERED"], name, 4)
    images = TOOL["render"](name, tmp_path / "rendered")
    assert len(list(images.iterdir())) == 4
    assert images.parent == tmp_path / "rendered" / "data" / name / "test"
