"""Crests: they stand beside the number, and emblems count as distractors."""

import numpy as np

from tests.helpers.licence import face

ROOMY = {"shape.aspect": [2, 2], "shape.characters": [0.4, 0.4], "face.contrast": 60}


def test_crests_stand_around_the_number_and_never_on_it():
    emblems = words = 0
    for seed in range(40):
        plain, drawn = face(seed, ROOMY), face(seed, ROOMY | {"face.crest": 1})
        assert drawn.text == plain.text
        np.testing.assert_array_equal(drawn.boxes, plain.boxes)
        changed = np.abs(np.asarray(drawn.image, int) - np.asarray(plain.image, int)).max(axis=2) > 0
        for x1, y1, x2, y2 in drawn.boxes.round().astype(int):
            assert not changed[y1 + 1 : y2 - 1, x1 + 1 : x2 - 1].any()
        emblems += len(drawn.distractors)
        words += not len(drawn.distractors) and bool(changed.any())
        for x1, y1, x2, y2 in drawn.distractors:
            inside = changed[int(y1) : int(y2) + 2, int(x1) : int(x2) + 2]
            assert inside.any() and inside.sum() == changed.sum()
    assert emblems > 10 and words > 2


def test_a_plate_without_a_number_may_have_one():
    assert any(len(face(seed, ROOMY | {"face.crest": 1, "number.none": 1}).distractors) for seed in range(5))
