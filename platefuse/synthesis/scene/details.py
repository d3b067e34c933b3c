"""Details of a car's face: bumper, grille, lamps, badges, lettering."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from platefuse.synthesis.licence.background import random_words
from platefuse.synthesis.licence.canvas import PrintFont
from platefuse.synthesis.licence.emblems import draw_emblem, random_colour
from platefuse.synthesis.sampling import bernoulli, log_uniform
from platefuse.synthesis.scene.cars import Car, sheen
from platefuse.synthesis.scene.painter import Painter, ellipse, rectangle
from platefuse.synthesis.scene.params import CarParams
from platefuse.synthesis.scene.textures import shade

PANEL = 4.0
"""Largest width and height of a panel, as a multiple of its plate's."""


@dataclass(frozen=True, eq=False)
class Spot:
    """Place of a plate on a car's face, in centimetres.

    Attributes:
        x, y: the plate's middle.
        width, height: the plate's size.
        lean: distance of the upper edge behind the lower edge.
    """

    x: float
    y: float
    width: float
    height: float
    lean: float


def random_spot(rng: np.random.Generator, car: Car, width: float, height: float) -> Spot:
    """Choose a place for a plate of this size, in centimetres."""
    clearance = car.profile[0, 0] + 4 + height / 2
    if car.front or bernoulli(rng, 0.45):
        y = rng.uniform(clearance, max(clearance + 1, car.bumper + 4))
    else:
        top = car.belt - 5 - height / 2
        y = rng.uniform(min(car.bumper + 3 + height / 2, top), top)
    aside = 0.0 if bernoulli(rng, 0.8) else rng.uniform(-0.6, 0.6) * (car.half - width / 2)
    return Spot(aside + rng.normal(0, 1), y, width, height, rng.uniform(-0.05, 0.16) * height)


def draw_details(
    painter: Painter, rng: np.random.Generator, car: Car, spot: Spot, fonts: Sequence[PrintFont], params: CarParams
) -> list[np.ndarray]:
    """Draw all details of the face.

    Returns:
        The middle of each lamp, float [3], in the car's coordinates.
    """
    _draw_bumper(painter, rng, car)
    if car.front:
        _draw_grille(painter, rng, car, params)
    else:
        _draw_seams(painter, rng, car)
    lamps = _draw_lamps(painter, rng, car)
    if bernoulli(rng, params.recess):
        _draw_recess(painter, rng, car, spot)
    if bernoulli(rng, params.lettering):
        _draw_badges(painter, rng, car, spot, fonts)
    _draw_fittings(painter, rng, car)
    return lamps


def _draw_bumper(painter: Painter, rng: np.random.Generator, car: Car) -> None:
    """Draw the bumper: of plastic, in the car's colour or of chrome."""
    low, high = car.profile[0, 0], car.bumper + rng.uniform(-6, 8)
    style = rng.random()
    if style < 0.35:
        colour, gloss = random_colour(rng, (0, 0.1), (0.08, 0.3)), 0.15
    elif style < 0.45:
        colour, gloss = random_colour(rng, (0, 0.06), (0.5, 0.8)), 1.5
    else:
        colour, gloss = car.paint, 0.5
        low = rng.uniform(low, high)
    inset = rng.uniform(0.97, 1.02)
    painter.shade(car.on(car.band(low, high, inset), rng.uniform(0.5, 6)), sheen(rng, colour, 5, 5, gloss))
    half = car.half_at(high) * inset
    edge = np.stack([np.linspace(-half, half, 9), np.full(9, high)], axis=1)
    dark = shade(car.paint, rng.uniform(0.3, 0.7))
    painter.stroke(car.on(edge, 1), dark, rng.uniform(0.5, 2))
    if bernoulli(rng, 0.4):  # a rubbing strip
        y = rng.uniform(low, high)
        strip = [(-half, y), (half, y), (half, y + rng.uniform(3, 9)), (-half, y + 5)]
        painter.shade(car.on(strip, 2), sheen(rng, random_colour(rng, (0, 0.2), (0.04, 0.6)), 3, 5, 0.2))
    if bernoulli(rng, 0.5):  # dark air intake, diffuser or shadow
        wide = half * rng.uniform(0.3, 0.9)
        y = car.profile[0, 0] + rng.uniform(0, 12)
        painter.shade(
            car.on(rectangle(-wide, y, wide, y + rng.uniform(4, 14), 4), 2), sheen(rng, (22, 22, 24), 3, 3, 0.1)
        )


def _draw_grille(painter: Painter, rng: np.random.Generator, car: Car, params: CarParams) -> None:
    y1 = car.bumper + rng.uniform(-4, 6)
    y2 = max(y1 + 5, car.belt - rng.uniform(2, 8))
    wide = car.half * rng.uniform(0.3, 0.62)
    outline = rectangle(-wide, y1, wide, y2, rng.uniform(0, 10)) * [1, 1]
    frame = random_colour(rng, (0, 0.1), (0.5, 0.95)) if bernoulli(rng, 0.5) else (20, 20, 20)
    painter.shade(car.on(rectangle(-wide - 2, y1 - 2, wide + 2, y2 + 2, 8), 0.5), sheen(rng, frame, 4, 4, 1.0))
    painter.shade(car.on(outline, 0.8), sheen(rng, random_colour(rng, (0, 0.1), (0.03, 0.16)), 4, 4, 0.1))
    if bernoulli(rng, params.grille):
        slat = random_colour(rng, (0, 0.1), (0.1, 0.9))
        if bernoulli(rng, 0.7):
            for y in np.arange(y1, y2, rng.uniform(2.5, 8)):
                painter.stroke(car.on([(-wide, y), (0, y), (wide, y)], 1), slat, rng.uniform(0.8, 2))
        else:
            for x in np.arange(-wide, wide, rng.uniform(3, 8)):
                painter.stroke(car.on([(x, y1), (x, y2)], 1), slat, rng.uniform(0.8, 2))
    lower = rectangle(-wide * 1.1, car.profile[0, 0] + 3, wide * 1.1, car.bumper - 14, 5)
    if bernoulli(rng, 0.6):
        painter.shade(car.on(lower, 2), sheen(rng, (18, 18, 20), 3, 3, 0.1))
        for y in np.arange(car.profile[0, 0] + 4, car.bumper - 14, 4.5):
            painter.stroke(car.on([(-wide, y), (wide, y)], 2.2), (50, 50, 52), 1)


def _draw_seams(painter: Painter, rng: np.random.Generator, car: Car) -> None:
    """Draw the seams of a boot's lid or of doors, and creases."""
    dark = shade(car.paint, 0.35)
    light = shade(car.paint, 1.3)
    half = car.half * rng.uniform(0.6, 0.85)
    low = car.bumper + rng.uniform(-2, 4)
    painter.stroke(car.on([(-half, car.belt), (-half, low), (half, low), (half, car.belt)], 0.5), dark, 0.9)
    if car.large and bernoulli(rng, 0.7):
        painter.stroke(car.on([(0, car.profile[0, 0]), (0, car.profile[-1, 0] - 5)], 0.5), dark, 1.2)
    for _ in range(int(rng.integers(0, 3))):
        y = rng.uniform(low, car.belt)
        wide = car.half * rng.uniform(0.3, 0.95)
        painter.stroke(car.on([(-wide, y), (0, y + rng.uniform(-2, 2)), (wide, y)], 0.5), dark, rng.uniform(0.4, 1.2))
        painter.stroke(car.on([(-wide, y - 1), (wide, y - 1)], 0.5), light, rng.uniform(0.3, 1))


def _draw_lamps(painter: Painter, rng: np.random.Generator, car: Car) -> list[np.ndarray]:
    """Draw the lamps on both sides; give their middles, float [3] each."""
    high = rng.uniform(10, 22) if car.front or bernoulli(rng, 0.6) else rng.uniform(25, 45)
    wide = rng.uniform(22, 46) if high < 25 else rng.uniform(12, 22)
    y = car.bumper + rng.uniform(3, 10)
    y = max(car.profile[0, 0] + 5, min(y, car.belt + 6 - high))
    round_by, slant, out = rng.uniform(1, 10), rng.uniform(-0.2, 0.4) * high, car.half * rng.uniform(0.9, 0.99)
    if car.front:
        colour = random_colour(rng, (0, 0.12), (0.5, 0.9))
    else:
        colour = random_colour(rng, (0.75, 1.0), (0.35, 0.8), (0.0, 0.99))
    columns, lit = int(rng.integers(1, 4)), rng.uniform(0.5, 0.95)
    other = (225, 130, 40) if bernoulli(rng, 0.5) else (215, 205, 205)
    texture = sheen(rng, colour, 4, 4, 0.9)
    middles, dark = [], bernoulli(rng, 0.5)
    for side in (-1, 1):
        shape = rectangle(0, 0, wide, high, round_by)
        shape[:, 1] += slant * shape[:, 0] / wide
        placed = np.stack([side * (out - wide + shape[:, 0]), y + shape[:, 1]], axis=1)
        grown = (placed - placed.mean(axis=0)) * 1.08 + placed.mean(axis=0)
        if dark:
            painter.fill(car.on(grown, 0.3), (25, 22, 22))
        painter.shade(car.on(placed, 0.6), texture)
        middle = placed.mean(axis=0)
        if columns > 1 and not car.front:  # an indicator or reversing lamp
            part = rectangle(middle[0] - wide * 0.2, middle[1] - high * 0.3, middle[0] + wide * 0.2, middle[1] + 2, 2)
            painter.shade(car.on(part, 0.8), sheen(rng, other, 3, 3, 0.6))
        if car.front or columns == 3:
            radius = min(wide, high) * 0.38
            x, y_middle = middle.tolist()
            painter.fill(car.on(ellipse(x, y_middle, radius, radius), 1), (70, 70, 75))
            bright = round(255 * lit)
            painter.fill(car.on(ellipse(x, y_middle, radius * 0.7, radius * 0.7), 1.1), (bright, bright, bright))
        middles.append(car.on([middle], 2)[0])
        if bernoulli(rng, 0.4):  # fog lamp or reflector
            x, low = side * car.half * 0.75, car.profile[0, 0] + 10
            painter.shade(car.on(rectangle(x - 8, low, x + 8, low + 6, 3), 2.5), sheen(rng, colour, 3, 3, 0.8))
    return middles


def _draw_recess(painter: Painter, rng: np.random.Generator, car: Car, spot: Spot) -> None:
    """Draw a recess or a panel around the plate, and its lamp."""
    wide = spot.width / 2 * log_uniform(rng, (1.05, 2.2))
    above, below = spot.height * log_uniform(rng, (0.55, 1.4)), spot.height * log_uniform(rng, (0.55, 1.1))
    outline = rectangle(spot.x - wide, spot.y - below, spot.x + wide, spot.y + above, rng.uniform(0, 6))
    same = bernoulli(rng, 0.6)
    colour = np.array(car.paint) * rng.uniform(0.45, 0.95) if same else random_colour(rng, (0, 0.2), (0.04, 1.0))
    painter.shade(car.on(outline, 0.4), sheen(rng, colour, 5, 4, 0.3))
    edge = shade(car.paint, 0.4)
    closed = np.concatenate([outline, outline[:1]])
    painter.stroke(car.on(closed, 0.5), edge, rng.uniform(0.4, 1.5))
    if bernoulli(rng, 0.5):  # a handle or bar above
        bar = random_colour(rng, (0, 0.1), (0.5, 0.95)) if bernoulli(rng, 0.5) else car.paint
        y = spot.y + above
        shape = rectangle(spot.x - wide * 0.9, y, spot.x + wide * 0.9, y + rng.uniform(3, 6), 2)
        painter.shade(car.on(shape, 2), sheen(rng, bar, 4, 5, 1.0))


def draw_panel(painter: Painter, rng: np.random.Generator, car: Car, spot: Spot) -> None:
    """Draw a panel behind a plate that is not on a car.

    Some plates get no panel.
    """
    if bernoulli(rng, 0.6):
        wide, high = np.array([spot.width, spot.height]) / 2 * rng.uniform(1.1, PANEL, 2)
        shape = rectangle(spot.x - wide, spot.y - high, spot.x + wide, spot.y + high, rng.uniform(0, 8))
        flat = [(x, y, car.on([(spot.x, spot.y)])[0, 2]) for x, y in shape]
        painter.shade(flat, painter.mirrored(rng, sheen(rng, random_colour(rng, (0, 0.5)), 5, 5), rng.uniform(0, 0.5)))


def _draw_badges(painter: Painter, rng: np.random.Generator, car: Car, spot: Spot, fonts: Sequence[PrintFont]) -> None:
    """Draw the maker's emblem and lettering."""
    chrome = random_colour(rng, (0, 0.1), (0.6, 0.95))
    side = rng.uniform(6, 13)
    layer = Image.new("RGBA", (64, 64), (*chrome, 0))
    draw = ImageDraw.Draw(layer)
    if bernoulli(rng, 0.6):
        draw.ellipse((1, 1, 62, 62), fill=random_colour(rng, (0, 1), (0.1, 0.9)), outline=chrome, width=5)
    draw_emblem(draw, rng, (10, 10, 54, 54), chrome)
    y = min(car.belt - side, spot.y + spot.height / 2 + rng.uniform(3, 14) + side)
    if y - side > spot.y + spot.height / 2 or abs(spot.x) > spot.width:
        _paste(painter, car, layer, 0.0, y, side * 2, side * 2 * rng.uniform(0.7, 1))
    for _ in range(int(rng.integers(0, 4))):
        if fonts:
            _draw_word(painter, rng, car, spot, fonts)
    if bernoulli(rng, 0.35):
        _draw_sticker(painter, rng, car, spot, fonts)


def _draw_word(painter: Painter, rng: np.random.Generator, car: Car, spot: Spot, fonts: Sequence[PrintFont]) -> None:
    """Draw the name of a model or a firm beside the plate."""
    words = (
        random_words(rng).split()[0] if bernoulli(rng, 0.7) else f"{rng.choice(list('ACEGSX'))}{rng.integers(1, 600)}"
    )
    high = rng.uniform(3, 7) if not car.large or bernoulli(rng, 0.4) else rng.uniform(8, 34)
    font = fonts[int(rng.integers(len(fonts)))].face(32)
    length = max(8, round(font.getlength(words)))
    layer = Image.new("RGBA", (length + 8, 44), (128, 128, 128, 0))
    ink = random_colour(rng, (0, 0.1), (0.55, 1.0)) if bernoulli(rng, 0.6) else random_colour(rng)
    ImageDraw.Draw(layer).text((4, 22), words, fill=ink, font=font, anchor="lm")
    _paste_beside(painter, rng, car, spot, layer, high)


def _draw_sticker(painter: Painter, rng: np.random.Generator, car: Car, spot: Spot, fonts: Sequence[PrintFont]) -> None:
    """Draw a sticker beside the plate.

    It is an oval with letters of a country, a disc or a square.
    """
    layer = Image.new("RGBA", (96, 68), (128, 128, 128, 0))
    draw, light = ImageDraw.Draw(layer), random_colour(rng, (0, 0.1), (0.8, 1))
    if bernoulli(rng, 0.5) and fonts:
        draw.ellipse((1, 1, 94, 66), fill=light, outline=(20, 20, 20), width=int(rng.integers(0, 4)))
        letters = "".join(rng.choice(list("ABCDEFGHIKLMNOPRSTUVZ"), int(rng.integers(1, 4))))
        font = fonts[int(rng.integers(len(fonts)))].face(36)
        draw.text(
            (48, 34), letters.lower() if bernoulli(rng, 0.1) else letters, fill=(15, 15, 20), font=font, anchor="mm"
        )
    elif bernoulli(rng, 0.5):
        draw.ellipse((14, 0, 81, 67), fill=random_colour(rng, (0, 1), (0.3, 1)))
    else:
        draw.rectangle((4, 4, 91, 63), fill=random_colour(rng, (0, 1), (0.3, 1)))
        draw_emblem(draw, rng, (24, 12, 72, 56), light)
    _paste_beside(painter, rng, car, spot, layer, rng.uniform(6, 12))


def _paste_beside(
    painter: Painter, rng: np.random.Generator, car: Car, spot: Spot, layer: Image.Image, high: float
) -> None:
    """Paste a layer onto the face beside the plate.

    The layer becomes `high` centimetres high. It is left out if it finds no place.
    """
    wide = high * layer.width / layer.height
    highest = car.profile[-1, 0] if car.large else car.belt
    for _ in range(4):
        x = rng.uniform(-1, 1) * max(0.0, car.half * 0.85 - wide / 2)
        y = rng.uniform(car.bumper, max(car.bumper + 1, highest - high))
        if abs(x - spot.x) > (wide + spot.width) / 2 + 3 or abs(y - spot.y) > (high + spot.height) / 2 + 3:
            _paste(painter, car, layer, x, y, wide, high)
            return


def _paste(painter: Painter, car: Car, layer: Image.Image, x: float, y: float, width: float, height: float) -> None:
    """Paste a layer onto the face with its middle at x,y."""
    shape = rectangle(x - width / 2, y + height / 2, x + width / 2, y - height / 2)
    painter.paste(layer, car.on(shape, 0.8))


def _draw_fittings(painter: Painter, rng: np.random.Generator, car: Car) -> None:
    """Draw parking sensors and an exhaust."""
    if bernoulli(rng, 0.3):
        for x in (-0.7, -0.28, 0.28, 0.7):
            painter.fill(car.on(ellipse(x * car.half, car.bumper - 8, 2, 2), 3), (20, 20, 22))
    if car.front:
        return
    if bernoulli(rng, 0.4):
        x, y = car.half * rng.uniform(-0.7, 0.7), car.profile[0, 0] - 1
        painter.fill(car.on(ellipse(x, y, 5, 4), -2), (90, 90, 92))
        painter.fill(car.on(ellipse(x, y, 3.6, 2.8), -2), (8, 8, 8))
