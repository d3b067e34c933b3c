"""Crops of photographs and their letterboxing, against the letterbox of whole images."""

import numpy as np
import pytest

from platefuse.fusion.photographs.crops import letterboxed_crops, pixel_windows
from platefuse.fusion.photographs.letterbox import letterbox_in_strips
from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.resize import letterbox

SIZE = (64, 96)
BOXES = [
    *([10.2, 20.7, 100.3, 60.1], [-5, -6, 40, 30], [280, 350, 600, 500], [0, 0, 300, 240]),
    *([7, 7, 7.5, 7.5], [33, 33, 33, 33], [-9, -9, -3, -3], [400, 300, 500, 400], [100, 100, 196, 164]),
]


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    "shape", [(2, *SIZE), (1, 128, 192), (1, 1, 1), (1, 9, 380), (2, 250, 13), (1, 256, 384), (1, 50, 90)]
)
def test_letterboxing_in_strips_is_letterboxing(shape: tuple[int, ...]) -> None:
    photographs = tf.constant(noise(*shape))
    strips = letterbox_in_strips(photographs, SIZE).numpy()
    np.testing.assert_allclose(strips, letterbox(photographs, SIZE), rtol=0, atol=2e-3)
    assert strips.max() > 0


def test_a_huge_photograph_is_letterboxed_as_a_smooth_one_would_be() -> None:
    rows, columns = np.mgrid[:1500, :2200]
    photograph = np.stack([rows // 8, columns // 10, (rows + columns) // 16], axis=-1).astype(np.uint8)[None]
    strips = letterbox_in_strips(tf.constant(photograph), SIZE).numpy()
    np.testing.assert_allclose(strips, letterbox(tf.constant(photograph), SIZE), rtol=0, atol=1.5)


def test_a_crop_is_the_letterboxed_image_of_its_window() -> None:
    photographs = noise(2, 240, 300)
    indices = np.arange(len(BOXES)) % 2
    windows = pixel_windows(tf.constant(BOXES, tf.float32), tf.constant(240), tf.constant(300)).numpy()
    crops, geometry = letterboxed_crops(tf.constant(photographs), tf.constant(windows), tf.constant(indices), SIZE)
    for box, window, index, crop, of_crop in zip(BOXES, windows, indices, crops, geometry, strict=True):
        x1, y1, x2, y2 = window.astype(int)
        alone = photographs[index, y1:y2, x1:x2]
        assert alone.size and window.tolist() == [x1, y1, x2, y2]
        if 0 <= box[0] < box[2] <= 300 and 0 <= box[1] < box[3] <= 240:
            assert x1 <= box[0] < x1 + 1 and x2 - 1 < box[2] <= x2
            assert y1 <= box[1] < y1 + 1 and y2 - 1 < box[3] <= y2
        np.testing.assert_allclose(crop, letterbox(tf.constant(alone[None]), SIZE)[0], rtol=0, atol=2e-3)
        scale = min(SIZE[0] / alone.shape[0], SIZE[1] / alone.shape[1])
        np.testing.assert_allclose(of_crop, [scale, *alone.shape[:2]], rtol=1e-6)


def test_a_large_crop_is_near_its_letterboxed_window() -> None:
    rows, columns = np.mgrid[:900, :1300]
    photograph = np.stack([rows // 4, columns // 6, (rows + columns) // 9], axis=-1).astype(np.uint8)[None]
    window = tf.constant([[20.0, 10.0, 1270.0, 880.0]])
    crops, _ = letterboxed_crops(tf.constant(photograph), window, tf.constant([0]), SIZE)
    alone = tf.constant(photograph[:, 10:880, 20:1270])
    np.testing.assert_allclose(crops, letterbox(alone, SIZE), rtol=0, atol=1.5)


def test_no_window_gives_no_crop() -> None:
    crops, geometry = letterboxed_crops(tf.constant(noise(1, 9, 9)), tf.zeros([0, 4]), tf.zeros([0], tf.int64), SIZE)
    assert crops.shape == (0, *SIZE, 3) and geometry.shape == (0, 3)
