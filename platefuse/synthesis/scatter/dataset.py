"""Makes boards of scattered characters, and the character files that go with them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from tqdm import tqdm

from platefuse.core.params import Real
from platefuse.data.characters import SPLITS, Characters, write_characters
from platefuse.data.plate_set import Plate, write_plate_set
from platefuse.synthesis.mnist_splits import Source, load_source
from platefuse.synthesis.scatter.layout import ScatterParams, ink_tiles, scatter

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
