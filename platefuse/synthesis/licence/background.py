"""Background of a plate: pictures, words, holder and car."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw
from pydantic import Field

from platefuse.core.params import Params, Probability
from platefuse.synthesis.licence.emblems import Colour, draw_emblem, random_colour
from platefuse.synthesis.sampling import bernoulli

_SYLLABLES = (
    "ka", "lo", "mi", "na", "re", "sta", "tor", "vel", "ing", "ton", "ia", "da", "ne", "ber", "mon", "wy", "ar", "la",
    "us", "ca", "il", "li", "no", "ge", "or", "wash", "vir",
)  # fmt: skip
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


class BackgroundParams(Params):
    """Surroundings of a plate on the car."""

    frame: Probability = Field(description="Share of plates in a holder whose edge is visible.")
    frame_print: Probability = Field(description="Share of holders with a dealer's name above or below the plate.")
    rounded: Probability = Field(description="Share of plates with clearly rounded corners.")


def random_words(rng: np.random.Generator) -> str:
    """Make up words like those of a state, slogan or dealer."""
    made = ["".join(rng.choice(_SYLLABLES, int(rng.integers(2, 5)))) for _ in range(int(rng.integers(1, 4)))]
    text = " ".join(word.capitalize() for word in made)
    return text.upper() if bernoulli(rng, 0.5) else text


def random_date(rng: np.random.Generator) -> str:
    """Draw the words on a sticker: a month, a year, or both."""
    month, year = str(rng.choice(_MONTHS)), f"{int(rng.integers(0, 100)):02d}"
    return (month, year, f"{month} {year}")[int(rng.integers(3))]


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], grain: int) -> np.ndarray:
    """Draw smooth noise, float32 [H,W], 0..1.

    Args:
        rng: the plate's own generator.
        shape: height and width, in pixels.
        grain: how many patches the width holds.
    """
    small = rng.integers(0, 256, (max(2, grain * shape[0] // shape[1]), max(2, grain)), np.uint8)
    cover = Image.fromarray(small).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(cover, np.float32) / 127.5 - 0.9, 0, 1)


def _jitter(rng: np.random.Generator, colour: Colour, spread: int) -> Colour:
    """Shift each channel by up to `spread`, of 255."""
    red, green, blue = np.clip(np.array(colour) + rng.integers(-spread, spread + 1, 3), 0, 255).tolist()
    return red, green, blue


def draw_picture(draw: ImageDraw.ImageDraw, rng: np.random.Generator, size: tuple[int, int], ground: Colour) -> None:
    """Draw a landscape in colours near the ground's."""
    width, height = size
    top, end = _jitter(rng, ground, 70), _jitter(rng, ground, 50)
    for line in range(height):
        share = line / height
        draw.line((0, line, width, line), fill=tuple(round(a + (b - a) * share) for a, b in zip(top, end, strict=True)))
    if bernoulli(rng, 0.35):
        x, y, radius = rng.uniform(0, width), rng.uniform(0, height * 0.7), rng.uniform(0.1, 0.5) * height
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_jitter(rng, ground, 60))
    for _ in range(int(rng.integers(0, 3))):
        count, base = int(rng.integers(4, 12)), rng.uniform(0.35, 0.95) * height
        ridge = [(width * i / count, base - rng.uniform(0, 0.3) * height) for i in range(count + 1)]
        draw.polygon([(0, height), *ridge, (width, height)], fill=_jitter(rng, ground, 60))
    for _ in range(int(rng.integers(0, 3))):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        side = rng.uniform(0.15, 0.6) * height
        draw_emblem(draw, rng, (x - side / 2, y - side / 2, x + side / 2, y + side / 2), _jitter(rng, ground, 80))
    for y1, y2 in ((0.0, rng.uniform(0.05, 0.22)), (rng.uniform(0.8, 0.95), 1.0)):
        if bernoulli(rng, 0.25):
            draw.rectangle((0, y1 * height, width, y2 * height), fill=random_colour(rng, (0.3, 1.0), (0.2, 1.0)))


def add_background(
    rng: np.random.Generator,
    face: Image.Image,
    padding: tuple[int, int],
    print_fonts: Sequence,
    params: BackgroundParams,
) -> Image.Image:
    """Place a plate on a car.

    Args:
        rng: the plate's own generator.
        face: the plate, RGB.
        padding: pixels of the car to the left and right of the plate, and above and below it.
        print_fonts: fonts of a dealer's name.
        params: how frequent each background is.

    Returns:
        The scene, RGB, with the plate in its middle.
    """
    width, height = face.size
    scene = _random_car_body(rng, (width + 2 * padding[0], height + 2 * padding[1]))
    mount_plate(rng, scene, face, padding, print_fonts, params)
    return scene


def mount_plate(
    rng: np.random.Generator,
    scene: Image.Image,
    face: Image.Image,
    padding: tuple[int, int],
    print_fonts: Sequence,
    params: BackgroundParams,
) -> None:
    """Mount a plate on a scene: shadow, holder and dealer's name.

    Args:
        rng: the plate's own generator.
        scene: what is around the plate, RGB or RGBA; it is drawn on.
        face: the plate, RGB.
        padding: x and y of the plate's upper left corner in the scene.
        print_fonts: fonts of a dealer's name.
        params: how frequent each background is.
    """
    width, height = face.size
    corner = height * (rng.uniform(0.06, 0.16) if bernoulli(rng, params.rounded) else rng.uniform(0, 0.04))
    framed = bernoulli(rng, params.frame)
    if framed:
        _draw_holder(rng, scene, face.size, padding)
    elif bernoulli(rng, 0.5):  # the plate's shadow
        x, y = rng.uniform(-0.03, 0.03, 2) * height
        box = (padding[0] + x, padding[1] + y, padding[0] + width + x, padding[1] + height + y)
        ImageDraw.Draw(scene).rounded_rectangle(box, corner, fill=random_colour(rng, (0, 0.3), (0, 0.25)))
    outline = Image.new("L", face.size, 0)
    ImageDraw.Draw(outline).rounded_rectangle((0, 0, width - 1, height - 1), corner, fill=255)
    scene.paste(face, padding, outline)
    if framed and print_fonts and bernoulli(rng, params.frame_print):
        _draw_dealer_strip(rng, scene, face.size, padding, print_fonts)


def _random_car_body(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Draw a car's paint or bumper: shades and a few edges."""
    width, height = small = (max(8, size[0] // 6), max(8, size[1] // 6))  # enlarged at the end, so edges are blurred
    paint = random_colour(rng, (0.0, 0.25) if bernoulli(rng, 0.88) else (0.3, 1.0), (0.03, 0.9))
    scene = Image.new("RGB", small, paint)
    draw = ImageDraw.Draw(scene)
    for _ in range(int(rng.integers(1, 6))):
        top = rng.uniform(0, height)
        box = (0, top, width, top + rng.uniform(0.02, 0.4) * height)
        draw.rectangle(
            box, fill=_jitter(rng, paint, 50) if bernoulli(rng, 0.6) else random_colour(rng, (0, 0.3), (0, 1))
        )
    for _ in range(int(rng.integers(0, 4))):
        x, y, wide, high = rng.uniform(0, width), rng.uniform(0, height), *rng.uniform(0.02, 0.3, 2)
        draw.rectangle((x, y, x + wide * width, y + high * height), fill=_jitter(rng, paint, 90))
    return scene.resize(size, Image.Resampling.BICUBIC if bernoulli(rng, 0.7) else Image.Resampling.NEAREST)


def _draw_holder(rng: np.random.Generator, scene: Image.Image, size: tuple[int, int], padding: tuple[int, int]) -> None:
    """Draw a holder's edge around a plate of `size` (width, height)."""
    (width, height), draw = size, ImageDraw.Draw(scene)
    edge = height * rng.uniform(0.02, 0.14)
    lower = edge + height * (rng.uniform(0.0, 0.25) if bernoulli(rng, 0.5) else 0.0)
    box = (padding[0] - edge, padding[1] - edge, padding[0] + width + edge, padding[1] + height + lower)
    colour = random_colour(rng, (0, 0.2), (0, 0.25)) if bernoulli(rng, 0.75) else random_colour(rng)
    draw.rounded_rectangle(box, height * rng.uniform(0, 0.1), fill=colour)


def _draw_dealer_strip(
    rng: np.random.Generator, scene: Image.Image, size: tuple[int, int], padding: tuple[int, int], print_fonts: Sequence
) -> None:
    """Draw a dealer's name above or below the plate, or both."""
    (width, height), draw = size, ImageDraw.Draw(scene)
    for above in (True, False):
        if not bernoulli(rng, 0.55):
            continue
        high = height * rng.uniform(0.08, 0.2)
        over = high * rng.uniform(0.0, 0.6)
        y = padding[1] - high + over if above else padding[1] + height - over
        dark, light = random_colour(rng, (0, 0.5), (0, 0.25)), random_colour(rng, (0, 0.5), (0.7, 1))
        strip, ink = (dark, light) if bernoulli(rng, 0.8) else (light, dark)
        draw.rectangle((padding[0] - 0.02 * width, y, padding[0] + 1.02 * width, y + high), fill=strip)
        font = print_fonts[int(rng.integers(len(print_fonts)))].face(max(4, round(high * rng.uniform(0.8, 1.1))))
        draw.text((padding[0] + width / 2, y + high / 2), random_words(rng), fill=ink, font=font, anchor="mm")
