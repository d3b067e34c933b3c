"""Transition costs between letters and digits, which usually change between groups."""

from platefuse.data.boxes import ROW_GAP
from platefuse.networks.common.keras2 import tf

_UNUSED = -1e9  # unused values sort last


def transition_costs(boxes: tf.Tensor, count: tf.Tensor, transition_cost: float, group_gap: float) -> tf.Tensor:
    """Cost of a change between letters and digits after each character.

    The cost is `transition_cost` within a group. It falls to 0, in proportion, as the gap between the two characters
    grows to `group_gap` above the median gap within rows. A new row begins a new group.

    Args:
        boxes: float32 [B,N,4], x1,y1,x2,y2, in reading order.
        count: int32 [B], how many boxes are used; they come first.
        transition_cost: 0 or more, in log-probability.
        group_gap: 0 or more, in median character heights of the plate; 0 ignores gaps.

    Returns:
        float32 [B,N-1]; 0 after the last used box.
    """
    pairs = tf.sequence_mask(count - 1, boxes.shape[1] - 1)
    if not group_gap or boxes.shape[1] == 1:
        return tf.where(pairs, transition_cost, 0.0)
    x1, y1, x2, y2 = tf.unstack(boxes, axis=-1)
    heights, centres = y2 - y1, (y1 + y2) / 2
    steps = tf.abs(centres[:, 1:] - centres[:, :-1])
    in_row = pairs & (steps <= ROW_GAP * tf.maximum(heights[:, 1:], heights[:, :-1]))
    gaps = x1[:, 1:] - x2[:, :-1]
    # The low median of the gaps: of two, as in A 12, the narrower one is within a group.
    excess = gaps + median_high(-gaps, in_row)
    free = group_gap * median_high(heights, tf.sequence_mask(count, boxes.shape[1]))
    return tf.where(in_row, transition_cost * (1.0 - tf.clip_by_value(excess / tf.maximum(free, 1e-6), 0.0, 1.0)), 0.0)


def median_high(values: tf.Tensor, used: tf.Tensor) -> tf.Tensor:
    """High median of each row's used values, as Python's `statistics.median_high`.

    Of an even number of values it is the larger of the middle two.

    Args:
        values: float32 [B,N].
        used: bool [B,N].

    Returns:
        float32 [B,1].
    """
    largest_first = tf.sort(tf.where(used, values, _UNUSED), direction="DESCENDING")
    middle = tf.maximum(tf.reduce_sum(tf.cast(used, tf.int32), axis=1) - 1, 0) // 2
    return tf.gather(largest_first, middle, batch_dims=1)[:, None]
