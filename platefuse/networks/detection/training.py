"""Training of a detector on one set, and validation on another."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.data.photograph_set import AnnotatedPhotograph, read_photograph_set
from platefuse.data.plate_set import ANNOTATIONS, CLASSES, AnnotatedPlate, read_classes, read_plate_set
from platefuse.metrics.boxes import average_precision
from platefuse.networks.common import resume
from platefuse.networks.common.keras2 import keras, learning_rate, make_deterministic, tf
from platefuse.networks.common.resume import write_curves
from platefuse.networks.detection.anchors import anchor_boxes, anchor_coverage, anchor_targets
from platefuse.networks.detection.augmentation import colour_jitter
from platefuse.networks.detection.letterboxed import LetterboxedSet, load_letterboxed
from platefuse.networks.detection.losses import training_losses
from platefuse.networks.detection.params import AnchorParams, DetectorParams, PlateDetectorParams
from platefuse.networks.detection.retinanet import Detector, build_detector, prediction_model, save_detector
from platefuse.runner.atomic import write_json

_MIN_COVERAGE = 0.99
# Average precision ranks all boxes, so low scores are kept, as in keras-retinanet's own evaluation.
_SCORE_THRESHOLD, _NMS_THRESHOLD, _MAX_DETECTIONS = 0.05, 0.5, 100


def train_detector(
    params: DetectorParams, train: Path, val: Path, model: Path, metrics: Path, curves: Path, checkpoint_dir: Path
) -> None:
    """Train on one plate set, validate on another, resume after an interruption.

    An epoch is `params.steps` batches, whatever the number of plates; passes over the plates continue across epochs.

    Args:
        params: section `detector`.
        train, val: folders of the two plate sets.
        model, metrics, curves: output files, .h5, .json and .csv.
        checkpoint_dir: the stage's checkpoints; training resumes after the last finished epoch.

    Raises:
        PlatefuseError: if a plate set or an image is invalid, or the ImageNet weights cannot be downloaded.
    """
    make_deterministic(params.seed)
    alphabet = "".join(read_classes(train / CLASSES)) if params.classes == "character" else ""
    plates, val_plates = (_read(folder, alphabet, train) for folder in (train, val))
    training = load_letterboxed(plates, params.input_size, alphabet, "train plates")
    validation = load_letterboxed(val_plates, params.input_size, alphabet, "val plates")
    losses = training_losses()
    detector, history = _fit(params, losses, alphabet, training, validation, checkpoint_dir)
    _write(Detector(detector, params.anchors, alphabet), history, validation, model, metrics, curves)


def train_plate_detector(
    params: PlateDetectorParams, train: Path, val: Path, model: Path, metrics: Path, curves: Path, checkpoint_dir: Path
) -> None:
    """Train on one photograph set as `train_detector` does on a plate set.

    The photographs stay on the disk: each is read when it is needed.

    Args:
        params: section `plate_detector`.
        train, val: folders of the two photograph sets.
        model, metrics, curves, checkpoint_dir: as for `train_detector`.

    Raises:
        PlatefuseError: if a photograph set or an image is invalid, or the ImageNet weights cannot be downloaded.
    """
    make_deterministic(params.seed)
    photographs, val_photographs = _read_photographs(train), _read_photographs(val)
    training = load_letterboxed(photographs, params.input_size, "", "train photographs", stored=True)
    validation = load_letterboxed(val_photographs, params.input_size, "", "val photographs")
    losses = training_losses(params.regression_loss)
    detector, history = _fit(params, losses, "", training, validation, checkpoint_dir)
    _write(Detector(detector, params.anchors, ""), history, validation, model, metrics, curves)


def _fit(
    params: DetectorParams,
    losses: dict[str, Any],
    alphabet: str,
    training: LetterboxedSet,
    validation: LetterboxedSet,
    checkpoint_dir: Path,
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Train a new network; return it with Keras' history."""
    classes = len(alphabet) or 1
    anchors = anchor_boxes(params.anchors, params.input_size)
    boxes = np.concatenate(training.true_boxes())
    sample = boxes[:: 1 + len(boxes) // 20_000]
    _warn_of_uncovered(anchor_coverage(anchors, sample, params.learned_overlap()), params)

    detector = build_detector(params, classes)
    rate = learning_rate(params.learning_rate, params.learning_rate_decay, params.epochs * params.steps)
    detector.compile(keras.optimizers.Adam(rate), loss=losses)
    history = resume.fit(
        detector,
        lambda done: training_batches(training, params, classes, done * params.steps),
        params.epochs,
        resume.run_folder(checkpoint_dir, params, [*training.content(), *validation.content(), alphabet]),
        steps_per_epoch=params.steps,
        validation_data=validation_batches(validation, params, classes),
    )
    return detector, history


def _write(
    detector: Detector,
    history: dict[str, list[float]],
    validation: LetterboxedSet,
    model: Path,
    metrics: Path,
    curves: Path,
) -> None:
    save_detector(model, detector)
    write_json(metrics, measure_detector(detector.model, detector.anchors, validation))
    write_curves(curves, history)


def measure_detector(detector: keras.Model, anchors: AnchorParams, plates: LetterboxedSet) -> dict[str, float]:
    """Evaluate a detector on plates: the content of metrics/detector.json."""
    predictor = prediction_model(detector, anchors, _SCORE_THRESHOLD, _NMS_THRESHOLD, _MAX_DETECTIONS)
    boxes, scores = predictor.predict(plates.images, batch_size=16, verbose=0)
    valid = [row > 0 for row in scores]
    result = average_precision(
        plates.true_boxes(),
        [b[keep] for b, keep in zip(boxes, valid, strict=True)],
        [s[keep] for s, keep in zip(scores, valid, strict=True)],
    )
    input_size = detector.input_shape[1:3]
    return {
        "average_precision_50": result.average_precision_50,
        "average_precision_50_95": result.average_precision_50_95,
        "anchor_coverage": anchor_coverage(anchor_boxes(anchors, input_size), np.concatenate(plates.true_boxes())),
    }


def _read(folder: Path, alphabet: str, train: Path) -> list[AnnotatedPlate]:
    plates = read_plate_set(folder)
    if not plates:
        raise PlatefuseError(f"{folder} has no plates: truth.csv names none.")
    unknown = set("".join(plate.characters for plate in plates)) - set(alphabet)
    if alphabet and unknown:
        raise PlatefuseError(
            f"{folder / ANNOTATIONS} has the classes {sorted(unknown)}, which {train / CLASSES} does not name: a "
            "detector with detector.classes = 'character' knows only the classes of its training set."
        )
    return plates


def _read_photographs(folder: Path) -> list[AnnotatedPhotograph]:
    photographs = read_photograph_set(folder)
    if not any(photograph.texts for photograph in photographs):
        raise PlatefuseError(f"{folder} has no plates: truth.csv names none.")
    return photographs


def _warn_of_uncovered(coverage: float, params: DetectorParams) -> None:
    anchors = params.anchors
    if coverage < _MIN_COVERAGE:
        print(
            f"WARNING: anchor coverage is {coverage:.1%} of the training boxes, below {_MIN_COVERAGE:.0%}: the others "
            f"have no anchor with an IoU of {params.learned_overlap()} and are not learned. Choose "
            f"{params.section}.anchors.sizes (now {list(anchors.sizes)}), ratios ({list(anchors.ratios)}) and scales "
            f"({list(anchors.scales)}) closer to the boxes.",
            file=sys.stderr,
        )


def training_batches(plates: LetterboxedSet, params: DetectorParams, classes: int, done: int = 0) -> tf.data.Dataset:
    """Make an endless stream of augmented batches, reshuffled in each pass.

    Args:
        plates: the training set.
        params: batch size, seed and augmentation.
        classes: the number of classes.
        done: batches to skip.
    """
    count = len(plates.images)
    order = tf.data.Dataset.range(count).shuffle(count, seed=params.seed).repeat().batch(params.batch_size)

    def jitter(step: tf.Tensor, images: tf.Tensor, extents: tf.Tensor) -> tf.Tensor:
        seed = tf.stack([tf.constant(params.seed, tf.int64), step])
        return colour_jitter(images, extents, seed, params.augmentation)

    return _batches(plates, order.enumerate().skip(done), params, classes, jitter)


def validation_batches(plates: LetterboxedSet, params: DetectorParams, classes: int) -> tf.data.Dataset:
    """Make one pass over the plates in order, without augmentation."""
    order = tf.data.Dataset.range(len(plates.images)).batch(params.batch_size)
    return _batches(plates, order.enumerate(), params, classes, lambda step, images, extents: images)


def _batches(
    plates: LetterboxedSet,
    order: tf.data.Dataset,
    params: DetectorParams,
    classes: int,
    augment: Callable[..., tf.Tensor],
) -> tf.data.Dataset:
    """Batch images, float32 [B,h,w,3], and targets in the given order."""
    arrays = plates.arrays()
    anchors = anchor_boxes(params.anchors, params.input_size)

    def pick(step: tf.Tensor, indices: tf.Tensor) -> tuple[tf.Tensor, ...]:
        # From the NumPy arrays: a dataset or graph with the images would hold a second copy.
        rows = tf.numpy_function(lambda i: [a[i] for a in arrays], [indices], [a.dtype for a in arrays])
        return step, *(tf.ensure_shape(row, [None, *a.shape[1:]]) for row, a in zip(rows, arrays, strict=True))

    def prepare(
        step: tf.Tensor, images: tf.Tensor, extents: tf.Tensor, boxes: tf.Tensor, labels: tf.Tensor
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        regression, classification = anchor_targets(
            anchors, params.input_size, boxes, labels, classes, params.learned_overlap()
        )
        images = augment(step, tf.cast(images, tf.float32), extents)
        return images, {"regression": regression, "classification": classification}

    return order.map(pick).map(prepare, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
