"""Readings as paths of an automaton: their sum and the best.

A reading's score is the sum of its characters' log-probabilities, minus the costs of its changes between letters and
digits, plus a bonus if it fits a format.
"""

from dataclasses import dataclass

import numpy as np

from platefuse.fusion.confidence import log_probability
from platefuse.fusion.decoding.automaton import FREE, Automaton, allowed_types
from platefuse.fusion.decoding.formats import character_type_masks
from platefuse.networks.common.keras2 import tf

NONE = -1e9  # score of what does not exist; scores of readings are above NONE / 2


@dataclass(frozen=True, eq=False)
class Scores:
    """Probabilities and costs that the readings of plates are scored by.

    Attributes:
        probabilities: float32 [B,N,K], of each character of the alphabet in each slot, in reading order.
        count: int32 [B], how many slots are used; they come first.
        transition_costs: float32 [B,N-1], 0 or more, in log-probability.
        bonus: of a reading that fits a format, 0 or more, in log-probability.
        alphabet: K characters.
    """

    probabilities: tf.Tensor
    count: tf.Tensor
    transition_costs: tf.Tensor
    bonus: float
    alphabet: str

    @property
    def logarithms(self) -> tf.Tensor:
        """Log-probability of each character by type, [B,N,3,K]; NONE of others."""
        logarithms = tf.expand_dims(log_probability(self.probabilities), 2)
        return tf.where(character_type_masks(self.alphabet), logarithms, NONE)

    def cost_before(self, slot: int) -> tf.Tensor:
        """Cost of a change of type before a slot, [B,1,1]."""
        costs = self.transition_costs[:, slot - 1 : slot] if slot else tf.zeros_like(self.probabilities[:, 0, :1])
        return tf.expand_dims(costs, 2)


def log_sum_of_readings(automaton: Automaton, scores: Scores, temperature: float) -> tf.Tensor:
    """Sum exp(score / temperature) over all readings, as a logarithm.

    This is the forward algorithm (Rabiner, *A Tutorial on Hidden Markov Models*, 1989) over the automaton's states.

    Args:
        automaton: of the formats; of as many slots as `scores`.
        scores: of the readings.
        temperature: above 0.

    Returns:
        float32 [B]; without meaning for a plate without characters.
    """
    masses = _log_sum(scores.logarithms / temperature)  # of each type's characters
    before, ends = _start(scores, automaton, 1), []
    for slot in range(automaton.slots):
        cost = scores.cost_before(slot) / temperature
        arrived = [_log_sum(_free(automaton, slot, before, cost))]
        if automaton.states > FREE:
            arrived.append(_log_sum(_agreeing(automaton, slot, before, cost)))
        after = tf.concat(arrived, axis=1) + tf.gather(masses[:, slot], automaton.types[slot], axis=1)
        before = tf.expand_dims(after, 2)
        ends.append(after + scores.bonus / temperature * automaton.accepts[slot].astype(np.float32))
    return _log_sum(_at_end(ends, scores.count))


def score_of_readings(ids: tf.Tensor, formats: tuple[str, ...], scores: Scores) -> tf.Tensor:
    """Score one reading of each plate.

    Args:
        ids: of its characters, int32 [B,N], -1 in unused slots.
        formats: none longer than N.
        scores: of the readings.

    Returns:
        float32 [B]; 0 for a plate without characters.
    """
    used, slots = ids >= 0, ids.shape[1]
    logarithms = log_probability(tf.gather(scores.probabilities, tf.maximum(ids, 0), batch_dims=2))
    kinds = tf.gather(np.argmax(character_type_masks(scores.alphabet), axis=0), tf.maximum(ids, 0))
    changed = (kinds[:, 1:] != kinds[:, :-1]) & used[:, 1:]
    total = tf.reduce_sum(tf.where(used, logarithms, 0.0), axis=1)
    total -= tf.reduce_sum(tf.where(changed, scores.transition_costs, 0.0), axis=1)
    if not formats:
        return total
    allowed = allowed_types(formats, slots).reshape(len(formats), -1)  # of the F formats, [F,N*3]
    of_kind = tf.cast(tf.expand_dims(tf.where(used, kinds, -1), 2) == np.arange(FREE), tf.float32)
    broken = tf.reshape(of_kind, [-1, slots * FREE]) @ (~allowed.T).astype(np.float32)
    fits = (broken < 0.5) & (tf.expand_dims(scores.count, 1) == [len(entry) for entry in formats])
    return total + scores.bonus * tf.cast(tf.reduce_any(fits, axis=1), tf.float32)


def most_probable_readings(automaton: Automaton, scores: Scores, amount: int) -> tuple[tf.Tensor, tf.Tensor]:
    """List the most probable readings, best first: list Viterbi decoding.

    Each state keeps its best paths instead of one (Seshadri and Sundberg, *List Viterbi Decoding Algorithms with
    Applications*, 1994). Since each reading is one path, no reading is listed twice.

    Args:
        automaton: of the formats; of as many slots as `scores`.
        scores: of the readings.
        amount: R, 1 or more.

    Returns:
        Character ids, int32 [B,R,N], -1 in unused slots; and scores, float32 [B,R], below NONE / 2 where there are
        fewer readings.
    """
    best_of_type, ids_of_type = _best_characters(scores.logarithms, amount)
    # Of the i-th best path and the j-th best character only these can be among the best.
    paths, ranks = np.array([(i, j) for i in range(amount) for j in range(amount) if (i + 1) * (j + 1) <= amount]).T
    before, ends, back, ids = _start(scores, automaton, amount), [], [], []
    for slot in range(automaton.slots):
        arrived, origins = _best_parents(automaton, slot, before, scores.cost_before(slot))
        best, of_state = (
            tf.gather(values[:, slot], automaton.types[slot], axis=1) for values in (best_of_type, ids_of_type)
        )
        before, chosen = tf.math.top_k(tf.gather(arrived, paths, axis=2) + tf.gather(best, ranks, axis=2), amount)
        back.append(_flat(tf.gather(origins, tf.gather(paths, chosen), batch_dims=2)))
        ids.append(_flat(tf.gather(of_state, tf.gather(ranks, chosen), batch_dims=2)))
        ends.append(before + scores.bonus * automaton.accepts[slot].astype(np.float32)[:, None])
    totals, last = tf.math.top_k(_flat(_at_end(ends, scores.count)), amount)
    return _trace(ids, back, last, scores.count), totals


def _trace(ids: list[tf.Tensor], back: list[tf.Tensor], last: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Follow paths from their last states, [B,R], back: ids [B,R,N]."""
    traced = []
    for slot in reversed(range(len(ids))):
        used = tf.expand_dims(slot < count, 1)
        traced.append(tf.where(used, tf.gather(ids[slot], last, batch_dims=1), -1))
        last = tf.where(used, tf.gather(back[slot], last, batch_dims=1), last)
    return tf.stack(traced[::-1], axis=2)


def _best_characters(logarithms: tf.Tensor, amount: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Log-probabilities and ids of each type's best characters, [B,N,3,R]."""
    alphabet = logarithms.shape[-1]
    best, ids = tf.math.top_k(logarithms, min(amount, alphabet))
    missing = [[0, 0]] * 3 + [[0, max(0, amount - alphabet)]]
    return tf.pad(best, missing, constant_values=NONE), tf.pad(ids, missing)


def _best_parents(automaton: Automaton, slot: int, before: tf.Tensor, cost: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Scores of the best paths into each state, [B,S,R].

    With them the flat indices of the paths' last states and ranks, [B,S,R].
    """
    amount = before.shape[2]
    arrived, origins = ([values] for values in tf.math.top_k(_free(automaton, slot, before, cost), amount))
    if automaton.states > FREE:
        best, chosen = tf.math.top_k(_agreeing(automaton, slot, before, cost), amount)
        of_parents = np.maximum(automaton.parents[slot], 0)[..., None] * amount + np.arange(amount)
        rows = np.arange(len(of_parents), dtype=np.int32)[:, None] * of_parents[0].size
        arrived.append(best)
        origins.append(tf.gather(of_parents.ravel().astype(np.int32), chosen + rows))
    return tf.concat(arrived, axis=1), tf.concat(origins, axis=1)


def _start(scores: Scores, automaton: Automaton, amount: int) -> tf.Tensor:
    """Scores before the first slot, [B,S,R]: NONE but for one state."""
    start = np.full((1, automaton.states, amount), NONE, np.float32)
    start[0, 0, 0] = 0.0
    return tf.zeros_like(scores.probabilities[:, 0, :1])[..., None] + start


def _free(automaton: Automaton, slot: int, before: tf.Tensor, cost: tf.Tensor) -> tf.Tensor:
    """Scores of states that each type leads to no format, [B,3,S*R].

    The cost of a change is taken off.
    """
    changes = _changes(automaton.types_before(slot), np.arange(FREE)[:, None])
    scores = tf.expand_dims(before, 1) - tf.expand_dims(cost, 3) * changes[..., None]
    scores = tf.where(automaton.free[slot][..., None], scores, NONE)
    return tf.reshape(scores, [-1, FREE, automaton.states * before.shape[2]])


def _agreeing(automaton: Automaton, slot: int, before: tf.Tensor, cost: tf.Tensor) -> tf.Tensor:
    """Scores of each agreeing state's parents, [B,S-3,P*R].

    The cost of a change is taken off.
    """
    parents, types = automaton.parents[slot], automaton.types[slot, FREE:, None]
    changes = _changes(automaton.types_before(slot)[parents], types)[..., None]
    scores = tf.gather(before, np.maximum(parents, 0), axis=1) - tf.expand_dims(cost, 3) * changes
    scores = tf.where(parents[..., None] >= 0, scores, NONE)
    return tf.reshape(scores, [-1, len(parents), parents.shape[1] * before.shape[2]])


def _changes(types: np.ndarray, others: np.ndarray | int) -> np.ndarray:
    return (types != others).astype(np.float32)


def _at_end(ends: list[tf.Tensor], count: tf.Tensor) -> tf.Tensor:
    """Choose each plate's values after its last used slot, [B,...]."""
    return tf.gather(tf.stack(ends, axis=1), tf.maximum(count - 1, 0), batch_dims=1)


def _flat(values: tf.Tensor) -> tf.Tensor:
    """Join all axes of [B,...] but the first."""
    return tf.reshape(values, [-1, int(np.prod(values.shape[1:]))])


def _log_sum(values: tf.Tensor) -> tf.Tensor:
    """Take log sum exp over the last axis, with exporters' operations."""
    largest = tf.reduce_max(values, axis=-1, keepdims=True)
    return tf.squeeze(largest, -1) + tf.math.log(tf.reduce_sum(tf.exp(values - largest), axis=-1))
