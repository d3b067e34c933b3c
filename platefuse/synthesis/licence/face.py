"""The face of a plate seen straight on: colours, number and wear."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from platefuse.synthesis.licence import background
from platefuse.synthesis.licence.canvas import FaceCanvas, FaceParams, PrintFont, ShapeParams
from platefuse.synthesis.licence.crests import draw_crest
from platefuse.synthesis.licence.emblems import Colour, luminance, random_colour
from platefuse.synthesis.licence.number import Font as NumberFont
from platefuse.synthesis.licence.number import Glyph, NumberParams, Row, sample_groups, set_row
from platefuse.synthesis.licence.print import (
    Space,
    TextLine,
    draw_country_band,
    draw_separators,
    draw_side_emblem,
    draw_small_print,
    set_stacked_letters,
)
from platefuse.synthesis.sampling import bernoulli, uniform

# Hues as shares of a full turn of the colour wheel; a repeated hue is more frequent.
_GROUND_HUES = (0.08, 0.12, 0.13, 0.14, 0.15, 0.55, 0.58, 0.6, 0.62, 0.3, 0.9)
_INK_HUES = (0.0, 0.0, 0.58, 0.6, 0.62, 0.63, 0.65, 0.66, 0.4, 0.35, 0.05, 0.8)

_MAX_IN_ROW = 8  # characters in one row of a plate that is less than
_MIN_LONG_ASPECT = 2.5  # times as wide as high; more would be squeezed until nobody could read them


@dataclass(frozen=True, eq=False)
class Face:
    """A plate seen straight on.

    Attributes:
        image: the plate, RGB.
        boxes: float64 [n,4], x1,y1,x2,y2 in pixels of the image.
        text: one character for each box.
        distractors: float64 [m,4], boxes of whatever looks like a character: emblems, stacked letters, stickers.
        light_on_dark: whether the number is lighter than the ground.
    """

    image: Image.Image
    boxes: np.ndarray
    text: str
    distractors: np.ndarray
    light_on_dark: bool


def draw_face(
    rng: np.random.Generator,
    width: int,
    alphabet: str,
    font: NumberFont,
    print_fonts: Sequence[PrintFont],
    params: FaceParams,
    number: NumberParams,
) -> Face:
    """Draw the face of a plate.

    Args:
        rng: the plate's own generator.
        width: width of the plate, in pixels.
        alphabet: the characters of numbers.
        font: font of the number.
        print_fonts: fonts of the small print.
        params: proportions, and how frequent each element of the face is.
        number: how the number is made up and set.
    """
    shares = np.array([shape.share for shape in params.shapes])
    shape = params.shapes[int(rng.choice(len(shares), p=shares / shares.sum()))]
    height = max(16, round(width / uniform(rng, shape.aspect)))
    ground, ink = _sample_colours(rng, params)
    image = Image.new("RGB", (width, height), ground)
    canvas = FaceCanvas(rng, image, ImageDraw.Draw(image), ink, print_fonts, params, distractors=[])
    printed = bernoulli(rng, shape.print)
    if printed and bernoulli(rng, params.picture):
        background.draw_picture(canvas.draw, rng, (width, height), ground)
    left, right = draw_country_band(canvas) if not printed else (0.0, float(width))
    left, right = left + uniform(rng, params.edge) * width, right - uniform(rng, params.edge) * width
    rows, stacked = _set_number(canvas, alphabet, font, shape, number, (left, right))
    if printed:
        draw_small_print(canvas, rows)
    if params.crest and bernoulli(rng, params.crest):
        draw_crest(canvas, rows)
    mask = np.zeros((height, width), np.uint8)
    for row in rows:
        draw_separators(canvas, row)
    glyphs = [glyph for row in rows for glyph in row.glyphs]
    for glyph in (*glyphs, *stacked):
        _stamp(mask, glyph)
    if bernoulli(rng, params.outlined):
        _outline_number(canvas, mask)
    image = _apply_ink(canvas, mask)
    _draw_fittings(rng, image, ink, params)
    boxes, distractors = (
        np.array(of, float).reshape(-1, 4) for of in ([glyph.box for glyph in glyphs], canvas.distractors)
    )
    light_on_dark = luminance(ink) > luminance(ground)
    return Face(image, boxes, "".join(glyph.character for glyph in glyphs), distractors, light_on_dark)


def _sample_colours(rng: np.random.Generator, params: FaceParams) -> tuple[Colour, Colour]:
    """Draw colours of ground and ink with enough contrast."""
    while True:
        strong = (0.3, 0.95) if bernoulli(rng, params.coloured) else (0.0, 0.12)
        light = random_colour(rng, strong, (0.75, 1.0), _GROUND_HUES)
        black = bernoulli(rng, 0.55)
        dark = (
            random_colour(rng, (0.0, 0.3), (0.0, 0.2))
            if black
            else random_colour(rng, (0.5, 1.0), (0.2, 0.7), _INK_HUES)
        )
        if luminance(light) - luminance(dark) >= params.contrast:
            return (dark, light) if bernoulli(rng, params.dark) else (light, dark)


def _set_number(
    canvas: FaceCanvas, alphabet: str, font: NumberFont, shape: ShapeParams, number: NumberParams, space: Space
) -> tuple[list[Row], list[Glyph]]:
    """Set the rows of the number and the stacked letters beside it."""
    rng, (_, height) = canvas.rng, canvas.size
    if bernoulli(rng, number.none):
        return [], []
    groups = sample_groups(rng, alphabet, number)
    talls, lines, middles = [uniform(rng, shape.characters) * height], [groups], [0.5 + rng.uniform(-0.05, 0.08)]
    crowded = len("".join(groups)) > _MAX_IN_ROW and canvas.size[0] < _MIN_LONG_ASPECT * height
    if len(groups) > 1 and (bernoulli(rng, shape.two_rows) or crowded):
        at = int(rng.integers(1, len(groups)))
        talls, lines, middles = [rng.uniform(0.32, 0.42) * height] * 2, [groups[:at], groups[at:]], [0.28, 0.74]
        if number.unlike_rows and bernoulli(rng, number.unlike_rows):
            talls, middles = _unlike_rows(rng, height)
    tops = [
        float(np.clip(m * height - tall / 2, 0.03 * height, 0.97 * height - tall))
        for m, tall in zip(middles, talls, strict=True)
    ]
    line = TextLine(talls[0], sum(tops) / len(tops) + talls[0] / 2)
    space = draw_side_emblem(canvas, space, line)
    stacked, (left, right) = set_stacked_letters(canvas, alphabet, font, space, line)
    rows = []
    for line_groups, top, tall in zip(lines, tops, talls, strict=True):
        row = set_row(rng, line_groups, font, max(6, round(tall)), right - left, number)
        slack = right - left - row.width
        rows.append(row.moved(left + slack * np.clip(rng.normal(0.5, 0.2), 0, 1), top))
    return rows, stacked


def _unlike_rows(rng: np.random.Generator, height: int) -> tuple[list[float], list[float]]:
    """Draw the heights, in pixels, and middles, as shares, of two rows."""
    small, large = rng.uniform(0.24, 0.36), rng.uniform(0.4, 0.52)
    upper, lower = (small, large) if bernoulli(rng, 0.6) else (large, small)
    free = 1 - upper - lower
    return [upper * height, lower * height], [0.35 * free + upper / 2, 0.65 * free + upper + lower / 2]


def _stamp(mask: np.ndarray, glyph: Glyph) -> None:
    """Stamp a glyph into the mask of the ink, uint8 [H,W]."""
    high, wide = glyph.mask.shape
    x, y = round(glyph.x), round(glyph.y)
    x1, y1, x2, y2 = max(x, 0), max(y, 0), min(x + wide, mask.shape[1]), min(y + high, mask.shape[0])
    if x1 < x2 and y1 < y2:
        part = mask[y1:y2, x1:x2]
        np.maximum(part, glyph.mask[y1 - y : y2 - y, x1 - x : x2 - x], out=part)


def _outline_number(canvas: FaceCanvas, mask: np.ndarray) -> None:
    """Paint a line around the number's ink, white or of any colour."""
    rng = canvas.rng
    reach = max(1, round(mask.shape[0] * rng.uniform(0.01, 0.03)))
    wider = Image.fromarray(mask).filter(ImageFilter.MaxFilter(2 * reach + 1))
    colour = random_colour(rng, (0.0, 0.1), (0.9, 1.0)) if bernoulli(rng, 0.6) else random_colour(rng)
    canvas.image.paste(colour, mask=wider)


def _apply_ink(canvas: FaceCanvas, mask: np.ndarray) -> Image.Image:
    """Paint the number onto the face: worn paint, embossed edges and dirt.

    An embossed edge is light on one side and dark on the other.
    """
    rng, params = canvas.rng, canvas.params
    ink = mask.astype(np.float32) / 255
    worn = uniform(rng, params.worn) ** 2
    if worn > 0.05:
        ink = ink * (1 - worn * background.smooth_noise(rng, ink.shape, 12))
    face: np.ndarray = np.asarray(canvas.image, np.float32)
    face = face + (np.array(canvas.ink, np.float32) - face) * ink[..., None]
    strength = uniform(rng, params.emboss)
    if strength > 0.05:
        step = max(1, round(mask.shape[0] / 60))
        x, y = int(rng.integers(-step, step + 1)), int(rng.choice([-step, step]))
        edge = ink - np.roll(ink, (y, x), (0, 1))
        face += strength * 120 * edge[..., None]
    dirt = uniform(rng, params.dirt) ** 2
    if dirt > 0.03:
        cover = dirt * background.smooth_noise(rng, ink.shape, int(rng.integers(3, 20)))[..., None]
        face += (np.array(random_colour(rng, (0.1, 0.5), (0.1, 0.6)), np.float32) - face) * cover
    return Image.fromarray(np.clip(face, 0, 255).astype(np.uint8))


def _draw_fittings(rng: np.random.Generator, image: Image.Image, ink: Colour, params: FaceParams) -> None:
    """Draw the border line and the screws."""
    draw, (width, height) = ImageDraw.Draw(image), image.size
    if bernoulli(rng, params.border):
        line = max(1, round(height * rng.uniform(0.008, 0.04)))
        inset = height * rng.uniform(0.0, 0.04)
        colour = ink if bernoulli(rng, 0.75) else random_colour(rng)
        corners = (inset, inset, width - 1 - inset, height - 1 - inset)
        draw.rounded_rectangle(corners, rng.uniform(0, 0.12) * height, outline=colour, width=line)
    if bernoulli(rng, params.screws):
        radius = height * rng.uniform(0.015, 0.045)
        spread = width * rng.uniform(0.12, 0.42)
        for y in rng.choice([0.08, 0.5, 0.92], int(rng.integers(1, 3)), replace=False):
            for x in (width / 2 - spread, width / 2 + spread):
                spot = (x - radius, y * height - radius, x + radius, y * height + radius)
                draw.ellipse(spot, fill=random_colour(rng, (0.0, 0.4), (0.1, 0.8)))
