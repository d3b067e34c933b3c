"""Level views of a batch against NumPy's, and sampled images against SciPy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from platefuse.data import views as plain
from platefuse.fusion.decoding.reading_order import reading_order
from platefuse.fusion.deskew import boxes_in_image, common_slopes, identity_views, level_views, sample, turn_level
from platefuse.networks.common.keras2 import tf
from tests.data.test_views import NUMBERS, ONE_ROW, SIZE, TWO_ROWS, turned

SLOTS = 12


def in_slots(numbers: list[np.ndarray], scores: list[np.ndarray]) -> tuple[tf.Tensor, tf.Tensor]:
    """Boxes and scores of a batch as the network gives them, those of unused slots -1 and 0."""
    boxes, weights = np.full((len(numbers), SLOTS, 4), -1, np.float32), np.zeros((len(numbers), SLOTS), np.float32)
    for i, (of_number, of_scores) in enumerate(zip(numbers, scores, strict=True)):
        boxes[i, : len(of_number)], weights[i, : len(of_number)] = of_number, of_scores
    return tf.constant(boxes), tf.constant(weights)


def some_numbers() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Numbers of many tilts and sizes with inexact boxes, and without boxes."""
    rng = np.random.default_rng(0)
    numbers, scores = [np.zeros((0, 4))], [np.zeros(0)]
    for degrees in range(-36, 40, 4):
        for centres in NUMBERS.values():
            count = int(rng.integers(1, len(centres) + 1))
            boxes = turned(centres[:count], degrees) * rng.uniform(0.3, 1.0)
            numbers.append(boxes + rng.normal(0, 0.5, boxes.shape))
            scores.append(rng.uniform(0.02, 1, count))
    return numbers, scores


def test_views_of_a_batch_are_those_of_numpy() -> None:
    numbers, scores = some_numbers()
    views, askew = level_views(*in_slots(numbers, scores), SIZE)
    expected = [plain.level_view(*number, SIZE) for number in zip(numbers, scores, strict=True)]
    assert {view.askew for view in expected} == {True, False}
    assert askew.numpy().tolist() == [view.askew for view in expected]
    of_number = np.array([len(number) > 0 for number in numbers])
    np.testing.assert_allclose(
        views.numpy()[of_number], np.stack([view.matrix for view in expected])[of_number], rtol=0, atol=2e-3
    )
    assert np.isfinite(views).all()


@given(st.permutations(range(SLOTS)))
def test_the_slope_does_not_depend_on_the_order_of_the_boxes(order: list[int]) -> None:
    boxes, scores = in_slots([turned(TWO_ROWS, 25)], [np.linspace(0.9, 0.4, 9)])
    slopes = common_slopes(tf.gather(boxes, order, axis=1), tf.gather(scores, order, axis=1))
    np.testing.assert_allclose(slopes, common_slopes(boxes, scores), atol=1e-5)


def test_boxes_of_a_batch_are_mapped_as_numpys() -> None:
    numbers, scores = some_numbers()
    boxes, weights = in_slots(numbers, scores)
    views, _ = level_views(boxes, weights, SIZE)
    expected = [
        plain.boxes_in_image(of_number, view) for of_number, view in zip(boxes.numpy(), views.numpy(), strict=True)
    ]
    np.testing.assert_allclose(boxes_in_image(boxes, views), np.stack(expected), rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("degrees", [-30, 15])
def test_a_view_shows_what_scipy_samples(degrees: float) -> None:
    images = np.random.default_rng(1).uniform(0, 255, (3, 20, 36, 3)).astype(np.float32)
    boxes = turned(ONE_ROW, degrees)
    views = np.stack([plain.level_view(boxes * size, np.ones(8), (20, 36)).matrix for size in (0.1, 0.15, 0.2)])
    shown = sample(tf.constant(images), tf.constant(views, tf.float32)).numpy()
    for image, matrix, found in zip(images, views, shown, strict=True):
        # SciPy counts from the first pixel's centre, and rows before columns.
        linear, offset = matrix[::-1, 1::-1], matrix[::-1, 2]
        offset = offset + linear @ [0.5, 0.5] - 0.5
        for channel in range(3):
            expected = ndimage.affine_transform(image[..., channel], linear, offset, order=1, mode="grid-constant")
            np.testing.assert_allclose(found[..., channel], expected, atol=0.05)


def test_the_identity_view_is_the_image_itself_to_the_bit() -> None:
    images = np.random.default_rng(2).uniform(0, 255, (2, 20, 36, 3)).astype(np.float32)
    np.testing.assert_array_equal(sample(tf.constant(images), identity_views(2)), images)


@pytest.mark.parametrize("degrees", [-30, -12, 0, 12, 30])
def test_rows_of_a_tilted_number_are_told_apart_once_it_is_level(degrees: float) -> None:
    boxes, scores = in_slots([turned(TWO_ROWS, degrees), turned(ONE_ROW, degrees)], [np.ones(9), np.ones(8)])
    order = reading_order(turn_level(boxes, scores), scores > 0, "rows").numpy()
    assert order[0, :9].tolist() == list(range(9))
    assert order[1, :8].tolist() == list(range(8))


def test_boxes_of_a_number_that_is_nearly_level_stay_to_the_bit() -> None:
    boxes, scores = in_slots([turned(TWO_ROWS, 5)], [np.ones(9)])
    np.testing.assert_array_equal(turn_level(boxes, scores), boxes)
