"""Bent views: pixels move as points do."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import map_coordinates

from platefuse.synthesis.licence.bend import bend, bend_points


@pytest.mark.parametrize("sagitta", [0.0, 7.3, -12.0])
def test_pixels_move_as_scipy_interpolates_them(sagitta):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 90, 3), np.uint8)
    x, y = np.meshgrid(np.arange(90), np.arange(40))
    moved = bend_points(np.stack([x + 0.5, np.zeros_like(y)], axis=-1), 90, sagitta)[..., 1]
    expected = np.stack(
        [map_coordinates(pixels[..., c].astype(float), [y - moved, x], order=1, mode="nearest") for c in range(3)], -1
    )
    np.testing.assert_allclose(np.asarray(bend(Image.fromarray(pixels), sagitta)), expected, atol=0.51)


def test_a_mark_is_found_where_its_point_went():
    for x in (8, 50, 91):
        pixels = np.zeros((60, 100, 3), np.uint8)
        pixels[30, x] = 255
        column = np.asarray(bend(Image.fromarray(pixels), 10.0))[:, x, 0].astype(float)
        (_, y), found = bend_points(np.array([x + 0.5, 30.0]), 100, 10.0), (column * np.arange(60)).sum() / column.sum()
        assert found == pytest.approx(y, abs=0.05)


def test_the_arc_has_the_requested_height():
    y = bend_points(np.array([[0.0, 0.0], [50.0, 0.0], [100.0, 0.0]]), 100, 8.0)[:, 1]
    np.testing.assert_allclose(y, [4, -4, 4])
