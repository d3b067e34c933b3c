"""Reading order against a plain one in Python."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platefuse.fusion.decoding.reading_order import reading_order
from platefuse.networks.common.keras2 import tf

ORDERS = ["left_to_right", "rows", "score"]


def _order(boxes: list, used: list, order: str) -> list:
    boxes = np.array(boxes, np.float32).reshape(len(used), -1, 4)
    return reading_order(tf.constant(boxes), tf.constant(used, tf.bool), order).numpy().tolist()


def _reference(boxes: list, used: list[bool], order: str) -> list[int]:
    """One image's reading order, as one would sort it by hand."""
    counted = [i for i, is_used in enumerate(used) if is_used]

    def x(i: int) -> float:
        return (boxes[i][0] + boxes[i][2]) / 2

    def y(i: int) -> float:
        return (boxes[i][1] + boxes[i][3]) / 2

    def height(i: int) -> float:
        return boxes[i][3] - boxes[i][1]

    if order == "left_to_right":
        counted.sort(key=x)
    if order == "rows" and counted:
        down = sorted(counted, key=lambda i: (y(i), x(i)))
        rows = [[down[0]]]
        for above, below in pairwise(down):
            if y(below) - y(above) > 0.5 * max(height(above), height(below)):
                rows.append([])
            rows[-1].append(below)
        counted = [i for row in rows for i in sorted(row, key=lambda i: (x(i), i))]
    return counted + [i for i, is_used in enumerate(used) if not is_used]


@st.composite
def _images(draw):
    """Boxes at whole pixels, now and then several centres at the same x, y or both, and which are used."""
    number = draw(st.integers(1, 8))
    widths, heights = draw(st.sampled_from([(400, 120), (40, 40), (22, 22)]))
    boxes = []
    for _ in range(number):
        x, y = draw(st.integers(20, widths)), draw(st.integers(20, heights))
        wide, high = draw(st.integers(0, 19)), draw(st.integers(0, 19))
        boxes.append([x - wide, y - high, x + wide, y + high])
    return boxes, draw(st.lists(st.booleans(), min_size=number, max_size=number))


@given(_images(), st.sampled_from(ORDERS))
def test_the_order_is_that_of_plain_python(image, order):
    boxes, used = image
    assert _order([boxes], [used], order)[0] == _reference(boxes, used, order)


@given(_images(), st.sampled_from(ORDERS[:2]), st.randoms(use_true_random=False))
def test_the_text_does_not_depend_on_the_order_in_which_boxes_come(image, order, random):
    boxes, used = image
    shuffled = list(range(len(boxes)))
    random.shuffle(shuffled)
    first = _order([boxes], [used], order)[0][: sum(used)]
    second = _order([[boxes[i] for i in shuffled]], [[used[i] for i in shuffled]], order)[0][: sum(used)]
    second = [shuffled[i] for i in second]
    xs = [boxes[i][0] + boxes[i][2] for i in range(len(boxes))]
    if len(set(xs)) == len(xs):
        assert second == first
    elif order == "left_to_right":  # what stands exactly above another is in the order of the scores
        assert [xs[i] for i in second] == [xs[i] for i in first]
        assert all(i < j for i, j in pairwise(first) if xs[i] == xs[j])


def _text(letters: dict[str, tuple], order: str) -> str:
    (indices,) = _order([list(letters.values())], [[True] * len(letters)], order)
    return "".join(list(letters)[i] for i in indices)


def _square(x: float, y: float, side: float = 20) -> tuple:
    return (x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def test_two_rows_are_read_one_after_the_other():
    letters = {"D": _square(60, 50), "A": _square(20, 20), "C": _square(30, 52), "B": _square(70, 18)}
    assert _text(letters, "rows") == "ABCD"
    assert _text(letters, "left_to_right") == "ACDB"
    assert _text(letters, "score") == "DACB"


def test_three_rows_of_one_column():
    letters = {"C": _square(20, 90), "A": _square(22, 10), "B": _square(21, 50)}
    assert _text(letters, "rows") == "ABC"


def test_a_tilted_row_is_one_row():
    letters = {letter: _square(20 + 25 * i, 120 - 8 * i) for i, letter in enumerate("ABCDEFGH")}
    assert _text(letters, "rows") == "ABCDEFGH"  # from the first to the last it climbs nearly three heights


@pytest.mark.parametrize(("step", "text"), [(15, "BA"), (15.5, "AB")])
def test_a_step_of_more_than_half_the_taller_letter_begins_a_row(step, text):
    assert _text({"A": _square(60, 30, 30), "B": _square(20, 30 + step, 20)}, "rows") == text


def test_a_row_of_small_letters_stands_above_a_row_of_tall_ones():
    letters = {"C": _square(30, 60, 40), "A": _square(20, 15, 10), "D": _square(80, 62, 40), "B": _square(60, 16, 10)}
    assert _text(letters, "rows") == "ABCD"


def test_a_small_letter_beside_tall_ones_is_in_their_row():
    letters = {"A": _square(20, 50, 40), "B": _square(50, 62, 16), "C": _square(80, 50, 40)}
    assert _text(letters, "rows") == "ABC"


def test_letters_of_one_height_that_differ_in_size_are_read_the_same_however_they_come():
    letters = {"A": _square(20, 20, 10), "B": _square(50, 20, 40), "C": _square(10, 30, 10)}
    assert _text(letters, "rows") == _text(dict(reversed(letters.items())), "rows")


@pytest.mark.parametrize("order", ORDERS)
def test_unused_slots_come_last_wherever_they_lie(order):
    boxes = [_square(50, 50), (-1, -1, -1, -1), _square(20, 50), (0, 0, 0, 0), _square(80, 50), (0, 0, 9e4, 9e4)]
    (indices,) = _order([boxes], [[True, False, True, False, True, False]], order)
    assert set(indices[3:]) == {1, 3, 5}
    assert indices[:3] == ([0, 2, 4] if order == "score" else [2, 0, 4])


@pytest.mark.parametrize("order", ORDERS)
def test_images_of_a_batch_are_ordered_each_for_itself(order):
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 200, (5, 6, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(5, 40, (5, 6, 2))], axis=-1).astype(np.float32).tolist()
    used = (rng.uniform(size=(5, 6)) < 0.7).tolist()
    assert _order(boxes, used, order) == [_reference(b, u, order) for b, u in zip(boxes, used, strict=True)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", [(0, 8), (2, 1)])
def test_a_batch_of_none_and_a_single_slot(order, shape):
    indices = reading_order(tf.zeros([*shape, 4]), tf.zeros(shape, tf.bool), order)
    assert indices.dtype == tf.int32
    np.testing.assert_array_equal(indices, np.zeros(shape))
