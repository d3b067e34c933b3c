"""Reading order of character boxes."""

from platefuse.data.boxes import ROW_GAP, ReadingOrder
from platefuse.fusion.ties import stable_argsort
from platefuse.networks.common.keras2 import tf

_LAST = 1e6  # pixels, larger than any letterboxed image: unused slots sort last


def reading_order(boxes: tf.Tensor, used: tf.Tensor, order: ReadingOrder) -> tf.Tensor:
    """Sort boxes into reading order by their centres.

    Args:
        boxes: float32 [B,N,4], x1,y1,x2,y2, highest score first.
        used: bool [B,N].
        order: `left_to_right` (one line, heights ignored), `rows` (top to bottom, left to right within a row) or
            `score` (unchanged).

    Returns:
        int32 [B,N]: indices of the used boxes in reading order, then of the unused ones. If two centres in a row have
        the same x, the higher score comes first; otherwise the order of the input does not matter.
    """
    if order == "score":
        return stable_argsort(tf.cast(~used, tf.int32))
    x = tf.where(used, (boxes[..., 0] + boxes[..., 2]) / 2, _LAST)
    by_x = stable_argsort(x)
    if order == "left_to_right":
        return by_x
    # Sorted by x first, so that ties in height do not depend on the input's order.
    rows = _rows(tf.gather(boxes, by_x, batch_dims=1), tf.gather(used, by_x, batch_dims=1))
    by_row = stable_argsort(rows)
    return tf.gather(by_x, by_row, batch_dims=1)


def _rows(boxes: tf.Tensor, used: tf.Tensor) -> tf.Tensor:
    """Row number of each box, from the top, float32 [B,N].

    Along the centres sorted by y, each large step starts a new row. A tilted row has many small steps, so it stays one
    row.
    """
    y = tf.where(used, (boxes[..., 1] + boxes[..., 3]) / 2, _LAST)
    down = stable_argsort(y)
    y = tf.gather(y, down, batch_dims=1)
    heights = tf.gather(boxes[..., 3] - boxes[..., 1], down, batch_dims=1)
    taller = tf.maximum(heights[:, 1:], heights[:, :-1])
    steps = tf.cast(y[:, 1:] - y[:, :-1] > ROW_GAP * taller, tf.float32)
    numbers = tf.pad(tf.cumsum(steps, axis=1), [[0, 0], [1, 0]])
    return tf.gather(numbers, tf.argsort(down), batch_dims=1)  # no two indices are equal
