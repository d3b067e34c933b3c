"""Sorting and choosing among equal values, the same in every runtime.

TensorFlow and ONNX put the lower index first where a sort's keys are equal. OpenVINO does not, and TensorFlow promises
nothing of `tf.argmax`. Here no result depends on the order of equal keys.
"""

import numpy as np

from platefuse.networks.common.keras2 import tf


def stable_argsort(values: tf.Tensor) -> tf.Tensor:
    """Sort rows in ascending order; equal values keep their order.

    Args:
        values: [B,N] of numbers.

    Returns:
        int32 [B,N], indices into each row.
    """
    earlier = np.tri(values.shape[1], k=-1, dtype=bool)
    one, other = tf.expand_dims(values, 2), tf.expand_dims(values, 1)  # LiteRT lacks [:, :, None] for matrices
    before = (other < one) | ((other == one) & earlier)
    ranks = tf.reduce_sum(tf.cast(before, tf.int32), axis=2)
    return tf.argsort(ranks)  # no two ranks are equal


def first_argmax(values: tf.Tensor) -> tf.Tensor:
    """Find the first of the largest values along the last axis.

    Args:
        values: [...,K] of numbers.

    Returns:
        int32 [...], indices.
    """
    last = values.shape[-1] - 1
    largest = values >= tf.reduce_max(values, axis=-1, keepdims=True)
    return tf.reduce_min(tf.where(largest, tf.range(last + 1), last), axis=-1)
