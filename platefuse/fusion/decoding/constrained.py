"""Constrained decoding: the most probable reading among those that formats and transition costs allow."""

import numpy as np

from platefuse.fusion.confidence import log_probability
from platefuse.fusion.decoding.formats import characters_of_kinds
from platefuse.networks.common.keras2 import tf

_KINDS = ("L", "0", "")  # letters, digits, and what is neither: no format has a sign for that alone


def constrained_decode(
    probabilities: tf.Tensor,
    count: tf.Tensor,
    formats: tuple[str, ...],
    tolerance: float,
    transition_costs: tf.Tensor,
    alphabet: str,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Read plates by the formats that are as long as they are, and by runs of letters and digits.

    What a reading counts is the logarithm of its probability (summed over the characters) less what each change between
    letters and digits from one character to the next costs. Of the readings that one of those formats allows
    the one that counts most is taken, if it counts less than `tolerance` below the one that counts most of all. Else
    that one is, so that a plate which follows no format survives. No loop over formats.

    Args:
        probabilities: float32 [B,N,K], of each character of the alphabet in each slot, in reading order.
        count: int32 [B], how many slots are used; they come first.
        formats: none longer than N; may be empty.
        tolerance: 0 or more.
        transition_costs: float32 [B,N-1], 0 or more; all 0 makes every sequence of letters and digits as likely.
        alphabet: K characters.

    Returns:
        Character ids, int32 [B,N], -1 in unused slots, and their probabilities, float32 [B,N], 0 in unused slots.
    """
    slots = probabilities.shape[1]
    # The best character of each kind: what is of another counts less than a probability of 0.
    of_kind = tf.where(characters_of_kinds(alphabet), probabilities[:, :, None], -1.0)
    best = tf.reduce_max(of_kind, axis=-1)
    used = tf.sequence_mask(count, slots)
    logarithms = tf.where(used[..., None], log_probability(best), 0.0)
    allowed = _allowed_kinds(("?" * slots, *formats), slots)  # the first allows all readings
    sums = max_marginals(tf.where(allowed, logarithms[:, None], -np.inf), transition_costs[:, None])
    chosen = tf.zeros_like(count)
    if formats:
        counts = tf.reduce_max(sums[:, :, 0], axis=-1)
        fitting = tf.where(count[:, None] == [len(entry) for entry in formats], counts[:, 1:], -np.inf)
        near = counts[:, 0] - tf.reduce_max(fitting, axis=1) < tolerance
        chosen = tf.where(near, 1 + tf.argmax(fitting, axis=1, output_type=tf.int32), 0)
    kinds = tf.argmax(tf.gather(sums, chosen, batch_dims=1), axis=-1)
    ids = tf.gather(tf.argmax(of_kind, axis=-1, output_type=tf.int32), kinds, batch_dims=2)
    return tf.where(used, ids, -1), tf.where(used, tf.gather(best, kinds, batch_dims=2), 0.0)


def max_marginals(logarithms: tf.Tensor, transition_costs: tf.Tensor) -> tf.Tensor:
    """Find what the best sequence of kinds counts that has a given kind in a given slot.

    The max-marginals of a Markov chain, by messages from both its ends (Viterbi, 1967; Pearl, 1988). Where one kind's
    is the largest in a slot, the best sequence of all has that kind there.

    Args:
        logarithms: float32 [...,N,kinds], of the probability of each kind's best character; 0 in unused slots.
        transition_costs: float32 [...,N-1], what a change of kind from each slot to the next subtracts from their sum.

    Returns:
        float32 [...,N,kinds].
    """
    slots, costs = tf.unstack(logarithms, axis=-2), tf.unstack(transition_costs[..., None], axis=-2)
    before, after = _messages(slots, costs), _messages(slots[::-1], costs[::-1])[::-1]
    return logarithms + tf.stack(before, axis=-2) + tf.stack(after, axis=-2)


def _messages(slots: list[tf.Tensor], costs: list[tf.Tensor]) -> list[tf.Tensor]:
    """What all slots before each one say of its kinds: N times float32 [...,kinds]."""
    messages = [tf.zeros_like(slots[0])]
    for slot, cost in zip(slots[:-1], costs, strict=True):
        sums = messages[-1] + slot
        messages.append(tf.maximum(sums, tf.reduce_max(sums, axis=-1, keepdims=True) - cost))
    return messages


def _allowed_kinds(formats: tuple[str, ...], slots: int) -> np.ndarray:
    """Which kinds each format allows in each slot, bool [F,N,3]; beyond its end all."""
    return np.array(
        [[[sign in ("?", kind) for kind in _KINDS] for sign in entry.ljust(slots, "?")] for entry in formats]
    )
