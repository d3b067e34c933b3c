"""Refinement of boxes: the plate detector looks at each candidate again.

On a whole photograph plates are small and the detector's boxes rough. A candidate's surroundings, cut from the
photograph itself, show every plate at about the same size.
"""

from typing import Any

from platefuse.fusion.photographs.crops import expand_boxes
from platefuse.networks.common.keras2 import keras, tf


class RefinementWindow(keras.layers.Layer):
    """Chooses the windows [M,4] around boxes [M,4] for another look.

    A box is padded by `context`, a share of its width and height, on each side. The shorter side of the window is then
    widened until the window has the aspect of `size`. Boxes and windows are x1,y1,x2,y2 in pixels of the photograph;
    windows may reach beyond it.

    Args:
        size: height and width that windows are letterboxed to.
        context: padding, as a share of the box's width and height.
    """

    def __init__(self, size: tuple[int, int], context: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.context = size, context

    def call(self, boxes: tf.Tensor) -> tf.Tensor:
        x1, y1, x2, y2 = tf.unstack(expand_boxes(boxes, self.context), axis=1)
        aspect = self.size[1] / self.size[0]
        width = tf.maximum(x2 - x1, (y2 - y1) * aspect)
        x, y, height = (x1 + x2) / 2, (y1 + y2) / 2, width / aspect
        return tf.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)


class BestBox(keras.layers.Layer):
    """Chooses each candidate's refined box.

    It is the box with the highest product of score and IoU with the candidate, among those that score above a
    threshold. Input: boxes float32 [M,A,4], x1,y1,x2,y2 in pixels of the letterboxed windows; class scores [M,A,1];
    windows [M,4] in pixels of the photograph; the geometry of their letterboxing [M,3]; and the candidates [M,4] in
    pixels of the photograph. Output: boxes [M,4] in pixels of the photograph, within their windows; and scores [M], -1
    if no box scores above the threshold and overlaps the candidate.

    Args:
        score_threshold: boxes must score above it.
    """

    def __init__(self, score_threshold: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.score_threshold = score_threshold

    def call(self, inputs: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor]:
        boxes, class_scores, windows, geometry, candidates = inputs
        count, scale = tf.shape(windows)[0], geometry[:, :1]
        boxes, class_scores = boxes[:count], class_scores[:count]
        scores = tf.reduce_max(class_scores, axis=-1)
        corner = tf.tile(windows[:, :2], [1, 2])
        sought = (candidates - corner) * scale
        quality = tf.where(scores > self.score_threshold, scores * _iou(boxes, sought), 0.0)
        best = tf.argmax(quality, axis=1, output_type=tf.int32)
        found = tf.gather(boxes, best, batch_dims=1) / scale + corner
        limits = tf.concat([corner, tf.tile(windows[:, 2:], [1, 2])], axis=1)
        found = tf.minimum(tf.maximum(found, limits[:, :4]), limits[:, 4:])
        score = tf.where(tf.reduce_max(quality, axis=1) > 0, tf.gather(scores, best, batch_dims=1), -1.0)
        return found, score


def _iou(boxes: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
    """IoU of boxes [M,A,4] with one other box each, [M,4]: float32 [M,A]."""
    x1, y1, x2, y2 = tf.unstack(boxes, axis=2)
    u1, v1, u2, v2 = (others[:, i : i + 1] for i in range(4))
    common = tf.nn.relu(tf.minimum(x2, u2) - tf.maximum(x1, u1)) * tf.nn.relu(tf.minimum(y2, v2) - tf.maximum(y1, v1))
    areas = tf.nn.relu(x2 - x1) * tf.nn.relu(y2 - y1) + (u2 - u1) * (v2 - v1)
    return common / tf.maximum(areas - common, 1e-6)
