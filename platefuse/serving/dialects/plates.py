"""Parts of plates that the dialects share."""

from platefuse.inference.reading import Plate


def candidates_of(plate: Plate) -> list[tuple[str, float]]:
    """List a plate's possible texts with their probabilities, the best first.

    There are several if the model gives alternatives.
    """
    alternatives = [(other.text, round(other.probability, 6)) for other in plate.alternatives]
    return alternatives or [(plate.text, round(plate.confidence, 6))]


def corners_of(plate: Plate) -> tuple[int, int, int, int]:
    """Round a plate's box to whole pixels: x1,y1,x2,y2."""
    x1, y1, x2, y2 = (round(corner) for corner in plate.box)
    return x1, y1, x2, y2
