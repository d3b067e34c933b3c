"""Box decoding and non-maximum suppression for a whole batch.

keras-retinanet's FilterDetections works image by image, in a loop around TensorFlow's non-maximum suppression. Keeping
N boxes takes no more than N steps, though, and each step can be taken for all images at once: that is faster, and made
of operations that every runtime has.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.anchors import BOX_VARIANCE

# Each is compared with each. RetinaNet (Lin et al., 2017, section 4.1) takes no more of a pyramid level.
_MAX_CANDIDATES = 1000


class BoxDecoder(keras.layers.Layer):
    """Decodes box deltas with constant anchors, as keras-retinanet's RegressBoxes does.

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
    """Keeps the best boxes of each image, highest score first, that overlap no better one.

    Input: boxes float32 [B,A,4], x1,y1,x2,y2, and the scores of their classes [B,A,C], 0..1. A box's score is that of
    its best class, whatever the others. Output: boxes [B,N,4], scores [B,N] and scores of classes [B,N,C]; rows without
    a box are -1 in all of them.

    Args:
        max_characters: N, how many boxes to keep at most.
        score_threshold: boxes must score above it.
        nms_threshold: of two boxes that overlap by more than this IoU the lower-scoring is dropped.
    """

    def __init__(self, max_characters: int, score_threshold: float, nms_threshold: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_characters, self.score_threshold, self.nms_threshold = max_characters, score_threshold, nms_threshold

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        boxes, class_scores = inputs
        scores = tf.reduce_max(class_scores, axis=-1)
        above = tf.reduce_sum(tf.cast(scores > self.score_threshold, tf.int32), axis=1)
        # Candidates only, as many as the image with the most of them has: few of the thousands of boxes.
        scores, order = tf.math.top_k(scores, tf.clip_by_value(tf.reduce_max(above), 1, _MAX_CANDIDATES))
        candidates = tf.gather(boxes, order, batch_dims=1)
        picked, found = self._pick(candidates, tf.cast(scores > self.score_threshold, tf.float32))

        def of_picked(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
            return tf.where(mask, tf.gather(values, picked, batch_dims=1), -1.0)

        class_scores = tf.gather(class_scores, order, batch_dims=1)
        each = found[..., None]
        return of_picked(candidates, each), of_picked(scores, found), of_picked(class_scores, each)

    def _pick(self, boxes: tf.Tensor, left: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Pick one box after another, best first.

        Args:
            boxes: [B,K,4], highest score first.
            left: float32 [B,K], 1 for each box that may be picked.

        Returns:
            Indices int32 [B,N] into the boxes, and which of them exist, bool [B,N].
        """
        stays = self._stays(boxes)
        picked, found = [], []
        for _ in range(self.max_characters):
            best = tf.argmax(left, axis=1, output_type=tf.int32)  # the first of what is left
            picked.append(best)
            found.append(tf.gather(left, best, batch_dims=1))
            left *= tf.gather(stays, best, batch_dims=1)
        return tf.stack(picked, axis=1), tf.stack(found, axis=1) > 0

    def _stays(self, boxes: tf.Tensor) -> tf.Tensor:
        """Which boxes (columns) stay once the box of a row is picked: 1 or 0, [B,K,K], of boxes [B,K,4]."""
        low = tf.minimum(boxes[..., :2], boxes[..., 2:])
        high = tf.maximum(boxes[..., :2], boxes[..., 2:])
        areas = tf.reduce_prod(high - low, axis=-1)

        def of_pairs(together: Callable[..., tf.Tensor], values: tf.Tensor) -> tf.Tensor:
            # LiteRT lacks [:, :, None] of matrices.
            return together(tf.expand_dims(values, 2), tf.expand_dims(values, 1))

        common = tf.reduce_prod(tf.nn.relu(of_pairs(tf.minimum, high) - of_pairs(tf.maximum, low)), axis=-1)
        # Without a division, which boxes without an area would make 0 / 0.
        apart = common <= self.nms_threshold * (of_pairs(tf.add, areas) - common)
        places = tf.range(tf.shape(boxes)[1])
        return tf.cast(apart & (places[:, None] != places), tf.float32)
