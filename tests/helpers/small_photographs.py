"""A small plate detector with random weights, in front of the small plate reader."""

import functools
from pathlib import Path

import numpy as np

from platefuse.fusion.graph import FusedModel, fuse
from platefuse.fusion.params import FuseParams
from platefuse.fusion.photographs.graph import FusedPhotographModel, fuse_photographs
from platefuse.fusion.photographs.params import PhotographFuseParams
from platefuse.fusion.photographs.trained import fuse_trained_photographs
from platefuse.inference.metadata import write_metadata
from platefuse.networks.classification.model import Classifier, save_classifier
from platefuse.networks.common.keras2 import keras
from platefuse.networks.detection.params import AnchorParams
from platefuse.networks.detection.retinanet import Detector, build_detector, save_detector
from tests.helpers.small_models import (
    ALPHABET,
    DETECTOR,
    FUSE,
    randomise,
    small_classifier,
    unsaturated_detector,
)

PLATES = DETECTOR.model_copy(
    update={
        "contrast": "local",
        "anchors": AnchorParams(levels=(3, 4, 5), sizes=(16, 28, 48), ratios=(0.35, 0.6), scales=(1.0,)),
    }
)
# Random networks are sure of nothing: only cold confidences are large enough to compare.
READER = FuseParams.model_validate(
    {
        **FUSE.model_dump(),
        "score_threshold": 0.5,
        "max_characters": 4,
        "classifier_objectness_weight": 0.0,
        "temperature": 0.2,
    }
)
PHOTOGRAPHS = PhotographFuseParams(
    reader="networks",
    max_plates=3,
    candidates=5,
    input_sizes=((96, 128),),
    score_threshold=0.6,
    nms_threshold=0.4,
    refined_size=(32, 64),
    refined_context=0.4,
    refinements=2,
    refined_threshold=0.45,
    plate_margin=0.12,
    min_confidence=0.04,
    min_characters=1,
    length_weight=0.0,
)


@functools.cache
def small_plate_detector() -> Detector:
    keras.utils.set_random_seed(11)
    model = randomise(build_detector(PLATES, 1), 12)
    for name, factor in (("classification", 0.15), ("regression", 0.2)):  # distinct scores, boxes near their anchors
        last = model.get_layer(f"{name}_submodel").get_layer(f"{name}_last")
        kernel, bias = last.get_weights()
        last.set_weights([factor * kernel, 0 * bias])
    return Detector(model, PLATES.anchors, "")


@functools.cache
def small_reader(params: FuseParams = READER) -> FusedModel:
    return fuse(
        Detector(unsaturated_detector(), DETECTOR.anchors, ""), Classifier(small_classifier(), ALPHABET), params
    )


@functools.cache
def small_photographs(params: PhotographFuseParams = PHOTOGRAPHS, reader: FuseParams = READER) -> FusedPhotographModel:
    return fuse_photographs(small_plate_detector(), small_reader(reader), params)


def save_small_photographs(folder: Path, params: PhotographFuseParams) -> None:
    """Write the three networks, the metadata of the plate reader, and `fused`, the model for photographs."""
    save_detector(folder / "plate_detector.h5", small_plate_detector())
    reader = folder / "reader"
    reader.mkdir()
    save_detector(reader / "detector.h5", Detector(unsaturated_detector(), DETECTOR.anchors, ""))
    save_classifier(reader / "classifier.h5", Classifier(small_classifier(), ALPHABET))
    write_metadata(reader, {"alphabet": ALPHABET, "input_size": [64, 96], **READER.model_dump(mode="json")})
    fuse_trained_photographs(folder, params.model_copy(update={"reader": str(reader)}), folder / "fused")


def random_scenes(count: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    """Noise with boards of stripes: uint8 RGB [count,height,width,3]."""
    rng = np.random.default_rng(seed)
    scenes = rng.integers(0, 90, (count, height, width, 3)).astype(np.uint8)
    for scene in scenes:
        for _ in range(4):
            y, x = rng.integers(-(-height * 3 // 4)), rng.integers(-(-width * 2 // 3))
            board = scene[y : y + height // 5, x : x + width // 3]
            board[:] = rng.integers(120, 256, 3)
            board[:, :: max(2, width // 24)] = rng.integers(0, 90, 3)
    return scenes
