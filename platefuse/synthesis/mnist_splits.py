"""Splits of MNIST's digits for training, validation and test."""

from typing import Literal

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import SPLITS, Characters
from platefuse.synthesis import mnist

Source = Literal["mnist5k", "mnist"]


def load_source(source: Source, val_share: float, test_share: float, seed: int) -> dict[str, Characters]:
    """Load MNIST's digits and split them, stratified by class.

    Args:
        source: `mnist5k`, 5,000 digits; or `mnist`, all 70,000, with MNIST's own 10,000 test digits as test split.
        val_share, test_share: shares of the source, 0..1; `mnist` ignores `test_share`.
        seed: seed of the shuffle before the split.

    Returns:
        The splits `train`, `val` and `test`; no digit is in two splits.

    Raises:
        PlatefuseError: if the source is not available, or a split would lack a class.
    """
    rng = np.random.default_rng(seed)
    if source == "mnist":
        rest, test = (Characters(*mnist.full(split), mnist.ALPHABET) for split in ("train", "t10k"))
    else:
        rest, test = _split(Characters(*mnist.embedded(), mnist.ALPHABET), test_share, rng)
        val_share /= 1 - test_share
    train, val = _split(rest, val_share, rng)
    splits = dict(zip(SPLITS, (train, val, test), strict=True))
    for name, characters in splits.items():
        if len(np.unique(characters.labels)) < len(characters.alphabet):
            raise PlatefuseError(
                f"The {name} split of {source} lacks some characters: change synth.val_share or synth.test_share."
            )
    return splits


def _split(characters: Characters, share: float, rng: np.random.Generator) -> tuple[Characters, Characters]:
    """Take a share of every class; return rest and share, both shuffled."""
    order = rng.permutation(len(characters.labels))
    order = order[np.argsort(characters.labels[order], kind="stable")]
    taken = np.concatenate([of_class[: round(share * len(of_class))] for of_class in _classes(characters, order)])
    stays = np.setdiff1d(order, taken)
    return characters.take(rng.permutation(stays)), characters.take(rng.permutation(taken))


def _classes(characters: Characters, order: np.ndarray) -> list[np.ndarray]:
    """Cut indices sorted by class into one array a class."""
    counts = np.bincount(characters.labels, minlength=len(characters.alphabet))
    return np.split(order, np.cumsum(counts)[:-1])
