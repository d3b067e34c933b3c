"""Exported models for photographs against the SavedModel they were made of."""

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from ai_edge_litert.interpreter import Interpreter

from platefuse.export import litert
from platefuse.export import onnx as onnx_export
from platefuse.fusion.photographs.saved_model import save_photographs
from platefuse.inference.metadata import read_metadata
from platefuse.networks.common.keras2 import tf
from tests.export.test_runtimes_agree import JUDGED
from tests.helpers.once import once
from tests.helpers.small_photographs import PHOTOGRAPHS, READER, random_scenes, small_photographs

# tf2onnx takes twice as long for twice as many candidates.
PARAMS = PHOTOGRAPHS.model_copy(update={"candidates": 3, "max_plates": 2})


def _make(folder: Path) -> None:
    save_photographs(folder / "fused", small_photographs(PARAMS), PARAMS, READER.model_dump(mode="json"))
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


def test_built_in_operations_only(folder: Path, interpreter: Interpreter) -> None:
    operations = {operation["op_name"] for operation in interpreter._get_ops_details()}
    assert operations and not [name for name in operations if name.startswith("Flex") or name == "CUSTOM"]

    def operators(graph: onnx.GraphProto) -> Counter[str]:
        inner = [attribute.g for node in graph.node for attribute in node.attribute if attribute.HasField("g")]
        return sum(map(operators, inner), Counter(node.op_type for node in graph.node))

    assert operators(onnx.load(folder / "fused.onnx").graph).keys() <= JUDGED
