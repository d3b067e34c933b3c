"""Which box is read first."""

from platefuse.data.boxes import ROW_GAP, ReadingOrder
from platefuse.networks.common.keras2 import tf

_LAST = 1e6  # pixels; no letterboxed image is as large, so unused slots sort behind everything


def reading_order(boxes: tf.Tensor, used: tf.Tensor, order: ReadingOrder) -> tf.Tensor:
    """Sort boxes by their centres as a person would read them.

    Args:
        boxes: float32 [B,N,4], x1,y1,x2,y2, highest score first.
        used: bool [B,N], which of them count.
        order: `left_to_right` (one line, whatever the heights), `rows` (from top to bottom, left to right within
            a row) or `score` (as they come).

    Returns:
        int32 [B,N]: indices of the used boxes in reading order, then those of the unused. It depends on how the boxes
        come only where centres of one row have the same x: there the higher score is read first.
    """
    if order == "score":
        return tf.argsort(tf.cast(~used, tf.float32), stable=True)
    x = tf.where(used, (boxes[..., 0] + boxes[..., 2]) / 2, _LAST)
    by_x = tf.argsort(x, stable=True)
    if order == "left_to_right":
        return by_x
    # From left to right already, so that equal heights never depend on the order in which the boxes came.
    rows = _rows(tf.gather(boxes, by_x, batch_dims=1), tf.gather(used, by_x, batch_dims=1))
    by_row = tf.argsort(rows, stable=True)
    return tf.gather(by_x, by_row, batch_dims=1)


def _rows(boxes: tf.Tensor, used: tf.Tensor) -> tf.Tensor:
    """Number the rows from the top, float32 [B,N].

    Down the sorted centres a new row starts at each large step. A tilted row climbs in many small steps, so it
    stays one row.
    """
    y = tf.where(used, (boxes[..., 1] + boxes[..., 3]) / 2, _LAST)
    down = tf.argsort(y, stable=True)
    y = tf.gather(y, down, batch_dims=1)
    heights = tf.gather(boxes[..., 3] - boxes[..., 1], down, batch_dims=1)
    taller = tf.maximum(heights[:, 1:], heights[:, :-1])
    steps = tf.cast(y[:, 1:] - y[:, :-1] > ROW_GAP * taller, tf.float32)
    numbers = tf.pad(tf.cumsum(steps, axis=1), [[0, 0], [1, 0]])
    return tf.gather(numbers, tf.argsort(down), batch_dims=1)
