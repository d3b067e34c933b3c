"""What is printed on a plate beside its number, and is not to be read: bands, emblems, small words, stickers."""

import numpy as np

from platefuse.layouts.licence import scenery
from platefuse.layouts.licence.chance import happens
from platefuse.layouts.licence.emblems import Box, draw_emblem, random_colour
from platefuse.layouts.licence.number import Row
from platefuse.layouts.licence.sheet import Sheet

_LEAST_ROOM = 0.5  # of the width that marks beside a number leave it


def country_band(sheet: Sheet) -> tuple[float, float]:
    """Perhaps draw a country band; give the space x1,x2 that is left for the number."""
    width, height = sheet.size
    left, right = 0.015 * width, 0.985 * width
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


def side_marks(sheet: Sheet, space: tuple[float, float], tall: float) -> tuple[float, float]:
    """Perhaps put an emblem or small stacked letters beside the number; give the space that is left."""
    rng, (left, right), (width, height) = sheet.rng, space, sheet.size
    for share, stacked in ((sheet.params.side_emblem, False), (sheet.params.stacked, True)):
        if not happens(rng, share):
            continue
        wide = tall * (rng.uniform(0.3, 0.5) if stacked else rng.uniform(0.4, 1.1))
        if right - left - wide * 1.1 < _LEAST_ROOM * width:
            continue
        at_left = happens(rng, 0.6)
        x1 = left if at_left else right - wide
        high = tall * rng.uniform(0.8, 1.1)
        y1 = height / 2 - high / 2
        if stacked:
            count = int(rng.integers(2, 4))
            for index in range(count):
                letter = str(rng.choice(list("ABCDEFGHIKLMNOPRSTUWXY0123456789")))
                part = (x1, y1 + index * high / count, x1 + wide, y1 + (index + 0.9) * high / count)
                sheet.write(letter, part, sheet.ink)
        else:
            draw_emblem(sheet.draw, rng, (x1, y1, x1 + wide, y1 + high), sheet.ink)
        left, right = (left + wide * 1.1, right) if at_left else (left, right - wide * 1.1)
    return left, right


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
            side = min(tall * rng.uniform(0.4, 1.0), room * rng.uniform(1.0, 1.5))
            high = side * rng.uniform(0.9, 1.6)
            draw_emblem(sheet.draw, rng, (x - side / 2, y - high / 2, x + side / 2, y + high / 2), sheet.ink)
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
        sheet.write(scenery.words(rng), (x, y, x + wide, y + high), ink)
    for corner_x in (0.02, 0.84):
        for y1, y2 in ((0.03 * height, top), (bottom, 0.97 * height)):
            if y2 - y1 > 5 and happens(rng, sheet.params.sticker):
                _corner_sticker(sheet, (corner_x * width, y1, (corner_x + 0.13) * width, y2))


def _corner_sticker(sheet: Sheet, box: Box) -> None:
    sheet.draw.rectangle(box, fill=random_colour(sheet.rng, (0.0, 1.0), (0.4, 1.0)))
    x1, y1, x2, y2 = box
    sheet.write(scenery.sticker_words(sheet.rng), (x1 + 1, y1 + 1, x2 - 1, y2 - 1), random_colour(sheet.rng))
