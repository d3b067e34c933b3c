"""Text scores against worked examples, a textbook edit distance and the docstring's table."""

import itertools
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platefuse.core.errors import PlatefuseError
from platefuse.metrics.text import (
    TextScores,
    align,
    edit_distance,
    equate,
    exact_match_by_length,
    parse_look_alikes,
    score_texts,
)


def _documented_examples() -> list[tuple[str, str, float, float, float]]:
    rows = re.findall(r"^ +(\d+|\(none\)) +(\d+|\(none\)) +([\d.]+) +([\d.]+) +([\d.]+)$", score_texts.__doc__, re.M)
    return [(t.replace("(none)", ""), r.replace("(none)", ""), *map(float, scores)) for t, r, *scores in rows]


@pytest.mark.parametrize(("truth", "reading", "exact", "rate", "length"), _documented_examples())
def test_worked_examples_of_the_docstring(truth, reading, exact, rate, length):
    assert score_texts([truth], [reading]) == TextScores(exact, rate, length)


def test_the_docstring_has_examples():
    assert len(_documented_examples()) == 8


def test_the_error_rate_is_over_all_characters_not_a_mean_of_plates():
    # One edit in 1 + 9 true characters: 0.1, where the mean of the plates' own rates would be 0.5.
    scores = score_texts(["1", "123456789"], ["2", "123456789"])
    assert scores == TextScores(exact_match=0.5, character_error_rate=0.1, length_accuracy=1.0)


def _edits(a: str, b: str) -> int:
    """The textbook recursion, row by row."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row, above = [i], row
        for j, y in enumerate(b, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (x != y)))
    return row[-1]


@given(st.lists(st.tuples(st.text("01O", max_size=5), st.text("01O", max_size=5)), min_size=1, max_size=6))
def test_against_a_plain_edit_distance(pairs):
    truths, readings = zip(*pairs, strict=True)
    characters, edits = len("".join(truths)), sum(itertools.starmap(_edits, pairs))
    scores = score_texts(truths, readings)
    assert scores.character_error_rate == pytest.approx(edits / characters if characters else float(edits > 0))
    assert scores.exact_match == pytest.approx(sum(t == r for t, r in pairs) / len(pairs))
    assert scores.length_accuracy == pytest.approx(sum(len(t) == len(r) for t, r in pairs) / len(pairs))


def test_no_plates_are_an_error():
    with pytest.raises(PlatefuseError, match="no plates"):
        score_texts([], [])


def test_lists_of_different_length_are_rejected():
    with pytest.raises(ValueError):
        score_texts(["1"], ["1", "2"])
    with pytest.raises(ValueError):
        exact_match_by_length(["1"], ["1", "2"])


def test_exact_match_by_length_goes_by_the_truth_in_order_of_length():
    by_length = exact_match_by_length(["1234567890", "12", "34", "", "7"], ["1234567890", "12", "3", "", "77"])
    assert list(by_length.items()) == [("0", 1.0), ("1", 0.0), ("2", 0.5), ("10", 1.0)]
    assert exact_match_by_length([], []) == {}


def test_look_alikes_count_as_equal():
    look_alikes = parse_look_alikes("O0,I1")
    assert look_alikes == {"O": "O", "0": "O", "I": "I", "1": "I"}
    assert score_texts(["O1", "OA"], ["0I", "0B"], look_alikes).exact_match == 0.5
    assert score_texts(["O1"], ["0I"]).exact_match == 0
    assert score_texts(["O1"], ["1O"], look_alikes).exact_match == 0


def test_a_group_may_have_three_characters():
    look_alikes = parse_look_alikes("O0Q")
    assert {equate(text, look_alikes) for text in ("O", "0", "Q")} == {"O"}


@pytest.mark.parametrize(
    ("groups", "said"), [("", "''"), ("O0,", "''"), ("O0,1", "'1'"), ("O0,0Q", "'0'"), ("OO", "'O'")]
)
def test_wrong_groups_are_named(groups, said):
    with pytest.raises(PlatefuseError, match=f"{said} (is not a group|is listed twice)"):
        parse_look_alikes(groups)


@pytest.mark.parametrize(
    ("reading", "truth", "columns"),
    [
        ("12", "12", ["11", "22"]),
        ("17", "12", ["11", "72"]),
        ("1", "12", ["11", "_2"]),
        ("12", "2", ["1_", "22"]),
        ("", "1", ["_1"]),
        ("1", "", ["1_"]),
        ("", "", []),
    ],
)
def test_a_reading_is_aligned_with_its_truth(reading: str, truth: str, columns: list[str]) -> None:
    assert [f"{read or '_'}{true or '_'}" for read, true in align(reading, truth)] == columns


@pytest.mark.parametrize("seed", range(5))
def test_an_alignment_keeps_both_texts_and_has_the_fewest_edits(seed: int) -> None:
    rng = random.Random(seed)
    reading, truth = ("".join(rng.choices("AB0", k=rng.randrange(9))) for _ in "12")
    pairs = align(reading, truth)
    assert ("".join(read for read, _ in pairs), "".join(true for _, true in pairs)) == (reading, truth)
    assert sum(read != true for read, true in pairs) == edit_distance(reading, truth)
