"""The choice between two readings, compared with NumPy and hand-made networks."""

import numpy as np
import pytest
from scipy import ndimage

from platefuse.data.boxes import order_boxes
from platefuse.data.views import IDENTITY, MIN_SLOPE, boxes_in_image, common_slope, level_view
from platefuse.fusion.params import FuseParams, Polarity
from platefuse.fusion.second_reading import SecondReading
from platefuse.networks.common.keras2 import keras, tf
from tests.helpers.small_models import ALPHABET, FUSE, INPUT_SIZE, random_boards, small_fused

SIZE = (8, 12)


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
    layer = SecondReading(brightness_reader(), polarity, deskew=False)
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
    layer = SecondReading(sure, "dark_on_light", deskew=False)
    _, scores, _ = layer((tf.stack([flat(0.1)]), tf.constant([[1.0, *SIZE]])))
    assert scores.numpy()[0, 0] == pytest.approx(0.1)


def test_the_fused_model_reads_each_image_in_the_better_polarity() -> None:
    """The same as the model that never inverts, on images that NumPy chose."""
    boards = random_boards(6, *INPUT_SIZE)
    images = np.where(np.arange(6)[:, None, None, None] % 2, 255 - boards, boards)
    as_given = small_fused(FUSE)
    either = small_fused(FuseParams.model_validate({**FUSE.model_dump(), "polarity": "light_on_dark"}))

    def evidence(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        _, scores, probabilities, _, contrasts = (
            output.numpy() for output in as_given.network(tf.constant(pixels, tf.float32))
        )
        return -contrasts, (np.maximum(scores, 0) * probabilities.max(axis=-1)).sum(axis=1)

    contrasts, given = evidence(images)
    _, inverted = evidence(255 - images)
    better_inverted = (contrasts < 0.3) & (contrasts + given < inverted)
    assert 0 < better_inverted.sum() < len(images), "the comparison needs both"
    chosen = np.where(better_inverted[:, None, None, None], 255 - images, images)
    expected, outputs = (model.model(tf.constant(pixels)) for model, pixels in ((as_given, chosen), (either, images)))
    for name, values in outputs.items():
        np.testing.assert_allclose(values, expected[name], atol=1e-4, err_msg=name)


WIDE = (24, 48)
DEGREES = 20
STEPS = 5.5 * np.arange(-2, 3)
ALONG = np.stack([np.cos(np.radians(DEGREES)) * STEPS + 24, np.sin(np.radians(DEGREES)) * STEPS + 12], axis=1)
HALF = np.array([2.5, 4])
TILTED = np.concatenate([ALONG - HALF, ALONG + HALF], axis=1).astype(np.float32)
LEVEL = np.array([[12 + 5 * i, 2, 36 + 5 * i, 22] for i in range(-2, 3)], np.float32)


def bar_reader() -> keras.Model:
    """Reads five characters, as surely as there is green along the middle of the image.

    Much blue says that they are tilted, and the ink contrast is 0 at half of the red.
    """
    images = keras.Input((*WIDE, 3))
    shares = keras.layers.Lambda(lambda pixels: tf.reduce_mean(pixels, axis=[1, 2]) / 255)(images)
    strip = keras.layers.Lambda(lambda pixels: tf.reduce_mean(pixels[:, 10:14, 8:40, 1], axis=[1, 2]) / 255)(images)
    tilted = keras.layers.Lambda(lambda share: share[:, 2, None, None] > 0.5)(shares)
    boxes = keras.layers.Lambda(lambda values: tf.where(values, TILTED, LEVEL))(tilted)
    scores = keras.layers.Lambda(lambda share: share[:, None] * tf.ones([5]))(strip)
    probabilities = keras.layers.Lambda(lambda values: values[..., None] * 0 + [0.75, 0.25])(scores)
    contrasts = keras.layers.Lambda(lambda share: share[:, 0] - 0.5)(shares)
    return keras.Model(images, [boxes, scores, probabilities, contrasts])


def bar(degrees: float, blue: float, contrast: float = 0.0, light: bool = False) -> np.ndarray:
    """A bar of green across the image on black, or of black on green."""
    y, x = np.mgrid[: WIDE[0], : WIDE[1]] + 0.5
    distances = np.cos(np.radians(degrees)) * (y - 12) - np.sin(np.radians(degrees)) * (x - 24)
    green = 255.0 * ((abs(distances) < 3) != light)
    return np.stack([np.full(WIDE, 255 * (0.5 + contrast)), green, np.full(WIDE, 255 * blue)], axis=-1)


def read_bars(images: list[np.ndarray], polarity: Polarity) -> tuple[np.ndarray, ...]:
    """Boxes, scores and views of images without padding, and the scores of a first reading."""
    batch = tf.constant(np.stack(images), tf.float32)
    reader = bar_reader()
    geometry = tf.constant([[1.0, *WIDE]] * len(images))
    boxes, scores, _, views = SecondReading(reader, polarity, deskew=True)((batch, geometry))
    return boxes.numpy(), scores.numpy()[:, 0], views.numpy(), reader(batch)[1].numpy()[:, 0]


def test_an_image_is_turned_level_if_its_characters_are_askew_and_only_if_that_reads_better() -> None:
    tilted, level, not_askew = bar(DEGREES, blue=0.9), bar(0, blue=0.9), bar(DEGREES, blue=0.1)
    _, scores, views, first = read_bars([tilted, level, not_askew], "as_given")
    assert scores[0] > 0.95 > 0.75 > first[0]
    expected = level_view(TILTED, np.full(5, first[0]), WIDE)
    np.testing.assert_allclose(views[0], expected.matrix, atol=1e-4)
    assert np.degrees(np.arctan(expected.slope)) == pytest.approx(DEGREES, abs=0.1)
    np.testing.assert_array_equal(views[1:], [IDENTITY, IDENTITY])
    np.testing.assert_array_equal(scores[1:], first[1:])


def test_a_batch_without_doubt_is_as_it_was_first_read() -> None:
    boxes, scores, views, first = read_bars([bar(DEGREES, blue=0.1)] * 2, "as_given")
    np.testing.assert_array_equal(boxes, [LEVEL] * 2)
    np.testing.assert_array_equal(scores, first)
    np.testing.assert_array_equal(views, [IDENTITY] * 2)


def test_images_of_both_doubts_are_inverted_and_turned_by_the_sign_of_their_contrast() -> None:
    light, dark = bar(DEGREES, 0.9, contrast=-0.1, light=True), bar(DEGREES, 0.9, contrast=0.1)
    level_light = bar(0, 0.1, contrast=-0.1, light=True)
    _, scores, views, first = read_bars([light, dark, level_light], "dark_on_light")
    assert (scores > 0.95).all()
    assert (first < 0.75).all()
    assert (abs(views[:2, 1, 0]) > 0.1).all()
    np.testing.assert_array_equal(views[2], IDENTITY)


def with_changes(**changes: object) -> FuseParams:
    return FuseParams.model_validate({**FUSE.model_dump(), **changes})


def sampled(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """A view of float32 [h,w,3] by SciPy, which counts rows first, and from the first pixel's centre."""
    linear, offset = matrix[::-1, 1::-1], matrix[::-1, 2]
    offset = offset + linear @ [0.5, 0.5] - 0.5
    channels = [
        ndimage.affine_transform(image[..., i], linear, offset, order=1, mode="grid-constant") for i in range(3)
    ]
    return np.stack(channels, axis=-1)


def plain_reading(network: keras.Model, image: np.ndarray) -> tuple[list[np.ndarray], float, float]:
    """One letterboxed image's boxes, scores and probabilities, their expected number, and the ink contrast."""
    *reading, _, contrast = (values[0].numpy() for values in network(tf.constant(image[None], tf.float32)))
    reading = [values[reading[1] >= 0] for values in reading]
    return reading, (reading[1] * reading[2].max(axis=1)).sum(), float(contrast)


def plain_outputs(reading: list[np.ndarray], matrix: np.ndarray) -> tuple[str, np.ndarray]:
    """Text and boxes in the image, in the order of rows along their slope."""
    boxes, scores, probabilities = reading
    slope = common_slope(boxes, scores)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    if abs(slope) > MIN_SLOPE:
        turned = centres @ np.array([[1, -slope], [slope, 1]]) / np.hypot(1, slope)
        order = order_boxes(boxes + np.tile(turned - centres, 2), "rows")
    else:
        order = order_boxes(boxes, "rows")
    text = "".join(ALPHABET[i] for i in probabilities[order].argmax(axis=1))
    height, width = INPUT_SIZE
    return text, boxes_in_image(boxes[order], matrix).clip(0, [width, height, width, height])


@pytest.mark.parametrize("polarity", ["as_given", "light_on_dark"])
def test_the_fused_model_reads_each_image_in_the_better_view(polarity: Polarity) -> None:
    """The same as plain code that looks at each image by itself."""
    changes = {"score_threshold": 0.497, "reading_order": "rows", "max_characters": 6}
    network = small_fused(with_changes(**changes)).network
    fused = small_fused(with_changes(**changes, polarity=polarity, deskew=True))
    images = random_boards(30, *INPUT_SIZE, seed=3)
    outputs = {name: value.numpy() for name, value in fused.model(tf.constant(images)).items()}
    kinds = set()
    for i, image in enumerate(images.astype(np.float64)):
        (boxes, scores, probabilities), number, contrast = plain_reading(network, image)
        view = level_view(boxes, scores * probabilities.max(axis=1), INPUT_SIZE)
        light = polarity != "as_given" and -contrast < (0 if view.askew else 0.3)
        reading, matrix = [boxes, scores, probabilities], IDENTITY
        if light or view.askew:
            changed = 255 - image if light else image
            changed = sampled(changed, view.matrix) if view.askew else changed
            again, number_again, _ = plain_reading(network, changed)
            if number_again > number - contrast * light:
                reading, matrix = again, view.matrix if view.askew else IDENTITY
            kinds.add((light, view.askew, reading is again))
        text, expected = plain_outputs(reading, matrix)
        ids = outputs["character_ids"][i]
        assert "".join(ALPHABET[k] for k in ids if k >= 0) == text
        np.testing.assert_allclose(outputs["boxes"][i][: len(text)], expected, atol=0.1)
    assert {again for _, askew, again in kinds if askew} == {True, False}, "the comparison needs both readings"
    assert {light for light, askew, _ in kinds if askew} == {False, polarity != "as_given"}
