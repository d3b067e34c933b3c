"""Badges, lettering and stickers on a car's face."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from platefuse.synthesis.licence.background import random_words
from platefuse.synthesis.licence.canvas import PrintFont
from platefuse.synthesis.licence.emblems import draw_emblem, random_colour
from platefuse.synthesis.sampling import bernoulli
from platefuse.synthesis.scene.cars import Car
from platefuse.synthesis.scene.painter import Painter, rectangle
from platefuse.synthesis.scene.signs import write
from platefuse.synthesis.scene.spot import Spot


def draw_badges(painter: Painter, rng: np.random.Generator, car: Car, spot: Spot, fonts: Sequence[PrintFont]) -> None:
    """Draw the maker's emblem and lettering."""
    chrome = random_colour(rng, (0, 0.1), (0.6, 0.95))
    side = rng.uniform(6, 13)
    layer = Image.new("RGBA", (64, 64), (*chrome, 0))
    draw = ImageDraw.Draw(layer)
    if bernoulli(rng, 0.6):
        draw.ellipse((1, 1, 62, 62), fill=random_colour(rng, (0, 1), (0.1, 0.9)), outline=chrome, width=5)
    if fonts and bernoulli(rng, 0.25):  # an oval with the maker's name
        name = random_words(rng).split()[0].title()
        write(rng, layer, name, (6, 16, 58, 48), chrome, fonts)
    else:
        draw_emblem(draw, rng, (10, 10, 54, 54), chrome)
    y = min(car.belt - side, spot.y + spot.height / 2 + rng.uniform(3, 14) + side)
    if y - side > spot.y + spot.height / 2 or abs(spot.x) > spot.width:
        _paste(painter, car, layer, 0.0, y, side * 2, side * 2 * rng.uniform(0.4, 1))
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
