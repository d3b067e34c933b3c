"""The base class of the runtimes, filled in by a small one: a JSON file whose model is written in NumPy."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.inference.metadata import PLATES
from platefuse.inference.runtimes import runtime_of
from platefuse.inference.runtimes.base import OUTPUTS, Runtime


class JsonRuntime(Runtime):
    """Gives each image's width as every output; fails on wide images."""

    LIBRARY = "NumPy"
    PACKAGE = "no-such-library"
    REMEDY = "`make json` makes one."

    def _open(self) -> str:
        return self._model.read_text()

    def _load(self) -> Iterable[str]:
        if "import" in self.metadata:
            __import__(self.metadata["import"])
        return self.metadata["outputs"]

    def _run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        if images.shape[2] > 9:
            raise RuntimeError("\ntoo wide\nand more")
        return dict.fromkeys(OUTPUTS[PLATES], np.full(len(images), images.shape[2]))


def write(path: Path, **metadata: object) -> Path:
    path.write_text(json.dumps({"alphabet": "01", "outputs": OUTPUTS[PLATES]} | metadata))
    return path


def test_a_runtime_opens_loads_and_runs_its_model(tmp_path):
    runtime = JsonRuntime(write(tmp_path / "model.json", formats=["00"]))
    assert runtime.metadata["formats"] == ["00"]
    assert runtime(np.zeros((2, 4, 5, 3), np.uint8))["scores"].tolist() == [5, 5]
    with pytest.raises(PlatefuseError, match=r"model\.json fails on 1 images of 10 x 4 pixels: too wide$"):
        runtime(np.zeros((1, 4, 10, 3), np.uint8))


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({"alphabet": 7}, r"model\.json is damaged: it has no alphabet\. `make json` makes one\."),
        ({"outputs": ["scores"]}, r"model\.json lacks outputs of a fused model \(confidence, .*\): .* `make json`"),
        (
            {"outputs": [name for name in OUTPUTS[PLATES] if name != "truncated"]},
            r"lacks outputs of a fused model \(truncated\): it is another .* older version made it\. `make json`",
        ),
        ({"outputs": 7}, r"model\.json is damaged: 'int' object is not iterable `make json`"),
        ({"import": "no_such_library.part"}, r"needs NumPy, which is not installed: pip install no-such-library\.$"),
    ],
)
def test_a_model_that_does_not_load_is_named_with_its_remedy(metadata, sentence, tmp_path):
    with pytest.raises(PlatefuseError, match=sentence):
        JsonRuntime(write(tmp_path / "model.json", **metadata))


def test_a_missing_module_of_another_library_is_a_bug(tmp_path):
    with pytest.raises(ModuleNotFoundError, match="another_library"):
        JsonRuntime(write(tmp_path / "model.json", **{"import": "another_library"}))


def test_what_is_no_file_is_no_model(tmp_path):
    with pytest.raises(PlatefuseError, match=r"is not a fused model: .*model\.json is missing\. `make json`"):
        JsonRuntime(tmp_path / "model.json")


def test_the_suffix_chooses_the_runtime():
    names = [runtime_of(Path(name)).__name__ for name in ("a.onnx", "a.tflite", "fused", "fused.v2")]
    assert names == ["OnnxRuntime", "LitertRuntime", "TensorflowRuntime", "TensorflowRuntime"]
