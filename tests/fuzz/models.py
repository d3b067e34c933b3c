"""Readers of models: of the two networks, of the fused model's metadata and files, and what it decodes itself."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.fuzz.data import Prepared, images


def detector(folder: Path) -> Prepared:
    """detector.h5."""
    from platefuse.networks.detection.retinanet import Detector, load_detector, save_detector
    from tests.helpers.small_models import DETECTOR, small_detector

    save_detector(folder / "detector.h5", Detector(small_detector(), DETECTOR.anchors, ""))
    return _reads(folder / "detector.h5", load_detector)


def classifier(folder: Path) -> Prepared:
    """classifier.h5."""
    from platefuse.networks.classification.model import Classifier, load_classifier, save_classifier
    from tests.helpers.small_models import ALPHABET, small_classifier

    save_classifier(folder / "classifier.h5", Classifier(small_classifier("dense"), ALPHABET))
    return _reads(folder / "classifier.h5", load_classifier)


def _reads(path: Path, load: Callable[[Path], object]) -> Prepared:
    from platefuse.networks.common.keras2 import keras

    def read(content: bytes) -> None:
        path.write_bytes(content)
        keras.backend.clear_session()
        load(path)

    return read, [path.read_bytes()]


def _fused(folder: Path) -> Path:
    """Write a small fused model as a SavedModel; its scores have no ties, which an exported one may break otherwise."""
    from platefuse.fusion.graph import fuse
    from platefuse.fusion.saved_model import save_fused
    from platefuse.networks.classification.model import Classifier
    from platefuse.networks.detection.retinanet import Detector
    from tests.helpers.small_models import ALPHABET, DETECTOR, FUSE, small_classifier, unsaturated_detector

    detector = Detector(unsaturated_detector(), DETECTOR.anchors, "")
    fused = fuse(detector, Classifier(small_classifier(), ALPHABET), FUSE)
    save_fused(folder / "fused", fused, {})
    return folder / "fused"


def _reads_images(model: Path, changed: Path, plate: np.ndarray) -> Prepared:
    """Read a plate with a model one of whose files is changed."""
    from platefuse.inference.reader import Reader

    def read(content: bytes) -> None:
        changed.write_bytes(content)
        (reading,) = Reader(model).read_images([plate])
        assert len(reading.text) == len(reading.characters)

    return read, [changed.read_bytes()]


def metadata(folder: Path) -> Prepared:
    """platefuse.json of a SavedModel."""
    from tests.helpers.reader import digits, save_rule_reader

    model = save_rule_reader(folder / "fused")
    return _reads_images(model, model / "platefuse.json", digits("1907"))


def encoded(folder: Path) -> Prepared:
    """Images as the signature `encoded` decodes them.

    A call may fail with TensorFlow's own error, since the model is served without our code.
    """
    from platefuse.networks.common.keras2 import tf

    loaded = tf.saved_model.load(str(_fused(folder)))

    def read(content: bytes) -> None:
        with contextlib.suppress(tf.errors.InvalidArgumentError):
            loaded.signatures["encoded"](encoded=tf.constant([content]))

    return read, images()


def onnx(folder: Path) -> Prepared:
    """An .onnx file."""
    return _exported(folder, "onnx")


def litert(folder: Path) -> Prepared:
    """A .tflite file."""
    return _exported(folder, "litert")


def _exported(folder: Path, kind: Any) -> Prepared:
    from platefuse.export.export import SUFFIXES, export

    plate = np.random.default_rng(0).integers(256, size=(64, 96, 3), dtype=np.uint8)
    (folder / "plates").mkdir()
    Image.fromarray(plate).save(folder / "plates" / "a.png")
    exported = folder / f"fused{SUFFIXES[kind]}"
    export(_fused(folder), kind, exported, folder / "plates")
    return _reads_images(exported, exported, plate)
