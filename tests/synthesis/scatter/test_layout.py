"""Boards, checked with tiles whose brightness identifies the character."""

from itertools import combinations

import numpy as np
import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import Characters
from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.resize import crop_and_resize
from platefuse.synthesis.scatter.layout import ScatterParams, ink_tiles, make_board

SETTING = {
    "height": 128,
    "width": 256,
    "count": (1, 6),
    "size": (24, 56),
    "spacing": 12,
    "max_overlap": 0.0,
    "box": "tile",
}


def _brightness(label: int) -> int:
    return 100 + 15 * label


@pytest.fixture
def flat() -> Characters:
    """Characters as plain tiles, each of its own brightness."""
    tiles = [np.full((28, 28), _brightness(label), np.uint8) for label in range(10)]
    return Characters(np.stack(tiles), np.arange(10), "0123456789")


@pytest.fixture
def inked() -> Characters:
    """Characters as off-centre strokes with a faint rim."""
    tiles = np.zeros((10, 28, 28), np.uint8)
    for label in range(10):
        tiles[label, 2:27, 1 + label : 17 + label] = 20
        tiles[label, 4:25, 3 + label : 15 + label] = _brightness(label)
    return Characters(tiles, np.arange(10), "0123456789")


def _boards(characters, number=60, **changes):
    params = ScatterParams.model_validate({**SETTING, **changes})
    return [make_board(characters, np.random.default_rng(seed), params) for seed in range(number)]


def _drawn_by_hand(boxes, text):
    board = np.zeros((SETTING["height"], SETTING["width"], 3), np.uint8)
    for (x1, y1, x2, y2), character in zip(boxes, text, strict=True):
        for y in range(y1, y2):
            for x in range(x1, x2):
                board[y, x] = max(board[y, x, 0], _brightness(int(character)))
    return board


@pytest.mark.parametrize("max_overlap", [0.0, 0.6])
def test_a_board_is_its_boxes_and_text_drawn_on_black(flat, max_overlap):
    for board, boxes, text in _boards(flat, 8, max_overlap=max_overlap):
        assert (board.dtype, boxes.dtype) == (np.uint8, np.int32)
        np.testing.assert_array_equal(board, _drawn_by_hand(boxes, text))


def test_boxes_are_squares_of_the_requested_sizes_inside_the_board(flat):
    sides = set()
    for _, boxes, _ in _boards(flat, 150):
        x1, y1, x2, y2 = boxes.T
        assert (x1 >= 0).all() and (y1 >= 0).all() and (x2 <= 256).all() and (y2 <= 128).all()
        np.testing.assert_array_equal(x2 - x1, y2 - y1)
        sides |= set((x2 - x1).tolist())
    assert sides == set(range(24, 57))  # all of them, both ends included


def test_tiles_reach_every_edge_of_the_board(flat):
    boxes = np.concatenate(
        [boxes for _, boxes, _ in _boards(flat, 200, height=40, width=64, count=(1, 1), size=(32, 36))]
    )
    assert boxes[:, :2].min(axis=0).tolist() == [0, 0]
    assert boxes[:, 2:].max(axis=0).tolist() == [64, 40]


def test_every_requested_number_of_characters_occurs(flat):
    assert {len(text) for _, _, text in _boards(flat)} == set(range(1, 7))
    assert {len(text) for _, _, text in _boards(flat, 10, count=(3, 3))} == {3}


def test_every_character_occurs(flat):
    assert {character for _, _, text in _boards(flat) for character in text} == set("0123456789")


@pytest.mark.parametrize("spacing", [0, 12, 30])
def test_centres_are_in_order_and_keep_their_distance(flat, spacing):
    closest = min(
        np.diff((boxes[:, 0] + boxes[:, 2]) / 2).min(initial=np.inf)
        for _, boxes, _ in _boards(flat, spacing=spacing, max_overlap=1.0)
    )
    assert spacing <= closest < spacing + 3  # no further apart than asked for, either


def _overlaps(boxes: np.ndarray) -> list[float]:
    shares = []
    for a, b in combinations(boxes.tolist(), 2):
        wide = max(0, min(a[2], b[2]) - max(a[0], b[0]))
        high = max(0, min(a[3], b[3]) - max(a[1], b[1]))
        shares.append(wide * high / min((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)))
    return shares


@pytest.mark.parametrize("max_overlap", [0.0, 0.2, 0.5])
def test_tiles_cover_each_other_up_to_the_limit_and_no_more(flat, max_overlap):
    shares = [share for _, boxes, _ in _boards(flat, max_overlap=max_overlap) for share in _overlaps(boxes)]
    assert max_overlap * 0.9 <= max(shares) <= max_overlap


def test_ink_boxes_enclose_exactly_the_bright_pixels(inked):
    for board, boxes, text in _boards(inked, 30, box="ink"):
        left = board[..., 0].copy()
        for (x1, y1, x2, y2), character in zip(boxes, text, strict=True):
            ink = board[y1:y2, x1:x2, 0] >= 64
            assert ink[0].any() and ink[-1].any() and ink[:, 0].any() and ink[:, -1].any()
            assert board[(y1 + y2) // 2, (x1 + x2) // 2, 0] == _brightness(int(character))
            left[y1:y2, x1:x2] = 0
        assert left.max() < 64


def test_ink_boxes_are_read_from_left_to_right_by_their_own_centres(inked):
    for board, boxes, text in _boards(inked, spacing=0, box="ink"):
        centres = boxes[:, 0] + boxes[:, 2]
        assert (np.diff(centres) >= 0).all()
        for (x1, y1, x2, y2), character in zip(boxes, text, strict=True):
            assert board[(y1 + y2) // 2, (x1 + x2) // 2, 0] == _brightness(int(character))


def test_the_ink_box_of_a_blank_character_is_its_whole_tile():
    blank = Characters(np.zeros((1, 28, 28), np.uint8), np.zeros(1, int), "_")
    for _, boxes, _ in _boards(blank, 5, box="ink", size=(30, 30)):
        np.testing.assert_array_equal(boxes[:, 2:] - boxes[:, :2], 30)


def test_a_board_without_characters(flat):
    board, boxes, text = _boards(flat, 1, count=(0, 0))[0]
    assert (board.shape, board.max(), boxes.shape, text) == ((128, 256, 3), 0, (0, 4), "")


def test_the_generator_decides_the_board(flat):
    (one, *_), (other, *_) = _boards(flat, 2)
    np.testing.assert_array_equal(one, _boards(flat, 1)[0][0])
    assert (one != other).any()


def test_characters_that_find_no_room_are_refused_with_the_remedy(flat):
    with pytest.raises(PlatefuseError) as refused:
        _boards(flat, 1, height=50, width=75, count=(6, 6), size=(25, 30), spacing=0)
    message = str(refused.value)
    assert message.startswith("6 characters of 25 to 30 pixels find no room on a board of 75 x 50 pixels: ")
    for name in ("count", "size", "spacing", "height", "width", "max_overlap"):
        assert f"synth.{name}" in message


def test_stretched_ink_equals_the_connection_layers_crop_of_an_ink_box():
    rng = np.random.default_rng(0)
    images = np.zeros((5, 28, 28), np.uint8)
    boxes = [(3, 5, 20, 25), (10, 2, 14, 27), (0, 0, 28, 28), (8, 8, 18, 17), (1, 13, 27, 16)]
    for image, (x1, y1, x2, y2) in zip(images, boxes, strict=True):
        image[y1:y2, x1:x2] = rng.integers(64, 256, size=(y2 - y1, x2 - x1))
        image[0, 0] = max(image[0, 0], 40)  # not ink
    crops = crop_and_resize(tf.constant(images, tf.float32), tf.constant(boxes, tf.float32), tf.range(5), 28, 28)
    np.testing.assert_allclose(ink_tiles(images), crops, atol=1.01)


def test_a_blank_character_stays_unstretched():
    assert ink_tiles(np.full((1, 28, 28), 63, np.uint8)).tolist() == np.full((1, 28, 28), 63).tolist()
