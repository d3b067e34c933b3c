"""Where groups of a number end, against a plain reading of the definition, and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platefuse.fusion.decoding.transitions import median_high, transition_costs
from platefuse.networks.common.keras2 import tf

HEIGHT = 20.0


def line_of(gaps: list[float], left: float = 5.0, width: float = 10.0) -> np.ndarray:
    """Boxes in one line, float32 [n,4], with these gaps between them, in heights."""
    starts = left + np.concatenate([[0.0], np.cumsum(width + HEIGHT * np.array(gaps))])
    return np.array([[x, 3.0, x + width, 3.0 + HEIGHT] for x in starts], np.float32)


def costs_of(boxes: np.ndarray, transition_cost: float, group_gap: float, slots: int = 0) -> np.ndarray:
    """The costs of one plate, in more slots than it has boxes if asked for."""
    slots = max(slots, len(boxes))
    padded = np.zeros((1, slots, 4), np.float32)
    padded[0, : len(boxes)] = boxes
    return transition_costs(tf.constant(padded), tf.constant([len(boxes)]), transition_cost, group_gap).numpy()[0]


def plain_costs(gaps: list[float], transition_cost: float, group_gap: float) -> list[float]:
    usual = sorted(gaps)[(len(gaps) - 1) // 2]  # of an even number the smaller of the middle two
    return [transition_cost * (1 - min(max((gap - usual) / group_gap, 0), 1)) for gap in gaps]


@given(
    gaps=st.lists(st.floats(-0.3, 2.0), min_size=1, max_size=9),
    transition_cost=st.sampled_from([0.5, 1.0, 3.0]),
    group_gap=st.sampled_from([0.1, 0.2, 1.0]),
)
def test_costs_agree_with_their_definition(gaps: list[float], transition_cost: float, group_gap: float) -> None:
    costs = costs_of(line_of(gaps), transition_cost, group_gap, slots=12)
    np.testing.assert_allclose(costs[: len(gaps)], plain_costs(gaps, transition_cost, group_gap), atol=1e-4)
    np.testing.assert_array_equal(costs[len(gaps) :], 0)


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([0.1, 0.1, 0.4, 0.1, 0.1, 0.1], [1, 1, 0, 1, 1, 1]),  # NTV-0498
        ([0.1, 0.7, 0.1, 0.1, 0.1, 0.1], [1, 0, 1, 1, 1, 1]),  # RK-755AJ
        ([0.1, 0.7, 0.1, 0.1, 0.2, 0.1], [1, 0, 1, 1, 0.5, 1]),  # a gap of half the width
        ([0.4, 0.1], [0, 1]),  # A 12
        ([0.1, 0.1, 0.1], [1, 1, 1]),
        ([0.7], [1]),  # nothing says what is usual
        ([], []),
    ],
)
def test_changes_are_free_where_the_gap_is_wider_than_most(gaps: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(costs_of(line_of(gaps), 1.0, 0.2), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("upper", "lower", "indent", "expected"),
    [
        ([0.1, 0.1], [0.1, 0.1], 0, [2, 2, 0, 2, 2]),
        ([], [0.1], 3, [0, 2]),  # A above 12
        ([], [], 0, [0]),
        ([0.1], [0.1], 30, [2, 0, 2]),  # the lower row begins beyond the upper one's end
        ([0.1, 0.6], [0.1, 0.1], 0, [2, 0, 0, 2, 2]),
    ],
)
def test_a_new_row_begins_a_new_group(
    upper: list[float], lower: list[float], indent: float, expected: list[float]
) -> None:
    rows = np.concatenate([line_of(upper), line_of(lower) + np.array([indent, 30, indent, 30])])
    np.testing.assert_allclose(costs_of(rows, 2.0, 0.2), expected, atol=1e-5)


def test_one_box_inside_another_is_of_its_row() -> None:
    boxes = np.array([[8, 3, 24, 23], [14, 3, 16, 23], [26, 3, 36, 23]], np.float32)
    assert costs_of(boxes[[1, 0, 2]], 1.0, 0.2)[0] == 1


def test_how_large_the_plate_is_makes_no_difference() -> None:
    boxes = line_of([0.1, 0.15, 0.3, 0.1])
    np.testing.assert_allclose(costs_of(7 * boxes, 1.0, 0.2), costs_of(boxes, 1.0, 0.2), atol=1e-5)


def test_without_a_gap_all_changes_cost_the_same() -> None:
    assert costs_of(line_of([0.1, 0.9]), 1.5, 0.0, slots=5).tolist() == [1.5, 1.5, 0, 0]


def test_plates_without_characters_cost_nothing() -> None:
    assert costs_of(np.zeros((0, 4)), 1.0, 0.2, slots=4).tolist() == [0, 0, 0]
    assert costs_of(np.zeros((1, 4)), 1.0, 0.2).tolist() == []


def test_the_high_median_is_of_used_values_alone() -> None:
    values = tf.constant([[5.0, -1.0, 3.0, 9.0], [1.0, 2.0, 3.0, 4.0]])
    used = tf.constant([[True, False, True, True], [True, True, True, True]])
    assert median_high(values, used).numpy().tolist() == [[5.0], [3.0]]
