"""Faces: a legible number in its boxes, and everything else outside them."""

from typing import Any

import numpy as np
import pytest

from platefuse.synthesis.licence.emblems import luminance
from tests.helpers.licence import ALPHABET, BlockFont, beside, face

WIDTH = 240


def _pixels(seed: int, changes: dict[str, Any], inked: str = ALPHABET) -> np.ndarray:
    return np.asarray(face(seed, changes, BlockFont(inked)).image, int)


def _ink(seed: int, changes: dict[str, Any], inked: str = ALPHABET) -> np.ndarray:
    """Difference of a plate to one with those characters blank, int [H,W]."""
    return np.abs(_pixels(seed, changes, inked) - _pixels(seed, changes, "")).max(axis=2)


def test_a_plate_without_extras_shows_only_its_number():
    for seed in range(10):
        drawn = face(seed)
        outside = beside(drawn)
        assert (outside == outside[0]).all()
        ground, (x1, y1, x2, y2) = tuple(outside[0].tolist()), drawn.boxes[0]
        ink = drawn.image.getpixel((int(x1 + x2) // 2, int(y1 + y2) // 2))
        assert luminance(ground) - luminance(ink) > 148  # face.contrast, and rounding


@pytest.mark.parametrize(
    "changes",
    [{}, {"shape.two_rows": 1}, {"face.band": 1, "face.side_emblem": 1}, {"number.filled": 1}],
    ids=str,
)
def test_each_box_encloses_the_ink_of_one_character(changes):
    changes = changes | {"shape.aspect": [3, 5]}
    for seed in range(6):
        drawn, ink = face(seed, changes), _ink(seed, changes) > 60
        assert drawn.boxes.shape == (len(drawn.text), 4)
        for (x1, y1, x2, y2), character in zip(drawn.boxes, drawn.text, strict=True):
            middle = ink[int(y1 + 1) : int(y2 - 1), int(x1 + x2) // 2]
            assert middle.all() and middle.size
            rows = np.flatnonzero(ink[:, max(0, int(x1) - 1) : int(x2) + 2].any(axis=1))
            rows = rows[(rows > y1 - 2) & (rows < y2 + 2)]
            assert abs(rows.min() - y1) <= 1 and abs(rows.max() + 1 - y2) <= 1
            if ALPHABET.index(character) > 12:  # as wide as its box; boxes of narrower characters are widened
                assert not ink[int(y1 + y2) // 2, max(0, int(x1) - 1)] or x1 < 1
                assert ink[int(y1 + y2) // 2, int(x1) + 2] and ink[int(y1 + y2) // 2, int(x2) - 2]
        for x1, y1, x2, y2 in drawn.boxes:
            ink[max(0, int(y1) - 1) : int(y2) + 2, max(0, int(x1) - 1) : int(x2) + 2] = False
        assert not ink.any()


def test_the_text_names_its_boxes_in_their_order():
    for seed in range(3):
        drawn = face(seed, {"shape.two_rows": 0.5})
        for character in set(drawn.text):
            ink = _ink(seed, {"shape.two_rows": 0.5}, character) > 60
            inked = [ink[int(y1 + y2) // 2, int(x1 + x2) // 2] for x1, y1, x2, y2 in drawn.boxes]
            assert inked == [other == character for other in drawn.text]


def _rows(boxes: np.ndarray) -> list[np.ndarray]:
    """Group the boxes' centres by row; a row begins a tenth lower."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.split(centres, np.flatnonzero(np.diff(centres[:, 1]) > 6) + 1)


def test_numbers_are_written_row_by_row_from_the_left():
    counts = []
    for seed in range(25):
        drawn = face(seed, {"shape.two_rows": 1, "shape.aspect": [2, 2]})
        rows = _rows(drawn.boxes)
        counts.append(len(rows))
        assert all(np.ptp(row[:, 1]) < 1 and (np.diff(row[:, 0]) > 0).all() for row in rows)
        if len(rows) == 2:
            assert rows[1][0, 1] - rows[0][0, 1] > 0.35 * drawn.image.height
            assert drawn.boxes[0, 3] < drawn.boxes[-1, 1]
    assert set(counts) == {1, 2} and counts.count(2) > 12  # a number of one group stays in one row
    assert {len(_rows(face(seed).boxes)) for seed in range(15)} == {1}


def test_rows_of_unlike_height_fill_the_plate_and_do_not_touch():
    upper_is_larger = set()
    for seed in range(30):
        drawn = face(seed, {"shape.two_rows": 1, "number.unlike_rows": 1, "shape.aspect": [1.5, 1.5]})
        rows = np.unique(drawn.boxes[:, [1, 3]].round(3), axis=0)
        if len(rows) == 1:
            continue  # a number of one group
        (top, _), (_, bottom) = rows
        heights = rows[:, 1] - rows[:, 0]
        assert rows[0, 1] < rows[1, 0] and top > 0 and bottom < drawn.image.height
        assert 1.1 < heights.max() / heights.min() < 2.3
        upper_is_larger.add(bool(heights[0] > heights[1]))
    assert upper_is_larger == {True, False}


def test_a_plate_without_a_number_has_neither_boxes_nor_text():
    for seed in range(5):
        drawn = face(seed, {"number.none": 1, "shape.print": 1, "face.sticker": 1})
        assert (drawn.boxes.shape, drawn.text) == ((0, 4), "")


@pytest.mark.parametrize("aspect", [1, 2.2, 4.7, 10])
@pytest.mark.parametrize("width", [160, 400])
def test_plates_have_the_requested_proportions(aspect, width):
    assert face(0, {"shape.aspect": [aspect, aspect]}, width=width).image.size == (width, round(width / aspect))


@pytest.mark.parametrize("share", [0.2, 0.6, 0.94])
def test_characters_have_the_requested_height_and_lie_on_the_plate(share):
    for seed in range(10):
        drawn = face(seed, {"shape.characters": [share, share]})
        x1, y1, x2, y2 = drawn.boxes.T
        np.testing.assert_allclose(y2 - y1, share * 60, atol=1)
        assert (y1 >= 0).all() and (y2 <= 60).all() and (x1 > -10).all() and (x2 < WIDTH + 10).all()


def test_shapes_are_as_frequent_as_their_shares():
    shapes = [
        {"share": share, "aspect": [aspect, aspect], "characters": [0.5, 0.5], "print": 0, "two_rows": 0}
        for share, aspect in ((0.6, 4), (0.0, 2), (0.2, 5))
    ]
    heights = [face(seed, {"face.shapes": shapes}).image.height for seed in range(60)]
    assert set(heights) == {60, 48}
    assert 35 < heights.count(60) < 55  # of 60, where 45 are to be expected


def test_dark_plates_have_a_light_number():
    for seed in range(10):
        drawn = face(seed, {"face.dark": 1})
        x1, y1, x2, y2 = drawn.boxes[0]
        ink = drawn.image.getpixel((int(x1 + x2) // 2, int(y1 + y2) // 2))
        assert luminance(ink) - luminance(drawn.image.getpixel((2, 2))) > 148


@pytest.mark.parametrize("coloured", [0, 1])
@pytest.mark.parametrize("contrast", [20, 200])
def test_colours_are_found_for_every_allowed_contrast(coloured, contrast):
    grounds = [face(seed, {"face.coloured": coloured, "face.contrast": contrast}).image.getpixel((2, 2)) for seed in
               range(10)]  # fmt: skip
    saturations = [(max(ground) - min(ground)) / max(ground) for ground in grounds]
    assert all(saturation > 0.28 if coloured else saturation < 0.13 for saturation in saturations)


@pytest.mark.parametrize("changes", [{"face.border": 1}, {"face.screws": 1}, {"face.dirt": [1, 1]}], ids=str)
def test_borders_screws_and_dirt_are_visible_beside_the_number(changes):
    assert sum(np.ptp(beside(face(seed, changes)), axis=0).max() > 30 for seed in range(8)) >= 4


def test_an_outline_follows_the_ink_in_another_colour():
    for seed in range(6):
        plain, outlined = _pixels(seed, {}), _pixels(seed, {"face.outlined": 1})
        changed = (plain != outlined).any(axis=2)
        x1, y1, x2, y2 = face(seed).boxes[0].round().astype(int)
        assert not changed[y1 + 2 : y2 - 2, (x1 + x2) // 2].any()  # the ink itself
        assert changed[y1 - 1, (x1 + x2) // 2] and changed[y2, (x1 + x2) // 2]
        assert not changed[: y1 - 4].any() and not changed[y2 + 4 :].any()


def test_worn_paint_shows_the_ground_through_the_ink():
    new, worn = (sum(_ink(seed, {"face.worn": [share, share]}).sum() for seed in range(8)) for share in (0, 1))
    assert 0.4 * new < worn < 0.9 * new


def test_embossing_lights_one_edge_of_a_character_and_shades_the_other():
    for seed in range(4):
        flat, stamped = (_pixels(seed, {"face.emboss": [strength, strength]}) for strength in (0, 1))
        change = stamped - flat
        assert change.max() > 90 and change.min() < -90
        assert (change == 0).mean() > 0.7


def test_the_same_generator_draws_the_same_face_and_another_another():
    changes = {"face.band": 0.5, "face.dirt": [0, 1], "face.emboss": [0, 1], "face.screws": 0.5}
    assert face(1, changes).image.tobytes() == face(1, changes).image.tobytes() != face(2, changes).image.tobytes()


@pytest.mark.parametrize("edge", [0.0, 0.1])
@pytest.mark.parametrize("printed", [0, 1])
def test_a_number_too_wide_for_its_plate_keeps_the_requested_edge(edge, printed):
    changes = {"face.edge": [edge, edge], "shape.print": printed, "number.aspect": [10, 10], "number.count": [8, 8]}
    for seed in range(5):
        boxes = face(seed, changes | {"number.mixed": 1}).boxes
        assert boxes[:, 0].min() == pytest.approx(edge * WIDTH, abs=2)
        assert boxes[:, 2].max() == pytest.approx((1 - edge) * WIDTH, abs=2)
