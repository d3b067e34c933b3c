"""Exported models for photographs against the SavedModel they were made of."""

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.export import litert
from platefuse.export import onnx as onnx_export
from platefuse.fusion.photographs.trained import changed_params
from platefuse.inference.metadata import read_metadata
from platefuse.networks.common.keras2 import tf
from tests.export.test_runtimes_agree import JUDGED
from tests.helpers.malformed_images import black
from tests.helpers.once import once
from tests.helpers.small_models import ALPHABET
from tests.helpers.small_photographs import PHOTOGRAPHS, READER, random_scenes, save_small_photographs

# tf2onnx takes twice as long for twice as many candidates.
PARAMS = PHOTOGRAPHS.model_copy(update={"candidates": 3, "max_plates": 2})


def _make(folder: Path) -> None:
    save_small_photographs(folder, PARAMS)
    for converter, suffix in ((onnx_export, ".onnx"), (litert, ".tflite")):
        converter.convert(folder / "fused", folder / f"fused{suffix}", read_metadata(folder / "fused"), "float32")


@pytest.fixture(scope="session")
def folder(shared: Path) -> Path:
    return once(shared / "small-photographs", _make)


@pytest.fixture(scope="module")
def saved(folder: Path) -> tf.Module:
    return tf.saved_model.load(folder / "fused")


@pytest.fixture(scope="module")
def onnx_session(folder: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(folder / "fused.onnx")


@pytest.fixture(scope="module")
def interpreter(folder: Path) -> Interpreter:
    return Interpreter(str(folder / "fused.tflite"))


SCENES = {
    "as large as the input": random_scenes(1, 96, 128),
    "several": random_scenes(3, 150, 330),
    "larger": random_scenes(1, 700, 900),
    "one pixel": random_scenes(2, 1, 1),
    "wide": random_scenes(1, 4, 2000),
    "high": random_scenes(1, 2000, 4),
    "black": np.zeros((2, 300, 200, 3), np.uint8),
    "white": np.full((1, 300, 200, 3), 255, np.uint8),
}


@pytest.mark.parametrize("name", SCENES)
def test_every_runtime_finds_and_reads_the_same(
    name: str, saved: tf.Module, onnx_session: onnxruntime.InferenceSession, interpreter: Interpreter
) -> None:
    photographs = SCENES[name]
    expected = saved.signatures["numeric"](images=tf.constant(photographs))
    names = [output.name for output in onnx_session.get_outputs()]
    found = (
        dict(zip(names, onnx_session.run(names, {"images": photographs}), strict=True)),
        interpreter.get_signature_runner("numeric")(images=photographs),
    )
    for outputs in found:
        assert outputs.keys() == expected.keys()
        for key, value in expected.items():
            assert (outputs[key].shape, outputs[key].dtype) == (value.shape, value.numpy().dtype), key
            tolerance = 1e-2 if key.endswith("boxes") else 1e-4
            np.testing.assert_allclose(outputs[key], value, rtol=0, atol=tolerance, err_msg=key)
    if photographs.size > 20_000 and name not in ("black", "white", "wide", "high"):
        assert expected["plate_count"].numpy().min() > 0


def encoded(photograph: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(photograph).save(stream, "PNG")
    return stream.getvalue()


def test_signatures_are_those_of_the_contract(saved: tf.Module) -> None:
    shapes = {
        "plate_count": ([None], tf.int32),
        "confidences": ([None, 2], tf.float32),
        "plate_boxes": ([None, 2, 4], tf.float32),
        "plate_scores": ([None, 2], tf.float32),
        "counts": ([None, 2], tf.int32),
        "truncated": ([None, 2], tf.bool),
        "boxes": ([None, 2, 4, 4], tf.float32),
        "scores": ([None, 2, 4], tf.float32),
        "character_ids": ([None, 2, 4], tf.int32),
        "character_scores": ([None, 2, 4], tf.float32),
    }
    with_texts = {"texts": ([None, 2], tf.string), **shapes}
    for name, outputs in (("serving_default", with_texts), ("encoded", with_texts), ("numeric", shapes)):
        found = saved.signatures[name].structured_outputs
        assert {key: (spec.shape.as_list(), spec.dtype) for key, spec in found.items()} == outputs, name


def test_a_photograph_is_read_alike_alone_in_a_batch_and_from_a_file(saved: tf.Module) -> None:
    photographs = SCENES["several"]
    together = saved.signatures["serving_default"](images=tf.constant(photographs))
    contents = [encoded(photograph) for photograph in photographs]
    files = saved.signatures["encoded"](encoded=tf.constant([*contents, encoded(SCENES["larger"][0])]))
    texts = [["".join(ALPHABET[i] for i in plate if i >= 0) for plate in row] for row in together["character_ids"]]
    assert [[text.decode() for text in row] for row in together["texts"].numpy()] == texts
    assert files["texts"].shape == [4, 2]
    for index, photograph in enumerate(photographs):
        alone = saved.signatures["serving_default"](images=tf.constant(photograph[None]))
        for name, value in together.items():
            for other in (alone[name][0], files[name][index]):
                if value.dtype == tf.float32:
                    np.testing.assert_allclose(value[index], other, rtol=0, atol=1e-3, err_msg=name)
                else:
                    np.testing.assert_array_equal(value[index], other, err_msg=name)


def test_none_at_all_gives_none(saved: tf.Module) -> None:
    assert saved.signatures["encoded"](encoded=tf.zeros([0], tf.string))["texts"].shape == [0, 2]
    none = saved.signatures["serving_default"](images=tf.zeros([0, 50, 60, 3], tf.uint8))
    assert none["texts"].shape == none["counts"].shape == [0, 2]


def test_files_that_cannot_be_decoded_are_named(saved: tf.Module) -> None:
    good = encoded(SCENES["as large as the input"][0])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"at index\] \[1 3\]"):
        saved.signatures["encoded"](encoded=tf.constant([good, b"text", good, black(8192, 4097)]))


def test_metadata_tells_what_the_numbers_mean(folder: Path) -> None:
    own = PARAMS.model_dump(mode="json") | {"reader": READER.model_dump(mode="json")}
    assert read_metadata(folder / "fused") == {"reads": "photographs", "alphabet": ALPHABET, **own}


def test_parameters_are_changed_by_name(folder: Path) -> None:
    changes = {"reader": str(folder / "reader"), "plate_margin": 0.2, "score_threshold": 0.7, "formats": ["LL"]}
    params, reader = changed_params(folder, {**changes, "reader.score_threshold": 0.3, "reader.nms_threshold": 0.5})
    expected = {"reader": str(folder / "reader"), "plate_margin": 0.2, "score_threshold": 0.7}
    assert params == PARAMS.model_copy(update=expected)
    assert reader == READER.model_copy(update={"formats": ("LL",), "score_threshold": 0.3, "nms_threshold": 0.5})
    assert changed_params(folder, {})[1] == READER
    for wrong, sentence in (
        ({"candidates": 0}, r"fuse\.candidates = 0"),
        ({"formats": ["xx"]}, r"fuse\.reader\.formats"),
        ({"reader.heads": 1}, r"fuse\.reader\.heads = 1: there is no parameter of that name \(did you mean head\?\)"),
        ({"margin": 1}, r"fuse\.margin = 1: there is no parameter of that name"),
    ):
        with pytest.raises(PlatefuseError, match=sentence):
            changed_params(folder, wrong)


def constants(graph: onnx.GraphProto) -> Iterator[np.ndarray]:
    """Those of a graph and its branches."""
    yield from map(onnx.numpy_helper.to_array, graph.initializer)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from constants(attribute.g)


def test_onnx_stores_each_weight_once_and_no_black_images(folder: Path) -> None:
    large = [array for array in constants(onnx.load(folder / "fused.onnx").graph) if array.size >= 256]
    assert len(large) > 10, "the weights of three networks"
    contents = Counter((array.dtype, array.tobytes()) for array in large)
    assert [count for count in contents.values() if count > 1] == []
    assert [array.shape for array in large if (array == array.flat[0]).all()] == []


def test_built_in_operations_only(folder: Path, interpreter: Interpreter) -> None:
    operations = {operation["op_name"] for operation in interpreter._get_ops_details()}
    assert operations and not [name for name in operations if name.startswith("Flex") or name == "CUSTOM"]

    def operators(graph: onnx.GraphProto) -> Counter[str]:
        inner = [attribute.g for node in graph.node for attribute in node.attribute if attribute.HasField("g")]
        return sum(map(operators, inner), Counter(node.op_type for node in graph.node))

    assert operators(onnx.load(folder / "fused.onnx").graph).keys() <= JUDGED
