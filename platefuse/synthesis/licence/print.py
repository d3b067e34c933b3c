"""Print beside the number: bands, emblems, stacked letters, words, stickers.

No print beside the number is read. Emblems, stacked letters and stickers are added to the canvas' distractors.
"""

from dataclasses import dataclass, replace

import numpy as np

from platefuse.synthesis.licence import background
from platefuse.synthesis.licence.canvas import FaceCanvas
from platefuse.synthesis.licence.emblems import Box, draw_emblem, random_colour
from platefuse.synthesis.licence.number import Font, Glyph, Row, scaled_mask
from platefuse.synthesis.sampling import bernoulli

_MIN_ROOM = 0.5  # of the plate's width, for the number
_LETTERED = 0.25  # share of emblems that hold a character
_STACKED_TWICE = 0.15  # share of numbers with stacked letters on both sides, among those with any

Space = tuple[float, float]
"""x1,x2 of the free space for the number, in pixels of the plate."""


@dataclass(frozen=True)
class TextLine:
    """Height and middle of a number's line, in pixels from the top."""

    height: float
    middle: float


def draw_country_band(canvas: FaceCanvas) -> tuple[float, float]:
    """Perhaps draw a country band; give the space x1,x2 that is left."""
    width, height = canvas.size
    left, right = 0.0, float(width)
    if not bernoulli(canvas.rng, canvas.params.band):
        return left, right
    wide = canvas.rng.uniform(0.06, 0.11) * width
    _draw_band(canvas, (0, 0, wide, height))
    if bernoulli(canvas.rng, 0.12):
        _draw_band(canvas, (width - wide, 0, width, height))
        right = width - wide
    return wide, right


def _draw_band(canvas: FaceCanvas, box: Box) -> None:
    """Draw a band with letters, below stars or an emblem."""
    rng, (x1, y1, x2, y2) = canvas.rng, box
    style = rng.random()
    blue = random_colour(rng, (0.7, 1.0), (0.3, 0.8)) if style < 0.4 else (int(rng.integers(0, 60)), 60, 170)
    if style < 0.75:
        canvas.draw.rectangle(box, fill=blue)
    light = (250, 240, 200) if style < 0.75 else canvas.ink
    side = (x2 - x1) * rng.uniform(0.6, 0.9)
    x, y = (x1 + x2) / 2, y1 + (y2 - y1) * rng.uniform(0.25, 0.4)
    ring = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    if bernoulli(rng, 0.5):
        for angle in np.arange(0, 2 * np.pi, np.pi / 6):
            u, v = x + side * 0.4 * np.cos(angle), y + side * 0.4 * np.sin(angle)
            canvas.draw.ellipse((u - side / 14, v - side / 14, u + side / 14, v + side / 14), fill=(250, 220, 60))
    elif bernoulli(rng, 0.7):
        draw_emblem(canvas.draw, rng, ring, light)
    letters = "".join(rng.choice(list("ABCDEFGHIKLMNPRSTUVZ"), int(rng.integers(1, 4))))
    canvas.write(letters, (x1 + 1, y1 + (y2 - y1) * 0.6, x2 - 1, y2 - (y2 - y1) * 0.06), light)


def draw_side_emblem(canvas: FaceCanvas, space: Space, line: TextLine) -> Space:
    """Perhaps draw an emblem beside the number; give the space left."""
    rng = canvas.rng
    wide = line.height * rng.uniform(0.4, 1.2)
    if not bernoulli(rng, canvas.params.side_emblem) or not _leaves_room(canvas, space, wide * 1.1):
        return space
    at_left = bernoulli(rng, 0.7)
    x1 = space[0] if at_left else space[1] - wide
    high = line.height * rng.uniform(0.7, 1.3)
    box = (x1, line.middle - high / 2, x1 + wide, line.middle + high / 2)
    _draw_lettered_emblem(canvas, box, _LETTERED)
    return _without(space, wide * 1.1, at_left)


def set_stacked_letters(
    canvas: FaceCanvas, alphabet: str, font: Font, space: Space, line: TextLine
) -> tuple[list[Glyph], Space]:
    """Perhaps set stacked letters beside the number, in the number's font.

    Returns:
        The glyphs, to be stamped like the number's, and the space x1,x2 that is left for the number.
    """
    rng, glyphs = canvas.rng, []
    if bernoulli(rng, canvas.params.stacked):
        at_left = bernoulli(rng, 0.5)
        for left in (at_left, not at_left) if bernoulli(rng, _STACKED_TWICE) else (at_left,):
            stack, wide = _stack(rng, alphabet, font, line)
            if not _leaves_room(canvas, space, wide):
                break
            x = space[0] if left else space[1] - wide
            glyphs += [replace(glyph, x=glyph.x + x) for glyph in stack]
            canvas.distractors.append((x, line.middle - line.height / 2, x + wide, line.middle + line.height / 2))
            space = _without(space, wide + line.height * rng.uniform(0.02, 0.25), left)
    return glyphs, space


def _stack(rng: np.random.Generator, alphabet: str, font: Font, line: TextLine) -> tuple[list[Glyph], float]:
    """Stack two or three characters at x = 0; give glyphs, width."""
    count = 2 if bernoulli(rng, 0.75) else 3
    total = line.height * rng.uniform(0.85, 1.1)
    pitch, high = total / count, max(3, round(total / count * rng.uniform(0.75, 0.97)))
    masks = [font.glyph(str(rng.choice(list(alphabet)))) for _ in range(count)]
    aspect = rng.uniform(0.8, 1.4)
    scaled = [scaled_mask(mask, high, min(aspect * mask.shape[1] / mask.shape[0], 1.2) * high) for mask in masks]
    wide = max(mask.shape[1] for mask in scaled)
    top = line.middle - total / 2
    return [Glyph("", m, (wide - m.shape[1]) / 2, top + i * pitch) for i, m in enumerate(scaled)], float(wide)


def _leaves_room(canvas: FaceCanvas, space: Space, wide: float) -> bool:
    """Whether the number has room enough if `wide` pixels are taken."""
    return space[1] - space[0] - wide >= _MIN_ROOM * canvas.size[0]


def _without(space: Space, wide: float, at_left: bool) -> Space:
    """Take `wide` pixels off one side of a space."""
    return (space[0] + wide, space[1]) if at_left else (space[0], space[1] - wide)


def _draw_lettered_emblem(canvas: FaceCanvas, box: Box, lettered: float) -> None:
    """Draw an emblem, which holds a character with probability `lettered`."""
    draw_emblem(canvas.draw, canvas.rng, box, canvas.ink)
    canvas.distractors.append(box)
    if bernoulli(canvas.rng, lettered):
        _draw_letter(canvas, box)


def _draw_letter(canvas: FaceCanvas, box: Box) -> None:
    """Write a character onto an emblem, as on plates of clubs."""
    x1, y1, x2, y2 = box
    x, y = (x2 - x1) * 0.2, (y2 - y1) * 0.2
    letter = str(canvas.rng.choice(list("ABCDEFGHKLMNOPRSTUVWX1234567890")))
    ink = random_colour(canvas.rng, (0.0, 0.2), (0.9, 1.0)) if bernoulli(canvas.rng, 0.5) else canvas.ink
    canvas.write(letter, (x1 + x, y1 + y, x2 - x, y2 - y), ink)


def draw_separators(canvas: FaceCanvas, row: Row) -> None:
    """Perhaps draw a dash, dot or emblem into each group gap."""
    rng, params = canvas.rng, canvas.params
    for x1, x2 in row.gaps:
        if not bernoulli(rng, params.separator):
            continue
        glyph = row.glyphs[0]
        tall, x, y = glyph.mask.shape[0], (x1 + x2) / 2, glyph.y + glyph.mask.shape[0] / 2
        room = (x2 - x1) * 0.85
        if bernoulli(rng, params.emblem):
            side = min(tall * rng.uniform(0.4, 1.1), room * rng.uniform(1.0, 1.5))
            high = min(side * rng.uniform(0.9, 2.0), 1.5 * tall)
            box = (x - side / 2, y - high / 2, x + side / 2, y + high / 2)
            _draw_lettered_emblem(canvas, box, _LETTERED / 2)
        elif bernoulli(rng, 0.6):
            wide, high = min(room, tall * rng.uniform(0.15, 0.4)), tall * rng.uniform(0.06, 0.16)
            canvas.draw.rectangle((x - wide / 2, y - high / 2, x + wide / 2, y + high / 2), fill=canvas.ink)
        else:
            radius = min(room / 2, tall * rng.uniform(0.05, 0.13))
            y += tall * float(rng.choice([0.0, 0.0, 0.4]))
            canvas.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=canvas.ink)


def draw_small_print(canvas: FaceCanvas, rows: list[Row]) -> None:
    """Draw words above and below the number, and stickers in the corners."""
    rng, (width, height) = canvas.rng, canvas.size
    top = min((row.glyphs[0].y for row in rows), default=0.4 * height)
    bottom = max((row.glyphs[0].y + row.glyphs[0].mask.shape[0] for row in rows), default=0.6 * height)
    for y1, y2, share in ((0.02 * height, top, 0.9), (bottom, 0.98 * height, 0.75)):
        high = (y2 - y1) * rng.uniform(0.45, 0.95)
        if high < 4 or not bernoulli(rng, share):
            continue
        y = y1 + (y2 - y1 - high) * rng.random()
        wide = width * rng.uniform(0.25, 0.75)
        x = (width - wide) * np.clip(rng.normal(0.5, 0.15), 0, 1)
        ink = canvas.ink
        if bernoulli(rng, 0.45):
            ink = random_colour(rng, (0.3, 1.0), (0.1, 0.8))
        if bernoulli(rng, 0.25):
            stripe = random_colour(rng, (0.4, 1.0), (0.2, 0.9))
            canvas.draw.rectangle((0, y - 0.02 * height, width, y + high + 0.02 * height), fill=stripe)
            ink = (250, 250, 250)
        canvas.write(background.random_words(rng), (x, y, x + wide, y + high), ink)
    for corner_x in (0.02, 0.84):
        for y1, y2 in ((0.03 * height, top), (bottom, 0.97 * height)):
            if y2 - y1 > 5 and bernoulli(rng, canvas.params.sticker):
                _draw_sticker(canvas, (corner_x * width, y1, (corner_x + 0.13) * width, y2))


def _draw_sticker(canvas: FaceCanvas, box: Box) -> None:
    """Draw a sticker with a date."""
    canvas.draw.rectangle(box, fill=random_colour(canvas.rng, (0.0, 1.0), (0.4, 1.0)))
    canvas.distractors.append(box)
    x1, y1, x2, y2 = box
    canvas.write(background.random_date(canvas.rng), (x1 + 1, y1 + 1, x2 - 1, y2 - 1), random_colour(canvas.rng))
