"""Backdrops: what stands behind the cars of a scene."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from pydantic import Field

from platefuse.core.params import Params, Probability, Range
from platefuse.synthesis.licence.camera import homography, warp
from platefuse.synthesis.licence.canvas import PrintFont
from platefuse.synthesis.licence.emblems import random_colour
from platefuse.synthesis.sampling import bernoulli, log_uniform, uniform
from platefuse.synthesis.scene import textures
from platefuse.synthesis.scene.facade import draw_far_car, facade
from platefuse.synthesis.scene.textures import Size, colour_ramp, fractal_noise, mottled, shade

_Blur = Annotated[float, Field(ge=0, le=0.05)]
_Grain = Annotated[float, Field(ge=0, le=60)]
_Count = Annotated[int, Field(ge=0, le=60)]


class BackdropParams(Params):
    """What stands behind the cars: kinds of backdrops and their sharpness."""

    street: Probability = Field(description="Frequency of streets with houses or trees against the other kinds.")
    wall: Probability = Field(description="Frequency of walls seen from near.")
    greenery: Probability = Field(description="Frequency of hedges, grass and trees.")
    pavement: Probability = Field(description="Frequency of grounds seen from above, with marks.")
    hall: Probability = Field(description="Frequency of car parks and showrooms.")
    plain: Probability = Field(description="Frequency of gradients of two colours.")
    texture: Probability = Field(description="Frequency of noise of many scales.")
    far_cars: Range[_Count] = Field(description="Number of far cars without a plate, in streets and halls.")
    night: Probability = Field(description="Share of backdrops at night, dark with lamps.")
    blur: Range[_Blur] = Field(description="Standard deviation of the backdrop's blur, as a share of the width.")
    grain: Range[_Grain] = Field(description="Standard deviation of the fine grain on all surfaces, of 255.")

    def check_rules(self) -> Iterator[str]:
        """Ask for a kind that is drawn."""
        if not any(getattr(self, name) for name in _KINDS):
            yield f"synth.scene.backdrop: {', '.join(_KINDS)} are all 0: expected a share above 0"


def draw_backdrop(
    rng: np.random.Generator, size: Size, print_fonts: Sequence[PrintFont], params: BackdropParams
) -> Image.Image:
    """Draw what stands behind the cars.

    Args:
        rng: the scene's own generator.
        size: width and height, in pixels.
        print_fonts: fonts of what is written on houses; may be empty.
        params: how frequent each kind is.

    Returns:
        The picture, RGB.
    """
    shares = np.array([getattr(params, name) for name in _KINDS], float)
    kind = list(_KINDS.values())[int(rng.choice(len(shares), p=shares / shares.sum()))]
    picture = kind(rng, size, params)
    if bernoulli(rng, params.night):
        picture = _darken(rng, picture)
    blur = uniform(rng, params.blur) ** 2 / max(params.blur[1], 1e-6)  # squared, so that most are sharp
    picture = picture.filter(ImageFilter.GaussianBlur(blur * size[0]))
    return _add_grain(rng, picture, uniform(rng, params.grain))


def _ground_plane(rng: np.random.Generator, size: Size, horizon: float) -> Image.Image:
    """Draw the ground from the horizon to the lower edge, in perspective."""
    width, height = size[0], size[1] - int(horizon)
    flat = textures.ground(rng, (max(8, size[0]), max(8, round(size[1] * 0.8))))
    _mark_ground(rng, flat)
    spread, shift = rng.uniform(0.4, 2.5), rng.uniform(-0.6, 0.6)
    corners = np.array([[0, 0], [flat.width, 0], [flat.width, flat.height], [0, flat.height]], float)
    over = -0.04 * height
    left, right = (shift - spread) * width, (1 + shift + spread) * width
    target = np.array([[-0.02 * width, over], [1.02 * width, over], [max(right, 1.02 * width), height * 1.02],
                       [min(left, -0.02 * width), height * 1.02]])  # fmt: skip
    return warp(flat, homography(corners, target), (width, height))


def _mark_ground(rng: np.random.Generator, flat: Image.Image) -> None:
    """Paint road marks, kerbs, grass and crosswalks on a ground seen from above."""
    (width, height), draw = flat.size, ImageDraw.Draw(flat)
    turn = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.25)
    along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    paint = ((235, 235, 230), (225, 190, 60), (200, 200, 200))[int(rng.integers(3))]

    def stripe(start: float, end: float, begin: float, wide: float, fill: tuple[int, int, int]) -> None:
        middle = np.array([width, height]) / 2
        points = [middle + width * (along * a + across * c) for a, c in
                  ((start, begin), (end, begin), (end, begin + wide), (start, begin + wide))]  # fmt: skip
        draw.polygon([(float(x), float(y)) for x, y in points], fill=fill)

    if bernoulli(rng, 0.5):  # a strip of another ground, behind a kerb
        edge, kerb = rng.uniform(0.1, 0.4), random_colour(rng, (0, 0.1), (0.5, 0.85))
        strip = textures.foliage(rng, flat.size) if bernoulli(rng, 0.5) else textures.ground(rng, flat.size)
        mask = Image.new("L", flat.size, 0)
        draw = ImageDraw.Draw(mask)
        stripe(-2, 2, edge, 2, 255)  # type: ignore[arg-type]
        flat.paste(strip, mask=mask)
        draw = ImageDraw.Draw(flat)
        stripe(-2, 2, edge - 0.02, 0.025, kerb)
        stripe(-2, 2, edge - 0.03, 0.01, shade(kerb, 0.4))
    kind = rng.random()
    if kind < 0.25:  # a dashed or solid line
        dash, gap = rng.uniform(0.05, 0.2), rng.uniform(0, 0.2)
        for start in np.arange(-1, 1, dash + gap + 0.01):
            stripe(start, start + dash, rng.uniform(-0.005, 0.005), rng.uniform(0.008, 0.015), paint)
    elif kind < 0.5:  # parking bays
        begin, pitch, wide = rng.uniform(-0.3, 0.2), rng.uniform(0.12, 0.3), rng.uniform(0.008, 0.02)
        for start in np.arange(-1, 1, pitch):
            stripe(start, start + wide, begin, rng.uniform(0.2, 0.3), paint)
    elif kind < 0.65:  # a crosswalk
        begin, pitch = rng.uniform(-0.3, 0.2), rng.uniform(0.05, 0.1)
        for start in np.arange(-1, 1, pitch):
            stripe(start, start + pitch / 2, begin, 0.2, paint)


def _street(rng: np.random.Generator, size: Size, params: BackdropParams) -> Image.Image:
    width, height = size
    horizon = int(rng.uniform(0.1, 0.6) * height)
    picture = Image.new("RGB", size)
    picture.paste(textures.sky(rng, (width, max(2, horizon))))
    x = rng.uniform(-0.3, 0) * width
    while x < width and bernoulli(rng, 0.93):  # houses and trees
        wide, high = rng.uniform(0.15, 0.8) * width, rng.uniform(0.3, 1.3) * horizon
        box = (int(x), int(horizon - high), int(x + wide), horizon + 1)
        if bernoulli(rng, 0.5):
            _paste_trees(rng, picture, box)
        else:
            picture.paste(facade(rng, (max(4, box[2] - box[0]), max(4, box[3] - box[1]))), box[:2])
        x += wide * rng.uniform(0.6, 1.2)
    picture.paste(_ground_plane(rng, size, horizon), (0, horizon))
    _park_far_cars(rng, picture, horizon, params)
    return picture


def _paste_trees(rng: np.random.Generator, picture: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Paste trees or a hedge with a ragged outline."""
    size = (max(8, box[2] - box[0]), max(8, box[3] - box[1]))
    leaves = textures.foliage(rng, size)
    x, y = np.linspace(-1, 1, size[0])[None], np.linspace(-1, 1, size[1])[:, None]
    crown = 1 - np.maximum(np.abs(x) ** 3, np.maximum(-y, 0) ** rng.uniform(2, 5))
    ragged = crown * 4 - 1 + fractal_noise(rng, size, 5, 0.8)
    picture.paste(leaves, box[:2], Image.fromarray(np.clip(ragged * 255, 0, 255).astype(np.uint8)))


def _park_far_cars(rng: np.random.Generator, picture: Image.Image, horizon: int, params: BackdropParams) -> None:
    """Draw far cars without plates in rows below the horizon, the nearest last."""
    width, height = picture.size
    count = int(rng.integers(params.far_cars[0], params.far_cars[1] + 1))
    depth = rng.uniform(0.02, 0.25)
    for y in sorted(rng.uniform(0.01, depth + 0.02, count)):
        wide = width * (0.03 + y * rng.uniform(0.5, 1.2))
        draw_far_car(rng, picture, rng.uniform(-0.1, 1) * width, horizon + y * height, wide)


def _wall(rng: np.random.Generator, size: Size, params: BackdropParams) -> Image.Image:
    del params
    width, height = size
    foot = int(rng.uniform(0.5, 1.0) * height)
    flat = facade(rng, (width, max(8, foot)))
    if bernoulli(rng, 0.5):  # the wall runs away to one side
        far, near = rng.uniform(0.5, 1), rng.uniform(1, 1.4)
        sides = (far, near) if bernoulli(rng, 0.5) else (near, far)
        corners = np.array([[0, 0], [width, 0], [width, flat.height], [0, flat.height]], float)
        tops = [foot - side * flat.height * 1.6 for side in sides]
        feet = [foot + (side - 1) * 0.3 * foot for side in sides]
        target = np.array([[-2, tops[0]], [width + 2, tops[1]], [width + 2, feet[1]], [-2, feet[0]]])
        picture = textures.ground(rng, size)
        mask = Image.new("L", size, 0)
        ImageDraw.Draw(mask).polygon([(float(x), float(y)) for x, y in target], fill=255)
        picture.paste(warp(flat, homography(corners, target), size), mask=mask)
        return picture
    picture = Image.new("RGB", size)
    picture.paste(flat)
    if foot < height:
        picture.paste(_ground_plane(rng, size, foot), (0, foot))
    return picture


def _greenery(rng: np.random.Generator, size: Size, params: BackdropParams) -> Image.Image:
    del params
    width, height = size
    picture = textures.foliage(rng, size)
    if bernoulli(rng, 0.5):
        picture.paste(textures.sky(rng, (width, height // 2)))
        _paste_trees(rng, picture, (-width // 8, -height // 8, width + width // 8, height // 2 + height // 8))
    for _ in range(int(rng.integers(0, 3))):
        x, y = rng.uniform(-0.2, 0.8) * width, rng.uniform(-0.2, 0.5) * height
        _paste_trees(rng, picture, (int(x), int(y), int(x + rng.uniform(0.2, 0.7) * width), int(y + 0.6 * height)))
    if bernoulli(rng, 0.6):
        foot = int(rng.uniform(0.5, 0.9) * height)
        picture.paste(_ground_plane(rng, size, foot), (0, foot))
    return picture


def _pavement(rng: np.random.Generator, size: Size, params: BackdropParams) -> Image.Image:
    picture = _ground_plane(rng, size, 0)
    if bernoulli(rng, 0.4):
        _park_far_cars(rng, picture, -size[1] // 20, params)
    return picture


def _hall(rng: np.random.Generator, size: Size, params: BackdropParams) -> Image.Image:
    """Draw a car park or a showroom: ceiling with lamps, pillars, floor."""
    width, height = size
    horizon = int(rng.uniform(0.2, 0.55) * height)
    ceiling = random_colour(rng, (0, 0.2), (0.03, 0.5) if bernoulli(rng, 0.7) else (0.7, 1.0))
    picture = Image.new("RGB", size)
    picture.paste(mottled(rng, (width, horizon + 1), ceiling, 0.1, 0.7))
    draw = ImageDraw.Draw(picture)
    vanish = rng.uniform(0.2, 0.8) * width
    for _ in range(int(rng.integers(2, 14))):  # beams and lamps towards the vanishing point
        depth, side = rng.uniform(0.1, 1), rng.uniform(-1, 1)
        x, y = vanish + side * width * depth, horizon * (1 - depth)
        wide, high = rng.uniform(0.05, 0.25) * width * depth, max(1, rng.uniform(0.005, 0.03) * height * depth)
        lamp = (255, 255, 245) if bernoulli(rng, 0.7) else shade(ceiling, 0.5)
        draw.rectangle((x, y, x + wide, y + high), fill=lamp)
    picture.paste(_ground_plane(rng, size, horizon), (0, horizon))
    _park_far_cars(rng, picture, horizon, params)
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(0, 4))):
        x, wide = rng.uniform(0, width), rng.uniform(0.02, 0.09) * width
        foot, paint = horizon + rng.uniform(0, 0.3) * height, random_colour(rng, (0, 0.2), (0.3, 0.9))
        draw.rectangle((x, 0, x + wide, foot), fill=paint)
        draw.rectangle((x + wide * 0.7, 0, x + wide, foot), fill=shade(paint, 0.7))
        band = random_colour(rng, (0.6, 1.0), (0.4, 0.95))
        draw.rectangle((x, foot - wide * rng.uniform(1, 3), x + wide, foot - wide * 0.5), fill=band)
    return picture


def _plain(rng: np.random.Generator, size: Size, params: BackdropParams) -> Image.Image:
    del params
    colours = [random_colour(rng, (0, 0.7), (0.05, 1)) for _ in range(int(rng.integers(2, 4)))]
    ramp = np.linspace(-1, 1, size[0], dtype=np.float32)[None] * np.float32(rng.normal())
    ramp = ramp + np.linspace(-1, 1, size[1], dtype=np.float32)[:, None] * np.float32(rng.normal())
    return colour_ramp(ramp + np.float32(0.15) * fractal_noise(rng, size, 4, 0.8), colours)


def _texture(rng: np.random.Generator, size: Size, params: BackdropParams) -> Image.Image:
    del params
    colours = [random_colour(rng, (0, 0.8), (0, 1)) for _ in range(int(rng.integers(2, 6)))]
    stretch = log_uniform(rng, (0.2, 5))
    return colour_ramp(fractal_noise(rng, size, int(rng.integers(2, 40)), rng.uniform(0.4, 1), stretch), colours)


_KINDS: dict[str, Callable[[np.random.Generator, Size, BackdropParams], Image.Image]] = {
    "street": _street, "wall": _wall, "greenery": _greenery, "pavement": _pavement, "hall": _hall,
    "plain": _plain, "texture": _texture,
}  # fmt: skip


def _darken(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """Turn day into night, with a few lamps."""
    factor = log_uniform(rng, (0.08, 0.5))
    dark = picture.point([round(value * factor) for value in range(256)] * 3)
    draw = ImageDraw.Draw(dark)
    for _ in range(int(rng.integers(0, 10))):
        x, y = rng.uniform(0, 1) * dark.width, rng.uniform(0, 0.6) * dark.height
        radius = log_uniform(rng, (0.002, 0.02)) * dark.width
        lamp = random_colour(rng, (0, 0.6), (0.8, 1), (0.02, 0.1, 0.14))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=lamp)
    return dark


def _add_grain(rng: np.random.Generator, picture: Image.Image, strength: float) -> Image.Image:
    """Add fine grain of all surfaces, gray, with a standard deviation of 255."""
    noise = rng.random((picture.height, picture.width, 1), np.float32) - np.float32(0.5)
    pixels = np.asarray(picture) + noise * np.float32(strength * 12**0.5)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
