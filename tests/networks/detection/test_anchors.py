"""Anchors, how many boxes they cover, and the targets that they give."""

import numpy as np
import pytest

from platefuse.networks.common import keras2  # noqa: F401  # chooses Keras 2 before keras-retinanet looks for one
from platefuse.networks.detection.anchors import anchor_boxes, anchor_coverage, anchor_targets
from platefuse.networks.detection.params import AnchorParams
from tests.helpers.boxes import overlap
from tests.helpers.small_models import DETECTOR, INPUT_SIZE

from keras_retinanet.utils import anchors as retinanet_anchors  # isort: skip


def test_anchors_stand_in_the_middle_of_each_step() -> None:
    anchors = AnchorParams(levels=(3, 4, 5), sizes=(16, 24, 32), ratios=(1.0,), scales=(1.0,))
    boxes = anchor_boxes(anchors, (64, 96))
    assert boxes.shape == (8 * 12 + 4 * 6 + 2 * 3, 4)
    assert boxes[0].tolist() == [4 - 8, 4 - 8, 4 + 8, 4 + 8]
    assert boxes[-1].tolist() == [80 - 16, 48 - 16, 80 + 16, 48 + 16]


def test_coverage_is_the_share_of_boxes_with_a_near_anchor() -> None:
    anchors = np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float64)
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 20], [5, 0, 15, 10], [100, 0, 110, 10]], np.float32)
    expected = [max(overlap(box, anchor) for anchor in anchors) >= 0.5 for box in boxes]
    assert expected == [True, True, False, False]
    assert anchor_coverage(anchors, boxes) == 0.5
    assert anchor_coverage(anchors, np.zeros((0, 4))) == 1.0


def test_coverage_of_many_boxes_is_that_of_each() -> None:
    anchors = anchor_boxes(DETECTOR.anchors, INPUT_SIZE)
    boxes = random_boxes(600, 0)
    covered = [max(overlap(box, anchor) for anchor in anchors) >= 0.5 for box in boxes[::10]]
    assert 0.1 < np.mean(covered) < 0.9
    assert anchor_coverage(anchors, boxes[::10]) == np.mean(covered)
    parts = [anchor_coverage(anchors, part) for part in np.split(boxes, 3)]
    assert anchor_coverage(anchors, boxes) == pytest.approx(np.mean(parts))


def random_boxes(count: int, seed: int) -> np.ndarray:
    """Boxes of 5 to 40 pixels, some beyond the input_size, float32 [count,4]."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, (INPUT_SIZE[1] - 20, INPUT_SIZE[0] - 20), (count, 2))
    return np.hstack([corners, corners + rng.integers(5, 40, (count, 2))]).astype(np.float32)


@pytest.mark.parametrize("levels", [(3, 4, 5), (3, 4, 5, 6, 7)])
def test_targets_are_those_of_keras_retinanet(levels: tuple[int, ...]) -> None:
    input_size = (64, 96)  # 96 is no multiple of the stride of level 6: some of its anchors stand outside
    sizes = (16, 24, 32, 60, 90)[: len(levels)]
    anchors = anchor_boxes(AnchorParams(levels=levels, sizes=sizes, ratios=(1.0, 1.5), scales=(1.0, 1.26)), input_size)
    counts, classes = [4, 0, 1, 7, 2, 6], 5
    boxes, labels = np.zeros((6, 7, 4), np.float32), np.zeros((6, 7), np.int32)
    for index, count in enumerate(counts):
        boxes[index, :count] = random_boxes(count, index) * (0.77 if index % 2 else 1)
        labels[index, :count] = np.random.default_rng(index).integers(classes, size=count)
    boxes[0, 0] = anchors[3] + [0, 0, anchors[3, 2] - anchors[3, 0], 0]  # twice an anchor: an overlap of one half
    annotations = [{"bboxes": boxes[i, :n].astype(float), "labels": labels[i, :n]} for i, n in enumerate(counts)]
    images = [np.empty((*input_size, 3), np.uint8)] * len(counts)
    expected = retinanet_anchors.anchor_targets_bbox(anchors, images, annotations, classes)
    regression, classification = anchor_targets(anchors, input_size, boxes, labels, classes)
    np.testing.assert_array_equal(classification, expected[1])
    np.testing.assert_array_equal(regression[..., -1], expected[0][..., -1])
    objects = expected[0][..., -1] == 1
    assert set(np.unique(expected[0][..., -1])) == {-1, 0, 1}
    np.testing.assert_array_equal(regression.numpy()[objects], expected[0][objects])


def test_targets_decode_to_the_boxes_they_were_made_of() -> None:
    anchors = anchor_boxes(DETECTOR.anchors, INPUT_SIZE)
    boxes = np.array([[10, 12, 28, 34], [50, 20, 70, 40], [0, 0, 0, 0]], np.float32)
    targets = anchor_targets(anchors, INPUT_SIZE, boxes[None], np.array([[0, 2, 0]]), 3)
    regression, classification = (target[0].numpy() for target in targets)
    positive = regression[:, -1] == 1
    assert positive.any()
    sizes = np.tile(anchors[:, 2:] - anchors[:, :2], 2)
    decoded = anchors + 0.2 * regression[:, :4] * sizes  # keras-retinanet's standard deviation
    for anchor, box, label in zip(anchors[positive], decoded[positive], classification[positive], strict=True):
        best = int(np.argmax([overlap(anchor, true) for true in boxes]))
        np.testing.assert_allclose(box, boxes[best], atol=1e-3)
        assert label.tolist() == [best == 0, 0, best == 1, 1]
        assert overlap(anchor, boxes[best]) >= 0.5


def test_targets_of_an_empty_plate_are_background() -> None:
    anchors = anchor_boxes(DETECTOR.anchors, INPUT_SIZE)
    regression, classification = anchor_targets(anchors, INPUT_SIZE, np.zeros((1, 1, 4)), np.zeros((1, 1), int), 1)
    assert not np.any(classification)
    assert not np.any(regression[..., -1])


def test_the_best_anchor_learns_a_box_that_none_covers() -> None:
    anchors = anchor_boxes(DETECTOR.anchors, INPUT_SIZE)
    boxes = random_boxes(40, 3)
    overlaps = np.array([[overlap(anchor, box) for box in boxes] for anchor in anchors])
    best = overlaps.max(axis=0)
    assert (
        {b >= 0.5 for b in best} == {True, False} and any(0.2 <= b < 0.5 for b in best) and any(b < 0.2 for b in best)
    )
    expected = (overlaps >= 0.5).any(axis=1) | ((overlaps == best) & (best >= 0.2)).any(axis=1)
    labels = np.zeros((1, len(boxes)), int)
    state = anchor_targets(anchors, INPUT_SIZE, boxes[None], labels, 1, best_overlap=0.2)[0][0, :, -1]
    plain = anchor_targets(anchors, INPUT_SIZE, boxes[None], labels, 1)[0][0, :, -1]
    inside = ~np.any((anchors[:, :2] + anchors[:, 2:]) / 2 >= INPUT_SIZE[::-1], axis=1)
    np.testing.assert_array_equal((state.numpy() == 1)[inside], expected[inside])
    assert np.sum(state == 1) > np.sum(plain == 1)
