"""Parity of an exported model with its SavedModel."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from platefuse.core.errors import PlatefuseError
from platefuse.inference.metadata import reads_photographs
from platefuse.inference.reader import Reader
from platefuse.inference.reading import Plate, Reading, boxes_of, confidences_of, scores_of
from platefuse.metrics.text import score_texts

SCORE_TOLERANCE = 1e-4
# Each look cuts its window at the last box, so that rounding adds up: 9e-5 on 16 rendered photographs.
PHOTOGRAPH_SCORE_TOLERANCE = 5e-4
BOX_TOLERANCE = 1e-2  # pixels
MATCH_TOLERANCE = 0.002  # how much exact match weights of half the size may cost


@dataclass
class Parity:
    """How closely two models agree on the same images.

    Attributes:
        images: how many were read.
        characters: how many characters the first model found.
        same_text: on how many images both read the same plates, in the same order.
        score: the largest difference of a score or confidence on those images.
        box: the largest difference of a box on those images, in pixels.
        exact_match: the exact match of each model; empty if no truth was given.
    """

    images: int = 0
    characters: int = 0
    same_text: int = 0
    score: float = 0.0
    box: float = 0.0
    exact_match: list[float] = field(default_factory=list)

    def add(self, expected: Reading, found: Reading) -> tuple[float, float]:
        """Count one image; return the largest differences of scores and boxes.

        Both are 0 if the texts differ.
        """
        self.images += 1
        self.characters += sum(len(plate.text) for plate in expected.plates)
        if texts_of(expected) != texts_of(found):
            return 0.0, 0.0
        self.same_text += 1
        score, box = _largest(_scores(expected), _scores(found)), _largest(_boxes(expected), _boxes(found))
        self.score, self.box = max(self.score, score), max(self.box, box)
        return score, box


def texts_of(reading: Reading) -> tuple[str, ...]:
    """List the texts of a reading's plates."""
    return tuple(plate.text for plate in reading.plates)


def _scores(reading: Reading) -> np.ndarray:
    """Every score and confidence of the plates and their characters."""
    parts = [np.empty(0)]
    for plate in reading.plates:
        parts += [np.array([plate.confidence, plate.score]), scores_of(plate.characters)]
        parts += [confidences_of(plate.characters)]
    return np.concatenate(parts)


def _boxes(reading: Reading) -> np.ndarray:
    """The boxes of the plates and their characters, [n,4]."""
    return np.concatenate([np.empty((0, 4)), *([plate.box, *boxes_of(plate.characters)] for plate in reading.plates)])


def _largest(expected: np.ndarray, found: np.ndarray) -> float:
    return float(np.abs(expected - found).max(initial=0.0))


@dataclass(frozen=True)
class Thresholds:
    """Scores and confidences that a plate of a photograph must reach.

    Rounding decides about a plate on a threshold, so that one of two models may give it alone.

    Attributes:
        score: the least score of a plate; None if there is no such threshold.
        confidence: the least confidence of a text; None if there is no such threshold.
    """

    score: float | None = None
    confidence: float | None = None

    @classmethod
    def of_model(cls, metadata: dict[str, Any]) -> "Thresholds":
        """Find the thresholds in a model's metadata.

        A model of single plates has none.
        """
        if not reads_photographs(metadata):
            return cls()
        refined = bool(metadata["refined_size"])
        return cls(metadata["refined_threshold" if refined else "score_threshold"], metadata["min_confidence"])

    @property
    def score_tolerance(self) -> float:
        """How much a score or confidence of the two models may differ."""
        return SCORE_TOLERANCE if self == Thresholds() else PHOTOGRAPH_SCORE_TOLERANCE

    def without_undecided(self, reading: Reading, other: Reading) -> Reading:
        """Leave out the plates on a threshold that the other reading lacks."""
        unmatched = Counter(texts_of(other))
        kept = []
        for plate in reading.plates:
            unmatched[plate.text] -= 1
            if unmatched[plate.text] >= 0 or not self._touched_by(plate):
                kept.append(plate)
        return replace(reading, plates=tuple(kept))

    def _touched_by(self, plate: Plate) -> bool:
        pairs = ((plate.score, self.score), (plate.confidence, self.confidence))
        return any(limit is not None and abs(value - limit) <= self.score_tolerance for value, limit in pairs)


def compare(
    reference: Reader,
    candidate: Reader,
    images: Sequence[Path],
    name: str,
    batch_size: int,
    thresholds: Thresholds,
) -> Parity:
    """Check that two models read the same texts and nearly equal numbers.

    Every image is compared.

    Args:
        reference: the SavedModel.
        candidate: the exported model.
        images: the files to read.
        name: the candidate's name in messages.
        batch_size: how many images are read in one call.
        thresholds: a plate on one of these is no difference if one model alone gives it.

    Raises:
        PlatefuseError: for the first image on which the two differ, with the difference; for an image that cannot be
            read; or if no image has a character, which would prove nothing.
    """
    parity = Parity()
    allowed = thresholds.score_tolerance
    for path, first, second in _both(reference, candidate, images, batch_size):
        expected, found = thresholds.without_undecided(first, second), thresholds.without_undecided(second, first)
        score, box = parity.add(expected, found)
        differs = f"{name} is refused: {path} differs from what the SavedModel reads."
        if texts_of(expected) != texts_of(found):
            raise PlatefuseError(f"{differs} It reads {_shown(found)} instead of {_shown(expected)}.")
        for one, other in zip(expected.plates, found.plates, strict=True):
            if one.truncated != other.truncated:
                raise PlatefuseError(f"{differs} It gives truncated = {other.truncated} instead of {one.truncated}.")
        if not score <= allowed:
            raise PlatefuseError(f"{differs} A score is off by {score:.2g}, and {allowed:g} is allowed.")
        if not box <= BOX_TOLERANCE:
            raise PlatefuseError(f"{differs} A box is off by {box:.2g} pixels, and {BOX_TOLERANCE:g} is allowed.")
    _check_characters(parity, name)
    return parity


def _shown(reading: Reading) -> str:
    return ", ".join(map(repr, texts_of(reading))) or "nothing"


def compare_exact_match(
    reference: Reader,
    candidate: Reader,
    images: Sequence[Path],
    truths: Sequence[Sequence[str]],
    name: str,
    batch_size: int,
) -> Parity:
    """Check that the candidate's exact match is near the reference's.

    Args:
        reference: the SavedModel.
        candidate: the exported model.
        images: the files to read.
        truths: the true texts of each image's plates, in any order.
        name: the candidate's name in messages.
        batch_size: how many images are read in one call.

    Raises:
        PlatefuseError: if the exact match falls by more than MATCH_TOLERANCE; for an image that cannot be read; or if
            no image has a character, which would prove nothing.
    """
    parity = Parity()
    texts: tuple[list[str], list[str]] = ([], [])
    for _, expected, found in _both(reference, candidate, images, batch_size):
        parity.add(expected, found)
        for read, reading in zip(texts, (expected, found), strict=True):
            read.append(_joined(texts_of(reading)))
    _check_characters(parity, name)
    parity.exact_match = [score_texts(list(map(_joined, truths)), read).exact_match for read in texts]
    before, after = parity.exact_match
    if before - after > MATCH_TOLERANCE + 1e-9:
        raise PlatefuseError(
            f"{name} is refused: it reads {after:.4f} of the images right and the SavedModel {before:.4f}; "
            f"{MATCH_TOLERANCE:g} less is allowed."
        )
    return parity


def _joined(texts: Sequence[str]) -> str:
    """One text for all plates of an image, whatever their order."""
    return "\n".join(sorted(texts))


def _both(
    reference: Reader, candidate: Reader, images: Sequence[Path], batch_size: int
) -> Iterator[tuple[Path, Reading, Reading]]:
    """Read each image with both models.

    A progress bar is shown on the error output if that is a terminal.
    """
    pairs = zip(reference.read_many(images, batch_size), candidate.read_many(images, batch_size), strict=True)
    readings = tqdm(pairs, total=len(images), desc="checking", unit="image", disable=None)
    for path, (expected, found) in zip(images, readings, strict=True):
        for reading in (expected, found):
            if reading.error:
                raise reading.error
        yield path, expected, found


def _check_characters(parity: Parity, name: str) -> None:
    if not parity.characters:
        raise PlatefuseError(
            f"{name} is refused: the SavedModel finds no character on any of the {parity.images} images, which "
            "proves nothing; give plates that it can read with --plates."
        )
