"""Single-character images and their files; training data of the classifier."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.runner.atomic import atomic_write

SPLITS = ("train", "val", "test")
NO_CHARACTER = -1
"""The label of an image without a character, for which every class should be equally likely."""


@dataclass(frozen=True)
class Characters:
    """Single-character images of one split.

    Attributes:
        images: uint8 [n,H,W], light characters on black.
        labels: int64 [n], indices into the alphabet, or NO_CHARACTER.
        alphabet: every character once, in the order of the labels.
    """

    images: np.ndarray
    labels: np.ndarray
    alphabet: str

    def take(self, indices: np.ndarray) -> "Characters":
        """Return the characters at `indices` (int [m])."""
        return Characters(self.images[indices], self.labels[indices], self.alphabet)


def write_characters(path: Path, characters: Characters) -> None:
    """Write one split as uncompressed .npz.

    Compressed bytes would depend on the compressor's version.
    """
    with atomic_write(path) as draft:
        np.savez(draft, images=characters.images, labels=characters.labels, alphabet=np.array(characters.alphabet))


def read_characters(path: Path) -> Characters:
    """Read one split.

    Raises:
        PlatefuseError: if the file is missing, damaged or of another kind; names it.
    """
    try:
        with zipfile.ZipFile(path) as archive:  # compressed data could expand to any size
            if any(member.file_size > member.compress_size for member in archive.infolist()):
                raise ValueError("it is compressed")
        with np.load(path, allow_pickle=False) as content:
            characters = Characters(content["images"], content["labels"], str(content["alphabet"]))
        _check(characters)
        return characters
    except FileNotFoundError:
        raise PlatefuseError(f"{path} is missing: `dvc repro synth` makes it.") from None
    except Exception as error:  # a damaged archive raises nearly anything
        raise PlatefuseError(
            f"{path} cannot be read as characters ({error}): `dvc repro synth -f` remakes it."
        ) from None


def _check(characters: Characters) -> None:
    images, labels, alphabet = characters.images, characters.labels, characters.alphabet
    if images.dtype != np.uint8 or images.ndim != 3:
        raise ValueError(f"expected images uint8 [n,H,W], found {images.dtype} {list(images.shape)}")
    if labels.dtype != np.int64 or labels.shape != images.shape[:1]:
        raise ValueError(f"expected labels int64 [{len(images)}], found {labels.dtype} {list(labels.shape)}")
    if len(set(alphabet)) < len(alphabet) or ((labels < NO_CHARACTER) | (labels >= len(alphabet))).any():
        raise ValueError(f"its labels are not indices into {alphabet!r}")
