"""A parametric plate font of strokes: 0-9 and A-Z."""

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from platefuse.core.errors import PlatefuseError
from platefuse.synthesis.fonts.library import GLYPH_HEIGHT
from platefuse.synthesis.fonts.strokes import pen
from platefuse.synthesis.fonts.strokes.glyphs import STROKE_ALPHABET, Glyph, build_glyph
from platefuse.synthesis.fonts.strokes.style import Style

_OVERSAMPLING = 3
_SCALE = _OVERSAMPLING * GLYPH_HEIGHT  # pixels per glyph height while drawing
_MARGIN = 8  # pixels around a glyph, into which its paint may spread
_EDGE = 2.5  # slope of the final edge: about one pixel from paper to ink
_SIDE = 0.35  # room for slant and mitres on either side, in glyph heights


class StrokeFont:
    """One random plate font.

    Args:
        rng: source of every parameter of the font. Equal states give equal glyphs, in whatever order the glyphs are
            drawn.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.style = Style.sample(rng)
        self._seed = int(rng.integers(2**32))
        self._glyphs: dict[str, np.ndarray] = {}

    def glyph(self, character: str) -> np.ndarray:
        """Draw a character.

        Args:
            character: one of `STROKE_ALPHABET`.

        Returns:
            Coverage 0..255, antialiased, uint8 [GLYPH_HEIGHT,w], read-only, tight around the ink.

        Raises:
            PlatefuseError: if the font has no such character.
        """
        if len(character) != 1 or character not in STROKE_ALPHABET:
            raise PlatefuseError(f"The stroke font has no {character!r}; it has {STROKE_ALPHABET} only.")
        if character not in self._glyphs:
            ink = _paint(
                _draw(self.style, build_glyph(character, self.style)), self.style, [self._seed, ord(character)]
            )
            self._glyphs[character] = ink
            ink.flags.writeable = False
        return self._glyphs[character]


def _draw(style: Style, glyph: Glyph) -> Image.Image:
    """Draw the strokes, 255 on 0, cut to _SCALE rows."""
    width, weight_x, weight_y = _measure(style, glyph)
    box = np.array([width - weight_x, 1 - weight_y])
    radius = style.radius * style.width * np.array([1, style.stretch])
    exponent = style.superness
    if style.corners == "chamfered":
        radius, exponent = np.minimum(radius, 0.22 * style.width), 1.0
    aspect = np.array([weight_y / weight_x, 1.0])  # squeezes coordinates until the pen is round
    origin = np.array([_SIDE + weight_x / 2, weight_y / 2])
    image = Image.new("L", (round(_SCALE * (width + 2 * _SIDE)), _SCALE))
    for path in sorted(glyph.paths, key=lambda path: path.erase):
        line = pen.flatten(path, box, radius, exponent)
        line[:, 0] += style.slant * (box[1] / 2 - line[:, 1])
        half = path.pen * weight_y / 2
        polygons = pen.outline(line * aspect, half, style.mitre, style.ends == "round", (0.0, box[1]))
        pen.fill(image, [(block / aspect + origin) * _SCALE for block in polygons], 0 if path.erase else 255)
    return image


def _measure(style: Style, glyph: Glyph) -> tuple[float, float, float]:
    """Give glyph width and vertical and horizontal weight, in glyph heights."""
    weight_x = min(style.weight, glyph.heaviest * style.width)
    weight_y = min(weight_x * style.contrast, 0.2)
    return max(glyph.width * style.width, weight_x), weight_x, weight_y


def _paint(drawn: Image.Image, style: Style, seed: list[int]) -> np.ndarray:
    """Soften and roughen the outline like paint; crop to the ink."""
    canvas = ImageOps.expand(drawn.crop(drawn.getbbox()).reduce(_OVERSAMPLING), _MARGIN)
    softness = style.blur * GLYPH_HEIGHT
    blurred = np.asarray(canvas.filter(ImageFilter.GaussianBlur(softness)), np.float32) / 255
    coarse = np.random.default_rng(seed).normal(0, style.roughness, (9, 6)).astype(np.float32)
    uneven = np.asarray(Image.fromarray(coarse).resize(canvas.size, Image.Resampling.BICUBIC))
    shift = np.clip(style.bleed + uneven, -0.28, 0.28)  # a larger shift would leave stains far from any stroke
    edge = (blurred - 0.5 + shift) * softness * _EDGE + 0.5
    ink = edge > 0.5
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    tight = edge[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].clip(0, 1)
    width = max(1, round(tight.shape[1] * GLYPH_HEIGHT / tight.shape[0]))
    cut = Image.fromarray(np.uint8(np.rint(tight * 255)))
    return np.array(cut.resize((width, GLYPH_HEIGHT), Image.Resampling.BILINEAR))
