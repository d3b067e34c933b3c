"""Whether an exported model reads as the one it was made of does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from platefuse.core.errors import PlatefuseError
from platefuse.inference.reader import Reader, Reading
from platefuse.metrics.text import score_texts

SCORE_TOLERANCE = 1e-4
BOX_TOLERANCE = 1e-2  # pixels
MATCH_TOLERANCE = 0.002  # how much exact match weights of half the size may cost


@dataclass
class Parity:
    """What two models read on the same plates.

    Attributes:
        plates: how many were read.
        characters: how many characters the first model found on them.
        same_text: plates on which both read the same.
        score, box: the largest difference of a score, and of a box in pixels, where both read the same.
        exact_match: the share of plates that each of the two reads right; empty if that was not asked for.
    """

    plates: int = 0
    characters: int = 0
    same_text: int = 0
    score: float = 0.0
    box: float = 0.0
    exact_match: list[float] = field(default_factory=list)

    def add(self, expected: Reading, found: Reading) -> tuple[float, float]:
        """Count one plate, and give the largest differences of its scores and boxes, 0 if the texts differ."""
        self.plates += 1
        self.characters += len(expected.text)
        if expected.text != found.text:
            return 0.0, 0.0
        self.same_text += 1
        score = max(
            abs(expected.confidence - found.confidence),
            _largest(expected.scores, found.scores),
            _largest(expected.character_scores, found.character_scores),
        )
        box = _largest(expected.boxes, found.boxes)
        self.score, self.box = max(self.score, score), max(self.box, box)
        return score, box


def _largest(expected: np.ndarray, found: np.ndarray) -> float:
    return float(np.abs(expected - found).max(initial=0.0))


def compare(reference: Reader, candidate: Reader, images: Sequence[Path], name: str, batch_size: int) -> Parity:
    """Check that a model gives the same texts as another one on every image, and nearly the same numbers.

    Args:
        reference, candidate: the two models.
        images: what to read.
        name: of the candidate, for messages.
        batch_size: how many images are read in one call.

    Raises:
        PlatefuseError: names the first image on which the two differ and by how much; or if an image cannot be read;
            or if there is no character on any, which would prove nothing.
    """
    agreement = Parity()
    for path, expected, found in _both(reference, candidate, images, batch_size):
        score, box = agreement.add(expected, found)
        differs = f"{name} is refused: {path} differs from what the SavedModel reads."
        if expected.text != found.text:
            raise PlatefuseError(f"{differs} It reads {found.text!r} instead of {expected.text!r}.")
        if not score <= SCORE_TOLERANCE:
            raise PlatefuseError(f"{differs} A score is off by {score:.2g}, and {SCORE_TOLERANCE:g} is allowed.")
        if not box <= BOX_TOLERANCE:
            raise PlatefuseError(f"{differs} A box is off by {box:.2g} pixels, and {BOX_TOLERANCE:g} is allowed.")
    _check_characters(agreement, name)
    return agreement


def compare_exact_match(
    reference: Reader, candidate: Reader, images: Sequence[Path], truths: Sequence[str], name: str, batch_size: int
) -> Parity:
    """Check that a model reads nearly as many plates right as another one; `truths` are the images' texts.

    Raises:
        PlatefuseError: if it reads fewer, by more than MATCH_TOLERANCE; or as `compare` does.
    """
    agreement = Parity()
    texts: tuple[list[str], list[str]] = ([], [])
    for _, expected, found in _both(reference, candidate, images, batch_size):
        agreement.add(expected, found)
        texts[0].append(expected.text)
        texts[1].append(found.text)
    _check_characters(agreement, name)
    agreement.exact_match = [score_texts(truths, read).exact_match for read in texts]
    before, after = agreement.exact_match
    if before - after > MATCH_TOLERANCE + 1e-9:
        raise PlatefuseError(
            f"{name} is refused: it reads {after:.4f} of the plates right and the SavedModel {before:.4f}; "
            f"{MATCH_TOLERANCE:g} less is allowed."
        )
    return agreement


def _both(
    reference: Reader, candidate: Reader, images: Sequence[Path], batch_size: int
) -> Iterator[tuple[Path, Reading, Reading]]:
    """Read each image with both, with a progress bar on the error output if that is a terminal."""
    pairs = zip(reference.read_files(images, batch_size), candidate.read_files(images, batch_size), strict=True)
    for (path, expected), (_, found) in tqdm(pairs, total=len(images), desc="checking", unit="image", disable=None):
        for reading in (expected, found):
            if isinstance(reading, PlatefuseError):
                raise reading
        assert isinstance(expected, Reading) and isinstance(found, Reading)
        yield path, expected, found


def _check_characters(agreement: Parity, name: str) -> None:
    if not agreement.characters:
        raise PlatefuseError(
            f"{name} is refused: the SavedModel finds no character on any of the {agreement.plates} images, which "
            "proves nothing; give plates that it can read with --plates."
        )
