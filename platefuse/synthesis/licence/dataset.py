"""Makes licence plates on all cores, and cuts out of them the characters that the classifier learns from."""

import io
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from pydantic import Field
from tqdm import tqdm

from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import NO_CHARACTER, SPLITS, Characters, write_characters
from platefuse.data.plate_set import Plate, write_plate_set
from platefuse.runner.processes import start_worker
from platefuse.synthesis.common_params import Seeded, SplitSizes
from platefuse.synthesis.crops import CropGeometry, CropParams, CropSettings, cut_characters, cut_hard_negatives
from platefuse.synthesis.fonts.font_file import FontFile
from platefuse.synthesis.fonts.library import FontParams, load_fonts, load_print_fonts
from platefuse.synthesis.fonts.strokes.font import STROKE_ALPHABET, StrokeFont
from platefuse.synthesis.licence.plate import Font, LicenceParams, licence

_CHUNK = 32  # plates a worker makes before it asks for more
_FONTS_KEPT = 1000  # parametric fonts a worker remembers; with all their characters some 200 MB


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
                f"synth.fonts.alphabet has {''.join(sorted(unknown))!r}, which parametric fonts cannot draw: take them "
                "out, or set synth.licence.number.stroke_fonts to 0"
            )


class LicenceSynthParams(SplitSizes, LicencePlateParams):
    """Rendered licence plates, and the characters cut out of them."""

    layout: Literal["licence"] = Field(description="Rendered licence plates.")


@dataclass(frozen=True, eq=False)
class _Maker:
    """Makes any plate of a split from its number alone."""

    params: LicenceSynthParams
    crops: CropSettings
    split: str
    fonts: tuple[FontFile, ...]
    small: tuple[FontFile, ...]

    def __call__(self, index: int) -> tuple[bytes, np.ndarray, str, np.ndarray]:
        """Give a JPEG file's bytes, boxes int32 [n,4], the text, and crops uint8 [m,h,w]: the n characters first."""
        rng = np.random.default_rng([self.params.seed, SPLITS.index(self.split), index])
        stroked = rng.random() < self.params.licence.number.stroke_fonts
        font: Font = self._stroke_font(rng) if stroked else self._font_file(rng)
        plate = licence(rng, self.params.fonts.alphabet, font, self.small, self.params.licence)
        image = Image.open(io.BytesIO(plate.file))
        characters = cut_characters(rng, image, plate.boxes, self.crops)
        hard_negatives = cut_hard_negatives(rng, image, plate.boxes, plate.distractors, self.crops)
        return plate.file, plate.boxes, plate.text, np.concatenate([characters, hard_negatives])

    def _stroke_font(self, rng: np.random.Generator) -> StrokeFont:
        number = int(rng.integers(self.params.strokes))
        return _numbered_stroke_font(self.params.seed, SPLITS.index(self.split), number)

    def _font_file(self, rng: np.random.Generator) -> FontFile:
        """Draw a family first: one with forty weights is not to outweigh one with a single face."""
        family = rng.choice(sorted({font.family for font in self.fonts}))
        faces = [font for font in self.fonts if font.family == family]
        return faces[int(rng.integers(len(faces)))]


@lru_cache(_FONTS_KEPT)
def _numbered_stroke_font(seed: int, split: int, number: int) -> StrokeFont:
    """Give one of a split's parametric fonts; kept, since it remembers the characters it has drawn."""
    return StrokeFont(np.random.default_rng([seed, split, number, 1]))


def write_licence_plates(
    params: LicenceSynthParams, geometry: CropGeometry, plates: dict[str, Path], characters: Path
) -> None:
    """Write a plate set a split, training plates packed, and the characters of each as an .npz into `characters`.

    The bytes depend on the parameters alone, not on how many processes share the work.

    Raises:
        PlatefuseError: if there are no usable fonts.
    """
    alphabet = params.fonts.alphabet
    settings = geometry.crops(params.crops)
    fonts, small = load_fonts(params.fonts, params.seed), load_print_fonts(params.fonts, params.seed)
    for split in SPLITS:
        crops: list[np.ndarray] = []
        labels: list[int] = []
        made = _plates(_Maker(params, settings, split, fonts[split], small[split]), crops, labels)
        write_plate_set(plates[split], alphabet, made, packed=split == "train")
        images = np.concatenate(crops) if crops else np.zeros((0, *params.crops.size), np.uint8)
        write_characters(characters / f"{split}.npz", Characters(images, np.array(labels, np.int64), alphabet))


def _plates(maker: _Maker, crops: list[np.ndarray], labels: list[int]) -> Iterator[tuple[bytes, Plate]]:
    """Yield a split's plates in order; put their characters into `crops` and `labels` on the way."""
    amount = getattr(maker.params, maker.split)
    progress = tqdm(_made(maker, amount), total=amount, desc=f"{maker.split} plates", unit="plate", disable=None)
    for index, (photograph, boxes, text, cut) in enumerate(progress):
        crops.append(cut)
        labels += [maker.params.fonts.alphabet.index(character) for character in text]
        labels += [NO_CHARACTER] * (len(cut) - len(text))
        yield photograph, Plate(Path(f"{index:06d}.jpg"), boxes, text, text)


def _made(maker: _Maker, amount: int) -> Iterator[tuple[bytes, np.ndarray, str, np.ndarray]]:
    """Yield what the maker gives for 0, 1, 2, …, made on all cores."""
    with ProcessPoolExecutor(
        min(os.cpu_count() or 1, amount), initializer=start_worker, initargs=(os.getpid(),)
    ) as pool:
        try:
            yield from pool.map(maker, range(amount), chunksize=_CHUNK)
        except BrokenProcessPool:
            raise PlatefuseError(
                "A process that makes plates was killed, most likely because there was too little memory."
            ) from None
