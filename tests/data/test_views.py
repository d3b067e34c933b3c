"""Level views: slopes of rows that are known, and boxes mapped corner by corner."""

import numpy as np
import pytest

from platefuse.data.views import (
    IDENTITY,
    MARGIN,
    MAX_ENLARGEMENT,
    MIN_ENLARGEMENT,
    boxes_in_image,
    common_slope,
    level_view,
)

SIZE = (96, 192)
ONE_ROW = [(20 + 15 * i, 48) for i in range(8)]
TWO_ROWS = [(60 + 15 * i, 34) for i in range(4)] + [(52 + 15 * i, 62) for i in range(5)]
SHORT_ROWS = [(80, 34), (96, 34), (72, 62), (88, 62), (104, 62)]
NUMBERS = {"one row": ONE_ROW, "two rows": TWO_ROWS, "short rows": SHORT_ROWS}


def turned(centres: list[tuple], degrees: float, width: float = 10, height: float = 20) -> np.ndarray:
    """Upright boxes around characters that are turned clockwise about the middle of the image, float64 [n,4]."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    x, y = (np.reshape(np.array(centres, float), (-1, 2)) - [SIZE[1] / 2, SIZE[0] / 2]).T
    x, y = cosine * x - sine * y + SIZE[1] / 2, sine * x + cosine * y + SIZE[0] / 2
    wide = width * abs(cosine) + height * abs(sine)
    high = width * abs(sine) + height * abs(cosine)
    return np.column_stack([x - wide / 2, y - high / 2, x + wide / 2, y + high / 2])


@pytest.mark.parametrize("degrees", [-35, -30, -20, -7, 0, 3, 15, 30, 35])
@pytest.mark.parametrize("number", NUMBERS)
def test_the_slope_is_that_of_the_rows(number: str, degrees: float) -> None:
    boxes = turned(NUMBERS[number], degrees)
    assert np.degrees(np.arctan(common_slope(boxes, np.ones(len(boxes))))) == pytest.approx(degrees, abs=0.1)


@pytest.mark.parametrize("degrees", [-30, 0, 15, 30])
@pytest.mark.parametrize("number", ["one row", "two rows"])
def test_clutter_and_inexact_boxes_turn_the_slope_by_few_degrees(number: str, degrees: float) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        boxes = turned(NUMBERS[number], degrees)
        boxes += rng.normal(0, 0.8, boxes.shape)
        corner = rng.uniform(0, 80, (3, 2))
        clutter = np.concatenate([corner, corner + np.array([8, 12])], axis=1)
        scores = np.append(rng.uniform(0.6, 1, len(boxes)), [0.15] * 3)
        slope = common_slope(np.concatenate([boxes, clutter]), scores)
        assert np.degrees(np.arctan(slope)) == pytest.approx(degrees, abs=4), seed


@pytest.mark.parametrize("centres", [[], [(20, 20)], [(50, 20), (50, 45), (50, 70)]])
def test_characters_none_of_which_is_beside_another_have_no_slope(centres: list[tuple]) -> None:
    boxes = turned(centres, 0)
    assert common_slope(boxes, np.ones(len(boxes))) == 0


@pytest.mark.parametrize("degrees", [-30, 15, 30])
@pytest.mark.parametrize("number", NUMBERS)
def test_characters_stand_level_and_within_the_view(number: str, degrees: float) -> None:
    boxes = turned(NUMBERS[number], degrees)
    view = level_view(boxes, np.ones(len(boxes)), SIZE)
    assert view.askew
    linear, offset = view.matrix[:, :2], view.matrix[:, 2]
    seen = ((boxes[:, :2] + boxes[:, 2:]) / 2 - offset) @ np.linalg.inv(linear).T
    upright = np.array(NUMBERS[number], float)
    expected = (upright - upright.mean(axis=0)) * view.enlargement
    np.testing.assert_allclose(seen - seen.mean(axis=0), expected, atol=0.2)
    halves = (boxes[:, 2:] - boxes[:, :2]) / 2 * view.enlargement
    margin = MARGIN * 2 * halves[:, 1].mean()
    least, most = (seen - halves).min(axis=0) - margin, (seen + halves).max(axis=0) + margin
    np.testing.assert_allclose((least + most) / 2, [SIZE[1] / 2, SIZE[0] / 2], atol=1e-6)
    filled = (most - least) / SIZE[::-1]
    assert view.enlargement == MAX_ENLARGEMENT or filled.max() == pytest.approx(1)
    assert filled.max() < 1 + 1e-6


@pytest.mark.parametrize(
    ("degrees", "size", "askew"), [(0, 1.0, False), (5, 1.0, False), (10, 1.0, True), (-10, 1.0, True), (0, 0.4, True)]
)
def test_numbers_are_askew_that_are_tilted_or_small(degrees: float, size: float, askew: bool) -> None:
    boxes = turned(ONE_ROW, degrees) * size
    view = level_view(boxes, np.ones(len(boxes)), SIZE)
    assert view.askew is askew
    assert (view.enlargement > MIN_ENLARGEMENT) is (size < 1)


def test_a_tiny_number_is_enlarged_to_the_limit() -> None:
    boxes = turned(ONE_ROW, 0) * 0.1
    assert level_view(boxes, np.ones(len(boxes)), SIZE).enlargement == MAX_ENLARGEMENT


@pytest.mark.parametrize("scores", [[], [0.0], [0.9], [0.9, 0.01]])
def test_a_single_character_is_not_read_again(scores: list[float]) -> None:
    boxes = turned(ONE_ROW, 30)[: len(scores)]
    view = level_view(boxes, np.array(scores), SIZE)
    assert not view.askew
    if max(scores, default=0) == 0:
        np.testing.assert_array_equal(view.matrix, IDENTITY)


@pytest.mark.parametrize("degrees", [-40, -15, 0, 30])
def test_a_box_becomes_the_upright_one_around_its_corners(degrees: float) -> None:
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 90, (6, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(3, 30, (6, 2))], axis=1)
    matrix = level_view(turned(ONE_ROW, degrees), np.ones(8), SIZE).matrix
    for box, found in zip(boxes, boxes_in_image(boxes, matrix), strict=True):
        points = [matrix @ [x, y, 1] for x in (box[0], box[2]) for y in (box[1], box[3])]
        np.testing.assert_allclose(found, [*np.min(points, axis=0), *np.max(points, axis=0)])


def test_boxes_of_the_image_itself_stay() -> None:
    boxes = turned(TWO_ROWS, 20)
    np.testing.assert_allclose(boxes_in_image(boxes, IDENTITY), boxes)
