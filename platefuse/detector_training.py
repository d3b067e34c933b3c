"""Trains the detector on a plate set and measures it on another."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from platefuse.dataset import Plate, read_image, read_plate_set
from platefuse.detection_scoring import average_precision
from platefuse.detector import (
    POSITIVE_OVERLAP,
    AnchorParams,
    DetectorParams,
    anchor_coverage,
    anchor_targets,
    build_detector,
    prediction_model,
    save_detector,
    training_losses,
)
from platefuse.errors import PlatefuseError
from platefuse.files import write_json
from platefuse.history import write_curves
from platefuse.keras2 import keras, learning_rate, make_deterministic, tf
from platefuse.resampling import canvas_scale, scale_to_canvas

_LEAST_COVERAGE = 0.99
# Average precision ranks every box a model proposes, so the doubtful ones are kept, as keras-retinanet's
# own evaluation does.
_SCORE_THRESHOLD, _NMS_THRESHOLD, _MAX_DETECTIONS = 0.05, 0.5, 100


@dataclass(frozen=True)
class Canvases:
    """Plates as the detector sees them.

    Attributes:
        images: uint8 RGB [n,h,w,3], scaled to the canvas.
        boxes: n arrays float32 [k,4], x1,y1,x2,y2 in pixels of the canvas.
        labels: n arrays int64 [k], the class of each box.
    """

    images: np.ndarray
    boxes: list[np.ndarray]
    labels: list[np.ndarray]


def train_detector(params: DetectorParams, train: Path, val: Path, model: Path, metrics: Path, curves: Path) -> None:
    """Train on the plate set `train`, measure on `val`, and write the model, its metrics and learning curves.

    Raises:
        PlatefuseError: if a plate set or an image breaks the contract, or ImageNet's weights cannot be had.
    """
    make_deterministic(params.seed)
    plates, val_plates = read_plate_set(train), read_plate_set(val)
    for folder, part in ((train, plates), (val, val_plates)):
        if not part:
            raise PlatefuseError(f"{folder} has no plates: truth.csv names none.")
    classes = _classes(params, plates + val_plates)
    anchors = params.anchors.boxes(params.canvas)
    training, validation = (_canvases(part, params.canvas, classes) for part in (plates, val_plates))
    _warn_of_uncovered(anchor_coverage(anchors, np.concatenate(training.boxes)), params.anchors)

    count = max(classes.values()) + 1
    detector = build_detector(params, count)
    rate = learning_rate(params.learning_rate, params.learning_rate_decay, params.epochs * params.steps)
    detector.compile(keras.optimizers.Adam(rate), loss=training_losses())
    history = detector.fit(
        _batches(training, anchors, count, params).repeat(),
        epochs=params.epochs,
        steps_per_epoch=params.steps,
        validation_data=_batches(validation, anchors, count, params),
        verbose="auto" if sys.stdout.isatty() else 2,
    )
    save_detector(model, detector, params.anchors)
    write_json(metrics, measure_detector(detector, params.anchors, validation))
    write_curves(curves, history.history)


def measure_detector(detector: keras.Model, anchors: AnchorParams, plates: Canvases) -> dict[str, float]:
    """Score a detector on plates: the keys and values of metrics/detector.json."""
    predictor = prediction_model(detector, anchors, _SCORE_THRESHOLD, _NMS_THRESHOLD, _MAX_DETECTIONS)
    boxes, scores = predictor.predict(plates.images, batch_size=16, verbose=0)
    kept = [row > 0 for row in scores]
    result = average_precision(
        plates.boxes,
        [b[keep] for b, keep in zip(boxes, kept, strict=True)],
        [s[keep] for s, keep in zip(scores, kept, strict=True)],
    )
    canvas = detector.input_shape[1:3]
    return {
        "average_precision_50": result.average_precision_50,
        "average_precision_50_95": result.average_precision_50_95,
        "anchor_coverage": anchor_coverage(anchors.boxes(canvas), np.concatenate(plates.boxes)),
    }


def _classes(params: DetectorParams, plates: list[Plate]) -> dict[str, int]:
    alphabet = sorted(set("".join(plate.characters for plate in plates))) or [""]
    return {c: 0 if params.classes == "agnostic" else i for i, c in enumerate(alphabet)}


def _canvases(plates: list[Plate], canvas: tuple[int, int], classes: dict[str, int]) -> Canvases:
    scaled = tf.function(
        lambda image: tf.cast(tf.round(scale_to_canvas(image[None], canvas)[0]), tf.uint8),
        input_signature=[tf.TensorSpec([None, None, 3], tf.uint8)],
    )
    images = np.empty((len(plates), *canvas, 3), np.uint8)
    boxes, labels = [], []
    for i, plate in enumerate(plates):
        image = read_image(plate.path)
        images[i] = scaled(image)
        scale = canvas_scale(image.shape[0], image.shape[1], canvas)
        boxes.append(plate.boxes.astype(np.float32) * float(scale))
        labels.append(np.array([classes[c] for c in plate.characters], np.int64))
    return Canvases(images, boxes, labels)


def _warn_of_uncovered(coverage: float, anchors: AnchorParams) -> None:
    if coverage < _LEAST_COVERAGE:
        print(
            f"WARNING: anchor coverage is {coverage:.1%} of the training boxes, below {_LEAST_COVERAGE:.0%}: the rest "
            f"overlap no anchor by {POSITIVE_OVERLAP} and teach the detector nothing. Choose detector.anchors.sizes "
            f"(now {list(anchors.sizes)}), ratios ({list(anchors.ratios)}) and scales ({list(anchors.scales)}) "
            "nearer to the boxes.",
            file=sys.stderr,
        )


def _batches(plates: Canvases, anchors: np.ndarray, classes: int, params: DetectorParams) -> tf.data.Dataset:
    """One pass over the plates, in another random order each time, with what the model should say of them."""

    def sample(index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        targets = anchor_targets(anchors, params.canvas, plates.boxes[index], plates.labels[index], classes)
        return plates.images[index].astype(np.float32), *targets

    def load(index: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        image, regression, classification = tf.numpy_function(sample, [index], [tf.float32] * 3)
        image.set_shape((*params.canvas, 3))
        regression.set_shape((len(anchors), 5))
        classification.set_shape((len(anchors), classes + 1))
        return image, {"regression": regression, "classification": classification}

    order = tf.data.Dataset.range(len(plates.images)).shuffle(len(plates.images), seed=params.seed)
    return order.map(load).batch(params.batch_size).prefetch(tf.data.AUTOTUNE)
