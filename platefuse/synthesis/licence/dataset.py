"""Splits of licence plates with character crops, and their parameters."""

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeVar

import numpy as np
from PIL import Image
from pydantic import Field

from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import SPLITS
from platefuse.runner.processes import start_worker
from platefuse.synthesis.as_read import SeenPlate, as_read
from platefuse.synthesis.common_params import Seeded, SplitSizes
from platefuse.synthesis.crops import CropGeometry, CropSettings, RenderedCropParams, cut_characters, cut_hard_negatives
from platefuse.synthesis.fonts.font_file import FontFile
from platefuse.synthesis.fonts.library import FontParams, load_fonts, load_print_fonts
from platefuse.synthesis.fonts.strokes.font import STROKE_ALPHABET, StrokeFont
from platefuse.synthesis.licence.number import NumberParams
from platefuse.synthesis.licence.plate import Font, LicenceParams, LicencePlate, render_plate
from platefuse.synthesis.splits import LazySplit, Sample

_CHUNK = 32  # plates that a worker gets at once
_MAX_CACHED_FONTS = 1000  # parametric fonts in a worker; with all their characters some 200 MB
_Made = TypeVar("_Made")


def check_stroke_fonts(fonts: FontParams, number: NumberParams, name: str) -> Iterator[str]:
    """Yield a clause if parametric fonts cannot draw the alphabet.

    `name` is the name of the numbers' parameters within the section, with a dot before it.
    """
    unknown = set(fonts.alphabet) - set(STROKE_ALPHABET)
    if number.stroke_fonts > 0 and unknown:
        yield (
            f".fonts.alphabet has {''.join(sorted(unknown))!r}, which parametric fonts cannot draw: take them "
            f"out, or set {name}.stroke_fonts to 0"
        )


class LicencePlateParams(Seeded):
    """Rendered licence plates."""

    characters: Literal["fonts"] = Field(description="Source of the characters: font files and parametric fonts.")
    strokes: int = Field(ge=1, le=10000, description="Parametric fonts in each split.")
    fonts: FontParams
    crops: RenderedCropParams
    licence: LicenceParams

    def check_rules(self) -> Iterator[str]:
        yield from check_stroke_fonts(self.fonts, self.licence.number, ".licence.number")


class LicenceSynthParams(SplitSizes, LicencePlateParams):
    """Rendered licence plates, and the characters cut out of them."""

    layout: Literal["licence"] = Field(description="Rendered licence plates.")


def make_licence_splits(
    params: LicencePlateParams, geometry: CropGeometry, sizes: Mapping[str, int]
) -> dict[str, LazySplit]:
    """Make photographs of licence plates on all cores.

    The bytes depend on the parameters alone, not on the number of processes.

    Args:
        params: fonts, plates, camera and crops.
        geometry: of the crops.
        sizes: how many plates to make of each split; a split that it lacks is not made.

    Returns:
        The splits of `sizes`, with crops; training plates are packed.

    Raises:
        PlatefuseError: if there are no usable fonts; while plates are made, if a worker process is killed.
    """
    fonts, print_fonts = load_fonts(params.fonts, params.seed), load_print_fonts(params.fonts, params.seed)
    settings = geometry.crops(params.crops)
    return {
        split: LazySplit(
            params.fonts.alphabet,
            in_parallel(_PlateMaker(params, settings, split, fonts[split], print_fonts[split]), size),
            size,
            packed=split == "train",
        )
        for split, size in sizes.items()
    }


@dataclass(frozen=True, eq=False)
class _PlateMaker:
    """Makes any plate of a split from its number alone."""

    params: LicencePlateParams
    crops: CropSettings
    split: str
    fonts: tuple[FontFile, ...]
    print_fonts: tuple[FontFile, ...]

    def __call__(self, index: int) -> Sample:
        params, split = self.params, SPLITS.index(self.split)
        rng = np.random.default_rng([params.seed, split, index])
        font = random_font(params.seed, split, params.strokes, self.fonts, params.licence.number.stroke_fonts, rng)
        plate = render_plate(rng, params.fonts.alphabet, font, self.print_fonts, params.licence)
        seen = _seen(plate, self.crops)
        characters = cut_characters(rng, seen.image, seen.boxes, self.crops)
        hard_negatives = cut_hard_negatives(rng, seen.image, seen.boxes, seen.distractors, self.crops)
        crops = np.concatenate([characters, hard_negatives])
        return Sample(plate.file, ".jpg", plate.boxes, plate.text, plate.text, crops)


def _seen(plate: LicencePlate, crops: CropSettings) -> SeenPlate:
    """Open a plate's photograph, perhaps as the fused model reads it."""
    image = Image.open(io.BytesIO(plate.file))
    if crops.as_read:
        return as_read(image, plate.corners, plate.distractor_corners, plate.light_on_dark, crops)
    return SeenPlate(image, plate.boxes, plate.distractors)


def random_font(
    seed: int, split: int, strokes: int, files: Sequence[FontFile], stroke_share: float, rng: np.random.Generator
) -> Font:
    """Choose a number's font: a parametric font, or a font file.

    Every family of font files is equally likely.

    Args:
        seed, split: decide what the parametric fonts look like.
        strokes: how many parametric fonts there are.
        files: the split's font files.
        stroke_share: share of numbers in a parametric font.
        rng: the plate's own generator.
    """
    if rng.random() < stroke_share:
        return _numbered_stroke_font(seed, split, int(rng.integers(strokes)))
    family = rng.choice(sorted({font.family for font in files}))
    faces = [font for font in files if font.family == family]
    return faces[int(rng.integers(len(faces)))]


@lru_cache(_MAX_CACHED_FONTS)
def _numbered_stroke_font(seed: int, split: int, number: int) -> StrokeFont:
    """Make a parametric font of a split, cached together with its glyphs."""
    return StrokeFont(np.random.default_rng([seed, split, number, 1]))


def in_parallel(maker: Callable[[int], _Made], size: int) -> Iterator[_Made]:
    """Make numbered samples on all cores; yield them in order.

    Args:
        maker: makes a sample from its number alone; must be picklable.
        size: how many to make; the numbers are 0 to size - 1.

    Raises:
        PlatefuseError: if a worker process is killed.
    """
    with ProcessPoolExecutor(min(os.cpu_count() or 1, size), initializer=start_worker, initargs=(os.getpid(),)) as pool:
        try:
            yield from pool.map(maker, range(size), chunksize=_CHUNK)
        except BrokenProcessPool:
            raise PlatefuseError(
                "A process that makes plates was killed, most likely because there was too little memory."
            ) from None
