"""Clutter without words: windows, grilles, fences, wheels and other regular shapes.

Each function draws one thing, RGBA, of a size (width, height) in pixels. None needs fonts; they are parameters of all
kinds of clutter.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from platefuse.synthesis.licence.canvas import PrintFont
from platefuse.synthesis.licence.emblems import draw_emblem, random_colour
from platefuse.synthesis.sampling import bernoulli
from platefuse.synthesis.scene.textures import Size, colour_ramp, fractal_noise, masonry, shade


def window(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a window with reflections, often behind bars."""
    del fonts
    width, height = size
    glass, frame = random_colour(rng, (0, 0.5), (0.03, 0.9)), random_colour(rng, (0, 0.5), (0.1, 1.0))
    ramp = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(rng.uniform(-1.5, 1.5))
    noise = ramp + fractal_noise(rng, size, 3, 0.6) * np.float32(0.6)
    patch = colour_ramp(noise, (shade(glass, 0.5), glass, shade(glass, 1.5))).convert("RGBA")
    draw = ImageDraw.Draw(patch)
    line = max(1, round(height * rng.uniform(0.02, 0.1)))
    draw.rectangle((0, 0, width - 1, height - 1), outline=frame, width=line)
    upright, lying = int(rng.integers(0, 12)), int(rng.integers(0, 5))
    bar = max(1, round(line * rng.uniform(0.3, 1)))
    for index in range(1, upright):
        draw.line((index * width / upright, 0, index * width / upright, height), fill=frame, width=bar)
    for index in range(1, lying):
        draw.line((0, index * height / lying, width, index * height / lying), fill=frame, width=bar)
    return patch


def slats(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw slots of ventilation, a grille, a radiator or stairs."""
    del fonts
    width, height = size
    colour, dark = random_colour(rng, (0, 0.4), (0.2, 1.0)), random_colour(rng, (0, 0.3), (0, 0.3))
    patch = Image.new("RGBA", size, (*colour, 255))
    draw, edge = ImageDraw.Draw(patch), height * rng.uniform(0, 0.15)
    count, open_share = int(rng.integers(3, 16)), rng.uniform(0.25, 0.75)
    rounded = height * rng.uniform(0, 0.1)
    upright = bernoulli(rng, 0.5)
    length = width if upright else height
    pitch = (length - 2 * edge) / count
    for index in range(count):
        begin = edge + index * pitch
        end = begin + max(1.0, pitch * open_share)
        box = (begin, edge, end, height - edge) if upright else (edge, begin, width - edge, end)
        draw.rounded_rectangle(box, min(rounded, (end - begin) / 2), fill=(*dark, 255))
        light = (box[0], box[3], box[2], box[3] + 1)
        draw.rectangle(light, fill=(*shade(colour, 1.3), 255))
    if bernoulli(rng, 0.4):
        draw.rectangle((0, 0, width - 1, height - 1), outline=(*shade(colour, rng.uniform(0.4, 1.5)), 255), width=2)
    return patch


def fence(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a fence, a balustrade or a mesh with transparent gaps."""
    del fonts
    width, height = size
    colour = random_colour(rng, (0, 0.4), (0, 0.4) if bernoulli(rng, 0.6) else (0.6, 1))
    patch = Image.new("RGBA", size, (*colour, 0))
    draw = ImageDraw.Draw(patch)
    ink, count = (*colour, 255), int(rng.integers(4, 24))
    pitch = width / count
    line = max(1, round(pitch * rng.uniform(0.1, 0.6)))
    if bernoulli(rng, 0.2):  # a mesh
        for x in np.arange(-height, width + height, pitch):
            draw.line((x, 0, x + height, height), fill=ink, width=max(1, line // 3))
            draw.line((x, height, x + height, 0), fill=ink, width=max(1, line // 3))
        return patch
    bulge = rng.uniform(0.1, 0.45) * pitch if bernoulli(rng, 0.3) else 0
    for x in (np.arange(count) + 0.5) * pitch:
        draw.line((x, 0.05 * height, x, height), fill=ink, width=line)
        if bulge:
            draw.ellipse((x - bulge, 0.3 * height, x + bulge, 0.8 * height), fill=ink)
    rail = max(1, round(height * rng.uniform(0.02, 0.12)))
    for y in (rng.uniform(0.02, 0.2), rng.uniform(0.8, 0.97)):
        draw.line((0, y * height, width, y * height), fill=ink, width=rail)
    return patch


def stripes(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a bar code, a crosswalk or a barrier's stripes."""
    del fonts
    width, height = size
    kind, light = rng.random(), random_colour(rng, (0, 0.15), (0.75, 1))
    patch = Image.new("RGBA", size, (*light, 255))
    draw = ImageDraw.Draw(patch)
    if kind < 0.4:  # a bar code
        dark, x = (15, 15, 15, 255), 0.06 * width
        while x < 0.94 * width:
            bar = width * rng.uniform(0.008, 0.03)
            draw.rectangle((x, 0.1 * height, x + max(0, bar - 1), 0.8 * height), fill=dark)
            x += bar + width * rng.uniform(0.008, 0.03)
        return patch
    colour = random_colour(rng, (0.5, 1), (0.4, 0.9)) if kind < 0.7 else random_colour(rng, (0, 0.1), (0.1, 0.4))
    pitch, slope = width / int(rng.integers(3, 12)), (rng.uniform(-1.5, 1.5) * height if kind < 0.7 else 0.0)
    for x in np.arange(-2, width / pitch + 2) * pitch:
        points = [(x, 0), (x + pitch / 2, 0), (x + pitch / 2 + slope, height), (x + slope, height)]
        draw.polygon(points, fill=(*colour, 255))
    return patch


def wheel(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a wheel with spokes."""
    del fonts
    width, height = size
    patch = Image.new("RGBA", size, (20, 20, 20, 0))
    draw = ImageDraw.Draw(patch)

    def ellipse(share: float, fill: tuple[int, int, int]) -> None:
        x, y = width * share / 2, height * share / 2
        right, bottom = max(width / 2 - x, width / 2 + x - 1), max(height / 2 - y, height / 2 + y - 1)
        draw.ellipse((width / 2 - x, height / 2 - y, right, bottom), fill=(*fill, 255))

    rim, rubber = random_colour(rng, (0, 0.1), (0.3, 0.9)), random_colour(rng, (0, 0.1), (0.03, 0.18))
    ellipse(1, rubber)
    inner = rng.uniform(0.6, 0.8)
    ellipse(inner, rim)
    ellipse(inner * 0.9, shade(rim, rng.uniform(0.15, 0.5)))
    spokes, thick = int(rng.integers(3, 12)), max(1, round(min(size) * rng.uniform(0.02, 0.09)))
    for angle in rng.uniform(0, 1) + np.arange(spokes) * 2 * np.pi / spokes:
        x, y = np.cos(angle) * inner * width * 0.46, np.sin(angle) * inner * height * 0.46
        draw.line((width / 2, height / 2, width / 2 + x, height / 2 + y), fill=(*rim, 255), width=thick)
    ellipse(inner * rng.uniform(0.15, 0.35), shade(rim, rng.uniform(0.5, 1.2)))
    return patch


def lamp(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a headlight or a taillight, sometimes glowing."""
    del fonts
    width, height = size
    hues = ((0.0,), (0.0,), (0.08,), (0.14,))[int(rng.integers(4))]
    colour = (
        random_colour(rng, (0.6, 1), (0.4, 1), hues) if bernoulli(rng, 0.5) else random_colour(rng, (0, 0.2), (0.7, 1))
    )
    patch = Image.new("RGBA", size, (*colour, 0))
    draw = ImageDraw.Draw(patch)
    box = (0.1 * width, 0.1 * height, 0.9 * width, 0.9 * height)
    if bernoulli(rng, 0.4):
        draw.ellipse(box, fill=(*colour, 255))
    else:
        draw.rounded_rectangle(box, height * rng.uniform(0, 0.35), fill=(*colour, 255))
    for _ in range(int(rng.integers(0, 5))):  # segments and reflections
        x, y, wide, high = *rng.uniform(0.15, 0.6, 2), *rng.uniform(0.05, 0.3, 2)
        part = (x * width, y * height, (x + wide) * width, (y + high) * height)
        fill = (*shade(colour, rng.uniform(0.5, 2.5)), 255)
        if bernoulli(rng, 0.5):
            draw.ellipse(part, fill=fill)
        else:
            draw.rectangle(part, fill=fill)
    if bernoulli(rng, 0.35):  # light-emitting diodes, ribs of the glass
        rows, columns = int(rng.integers(1, 4)), int(rng.integers(4, 14))
        fill = (*shade(colour, rng.uniform(0.5, 2.0)), 255)
        for row, column in np.ndindex(rows, columns):
            x, y = (0.15 + 0.7 * column / columns) * width, (0.2 + 0.6 * row / rows) * height
            draw.rectangle((x, y, x + 0.4 * width / columns, y + 0.4 * height / rows), fill=fill)
    if bernoulli(rng, 0.3):
        patch = patch.filter(ImageFilter.GaussianBlur(0.06 * height))
    return patch


def tiles(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw bricks, tiles or lockers."""
    del fonts
    colour = random_colour(rng, (0, 0.7), (0.1, 1))
    columns, rows = int(rng.integers(2, 13)), int(rng.integers(1, 6))
    cell = (size[0] / columns, size[1] / rows)
    joints = shade(colour, rng.uniform(0.2, 1.4))
    return masonry(rng, size, cell, rng.choice([0, 0.5]), (joints, colour, shade(colour, 1.2))).convert("RGBA")


def shelf(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw books, files or goods side by side on a shelf."""
    del fonts
    width, height = size
    patch = Image.new("RGBA", size, (*random_colour(rng, (0, 0.5), (0.05, 0.4)), 255))
    draw, x = ImageDraw.Draw(patch), 0.0
    while x < width:
        wide, top = max(2, width * rng.uniform(0.02, 0.1)), height * rng.uniform(0.02, 0.35)
        back = random_colour(rng, (0, 0.9), (0.1, 1))
        draw.rectangle((x, top, x + wide - 1, height), fill=(*back, 255))
        for y in rng.uniform(top / height + 0.05, 0.95, int(rng.integers(0, 4))):
            band = (x + wide * 0.15, y * height, x + wide * 0.8, y * height + max(1, height * 0.03))
            draw.rectangle(band, fill=(*shade(back, rng.uniform(0.3, 2.5)), 255))
        x += wide
    return patch


def face(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a rough head with shoulders."""
    del fonts
    width, height = size
    skin = shade(random_colour(rng, (0.25, 0.6), (0.3, 0.95), (0.05, 0.08)), 1.0)
    hair, shirt = random_colour(rng, (0.1, 0.7), (0.02, 0.6), (0.05, 0.1)), random_colour(rng)
    patch = Image.new("RGBA", size, (*hair, 0))
    draw = ImageDraw.Draw(patch)

    def ellipse(x: float, y: float, wide: float, high: float, fill: tuple[int, int, int]) -> None:
        box = ((x - wide) * width, (y - high) * height, (x + wide) * width, (y + high) * height)
        draw.ellipse(box, fill=(*fill, 255))

    ellipse(0.5, 1.05, 0.5, 0.35, shirt)
    draw.rectangle((0.42 * width, 0.6 * height, 0.58 * width, 0.78 * height), fill=(*shade(skin, 0.85), 255))
    ellipse(0.5, 0.36, 0.27, 0.36, hair)
    ellipse(0.5, 0.43, 0.21, 0.29, skin)
    for x in (0.41, 0.59):
        ellipse(x, 0.39, 0.05, 0.025, (235, 235, 235))
        ellipse(x, 0.39, 0.02, 0.025, (30, 25, 20))
    ellipse(0.5, 0.48, 0.03, 0.05, shade(skin, 0.85))
    ellipse(0.5, 0.59, 0.08, rng.uniform(0.01, 0.04), shade(skin, 0.6))
    return patch.filter(ImageFilter.GaussianBlur(0.012 * height))


def blank(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a board without characters, sometimes with a frame or an emblem."""
    del fonts
    width, height = size
    colour = random_colour(rng, (0, 0.4), (0.4, 1.0))
    ramp = np.linspace(-1, 1, width, dtype=np.float32)[None] * np.float32(rng.uniform(-1, 1))
    noise = ramp + fractal_noise(rng, size, 4, 0.8) * np.float32(rng.uniform(0.1, 0.8))
    patch = colour_ramp(noise, (shade(colour, 0.75), colour, shade(colour, 1.2))).convert("RGBA")
    draw = ImageDraw.Draw(patch)
    if bernoulli(rng, 0.6):
        line = max(1, round(height * rng.uniform(0.02, 0.1)))
        draw.rectangle(
            (0, 0, width - 1, height - 1), outline=(*random_colour(rng, (0, 0.5), (0, 0.8)), 255), width=line
        )
    if bernoulli(rng, 0.4):
        x = rng.uniform(0.05, 0.7) * width
        draw_emblem(draw, rng, (x, 0.2 * height, x + 0.25 * width, 0.8 * height), random_colour(rng))
    return patch
