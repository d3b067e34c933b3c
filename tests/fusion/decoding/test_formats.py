"""Formats against a plain enumeration of every reading."""

import itertools
import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platefuse.core.errors import PlatefuseError
from platefuse.fusion.decoding.constrained import constrained_decode
from platefuse.fusion.decoding.formats import check_formats
from platefuse.networks.common.keras2 import tf

ALPHABET = "0AB1-"
CLASSES = {"L": "[^\\W\\d_]", "0": "\\d", "?": "."}


def allows(entry: str, text: str) -> bool:
    return re.fullmatch("".join(CLASSES[sign] for sign in entry), text) is not None


def cost_of(text: str, costs: Sequence[float]) -> float:
    """Cost of a letter, digit or other sign after a sign of another kind, at each of these places."""
    kinds = [(c.isalpha(), c.isdigit()) for c in text]
    return sum(cost for (a, b), cost in zip(itertools.pairwise(kinds), costs, strict=False) if a != b)


def enumerated(probabilities: np.ndarray, formats: list[str], tolerance: float, costs: Sequence[float]) -> str:
    """The reading of one plate, of its characters' probabilities [n,K]."""
    logarithms = [dict(zip(ALPHABET, np.log(row), strict=True)) for row in probabilities.astype(np.float64)]
    readings = {
        text: sum(row[c] for row, c in zip(logarithms, text, strict=True))
        for text in map("".join, itertools.product(ALPHABET, repeat=len(probabilities)))
    }
    readings = {text: logarithm - cost_of(text, costs) for text, logarithm in readings.items()}
    free = max(readings, key=readings.__getitem__)
    allowed = [text for text in readings if any(allows(entry, text) for entry in formats)]
    bound = max(allowed, key=readings.__getitem__, default=free)
    return bound if readings[free] - readings[bound] < tolerance else free


def read(
    probabilities: np.ndarray,
    count: np.ndarray,
    formats: tuple[str, ...],
    tolerance: float,
    costs: np.ndarray | float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Read with costs of changes [B,N-1], or one that is the same everywhere."""
    pairs = (probabilities.shape[0], probabilities.shape[1] - 1)
    transition_costs = tf.constant(np.broadcast_to(costs, pairs), tf.float32)
    tensors = tf.constant(probabilities, tf.float32), tf.constant(count, tf.int32)
    ids, scores = constrained_decode(*tensors, formats, tolerance, transition_costs, ALPHABET)
    return ids.numpy(), scores.numpy()


@given(
    formats=st.lists(st.text("L0?", min_size=1, max_size=4), max_size=6, unique=True),
    tolerance=st.sampled_from([0.0, 0.5, 2.0, 5.0, 1000.0]),
    costs=st.lists(st.sampled_from([0.0, 0.3, 1.0, 4.0, 100.0]), min_size=3, max_size=3),
    sharpness=st.sampled_from([0.5, 2.0, 6.0]),
    seed=st.integers(0, 1000),
)
def test_reading_is_the_one_that_an_enumeration_finds(
    formats: list[str], tolerance: float, costs: list[float], sharpness: float, seed: int
) -> None:
    logits = sharpness * np.random.default_rng(seed).normal(size=(5, 4, len(ALPHABET)))
    probabilities = (np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)).astype(np.float32)
    counts = np.arange(5)
    used = np.arange(3) < counts[:, None] - 1
    ids, scores = read(probabilities, counts, tuple(formats), tolerance, used * np.array(costs))
    for row, count in enumerate(counts):
        expected = [ALPHABET.index(c) for c in enumerated(probabilities[row, :count], formats, tolerance, costs)]
        assert ids[row].tolist() == expected + [-1] * (4 - count)
        given_scores = [*probabilities[row, range(count), expected], *[0.0] * (4 - count)]
        np.testing.assert_array_equal(scores[row], np.array(given_scores, np.float32))


def certain(text: str, others: float = 0.0) -> np.ndarray:
    """Probabilities [1,n,K] of a plate that reads `text`, and anything else next to never."""
    rows = [[1.0 if c == named else others for c in ALPHABET] for named in text]
    return np.array([rows], np.float32)


def test_a_plate_that_follows_no_format_is_read_as_it_is() -> None:
    ids, scores = read(certain("A-1"), np.array([3]), ("L0L", "LL"), 5.0)
    assert "".join(ALPHABET[i] for i in ids[0]) == "A-1"
    assert scores.tolist() == [[1, 1, 1]]


def test_a_character_of_probability_0_is_still_of_the_kind_that_the_format_asks_for() -> None:
    ids, scores = read(certain("0A0"), np.array([3]), ("LLL",), 1e6)
    assert all(ALPHABET[i].isalpha() for i in ids[0])
    assert scores.tolist() == [[0, 1, 0]]


def test_tolerance_is_how_much_less_probable_a_reading_may_be() -> None:
    probabilities = certain("0A", others=0.01)
    ids = [read(probabilities, np.array([2]), ("LL",), np.log(100) + margin)[0][0].tolist() for margin in (-0.01, 0.01)]
    assert ids == [[0, 1], [1, 1]]


def test_without_formats_letters_and_digits_come_in_runs() -> None:
    """An O that is a little likelier than a 0 is one among letters, and a 0 among digits; a clear one stays itself."""
    probabilities = np.concatenate([certain(text) for text in "A?B11A1"], axis=1)
    lookalike = ALPHABET.index("A"), ALPHABET.index("0")
    for slot, (likelier, other) in {1: lookalike[::-1], 5: lookalike}.items():
        probabilities[0, slot] = 0
        probabilities[0, slot, [likelier, other]] = 0.6, 0.4
    for transition_cost, expected in ((0.0, "A0B11A1"), (1.0, "AAB1101")):
        ids, _ = read(probabilities, np.array([7]), (), 0.0, transition_cost)
        assert "".join(ALPHABET[i] for i in ids[0]) == expected
    ids, _ = read(certain("A1A1"), np.array([4]), (), 0.0, 5.0)
    assert "".join(ALPHABET[i] for i in ids[0]) == "A1A1"


def test_a_format_that_the_alphabet_cannot_fill_is_refused() -> None:
    check_formats(("LL0", "???"), "A1")
    check_formats(("000", "?"), "0123456789")
    with pytest.raises(PlatefuseError, match=r"fuse\.formats: 'L00' asks for letters.*'01' has none: leave it out"):
        check_formats(("000", "L00"), "01")
    with pytest.raises(PlatefuseError, match=r"fuse\.formats: 'L00' asks for digits.*'AB' has none"):
        check_formats(("LL", "L00"), "AB")
