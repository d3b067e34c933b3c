"""Confidence of a class distribution, and the joint objectness of detector and classifier."""

import numpy as np
import pytest

from platefuse.fusion.confidence import entropy_confidence, joint_objectness, log_probability
from platefuse.networks.common.keras2 import tf


def test_the_logarithm_of_a_probability_is_finite() -> None:
    logarithms = log_probability(tf.constant([1.0, 0.25, 0.0, -1.0])).numpy()
    np.testing.assert_allclose(logarithms, [0, np.log(0.25), *[np.log(np.finfo(np.float32).tiny)] * 2], rtol=1e-6)


@pytest.mark.parametrize("count", [2, 10, 36])
def test_confidence_is_one_minus_the_entropy_divided_by_a_blind_guesss(count: int) -> None:
    rng = np.random.default_rng(count)
    distributions = rng.dirichlet(np.full(count, 0.3), (4, 5))
    distributions[0] = 0
    distributions[0, :, 1] = 1
    distributions[1] = 1 / count
    distributions[2, 0] = [0.5, 0.5, *[0] * (count - 2)]
    entropies = [[-sum(p * np.log(p) for p in distribution if p > 0) for distribution in row] for row in distributions]
    confidence = entropy_confidence(tf.constant(distributions, tf.float32)).numpy()
    np.testing.assert_allclose(confidence, 1 - np.array(entropies) / np.log(count), atol=2e-6)
    assert confidence[2, 0] == pytest.approx(1 - np.log(2) / np.log(count), abs=2e-6)
    np.testing.assert_allclose(confidence[:2], np.repeat([[1], [0]], 5, axis=1), atol=2e-6)


def test_the_odds_of_objectness_are_the_detectors_times_the_classifiers() -> None:
    scores, confidences = np.array([[0.9, 0.5, 0.2, 0.3]]), np.array([[0.5, 0.75, 0.8, 0.0]])
    odds = [scores / (1 - scores), confidences.clip(1e-4) / (1 - confidences.clip(1e-4))]
    for weight in (0.0, 1.0, 2.5):
        product = odds[0] * odds[1] ** weight
        present = joint_objectness(tf.constant(scores, tf.float32), tf.constant(confidences, tf.float32), weight)
        np.testing.assert_allclose(present, product / (1 + product), rtol=1e-5)
    assert joint_objectness(tf.constant([0.2, 0.2]), tf.constant([0.8, 0.8]), 1.0).numpy() == pytest.approx([0.5, 0.5])


def test_neither_network_alone_can_be_sure_beyond_all_doubt() -> None:
    scores, confidences = tf.constant([1.0, 0.0, -1.0, 1.0]), tf.constant([0.0, 1.0, 1.0, 1.0])
    present = joint_objectness(scores, confidences, 1.0).numpy()
    assert present[:3] == pytest.approx([0.5] * 3, abs=1e-3)
    assert present[3] > 0.9999 and np.isfinite(present).all()
