"""The number on a plate: its text and its layout."""

from dataclasses import dataclass, replace
from typing import Annotated, Protocol

import numpy as np
from PIL import Image
from pydantic import Field

from platefuse.core.params import Factor, Params, Probability, Range
from platefuse.synthesis.sampling import bernoulli, uniform

# Formats of plates the world over, all equally likely: letters (L), digits (0), and gaps between groups.
_FORMS = (
    "LL 000LL", "LL 000 LL", "LL-0000", "LLL-0000", "LLL 000", "000 LLL", "0LLL000", "L00 0000", "000-000", "0000 LL",
    "LL0 L0L", "0L0 0000", "LLL 00 00", "LL 00000", "L 00000", "00 LLLL", "LLL0L00", "LL 00 LLL", "00L 000", "LL0000",
    "0LL 000", "000000", "0000000", "LLL 0L0", "L00LLL", "00 00 00", "L-00000", "LL-L 000", "00LLL00", "LLLL 00",
    "00 00000", "L000000", "LL 0000L", "0LL00", "000 L00", "LLL 00L", "LL00 LLL", "0 00000", "L0000L", "LL000L",
)  # fmt: skip
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
    rare: str = Field(description="Characters that issuers avoid because they look like others.")
    rarity: float = Field(ge=0.01, le=1, description="Frequency of a rare character against another one.")
    stroke_fonts: Probability = Field(description="Share of numbers in a parametric font instead of a font file.")
    two_rows: Probability = Field(description="Share of numbers in two rows.")
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
    if bernoulli(rng, params.vanity):
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
    return max(longest_form if other < 1 else 0, params.count[1] if other > 0 else 0)


def _sample_length(rng: np.random.Generator, count: tuple[int, int]) -> int:
    return int(rng.integers(count[0], count[1] + 1))


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
