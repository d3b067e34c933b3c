"""Splits of licence plates with character crops, and their parameters."""

import io
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from PIL import Image
from pydantic import Field

from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import SPLITS
from platefuse.runner.processes import start_worker
from platefuse.synthesis.common_params import Seeded, SplitSizes
from platefuse.synthesis.crops import CropGeometry, CropParams, CropSettings, cut_characters, cut_hard_negatives
from platefuse.synthesis.fonts.font_file import FontFile
from platefuse.synthesis.fonts.library import FontParams, load_fonts, load_print_fonts
from platefuse.synthesis.fonts.strokes.font import STROKE_ALPHABET, StrokeFont
from platefuse.synthesis.licence.plate import Font, LicenceParams, render_plate
from platefuse.synthesis.splits import LazySplit, Sample

_CHUNK = 32  # plates that a worker gets at once
_MAX_CACHED_FONTS = 1000  # parametric fonts in a worker; with all their characters some 200 MB


class LicencePlateParams(Seeded):
    """Rendered licence plates."""

    characters: Literal["fonts"] = Field(description="Source of the characters: font files and parametric fonts.")
    strokes: int = Field(ge=1, le=10000, description="Parametric fonts in each split.")
    fonts: FontParams
    crops: CropParams
    licence: LicenceParams

    def check_rules(self) -> Iterator[str]:
        unknown = set(self.fonts.alphabet) - set(STROKE_ALPHABET)
        if self.licence.number.stroke_fonts > 0 and unknown:
            yield (
                f".fonts.alphabet has {''.join(sorted(unknown))!r}, which parametric fonts cannot draw: take them "
                "out, or set .licence.number.stroke_fonts to 0"
            )


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
            _in_parallel(_PlateMaker(params, settings, split, fonts[split], print_fonts[split]), size),
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
        rng = np.random.default_rng([self.params.seed, SPLITS.index(self.split), index])
        is_stroked = rng.random() < self.params.licence.number.stroke_fonts
        font: Font = self._stroke_font(rng) if is_stroked else self._font_file(rng)
        plate = render_plate(rng, self.params.fonts.alphabet, font, self.print_fonts, self.params.licence)
        image = Image.open(io.BytesIO(plate.file))
        characters = cut_characters(rng, image, plate.boxes, self.crops)
        hard_negatives = cut_hard_negatives(rng, image, plate.boxes, plate.distractors, self.crops)
        crops = np.concatenate([characters, hard_negatives])
        return Sample(plate.file, ".jpg", plate.boxes, plate.text, plate.text, crops)

    def _stroke_font(self, rng: np.random.Generator) -> StrokeFont:
        number = int(rng.integers(self.params.strokes))
        return _numbered_stroke_font(self.params.seed, SPLITS.index(self.split), number)

    def _font_file(self, rng: np.random.Generator) -> FontFile:
        """Draw a face such that every family is equally likely."""
        family = rng.choice(sorted({font.family for font in self.fonts}))
        faces = [font for font in self.fonts if font.family == family]
        return faces[int(rng.integers(len(faces)))]


@lru_cache(_MAX_CACHED_FONTS)
def _numbered_stroke_font(seed: int, split: int, number: int) -> StrokeFont:
    """Make a parametric font of a split, cached together with its glyphs."""
    return StrokeFont(np.random.default_rng([seed, split, number, 1]))


def _in_parallel(maker: _PlateMaker, size: int) -> Iterator[Sample]:
    """Make plates on all cores and yield them in order."""
    with ProcessPoolExecutor(min(os.cpu_count() or 1, size), initializer=start_worker, initargs=(os.getpid(),)) as pool:
        try:
            yield from pool.map(maker, range(size), chunksize=_CHUNK)
        except BrokenProcessPool:
            raise PlatefuseError(
                "A process that makes plates was killed, most likely because there was too little memory."
            ) from None
