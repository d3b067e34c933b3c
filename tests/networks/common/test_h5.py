"""Files of networks: whatever ours are made of is read back, and nothing in a file is run."""

import hashlib
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.networks.classification.model import Classifier, load_classifier, save_classifier
from platefuse.networks.common.keras2 import keras
from platefuse.networks.detection.anchors import anchor_boxes
from platefuse.networks.detection.retinanet import Detector, build_detector, load_detector, save_detector
from tests.helpers.small_models import ALPHABET, DETECTOR, INPUT_SIZE, small_classifier, small_detector

FIVE_LEVELS = {"levels": [3, 4, 5, 6, 7], "sizes": [16, 24, 32, 48, 64]}


@pytest.mark.parametrize("backbone", ["resnet50", "vgg16", "mobilenet"])
def test_detectors_of_every_backbone_have_the_same_outputs_and_are_read_back(tmp_path: Path, backbone: str) -> None:
    anchors = DETECTOR.anchors.model_dump() | FIVE_LEVELS
    params = type(DETECTOR).model_validate(DETECTOR.model_dump() | {"backbone": backbone, "anchors": anchors})
    detector = build_detector(params, len(ALPHABET))
    boxes = len(anchor_boxes(params.anchors, INPUT_SIZE))
    assert detector.output_shape == [(None, boxes, 4), (None, boxes, len(ALPHABET))]
    assert {f"P{level}" for level in params.anchors.levels} <= {layer.name for layer in detector.layers}
    save_detector(tmp_path / "detector.h5", Detector(detector, params.anchors, ALPHABET))
    loaded = load_detector(tmp_path / "detector.h5")
    read, anchors, alphabet = loaded.model, loaded.anchors, loaded.alphabet
    assert (anchors, alphabet) == (params.anchors, ALPHABET)
    assert [layer.name for layer in read.layers] == [layer.name for layer in detector.layers]
    assert all(map(np.array_equal, read.get_weights(), detector.get_weights()))


@pytest.mark.parametrize("architecture", ["dense", "cnn", "slim"])
def test_classifiers_of_every_kind_are_read_back(tmp_path: Path, architecture: str) -> None:
    save_classifier(tmp_path / "classifier.h5", Classifier(small_classifier(architecture), ALPHABET))
    read = load_classifier(tmp_path / "classifier.h5").model
    assert all(map(np.array_equal, read.get_weights(), small_classifier(architecture).get_weights()))


def _with_layer(folder: Path, layer: keras.layers.Layer, **changes: Any) -> Path:
    """Write a classifier that ends in a layer, and change what its file says of that layer; its checksum is right."""
    classifier = small_classifier()
    path = folder / "classifier.h5"
    save_classifier(path, Classifier(keras.Model(classifier.inputs, layer(classifier.output)), ALPHABET))
    path.write_bytes(path.read_bytes()[:-32])
    with h5py.File(path, "a") as file:
        content = json.loads(file.attrs["model_config"])
        content["config"]["layers"][-1].update(changes)
        file.attrs["model_config"] = json.dumps(content)
    path.write_bytes(path.read_bytes() + hashlib.sha256(path.read_bytes()).digest())
    return path


def test_python_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    code = f"lambda scores: __import__('pathlib').Path({str(ran)!r}).touch() or scores"
    path = _with_layer(tmp_path, keras.layers.Lambda(eval(code)))
    ran.unlink()
    with pytest.raises(PlatefuseError, match=r"cannot be read as a classifier \(it uses 'Lambda' of Keras, which"):
        load_classifier(path)
    assert not ran.exists()
    keras.models.load_model(path, compile=False)
    assert ran.exists(), "Keras alone would have run it"


def test_a_function_of_tensorflow_in_a_file_is_not_called(tmp_path: Path) -> None:
    import tensorflow as tf

    path = _with_layer(tmp_path, tf.math.square)
    with pytest.raises(PlatefuseError, match=r"it uses 'TFOpLambda' of Keras"):
        load_classifier(path)


@pytest.mark.parametrize(
    "initializer",
    [
        {"class_name": "Lambda", "module": "keras.layers", "registered_name": None, "config": {}},
        {"class_name": "Zeros", "module": "antigravity", "registered_name": None, "config": {}},
    ],
    ids=lambda initializer: initializer["module"],
)
def test_no_module_that_a_file_names_is_imported(tmp_path: Path, initializer: dict) -> None:
    layer = {"units": len(ALPHABET), "kernel_initializer": initializer}
    path = _with_layer(tmp_path, keras.layers.Dense(len(ALPHABET)), config=layer)
    with pytest.raises(PlatefuseError, match=f"it uses '{initializer['class_name']}' of {initializer['module']}"):
        load_classifier(path)


@pytest.mark.parametrize("place", [0, 100, -1000, -1])
def test_a_file_that_was_changed_is_refused_before_it_is_parsed(tmp_path: Path, place: int) -> None:
    path = tmp_path / "classifier.h5"
    save_classifier(path, Classifier(small_classifier(), ALPHABET))
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    for damaged in (bytes(content), content[:-100], b""):
        path.write_bytes(damaged)
        with pytest.raises(PlatefuseError, match="its checksum is wrong"):
            load_classifier(path)


def test_networks_of_another_kind_are_refused(tmp_path: Path) -> None:
    save_detector(tmp_path / "detector.h5", Detector(small_detector(), DETECTOR.anchors, ""))
    with pytest.raises(PlatefuseError, match="it uses 'UpsampleLike'"):
        load_classifier(tmp_path / "detector.h5")
    save_detector(tmp_path / "detector.h5", Detector(small_detector(), DETECTOR.anchors, "AB"))
    with pytest.raises(PlatefuseError, match=r"outputs are not those of \d+ anchors and 2 classes"):
        load_detector(tmp_path / "detector.h5")
    save_classifier(tmp_path / "classifier.h5", Classifier(small_classifier(), ALPHABET[1:]))
    with pytest.raises(PlatefuseError, match=f"it does not name the {len(ALPHABET) - 1} characters '{ALPHABET[1:]}'"):
        load_classifier(tmp_path / "classifier.h5")
