"""The gaps of a stencil, which hold its islands."""

import numpy as np

_WIDTH = (0.04, 0.09)  # of a gap, as a share of a character's height
_UPRIGHT = 0.7  # share of stencils whose gaps run from top to bottom


def cut_stencil(rng: np.random.Generator, glyphs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Cut the gaps of one stencil through the glyphs of a number.

    A gap runs through a glyph's middle, give or take a tenth, from top to bottom or from side to side. It leaves alone
    what it would erase by more than half, such as an I of one stem.

    Args:
        rng: the plate's own generator.
        glyphs: coverage of each character's ink, uint8 [h,w], 0..255.

    Returns:
        The glyphs with gaps, of the same sizes.
    """
    width, middle, upright = rng.uniform(*_WIDTH), rng.uniform(0.4, 0.6), rng.random() < _UPRIGHT
    return {character: _cut(glyph, width, middle, upright) for character, glyph in glyphs.items()}


def _cut(glyph: np.ndarray, width: float, middle: float, upright: bool) -> np.ndarray:
    gap = max(1, round(width * glyph.shape[0]))
    start = max(0, round(middle * glyph.shape[1 if upright else 0] - gap / 2))
    cut = glyph.copy()
    cut[(slice(None), slice(start, start + gap)) if upright else slice(start, start + gap)] = 0
    return cut if 2 * cut.sum(dtype=np.int64) >= glyph.sum(dtype=np.int64) else glyph
