"""Makes the plate sets and character files that everything else learns from."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from tqdm import tqdm

from platefuse.characters import SPLITS, Characters, write_characters
from platefuse.characters.sources import Source, load_source
from platefuse.dataset import Plate, write_plate_set
from platefuse.files import replacing
from platefuse.layouts.scatter import ScatterParams, ink_tiles, scatter
from platefuse.licence_synthesis import LicenceSynthParams, write_licence_plates
from platefuse.params import Params, Real, load_choice

Share = Annotated[Real, Field(gt=0, lt=0.5)]


class ScatterSynthParams(ScatterParams):
    """Section `synth` of params.yaml where `layout` is scatter."""

    seed: int = Field(ge=0, le=2**32 - 1, description="of every random choice in the data")
    characters: Source = Field(description="mnist5k: 5,000 embedded digits; mnist: the full 70,000")
    val_share: Share = Field(description="share of the source's characters that only validation sees")
    test_share: Share = Field(description="share that only the test sees; mnist has its own 10,000 instead")
    layout: Literal["scatter"] = Field(description="how characters become a plate")
    train: int = Field(ge=1, le=10_000_000, description="plates to train on")
    val: int = Field(ge=1, le=10_000_000, description="plates to validate on")
    test: int = Field(ge=1, le=10_000_000, description="plates to evaluate on")


LAYOUTS: dict[str, type[Params]] = {"scatter": ScatterSynthParams, "licence": LicenceSynthParams}


def load_params() -> Params:
    """Read section `synth` of the working folder's params.yaml: a model of LAYOUTS.

    Raises:
        PlatefuseError: for an unknown layout, or parameters that are not that layout's.
    """
    return load_choice(LAYOUTS, "layout", "synth")


def synthesise(params: Params, plates: Path, characters: Path) -> None:
    """Write the plate sets `train`, `val` and `test` below `plates`, and an .npz a split into `characters`.

    Raises:
        PlatefuseError: if the characters cannot be had or find no room on a plate.
    """
    with ExitStack() as together:  # all are replaced, or none
        new_characters = together.enter_context(replacing(characters))
        new_plates = {split: together.enter_context(replacing(plates / split)) for split in SPLITS}
        if isinstance(params, LicenceSynthParams):
            write_licence_plates(params, new_plates, new_characters)
        elif isinstance(params, ScatterSynthParams):
            _write_boards(params, new_plates, new_characters)


def _write_boards(params: ScatterSynthParams, plates: dict[str, Path], characters: Path) -> None:
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
