"""The number on a plate: its text and its layout."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, Protocol

import numpy as np
from PIL import Image
from pydantic import Field

from platefuse.core.params import Factor, Params, Probability, Range
from platefuse.synthesis.licence.stencil import cut_stencil
from platefuse.synthesis.sampling import bernoulli, uniform

# Formats of plates the world over, all equally likely: letters (L), digits (0), and gaps between groups.
_FORMS = (
    "LL 000LL", "LL 000 LL", "LL-0000", "LLL-0000", "LLL 000", "000 LLL", "0LLL000", "L00 0000", "000-000", "0000 LL",
    "LL0 L0L", "0L0 0000", "LLL 00 00", "LL 00000", "L 00000", "00 LLLL", "LLL0L00", "LL 00 LLL", "00L 000", "LL0000",
    "0LL 000", "000000", "0000000", "LLL 0L0", "L00LLL", "00 00 00", "L-00000", "LL-L 000", "00LLL00", "LLLL 00",
    "00 00000", "L000000", "LL 0000L", "0LL00", "000 L00", "LLL 00L", "LL00 LLL", "0 00000", "L0000L", "LL000L",
)  # fmt: skip
# Longer numbers: of Indian, Turkish, Russian, Vietnamese, Iranian plates and others, and of tax and serial numbers.
_LONG_FORMS = (
    "LL 00 LL 0000", "LL 00 L 0000", "LL 0 LL 0000", "LL00 LL0000", "LL00LL0000", "LL00L 0000", "00 LL 0000 LL",
    "00 LL 0000 L", "L 000 LL 000", "L000LL 000", "L000LL 00", "LLL 00 0000", "00 LLL 0000", "00 LLL 000", "000 LLL 00",
    "00 L 000 LL", "00 L 000 00", "L 0000 LLL", "LL 0000 LL", "LL 0000 LLL", "00L 00000", "00L0 00000", "000 0000 000",
    "00 000 000", "LLLL 00 0000", "LLLL 0000", "LL 000 00 00", "LLL 000 LLL", "0000 LLL 000", "000000 000000",
)  # fmt: skip
_LONG_COUNT = (8, 12)  # characters of a long number without a common form
_LONG_FORM = 0.6  # share of long numbers that have a common form
_MAX_EXTRA_GAP = 0.25  # of the height; a wider gap in a filled plate would tear the number apart
_MIN_BOX_ASPECT = 0.5  # width by height of a box, since no anchor fits the box of a narrow 1
_Count = Annotated[int, Field(ge=1, le=20)]
_Gap = Annotated[float, Field(ge=0, le=2)]
_GroupGap = Annotated[float, Field(ge=0, le=5)]


class Font(Protocol):
    """A font for numbers."""

    def glyph(self, character: str) -> np.ndarray:
        """Draw a character: coverage 0..255, uint8 [any height,w], tight around the ink."""


class NumberParams(Params):
    """The numbers on the plates: their texts and the setting of characters."""

    none: Probability = Field(description="Share of plates without a number.")
    count: Range[_Count] = Field(description="Characters of a number that follows no common format.")
    vanity: Probability = Field(description="Share of numbers that are words of the owner's choice.")
    mixed: Probability = Field(description="Share of numbers with letters and digits in random order.")
    long: Probability = Field(description="Share of numbers of eight to twelve characters, in up to three groups.")
    rare: str = Field(description="Characters that issuers avoid because they look like others.")
    rarity: float = Field(ge=0.01, le=1, description="Frequency of a rare character against another one.")
    stroke_fonts: Probability = Field(description="Share of numbers in a parametric font instead of a font file.")
    unlike_rows: Probability = Field(description="Share of numbers in two rows whose rows differ in height.")
    stencil: Probability = Field(description="Share of numbers whose strokes have the gaps of a stencil.")
    aspect: Range[Factor] = Field(description="Factor of the characters' width.")
    gap: Range[_Gap] = Field(description="Space between two characters, as a share of their height.")
    group_gap: Range[_GroupGap] = Field(description="Space between two groups, as a share of the characters' height.")
    filled: Probability = Field(description="Share of numbers spaced to fill the plate's width.")
    monospaced: Probability = Field(description="Share of numbers whose characters stand at equal distances.")


@dataclass(frozen=True, eq=False)
class Glyph:
    """One placed character.

    Attributes:
        character: the character; empty for one that is not read.
        mask: coverage of the ink, uint8 [h,w], 0..255.
        x, y: upper left corner of the mask, in pixels.
    """

    character: str
    mask: np.ndarray
    x: float
    y: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x1,y1,x2,y2 around the ink, widened for a narrow character."""
        height, width = self.mask.shape
        extra = max(0.0, _MIN_BOX_ASPECT * height - width) / 2
        return self.x - extra, self.y, self.x + width + extra, self.y + height


@dataclass(frozen=True, eq=False)
class Row:
    """A row of characters.

    Attributes:
        glyphs: from left to right, starting at x = 0.
        gaps: x1,x2 of the spaces between groups, in pixels.
        width: width of the row, in pixels.
    """

    glyphs: list[Glyph]
    gaps: list[tuple[float, float]]
    width: float

    def moved(self, x: float, y: float) -> "Row":
        """Move the row by x and y pixels."""
        glyphs = [replace(glyph, x=glyph.x + x, y=glyph.y + y) for glyph in self.glyphs]
        return Row(glyphs, [(a + x, b + x) for a, b in self.gaps], self.width)


def sample_groups(rng: np.random.Generator, alphabet: str, params: NumberParams) -> list[str]:
    """Make up a number as groups of characters, from left to right.

    Args:
        rng: the plate's own generator.
        alphabet: the characters to choose from.
        params: how frequent each kind of number is.
    """
    rarity = params.rarity
    if params.long and bernoulli(rng, params.long):
        form = _long_form(rng)
    elif bernoulli(rng, params.vanity):
        form, rarity = _vanity_form(rng, params.count), 1.0  # words use all letters
    elif bernoulli(rng, params.mixed):
        form = _split_form(rng, "".join(rng.choice(["L", "0", "?"], _sample_length(rng, params.count))))
    else:
        form = str(rng.choice(_FORMS))
    weights = {c: rarity if c in params.rare else 1.0 for c in alphabet}
    groups = [_fill(rng, group, weights) for group in form.replace("-", " ").split()]
    if bernoulli(rng, 0.04):  # 5555, AAA0000: readers tend to drop one of equal neighbours
        groups = [group[0] * len(group) for group in groups]
    return groups


def longest_number(params: NumberParams) -> int:
    """Give the length of the longest number that `sample_groups` can make up."""
    longest_form = max(len(form.replace("-", "").replace(" ", "")) for form in _FORMS)
    other = max(params.vanity, params.mixed)  # at 1, no number has a common form
    short = max(longest_form if other < 1 else 0, params.count[1] if other > 0 else 0)
    return max(short if params.long < 1 else 0, _LONG_COUNT[1] if params.long else 0)


def _sample_length(rng: np.random.Generator, count: tuple[int, int]) -> int:
    return int(rng.integers(count[0], count[1] + 1))


def _long_form(rng: np.random.Generator) -> str:
    """Choose a common long form, or make up another in groups."""
    if bernoulli(rng, _LONG_FORM):
        return str(rng.choice(_LONG_FORMS))
    length, groups = _sample_length(rng, _LONG_COUNT), int(rng.integers(1, 4))
    cuts = [0, *sorted(rng.choice(np.arange(1, length), groups - 1, replace=False).tolist()), length]
    return " ".join(str(rng.choice(["L", "0", "0"])) * (end - start) for start, end in pairwise(cuts))


def _vanity_form(rng: np.random.Generator, count: tuple[int, int]) -> str:
    """Make up the form of an owner's words: letters, then digits."""
    length = _sample_length(rng, count)
    digits = int(rng.integers(0, 3)) if length > 3 and bernoulli(rng, 0.3) else 0
    return _split_form(rng, "L" * (length - digits) + "0" * digits)


def _split_form(rng: np.random.Generator, form: str) -> str:
    """Split about half of the longer forms into two groups."""
    if len(form) < 3 or bernoulli(rng, 0.5):
        return form
    at = int(rng.integers(1, len(form)))
    return f"{form[:at]} {form[at:]}"


def _fill(rng: np.random.Generator, form: str, weights: dict[str, float]) -> str:
    """Fill the places of a form with random characters, weighted."""
    alphabet = list(weights)
    letters = [c for c in alphabet if not c.isdigit()] or alphabet
    digits = [c for c in alphabet if c.isdigit()] or alphabet
    kinds = {"L": letters, "0": digits, "?": alphabet}
    shares = {kind: np.array([weights[c] for c in characters]) for kind, characters in kinds.items()}
    return "".join(str(rng.choice(kinds[kind], p=shares[kind] / shares[kind].sum())) for kind in form)


def set_row(
    rng: np.random.Generator, groups: list[str], font: Font, height: int, max_width: float, params: NumberParams
) -> Row:
    """Set groups of characters in one row.

    Args:
        rng: the plate's own generator.
        groups: the characters of each group.
        font: font of the characters.
        height: height of the characters, in pixels.
        max_width: pixels that the row may take; a wider row is squeezed.
        params: spaces and proportions.
    """
    aspect, gap = uniform(rng, params.aspect), uniform(rng, params.gap) * height
    group_gap = gap + uniform(rng, params.group_gap) * height
    shapes = {c: font.glyph(c) for c in dict.fromkeys("".join(groups))}
    if params.stencil and bernoulli(rng, params.stencil):
        shapes = cut_stencil(rng, shapes)
    widths = {c: aspect * height * mask.shape[1] / mask.shape[0] for c, mask in shapes.items()}
    cell = max(widths.values()) if bernoulli(rng, params.monospaced) else 0.0
    cells = {c: max(width, min(cell, 0.75 * height)) for c, width in widths.items()}
    count = sum(len(group) for group in groups)
    total = sum(cells[c] + gap for group in groups for c in group) - gap + (len(groups) - 1) * (group_gap - gap)
    if bernoulli(rng, params.filled) and total < max_width:
        more = float(np.clip((max_width * rng.uniform(0.85, 1.0) - total) / count, 0, _MAX_EXTRA_GAP * height))
        gap, group_gap, total = gap + more, group_gap + more, total + more * (count - 1)
    fit = min(1.0, max_width / total)
    glyphs: list[Glyph] = []
    gaps: list[tuple[float, float]] = []
    x = 0.0
    for group in groups:
        if glyphs:
            gaps.append((x - gap * fit, x - gap * fit + group_gap * fit))
            x += (group_gap - gap) * fit
        for character in group:
            mask = scaled_mask(shapes[character], height, widths[character] * fit)
            glyphs.append(Glyph(character, mask, x + (cells[character] * fit - mask.shape[1]) / 2, 0.0))
            x += (cells[character] + gap) * fit
    return Row(glyphs, gaps, x - gap * fit)


def scaled_mask(mask: np.ndarray, height: int, width: float) -> np.ndarray:
    """Resize a glyph, uint8 [h,w], to whole pixels, at least 2x2."""
    size = (max(2, round(width)), max(2, height))
    return np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR))
