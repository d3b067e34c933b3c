"""Sums and lists of readings against enumeration of all readings."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platefuse.fusion.decoding.automaton import build_automaton
from platefuse.fusion.decoding.paths import (
    NONE,
    Scores,
    log_sum_of_readings,
    most_probable_readings,
    score_of_readings,
)
from platefuse.networks.common.keras2 import tf

ALPHABET = "AB0-"
FORMATS = [
    (),
    ("L0",),
    ("L00", "?0", "LL0"),
    ("????", "L000", "?0?", "??"),
    ("0", "L", "?", "00", "LL", "0L", "L0"),
]
BONUS = 2.5


def kind(character: str) -> str:
    return "L" if character.isalpha() else "0" if character.isdigit() else ""


def plain_score(reading: str, probabilities: np.ndarray, costs: np.ndarray, formats: tuple[str, ...]) -> float:
    """Score one reading: probabilities [n,K], costs [n-1]."""
    score = sum(np.log(probabilities[i, ALPHABET.index(c)]) for i, c in enumerate(reading))
    score -= sum(costs[i] for i, (a, b) in enumerate(itertools.pairwise(reading)) if kind(a) != kind(b))
    fits = any(
        len(entry) == len(reading) and all(symbol in ("?", kind(c)) for symbol, c in zip(entry, reading, strict=True))
        for entry in formats
    )
    return score + BONUS * fits


def all_scores(probabilities: np.ndarray, count: int, costs: np.ndarray, formats: tuple[str, ...]) -> dict[str, float]:
    readings = map("".join, itertools.product(ALPHABET, repeat=count))
    return {reading: plain_score(reading, probabilities, costs, formats) for reading in readings}


def plates(seed: int, slots: int, counts: list[int]) -> Scores:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(len(ALPHABET), 0.5), (len(counts), slots)).astype(np.float32)
    costs = rng.uniform(0, 2, (len(counts), slots - 1)).astype(np.float32)
    return Scores(tf.constant(probabilities + 1e-4), tf.constant(counts), tf.constant(costs), BONUS, ALPHABET)


def reading_of(ids: np.ndarray) -> str:
    return "".join(ALPHABET[i] for i in ids if i >= 0)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(FORMATS), st.integers(1, 9))
def test_the_most_probable_readings_are_those_of_enumeration(seed, formats, amount):
    counts = [1, 2, 3, 4]
    scores = plates(seed, 4, counts)
    ids, totals = (values.numpy() for values in most_probable_readings(build_automaton(formats, 4), scores, amount))
    assert ids.shape == (4, amount, 4) and totals.shape == (4, amount)
    for i, count in enumerate(counts):
        expected = all_scores(scores.probabilities[i].numpy(), count, scores.transition_costs[i].numpy(), formats)
        best = sorted(expected.values(), reverse=True)[:amount]
        np.testing.assert_allclose(totals[i, : len(best)], best, atol=1e-4)
        assert (totals[i, len(best) :] < NONE / 2).all()
        found = [reading_of(row) for row in ids[i, : len(best)]]
        assert len(set(found)) == len(found)
        np.testing.assert_allclose([expected[reading] for reading in found], best, atol=1e-4)
        assert (ids[i, : len(best), count:] == -1).all() and (ids[i, : len(best), :count] >= 0).all()


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(FORMATS), st.sampled_from([0.3, 1.0, 4.0]))
def test_the_sum_is_that_of_enumeration(seed, formats, temperature):
    counts = [4, 1, 3, 2]
    scores = plates(seed, 4, counts)
    sums = log_sum_of_readings(build_automaton(formats, 4), scores, temperature).numpy()
    for i, count in enumerate(counts):
        every = all_scores(scores.probabilities[i].numpy(), count, scores.transition_costs[i].numpy(), formats)
        np.testing.assert_allclose(
            sums[i], np.logaddexp.reduce(np.array(list(every.values())) / temperature), atol=1e-3 / temperature
        )


@pytest.mark.parametrize("formats", FORMATS, ids=str)
def test_probabilities_of_all_readings_sum_to_one(formats):
    scores, automaton = plates(3, 3, [3]), build_automaton(formats, 3)
    _, totals = most_probable_readings(automaton, scores, len(ALPHABET) ** 3)
    shares = np.exp(totals.numpy() - log_sum_of_readings(automaton, scores, 1.0).numpy()[:, None])
    np.testing.assert_allclose(shares.sum(), 1.0, atol=1e-4)


def test_one_slot_and_characters_of_one_type_are_enough():
    scores = Scores(tf.constant([[[0.7, 0.3]]]), tf.constant([1]), tf.zeros([1, 0]), 1.0, "07")
    ids, totals = most_probable_readings(build_automaton(("0",), 1), scores, 3)
    assert ids.numpy()[0, :2].tolist() == [[0], [1]]
    np.testing.assert_allclose(totals.numpy()[0, :2], np.log([0.7, 0.3]) + 1, atol=1e-5)
    assert totals.numpy()[0, 2] < NONE / 2


@pytest.mark.parametrize("formats", FORMATS, ids=str)
def test_one_readings_score_is_that_of_the_enumeration(formats):
    counts, rng = [4, 1, 3, 2], np.random.default_rng(8)
    scores = plates(8, 4, counts)
    for _ in range(10):
        ids = np.array([[rng.integers(len(ALPHABET)) if i < count else -1 for i in range(4)] for count in counts])
        found = score_of_readings(tf.constant(ids, tf.int32), formats, scores).numpy()
        for i, row in enumerate(ids):
            probabilities, costs = scores.probabilities[i].numpy(), scores.transition_costs[i].numpy()
            assert found[i] == pytest.approx(plain_score(reading_of(row), probabilities, costs, formats), abs=1e-4)
