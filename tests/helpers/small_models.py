"""A small detector and classifier with random weights: what must hold of fusion holds of any weights."""

import functools
from pathlib import Path

import numpy as np

from platefuse.fusion.graph import FusedModel, fuse
from platefuse.fusion.params import FuseParams
from platefuse.fusion.trained import fuse_trained
from platefuse.networks.classification.model import Classifier, build_classifier, save_classifier
from platefuse.networks.classification.params import AugmentationParams, ClassifierParams
from platefuse.networks.common.keras2 import keras
from platefuse.networks.detection.params import AnchorParams, DetectorParams
from platefuse.networks.detection.retinanet import Detector, build_detector, save_detector

INPUT_SIZE = (64, 96)
ALPHABET = "01234ABCDE"

DETECTOR = DetectorParams(
    seed=3,
    backbone="slim",
    contrast="as_given",
    weights="none",
    input_size=INPUT_SIZE,
    classes="agnostic",
    backbone_width=4,
    pyramid_width=8,
    head_width=8,
    head_depth=1,
    anchors=AnchorParams(levels=(3, 4, 5), sizes=(16, 24, 32), ratios=(1.0, 1.5), scales=(1.0,)),
    epochs=1,
    steps=2,
    batch_size=2,
    learning_rate=0.001,
    learning_rate_decay="none",
)

NO_AUGMENTATION = AugmentationParams(**dict.fromkeys(("shift", "zoom", "aspect", "rotation", "shear", "blur"), 0.0))

CLASSIFIER = ClassifierParams(
    seed=3,
    architecture="cnn",
    width=4,
    dropout=0.2,
    epochs=1,
    batch_size=16,
    learning_rate=0.002,
    learning_rate_decay="cosine",
    augmentation=NO_AUGMENTATION,
)

FUSE = FuseParams(
    max_characters=5,
    head="batched",
    score_threshold=0.0,
    nms_threshold=0.3,
    character_threshold=0.0,
    objectness_threshold=0.0,
    classifier_objectness_weight=1.0,
    min_height=0.0,
    polarity="as_given",
    crop_margin=0.0,
    crop_shift=0.0,
    round=False,
    reading_order="left_to_right",
    detector_class_weight=0.0,
    transition_cost=0.0,
    group_gap=0.0,
    formats=(),
    format_tolerance=0.0,
    temperature=1.0,
)
WITH_FORMATS = FUSE.model_copy(update={"formats": ("LL000", "000L", "000"), "format_tolerance": 5.0})


def randomise(model: keras.Model, seed: int) -> keras.Model:
    """Give every weight a random value of a size that makes outputs differ; variances stay positive."""
    rng = np.random.default_rng(seed)
    model.set_weights(
        [
            rng.uniform(0.5, 1.5, w.shape) if "variance" in v.name else w + rng.normal(0, 0.1, w.shape)
            for v, w in zip(model.weights, model.get_weights(), strict=True)
        ]
    )
    return model


@functools.cache
def small_detector(classes: int = 1) -> keras.Model:
    keras.utils.set_random_seed(3)
    return randomise(build_detector(DETECTOR, classes), 4)


@functools.cache
def unsaturated_detector(classes: int = 1) -> keras.Model:
    """With random weights many boxes score 1, and rounding decides which comes first: not so with smaller ones."""
    keras.utils.set_random_seed(7)
    detector = randomise(build_detector(DETECTOR, classes), 4)
    last = detector.get_layer("classification_submodel").get_layer("classification_last")
    last.set_weights([0.05 * weight for weight in last.get_weights()])
    return detector


def detector_of(params: FuseParams) -> keras.Model:
    """The one to fuse with: no threshold divides the boxes of the first, which nearly all score 1."""
    detector = unsaturated_detector if params.score_threshold else small_detector
    return detector(len(ALPHABET) if params.detector_class_weight else 1)


@functools.cache
def small_classifier(architecture: str = "cnn") -> keras.Model:
    keras.utils.set_random_seed(5)
    params = CLASSIFIER.model_copy(update={"architecture": architecture})
    return randomise(build_classifier(params, (28, 28), len(ALPHABET)), 6)


def small_fused(params: FuseParams) -> FusedModel:
    """Both fused; the detector names characters if it is asked for them."""
    names = ALPHABET if params.detector_class_weight else ""
    return fuse(
        Detector(detector_of(params), DETECTOR.anchors, names), Classifier(small_classifier(), ALPHABET), params
    )


def save_small_networks(folder: Path) -> None:
    """Write both networks as a pipeline does, and fused/, the SavedModel that `WITH_FORMATS` makes of them."""
    save_detector(folder / "detector.h5", Detector(small_detector(), DETECTOR.anchors, ""))
    save_classifier(folder / "classifier.h5", Classifier(small_classifier(), ALPHABET))
    fuse_trained(folder, WITH_FORMATS, folder / "fused")


def random_boards(count: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    """Noise with bright rectangles: uint8 RGB [count,height,width,3]."""
    rng = np.random.default_rng(seed)
    boards = rng.integers(0, 60, (count, height, width, 3)).astype(np.uint8)
    for board in boards:
        for _ in range(4):
            y, x = rng.integers(-(-height // 2)), rng.integers(-(-width // 2))
            board[y : y + height // 3, x : x + width // 5] = rng.integers(100, 256, 3)
    return boards
