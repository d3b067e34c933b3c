"""Plates as the fused model reads them: polarity, level rows, boxes that follow."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from platefuse.data.boxes import enclose_corners
from platefuse.synthesis.as_read import as_read
from platefuse.synthesis.crops import CropGeometry

NONE = np.zeros((0, 4, 2))
PLATE = (200, 100)


def geometry(polarity: str = "dark_on_light", deskew: bool = True) -> CropGeometry:
    return CropGeometry((96, 192), 0.1, polarity, deskew)


def tilted(degrees: float, count: int = 6) -> tuple[Image.Image, np.ndarray]:
    """Draw upright rectangles in a row, turned about the middle: the image and the corners [n,4,2]."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array(
        [[(x, -10), (x + 8, -10), (x + 8, 10), (x, 10)] for x in np.arange(count) * 15.0 - 7.5 * count], float
    )
    corners = corners @ turn.T + np.array(PLATE) / 2
    image = Image.new("RGB", PLATE, "white")
    for corner in corners:
        ImageDraw.Draw(image).polygon([tuple(point) for point in corner], fill="black")
    return image, corners


@pytest.mark.parametrize(
    ("polarity", "light_on_dark", "inverted"),
    [
        ("dark_on_light", False, False),
        ("dark_on_light", True, True),
        ("light_on_dark", False, True),
        ("light_on_dark", True, False),
        ("as_given", False, False),
        ("as_given", True, False),
    ],
)
def test_plates_of_the_other_polarity_are_inverted(polarity, light_on_dark, inverted):
    image, corners = tilted(0)
    seen = as_read(image, corners, NONE, light_on_dark, geometry(polarity, deskew=False))
    expected = 255 - np.asarray(image) if inverted else np.asarray(image)
    np.testing.assert_array_equal(np.asarray(seen.image), expected)
    np.testing.assert_allclose(seen.boxes, enclose_corners(corners))


@pytest.mark.parametrize("degrees", [-30, -15, 15, 30])
def test_tilted_plates_are_turned_level_and_boxes_become_tight(degrees):
    image, corners = tilted(degrees)
    seen = as_read(image, corners, corners[2:3], False, geometry())
    assert seen.image.size == (192, 96)
    heights, middles = seen.boxes[:, 3] - seen.boxes[:, 1], (seen.boxes[:, 1] + seen.boxes[:, 3]) / 2
    widths = seen.boxes[:, 2] - seen.boxes[:, 0]
    assert np.ptp(middles) < 0.05 * heights.mean()
    np.testing.assert_allclose(widths / heights, 8 / 20, atol=0.05)
    np.testing.assert_allclose(seen.distractors, seen.boxes[2:3])
    dark = np.asarray(seen.image) < 128
    for x1, y1, x2, y2 in seen.boxes.round().astype(int):
        assert dark[y1 + 1 : y2 - 1, x1 + 1 : x2 - 1].all()
        dark[max(0, y1 - 3) : y2 + 3, max(0, x1 - 3) : x2 + 3] = False  # Pillow's polygons have their last pixels
    inside = np.zeros_like(dark)
    inside[30:66, 60:132] = True
    assert not (dark & inside).any()  # no ink between the characters


def test_level_plates_and_those_of_no_number_are_left_as_they_are():
    image, corners = tilted(3, count=11)
    seen = as_read(image, corners, NONE, False, geometry())
    assert seen.image.size == PLATE
    np.testing.assert_allclose(seen.boxes, enclose_corners(corners))
    empty = as_read(image, NONE, corners, False, geometry())
    assert empty.image.size == PLATE and empty.boxes.shape == (0, 4)
    np.testing.assert_allclose(empty.distractors, enclose_corners(corners))


def test_without_deskew_tilted_plates_stay_tilted():
    image, corners = tilted(20)
    seen = as_read(image, corners, NONE, False, geometry(deskew=False))
    np.testing.assert_array_equal(np.asarray(seen.image), np.asarray(image))
