"""What opinions on characters, probabilities that sum to 1, say in sum: how sure they are, and whether one is there."""

import math
from typing import Any

import numpy as np

from platefuse.networks.common.keras2 import keras, tf

_MIN_PROBABILITY = float(np.finfo(np.float32).tiny)  # stands for a probability of 0, which has no logarithm
_SURE = 1e-4  # neither network knows better than that, and one that is never wrong would leave the other no say


def log_probability(probabilities: tf.Tensor) -> tf.Tensor:
    """The logarithm of probabilities, float32 [...], 0..1; finite, -87.3, for what is impossible (or below 0)."""
    return tf.math.log(tf.maximum(probabilities, _MIN_PROBABILITY))


def entropy_confidence(probabilities: tf.Tensor) -> tf.Tensor:
    """Say how far from a blind guess opinions are: 1 minus their entropy against that of all characters alike.

    An O that might be a 0 is fairly certain, 0.8 of 36 characters, where the higher of the two probabilities may be 0.5
    as it is for a blot: a threshold of this tells look-alikes from what is no character.

    Args:
        probabilities: float32 [...,K], of at least two characters.

    Returns:
        float32 [...], 0..1.
    """
    # What tf.math.xlogy is for, in operations that exporters have: 0 log 0 is 0.
    entropy = -tf.reduce_sum(probabilities * log_probability(probabilities), axis=-1)
    return tf.maximum(1.0 - entropy / math.log(probabilities.shape[-1]), 0.0)


def joint_objectness(scores: tf.Tensor, certainties: tf.Tensor, weight: float) -> tf.Tensor:
    """Say how probable it is that a box holds a character, to the detector and the classifier together.

    Their odds are multiplied, the classifier's to the power of `weight`: a logarithmic opinion pool (Genest and Zidek,
    *Combining Probability Distributions*, 1986). A threshold on it keeps what the detector has hardly found, as at a
    plate's edge, if the classifier has no doubt, and drops what both half believe in; two thresholds do neither.

    Args:
        scores: the detector's, float32 [...], 0..1; below 0 in unused slots, which are as improbable as can be.
        certainties: the classifier's (`entropy_confidence`), float32 [...], 0..1.
        weight: 0 leaves the scores as they are.

    Returns:
        float32 [...], 0..1.
    """
    return tf.sigmoid(_log_odds(scores) + weight * _log_odds(certainties))


def _log_odds(probabilities: tf.Tensor) -> tf.Tensor:
    some = tf.clip_by_value(probabilities, _SURE, 1.0 - _SURE)
    return tf.math.log(some) - tf.math.log(1.0 - some)


class ProductOfExperts(keras.layers.Layer):
    """Multiplies the classifier's opinion with the detector's: log p = log p_classifier + weight * log p_detector.

    A product of experts (Hinton, 2002), or logarithmic opinion pool. Input: the classifier's probabilities, float32
    [B,N,K], and the detector's class scores [B,N,K], sigmoids of 0..1 that need not sum to 1 (unused slots -1).
    Output: probabilities [B,N,K].
    """

    # A sigmoid of the focal loss near 0 says no more than that the detector would not propose that class. Without a
    # floor a class it never proposes would be ruled out, whatever the classifier sees, and -1 has no logarithm.
    least = 1e-4

    def __init__(self, weight: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        probabilities, class_scores = inputs
        opinions = tf.math.log(tf.maximum(class_scores, self.least))
        # The softmax makes both a distribution at once: what scales all classes alike cancels in it.
        return tf.nn.softmax(tf.math.log(probabilities) + self.weight * opinions)
