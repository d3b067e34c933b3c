"""Confidence of a class distribution, and joint objectness of both networks.

The networks are the detector and the classifier.
"""

import math
from typing import Any

import numpy as np

from platefuse.networks.common.keras2 import keras, tf

_MIN_PROBABILITY = float(np.finfo(np.float32).tiny)  # stands for a probability of 0, which has no logarithm
_MIN_DOUBT = 1e-4  # no network is trusted beyond this, or one that is never wrong would overrule the other


def log_probability(probabilities: tf.Tensor) -> tf.Tensor:
    """Take the logarithm of probabilities, finite even for 0.

    Args:
        probabilities: float32 [...], 0..1; values below 0 count as 0.

    Returns:
        float32 [...], -87.3..0.
    """
    return tf.math.log(tf.maximum(probabilities, _MIN_PROBABILITY))


def entropy_confidence(probabilities: tf.Tensor) -> tf.Tensor:
    """Compute 1 minus the normalised entropy of class distributions.

    An O that might be a 0 has a high confidence, 0.8 with 36 characters, although the larger of its two probabilities
    may be as low as a blot's. A threshold on this confidence therefore keeps look-alikes and drops clutter.

    Args:
        probabilities: float32 [...,K], distributions over at least two characters.

    Returns:
        float32 [...]: 0 for the uniform distribution, 1 for a single character.
    """
    # tf.math.xlogy in operations that exporters have: 0 log 0 is 0.
    entropy = -tf.reduce_sum(probabilities * log_probability(probabilities), axis=-1)
    return tf.maximum(1.0 - entropy / math.log(probabilities.shape[-1]), 0.0)


def joint_objectness(scores: tf.Tensor, confidences: tf.Tensor, weight: float) -> tf.Tensor:
    """Compute the probability that boxes hold characters, from both networks.

    The odds of both are multiplied, the classifier's to the power of `weight`: a logarithmic opinion pool (Genest and
    Zidek, *Combining Probability Distributions*, 1986). A threshold on it keeps a box with a low detector score, as at
    a plate's edge, if the classifier is confident. It drops a box that both networks doubt. Two separate thresholds do
    neither.

    Args:
        scores: the detector's, float32 [...], 0..1; -1 in unused slots, which get the lowest odds.
        confidences: the classifier's `entropy_confidence`, float32 [...], 0..1.
        weight: of the classifier; 0 leaves the scores as they are.

    Returns:
        float32 [...], 0..1.
    """
    return tf.sigmoid(joint_log_odds(scores, confidences, weight))


def joint_log_odds(scores: tf.Tensor, confidences: tf.Tensor, weight: float) -> tf.Tensor:
    """Logarithm of the odds of `joint_objectness`, with its arguments, float32 [...]."""
    return _log_odds(scores) + weight * _log_odds(confidences)


def _log_odds(probabilities: tf.Tensor) -> tf.Tensor:
    clipped = tf.clip_by_value(probabilities, _MIN_DOUBT, 1.0 - _MIN_DOUBT)
    return tf.math.log(clipped) - tf.math.log(1.0 - clipped)


class ProductOfExperts(keras.layers.Layer):
    """Combines class distributions of classifier and detector.

    log p = log p_classifier + weight * log p_detector. This is a product of experts (Hinton, 2002), or logarithmic
    opinion pool. Input: the classifier's probabilities, float32 [B,N,K], and the detector's class scores [B,N,K],
    sigmoids of 0..1 that need not sum to 1; 0 and -1 in unused slots. Output: probabilities [B,N,K].
    """

    # A focal-loss sigmoid near 0 only means that the detector would not propose the class. Without a floor it would
    # rule the class out, whatever the classifier sees; and -1 has no logarithm.
    min_class_score = 1e-4

    def __init__(self, weight: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        probabilities, class_scores = inputs
        detector_logits = tf.math.log(tf.maximum(class_scores, self.min_class_score))
        # The softmax normalises both factors at once: a factor common to all classes cancels. An unused slot has the
        # probabilities 0: their logarithms must be finite, since a NaN survives where ONNX multiplies by a mask.
        return tf.nn.softmax(log_probability(probabilities) + self.weight * detector_logits)
