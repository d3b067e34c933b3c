"""The examples: each script reads what platefuse reads, without it, and the plate reads as the README shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from platefuse.cli.main import main
from platefuse.export.export import export
from tests.helpers.imports import ROOT
from tests.helpers.pipeline import FirstRun
from tests.helpers.released import copy_released

IMAGES = "data/plates/test/images"
PLATE = ROOT / "examples" / "plate.jpg"
BLOCKED = "import sys\nfor name in ('platefuse', 'keras_retinanet', 'tf_keras'):\n    sys.modules[name] = None\n"


@pytest.fixture(scope="module")
def models(first_run: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pipeline's small model as each script takes it."""
    fused = first_run.pipeline.folder / "models" / "fused"
    onnx = tmp_path_factory.mktemp("models") / "fused.onnx"
    export(fused, "onnx", onnx, first_run.pipeline.folder / IMAGES)
    return {"serve_tensorflow": fused, "serve_onnx": onnx}


@pytest.mark.parametrize("name", ["serve_tensorflow", "serve_onnx"])
def test_a_script_needs_its_runtime_alone(
    name: str,
    models: dict[str, Path],
    first_run: FirstRun,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    example = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
    script = tmp_path / "script.py"
    blocked = BLOCKED if name == "serve_tensorflow" else BLOCKED + "sys.modules['tensorflow'] = None\n"
    script.write_text(blocked + example, encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    plate = str(first_run.pipeline.folder / IMAGES / "000000.png")
    arguments = [sys.executable, str(script), str(models[name]), plate]
    ended = subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert main(["read", plate, "--model", str(models[name])]) == 0
    _, text, confidence = capsys.readouterr().out.split("\t")
    assert ended.stdout.split()[0] == text != ""
    assert float(ended.stdout.split()[1]) == pytest.approx(float(confidence), abs=1e-4)


def test_the_released_model_reads_the_example_as_the_readme_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = re.search(r"```text\n(examples/plate\.jpg\t.*)\n```", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown
    assert main(["read", str(PLATE), "--model", str(copy_released("plates", tmp_path))]) == 0
    _, text, confidence = capsys.readouterr().out.split("\t")
    assert shown[1].split("\t")[1] == text
    assert float(shown[1].split("\t")[2]) == pytest.approx(float(confidence), abs=1e-3)
