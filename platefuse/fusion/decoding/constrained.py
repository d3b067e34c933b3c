"""Constrained (Viterbi) decoding: the most probable reading under formats and transition costs."""

import numpy as np

from platefuse.fusion.confidence import log_probability
from platefuse.fusion.decoding.automaton import allowed_types
from platefuse.fusion.decoding.formats import character_type_masks
from platefuse.fusion.ties import first_argmax
from platefuse.networks.common.keras2 import tf


def constrained_decode(
    probabilities: tf.Tensor,
    count: tf.Tensor,
    formats: tuple[str, ...],
    tolerance: float,
    transition_costs: tf.Tensor,
    alphabet: str,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Decode the best readings under formats and transition costs.

    A reading's score is its log-probability, summed over the characters, minus its transition costs. A format matches
    only readings of its own length. The best reading that matches a format wins if its score is within `tolerance` of
    the best overall. Otherwise the best overall is returned, so that plates without a known format can be read. All
    formats are decoded at once.

    Args:
        probabilities: float32 [B,N,K], of each character of the alphabet in each slot, in reading order.
        count: int32 [B], how many slots are used; they come first.
        formats: none longer than N; may be empty.
        tolerance: 0 or more, in log-probability.
        transition_costs: float32 [B,N-1], 0 or more, in log-probability.
        alphabet: K characters.

    Returns:
        Character ids, int32 [B,N], -1 in unused slots, and their probabilities, float32 [B,N], 0 in unused slots.
    """
    slots = probabilities.shape[1]
    # The best character of each type; a character of another type must lose even against a probability of 0.
    by_type = tf.where(character_type_masks(alphabet), probabilities[:, :, None], -1.0)
    best = tf.reduce_max(by_type, axis=-1)
    used = tf.sequence_mask(count, slots)
    logarithms = tf.where(used[..., None], log_probability(best), 0.0)
    allowed = allowed_types(("?" * slots, *formats), slots)  # the first row allows all readings
    marginals = max_marginals(tf.where(allowed, logarithms[:, None], -np.inf), transition_costs[:, None])
    chosen = tf.zeros_like(count)
    if formats:
        scores = tf.reduce_max(marginals[:, :, 0], axis=-1)
        matching = tf.where(count[:, None] == [len(entry) for entry in formats], scores[:, 1:], -np.inf)
        within = scores[:, 0] - tf.reduce_max(matching, axis=1) < tolerance
        chosen = tf.where(within, 1 + first_argmax(matching), 0)
    types = first_argmax(tf.gather(marginals, chosen, batch_dims=1))
    ids = tf.gather(first_argmax(by_type), types, batch_dims=2)
    return tf.where(used, ids, -1), tf.where(used, tf.gather(best, types, batch_dims=2), 0.0)


def max_marginals(logarithms: tf.Tensor, transition_costs: tf.Tensor) -> tf.Tensor:
    """Compute the max-marginals of character types in a Markov chain.

    The max-marginal of a type in a slot is the score of the best sequence with that type there. Messages from both ends
    give all of them (Viterbi, 1967; Pearl, 1988). The type with the largest max-marginal belongs to the best sequence.

    Args:
        logarithms: float32 [...,N,types], log-probability of each type's best character; 0 in unused slots.
        transition_costs: float32 [...,N-1], cost of a type change between consecutive slots.

    Returns:
        float32 [...,N,types].
    """
    slots, costs = tf.unstack(logarithms, axis=-2), tf.unstack(transition_costs[..., None], axis=-2)
    forward, backward = _messages(slots, costs), _messages(slots[::-1], costs[::-1])[::-1]
    return logarithms + tf.stack(forward, axis=-2) + tf.stack(backward, axis=-2)


def _messages(slots: list[tf.Tensor], costs: list[tf.Tensor]) -> list[tf.Tensor]:
    """Messages to each slot from earlier slots: N times float32 [...,types]."""
    messages = [tf.zeros_like(slots[0])]
    for slot, cost in zip(slots[:-1], costs, strict=True):
        scores = messages[-1] + slot
        messages.append(tf.maximum(scores, tf.reduce_max(scores, axis=-1, keepdims=True) - cost))
    return messages
