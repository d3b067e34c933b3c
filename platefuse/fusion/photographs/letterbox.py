"""Letterboxing of photographs, strip by strip.

`networks.detection.resize.letterbox` multiplies each output row by all rows of the image. That is fast for a plate, but
takes seconds for a photograph. Here a strip of output rows is multiplied by the few rows that its triangle filters
reach, then a strip of columns likewise. The values are the same up to rounding. Along a side of more than `_MAX_SIDE`
pixels the filters take fewer pixels, evenly spread: a photograph of any size takes about the same memory.
"""

import math

from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.resize import letterbox_scale

_STRIP = 8  # output rows or columns; divides every input size
_MAX_SIDE = 3072  # pixels up to which every pixel counts
_MAX_PLACES = math.ceil(_MAX_SIDE * (_STRIP + 1) / _STRIP)  # neighbouring strips share the pixels between them


def letterbox_in_strips(photographs: tf.Tensor, input_size: tuple[int, int]) -> tf.Tensor:
    """Letterbox photographs, with black padding on the right or at the bottom.

    Args:
        photographs: uint8 [B,H,W,3] of any size above 0.
        input_size: height h and width w in pixels, multiples of 8.

    Returns:
        float32 [B,h,w,3], 0..255.
    """
    batch, height, width, _ = tf.unstack(tf.shape(photographs))
    scale = letterbox_scale(height, width, input_size)
    rows = _shrink(tf.reshape(photographs, [batch, height, width * 3]), height, input_size[0], scale)
    count = tf.shape(rows)[1]
    columns_first = tf.transpose(tf.reshape(rows, [batch, count, width, 3]), [0, 2, 1, 3])
    columns = _shrink(tf.reshape(columns_first, [batch, width, count * 3]), width, input_size[1], scale)
    across = tf.shape(columns)[1]
    shrunk = tf.transpose(tf.reshape(columns, [batch, across, count, 3]), [0, 2, 1, 3])
    padded = tf.pad(shrunk, [[0, 0], [0, input_size[0] - count], [0, input_size[1] - across], [0, 0]])
    return tf.reshape(padded, [batch, *input_size, 3])


def _shrink(values: tf.Tensor, size: tf.Tensor, target: int, scale: tf.Tensor) -> tf.Tensor:
    """Resize the middle axis of [B,size,L] by `scale`.

    Returns:
        float32 [B,n,L], the strips of the `target` places that hold something.
    """
    length = tf.cast(size, tf.float32)
    step = (target / scale) / target  # as interpolation_matrix has it
    reach = tf.maximum(step, 1.0)
    middles = tf.range(target, dtype=tf.float32) + 0.5
    inside = tf.cast(middles / scale < length, tf.float32)
    strips = tf.maximum((tf.cast(tf.reduce_sum(inside), tf.int32) + _STRIP - 1) // _STRIP, 1)
    centres, inside = (tf.reshape(row[: strips * _STRIP], [-1, _STRIP]) for row in (middles * step, inside))

    span = (_STRIP - 1) * step + 2 * reach
    taps = tf.minimum(tf.cast(tf.math.ceil(span), tf.int32) + 1, _MAX_PLACES // strips + 2)
    spacing = tf.maximum(span / tf.cast(taps, tf.float32), 1.0)
    offsets = tf.floor(tf.cast(tf.range(taps), tf.float32) * spacing)
    places = tf.floor(centres[:, :1] - reach + 0.5) + offsets  # [strips,taps]
    exists = tf.cast((places >= 0) & (places < length), tf.float32)
    clipped = tf.expand_dims(tf.clip_by_value(centres, 0.5, length - 0.5), 2)
    distances = tf.abs(tf.expand_dims(places + 0.5, 1) - clipped)
    weights = tf.nn.relu(reach - distances) * tf.expand_dims(exists, 1)
    sums = tf.maximum(tf.reduce_sum(weights, axis=2, keepdims=True), 1e-6)
    weights *= tf.expand_dims(inside, 2) / sums

    batch, _, depth = tf.unstack(tf.shape(values))
    indices = tf.cast(tf.clip_by_value(places, 0.0, length - 1), tf.int32)
    gathered = tf.cast(tf.gather(values, tf.reshape(indices, [-1]), axis=1), tf.float32)
    return tf.reshape(
        tf.matmul(weights, tf.reshape(gathered, [batch, strips, taps, depth])), [batch, strips * _STRIP, depth]
    )
