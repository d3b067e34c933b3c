"""Clutter with words: signs, boards and lettering.

None looks like a plate's number, but for single words in capitals on boards.

Functions with a `size` draw one thing, RGBA, of this width and height in pixels. Without fonts nothing is written.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from platefuse.synthesis.licence.background import random_words
from platefuse.synthesis.licence.canvas import PrintFont
from platefuse.synthesis.licence.emblems import Box, Colour, draw_emblem, luminance, random_colour
from platefuse.synthesis.sampling import bernoulli
from platefuse.synthesis.scene.textures import Size

# Type sizes at which text is set and then reduced, since a font opens slowly at each new size.
SET_SIZE, _SMALL = 40, 16
_FONTS_TRIED = 5
_NUMBER_LENGTH = 13  # longer lines of capitals are no plate's number
_LEGIBLE = 110  # pixels; on a narrower board nobody could tell one line of words from a number
_RED, _BLUE, _WHITE, _BLACK = (190, 25, 35), (20, 75, 160), (245, 245, 240), (20, 20, 22)


def write(
    rng: np.random.Generator, patch: Image.Image, text: str, box: Box, ink: Colour, fonts: Sequence[PrintFont]
) -> None:
    """Write text into the middle of a box, as large as fits.

    Nothing is written if no font is found that has the text's small letters.

    Args:
        rng: the scene's own generator; it chooses the font.
        patch: the picture, RGBA; it is drawn on.
        text: one line.
        box: x1,y1,x2,y2 in pixels of the picture.
        ink: colour of the letters.
        fonts: fonts to choose from; may be empty.
    """
    wide, high = box[2] - box[0], box[3] - box[1]
    if not fonts or not text.strip() or min(wide, high) < 2:
        return
    for index in rng.integers(len(fonts), size=_FONTS_TRIED):
        face = fonts[index].face(_SMALL if high <= _SMALL else SET_SIZE)
        if text == text.upper() or _has_small_letters(face):
            break
    else:
        return
    left, top, right, bottom = (round(side) for side in face.getbbox(text))
    mask = Image.new("L", (max(1, right - left), max(1, bottom - top)), 0)
    ImageDraw.Draw(mask).text((-left, -top), text, fill=255, font=face)
    scale = min(wide / mask.width, high / mask.height)
    size = (max(1, round(mask.width * scale)), max(1, round(mask.height * scale)))
    mask = mask.resize(size, Image.Resampling.BILINEAR, reducing_gap=2)
    corner = (round((box[0] + box[2] - size[0]) / 2), round((box[1] + box[3] - size[1]) / 2))
    ImageDraw.Draw(patch).bitmap(corner, mask, fill=(*ink, 255))


def _has_small_letters(face: ImageFont.FreeTypeFont) -> bool:
    """Tell whether a font's small letters are lower than its capitals.

    Some fonts draw capitals for both.
    """
    return bool(face.getbbox("nx")[1] > face.getbbox("NX")[1])


def harmless_words(rng: np.random.Generator) -> str:
    """Make up words that do not look like a plate's number.

    Only long ones are all in capitals.
    """
    text = random_words(rng)
    if text.isupper() and len(text) <= _NUMBER_LENGTH:
        text = text.lower() if bernoulli(rng, 0.5) else text.title()
    return text


def harmless_line(rng: np.random.Generator) -> str:
    """Make up a line that does not look like a plate's number.

    It has words, a telephone number, an address, a price or opening hours.
    """
    digits = "".join(str(digit) for digit in rng.integers(0, 10, 12))
    return (
        harmless_words(rng),
        harmless_words(rng),
        f"{harmless_words(rng)} {harmless_words(rng)}",
        f"tel. {digits[:4]} {digits[4:7]} {digits[7:10]}",
        f"{digits[:5]} / {digits[5:11]}",
        f"www.{random_words(rng).lower().replace(' ', '-')}.com",
        f"only {digits[:2]}.{digits[2:4]} a day",
        f"{random_words(rng).title()} {digits[:2]}%",
        f"Mo - Fr {digits[0]}.00 - 1{digits[1]}.00 h",
    )[int(rng.integers(9))]


def ground_and_ink(rng: np.random.Generator, light: float = 0.55) -> tuple[Colour, Colour]:
    """Draw the colours of a board and its letters.

    `light` is the share of light boards.
    """
    ground = (
        random_colour(rng, (0, 0.3), (0.75, 1)) if bernoulli(rng, light) else random_colour(rng, (0.2, 1), (0.05, 0.8))
    )
    ink = random_colour(rng, (0, 1), (0, 0.4)) if luminance(ground) > 128 else random_colour(rng, (0, 0.6), (0.75, 1.0))
    return ground, ink


def board(rng: np.random.Generator, size: Size, ground: Colour, ink: Colour) -> Image.Image:
    """Draw an empty board, often with rounded corners or a border."""
    patch = Image.new("RGBA", size, (*ground, 0))
    corner = size[1] * (rng.uniform(0.05, 0.5) if bernoulli(rng, 0.4) else 0)
    line = round(size[1] * rng.uniform(0.02, 0.07)) if bernoulli(rng, 0.5) else 0
    box = (0, 0, size[0] - 1, size[1] - 1)
    ImageDraw.Draw(patch).rounded_rectangle(box, corner, fill=(*ground, 255), outline=(*ink, 255), width=line)
    return patch


def sign(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a shop's sign or a billboard: lines, sometimes a logo."""
    (width, height), (ground, ink) = size, ground_and_ink(rng)
    patch = board(rng, size, ground, ink)
    left, right = 0.06 * width, 0.94 * width
    if bernoulli(rng, 0.35):  # a logo or an arrow before the words
        box = (left, 0.15 * height, left + min(0.7 * height, 0.3 * width), 0.85 * height)
        if bernoulli(rng, 0.6):
            draw_emblem(ImageDraw.Draw(patch), rng, box, ink)
        else:
            _arrow(patch, rng, box, ink)
        left = box[2] + 0.04 * width
    if width >= _LEGIBLE and bernoulli(rng, 0.5):
        capitals = random_words(rng).split()[0].upper()  # such as a door's: a plate has a car around it
        text = capitals if bernoulli(rng, 0.6) else harmless_words(rng)
        write(rng, patch, text, (left, 0.2 * height, right, 0.8 * height), ink, fonts)
        return patch
    lines = int(rng.integers(2, 6))
    edges = np.linspace(0.08, 0.92, lines + 1) * height
    for top, bottom in itertools.pairwise(edges):
        gap = (bottom - top) * 0.12
        write(rng, patch, harmless_line(rng), (left, top + gap, right, bottom - gap), ink, fonts)
    return patch


def _arrow(patch: Image.Image, rng: np.random.Generator, box: Box, ink: Colour) -> None:
    shape = np.array([(0, 0.35), (0.5, 0.35), (0.5, 0.05), (1, 0.5), (0.5, 0.95), (0.5, 0.65), (0, 0.65)]) - 0.5
    turn = rng.integers(4) * np.pi / 2
    shape = shape @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + 0.5
    corner, side = np.array(box[:2]), np.array([box[2] - box[0], box[3] - box[1]])
    ImageDraw.Draw(patch).polygon([(float(x), float(y)) for x, y in corner + shape * side], fill=(*ink, 255))


def street_sign(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a round, triangular, octagonal or square traffic sign on its post."""
    width, height = size
    patch = Image.new("RGBA", size, (*_WHITE, 0))
    draw = ImageDraw.Draw(patch)
    side = min(width, height) - 1
    left, post = (width - side) / 2, max(1, round(0.05 * side))
    draw.line((width / 2, side * 0.9, width / 2, height), fill=(120, 122, 125, 255), width=post)
    inner = (left + 0.2 * side, 0.2 * side, left + 0.8 * side, 0.8 * side)
    kind = int(rng.integers(5))
    if kind == 0:
        draw.ellipse((left, 0, left + side, side), fill=(*_RED, 255))
        draw.ellipse((left + 0.12 * side, 0.12 * side, left + 0.88 * side, 0.88 * side), fill=(*_WHITE, 255))
        number = str(int(rng.integers(1, 14)) * 10) if bernoulli(rng, 0.7) else ""
        write(rng, patch, number, (left + 0.22 * side, 0.28 * side, left + 0.78 * side, 0.72 * side), _BLACK, fonts)
    elif kind == 1:
        for share, fill in ((1.0, _RED), (0.7, _WHITE)):
            shape = [(0.5, 0.05), (0.97, 0.9), (0.03, 0.9)]
            middle = np.array([0.5, 0.6])
            points = [(left + side * x, side * y) for x, y in (np.array(shape) - middle) * share + middle]
            draw.polygon(points, fill=(*fill, 255))
        draw_emblem(draw, rng, (left + 0.38 * side, 0.45 * side, left + 0.62 * side, 0.78 * side), _BLACK)
    elif kind == 2:
        angles = np.pi / 8 + np.arange(8) * np.pi / 4
        points = [(left + side * (0.5 + 0.5 * np.cos(a)), side * (0.5 + 0.5 * np.sin(a))) for a in angles]
        draw.polygon(points, fill=(*_RED, 255))
        write(rng, patch, "STOP", (left + 0.1 * side, 0.3 * side, left + 0.9 * side, 0.7 * side), _WHITE, fonts)
    elif kind == 3:
        draw.rounded_rectangle((left, 0, left + side, side), 0.1 * side, fill=(*_BLUE, 255))
        if bernoulli(rng, 0.5):
            write(rng, patch, "P", inner, _WHITE, fonts)
        else:
            _arrow(patch, rng, inner, _WHITE)
    else:
        draw.ellipse((left, 0, left + side, side), fill=(*_BLUE, 255), outline=(*_WHITE, 255), width=post)
        _arrow(patch, rng, inner, _WHITE)
    return patch


def guide_board(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a board with the names of places, distances and arrows."""
    width, height = size
    ground = (_BLUE, (15, 110, 70), (240, 200, 40), _WHITE)[int(rng.integers(4))]
    ink = _BLACK if luminance(ground) > 128 else _WHITE
    patch, lines = board(rng, size, ground, ink), int(rng.integers(2, 4))
    for index in range(lines):
        top, bottom = (index + 0.15) / lines * height, (index + 0.85) / lines * height
        _arrow(patch, rng, (0.05 * width, top, 0.05 * width + (bottom - top), bottom), ink)
        name = f"{random_words(rng).title()} {int(rng.integers(1, 300))} km"
        write(rng, patch, name, (0.1 * width + bottom - top, top, 0.95 * width, bottom), ink, fonts)
    return patch


def lettering(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw words without a board, as on vans and shop windows."""
    (width, height), (_, ink) = size, ground_and_ink(rng, 0.5)
    patch, lines = Image.new("RGBA", size, (*ink, 0)), int(rng.integers(1, 4))
    for index in range(lines):
        text = random_words(rng) if bernoulli(rng, 0.5) else harmless_line(rng)
        write(rng, patch, text, (0, index / lines * height, width, (index + 0.85) / lines * height), ink, fonts)
    return patch


def number(rng: np.random.Generator, size: Size, fonts: Sequence[PrintFont]) -> Image.Image:
    """Draw a house number on a plaque, or figures without a board."""
    (width, height), (ground, ink) = size, ground_and_ink(rng, 0.3)
    patch, text = Image.new("RGBA", size, (*ink, 0)), str(int(rng.integers(1, 10 ** int(rng.integers(1, 6)))))
    if bernoulli(rng, 0.5):
        side, text = min(width, height), text[:3]
        plaque = board(rng, (side, side), ground, ink)
        write(rng, plaque, text, (0.12 * side, 0.15 * side, 0.88 * side, 0.85 * side), ink, fonts)
        patch.paste(plaque, ((width - side) // 2, (height - side) // 2))
    else:
        write(rng, patch, text, (0, 0, width, height), ink, fonts)
    return patch
