"""The result of reading one image: a Reading, its plates, their characters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.formats.regions import regions_of

Box = tuple[float, float, float, float]
"""x1,y1,x2,y2 in pixels of the image; x2 and y2 are exclusive."""


@dataclass(frozen=True)
class Character:
    """One character of a plate.

    Attributes:
        text: the character.
        confidence: its probability to the fused model, 0 to 1.
        score: the detector's score of its box, 0 to 1.
        box: x1,y1,x2,y2 in pixels of the image.
    """

    text: str
    confidence: float
    score: float
    box: Box


@dataclass(frozen=True)
class Alternative:
    """One of a plate's most probable readings.

    Attributes:
        text: its characters.
        probability: that the plate reads so, 0 to 1.
    """

    text: str
    probability: float

    @property
    def regions(self) -> tuple[str, ...]:
        """The lists of formats that the text fits, as of a plate."""
        return regions_of(self.text)


@dataclass(frozen=True)
class Plate:
    """One plate on an image.

    Attributes:
        text: its characters in reading order.
        confidence: the probability that the whole text is right, 0 to 1; 0 if it is truncated.
        score: the score of its box, 0 to 1; 1 from a model of single plates.
        box: x1,y1,x2,y2 in pixels of the image; the whole image from a model of single plates.
        characters: in reading order, at least one; their boxes are in pixels of the image, too.
        truncated: the plate has more characters than the model gives; those with the highest scores are here.
        alternatives: the most probable readings, the text itself first; empty if the model gives none, or the plate is
            truncated.
    """

    text: str
    confidence: float
    score: float
    box: Box
    characters: tuple[Character, ...]
    truncated: bool = False
    alternatives: tuple[Alternative, ...] = ()

    @property
    def regions(self) -> tuple[str, ...]:
        """The lists of formats that the text fits, such as `sk`, sorted.

        Formats say where letters and digits stand: a number fits the lists of all countries that place them so. A
        truncated text fits none.
        """
        return () if self.truncated else regions_of(self.text)


@dataclass(frozen=True)
class Reading:
    """The plates that were read on one image.

    Attributes:
        image: the image's file; None for an image that came as pixels.
        plates: the best one first; empty if nothing was read.
        error: why the image could not be read, or None.
    """

    image: Path | None = None
    plates: tuple[Plate, ...] = ()
    error: PlatefuseError | None = None

    @property
    def text(self) -> str:
        """The best plate's text; empty if nothing was read."""
        return self.plates[0].text if self.plates else ""

    @property
    def confidence(self) -> float:
        """The best plate's confidence; 0 if nothing was read."""
        return self.plates[0].confidence if self.plates else 0.0

    @property
    def characters(self) -> tuple[Character, ...]:
        """The best plate's characters; empty if nothing was read."""
        return self.plates[0].characters if self.plates else ()

    def confident(self, min_confidence: float) -> "Reading":
        """Leave out the plates that were read with less confidence.

        A truncated plate has the confidence 0.

        Args:
            min_confidence: 0 to 1; 0 leaves out none.

        Raises:
            PlatefuseError: if `min_confidence` is no number from 0 to 1.
        """
        is_number = isinstance(min_confidence, (int, float, np.number)) and not isinstance(min_confidence, bool)
        if not is_number or not 0 <= min_confidence <= 1:
            raise PlatefuseError(
                f"Reading.confident: min_confidence = {min_confidence!r}: expected a number from 0 to 1."
            )
        return replace(self, plates=tuple(plate for plate in self.plates if plate.confidence >= min_confidence))


def boxes_of(characters: Sequence[Character]) -> np.ndarray:
    """Stack the characters' boxes as float32 [n,4]."""
    return np.array([character.box for character in characters], np.float32).reshape(-1, 4)


def scores_of(characters: Sequence[Character]) -> np.ndarray:
    """Stack the detector's scores of the characters as float32 [n]."""
    return np.array([character.score for character in characters], np.float32)


def confidences_of(characters: Sequence[Character]) -> np.ndarray:
    """Stack the characters' confidences as float32 [n]."""
    return np.array([character.confidence for character in characters], np.float32)
