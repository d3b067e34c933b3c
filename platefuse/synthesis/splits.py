"""Lazy splits: layouts make plates on demand, and `platefuse.synthesis.dataset` writes them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from platefuse.data.characters import NO_CHARACTER, Characters


@dataclass(frozen=True, eq=False)
class Sample:
    """One annotated plate and its character crops.

    Attributes:
        image: uint8 RGB [H,W,3], or the bytes of an image file, which are written unchanged.
        suffix: ending of the image file's name, such as `.png`.
        boxes: int32 [n,4], x1,y1,x2,y2 in pixels of the image, x2 and y2 exclusive.
        characters: n characters, in the order of the boxes.
        text: the plate's text in reading order.
        crops: uint8 [m,h,w], the n characters and then hard negatives; None if the classifier does not learn from
            this plate.
    """

    image: np.ndarray | bytes
    suffix: str
    boxes: np.ndarray
    characters: str
    text: str
    crops: np.ndarray | None = None

    def labelled_crops(self, alphabet: str) -> list[Characters]:
        """Label the crops; the list is empty for a plate without crops."""
        if self.crops is None:
            return []
        labels = [alphabet.index(character) for character in self.characters]
        labels += [NO_CHARACTER] * (len(self.crops) - len(labels))
        return [Characters(self.crops, np.array(labels, np.int64), alphabet)]


@dataclass(frozen=True, eq=False)
class LazySplit:
    """One split of a data set, made while it is written.

    Attributes:
        alphabet: every character, in the order of the class ids.
        samples: the plates, made one by one; iterate only once.
        count: how many samples there are.
        source: single characters for the classifier, beside the crops of the plates; None for crops alone.
        packed: whether the images go into one archive.
    """

    alphabet: str
    samples: Iterable[Sample]
    count: int
    source: Characters | None = None
    packed: bool = False


def relabel(characters: Characters, alphabet: str) -> Characters:
    """Map labels to indices of another alphabet, which has every character."""
    indices = np.array([*(alphabet.index(character) for character in characters.alphabet), NO_CHARACTER])
    return Characters(characters.images, indices[characters.labels], alphabet)  # label -1 picks the last index


def concatenate(parts: list[Characters]) -> Characters:
    """Join characters of one alphabet and one size, in order."""
    images, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("images", "labels"))
    return Characters(images, labels, parts[0].alphabet)
