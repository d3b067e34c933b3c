"""Ink contrast and inversion, compared with NumPy."""

import numpy as np
import pytest

from platefuse.fusion.graph import Letterbox
from platefuse.fusion.polarity import InkContrast, invert
from platefuse.networks.common.keras2 import tf

SIZE = (8, 12)


def crop(ink: float, ground: float) -> np.ndarray:
    """A bar of ink on ground, float32 [20,12,1]; a quarter of the pixels on each side is margin."""
    pixels = np.full((20, 12, 1), ground, np.float32)
    pixels[6:14, 5:7] = ink
    return pixels


def contrasts_of(crops: list[np.ndarray], slots: list[list[int]], scores: list[list[float]]) -> np.ndarray:
    layer = InkContrast(margin=0.5)
    return layer((tf.stack(crops), tf.constant(slots, tf.int64), tf.constant(scores))).numpy()


def test_contrast_is_the_mean_beside_the_box_less_that_in_it() -> None:
    pixels = np.random.default_rng(1).random((20, 12, 1)).astype(np.float32)
    band = pixels[5:15, :, 0]
    difference = np.mean([band[:, :3].mean(), band[:, 9:].mean()]) - band[:, 3:9].mean()
    assert contrasts_of([pixels], [[0, 0]], [[0.7]])[0] == pytest.approx(difference / (pixels.std() + 0.02), abs=1e-5)


def test_contrast_is_positive_for_dark_ink_and_turns_its_sign_with_the_image() -> None:
    dark, light = contrasts_of([crop(0.2, 0.9), crop(0.8, 0.1)], [[0, 0], [1, 0]], [[0.9], [0.9]])
    assert dark == pytest.approx(-light)
    assert dark > 0.5


def test_contrast_weighs_boxes_by_score_and_is_0_without_boxes() -> None:
    crops = [crop(0.2, 0.9), crop(0.9, 0.2)]
    one = contrasts_of(crops[:1], [[0, 0]], [[1.0]])[0]
    both = contrasts_of(crops, [[0, 0], [0, 1]], [[0.75, 0.25]])[0]
    assert both == pytest.approx(0.5 * one)
    # An image without a box lists its slots all the same, with scores of -1.
    assert contrasts_of(crops, [[0, 0], [0, 1]], [[-1.0, -1.0]])[0] == 0


@pytest.mark.parametrize("size", [SIZE, (20, 60), (60, 20), (3, 3)])
def test_inverting_a_letterboxed_image_is_letterboxing_the_inverted_one(size: tuple[int, int]) -> None:
    images = np.random.default_rng(2).integers(0, 256, (2, *size, 3)).astype(np.uint8)
    letterbox = Letterbox(SIZE)
    letterboxed, geometry = letterbox(tf.constant(images))
    expected, _ = letterbox(tf.constant(255 - images))
    np.testing.assert_allclose(invert(letterboxed, geometry), expected, atol=1e-3)
