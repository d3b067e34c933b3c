"""Transition costs between letters and digits: issuers change between the two where a group of a number ends."""

from platefuse.data.boxes import ROW_GAP
from platefuse.networks.common.keras2 import tf

_UNUSED = -1e9  # what is not used sorts behind everything


def transition_costs(boxes: tf.Tensor, count: tf.Tensor, transition_cost: float, group_gap: float) -> tf.Tensor:
    """Cost of a change between letters and digits, from each character to the next.

    The cost is `transition_cost` within a group. It falls to 0, in proportion, as the gap between the two characters
    grows to `group_gap` above the median gap within rows. A new row begins a new group.

    Args:
        boxes: float32 [B,N,4], x1,y1,x2,y2, in reading order.
        count: int32 [B], how many of them are used; they come first.
        transition_cost: 0 or more, in log-probability.
        group_gap: 0 or more, in median heights of the plate's characters; with 0 gaps do not count.

    Returns:
        float32 [B,N-1]; 0 beyond the used boxes, where nothing changes.
    """
    pairs = tf.sequence_mask(count - 1, boxes.shape[1] - 1)
    if not group_gap or boxes.shape[1] == 1:
        return tf.where(pairs, transition_cost, 0.0)
    x1, y1, x2, y2 = tf.unstack(boxes, axis=-1)
    heights, centres = y2 - y1, (y1 + y2) / 2
    steps = tf.abs(centres[:, 1:] - centres[:, :-1])
    in_row = pairs & (steps <= ROW_GAP * tf.maximum(heights[:, 1:], heights[:, :-1]))
    gaps = x1[:, 1:] - x2[:, :-1]
    # Of two gaps, as in A 12, the narrower one is that within a group.
    wider = gaps + upper_median(-gaps, in_row)
    free = group_gap * upper_median(heights, tf.sequence_mask(count, boxes.shape[1]))
    return tf.where(in_row, transition_cost * (1.0 - tf.clip_by_value(wider / tf.maximum(free, 1e-6), 0.0, 1.0)), 0.0)


def upper_median(values: tf.Tensor, used: tf.Tensor) -> tf.Tensor:
    """The median of each row's used values, float32 [B,N]: [B,1]; of an even number the larger of the middle two."""
    largest_first = tf.sort(tf.where(used, values, _UNUSED), direction="DESCENDING")
    middle = tf.maximum(tf.reduce_sum(tf.cast(used, tf.int32), axis=1) - 1, 0) // 2
    return tf.gather(largest_first, middle, batch_dims=1)[:, None]
