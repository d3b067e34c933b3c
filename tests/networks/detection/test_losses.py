"""Losses of boxes and classes, against plain code."""

import numpy as np
import pytest

from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.anchors import anchor_boxes, anchor_targets
from platefuse.networks.detection.losses import generalised_iou_loss, training_losses
from tests.helpers.small_models import DETECTOR, INPUT_SIZE

ANCHORS = anchor_boxes(DETECTOR.anchors, INPUT_SIZE)


@pytest.mark.parametrize("loss", ["smooth_l1", "giou"])
def test_losses_are_zero_for_a_perfect_prediction_and_grow_with_the_error(loss: str) -> None:
    boxes, labels = np.array([[[10, 12, 28, 34]]], np.float32), np.array([[0]])
    regression, classification = anchor_targets(ANCHORS, INPUT_SIZE, boxes, labels, 1)
    losses = training_losses(loss)
    perfect = regression[..., :4]
    assert float(losses["regression"](regression, perfect)) == pytest.approx(0, abs=1e-6)
    assert float(losses["regression"](regression, perfect + 0.5)) > 0.1
    certain = tf.clip_by_value(classification[..., :1], 1e-7, 1 - 1e-7)
    assert float(losses["classification"](classification, certain)) < 1e-5
    assert float(losses["classification"](classification, 1 - certain)) > 1


def deltas_of(boxes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Deltas in units of a fifth of the anchors' sides, float32 [1,n,4]."""
    return ((boxes - anchors) / np.tile(anchors[:, 2:] - anchors[:, :2], 2) / 0.2).astype(np.float32)[None]


def generalised_iou(box: np.ndarray, other: np.ndarray) -> float:
    """The definition: IoU, less the share of the common hull that neither box covers."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    common = max(width, 0) * max(height, 0)
    union = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (box, other)) - common
    hull = (max(box[2], other[2]) - min(box[0], other[0])) * (max(box[3], other[3]) - min(box[1], other[1]))
    return common / union - (hull - union) / hull


def test_the_loss_of_boxes_is_the_mean_over_positive_anchors_of_one_minus_giou():
    rng = np.random.default_rng(0)
    anchors = ANCHORS[rng.choice(len(ANCHORS), 60, replace=False)]
    true, found = (anchors + rng.normal(0, 12, (60, 4)) for _ in range(2))
    for boxes in (true, found):  # the smaller corner first
        boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    state = rng.choice([-1, 0, 1], 60).astype(np.float32)
    targets = np.concatenate([deltas_of(true, anchors), state[None, :, None]], axis=-1)
    expected = [1 - generalised_iou(a, b) for a, b, s in zip(true, found, state, strict=True) if s == 1]
    assert min(expected) < 1 < max(expected), "boxes that meet, and boxes that do not"
    loss = float(generalised_iou_loss(targets, deltas_of(found, anchors)))
    assert loss == pytest.approx(np.mean(expected), rel=1e-4)


def loss_and_slope(found: list[float]) -> tuple[float, np.ndarray]:
    """Loss of a box against (10, 10, 30, 20), and its slope by each corner."""
    anchor = np.array([[8.0, 9.0, 32.0, 23.0]])
    targets = np.append(deltas_of(np.array([[10, 10, 30, 20]]), anchor), 1).astype(np.float32)[None, None]
    deltas = tf.constant(deltas_of(np.array([found]), anchor))
    with tf.GradientTape() as tape:
        tape.watch(deltas)
        loss = generalised_iou_loss(targets, deltas)
    return float(loss), tape.gradient(loss, deltas).numpy()[0, 0]


@pytest.mark.parametrize(
    ("found", "signs"),
    [
        ([8, 9, 32, 22], [-1, -1, 1, 1]),  # too large
        ([12, 11, 28, 18], [1, 1, -1, -1]),  # too small
        ([5, 10, 25, 20], [-1, 0, -1, 0]),  # too far left
        ([50, 10, 70, 20], [1, 0, 0, 0]),  # apart, to the right; the IoU alone has no slope here
    ],
)
def test_each_corner_is_drawn_to_its_place(found: list[float], signs: list[int]):
    loss, slope = loss_and_slope(found)
    assert loss > 0
    for corner, sign in enumerate(signs):
        if sign:
            assert np.sign(slope[corner]) == sign, f"corner {corner} of {found}: {slope}"


@pytest.mark.parametrize("found", [[30, 20, 10, 10], [20, 15, 20, 15], [1e6, 1e6, -1e6, -1e6]])
def test_a_box_inside_out_or_without_area_has_a_finite_loss_and_slope(found: list[float]):
    loss, slope = loss_and_slope(found)
    assert 0 <= loss <= 2
    assert np.isfinite(slope).all()


def test_a_batch_without_positive_anchors_has_no_loss_of_boxes():
    targets = np.zeros((2, 5, 5), np.float32)
    assert float(generalised_iou_loss(targets, np.ones((2, 5, 4), np.float32))) == 0
