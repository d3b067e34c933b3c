"""The SavedModel: its signatures, its bytes, and that it needs TensorFlow alone."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from platefuse.inference.metadata import read_metadata
from platefuse.networks.common.keras2 import tf
from tests.helpers.malformed_images import black
from tests.helpers.small_models import ALPHABET, INPUT_SIZE, random_boards


@pytest.fixture(scope="module")
def saved(networks: Path) -> Path:
    return networks / "fused"


@pytest.fixture(scope="module")
def loaded(saved: Path) -> tf.Module:
    return tf.saved_model.load(saved)


def encoded(image: np.ndarray, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, kind)
    return stream.getvalue()


def test_signatures_are_those_of_the_contract(loaded: tf.Module) -> None:
    shapes = {
        "confidence": ([None], tf.float32),
        "count": ([None], tf.int32),
        "truncated": ([None], tf.bool),
        "boxes": ([None, 5, 4], tf.float32),
        "scores": ([None, 5], tf.float32),
        "character_ids": ([None, 5], tf.int32),
        "character_scores": ([None, 5], tf.float32),
    }
    with_text = {"text": ([None], tf.string), **shapes}
    for name, outputs in (("serving_default", with_text), ("encoded", with_text), ("numeric", shapes)):
        found = loaded.signatures[name].structured_outputs
        assert {key: (spec.shape.as_list(), spec.dtype) for key, spec in found.items()} == outputs, name


def test_signatures_agree(loaded: tf.Module) -> None:
    images = random_boards(3, 50, 80)
    default = loaded.signatures["serving_default"](images=tf.constant(images))
    numeric = loaded.signatures["numeric"](images=tf.constant(images))
    decoded = loaded.signatures["encoded"](encoded=tf.constant([encoded(image) for image in images]))
    assert default["count"].numpy().any()
    for name, value in numeric.items():
        np.testing.assert_array_equal(value, default[name], name)
        np.testing.assert_allclose(value, decoded[name], atol=1e-3, err_msg=name)
    texts = ["".join(ALPHABET[i] for i in row if i >= 0) for row in numeric["character_ids"].numpy()]
    assert [text.decode() for text in default["text"].numpy()] == texts
    assert default["text"].numpy().tolist() == decoded["text"].numpy().tolist()


def test_encoded_takes_images_of_different_sizes_and_kinds(loaded: tf.Module) -> None:
    images = [random_boards(1, *size)[0] for size in (INPUT_SIZE, (1, 1), (200, 90))]
    gray = np.asarray(Image.fromarray(images[0]).convert("L"))
    contents = [encoded(images[0]), encoded(images[1]), encoded(images[2], "JPEG"), encoded(gray)]
    outputs = loaded.signatures["encoded"](encoded=tf.constant(contents))
    alone = loaded.signatures["serving_default"](images=tf.constant(images[0][None]))
    assert outputs["text"].shape == [4]
    np.testing.assert_allclose(outputs["boxes"][0], alone["boxes"][0], atol=1e-3)


def test_encoded_takes_none(loaded: tf.Module) -> None:
    assert loaded.signatures["encoded"](encoded=tf.zeros([0], tf.string))["text"].shape == [0]


def test_encoded_names_the_index_of_what_it_cannot_decode(loaded: tf.Module) -> None:
    good = encoded(random_boards(1, 20, 30)[0])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"at index\] \[1 3\]"):
        loaded.signatures["encoded"](encoded=tf.constant([good, b"text", good, good[:60]]))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"at index\] \[0\]"):
        loaded.signatures["encoded"](encoded=tf.constant([b""]))


def test_encoded_keeps_the_order_of_large_and_small_images(loaded: tf.Module) -> None:
    images = [random_boards(1, *size, seed)[0] for seed, size in enumerate([(1100, 2000), (64, 96), (2000, 1100)])]
    contents = [encoded(image) for image in images]
    together = loaded.signatures["encoded"](encoded=tf.constant([*contents, contents[0]]))
    for index, image in enumerate([*images, images[0]]):
        alone = loaded.signatures["serving_default"](images=tf.constant(image[None]))
        assert together["count"][index] == alone["count"][0] > 0
        np.testing.assert_allclose(together["boxes"][index], alone["boxes"][0], atol=0.01)


_REFUSED = {
    "30000 x 30000": black(30000, 30000, rows=100),
    "a row too many": black(8192, 4097),
    "one row": black(2**25, 1),
    "2147483647 wide": black(9, 9)[:16] + b"\x7f\xff\xff\xff" * 2 + black(9, 9)[24:],
    "4294967295 wide": black(9, 9)[:16] + b"\xff" * 8 + black(9, 9)[24:],
    "no width": black(9, 9)[:16] + bytes(4) + black(9, 9)[20:],
    "a long JPEG": encoded(np.zeros((8, 40000), np.uint8), "JPEG"),
    "GIF": encoded(np.zeros((9, 9), np.uint8), "GIF"),
    "BMP": encoded(np.zeros((9, 9), np.uint8), "BMP"),
    "the start of a PNG": black(9, 9)[:18],
    "the start of a JPEG": encoded(np.zeros((9, 9), np.uint8), "JPEG")[:30],
}


@pytest.mark.parametrize("name", _REFUSED)
def test_encoded_refuses_what_is_too_large_or_of_another_kind(loaded: tf.Module, name: str) -> None:
    good = encoded(random_boards(1, 20, 30)[0])
    expected = r"of at most 33554432 pixels and 32768 a side, at index\] \[1\]"
    with pytest.raises(tf.errors.InvalidArgumentError, match=expected):
        loaded.signatures["encoded"](encoded=tf.constant([good, _REFUSED[name], good]))


def test_numeric_has_no_string_operation(loaded: tf.Module) -> None:
    graph = loaded.signatures["numeric"].graph
    functions = graph.as_graph_def().library.function
    nodes = [*graph.as_graph_def().node, *(node for function in functions for node in function.node_def)]
    own = {node.op for node in nodes if "String" in node.op}
    texts = [op for op in graph.get_operations() for output in op.outputs if output.dtype == tf.string]
    assert not own
    assert not texts


def test_metadata_tells_what_the_numbers_mean(saved: Path) -> None:
    metadata = read_metadata(saved)
    assert (metadata["alphabet"], metadata["max_characters"], metadata["input_size"]) == (ALPHABET, 5, list(INPUT_SIZE))
    assert metadata["formats"] == ["LL000", "000L", "000"]


_SERVE = """
import sys
for name in ("platefuse", "keras_retinanet", "tf_keras", "keras_resnet"):
    sys.modules[name] = None  # importing it fails
import tensorflow as tf
encoded = tf.saved_model.load(sys.argv[1]).signatures["encoded"]
def kilobytes():
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
for name in sys.argv[2:]:
    before = kilobytes()
    try:
        said = encoded(encoded=tf.constant([open(name, "rb").read()] * 3))["count"].numpy().tolist()
    except tf.errors.InvalidArgumentError:
        said = "refused"
    print(said, kilobytes() - before, sep=":")
"""


def test_serving_needs_tensorflow_alone_and_a_small_file_does_not_take_gigabytes(
    saved: Path, loaded: tf.Module, tmp_path: Path
) -> None:
    image = random_boards(1, *INPUT_SIZE)[0]
    files = {
        "plate.png": encoded(image),
        "claimed.png": black(30000, 30000, rows=100),
        "largest.png": black(8192, 4096),
    }
    for name, content in files.items():
        assert len(content) < 100_000
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-c", _SERVE, str(saved), *files]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    read, claimed, largest = (line.split(":") for line in ended.stdout.splitlines())
    count = int(loaded.signatures["serving_default"](images=tf.constant(image[None]))["count"][0])
    assert read[0] == str([count] * 3)
    assert claimed[0] == "refused"
    assert int(claimed[1]) < 50_000
    assert largest[0] != "refused"
    assert int(largest[1]) < 700_000  # three of them in the room of one
