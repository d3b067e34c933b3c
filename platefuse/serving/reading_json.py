"""A reading as JSON, for the command line and for the server."""

from typing import Any

from platefuse.inference.reading import Character, Plate, Reading


def reading_as_json(reading: Reading, image: str | None, model: str, alternatives: int = 0) -> dict[str, Any]:
    """Give a reading in JSON's types.

    Args:
        reading: without an error.
        image: names the image; None if it has no name.
        model: names the model.
        alternatives: how many of each plate's are listed; 0 leaves them out.
    """
    return {
        "image": image,
        "model": model,
        "text": reading.text,
        "confidence": round(reading.confidence, 6),
        "plates": [
            {
                **_named(plate),
                "characters": [_named(character) for character in plate.characters],
                "truncated": plate.truncated,
                "regions": plate.regions,
                **({"alternatives": _alternatives(plate, alternatives)} if alternatives else {}),
            }
            for plate in reading.plates
        ],
    }


def _alternatives(plate: Plate, most: int) -> list[dict[str, Any]]:
    return [
        {"text": other.text, "probability": round(other.probability, 6), "regions": other.regions}
        for other in plate.alternatives[:most]
    ]


def _named(found: Plate | Character) -> dict[str, Any]:
    """Give what plates and characters share, by its names."""
    return {
        "text": found.text,
        "confidence": round(found.confidence, 6),
        "score": round(found.score, 6),
        "box": [round(corner, 3) for corner in found.box],
    }
