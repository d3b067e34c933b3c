"""Crops of photographs, letterboxed like single images.

Only the pixels inside the crops are gathered, so that the cost does not grow with the photograph.
"""

from platefuse.data.boxes import expand_box
from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.resize import letterbox_scale

_MAX_STEP = 8  # source pixels per output pixel up to which every source pixel counts


def expand_boxes(boxes: tf.Tensor, margin: float) -> tf.Tensor:
    """Expand boxes, float32 [M,4], on each side.

    `margin` is a share of their width and height.
    """
    x1, y1, x2, y2 = tf.unstack(boxes, axis=1)
    return tf.stack(expand_box(x1, y1, x2, y2, margin), axis=1)


def pixel_windows(boxes: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Round boxes outwards to whole pixels of a photograph, at least one.

    Args:
        boxes: float32 [M,4], x1,y1,x2,y2 in pixels of the photographs; they may reach beyond.
        height, width: of the photographs in pixels, int32 scalars.

    Returns:
        float32 [M,4] of whole numbers, x1,y1,x2,y2.
    """
    height, width = tf.cast(height, tf.float32), tf.cast(width, tf.float32)
    low = tf.clip_by_value(tf.floor(boxes[:, :2]), 0.0, tf.stack([width - 1, height - 1]))
    high = tf.minimum(tf.maximum(tf.math.ceil(boxes[:, 2:]), low + 1), tf.stack([width, height]))
    return tf.concat([low, high], axis=1)


def letterboxed_crops(
    photographs: tf.Tensor, windows: tf.Tensor, indices: tf.Tensor, input_size: tuple[int, int]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Cut windows out of photographs, and letterbox each.

    The result equals `letterbox` of the cut image up to rounding. If a window shrinks by more than `_MAX_STEP`, fewer
    of its pixels are taken, evenly spread.

    Args:
        photographs: uint8 [B,H,W,3].
        windows: float32 [M,4] from `pixel_windows`.
        indices: int [M], the photograph of each window.
        input_size: height h and width w in pixels.

    Returns:
        Letterboxed crops, float32 [M,h,w,3], 0..255, and their geometry, float32 [M,3], as `letterbox_geometry` gives
        it.
    """
    x1, y1, x2, y2 = tf.unstack(windows, axis=1)
    heights, widths = y2 - y1, x2 - x1
    scales = letterbox_scale(heights, widths, input_size)
    rows, row_weights = _axis(heights, scales, input_size[0])
    columns, column_weights = _axis(widths, scales, input_size[1])
    pixels = _gather(photographs, indices, y1[:, None] + rows, x1[:, None] + columns)  # [M,C,R,3]
    count, wide, high, _ = tf.unstack(tf.shape(pixels))
    height, width = input_size
    shrunk = tf.matmul(column_weights, tf.reshape(tf.cast(pixels, tf.float32), [count, wide, high * 3]))
    rows_first = tf.transpose(tf.reshape(shrunk, [count, width, high, 3]), [0, 2, 1, 3])
    crops = tf.matmul(row_weights, tf.reshape(rows_first, [count, high, width * 3]))
    return tf.reshape(crops, [count, height, width, 3]), tf.stack([scales, heights, widths], axis=1)


def _axis(sizes: tf.Tensor, scales: tf.Tensor, target: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Choose the pixels of crops along one axis, and weigh them.

    Args:
        sizes: float32 [M], the windows' sizes in pixels.
        scales: float32 [M], of their letterboxing.
        target: number of pixels that they are letterboxed to.

    Returns:
        Pixels counted from the window's start, float32 [M,n], and weights, float32 [M,target,n].
    """
    most = tf.clip_by_value(tf.reduce_max(sizes), 1.0, float(target * _MAX_STEP))
    spacing = tf.maximum(sizes / most, 1.0)
    places = tf.floor(tf.range(most)[None] * spacing[:, None])
    exists = tf.cast(places < sizes[:, None], tf.float32)
    steps = (target / scales) / target  # as interpolation_matrix has it
    middles = (tf.range(target, dtype=tf.float32) + 0.5)[None]
    inside = tf.cast(middles / scales[:, None] < sizes[:, None], tf.float32)
    centres = tf.clip_by_value(middles * steps[:, None], 0.5, sizes[:, None] - 0.5)
    distances = tf.abs(tf.expand_dims(places + 0.5, 1) - tf.expand_dims(centres, 2))
    weights = tf.nn.relu(tf.reshape(tf.maximum(steps, 1.0), [-1, 1, 1]) - distances) * tf.expand_dims(exists, 1)
    sums = tf.maximum(tf.reduce_sum(weights, axis=2, keepdims=True), 1e-6)
    return tf.minimum(places, sizes[:, None] - 1), weights * (tf.expand_dims(inside, 2) / sums)


def _gather(photographs: tf.Tensor, indices: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Gather pixels of each crop's photograph, uint8 [M,C,R,3].

    They lie at the rows [M,R] and columns [M,C].
    """
    _, height, width, _ = tf.unstack(tf.shape(photographs))
    first = tf.cast(indices, tf.int32)[:, None] * height
    in_rows = (first + tf.cast(rows, tf.int32)) * width
    flat = tf.expand_dims(in_rows, 1) + tf.expand_dims(tf.cast(columns, tf.int32), 2)
    return tf.gather(tf.reshape(photographs, [-1, 3]), flat)
