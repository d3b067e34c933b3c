"""What is printed on a plate beside its number, and is not to be read: bands, emblems, small words, stickers."""

from dataclasses import dataclass, replace

import numpy as np

from platefuse.synthesis.licence import background
from platefuse.synthesis.licence.canvas import Sheet
from platefuse.synthesis.licence.emblems import Box, draw_emblem, random_colour
from platefuse.synthesis.licence.number import Font, Glyph, Row, scaled_mask
from platefuse.synthesis.sampling import happens

_LEAST_ROOM = 0.5  # of the width that marks beside a number leave it
_LETTERED = 0.25  # share of emblems with a character in them
_STACKED_TWICE = 0.15  # of numbers with stacked letters, the share that have them on both sides

Space = tuple[float, float]
"""x1,x2 of what is free for the number, in pixels of the plate."""


@dataclass(frozen=True)
class Line:
    """Where a number stands: its characters' height and the middle of it, in pixels from the plate's top."""

    tall: float
    middle: float


def country_band(sheet: Sheet) -> tuple[float, float]:
    """Perhaps draw a country band; give the space x1,x2 that is left for the number."""
    width, height = sheet.size
    left, right = 0.0, float(width)
    if not happens(sheet.rng, sheet.params.band):
        return left, right
    wide = sheet.rng.uniform(0.06, 0.11) * width
    _draw_band(sheet, (0, 0, wide, height))
    if happens(sheet.rng, 0.12):
        _draw_band(sheet, (width - wide, 0, width, height))
        right = width - wide
    return wide, right


def _draw_band(sheet: Sheet, box: Box) -> None:
    rng, (x1, y1, x2, y2) = sheet.rng, box
    style = rng.random()
    blue = random_colour(rng, (0.7, 1.0), (0.3, 0.8)) if style < 0.4 else (int(rng.integers(0, 60)), 60, 170)
    if style < 0.75:
        sheet.draw.rectangle(box, fill=blue)
    light = (250, 240, 200) if style < 0.75 else sheet.ink
    side = (x2 - x1) * rng.uniform(0.6, 0.9)
    x, y = (x1 + x2) / 2, y1 + (y2 - y1) * rng.uniform(0.25, 0.4)
    ring = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    if happens(rng, 0.5):
        for angle in np.arange(0, 2 * np.pi, np.pi / 6):
            u, v = x + side * 0.4 * np.cos(angle), y + side * 0.4 * np.sin(angle)
            sheet.draw.ellipse((u - side / 14, v - side / 14, u + side / 14, v + side / 14), fill=(250, 220, 60))
    elif happens(rng, 0.7):
        draw_emblem(sheet.draw, rng, ring, light)
    letters = "".join(rng.choice(list("ABCDEFGHIKLMNPRSTUVZ"), int(rng.integers(1, 4))))
    sheet.write(letters, (x1 + 1, y1 + (y2 - y1) * 0.6, x2 - 1, y2 - (y2 - y1) * 0.06), light)


def side_emblem(sheet: Sheet, space: Space, line: Line) -> Space:
    """Perhaps draw an emblem before or behind the number; give the space x1,x2 that is left for it."""
    rng = sheet.rng
    wide = line.tall * rng.uniform(0.4, 1.2)
    if not happens(rng, sheet.params.side_emblem) or not _leaves_room(sheet, space, wide * 1.1):
        return space
    at_left = happens(rng, 0.7)
    x1 = space[0] if at_left else space[1] - wide
    high = line.tall * rng.uniform(0.7, 1.3)
    box = (x1, line.middle - high / 2, x1 + wide, line.middle + high / 2)
    _emblem(sheet, box, _LETTERED)
    return _without(space, wide * 1.1, at_left)


def stacked_letters(sheet: Sheet, alphabet: str, font: Font, space: Space, line: Line) -> tuple[list[Glyph], Space]:
    """Perhaps set small characters one above the other beside the number, in its font: a series, not to be read.

    Returns:
        The characters, to be stamped like the number's own, and the space x1,x2 that is left for the number.
    """
    rng, glyphs = sheet.rng, []
    if happens(rng, sheet.params.stacked):
        at_left = happens(rng, 0.5)
        for left in (at_left, not at_left) if happens(rng, _STACKED_TWICE) else (at_left,):
            stack, wide = _stack(rng, alphabet, font, line)
            if not _leaves_room(sheet, space, wide):
                break
            x = space[0] if left else space[1] - wide
            glyphs += [replace(glyph, x=glyph.x + x) for glyph in stack]
            sheet.marks.append((x, line.middle - line.tall / 2, x + wide, line.middle + line.tall / 2))
            space = _without(space, wide + line.tall * rng.uniform(0.02, 0.25), left)
    return glyphs, space


def _stack(rng: np.random.Generator, alphabet: str, font: Font, line: Line) -> tuple[list[Glyph], float]:
    """Set two or three characters one above the other; give them, x from 0, and the width of the widest in pixels."""
    count = 2 if happens(rng, 0.75) else 3
    total = line.tall * rng.uniform(0.85, 1.1)
    pitch, high = total / count, max(3, round(total / count * rng.uniform(0.75, 0.97)))
    masks = [font.glyph(str(rng.choice(list(alphabet)))) for _ in range(count)]
    squeeze = rng.uniform(0.8, 1.4)
    scaled = [scaled_mask(mask, high, min(squeeze * mask.shape[1] / mask.shape[0], 1.2) * high) for mask in masks]
    wide = max(mask.shape[1] for mask in scaled)
    top = line.middle - total / 2
    return [Glyph("", m, (wide - m.shape[1]) / 2, top + i * pitch) for i, m in enumerate(scaled)], float(wide)


def _leaves_room(sheet: Sheet, space: Space, wide: float) -> bool:
    return space[1] - space[0] - wide >= _LEAST_ROOM * sheet.size[0]


def _without(space: Space, wide: float, at_left: bool) -> Space:
    return (space[0] + wide, space[1]) if at_left else (space[0], space[1] - wide)


def _emblem(sheet: Sheet, box: Box, lettered: float) -> None:
    """Draw an emblem into a box, in that share of cases with a character on it."""
    draw_emblem(sheet.draw, sheet.rng, box, sheet.ink)
    sheet.marks.append(box)
    if happens(sheet.rng, lettered):
        _letter(sheet, box)


def _letter(sheet: Sheet, box: Box) -> None:
    """Write a character into the middle of an emblem, as clubs and universities do."""
    x1, y1, x2, y2 = box
    x, y = (x2 - x1) * 0.2, (y2 - y1) * 0.2
    letter = str(sheet.rng.choice(list("ABCDEFGHKLMNOPRSTUVWX1234567890")))
    ink = random_colour(sheet.rng, (0.0, 0.2), (0.9, 1.0)) if happens(sheet.rng, 0.5) else sheet.ink
    sheet.write(letter, (x1 + x, y1 + y, x2 - x, y2 - y), ink)


def separators(sheet: Sheet, row: Row) -> None:
    """Perhaps draw a dash, a dot or an emblem into each gap between groups."""
    rng, params = sheet.rng, sheet.params
    for x1, x2 in row.gaps:
        if not happens(rng, params.separator):
            continue
        glyph = row.glyphs[0]
        tall, x, y = glyph.mask.shape[0], (x1 + x2) / 2, glyph.y + glyph.mask.shape[0] / 2
        room = (x2 - x1) * 0.85
        if happens(rng, params.emblem):
            side = min(tall * rng.uniform(0.4, 1.1), room * rng.uniform(1.0, 1.5))
            high = min(side * rng.uniform(0.9, 2.0), 1.5 * tall)
            box = (x - side / 2, y - high / 2, x + side / 2, y + high / 2)
            _emblem(sheet, box, _LETTERED / 2)
        elif happens(rng, 0.6):
            wide, high = min(room, tall * rng.uniform(0.15, 0.4)), tall * rng.uniform(0.06, 0.16)
            sheet.draw.rectangle((x - wide / 2, y - high / 2, x + wide / 2, y + high / 2), fill=sheet.ink)
        else:
            radius = min(room / 2, tall * rng.uniform(0.05, 0.13))
            y += tall * float(rng.choice([0.0, 0.0, 0.4]))
            sheet.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=sheet.ink)


def small_print(sheet: Sheet, rows: list[Row]) -> None:
    """Words above and below the number, and stickers in the corners."""
    rng, (width, height) = sheet.rng, sheet.size
    top = min((row.glyphs[0].y for row in rows), default=0.4 * height)
    bottom = max((row.glyphs[0].y + row.glyphs[0].mask.shape[0] for row in rows), default=0.6 * height)
    for y1, y2, share in ((0.02 * height, top, 0.9), (bottom, 0.98 * height, 0.75)):
        high = (y2 - y1) * rng.uniform(0.45, 0.95)
        if high < 4 or not happens(rng, share):
            continue
        y = y1 + (y2 - y1 - high) * rng.random()
        wide = width * rng.uniform(0.25, 0.75)
        x = (width - wide) * np.clip(rng.normal(0.5, 0.15), 0, 1)
        ink = sheet.ink
        if happens(rng, 0.45):
            ink = random_colour(rng, (0.3, 1.0), (0.1, 0.8))
        if happens(rng, 0.25):
            stripe = random_colour(rng, (0.4, 1.0), (0.2, 0.9))
            sheet.draw.rectangle((0, y - 0.02 * height, width, y + high + 0.02 * height), fill=stripe)
            ink = (250, 250, 250)
        sheet.write(background.words(rng), (x, y, x + wide, y + high), ink)
    for corner_x in (0.02, 0.84):
        for y1, y2 in ((0.03 * height, top), (bottom, 0.97 * height)):
            if y2 - y1 > 5 and happens(rng, sheet.params.sticker):
                _corner_sticker(sheet, (corner_x * width, y1, (corner_x + 0.13) * width, y2))


def _corner_sticker(sheet: Sheet, box: Box) -> None:
    sheet.draw.rectangle(box, fill=random_colour(sheet.rng, (0.0, 1.0), (0.4, 1.0)))
    sheet.marks.append(box)
    x1, y1, x2, y2 = box
    sheet.write(background.sticker_words(sheet.rng), (x1 + 1, y1 + 1, x2 - 1, y2 - 1), random_colour(sheet.rng))
