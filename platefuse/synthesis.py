"""Makes the plate sets and character files that everything else learns from."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from tqdm import tqdm

from platefuse.characters import SPLITS, Characters, write_characters
from platefuse.characters.sources import Source, load_source
from platefuse.dataset import Plate, write_plate_set
from platefuse.files import replacing
from platefuse.layouts.scatter import ink_tiles, scatter
from platefuse.params import Pair, Params, Real

Share = Annotated[Real, Field(gt=0, lt=0.5)]
Count = Annotated[int, Field(ge=0, le=100)]
Pixels = Annotated[int, Field(ge=4, le=4096)]


class SynthParams(Params):
    """Section `synth` of params.yaml."""

    seed: int = Field(ge=0, le=2**32 - 1, description="of every random choice in the data")
    characters: Source = Field(description="mnist5k: 5,000 embedded digits; mnist: the full 70,000")
    val_share: Share = Field(description="share of the source's characters that only validation sees")
    test_share: Share = Field(description="share that only the test sees; mnist has its own 10,000 instead")
    layout: Literal["scatter"] = Field(description="how characters become a plate")
    height: int = Field(ge=16, le=4096, description="of a plate, in pixels")
    width: int = Field(ge=16, le=4096, description="of a plate, in pixels")
    train: int = Field(ge=1, description="plates to train on")
    val: int = Field(ge=1, description="plates to validate on")
    test: int = Field(ge=1, description="plates to evaluate on")
    count: Pair[Count] = Field(description="least and most characters on a plate")
    size: Pair[Pixels] = Field(description="least and largest side of a character's tile, in pixels")
    spacing: int = Field(ge=0, description="least distance along x between two tiles' centres, in pixels")
    max_overlap: Real = Field(ge=0, le=1, description="share of the smaller of two tiles the other may cover")
    box: Literal["tile", "ink"] = Field(description="what a box encloses: the whole tile, or its ink only")

    @model_validator(mode="after")
    def _check(self) -> "SynthParams":
        for name in ("count", "size"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"synth.{name} = [{low}, {high}]: the first number is the least, the second the most")
        if self.size[1] > min(self.height, self.width):
            raise ValueError(
                f"synth.size = {list(self.size)}: a character of {self.size[1]} pixels does not fit on a plate of "
                f"synth.height = {self.height} by synth.width = {self.width}"
            )
        if self.spacing * (self.count[1] - 1) > self.width - self.size[0]:
            raise ValueError(
                f"synth.count = {list(self.count)}: {self.count[1]} characters whose centres are synth.spacing = "
                f"{self.spacing} pixels apart do not fit into synth.width = {self.width}"
            )
        return self


def synthesise(params: SynthParams, plates: Path, characters: Path) -> None:
    """Write the plate sets `train`, `val` and `test` below `plates`, and an .npz a split into `characters`.

    Raises:
        PlatefuseError: if the characters cannot be had or find no room on a plate.
    """
    splits = load_source(params.characters, params.val_share, params.test_share, params.seed)
    with ExitStack() as together:  # all are replaced, or none
        new_characters = together.enter_context(replacing(characters))
        for split in SPLITS:
            write_characters(new_characters / f"{split}.npz", _as_boxed(splits[split], params))
            new_plates = together.enter_context(replacing(plates / split))
            write_plate_set(new_plates, splits[split].alphabet, _plates(splits[split], split, params))


def _as_boxed(characters: Characters, params: SynthParams) -> Characters:
    """The characters as their boxes show them: the classifier must not learn from what it will never see."""
    if params.box == "tile":
        return characters
    return Characters(ink_tiles(characters.images), characters.labels, characters.alphabet)


def _plates(characters: Characters, split: str, params: SynthParams) -> Iterator[tuple[np.ndarray, Plate]]:
    amount = getattr(params, split)
    for index in tqdm(range(amount), desc=f"{split} plates", disable=None):
        # A generator a plate: no plate depends on how many came before it.
        rng = np.random.default_rng([params.seed, SPLITS.index(split), index])
        image, boxes, text = scatter(
            characters,
            rng,
            height=params.height,
            width=params.width,
            count=params.count,
            size=params.size,
            spacing=params.spacing,
            max_overlap=params.max_overlap,
            box=params.box,
        )
        yield image, Plate(Path(f"{index:06d}.png"), boxes, text, text)
