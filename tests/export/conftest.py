"""A small fused model and the files that it is exported to, one for all tests of exports."""

from pathlib import Path

import pytest
from PIL import Image

from platefuse.export.export import KINDS, SUFFIXES, export
from platefuse.fusion.graph import fuse
from platefuse.fusion.params import FuseParams
from platefuse.fusion.saved_model import save_fused
from platefuse.inference.reader import Reader
from platefuse.networks.classification.model import Classifier
from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.resize import letterbox
from platefuse.networks.detection.retinanet import Detector
from tests.helpers.once import once
from tests.helpers.small_models import (
    ALPHABET,
    DETECTOR,
    FUSE,
    INPUT_SIZE,
    random_boards,
    small_classifier,
    unsaturated_detector,
)

# All that can be in a graph.
PARAMS = FuseParams.model_validate(
    {
        **FUSE.model_dump(),
        "max_characters": 4,
        "score_threshold": 0.75,  # some boards have more boxes above it, and some fewer
        "reading_order": "rows",
        "crop_margin": 0.1,
        "crop_shift": 0.05,
        "objectness_threshold": 0.01,
        "classifier_objectness_weight": 1.0,
        "min_height": 0.2,
        "polarity": "light_on_dark",
        "detector_class_weight": 0.5,
        "transition_cost": 0.5,
        "group_gap": 0.2,
        "formats": ["LL", "0L"],
        "format_tolerance": 3.0,
        "temperature": 1.5,
    }
)
SIZES = [INPUT_SIZE, INPUT_SIZE, (50, 70), (130, 90), (20, 300)]


def _make(folder: Path) -> None:
    fused = fuse(
        Detector(unsaturated_detector(len(ALPHABET)), DETECTOR.anchors, ALPHABET),
        Classifier(small_classifier(), ALPHABET),
        PARAMS,
    )
    save_fused(folder / "fused", fused, PARAMS.model_dump(mode="json"))
    (folder / "plates").mkdir()
    images = [random_boards(1, *size, seed=seed)[0] for seed, size in enumerate(SIZES)]
    outputs = [fused.network(letterbox(tf.constant(image[None]), INPUT_SIZE)) for image in images]
    assert {bool(contrast < -0.3) for *_, contrast in outputs} == {True, False}, "images read once, and twice"
    for index, image in enumerate(images):
        Image.fromarray(image).save(folder / "plates" / f"{index}.png")
    readings = Reader(folder / "fused").read_images(images)
    rows = [f"{index}.png,{reading.text}" for index, reading in enumerate(readings)]
    assert sum(len(reading.text) for reading in readings) > 5
    (folder / "plates" / "truth.csv").write_text("\n".join(["image,text", *rows]) + "\n")
    for kind in KINDS:
        parity = export(folder / "fused", kind, folder / f"fused{SUFFIXES[kind]}", folder / "plates")
        assert parity.same_text == parity.images == len(SIZES)


@pytest.fixture(scope="session")
def folder(shared: Path) -> Path:
    """`fused`, its exports `fused.onnx` and `fused.tflite`, and `plates`, whose truth.csv says what it reads."""
    return once(shared / "small-exported", _make)


@pytest.fixture(scope="session")
def exported(folder: Path) -> dict[str, Path]:
    """The exports by kind."""
    return {kind: folder / f"fused{SUFFIXES[kind]}" for kind in KINDS}
