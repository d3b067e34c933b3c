"""Splits of boards with scattered characters, and their parameters."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from platefuse.core.params import Real
from platefuse.data.characters import SPLITS, Characters
from platefuse.synthesis.mnist_splits import Source, load_source
from platefuse.synthesis.scatter.layout import ScatterParams, ink_tiles, make_board
from platefuse.synthesis.splits import LazySplit, Sample

SplitShare = Annotated[Real, Field(gt=0, lt=0.5)]


class BoardParams(ScatterParams):
    """How boards are made, however many there are."""

    seed: int = Field(ge=0, le=2**32 - 1, description="of every random choice in the data")
    characters: Source = Field(description="mnist5k: 5,000 embedded digits; mnist: the full 70,000")
    val_share: SplitShare = Field(description="share of the source's characters that only validation sees")
    test_share: SplitShare = Field(description="share that only the test sees; mnist has its own 10,000 instead")


class ScatterSynthParams(BoardParams):
    """Section `synth` of params.yaml where `layout` is scatter."""

    layout: Literal["scatter"] = Field(description="how characters become a plate")
    train: int = Field(ge=1, le=10_000_000, description="plates to train on")
    val: int = Field(ge=1, le=10_000_000, description="plates to validate on")
    test: int = Field(ge=1, le=10_000_000, description="plates to evaluate on")


def make_scatter_splits(params: BoardParams, sizes: Mapping[str, int]) -> dict[str, LazySplit]:
    """Make boards of scattered characters.

    Args:
        params: the boards' geometry, and the source of their characters.
        sizes: how many boards to make of each split; a split that it lacks is not made.

    Returns:
        The splits of `sizes`, whose `source` holds the characters of that split.

    Raises:
        PlatefuseError: if the source is not available; while boards are made, if characters find no room on one.
    """
    sources = load_source(params.characters, params.val_share, params.test_share, params.seed)
    return {
        split: LazySplit(
            sources[split].alphabet,
            _boards(sources[split], split, size, params),
            size,
            source=_as_boxed(sources[split], params),
        )
        for split, size in sizes.items()
    }


def _as_boxed(characters: Characters, params: BoardParams) -> Characters:
    """Crop characters as their boxes do, for training like for use."""
    if params.box == "tile":
        return characters
    return Characters(ink_tiles(characters.images), characters.labels, characters.alphabet)


def _boards(characters: Characters, split: str, size: int, params: BoardParams) -> Iterator[Sample]:
    for index in range(size):
        # One generator for each board: no board depends on the number of boards before it.
        rng = np.random.default_rng([params.seed, SPLITS.index(split), index])
        image, boxes, text = make_board(characters, rng, params)
        yield Sample(image, ".png", boxes, text, text)
