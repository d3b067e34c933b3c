"""Clutter with print: posters, pages, tables, keyboards, lettered vans, stamps.

Each function draws one thing, RGBA, of a size (width, height) in pixels. Without fonts nothing is written.
"""

import string
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from platefuse.synthesis.licence.background import random_words
from platefuse.synthesis.licence.canvas import PrintFont
from platefuse.synthesis.licence.emblems import draw_emblem, luminance, random_colour
from platefuse.synthesis.sampling import bernoulli
from platefuse.synthesis.scene.signs import SET_SIZE, board, ground_and_ink, harmless_line, harmless_words, write
from platefuse.synthesis.scene.textures import Size, shade

_TWO_LINES = 4  # a stamp with less width for its height has two lines


def poster(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a poster or a sticker: emblems, and lines of any size."""
    (width, height), (ground, ink) = size, ground_and_ink(rng)
    patch = board(rng, size, ground, ink)
    draw = ImageDraw.Draw(patch)
    for _ in range(int(rng.integers(1, 4))):
        (x, y), wide, high = rng.uniform(0.02, 0.5, 2), *rng.uniform(0.2, 0.48, 2)
        draw_emblem(draw, rng, (x * width, y * height, (x + wide) * width, (y + high) * height), ink)
    for top in rng.uniform(0.05, 0.8, int(rng.integers(2, 6))):
        box = (0.06 * width, top * height, rng.uniform(0.4, 0.94) * width, (top + rng.uniform(0.06, 0.2)) * height)
        write(rng, patch, harmless_line(rng), box, ink, fonts)
    return patch


def stamp(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw the stamp of a surveillance camera: date, time or its name.

    All letters have the same width.
    """
    width, height = size
    ink = ((255, 255, 255), (255, 255, 255), (255, 230, 60), (255, 140, 30), (20, 20, 20))[int(rng.integers(5))]
    figures = [f"{int(figure):02d}" for figure in rng.integers(0, 60, 6)]
    date = str(rng.choice(["-", "/", "."])).join((f"20{figures[0]}", figures[1], figures[2]))
    camera = f"{rng.choice(['CAM', 'Camera', 'CH', 'Channel', 'cam'])} {figures[3]} {harmless_words(rng)}"
    time = ":".join(figures[3:])
    lines = ([f"{date} {time}"], [date], [time], [camera], [f"{date} {camera}"])[int(rng.integers(5))]
    if width < _TWO_LINES * height:
        lines = [date, time]
    paper = (15, 15, 15) if luminance(ink) > 128 else (240, 240, 240)
    # A short dark line on a light ground would look like a plate.
    ground = 255 if bernoulli(rng, 0.25) and (luminance(ink) > 128 or len(lines[0]) > 14) else 0
    patch = Image.new("RGBA", size, (*(paper if ground else ink), ground))
    if not fonts:
        return patch
    face = fonts[int(rng.integers(len(fonts)))].face(SET_SIZE)
    cell = round(max(face.getlength(character) for character in "".join(lines)) * rng.uniform(0.85, 1.05))
    spacing = round(1.3 * SET_SIZE)
    mask = Image.new("L", (cell * max(map(len, lines)), spacing * len(lines)), 0)
    for row, line in enumerate(lines):
        for index, character in enumerate(line):  # each in a cell of the same width
            spot = ((index + 0.5) * cell, row * spacing + SET_SIZE)
            ImageDraw.Draw(mask).text(spot, character, fill=255, font=face, anchor="ms")
    high = min(height, round(width / mask.width * mask.height))
    mask = mask.resize((width, max(1, high)), Image.Resampling.BILINEAR, reducing_gap=2)
    draw, top = ImageDraw.Draw(patch), (height - mask.height) // 2
    if not ground and bernoulli(rng, 0.4):  # an outline
        draw.bitmap((1, top + 1), mask, fill=(*paper, 255))
    draw.bitmap((0, top), mask, fill=(*ink, 255))
    return patch


def page(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a page, a notice or a table: many small lines."""
    width, height = size
    ground, ink = ground_and_ink(rng, 0.8)
    patch = board(rng, size, ground, ink)
    columns, lines = int(rng.integers(1, 3)), int(rng.integers(5, 13))
    fonts = [fonts[int(rng.integers(len(fonts)))]] if fonts else fonts
    wide, high = 0.92 * width / columns, 0.9 * height / lines
    for column in range(columns):
        text = " ".join(harmless_line(rng) for _ in range(3))
        for line in range(lines):
            left, top = 0.05 * width + column * wide, 0.05 * height + line * high
            right = left + wide * (0.94 if bernoulli(rng, 0.8) else rng.uniform(0.2, 0.9))
            start = int(rng.integers(max(1, len(text) - 30)))
            write(rng, patch, text[start : start + 30], (left, top, right, top + 0.75 * high), ink, fonts)
    return patch


def table(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a table: cells with figures, codes or words, often ruled."""
    (width, height), (ground, ink) = size, ground_and_ink(rng, 0.8)
    patch = board(rng, size, ground, ink)
    draw, rule = ImageDraw.Draw(patch), shade(ground, rng.uniform(0.4, 0.9))
    rows, columns = int(rng.integers(4, 13)), int(rng.integers(2, 7))
    fonts = [fonts[int(rng.integers(len(fonts)))]] if fonts else fonts
    wide, high = width / columns, height / rows
    ruled, banded, headed = rng.random(3) < 0.5
    for row in range(rows):
        box = (0, row * high, width - 1, (row + 1) * high)
        if (banded and row % 2) or (headed and not row):
            draw.rectangle(box, fill=(*shade(ground, 0.85), 255))
        if ruled:
            draw.rectangle(box, outline=(*rule, 255))
        for column in range(columns):
            left, top = (column + rng.uniform(0.06, 0.2)) * wide, (row + 0.18) * high
            inner = (left, top, (column + 0.92) * wide, top + 0.64 * high)
            write(rng, patch, _cell(rng), inner, ink, fonts)
    for column in range(1, columns if ruled else 0):
        draw.line((column * wide, 0, column * wide, height), fill=(*rule, 255))
    return patch


def _cell(rng: np.random.Generator) -> str:
    """Make up the text of a table's cell."""
    letters, digits = "".join(rng.choice(list(string.ascii_uppercase), 3)), int(rng.integers(10 ** rng.integers(1, 7)))
    return (str(digits), f"{digits / 100:.2f}", f"{letters}-{digits}", f"{digits % 100} %", random_words(rng))[
        int(rng.integers(5))
    ]


def keyboard(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a keyboard, a keypad or a calendar.

    Each of its boxes has one character.
    """
    (width, height), (ground, ink) = size, ground_and_ink(rng, 0.5)
    patch = board(rng, size, shade(ground, rng.uniform(0.4, 1.2)), ink)
    rows, columns = int(rng.integers(3, 6)), int(rng.integers(3, 11))
    high, wide, gap = 0.9 * height / rows, 0.92 * width / columns, rng.uniform(0.02, 0.12)
    fonts = [fonts[int(rng.integers(len(fonts)))]] if fonts else fonts
    characters = rng.choice(list(string.digits + 2 * string.ascii_uppercase), (rows, columns))
    draw = ImageDraw.Draw(patch)
    for row in range(rows):
        for column in range(columns):
            x, y = 0.04 * width + column * wide, 0.05 * height + row * high
            box = (x + gap * wide, y + gap * high, x + (1 - gap) * wide, y + (1 - gap) * high)
            draw.rounded_rectangle(box, 0.1 * min(wide, high), fill=(*ground, 255))
            inner = (x + 0.3 * wide, y + 0.25 * high, x + 0.7 * wide, y + 0.75 * high)
            write(rng, patch, str(characters[row, column]), inner, ink, fonts)
    return patch


def van(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw the lettered side of a van, a bus or a lorry."""
    (width, height), (paint, ink) = size, ground_and_ink(rng, 0.6)
    patch = Image.new("RGBA", size, (*paint, 0))
    draw = ImageDraw.Draw(patch)
    draw.rounded_rectangle((0, 0, width - 1, 0.86 * height), rng.uniform(0.02, 0.2) * height, fill=(*paint, 255))
    draw.rectangle((0, 0.74 * height, width - 1, 0.86 * height), fill=(*shade(paint, rng.uniform(0.4, 0.9)), 255))
    glass, count = random_colour(rng, (0, 0.2), (0.05, 0.35)), int(rng.integers(1, 7))
    for index in range(count):  # windows all along, or only in the front
        left = 0.03 * width + index * 0.95 * width / count if count > 2 else 0.03 * width + index * 0.15 * width
        box = (left, 0.1 * height, left + min(0.85 / count, 0.13) * width, 0.38 * height)
        draw.rectangle(box, fill=(*glass, 255))
    for middle in (rng.uniform(0.12, 0.25), rng.uniform(0.7, 0.85)):
        x, radius = middle * width, 0.15 * height
        draw.ellipse((x - radius, height - 2 * radius, x + radius, height - 1), fill=(22, 22, 24, 255))
        draw.ellipse(
            (x - radius / 2, height - 1.5 * radius, x + radius / 2, height - radius / 2), fill=(120, 120, 125, 255)
        )
    if bernoulli(rng, 0.5):
        draw_emblem(draw, rng, (0.08 * width, 0.42 * height, 0.25 * width, 0.72 * height), ink)
    lines = int(rng.integers(1, 4))
    for index in range(lines):
        text = random_words(rng) if bernoulli(rng, 0.5) else harmless_line(rng)
        top, bottom = (0.42 + 0.3 * index / lines) * height, (0.4 + 0.3 * (index + 1) / lines) * height
        write(rng, patch, text, (0.28 * width, top, rng.uniform(0.6, 0.95) * width, bottom), ink, fonts)
    return patch
