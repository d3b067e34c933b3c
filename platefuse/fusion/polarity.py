"""Polarity of characters: how it is measured, and how images are inverted.

Networks trained mostly on dark characters misread light ones: their strokes look like gaps. Which of the two a plate
has is known only once its characters are found.
"""

from typing import Any

from platefuse.networks.common.keras2 import keras, tf

# Ink contrast in standard deviations of a crop: .8 and more on most plates of the right polarity, -.8 and less on the
# inverted ones. Outlined and embossed characters are found between 0 and this value, whichever polarity they have.
MIN_CONTRAST = 0.3
_MIN_DEVIATION = 0.02  # of gray values, 0..1; weaker contrast is noise and is not amplified


class InkContrast(keras.layers.Layer):
    """Measures how much darker than the plate the characters are, [B].

    The pixels between the characters are compared with those of the characters' boxes, a margin beside a box with the
    box itself. The measure is the mean over a plate's boxes, weighted by their scores, in standard deviations of each
    crop. It is positive for dark characters on a light plate, and 0 for a plate without boxes. Input: crops, float32
    [M,h,w,V], of expanded boxes; their indices, the int64 [M,2] of `ValidDetections`; and scores [B,N], -1 in unused
    slots.

    Args:
        margin: share of the box's width and height by which boxes were expanded. At least a column counts as margin.
    """

    def __init__(self, margin: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.margin = margin

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        crops, valid, scores = inputs
        gray = tf.reduce_mean(crops, axis=-1)
        rows, columns = (max(1, round(side * self.margin / (1 + 2 * self.margin))) for side in gray.shape[1:])
        beside_and_box = gray[:, rows:-rows]  # above and below is the plate's edge, often dark
        box = beside_and_box[:, :, columns:-columns]
        left, right = beside_and_box[:, :, :columns], beside_and_box[:, :, -columns:]
        beside = (tf.reduce_mean(left, axis=[1, 2]) + tf.reduce_mean(right, axis=[1, 2])) / 2
        contrasts = (beside - tf.reduce_mean(box, axis=[1, 2])) / (_deviation(gray) + _MIN_DEVIATION)
        weights = tf.maximum(tf.gather_nd(scores, valid), 0.0)
        sums = tf.scatter_nd(valid, contrasts * weights, tf.shape(scores, valid.dtype))
        return tf.reduce_sum(sums, axis=1) / tf.maximum(tf.reduce_sum(tf.maximum(scores, 0.0), axis=1), 1e-6)


def _deviation(gray: tf.Tensor) -> tf.Tensor:
    """Standard deviation of each crop of [M,h,w], [M]."""
    differences = gray - tf.reduce_mean(gray, axis=[1, 2], keepdims=True)
    return tf.sqrt(tf.reduce_mean(differences * differences, axis=[1, 2]))


def invert(letterboxed: tf.Tensor, geometry: tf.Tensor) -> tf.Tensor:
    """Invert letterboxed images, and leave their padding black.

    Args:
        letterboxed: float32 [B,h,w,3], 0..255.
        geometry: float32 [B,3], scale, height and width as of `letterbox_geometry`.

    Returns:
        float32 [B,h,w,3], 0..255.
    """
    scale, height, width = (geometry[:, i, None] for i in range(3))
    rows, columns = (
        (tf.range(target, dtype=tf.float32) + 0.5) / scale < size
        for target, size in zip(letterboxed.shape[1:3], (height, width), strict=True)
    )
    inside = rows[:, :, None, None] & columns[:, None, :, None]
    return tf.where(inside, 255.0 - letterboxed, letterboxed)
