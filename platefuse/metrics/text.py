"""Scores of what was read against the truth, text against text. Boxes are scored in detection_scoring.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from platefuse.core.errors import PlatefuseError


@dataclass(frozen=True)
class TextScores:
    """How well plates were read; every number is between 0 and 1, but for the error rate, which may pass 1.

    Attributes:
        exact_match: the share of plates whose text is right to the last character.
        character_error_rate: insertions, deletions and replacements that turn what was read into the truth,
            over all plates, divided by the number of true characters of all plates. If the truth has no
            characters at all, 0 if nothing was read and 1 if anything was.
        length_accuracy: the share of plates read with the right number of characters, whichever they are.
    """

    exact_match: float
    character_error_rate: float
    length_accuracy: float


def score_texts(
    truths: Sequence[str], readings: Sequence[str], look_alikes: Mapping[str, str] | None = None
) -> TextScores:
    """Score readings against the truth.

    Worked examples, each of one plate:

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
        truths: what each plate reads.
        readings: what was read, in the same order.
        look_alikes: look-alikes to count as equal, from `parse_look_alikes`; applied to both sides.

    Raises:
        PlatefuseError: for no plates at all.
        ValueError: if the two differ in length.
    """
    if not truths:
        raise PlatefuseError("There is nothing to score: no plates were given.")
    pairs = [(equate(t, look_alikes), equate(r, look_alikes)) for t, r in zip(truths, readings, strict=True)]
    characters = sum(len(truth) for truth, _ in pairs)
    edits = sum(Levenshtein.distance(truth, reading) for truth, reading in pairs)
    return TextScores(
        exact_match=sum(truth == reading for truth, reading in pairs) / len(pairs),
        character_error_rate=edits / characters if characters else float(edits > 0),
        length_accuracy=sum(len(truth) == len(reading) for truth, reading in pairs) / len(pairs),
    )


def exact_match_by_length(truths: Sequence[str], readings: Sequence[str]) -> dict[str, float]:
    """Give the share of plates read right among those of each true length: {"1": …, "2": …}, in that order.

    Only lengths that occur have an entry; a plate without characters counts under "0".

    Raises:
        ValueError: if the two differ in length.
    """
    right: dict[int, list[bool]] = {}
    for truth, reading in zip(truths, readings, strict=True):
        right.setdefault(len(truth), []).append(truth == reading)
    return {str(length): sum(right[length]) / len(right[length]) for length in sorted(right)}


def parse_look_alikes(look_alikes: str) -> dict[str, str]:
    """Read groups of look-alikes, such as "O0,I1" or "O0Q,8B", as each character's first of its group.

    Raises:
        PlatefuseError: for a group of fewer than two characters, or a character that is listed twice.
    """
    first: dict[str, str] = {}
    for group in look_alikes.split(","):
        if len(group) < 2:
            raise PlatefuseError(
                f"--equate {look_alikes!r}: {group!r} is not a group of look-alikes; expected groups of two or more "
                "characters with commas between them, such as 'O0,I1'."
            )
        for character in group:
            if character in first:
                raise PlatefuseError(f"--equate {look_alikes!r}: {character!r} is listed twice.")
            first[character] = group[0]
    return first


def equate(text: str, look_alikes: Mapping[str, str] | None) -> str:
    """Replace each character by the first of its look-alikes; without look_alikes the text is as it was."""
    return "".join(look_alikes.get(character, character) for character in text) if look_alikes else text
