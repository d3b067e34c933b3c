"""Box scores against a worked example, a plain average precision and a search over all pairings."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from platefuse.metrics.boxes import average_precision, intersection_over_union, match_boxes

NONE = np.zeros((0, 4))
NO_SCORES = np.zeros(0)
BOX = np.array([[10, 10, 30, 30]])


def test_intersection_over_union_of_boxes_that_exclude_their_far_edge():
    first = np.array([[0, 0, 10, 10]])
    second = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10], [2.5, 2.5, 7.5, 7.5], [3, 3, 3, 3]])
    assert_allclose(intersection_over_union(first, second), [[1, 50 / 150, 0, 25 / 100, 0]])
    assert_array_equal(intersection_over_union(second[4:], second[4:]), [[0]])
    assert intersection_over_union(NONE, second).shape == (0, 5)


def test_average_precision_worked_by_hand():
    # Three true boxes on two images; the boxes found are, by score: right, wrong, right, and one true box
    # is never found. Precision is 1 up to recall 1/3 (0 to 0.33: 34 of 101 points), then 2/3 up to recall
    # 2/3 (0.34 to 0.66: 33 points), then 0.
    truth = [np.array([[0, 0, 20, 20], [50, 0, 70, 20]]), np.array([[0, 0, 20, 20]])]
    found = [np.array([[0, 0, 20, 20], [100, 0, 120, 20]]), np.array([[0, 0, 20, 20]])]
    scores = average_precision(truth, found, [np.array([0.9, 0.8]), np.array([0.7])])
    assert scores.average_precision_50 == pytest.approx((34 + 33 * 2 / 3) / 101)
    assert scores.average_precision_50_95 == pytest.approx(scores.average_precision_50)  # the right are exact
    assert_allclose(scores.recall, np.arange(101) / 100)
    assert_allclose(scores.precision, [1] * 34 + [2 / 3] * 33 + [0] * 34)


def test_a_loose_box_counts_at_low_thresholds_only():
    # IoU 16 / 20 = 0.8: right at 0.50, 0.55, … 0.80, which are 7 of the 10 thresholds.
    scores = average_precision([np.array([[0, 0, 20, 10]])], [np.array([[0, 0, 16, 10]])], [np.array([1.0])])
    assert scores.average_precision_50 == pytest.approx(1)
    assert scores.average_precision_50_95 == pytest.approx(0.7)


def _plain_average_precision(truth, found, scores, threshold):
    """Greedy by score, 101 recall points: the definition, box by box."""
    ranked = sorted(
        (
            (score, image, box)
            for image, boxes in enumerate(found)
            for box, score in zip(boxes, scores[image], strict=True)
        ),
        key=lambda entry: -entry[0],
    )
    taken, right = set(), []
    for _, image, box in ranked:
        overlaps = [(_plain_iou(true, box), i) for i, true in enumerate(truth[image]) if (image, i) not in taken]
        best = max(overlaps, default=(0, -1))
        right.append(best[0] >= threshold)
        if right[-1]:
            taken.add((image, best[1]))
    total, hits = sum(map(len, truth)), np.cumsum(right)
    recall, precision = hits / total, hits / np.arange(1, len(hits) + 1)
    return np.mean([max(precision[recall >= point - 1e-12], default=0) for point in np.arange(101) / 100])


def _plain_iou(a, b):
    shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


@st.composite
def _found_and_true(draw):
    """Some images' true boxes, the boxes found on each, some of them near true ones, and scores, some of them alike."""
    coordinate, side = st.integers(0, 40), st.integers(1, 20)
    box = st.tuples(coordinate, coordinate, side, side).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))
    truth, found, scores = [], [], []
    for _ in range(draw(st.integers(1, 4))):
        true = draw(st.lists(box, max_size=4))
        near = st.tuples(st.sampled_from(true or [(0, 0, 9, 9)]), st.tuples(*[st.integers(0, 2)] * 4))
        near = near.map(lambda pair: tuple(corner + step for corner, step in zip(*pair, strict=True)))
        valid = (near | box).filter(lambda b: b[0] < b[2] and b[1] < b[3])
        boxes = draw(st.lists(valid, max_size=6))
        score = st.sampled_from([0.1, 0.5, 0.9]) | st.floats(0, 1)
        truth.append(np.array(true, float).reshape(-1, 4))
        found.append(np.array(boxes, float).reshape(-1, 4))
        scores.append(np.array(draw(st.lists(score, min_size=len(boxes), max_size=len(boxes)))))
    return truth, found, scores


@given(_found_and_true())
@settings(max_examples=200)
def test_against_a_plain_average_precision(boxes):
    truth, found, scores = boxes
    assume(any(map(len, truth)))
    result = average_precision(truth, found, scores)
    expected = [_plain_average_precision(truth, found, scores, t) for t in np.linspace(0.5, 0.95, 10)]
    assert result.average_precision_50 == pytest.approx(expected[0])
    assert result.average_precision_50_95 == pytest.approx(np.mean(expected))
    assert result.precision.mean() == pytest.approx(expected[0])


def test_more_than_a_hundred_boxes_on_an_image_all_count():
    truth = np.array([[30 * i, 0, 30 * i + 20, 20] for i in range(150)])
    assert average_precision([truth], [truth], [np.linspace(1, 0, 150)]).average_precision_50 == pytest.approx(1)


def test_boxes_of_any_size_count():
    truth = np.array([[0, 0, 2, 2], [0, 0, 4000, 3000]])
    assert average_precision([truth], [truth], [np.ones(2)]).average_precision_50_95 == pytest.approx(1)


@pytest.mark.parametrize(
    ("truth", "found", "expected"),
    [
        ([], [], 1),
        ([NONE, NONE], [NONE, NONE], 1),
        ([NONE], [BOX], 0),
        ([BOX], [NONE], 0),
        ([BOX, NONE], [BOX, NONE], 1),
    ],
)
def test_nothing_true_or_nothing_found(truth, found, expected):
    scores = average_precision(truth, found, [np.ones(len(boxes)) for boxes in found])
    assert scores.average_precision_50 == pytest.approx(expected)
    assert scores.average_precision_50_95 == pytest.approx(expected)
    assert_allclose(scores.precision, expected)
    assert scores.recall.shape == (101,)


def test_a_surer_box_on_an_image_without_truth_lowers_precision():
    scores = average_precision([BOX, NONE], [BOX, BOX], [np.array([0.5]), np.array([0.9])])
    assert scores.average_precision_50 == pytest.approx(0.5)


def test_nothing_is_printed(capsys):
    average_precision([BOX], [BOX], [np.ones(1)])
    assert capsys.readouterr().out == ""


def test_lists_of_different_length_are_rejected():
    with pytest.raises(ValueError):
        average_precision([BOX], [BOX, BOX], [np.ones(1)])
    with pytest.raises(ValueError):
        average_precision([BOX], [BOX], [np.ones(2)])


def test_match_is_one_to_one_and_as_many_as_possible():
    # The first box found overlaps both true boxes, the second only the first: greed makes one pair.
    truth = np.array([[0, 0, 10, 10], [0, 4, 10, 14]])
    found = np.array([[0, 1, 10, 11], [0, -4, 10, 6]])
    assert_array_equal(match_boxes(truth, found, 0.4), [[0, 1], [1, 0]])


@given(_found_and_true(), st.sampled_from([0.01, 0.1, 0.5, 0.75]))
def test_match_against_all_pairings(boxes, threshold):
    truth, found = boxes[0][0], boxes[1][0]
    best = (0, 0.0)
    few, many = sorted((len(truth), len(found)))
    for choice in itertools.permutations(range(many), few):
        pairs = enumerate(choice) if len(truth) == few else ((i, j) for j, i in enumerate(choice))
        overlaps = [_plain_iou(truth[i], found[j]) for i, j in pairs]
        overlaps = [overlap for overlap in overlaps if overlap >= threshold]
        best = max(best, (len(overlaps), sum(overlaps)))
    pairs = match_boxes(truth, found, threshold)
    assert pairs[:, 0].tolist() == sorted(set(pairs[:, 0]))
    assert len(set(pairs[:, 1])) == len(pairs) == best[0]
    assert sum(_plain_iou(truth[i], found[j]) for i, j in pairs) == pytest.approx(best[1])


def test_match_keeps_to_the_threshold():
    found = np.array([[0, 0, 5, 10]])
    truth = np.array([[0, 0, 10, 10]])
    assert_array_equal(match_boxes(truth, found, 0.5), [[0, 0]])
    assert match_boxes(truth, found, 0.51).shape == (0, 2)


def test_match_of_nothing():
    for truth, found in ((NONE, NONE), (BOX, NONE), (NONE, BOX)):
        assert match_boxes(truth, found, 0.5).shape == (0, 2)
