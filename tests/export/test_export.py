"""Exported models against the SavedModel they were made of, and that a wrong one never gets a name."""

import json
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import tf2onnx
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from platefuse.cli.main import main
from platefuse.core.errors import PlatefuseError
from platefuse.export.export import KINDS, SUFFIXES, export
from platefuse.inference.reader import Reader
from platefuse.networks.common.keras2 import tf
from tests.export.conftest import SIZES
from tests.helpers.small_models import ALPHABET, INPUT_SIZE, random_boards, small_classifier, unsaturated_detector


@pytest.fixture(scope="module")
def saved_model(folder: Path) -> tf.Module:
    return tf.saved_model.load(folder / "fused")


def outputs_of(model: Path, images: np.ndarray) -> dict[str, np.ndarray]:
    """Every output, by the runtime alone."""
    if model.suffix == ".onnx":
        session = onnxruntime.InferenceSession(model)
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, {"images": images}), strict=True))
    return Interpreter(str(model)).get_signature_runner("numeric")(images=images)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, *INPUT_SIZE), (3, 40, 90), (2, 1, 1)])
def test_all_outputs_are_the_saved_models(
    kind: str, shape: tuple, saved_model: tf.Module, exported: dict[str, Path]
) -> None:
    images = random_boards(*shape, seed=7)
    expected = saved_model.signatures["numeric"](images=tf.constant(images))
    outputs = outputs_of(exported[kind], images)
    assert outputs.keys() == expected.keys()
    for name, value in expected.items():
        assert (outputs[name].shape, outputs[name].dtype) == (value.shape, value.numpy().dtype), name
        np.testing.assert_allclose(outputs[name], value, rtol=0, atol=1e-2 if name == "boxes" else 1e-4, err_msg=name)


def test_the_files_say_what_the_numbers_mean(folder: Path, exported: dict[str, Path]) -> None:
    metadata = json.loads((folder / "fused" / "platefuse.json").read_text())
    session = onnxruntime.InferenceSession(exported["onnx"])
    assert json.loads(session.get_modelmeta().custom_metadata_map["platefuse"]) == metadata
    assert list(session.get_inputs()[0].shape) == ["batch", "height", "width", 3]
    with zipfile.ZipFile(exported["litert"]) as associated:
        assert json.loads(associated.read("platefuse.json")).items() > metadata.items()


def test_litert_has_built_in_operations_only(exported: dict[str, Path]) -> None:
    operations = {operation["op_name"] for operation in Interpreter(str(exported["litert"]))._get_ops_details()}
    assert operations and not [name for name in operations if name.startswith("Flex") or name == "CUSTOM"]


@pytest.mark.parametrize("kind", KINDS)
def test_reading_needs_no_tensorflow(kind: str, folder: Path, exported: dict[str, Path]) -> None:
    script = """if True:
        import sys
        for name in ("tensorflow", "tf_keras", "keras", "keras_retinanet", "pydantic", "yaml", "onnx"):
            sys.modules[name] = None  # importing it fails
        import platefuse.cli.main
        sys.exit(platefuse.cli.main.main(sys.argv[1:]))
    """
    command = [sys.executable, "-c", script, "score", folder / "plates", "--model", exported[kind]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")  # no runtime tells of itself
    assert "exact match                 1.0000" in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_every_runtime_says_what_it_dropped_and_refuses_what_is_no_image(kind: str, exported: dict[str, Path]) -> None:
    images = [random_boards(1, *size, seed=seed)[0] for seed, size in enumerate(SIZES)]
    *readings, refused = Reader(exported[kind]).read_images([*images, images[0].astype(np.float32)])
    truncated = [plate for reading in readings for plate in reading.plates if plate.truncated]
    assert 0 < len(truncated) < len(images)
    assert {(plate.confidence, len(plate.characters)) for plate in truncated} == {(0.0, 4)}
    assert "index 5: expected RGB pixels, uint8 [H,W,3] of at least 1 x 1, found float32" in str(refused.error)


@pytest.mark.parametrize("kind", KINDS)
def test_callers_at_once_get_their_own_answers(kind: str, exported: dict[str, Path]) -> None:
    reader = Reader(exported[kind])
    images = [random_boards(1, *size, seed=seed)[0] for seed, size in enumerate(SIZES * 2)]
    alone = [reader.read_images([image])[0].text for image in images]
    with ThreadPoolExecutor(4) as callers:
        assert [
            readings[0].text for readings in callers.map(lambda image: reader.read_images([image]), images)
        ] == alone


@pytest.mark.parametrize("kind", KINDS)
def test_weights_of_half_the_size(
    kind: str, folder: Path, exported: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platefuse.export.parity.MATCH_TOLERANCE", 0.4)  # random weights are sure of nothing
    # tf2onnx takes seconds, and would only make the same graph again.
    monkeypatch.setattr(tf2onnx.convert, "from_graph_def", lambda *_, **__: (onnx.load(exported["onnx"]), None))
    half = tmp_path / exported[kind].name
    parity = export(folder / "fused", kind, half, folder / "plates", "float16")
    assert parity.exact_match[0] == 1 >= parity.exact_match[1]
    assert 0 < parity.score < 0.05
    networks = unsaturated_detector(len(ALPHABET)), small_classifier()
    kernels = [weight for network in networks for weight in network.get_weights() if weight.ndim > 1]
    assert exported[kind].stat().st_size - half.stat().st_size > 0.4 * sum(kernel.nbytes for kernel in kernels)


# --- what is refused


def save_constant(path: Path, **wrong: float) -> Path:
    """A SavedModel that reads AB on every image; its `numeric` signature is off by `wrong`, by output."""

    def read(images: tf.Tensor, **off: float) -> dict[str, tf.Tensor]:
        def on_each(name: str, value: list) -> tf.Tensor:
            dtype = tf.int32 if name in ("count", "character_ids", "truncated") else tf.float32
            value = tf.constant(value, dtype) + tf.cast(off.get(name, 0), dtype)
            bright = tf.cast(tf.reduce_max(tf.cast(images, tf.int32), axis=[1, 2, 3]) >= 0, dtype)
            return value * tf.reshape(bright, [-1, *[1] * value.shape.rank])

        return {
            "confidence": on_each("confidence", 0.5),
            "count": on_each("count", 2),
            "truncated": on_each("truncated", 0) > 0,
            "boxes": on_each("boxes", [[1, 2, 9, 20], [11, 2, 19, 20]]),
            "scores": on_each("scores", [0.9, 0.8]),
            "character_ids": on_each("character_ids", [0, 1]),
            "character_scores": on_each("character_scores", [0.5, 0.7]),
        }

    spec = [tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")]
    module = tf.Module()
    module.right = tf.function(lambda images: {"text": tf.constant("AB"), **read(images)}, spec)
    module.wrong = tf.function(lambda images: read(images, **wrong), spec)
    tf.saved_model.save(module, path, {"serving_default": module.right, "numeric": module.wrong})
    (path / "platefuse.json").write_text('{"alphabet": "ABC"}')
    return path


@pytest.fixture
def plates(tmp_path: Path) -> Path:
    (tmp_path / "plates").mkdir()
    for name in ("first.png", "second.png"):
        Image.fromarray(random_boards(1, 20, 40)[0]).save(tmp_path / "plates" / name)
    (tmp_path / "plates" / "truth.csv").write_text("image,text\nfirst.png,AB\nsecond.png,AB\n")
    return tmp_path / "plates"


@pytest.mark.parametrize(
    ("kind", "wrong", "sentence"),
    [
        ("onnx", {"character_ids": 1}, "It reads 'BC' instead of 'AB'."),
        ("litert", {"character_ids": 1}, "It reads 'BC' instead of 'AB'."),
        ("onnx", {"truncated": 1}, "It gives truncated = True instead of False."),
        ("onnx", {"scores": 0.01}, "A score is off by 0.01, and 0.0001 is allowed."),
        ("litert", {"confidence": float("nan")}, "A score is off by nan"),
        ("litert", {"boxes": 0.5}, "A box is off by 0.5 pixels, and 0.01 is allowed."),
    ],
)
def test_a_wrong_model_is_refused_and_leaves_no_file(
    kind: str, wrong: dict[str, float], sentence: str, plates: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = save_constant(tmp_path / "models" / "fused", **wrong)
    assert main(["export", "--to", kind, "--model", str(model), "--plates", str(plates)]) == 1
    said = capsys.readouterr().err
    assert f"{model}{SUFFIXES[kind]} is refused: {plates / 'first.png'} differs" in said and sentence in said
    assert [path.name for path in model.parent.iterdir()] == ["fused"]


def test_a_right_one_says_how_closely_it_agrees(
    plates: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = save_constant(tmp_path / "models" / "fused")
    arguments = ["--model", str(model), "--plates", str(plates), "--precision", "float16"]
    assert main(["export", "--to", "onnx", *arguments]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{model}.onnx: 0.0 MB. It reads 2 of 2 images as the SavedModel does")
    assert "Exact match: 1.0000, of the SavedModel 1.0000." in said


def test_what_reads_fewer_plates_right_is_refused(plates: Path, tmp_path: Path) -> None:
    model = save_constant(tmp_path / "fused", character_ids=1)
    with pytest.raises(PlatefuseError, match=r"reads 0\.0000 of the images right and the SavedModel 1\.0000; 0\.002"):
        export(model, "onnx", tmp_path / "fused.onnx", plates, "float16")
    assert not (tmp_path / "fused.onnx").exists()


def test_what_proves_nothing_is_refused(plates: Path, tmp_path: Path) -> None:
    model = save_constant(tmp_path / "fused")
    (plates / "truth.csv").unlink()
    with pytest.raises(PlatefuseError, match=r"truth\.csv is missing: float16 is judged by"):
        export(model, "onnx", tmp_path / "fused.onnx", plates, "float16")
    (plates / "second.png").write_bytes(b"no image")
    with pytest.raises(PlatefuseError, match=r"second\.png cannot be read"):
        export(model, "litert", tmp_path / "fused.tflite", plates)


def test_only_a_saved_model_is_exported(plates: Path, tmp_path: Path) -> None:
    with pytest.raises(PlatefuseError, match=r"fused\.tflite is exported already: expected the folder of a SavedModel"):
        export(tmp_path / "fused.tflite", "onnx", tmp_path / "fused.onnx", plates)


def test_what_is_not_installed_is_named(plates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tf2onnx", "onnxruntime", "ai_edge_litert", "ai_edge_litert.interpreter"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(PlatefuseError, match=r"needs tf2onnx and onnxruntime, .* pip install tf2onnx onnxruntime\.$"):
        export(tmp_path / "fused", "onnx", tmp_path / "fused.onnx", plates)
    for suffix, package in ((".onnx", "onnxruntime"), (".tflite", "ai-edge-litert")):
        (tmp_path / f"fused{suffix}").touch()
        with pytest.raises(PlatefuseError, match=rf"pip install {package}\.$"):
            Reader(tmp_path / f"fused{suffix}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_no_fused_model_is_named(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"fused{SUFFIXES[kind]}"
    with pytest.raises(PlatefuseError, match=rf"no fused model at .*`platefuse export --to {kind}` makes one"):
        Reader(path)
    path.write_bytes(b"garbage")
    with pytest.raises(PlatefuseError, match="is damaged"):
        Reader(path)


def test_a_changed_flatbuffer_is_refused_before_it_is_run(plates: Path, tmp_path: Path) -> None:
    out = tmp_path / "fused.tflite"
    export(save_constant(tmp_path / "fused"), "litert", out, plates)
    content = bytearray(out.read_bytes())
    content[200] ^= 1
    out.write_bytes(bytes(content))
    with pytest.raises(PlatefuseError, match=r"fused\.tflite is damaged: its checksum is not"):
        Reader(out)
