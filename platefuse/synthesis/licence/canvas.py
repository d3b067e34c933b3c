"""The canvas for a plate's face, and the face's parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydantic import Field, field_validator

from platefuse.core.params import Items, Params, Probability, Range
from platefuse.synthesis.licence.emblems import Box, Colour

_MEASURED = 24  # type size for measuring words, since a font opens slowly at each new size
_Aspect = Annotated[float, Field(ge=1, le=10)]
_Edge = Annotated[float, Field(ge=0, le=0.2)]
_Height = Annotated[float, Field(ge=0.1, le=0.94)]


class ShapeParams(Params):
    """A family of plates of similar proportions."""

    share: Probability = Field(description="Frequency of the family against the others.")
    aspect: Range[_Aspect] = Field(description="Width divided by height.")
    characters: Range[_Height] = Field(description="Height of the characters, as a share of the plate's height.")
    print: Probability = Field(description="Share of plates with small print above and below the number.")
    two_rows: Probability = Field(description="Share of numbers in two rows, of numbers with two groups or more.")


class FaceParams(Params):
    """The face of the plates: colours, small print, emblems and wear."""

    shapes: Items[ShapeParams] = Field(min_length=1, description="Families of plates of similar proportions.")
    dark: Probability = Field(description="Share of plates with a light number on a dark ground.")
    coloured: Probability = Field(description="Share of grounds with a saturated colour.")
    edge: Range[_Edge] = Field(description="Space between number and edge or band, as a share of the width.")
    contrast: float = Field(
        ge=20, le=200, description="Least difference of brightness between number and ground, of 255."
    )
    picture: Probability = Field(
        description="Share of plates with a picture behind the number, among those with small print."
    )
    band: Probability = Field(description="Share of plates with a country band at the left or on both sides.")
    border: Probability = Field(description="Share of plates with a line around the face.")
    separator: Probability = Field(description="Share of group gaps with a dash, dot or emblem.")
    emblem: Probability = Field(description="Share of these separators that are emblems, seals or stickers.")
    crest: Probability = Field(
        description="Share of plates with a region's name, crest, crescent or flag above, below or beside the number."
    )
    side_emblem: Probability = Field(description="Share of plates with an emblem before or behind the number.")
    stacked: Probability = Field(
        description="Share of plates with small stacked characters beside the number, which are not read."
    )
    sticker: Probability = Field(description="Share of corners with a sticker, on plates with small print.")
    screws: Probability = Field(description="Share of plates whose screws are visible.")
    outlined: Probability = Field(description="Share of numbers with an outline of another colour.")
    emboss: Range[Probability] = Field(description="Strength of the embossing's light and shadow, 0 to 1.")
    dirt: Range[Probability] = Field(description="Cover of the dirt, 0 to 1.")
    worn: Range[Probability] = Field(description="Share of the number's paint that is worn off, 0 to 1.")

    @field_validator("shapes")
    @classmethod
    def _check_shapes(cls, shapes: tuple[ShapeParams, ...]) -> tuple[ShapeParams, ...]:
        if not any(shape.share for shape in shapes):
            raise ValueError("expected a share above 0")
        return shapes


class PrintFont(Protocol):
    """A font for small print, such as `platefuse.synthesis.fonts.font_file.FontFile`."""

    def face(self, size: int) -> ImageFont.FreeTypeFont:
        """Open the font at a type size in pixels."""
        ...


@dataclass(frozen=True, eq=False)
class FaceCanvas:
    """State that the steps of drawing one face share.

    Attributes:
        rng: the plate's own generator.
        image, draw: the face, RGB, and Pillow's drawing interface to it.
        ink: colour of the number.
        print_fonts: fonts of the small print; empty for no small print.
        params: how frequent each element is.
        distractors: boxes x1,y1,x2,y2 in pixels of whatever looks like a character; each step appends its own.
    """

    rng: np.random.Generator
    image: Image.Image
    draw: ImageDraw.ImageDraw
    ink: Colour
    print_fonts: Sequence[PrintFont]
    params: FaceParams
    distractors: list[Box]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, in pixels."""
        return self.image.size

    def write(self, text: str, box: Box, ink: Colour) -> None:
        """Write text into the middle of a box, as large as fits."""
        if not self.print_fonts:
            return
        x1, y1, x2, y2 = box
        font = self.print_fonts[int(self.rng.integers(len(self.print_fonts)))]
        size = max(4, round(y2 - y1))
        length = font.face(_MEASURED).getlength(text) * size / _MEASURED
        if length > x2 - x1:
            size = max(4, int(size * (x2 - x1) / length))
        self.draw.text(((x1 + x2) / 2, (y1 + y2) / 2), text, fill=ink, font=font.face(size), anchor="mm")
