"""Scores of texts against the true texts.

platefuse.metrics.boxes scores boxes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rapidfuzz.distance import Levenshtein

from platefuse.core.errors import PlatefuseError


@dataclass(frozen=True)
class TextScores:
    """Accuracy of readings; scores are 0 to 1.

    Only the error rate may exceed 1.

    Attributes:
        exact_match: share of plates whose text is completely right.
        character_error_rate: edit distance (insertions, deletions and substitutions) between readings and truth,
            summed over all plates, divided by the number of true characters. Without any true characters: 0 if
            nothing was read, else 1.
        length_accuracy: share of plates read with the right number of characters.
    """

    exact_match: float
    character_error_rate: float
    length_accuracy: float


def score_texts(
    truths: Sequence[str], readings: Sequence[str], look_alikes: Mapping[str, str] | None = None
) -> TextScores:
    """Score readings against the truth.

    Worked examples of one plate each:

    ======  =======  ===========  ====================  ===============
    truth   reading  exact_match  character_error_rate  length_accuracy
    ======  =======  ===========  ====================  ===============
    1234    1234     1            0                     1
    1234    1284     0            0.25                  1
    1234    124      0            0.25                  0
    1234    11234    0            0.25                  0
    1234    (none)   0            1                     0
    (none)  (none)   1            0                     1
    (none)  17       0            1                     0
    1       217      0            2                     0
    ======  =======  ===========  ====================  ===============

    Args:
        truths: the true text of each plate.
        readings: the text that was read, in the same order.
        look_alikes: characters that count as equal, from `parse_look_alikes`.

    Raises:
        PlatefuseError: if there are no plates.
        ValueError: if the two differ in length.
    """
    if not truths:
        raise PlatefuseError("There is nothing to score: no plates were given.")
    equal = look_alikes or {}
    pairs = [(equate(t, equal), equate(r, equal)) for t, r in zip(truths, readings, strict=True)]
    characters = sum(len(truth) for truth, _ in pairs)
    edits = sum(edit_distance(reading, truth) for truth, reading in pairs)
    return TextScores(
        exact_match=sum(truth == reading for truth, reading in pairs) / len(pairs),
        character_error_rate=edits / characters if characters else float(edits > 0),
        length_accuracy=sum(len(truth) == len(reading) for truth, reading in pairs) / len(pairs),
    )


def edit_distance(reading: str, truth: str) -> int:
    """Count the insertions, deletions and substitutions between two texts."""
    return Levenshtein.distance(reading, truth)


def align(reading: str, truth: str) -> list[tuple[str, str]]:
    """Align a reading with its truth in the fewest edits.

    Returns:
        Pairs of the character read and the true one; the read one is "" where one was missed, the true one "" where
        nothing is.
    """
    pairs: list[tuple[str, str]] = []
    for step in Levenshtein.opcodes(reading, truth):
        read, true = reading[step.src_start : step.src_end], truth[step.dest_start : step.dest_end]
        pairs += zip_longest(read, true, fillvalue="")
    return pairs


def exact_match_by_length(truths: Sequence[str], readings: Sequence[str]) -> dict[str, float]:
    """Return the exact match of plates by their true length.

    The result is sorted by length: {"1": …, "2": …}. Only lengths that occur have an entry; plates without characters
    are under "0".

    Raises:
        ValueError: if the two differ in length.
    """
    right: dict[int, list[bool]] = {}
    for truth, reading in zip(truths, readings, strict=True):
        right.setdefault(len(truth), []).append(truth == reading)
    return {str(length): sum(right[length]) / len(right[length]) for length in sorted(right)}


def parse_look_alikes(groups: str) -> dict[str, str]:
    """Parse groups of look-alikes, such as "O0,I1" or "O0Q,8B".

    Returns:
        The first character of the group, by each character in it.

    Raises:
        PlatefuseError: if a group has fewer than two characters, or a character is listed twice.
    """
    first: dict[str, str] = {}
    for group in groups.split(","):
        if len(group) < 2:
            raise PlatefuseError(
                f"--equate {groups!r}: {group!r} is not a group of look-alikes; expected groups of two or more "
                "characters, separated by commas, such as 'O0,I1'."
            )
        for character in group:
            if character in first:
                raise PlatefuseError(f"--equate {groups!r}: {character!r} is listed twice.")
            first[character] = group[0]
    return first


def equate(text: str, look_alikes: Mapping[str, str]) -> str:
    """Replace each character by the first of its look-alikes.

    Texts that differ only in look-alikes become equal.
    """
    return "".join(look_alikes.get(character, character) for character in text)
