"""Multi-crop test-time augmentation: several crops of a character, and their geometric mean."""

import numpy as np

from platefuse.fusion.multi_crop import ViewsToBatch, crop_shifts, multi_crop, shift_boxes
from platefuse.networks.common.keras2 import keras, tf
from tests.helpers.small_models import small_classifier


def test_no_shift_is_one_crop_and_any_other_two() -> None:
    assert crop_shifts(0.0) == (0.0,)
    assert crop_shifts(0.1) == (-0.1, 0.1)


def test_boxes_move_by_shares_of_their_width_and_keep_their_size() -> None:
    boxes = tf.constant([[10.0, 5.0, 30.0, 45.0], [0.0, 0.0, 8.0, 4.0]])
    expected = [[8, 5, 28, 45], [-0.8, 0, 7.2, 4], [12, 5, 32, 45], [0.8, 0, 8.8, 4]]
    np.testing.assert_allclose(shift_boxes(boxes, (-0.1, 0.1)).numpy(), expected, atol=1e-6)


def test_the_crops_of_one_shift_follow_those_of_another() -> None:
    crops = np.arange(3 * 4 * 5 * 2, dtype=np.float32).reshape(3, 4, 5, 2)
    np.testing.assert_array_equal(ViewsToBatch()(tf.constant(crops)).numpy()[..., 0], [*crops[..., 0], *crops[..., 1]])


def test_several_crops_have_the_geometric_mean_of_their_probabilities() -> None:
    classifier = small_classifier()
    crops = np.random.default_rng(5).uniform(size=(4, *classifier.input_shape[1:3], 2)).astype(np.float32)
    first, second = (classifier(crops[..., i : i + 1]).numpy().astype(np.float64) for i in range(2))
    mean = np.sqrt(first * second)
    expected = mean / mean.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(multi_crop(classifier, 2)(tf.constant(crops)).numpy(), expected, atol=1e-6)


def test_a_character_that_one_crop_rules_out_is_not_read() -> None:
    rows = keras.Input((2, 1, 1))
    certain = keras.Model(rows, keras.layers.Flatten()(rows))  # says of each crop what stands in it
    views = tf.constant([[0.0, 0.4], [1.0, 0.6]])[None, :, None, :]
    np.testing.assert_allclose(multi_crop(certain, 2)(views).numpy(), [[0, 1]], atol=1e-6)


def test_for_one_crop_the_classifier_stays_as_it_is() -> None:
    assert multi_crop(small_classifier(), 1) is small_classifier()
