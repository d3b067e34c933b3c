"""Box decoding and non-maximum suppression for a whole batch.

keras-retinanet's FilterDetections loops over images and calls TensorFlow's non-maximum suppression for each. Keeping N
boxes takes at most N steps, and each step can handle all images at once. That is faster, and every runtime has the
operations.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.anchors import BOX_VARIANCE

# All pairs are compared. RetinaNet (Lin et al., 2017, section 4.1) also keeps at most 1000 boxes per pyramid level.
_MAX_CANDIDATES = 1000


class BoxDecoder(keras.layers.Layer):
    """Decodes box deltas relative to constant anchors, as keras-retinanet's RegressBoxes.

    Input: deltas float32 [B,A,4]. Output: boxes [B,A,4], x1,y1,x2,y2 in pixels, clipped to the image.

    Args:
        anchors: [A,4], x1,y1,x2,y2 in pixels.
        input_size: height and width of the image in pixels.
    """

    def __init__(self, anchors: np.ndarray, input_size: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.anchors, self.input_size = anchors.astype(np.float32), input_size

    def call(self, deltas: tf.Tensor) -> tf.Tensor:
        sides = np.tile(self.anchors[:, 2:] - self.anchors[:, :2], 2)
        height, width = self.input_size
        boxes = self.anchors + deltas * BOX_VARIANCE * sides
        return tf.clip_by_value(boxes, 0.0, tf.constant([width, height, width, height], tf.float32))


class NonMaxSuppression(keras.layers.Layer):
    """Keeps the highest-scoring boxes without overlap, highest score first.

    Suppression is class-agnostic: a box's score is that of its best class. Input: boxes float32 [B,A,4], x1,y1,x2,y2,
    and class scores [B,A,C], 0..1. Output: boxes [B,N,4], scores [B,N] and class scores [B,N,C], all -1 in unused
    slots; and whether an image has more such boxes than slots, float32 [B], 1 or 0. It is 1, too, if more than 1000
    boxes of an image score above the threshold, since only the best 1000 are compared.

    Args:
        slots: N, the most boxes to keep.
        score_threshold: boxes must score above it.
        nms_threshold: of two boxes with a larger IoU the lower-scoring one is dropped.
    """

    def __init__(self, slots: int, score_threshold: float, nms_threshold: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.slots, self.score_threshold, self.nms_threshold = slots, score_threshold, nms_threshold

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        boxes, class_scores = inputs
        scores = tf.reduce_max(class_scores, axis=-1)
        above = tf.reduce_sum(tf.cast(scores > self.score_threshold, tf.int32), axis=1)
        # Only as many candidates as the image with the most has: few of the thousands of boxes.
        scores, order = tf.math.top_k(scores, tf.clip_by_value(tf.reduce_max(above), 1, _MAX_CANDIDATES))
        candidates = tf.gather(boxes, order, batch_dims=1)
        keys = tf.where(scores > self.score_threshold, _keys(scores, order, boxes.shape[1]), 0)
        selected, valid, left = self._select(candidates, keys)

        def gather(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
            return tf.where(mask, tf.gather(values, selected, batch_dims=1), -1.0)

        class_scores = tf.gather(class_scores, order, batch_dims=1)
        mask = valid[..., None]
        more = tf.cast(left | (above > _MAX_CANDIDATES), tf.float32)
        return gather(candidates, mask), gather(scores, valid), gather(class_scores, mask), more

    def _select(self, boxes: tf.Tensor, remaining: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Select boxes greedily, highest key first.

        Args:
            boxes: [B,K,4].
            remaining: int32 [B,K], a key of its own for each box that may be selected, 0 for the others.

        Returns:
            Indices int32 [B,N] into the boxes; which of them are valid, bool [B,N]; and whether a box is left that
            could be selected, bool [B].
        """
        compatible = self._compatible(boxes)
        selected, valid = [], []
        for _ in range(self.slots):
            best = tf.argmax(remaining, axis=1, output_type=tf.int32)
            selected.append(best)
            valid.append(tf.gather(remaining, best, batch_dims=1))
            remaining *= tf.gather(compatible, best, batch_dims=1)
        return tf.stack(selected, axis=1), tf.stack(valid, axis=1) > 0, tf.reduce_max(remaining, axis=1) > 0

    def _compatible(self, boxes: tf.Tensor) -> tf.Tensor:
        """Mark box pairs within the IoU threshold: 1 or 0, int32 [B,K,K]."""
        low = tf.minimum(boxes[..., :2], boxes[..., 2:])
        high = tf.maximum(boxes[..., :2], boxes[..., 2:])
        areas = tf.reduce_prod(high - low, axis=-1)

        def pairwise(function: Callable[..., tf.Tensor], values: tf.Tensor) -> tf.Tensor:
            # LiteRT lacks [:, :, None] for matrices.
            return function(tf.expand_dims(values, 2), tf.expand_dims(values, 1))

        common = tf.reduce_prod(tf.nn.relu(pairwise(tf.minimum, high) - pairwise(tf.maximum, low)), axis=-1)
        # No division: boxes without an area would give 0 / 0.
        apart = common <= self.nms_threshold * (pairwise(tf.add, areas) - common)
        indices = tf.range(tf.shape(boxes)[1])
        return tf.cast(apart & (indices[:, None] != indices), tf.int32)


def _keys(scores: tf.Tensor, order: tf.Tensor, count: int) -> tf.Tensor:
    """Number the boxes so that the best one has the largest number.

    Of equal scores the lower index has the larger number. Runtimes may give equal scores in any order.

    Args:
        scores: float32 [B,K], highest first.
        order: int32 [B,K], the boxes' indices.
        count: A, the indices are below it.

    Returns:
        int32 [B,K], 1 or more, no two of a row equal.
    """
    lower = tf.cast(scores[:, 1:] < scores[:, :-1], tf.int32)
    ranks = tf.pad(tf.cumsum(lower, axis=1), [[0, 0], [1, 0]])
    return (tf.shape(scores)[1] - ranks) * count - order
