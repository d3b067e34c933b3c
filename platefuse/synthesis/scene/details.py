"""Details of a car's face: bumper, grille, lamps, recess."""

from collections.abc import Sequence

import numpy as np

from platefuse.synthesis.licence.canvas import PrintFont
from platefuse.synthesis.licence.emblems import random_colour
from platefuse.synthesis.sampling import bernoulli, log_uniform
from platefuse.synthesis.scene.badges import draw_badges
from platefuse.synthesis.scene.cars import Car, sheen
from platefuse.synthesis.scene.painter import Painter, ellipse, rectangle
from platefuse.synthesis.scene.params import CarParams
from platefuse.synthesis.scene.spot import Spot
from platefuse.synthesis.scene.textures import shade

PANEL = 4.0
"""Largest width and height of a panel, as a multiple of its plate's."""


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
        draw_badges(painter, rng, car, spot, fonts)
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
    colour = np.array(car.paint) * rng.uniform(0.5, 1.1) if same else random_colour(rng, (0, 0.2), (0.04, 1.0))
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


def _draw_fittings(painter: Painter, rng: np.random.Generator, car: Car) -> None:
    """Draw parking sensors, the third brake light and an exhaust."""
    if bernoulli(rng, 0.3):
        for x in (-0.7, -0.28, 0.28, 0.7):
            painter.fill(car.on(ellipse(x * car.half, car.bumper - 8, 2, 2), 3), (20, 20, 22))
    if car.front:
        return
    if bernoulli(rng, 0.5):
        _draw_brake_light(painter, rng, car)
    if bernoulli(rng, 0.4):
        x, y = car.half * rng.uniform(-0.7, 0.7), car.profile[0, 0] - 1
        painter.fill(car.on(ellipse(x, y, 5, 4), -2), (90, 90, 92))
        painter.fill(car.on(ellipse(x, y, 3.6, 2.8), -2), (8, 8, 8))


def _draw_brake_light(painter: Painter, rng: np.random.Generator, car: Car) -> None:
    """Draw the third brake light: a red bar of cells.

    It is as wide as a plate.
    """
    wide, high = rng.uniform(8, 28), rng.uniform(2, 7)
    low, top = car.profile[-2, 0], car.profile[-1, 0]  # of the window
    y = (low + 1, top - high - 1, low - high - 2)[int(rng.integers(3))]
    box = rectangle(-wide, y, wide, y + high, rng.uniform(0, high / 2))
    colour = random_colour(rng, (0.75, 1.0), (0.35, 1.0), (0.0, 0.97))
    painter.shade(car.on(box, 0.8), sheen(rng, colour, 3, 7, 0.6))
    cell = shade(colour, rng.uniform(0.5, 1.8))
    for x in np.linspace(-wide, wide, int(rng.integers(4, 14)))[1:-1]:
        painter.stroke(car.on([(x, y + 0.2 * high), (x, y + 0.8 * high)], 1), cell, rng.uniform(0.5, 2))
