"""Facades of houses with windows and garages, and far cars."""

import numpy as np
from PIL import Image, ImageDraw

from platefuse.synthesis.licence.emblems import random_colour
from platefuse.synthesis.sampling import bernoulli
from platefuse.synthesis.scene import textures
from platefuse.synthesis.scene.textures import Size, fractal_noise, masonry, shade

_FINE = 3  # far cars are drawn larger and reduced


def facade(rng: np.random.Generator, size: Size) -> Image.Image:
    """Draw a wall in front view, RGB, often with windows or garages.

    `size` is width and height, in pixels.
    """
    front = textures.wall(rng, size)
    kind = rng.random()
    if kind < 0.5:
        _add_windows(rng, front)
    elif kind < 0.7:
        _add_garages(rng, front)
    width, height = size
    draw = ImageDraw.Draw(front)
    for _ in range(int(rng.integers(0, 4))):  # cornices, pipes, plinths
        paint = random_colour(rng, (0, 0.15), (0.2, 0.95))
        if bernoulli(rng, 0.6):
            y = rng.uniform(0, height)
            draw.rectangle((0, y, width, y + rng.uniform(0.01, 0.08) * height), fill=paint)
        else:
            x = rng.uniform(0, width)
            draw.rectangle((x, 0, x + rng.uniform(0.005, 0.03) * width, height), fill=paint)
    return front


def _add_windows(rng: np.random.Generator, front: Image.Image) -> None:
    (width, height), draw = front.size, ImageDraw.Draw(front)
    columns, rows = int(rng.integers(1, 9)), int(rng.integers(1, 5))
    across, down = width / columns, height / rows
    x_share, y_share = rng.uniform(0.3, 0.8), rng.uniform(0.4, 0.8)
    frame, panes = random_colour(rng, (0, 0.15), (0.2, 1.0)), int(rng.integers(1, 4))
    edge = max(1, round(across * x_share * rng.uniform(0.03, 0.12)))
    for row in range(rows):
        for column in range(columns):
            x1, y1 = (column + (1 - x_share) / 2) * across, (row + (1 - y_share) / 2) * down
            x2, y2 = x1 + across * x_share, y1 + down * y_share
            draw.rectangle((x1 - edge, y1 - edge, x2 + edge, y2 + edge), fill=frame)
            glass = random_colour(rng, (0, 0.4), (0.03, 0.5) if bernoulli(rng, 0.8) else (0.5, 1.0), (0.55, 0.1))
            draw.rectangle((x1, y1, x2, y2), fill=glass)
            split = y1 + (y2 - y1) * rng.uniform(0.2, 0.8)  # a reflection or a curtain
            draw.rectangle((x1, split, x2, max(split, y2)), fill=shade(glass, rng.uniform(0.6, 1.6)))
            for pane in range(1, panes):
                x = x1 + (x2 - x1) * pane / panes
                draw.line((x, y1, x, y2), fill=frame, width=edge)
            draw.line((x1, (y1 + y2) / 2, x2, (y1 + y2) / 2), fill=frame, width=edge)


def _add_garages(rng: np.random.Generator, front: Image.Image) -> None:
    (width, height), count = front.size, int(rng.integers(1, 4))
    wide, high = width / count, rng.uniform(0.5, 0.9) * height
    paint = random_colour(rng, (0, 0.15) if bernoulli(rng, 0.7) else (0.3, 0.7), (0.25, 1.0))
    cell = (wide * rng.choice([0.25, 3.0]), high * rng.uniform(0.04, 0.25))
    size = (max(4, round(wide * rng.uniform(0.6, 0.95))), max(4, round(high)))
    door = masonry(rng, size, cell, 0, (shade(paint, 0.5), paint, shade(paint, 1.2)))
    for index in range(count):
        front.paste(door, (round(index * wide + (wide - size[0]) / 2), height - size[1]))


def draw_far_car(rng: np.random.Generator, picture: Image.Image, x: float, y: float, wide: float) -> None:
    """Draw a small car without a plate into a picture, RGB.

    Its box begins at column x, stands on row y, and is `wide` pixels wide.
    """
    high = wide * rng.uniform(0.4, 0.9)
    size = (max(6, round(wide)), max(5, round(high)))
    width, height = size[0] * _FINE, size[1] * _FINE
    paint = random_colour(rng, (0, 0.1), (0.05, 0.95))
    if bernoulli(rng, 0.25):
        paint = random_colour(rng, (0.5, 1.0), (0.2, 0.8), (0.0, 0.0, 0.6, 0.62, 0.35, 0.12))
    car, shape = Image.new("RGB", (width, height), paint), Image.new("L", (width, height), 0)
    draw, mask = ImageDraw.Draw(car), ImageDraw.Draw(shape)
    roof, waist, inset = rng.uniform(0.0, 0.1), rng.uniform(0.4, 0.55), rng.uniform(0.05, 0.25)
    cabin = [(inset, roof), (1 - inset, roof), (1 - inset / 3, waist), (inset / 3, waist)]
    mask.polygon([(a * width, b * height) for a, b in cabin], fill=255)
    mask.rounded_rectangle((0, waist * height * 0.95, width - 1, height * 0.86), 0.1 * height, fill=255)
    for a in (0.06, 0.78):
        mask.rectangle((a * width, 0.8 * height, (a + 0.16) * width, height), fill=255)
    draw.rectangle((0, 0.86 * height, width, height), fill=(18, 18, 20))
    draw.rectangle((0, 0.74 * height, width, 0.86 * height), fill=shade(paint, rng.uniform(0.3, 0.9)))
    glass = [
        (inset + 0.05, roof + 0.05),
        (0.95 - inset, roof + 0.05),
        (0.95 - inset / 3, waist),
        (0.05 + inset / 3, waist),
    ]
    draw.polygon([(a * width, b * height) for a, b in glass], fill=random_colour(rng, (0, 0.2), (0.03, 0.4)))
    lamp = random_colour(rng, (0.7, 1.0), (0.4, 0.9), (0.0,)) if bernoulli(rng, 0.6) else (235, 235, 225)
    for a in (0.03, 0.8):
        draw.rectangle((a * width, (waist + 0.06) * height, (a + 0.17) * width, (waist + 0.2) * height), fill=lamp)
    shadow = (round(x + 0.02 * wide), round(y - 0.06 * high), round(x + 0.98 * wide), round(y + 0.05 * high))
    ImageDraw.Draw(picture).ellipse(shadow, fill=(25, 25, 28))
    light = (
        fractal_noise(rng, size, 3, 0.7) * np.float32(0.12)
        + np.linspace(1.25, 0.75, size[1], dtype=np.float32)[:, None]
    )
    pixels = np.asarray(car.resize(size, Image.Resampling.BOX)) * light[..., None]
    shaded = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    picture.paste(shaded, (round(x), round(y - high)), shape.resize(size, Image.Resampling.BOX))
