"""Emblems: small drawings on a plate, some of which look like characters."""

import colorsys
import itertools
import math
from collections.abc import Callable

import numpy as np
from PIL import ImageDraw

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]


def random_colour(
    rng: np.random.Generator,
    saturation: tuple[float, float] = (0.0, 1.0),
    value: tuple[float, float] = (0.0, 1.0),
    hues: tuple[float, ...] = (),
) -> Colour:
    """Draw an RGB colour from ranges of HSV.

    Args:
        rng: the plate's own generator.
        saturation, value: ranges, 0..1.
        hues: shares of a full turn, one of which the colour is near; empty for any hue.
    """
    hue = rng.choice(hues) + rng.uniform(-0.03, 0.03) if hues else rng.random()
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, rng.uniform(*saturation), rng.uniform(*value))
    return round(255 * red), round(255 * green), round(255 * blue)


def luminance(colour: Colour) -> float:
    """Give the luminance of an RGB colour, 0..255 (ITU-R BT.601)."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def draw_emblem(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    """Draw a random emblem into a box; some take the number's ink."""
    _EMBLEMS[int(rng.integers(len(_EMBLEMS)))](draw, rng, box, ink)


def _points(box: Box, shape: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Map points of the unit square into a box."""
    x1, y1, x2, y2 = box
    return [(x1 + x * (x2 - x1), y1 + y * (y2 - y1)) for x, y in shape]


def _inner(box: Box, share: float) -> Box:
    """Shrink a box around its centre by a share of its sides."""
    x1, y1, x2, y2 = box
    x, y = (x2 - x1) * share / 2, (y2 - y1) * share / 2
    return x1 + x, y1 + y, x2 - x, y2 - y


def _square(box: Box) -> Box:
    """Give the largest square in the middle of a box."""
    x1, y1, x2, y2 = box
    side, x, y = min(x2 - x1, y2 - y1) / 2, (x1 + x2) / 2, (y1 + y2) / 2
    return x - side, y - side, x + side, y + side


def _shield(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    del ink
    outline = [(0.0, 0.0), (1.0, 0.0), (1.0, 0.55), (0.8, 0.82), (0.5, 1.0), (0.2, 0.82), (0.0, 0.55)]
    draw.polygon(_points(box, outline), fill=random_colour(rng, (0.3, 1.0), (0.3, 0.9)))
    light, other = random_colour(rng, (0.0, 0.3), (0.8, 1.0)), random_colour(rng, (0.5, 1.0), (0.3, 1.0))
    draw.polygon(_points(box, [(0.1, 0.6), (0.9, 0.6), (0.5, 0.95)]), fill=other)
    middle = [(0.42, 0.12), (0.58, 0.12), (0.58, 0.75), (0.42, 0.75)]
    draw.polygon(_points(box, middle), fill=light)
    draw.polygon(_points(box, [(0.2, 0.28), (0.8, 0.28), (0.8, 0.42), (0.2, 0.42)]), fill=light)


def _star(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    tips = int(rng.integers(4, 8))
    depth = rng.uniform(0.35, 0.6)
    angles = [math.pi * (i / tips - 0.5) for i in range(2 * tips)]
    radii = [0.5 if i % 2 == 0 else 0.5 * depth for i in range(2 * tips)]
    shape = [(0.5 + r * math.cos(a), 0.5 + r * math.sin(a)) for r, a in zip(radii, angles, strict=True)]
    draw.polygon(_points(_square(box), shape), fill=_pick_colour(rng, ink))


def _disc(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    draw.ellipse(_square(box), fill=_pick_colour(rng, ink))
    draw.ellipse(_inner(_square(box), rng.uniform(0.2, 0.6)), fill=random_colour(rng))
    draw.ellipse(_inner(_square(box), 0.75), fill=random_colour(rng))


def _ring(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    x1, y1, x2, y2 = _square(box)
    draw.ellipse(
        (x1, y1, x2, y2), outline=_pick_colour(rng, ink), width=max(1, round((x2 - x1) * rng.uniform(0.06, 0.2)))
    )


def _seals(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    """Draw two stacked round stickers, as on central European plates."""
    x1, y1, x2, y2 = box
    radius, x = min(x2 - x1, (y2 - y1) / 2) * rng.uniform(0.35, 0.5), (x1 + x2) / 2
    for y in (y1 + (y2 - y1) * 0.25, y1 + (y2 - y1) * 0.75):
        disc = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(disc, fill=random_colour(rng, (0.2, 1.0), (0.3, 0.9)))
        draw.ellipse(_inner(disc, rng.uniform(0.4, 0.8)), fill=random_colour(rng, (0.0, 1.0), (0.5, 1.0)))
    if rng.random() < 0.3:
        bar = (x1 + (x2 - x1) * 0.1, (y1 + y2) / 2 - radius * 0.2, x2 - (x2 - x1) * 0.1, (y1 + y2) / 2 + radius * 0.2)
        draw.rectangle(bar, fill=ink)


def _outline(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    """Draw a ragged blob, like the shape of a country."""
    count = int(rng.integers(7, 16))
    radii = rng.uniform(0.25, 0.5, count)
    angles = [2 * math.pi * i / count for i in range(count)]
    shape = [(0.5 + r * math.cos(a), 0.5 + r * math.sin(a)) for r, a in zip(radii, angles, strict=True)]
    if rng.random() < 0.4:
        draw.line(
            _points(box, [*shape, shape[0]]), fill=_pick_colour(rng, ink), width=max(1, round((box[2] - box[0]) / 20))
        )
    else:
        draw.polygon(_points(box, shape), fill=_pick_colour(rng, ink))


def _fruit(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    """Draw round things with leaves: oranges, peaches, flowers."""
    del ink
    colour = random_colour(rng, (0.5, 1.0), (0.5, 1.0))
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(0.0, 0.45, 2)
        side = rng.uniform(0.4, 0.55)
        corners = _points(box, [(x, y), (x + side, y + side)])
        draw.ellipse((*corners[0], *corners[1]), fill=colour)
    leaf = [tuple(rng.uniform(0.0, 1.0, 2)) for _ in range(3)]
    draw.polygon(_points(box, leaf), fill=random_colour(rng, (0.4, 1.0), (0.2, 0.7)))


def _sticker(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    x1, y1, x2, y2 = _inner(box, 0.2)
    draw.rectangle((x1, y1, x2, y2), fill=random_colour(rng, (0.0, 0.9), (0.4, 1.0)))
    for share in rng.uniform(0.15, 0.85, int(rng.integers(1, 5))):
        y = y1 + share * (y2 - y1)
        draw.line((x1 + 2, y, x2 - 2, y), fill=_pick_colour(rng, ink), width=max(1, round((y2 - y1) * 0.1)))


def _figure(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    """Draw a few strokes, like an animal, a cactus or a monogram."""
    width = max(1, round((box[3] - box[1]) * rng.uniform(0.05, 0.16)))
    colour = _pick_colour(rng, ink)
    points = [tuple(p) for p in rng.uniform(0.05, 0.95, (int(rng.integers(3, 7)), 2))]
    draw.line(_points(box, points), fill=colour, width=width, joint="curve")
    if rng.random() < 0.5:
        corners = _points(box, [(0.2, 0.4), (0.8, 0.95)])
        start, end = sorted(rng.uniform(0, 360, 2))
        draw.arc((*corners[0], *corners[1]), start, end, fill=colour, width=width)


def _wheelchair(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    """Draw roughly the International Symbol of Access (ISO 7001 PI PF 006)."""
    colour, width = _pick_colour(rng, ink), max(1, round((box[3] - box[1]) * rng.uniform(0.05, 0.1)))
    head = _points(box, [(0.25, 0.0), (0.45, 0.16)])
    draw.ellipse((*head[0], *head[1]), fill=colour)
    wheel = _points(box, [(0.08, 0.42), (0.72, 1.0)])
    draw.arc((*wheel[0], *wheel[1]), 10, 280, fill=colour, width=width)
    body = [(0.35, 0.18), (0.4, 0.6), (0.7, 0.6), (0.85, 0.92), (0.98, 0.86)]
    draw.line(_points(box, body), fill=colour, width=width, joint="curve")
    draw.line(_points(box, [(0.38, 0.38), (0.66, 0.38)]), fill=colour, width=width)


def _creature(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    """Draw a silhouette with limbs, like a deer or a lobster."""
    colour, high = _pick_colour(rng, ink), box[3] - box[1]
    middle = rng.uniform(0.35, 0.65, 2)
    for _ in range(int(rng.integers(1, 4))):
        (x, y), (wide, tall) = middle + rng.uniform(-0.15, 0.15, 2), rng.uniform(0.12, 0.3, 2)
        corners = _points(box, [(x - wide, y - tall), (x + wide, y + tall)])
        draw.ellipse((*corners[0], *corners[1]), fill=colour)
    for _ in range(int(rng.integers(3, 8))):
        knee, foot = middle + rng.uniform(-0.35, 0.35, 2), rng.uniform(0.0, 1.0, 2)
        width = max(1, round(high * rng.uniform(0.03, 0.14)))
        draw.line(_points(box, [tuple(middle), tuple(knee), tuple(foot)]), fill=colour, width=width, joint="curve")


def _tree(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    """Draw something upright, like a fir, a lighthouse or a person."""
    colour, floors = _pick_colour(rng, ink), int(rng.integers(1, 6))
    edges = np.linspace(0, 1, floors + 1)
    spread, narrow = rng.uniform(0.15, 0.5), rng.uniform(0.0, 1.0)
    for top, bottom in itertools.pairwise(edges):
        wide = spread * (0.4 + 0.6 * bottom)
        shape = [(0.5 - wide * narrow, top), (0.5 + wide * narrow, top), (0.5 + wide, bottom), (0.5 - wide, bottom)]
        draw.polygon(_points(box, shape), fill=colour)
        if rng.random() < 0.2:
            colour = random_colour(rng)


def _painting(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    """Draw patches of related colours, like a small photograph seen from afar."""
    del ink
    hues = tuple(rng.random(2))
    for _ in range(int(rng.integers(6, 20))):
        middle, size = rng.uniform(0.1, 0.9, 2), rng.uniform(0.05, 0.3)
        shape = [tuple(np.clip(middle + rng.uniform(-size, size, 2), 0, 1)) for _ in range(int(rng.integers(3, 7)))]
        draw.polygon(_points(box, shape), fill=random_colour(rng, (0.1, 0.9), (0.1, 1.0), hues))


def _pick_colour(rng: np.random.Generator, ink: Colour) -> Colour:
    """Pick the number's ink or a random colour."""
    return ink if rng.random() < 0.5 else random_colour(rng, (0.3, 1.0), (0.2, 0.9))


_EMBLEMS: tuple[Callable[[ImageDraw.ImageDraw, np.random.Generator, Box, Colour], None], ...] = (
    _shield, _star, _disc, _ring, _seals, _seals, _shield, _outline, _outline, _fruit, _sticker, _figure,
    _wheelchair, _creature, _creature, _tree, _tree, _painting, _painting,
)  # fmt: skip
