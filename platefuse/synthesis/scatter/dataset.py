"""Makes boards of scattered characters, and the character files that go with them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field
from tqdm import tqdm

from platefuse.data.characters import SPLITS, Characters, write_characters
from platefuse.data.plate_set import Plate, write_plate_set
from platefuse.synthesis.common_params import Seeded, SplitShares, SplitSizes
from platefuse.synthesis.mnist_splits import Source, load_source
from platefuse.synthesis.scatter.layout import ScatterParams, ink_tiles, scatter


class BoardParams(ScatterParams, SplitShares, Seeded):
    """Boards of digits; `val_share` and `test_share` are those of the digits (mnist has a test set of its own)."""

    characters: Source = Field(description="Source of the digits: mnist5k embeds 5,000, mnist has all 70,000.")


class ScatterSynthParams(SplitSizes, BoardParams):
    """Boards of digits at random places, as in the article; the shares are those of the digits.

    The source mnist has a test set of its own and ignores `test_share`.
    """

    layout: Literal["scatter"] = Field(description="Boards of digits at random places.")


def write_boards(params: ScatterSynthParams, plates: dict[str, Path], characters: Path) -> None:
    """Write a plate set a split, and the characters of each as an .npz into `characters`.

    Raises:
        PlatefuseError: if the characters cannot be had or find no room on a plate.
    """
    splits = load_source(params.characters, params.val_share, params.test_share, params.seed)
    for split in SPLITS:
        write_characters(characters / f"{split}.npz", _as_boxed(splits[split], params))
        write_plate_set(plates[split], splits[split].alphabet, _boards(splits[split], split, params))


def _as_boxed(characters: Characters, params: ScatterSynthParams) -> Characters:
    """The characters as their boxes show them: the classifier must not learn from what it will never see."""
    if params.box == "tile":
        return characters
    return Characters(ink_tiles(characters.images), characters.labels, characters.alphabet)


def _boards(characters: Characters, split: str, params: ScatterSynthParams) -> Iterator[tuple[np.ndarray, Plate]]:
    amount = getattr(params, split)
    for index in tqdm(range(amount), desc=f"{split} plates", disable=None):
        # A generator a plate: no plate depends on how many came before it.
        rng = np.random.default_rng([params.seed, SPLITS.index(split), index])
        image, boxes, text = scatter(characters, rng, params)
        yield image, Plate(Path(f"{index:06d}.png"), boxes, text, text)
