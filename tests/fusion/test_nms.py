"""Box decoding and non-maximum suppression, against plain code and against keras-retinanet's layers."""

import numpy as np
import pytest

from platefuse.fusion.nms import BoxDecoder, NonMaxSuppression
from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.anchors import anchor_boxes
from platefuse.networks.detection.retinanet import prediction_model
from tests.helpers.small_models import DETECTOR, INPUT_SIZE, small_detector

from keras_retinanet.layers import FilterDetections  # isort: skip  # after keras2 chose Keras 2


def some_boxes(images: int, boxes: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Boxes that crowd around a few places, with scores of which many are equal."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, 8, (images, boxes, 2)) * 20 + rng.normal(0, 3, (images, boxes, 2))
    halves = rng.uniform(3, 16, (images, boxes, 2))
    scores = np.round(rng.uniform(0, 1, (images, boxes, classes)) ** 4, 2)
    return np.concatenate([centres - halves, centres + halves], -1).astype(np.float32), scores.astype(np.float32)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    common = float(np.prod(np.maximum(sides, 0)))
    return common / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - common) if common else 0.0


def kept(boxes: np.ndarray, scores: np.ndarray, slots: int, score_threshold: float, threshold: float) -> list[int]:
    """Indices into the boxes [A,4] of one image."""
    indices: list[int] = []
    best = scores.max(axis=-1)
    for index in sorted(range(len(boxes)), key=lambda i: (-best[i], i)):
        apart = all(overlap(boxes[index], boxes[other]) <= threshold for other in indices)
        if best[index] > score_threshold and apart and len(indices) < slots:
            indices.append(index)
    return indices


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize(("score_threshold", "threshold"), [(0.0, 0.5), (0.5, 0.3), (0.97, 0.1), (1.0, 0.3)])
def test_the_best_boxes_that_overlap_no_better_one(classes: int, score_threshold: float, threshold: float) -> None:
    boxes, scores = some_boxes(4, 150, classes)
    outputs = NonMaxSuppression(6, score_threshold, threshold)((tf.constant(boxes), tf.constant(scores)))
    found, found_scores, found_classes, more = (output.numpy() for output in outputs)
    for i in range(4):
        indices = kept(boxes[i], scores[i], 6, score_threshold, threshold)
        empty = 6 - len(indices)
        assert more[i] == (len(kept(boxes[i], scores[i], 150, score_threshold, threshold)) > 6)
        np.testing.assert_array_equal(found[i], [*boxes[i][indices], *np.full((empty, 4), -1)])
        np.testing.assert_array_equal(found_scores[i], [*scores[i][indices].max(axis=-1), *np.full(empty, -1)])
        np.testing.assert_array_equal(found_classes[i], [*scores[i][indices], *np.full((empty, classes), -1)])


def test_more_boxes_than_are_compared_are_told() -> None:
    boxes = np.tile(np.array([5, 5, 20, 20], np.float32), (2, 1001, 1))  # one box, a thousand times and once more
    scores = np.full((2, 1001, 1), 0.9, np.float32)
    scores[1, -1] = 0.1
    more = NonMaxSuppression(2, 0.5, 0.3)((tf.constant(boxes), tf.constant(scores)))[3]
    assert more.numpy().tolist() == [1, 0]


def test_as_keras_retinanet_filters_to_the_last_bit() -> None:
    boxes, scores = map(tf.constant, some_boxes(5, 400, 2, seed=1))
    options = {"score_threshold": 0.2, "nms_threshold": 0.35, "max_detections": 7, "class_specific_filter": False}
    theirs = FilterDetections(**options)([boxes, scores, scores])
    ours = NonMaxSuppression(7, 0.2, 0.35)((boxes, scores))
    for expected, output in zip((theirs[0], theirs[1], theirs[3]), ours[:3], strict=True):
        np.testing.assert_array_equal(output, expected)


def test_boxes_without_an_area_and_turned_round_ones_overlap_as_they_do_in_tensorflow() -> None:
    boxes = np.array([[5, 5, 5, 9], [5, 5, 5, 9], [30, 30, 10, 10], [10, 10, 30, 30], [0, 0, 0, 0]], np.float32)
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5], np.float32)
    expected = tf.image.non_max_suppression(boxes, scores, 5, 0.3).numpy()
    found, *_ = NonMaxSuppression(5, 0.0, 0.3)((boxes[None], scores[None, :, None]))
    np.testing.assert_array_equal(found[0, : len(expected)], boxes[expected])
    assert (found[0, len(expected) :].numpy() == -1).all()


def test_anchors_have_the_boxes_that_keras_retinanet_gives_them() -> None:
    detector = small_detector()
    images = tf.constant(np.random.default_rng(0).uniform(0, 255, (2, *INPUT_SIZE, 3)).astype(np.float32))
    deltas, _ = detector(images)
    theirs = prediction_model(detector, DETECTOR.anchors, 0.0, 1.0, max_detections=10_000)(images)[0].numpy()
    ours = BoxDecoder(anchor_boxes(DETECTOR.anchors, INPUT_SIZE), INPUT_SIZE)(deltas).numpy()
    for found, expected in zip(ours, theirs, strict=True):
        distances = np.abs(expected[: len(found), None] - found[None]).max(axis=-1)  # theirs come by their scores
        assert distances.shape == (len(found), len(found))
        assert distances.min(axis=0).max() < 1e-4 and distances.min(axis=1).max() < 1e-4
