"""Networks with their normalisations folded, against the networks as they were trained."""

import numpy as np
import pytest

from platefuse.fusion.batch_norm import fold_batch_normalisation
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.params import PlateDetectorParams
from platefuse.networks.detection.retinanet import build_detector
from tests.helpers.small_models import DETECTOR, randomise, small_classifier, small_detector


def normalisations(model: keras.Model) -> list[str]:
    nested = [name for layer in model.layers if isinstance(layer, keras.Model) for name in normalisations(layer)]
    return nested + [layer.name for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]


def detector_with_normalised_heads() -> keras.Model:
    params = {**DETECTOR.model_dump(), "head_depth": 2, "head_normalisation": "batch"}
    model = randomise(build_detector(PlateDetectorParams.model_validate(params), 1), 5)
    heads = [name for name in normalisations(model) if name.startswith(("regression", "classification"))]
    assert len(heads) == 4
    return model


@pytest.mark.parametrize("model", [small_detector, small_classifier, detector_with_normalised_heads])
def test_the_outputs_are_the_same_without_a_normalisation(model):
    before = model()
    after = fold_batch_normalisation(before)
    assert normalisations(before) and not normalisations(after)
    inputs = np.random.default_rng(0).random((3, *before.input_shape[1:])).astype(np.float32) * 255
    for ours, theirs in zip(*map(tf.nest.flatten, (after(inputs), before(inputs))), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_the_network_that_was_given_stays_as_it_is():
    before = small_classifier()
    weights = before.get_weights()
    fold_batch_normalisation(before)
    for kept, weight in zip(before.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(kept, weight)


def _network(**options: object) -> keras.Model:
    """A convolution and its normalisation; or, if asked for, one of several things that cannot be folded."""
    conv_options = {key: value for key, value in options.items() if key in ("use_bias", "activation")}
    norm_options = {key: value for key, value in options.items() if key in ("scale", "center")}
    inputs = keras.Input((8, 8, 3))
    features = inputs if options.get("without") else keras.layers.Conv2D(4, 3, **conv_options)(inputs)
    outputs = keras.layers.BatchNormalization(**norm_options)(features)
    return randomise(keras.Model(inputs, [outputs, features] if options.get("used_twice") else outputs), 1)


@pytest.mark.parametrize(
    "options",
    [{}, {"use_bias": False}, {"scale": False}, {"center": False}, {"scale": False, "center": False}],
    ids=str,
)
def test_every_form_of_a_convolution_and_a_normalisation_is_folded(options):
    before = _network(**options)
    after = fold_batch_normalisation(before)
    inputs = np.random.default_rng(1).random((2, 8, 8, 3)).astype(np.float32)
    assert not normalisations(after)
    np.testing.assert_allclose(after(inputs), before(inputs), atol=1e-5)


@pytest.mark.parametrize("options", [{"activation": "relu"}, {"without": True}], ids=str)
def test_what_no_convolution_can_hold_stays(options):
    before = _network(**options)
    after = fold_batch_normalisation(before)
    inputs = np.random.default_rng(1).random((2, 8, 8, 3)).astype(np.float32)
    assert normalisations(after) == normalisations(before)
    np.testing.assert_array_equal(after(inputs), before(inputs))


def test_a_convolution_whose_outputs_are_used_elsewhere_too_stays():
    before = _network(used_twice=True)
    after = fold_batch_normalisation(before)
    inputs = np.random.default_rng(1).random((2, 8, 8, 3)).astype(np.float32)
    for ours, theirs in zip(after(inputs), before(inputs), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
