"""Print beside a number: visible, and never on the number."""

import numpy as np
import pytest

from platefuse.synthesis.licence.face import Face
from tests.helpers.licence import beside, face

WIDTH = 240


@pytest.mark.parametrize(
    "changes",
    [
        {"face.band": 1},
        {"face.side_emblem": 1},
        {"face.stacked": 1},
        {"face.separator": 1, "number.group_gap": [1, 1]},
        {"face.separator": 1, "face.emblem": 1, "number.group_gap": [1, 1]},
        {"shape.print": 1},
        {"shape.print": 1, "face.sticker": 1},
        {"shape.print": 1, "face.picture": 1},
    ],
    ids=str,
)
def test_print_is_visible_beside_the_number(changes):
    assert sum(np.ptp(beside(face(seed, changes)), axis=0).max() > 30 for seed in range(8)) >= 4


@pytest.mark.parametrize("changes", [{"face.band": 1}, {"face.side_emblem": 1}, {"face.stacked": 1}], ids=str)
def test_bands_and_distractors_leave_a_wide_number_less_room(changes):
    for seed in range(12):
        plain, marked = (face(seed, {"number.gap": [1, 1]} | more) for more in ({}, changes))
        assert np.ptp(marked.boxes[:, 0]) < np.ptp(plain.boxes[:, 0])


def _stacks(drawn: Face) -> list[np.ndarray]:
    """Give the inked rows beside the number, one mask for each side."""
    pixels = np.asarray(drawn.image, int)
    y1, y2 = int(drawn.boxes[0, 1]) - 3, int(drawn.boxes[0, 3]) + 3
    inked = np.abs(pixels - pixels[2, 2]).max(axis=2)[y1:y2] > 60
    sides = inked[:, : int(drawn.boxes[0, 0]) - 2], inked[:, int(drawn.boxes[-1, 2]) + 2 :]
    return [side.any(axis=1) for side in sides if side.any()]


def test_stacked_characters_are_two_or_three_in_the_numbers_ink_and_have_no_box():
    heights, sides = set(), []
    for seed in range(40):
        drawn = face(seed, {"face.stacked": 1}, width=480)
        stacks = _stacks(drawn)
        sides.append(len(stacks))
        heights |= {int(np.diff(np.concatenate([[False], rows]).astype(int)).clip(0).sum()) for rows in stacks}
        assert len(drawn.text) == len(drawn.boxes) and np.ptp(drawn.boxes[:, 1]) == 0
    assert heights == {2, 3}
    assert 0 < sides.count(2) < sides.count(1)  # on both sides of some


def test_small_print_stands_above_and_below_the_number():
    rows = np.zeros(60, int)
    for seed in range(20):
        drawn = face(seed, {"shape.print": 1})
        pixels = np.asarray(drawn.image, int)
        marked = np.abs(pixels - pixels[30, 2]).max(axis=2) > 40
        for x1, y1, x2, y2 in drawn.boxes:
            marked[int(y1) - 1 : int(y2) + 2, int(x1) - 1 : int(x2) + 2] = False
        rows += marked.any(axis=1)
    assert rows[3:10].max() > 5 and rows[50:57].max() > 5 and rows[25:35].max() == 0


def test_separators_stand_in_the_gaps_between_groups():
    found = 0
    for seed in range(15):
        drawn = face(seed, {"face.separator": 1, "number.group_gap": [1, 1]})
        pixels = np.asarray(drawn.image, int)
        marked = np.abs(pixels - pixels[2, 2]).max(axis=2) > 60
        for (_, y1, left, y2), (_, _, right, _) in zip(drawn.boxes[:-1], drawn.boxes[1:], strict=True):
            space = marked[int(y1) - 2 : int(y2) + 2, int(left) + 3 : int(right) - 3]
            found += bool(space.any()) and right - left > 1.2 * (y2 - y1)
    assert found > 5


@pytest.mark.parametrize("aspect", [1, 1.8])
def test_distractors_leave_a_large_number_its_place(aspect):
    changes = {"face.band": 1, "face.side_emblem": 1, "face.stacked": 1, "face.separator": 1}
    for seed in range(30):
        drawn = face(seed, changes | {"shape.aspect": [aspect, aspect], "shape.characters": [0.94, 0.94]})
        middles = (drawn.boxes[:, 0] + drawn.boxes[:, 2]) / 2
        assert (middles > 0).all() and (middles < WIDTH).all()
