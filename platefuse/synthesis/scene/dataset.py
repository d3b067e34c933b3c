"""Splits of scenes, and their parameters.

Training and validation sets have tiles of one size. The test set has whole photographs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from PIL import Image
from pydantic import Field

from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import SPLITS
from platefuse.data.image_kinds import images_below
from platefuse.data.images import read_image
from platefuse.synthesis.common_params import Seeded
from platefuse.synthesis.fonts.font_file import FontFile
from platefuse.synthesis.fonts.library import FontParams, load_fonts, load_print_fonts
from platefuse.synthesis.licence.dataset import check_stroke_fonts, in_parallel, random_font
from platefuse.synthesis.sampling import bernoulli, uniform
from platefuse.synthesis.scene.params import PhotographParams, SceneParams, TileSize
from platefuse.synthesis.scene.scene import Scene, render_scene

_Count = Annotated[int, Field(ge=1, le=10_000_000)]


class SceneSynthParams(Seeded):
    """Photographs with licence plates in them."""

    layout: Literal["scene"] = Field(description="Rendered photographs with licence plates in them.")
    train: _Count = Field(description="Tiles to train on.")
    val: _Count = Field(description="Tiles to validate on.")
    test: _Count = Field(description="Photographs to evaluate on.")
    tile: TileSize = Field(description="Height and width of a tile, in pixels.")
    photograph: PhotographParams
    strokes: int = Field(ge=1, le=10000, description="Parametric fonts in each split.")
    fonts: FontParams
    scene: SceneParams

    def check_rules(self) -> Iterator[str]:
        yield from check_stroke_fonts(self.fonts, self.scene.plate.number, ".scene.plate.number")


@dataclass(frozen=True, eq=False)
class SceneSplit:
    """One split of photographs, rendered on demand.

    Attributes:
        scenes: the photographs; iterate only once.
        count: number of photographs.
        packed: whether the images go into one archive.
    """

    scenes: Iterator[Scene]
    count: int
    packed: bool


def make_scene_splits(params: SceneSynthParams) -> dict[str, SceneSplit]:
    """Make the splits `train`, `val` and `test`; render them on all cores.

    The bytes depend on the parameters and on the user's own backgrounds, not on the number of processes.

    Raises:
        PlatefuseError: if there are no usable fonts or backgrounds; while photographs are made, if a worker process
            is killed.
    """
    fonts, print_fonts = load_fonts(params.fonts, params.seed), load_print_fonts(params.fonts, params.seed)
    backgrounds = _list_backgrounds(params.scene.backgrounds)
    sizes = {"train": params.train, "val": params.val, "test": params.test}
    return {
        split: SceneSplit(
            in_parallel(_SceneMaker(params, split, fonts[split], print_fonts[split], backgrounds), size),
            size,
            packed=split == "train",
        )
        for split, size in sizes.items()
    }


@dataclass(frozen=True, eq=False)
class _SceneMaker:
    """Makes any photograph of a split from its number alone."""

    params: SceneSynthParams
    split: str
    fonts: tuple[FontFile, ...]
    print_fonts: tuple[FontFile, ...]
    backgrounds: tuple[Path, ...]

    def __call__(self, index: int) -> Scene:
        params, split = self.params, SPLITS.index(self.split)
        rng = np.random.default_rng([params.seed, split, index])
        size = params.tile[::-1] if self.split != "test" else _random_size(rng, params.photograph)
        draw_font = partial(
            random_font, params.seed, split, params.strokes, self.fonts, params.scene.plate.number.stroke_fonts
        )
        backgrounds: list[Callable[[], Image.Image]] = [partial(_open, path) for path in self.backgrounds]
        return render_scene(rng, size, params.fonts.alphabet, draw_font, self.print_fonts, params.scene, backgrounds)


def _random_size(rng: np.random.Generator, params: PhotographParams) -> tuple[int, int]:
    """Draw width and height of a whole photograph, in pixels."""
    longer = round(uniform(rng, params.side))
    shorter = max(32, round(longer / uniform(rng, params.aspect)))
    return (shorter, longer) if bernoulli(rng, params.portrait) else (longer, shorter)


def _list_backgrounds(folder: str | None) -> tuple[Path, ...]:
    """List the user's own photographs at any depth, sorted by path.

    Raises:
        PlatefuseError: if there is no such folder, or a file cannot be read.
    """
    if folder is None:
        return ()
    if not Path(folder).is_dir():
        raise PlatefuseError(f"synth.scene.backgrounds names {folder}, which is no folder in {Path.cwd()}.")
    paths = tuple(images_below(Path(folder)))
    if not paths:
        raise PlatefuseError(f"synth.scene.backgrounds names {folder}, which has no photograph in it.")
    for path in paths:
        _open(path)
    return paths


def _open(path: Path) -> Image.Image:
    return Image.fromarray(read_image(path))
