"""Splits of boards with scattered characters, and their parameters."""

from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from platefuse.data.characters import SPLITS, Characters
from platefuse.synthesis.common_params import Seeded, SplitShares, SplitSizes
from platefuse.synthesis.mnist_splits import Source, load_source
from platefuse.synthesis.scatter.layout import ScatterParams, ink_tiles, make_board
from platefuse.synthesis.splits import LazySplit, Sample


class BoardParams(ScatterParams, SplitShares, Seeded):
    """Boards of digits.

    `val_share` and `test_share` are shares of the digits; mnist has a test set of its own.
    """

    characters: Source = Field(description="Source of the digits: mnist5k embeds 5,000, mnist has all 70,000.")


class ScatterSynthParams(SplitSizes, BoardParams):
    """Boards of digits at random places, as in the article.

    The shares refer to the digits. The source mnist has a test set of its own and ignores `test_share`.
    """

    layout: Literal["scatter"] = Field(description="Boards of digits at random places.")


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
