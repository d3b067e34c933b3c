"""Ink contrast, inversion, and the choice between two readings, compared with NumPy and hand-made networks."""

import numpy as np
import pytest

from platefuse.fusion.graph import Letterbox
from platefuse.fusion.params import FuseParams, Polarity
from platefuse.fusion.polarity import InkContrast, ReadEitherPolarity, invert
from platefuse.networks.common.keras2 import keras, tf
from tests.helpers.small_models import FUSE, INPUT_SIZE, random_boards, small_fused

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


def brightness_reader() -> keras.Model:
    """Reads one character in each image; the score is the mean brightness, and so is the contrast, 0 at half."""
    images = keras.Input((*SIZE, 3))
    bright = keras.layers.Lambda(lambda pixels: tf.reduce_mean(pixels, axis=[1, 2, 3]) / 255)(images)
    boxes = keras.layers.Lambda(lambda pixels: tf.reduce_max(pixels, axis=[1, 2])[:, None, :1] * tf.ones([4]))(images)
    scores = keras.layers.Lambda(lambda share: share[:, None])(bright)
    probabilities = keras.layers.Lambda(lambda share: tf.stack([share, 1 - share], axis=-1)[:, None])(bright)
    contrasts = keras.layers.Lambda(lambda share: share - 0.5)(bright)
    return keras.Model(images, [boxes, scores, probabilities, contrasts])


def flat(brightness: float) -> np.ndarray:
    return np.full((*SIZE, 3), 255 * brightness, np.float32)


@pytest.mark.parametrize(("polarity", "expected"), [("dark_on_light", [0.9, 0.9, 0.6, 0.6]), ("light_on_dark", None)])
def test_each_image_of_a_batch_is_inverted_only_if_that_reads_better(
    polarity: Polarity, expected: list[float] | None
) -> None:
    given = [0.9, 0.1, 0.6, 0.4]
    geometry = tf.constant([[1.0, *SIZE]] * len(given))
    layer = ReadEitherPolarity(brightness_reader(), polarity)
    _, scores, probabilities = layer((tf.stack([flat(share) for share in given]), geometry))
    if expected is None:  # the reader's contrast speaks against what it reads, and weighs less than a character here
        expected = [
            other
            if -(share - 0.5) < 0.3 and -(share - 0.5) + share * max(share, 1 - share) < other * max(other, share)
            else share
            for share, other in ((share, 1 - share) for share in given)
        ]
    np.testing.assert_allclose(scores[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(probabilities[:, 0, 0], expected, atol=1e-6)


def test_an_image_beyond_doubt_is_not_read_again() -> None:
    """Inverted it would read better, but nothing asks for it."""
    bright = brightness_reader()
    sure = keras.Model(bright.input, [*bright.outputs[:3], keras.layers.Lambda(lambda x: x * 0 + 1)(bright.outputs[3])])
    layer = ReadEitherPolarity(sure, "dark_on_light")
    _, scores, _ = layer((tf.stack([flat(0.1)]), tf.constant([[1.0, *SIZE]])))
    assert scores.numpy()[0, 0] == pytest.approx(0.1)


def test_the_fused_model_reads_each_image_in_the_better_polarity() -> None:
    """The same as the model that never inverts, on images that NumPy chose."""
    boards = random_boards(6, *INPUT_SIZE)
    images = np.where(np.arange(6)[:, None, None, None] % 2, 255 - boards, boards)
    as_given = small_fused(FUSE)
    either = small_fused(FuseParams.model_validate({**FUSE.model_dump(), "polarity": "light_on_dark"}))
    network = as_given.on_letterboxed.get_layer("letterboxed_to_characters")

    def evidence(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        _, scores, probabilities, _, contrasts = (output.numpy() for output in network(tf.constant(pixels, tf.float32)))
        return -contrasts, (np.maximum(scores, 0) * probabilities.max(axis=-1)).sum(axis=1)

    contrasts, given = evidence(images)
    _, inverted = evidence(255 - images)
    better_inverted = (contrasts < 0.3) & (contrasts + given < inverted)
    assert 0 < better_inverted.sum() < len(images), "the comparison needs both"
    chosen = np.where(better_inverted[:, None, None, None], 255 - images, images)
    expected, outputs = (model.model(tf.constant(pixels)) for model, pixels in ((as_given, chosen), (either, images)))
    for name, values in outputs.items():
        np.testing.assert_allclose(values, expected[name], atol=1e-4, err_msg=name)
