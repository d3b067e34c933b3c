"""The face of a plate: its colours, its number, stamped and worn, and what printing.py puts around it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from platefuse.synthesis.licence import background
from platefuse.synthesis.licence.canvas import FaceCanvas, FaceParams, PrintFont, ShapeParams
from platefuse.synthesis.licence.emblems import Colour, luminance, random_colour
from platefuse.synthesis.licence.number import Font as NumberFont
from platefuse.synthesis.licence.number import Glyph, NumberParams, Row, draw_groups, set_row
from platefuse.synthesis.licence.print import (
    Line,
    Space,
    country_band,
    separators,
    side_emblem,
    small_print,
    stacked_letters,
)
from platefuse.synthesis.sampling import bernoulli, uniform

# Shares of a full turn of the colour wheel: what grounds and inks are painted in, as often as they stand here.
_GROUND_HUES = (0.08, 0.12, 0.13, 0.14, 0.15, 0.55, 0.58, 0.6, 0.62, 0.3, 0.9)
_INK_HUES = (0.0, 0.0, 0.58, 0.6, 0.62, 0.63, 0.65, 0.66, 0.4, 0.35, 0.05, 0.8)


@dataclass(frozen=True, eq=False)
class Face:
    """A plate seen straight on.

    Attributes:
        image: RGB.
        boxes: float64 [n,4], x1,y1,x2,y2 in its pixels.
        text: a character a box, as it was written.
        distractors: float64 [m,4], boxes of what might be taken for a character: emblems, stacked letters, stickers.
    """

    image: Image.Image
    boxes: np.ndarray
    text: str
    distractors: np.ndarray


def draw_face(
    rng: np.random.Generator,
    width: int,
    alphabet: str,
    font: NumberFont,
    small: Sequence[PrintFont],
    params: FaceParams,
    number: NumberParams,
) -> Face:
    """Draw a plate.

    Args:
        rng: the plate's own generator.
        width: of the plate, in pixels.
        alphabet: the characters a number is made of.
        font: of the number.
        small: fonts of the small print.
        params, number: what is how frequent.
    """
    shares = np.array([shape.share for shape in params.shapes])
    shape = params.shapes[int(rng.choice(len(shares), p=shares / shares.sum()))]
    height = max(16, round(width / uniform(rng, shape.aspect)))
    ground, ink = _colours(rng, params)
    image = Image.new("RGB", (width, height), ground)
    canvas = FaceCanvas(rng, image, ImageDraw.Draw(image), ink, small, params, distractors=[])
    printed = bernoulli(rng, shape.print)
    if printed and bernoulli(rng, params.picture):
        background.draw_picture(canvas.draw, rng, (width, height), ground)
    left, right = country_band(canvas) if not printed else (0.0, float(width))
    left, right = left + uniform(rng, params.edge) * width, right - uniform(rng, params.edge) * width
    rows, stacked = _number(canvas, alphabet, font, shape, number, (left, right))
    if printed:
        small_print(canvas, rows)
    mask = np.zeros((height, width), np.uint8)
    for row in rows:
        separators(canvas, row)
    glyphs = [glyph for row in rows for glyph in row.glyphs]
    for glyph in (*glyphs, *stacked):
        _stamp(mask, glyph)
    if bernoulli(rng, params.outlined):
        _outline(canvas, mask)
    image = _inked(canvas, mask)
    _fittings(rng, image, ink, params)
    boxes, distractors = (
        np.array(of, float).reshape(-1, 4) for of in ([glyph.box for glyph in glyphs], canvas.distractors)
    )
    return Face(image, boxes, "".join(glyph.character for glyph in glyphs), distractors)


def _colours(rng: np.random.Generator, params: FaceParams) -> tuple[Colour, Colour]:
    """Draw a ground and an ink that stand out from each other."""
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


def _number(
    canvas: FaceCanvas, alphabet: str, font: NumberFont, shape: ShapeParams, number: NumberParams, space: Space
) -> tuple[list[Row], list[Glyph]]:
    """Set the number's rows, and the small stacked characters that stand beside it."""
    rng, (_, height) = canvas.rng, canvas.size
    if bernoulli(rng, number.none):
        return [], []
    groups = draw_groups(rng, alphabet, number)
    tall, lines, middles = uniform(rng, shape.characters) * height, [groups], [0.5 + rng.uniform(-0.05, 0.08)]
    if len(groups) > 1 and bernoulli(rng, number.two_rows):
        at = int(rng.integers(1, len(groups)))
        tall, lines, middles = rng.uniform(0.32, 0.42) * height, [groups[:at], groups[at:]], [0.28, 0.74]
    tops = [float(np.clip(m * height - tall / 2, 0.03 * height, 0.97 * height - tall)) for m in middles]
    line = Line(tall, sum(tops) / len(tops) + tall / 2)
    space = side_emblem(canvas, space, line)
    stacked, (left, right) = stacked_letters(canvas, alphabet, font, space, line)
    rows = []
    for line_groups, top in zip(lines, tops, strict=True):
        row = set_row(rng, line_groups, font, max(6, round(tall)), right - left, number)
        slack = right - left - row.width
        rows.append(row.moved(left + slack * np.clip(rng.normal(0.5, 0.2), 0, 1), top))
    return rows, stacked


def _stamp(mask: np.ndarray, glyph: Glyph) -> None:
    high, wide = glyph.mask.shape
    x, y = round(glyph.x), round(glyph.y)
    x1, y1, x2, y2 = max(x, 0), max(y, 0), min(x + wide, mask.shape[1]), min(y + high, mask.shape[0])
    if x1 < x2 and y1 < y2:
        part = mask[y1:y2, x1:x2]
        np.maximum(part, glyph.mask[y1 - y : y2 - y, x1 - x : x2 - x], out=part)


def _outline(canvas: FaceCanvas, mask: np.ndarray) -> None:
    """Paint a line around the number's ink: lighter or darker than both, or of any colour."""
    rng = canvas.rng
    reach = max(1, round(mask.shape[0] * rng.uniform(0.01, 0.03)))
    wider = Image.fromarray(mask).filter(ImageFilter.MaxFilter(2 * reach + 1))
    colour = random_colour(rng, (0.0, 0.1), (0.9, 1.0)) if bernoulli(rng, 0.6) else random_colour(rng)
    canvas.image.paste(colour, mask=wider)


def _inked(canvas: FaceCanvas, mask: np.ndarray) -> Image.Image:
    """Put the number onto the face: worn paint, and the stamped edge's light on one side and shadow on the other."""
    rng, params = canvas.rng, canvas.params
    ink = mask.astype(np.float32) / 255
    worn = uniform(rng, params.worn) ** 2
    if worn > 0.05:
        ink = ink * (1 - worn * background.clouds(rng, ink.shape, 12))
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
        cover = dirt * background.clouds(rng, ink.shape, int(rng.integers(3, 20)))[..., None]
        face += (np.array(random_colour(rng, (0.1, 0.5), (0.1, 0.6)), np.float32) - face) * cover
    return Image.fromarray(np.clip(face, 0, 255).astype(np.uint8))


def _fittings(rng: np.random.Generator, image: Image.Image, ink: Colour, params: FaceParams) -> None:
    """The border line and the screws."""
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
