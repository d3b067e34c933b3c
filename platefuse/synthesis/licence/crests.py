"""Crests, crescents, flags and regions' names around a number."""

from collections.abc import Callable

import numpy as np

from platefuse.synthesis.licence import background
from platefuse.synthesis.licence.canvas import FaceCanvas
from platefuse.synthesis.licence.emblems import Box, draw_emblem, luminance, random_colour
from platefuse.synthesis.licence.number import Row
from platefuse.synthesis.sampling import bernoulli

_MIN_SIDE = 4.0  # pixels; there is nothing to see of a smaller one
_NAMED = 0.4  # share of crests that are words


def draw_crest(canvas: FaceCanvas, rows: list[Row]) -> None:
    """Draw one above, below or beside the number, where there is room.

    Emblems are added to the canvas' distractors; words are not, since no box of a character fits them.
    """
    free = [box for box in _free_boxes(canvas, rows) if min(box[2] - box[0], box[3] - box[1]) >= _MIN_SIDE]
    if not free:
        return
    rng, box = canvas.rng, free[int(canvas.rng.integers(len(free)))]
    if box[2] - box[0] > 2.5 * (box[3] - box[1]) and bernoulli(rng, _NAMED):
        canvas.write(background.random_words(rng), _inside(rng, box, rng.uniform(2.5, 8.0)), canvas.ink)
        return
    kinds: tuple[Callable[[FaceCanvas, Box], None], ...] = (_draw_crescent, _draw_flag, _draw_coat_of_arms)
    place = _inside(rng, box, rng.uniform(0.7, 1.6))
    kinds[int(rng.integers(len(kinds)))](canvas, place)
    canvas.distractors.append(place)


def _free_boxes(canvas: FaceCanvas, rows: list[Row]) -> list[Box]:
    """Give the boxes above, below, left and right of the number."""
    (width, height), glyphs = canvas.size, [glyph for row in rows for glyph in row.glyphs]
    if not glyphs:
        return [(0.05 * width, 0.05 * height, 0.95 * width, 0.95 * height)]
    boxes = np.array([glyph.box for glyph in glyphs])
    (x1, y1), (x2, y2) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    around = (
        (0.05 * width, 0.02 * height, 0.95 * width, y1),
        (0.05 * width, y2, 0.95 * width, 0.98 * height),
        (0.02 * width, y1, x1 - 0.02 * width, y2),
        (x2 + 0.02 * width, y1, 0.98 * width, y2),
    )
    return [(float(a), float(b), float(c), float(d)) for a, b, c, d in around]


def _inside(rng: np.random.Generator, box: Box, aspect: float) -> Box:
    """Place a box of an aspect, width by height, anywhere in another."""
    x1, y1, x2, y2 = box
    high = min(y2 - y1, (x2 - x1) / aspect) * rng.uniform(0.6, 0.95)
    wide = high * aspect
    x, y = x1 + (x2 - x1 - wide) * rng.random(), y1 + (y2 - y1 - high) * rng.random()
    return x, y, x + wide, y + high


def _draw_crescent(canvas: FaceCanvas, box: Box) -> None:
    """Draw a crescent: a disc, and one of the ground over it."""
    rng, (x1, y1, x2, y2) = canvas.rng, box
    side = min(x2 - x1, y2 - y1)
    ground = canvas.image.getpixel((0, canvas.size[1] // 2))
    canvas.draw.ellipse((x1, y1, x1 + side, y1 + side), fill=_ink(canvas))
    x = x1 + side * rng.uniform(0.2, 0.35)
    canvas.draw.ellipse((x, y1 + 0.12 * side, x + 0.76 * side, y1 + 0.88 * side), fill=ground)


def _draw_flag(canvas: FaceCanvas, box: Box) -> None:
    """Draw a flag of two or three stripes, level or upright."""
    rng, (x1, y1, x2, y2) = canvas.rng, box
    count, upright = int(rng.integers(2, 4)), bernoulli(rng, 0.5)
    for start, end in zip(np.arange(count) / count, np.arange(1, count + 1) / count, strict=True):
        colour = random_colour(rng, (0.0, 1.0), (0.2, 1.0))
        if upright:
            canvas.draw.rectangle((x1 + (x2 - x1) * start, y1, x1 + (x2 - x1) * end, y2), fill=colour)
        else:
            canvas.draw.rectangle((x1, y1 + (y2 - y1) * start, x2, y1 + (y2 - y1) * end), fill=colour)


def _draw_coat_of_arms(canvas: FaceCanvas, box: Box) -> None:
    draw_emblem(canvas.draw, canvas.rng, box, canvas.ink)


def _ink(canvas: FaceCanvas) -> tuple[int, int, int]:
    """Pick the number's ink, or a colour as dark or light."""
    colour = random_colour(canvas.rng, (0.5, 1.0), (0.3, 0.9))
    alike = abs(luminance(colour) - luminance(canvas.ink)) < 80
    return colour if alike else canvas.ink
