"""Readings made of a fused model's outputs for one image."""

from collections.abc import Mapping

import numpy as np

from platefuse.inference.reading import Alternative, Box, Character, Plate, Reading

Outputs = Mapping[str, np.ndarray]
"""The outputs by name, without the first axis. N is the number of characters that a plate has room for."""


def reading_of_plate(outputs: Outputs, alphabet: str, shape: tuple[int, ...]) -> Reading:
    """Make a reading of the outputs of a model of single plates.

    Args:
        outputs: `character_ids`, `character_scores` and `scores` [N], `boxes` [N,4], `confidence` and `truncated` [];
            perhaps `alternative_ids` [K,N] and `alternative_probabilities` [K].
        alphabet: the character of each id.
        shape: of the image, [H,W,3].

    Returns:
        A reading of one plate, whose box is the image; without characters, of none.
    """
    box = (0.0, 0.0, float(shape[1]), float(shape[0]))
    return Reading(plates=_plates(outputs, alphabet, outputs["confidence"], 1.0, box))


def reading_of_photograph(outputs: Outputs, alphabet: str) -> Reading:
    """Make a reading of the outputs of a model of photographs.

    Args:
        outputs: `character_ids`, `character_scores` and `scores` [P,N], `boxes` [P,N,4], `confidences`, `truncated` and
            `plate_scores` [P], `plate_boxes` [P,4]; all boxes in pixels of the photograph. P is the number of plates
            that a photograph has room for.
        alphabet: the character of each id.

    Returns:
        A reading of the plates that have characters, in their order.
    """
    of_plates = ("character_ids", "character_scores", "scores", "boxes", "truncated")
    plates: tuple[Plate, ...] = ()
    for index in range(len(outputs["character_ids"])):
        score, box = float(outputs["plate_scores"][index]), _box(outputs["plate_boxes"][index].tolist())
        of_plate = {name: outputs[name][index] for name in of_plates}
        plates += _plates(of_plate, alphabet, outputs["confidences"][index], score, box)
    return Reading(plates=plates)


def _plates(outputs: Outputs, alphabet: str, confidence: np.ndarray, score: float, box: Box) -> tuple[Plate, ...]:
    """Make a plate of its outputs; none without characters."""
    used = outputs["character_ids"] >= 0
    columns = [outputs[name][used].tolist() for name in ("character_ids", "character_scores", "scores", "boxes")]
    characters = tuple(
        Character(alphabet[index], probability, detected, _box(place))
        for index, probability, detected, place in zip(*columns, strict=True)
    )
    if not characters:
        return ()
    text = "".join(character.text for character in characters)
    alternatives = _alternatives(outputs, alphabet)
    return (Plate(text, float(confidence), score, box, characters, bool(outputs["truncated"]), alternatives),)


def _alternatives(outputs: Outputs, alphabet: str) -> tuple[Alternative, ...]:
    """List the alternatives that exist; none if the model gives none."""
    if "alternative_ids" not in outputs:
        return ()
    pairs = zip(outputs["alternative_ids"].tolist(), outputs["alternative_probabilities"].tolist(), strict=True)
    return tuple(
        Alternative("".join(alphabet[i] for i in ids if i >= 0), probability)
        for ids, probability in pairs
        if probability
    )


def _box(corners: list[float]) -> Box:
    x1, y1, x2, y2 = corners
    return x1, y1, x2, y2
