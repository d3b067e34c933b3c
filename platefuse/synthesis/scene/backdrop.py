"""Backdrops of scenes: streets, walls, greenery, grounds, halls and plain textures."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from pydantic import Field

from platefuse.core.params import Params, Probability, Range
from platefuse.synthesis.licence.camera import homography, warp
from platefuse.synthesis.licence.canvas import PrintFont
from platefuse.synthesis.licence.emblems import random_colour
from platefuse.synthesis.sampling import bernoulli, log_uniform, uniform
from platefuse.synthesis.scene import textures
from platefuse.synthesis.scene.facade import draw_far_car, facade
from platefuse.synthesis.scene.ground import ground_plane
from platefuse.synthesis.scene.textures import Size, colour_ramp, fractal_noise, masonry, mottled, shade

_Blur = Annotated[float, Field(ge=0, le=0.05)]
_Grain = Annotated[float, Field(ge=0, le=60)]
_Count = Annotated[int, Field(ge=0, le=60)]


class BackdropParams(Params):
    """Backdrops behind the cars: frequency of each kind, blur and grain."""

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
            first, *others = _KINDS
            yield f".{first} = 0, as are {', '.join(others)}: expected one of them above 0"


def draw_backdrop(
    rng: np.random.Generator, size: Size, print_fonts: Sequence[PrintFont], params: BackdropParams
) -> Image.Image:
    """Draw a backdrop of a random kind.

    Args:
        rng: the scene's own generator.
        size: width and height, in pixels.
        print_fonts: fonts of lettering; may be empty.
        params: how frequent each kind is.

    Returns:
        The picture, RGB, of this size.
    """
    shares = np.array([getattr(params, name) for name in _KINDS], float)
    kind = list(_KINDS.values())[int(rng.choice(len(shares), p=shares / shares.sum()))]
    picture = kind(rng, size, params)
    if bernoulli(rng, params.night):
        picture = _darken(rng, picture)
    blur = uniform(rng, params.blur) ** 2 / max(params.blur[1], 1e-6)  # squared, so that most are sharp
    picture = picture.filter(ImageFilter.GaussianBlur(blur * size[0]))
    return _add_grain(rng, picture, uniform(rng, params.grain))


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
            _draw_roof(rng, picture, box)
            picture.paste(facade(rng, (max(4, box[2] - box[0]), max(4, box[3] - box[1]))), box[:2])
        x += wide * rng.uniform(0.6, 1.2)
    picture.paste(ground_plane(rng, size, horizon), (0, horizon))
    _draw_poles(rng, picture, horizon)
    _park_far_cars(rng, picture, horizon, params)
    return picture


def _draw_roof(rng: np.random.Generator, picture: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Draw a roof on some of the houses."""
    if bernoulli(rng, 0.5):
        x1, top, x2, _ = box
        over, slope, high = 0.04 * (x2 - x1), rng.uniform(0.1, 0.5) * (x2 - x1), rng.uniform(0.1, 0.4) * (x2 - x1)
        outline = [(x1 - over, top + 2), (x1 + slope, top - high), (x2 - slope, top - high), (x2 + over, top + 2)]
        tile = random_colour(rng, (0.05, 0.6), (0.2, 0.6), (0.02, 0.05, 0.6))
        ImageDraw.Draw(picture).polygon(outline, fill=tile)


def _paste_trees(rng: np.random.Generator, picture: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Paste trees or a hedge with a ragged outline."""
    size = (max(8, box[2] - box[0]), max(8, box[3] - box[1]))
    leaves = textures.foliage(rng, size)
    x, y = np.linspace(-1, 1, size[0])[None], np.linspace(-1, 1, size[1])[:, None]
    crown = 1 - np.abs(x) ** rng.uniform(2, 5) - np.maximum(-y, 0) ** rng.uniform(2, 5)
    ragged = 4 * crown - 1 + fractal_noise(rng, size, 5, 0.8)
    picture.paste(leaves, box[:2], Image.fromarray(np.clip(ragged * 255, 0, 255).astype(np.uint8)))


def _park_far_cars(rng: np.random.Generator, picture: Image.Image, horizon: int, params: BackdropParams) -> None:
    """Draw far cars without plates below the horizon, the nearest last.

    They stand in a row or are scattered.
    """
    width, height = picture.size
    count = int(rng.integers(params.far_cars[0], params.far_cars[1] + 1))
    if bernoulli(rng, 0.5):  # parked side by side
        y, wide = horizon + rng.uniform(0.02, 0.15) * height, rng.uniform(0.05, 0.22) * width
        start, pitch = rng.uniform(-0.2, 0.4) * width, wide * rng.uniform(1.05, 1.5)
        for index in range(count):
            draw_far_car(rng, picture, start + index * pitch, y + rng.normal() * 0.03 * wide, wide)
        return
    depth = rng.uniform(0.02, 0.25)
    for y in sorted(rng.uniform(0.01, depth + 0.02, count)):
        wide = width * (0.03 + y * rng.uniform(0.5, 1.2))
        draw_far_car(rng, picture, rng.uniform(-0.1, 1) * width, horizon + y * height, wide)


def _draw_poles(rng: np.random.Generator, picture: Image.Image, horizon: int) -> None:
    """Draw trunks, lamp posts and pillars that stand below the horizon."""
    draw, (width, height) = ImageDraw.Draw(picture), picture.size
    for _ in range(int(rng.integers(0, 5))):
        x, foot = rng.uniform(0, 1) * width, horizon + rng.uniform(0, 0.15) * height
        wide, top = log_uniform(rng, (0.004, 0.04)) * width, rng.uniform(-0.5, 0.7) * foot
        paint = random_colour(rng, (0, 0.4), (0.1, 0.8), (0.07, 0.3))
        for part in range(4):  # the light comes from one side
            left = x + part * wide / 4
            draw.rectangle((left, top, left + wide / 4, foot), fill=shade(paint, 1.25 - 0.2 * part))


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
        picture.paste(ground_plane(rng, size, foot), (0, foot))
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
        picture.paste(ground_plane(rng, size, foot), (0, foot))
    return picture


def _pavement(rng: np.random.Generator, size: Size, params: BackdropParams) -> Image.Image:
    picture = ground_plane(rng, size, 0)
    if bernoulli(rng, 0.4):
        _park_far_cars(rng, picture, -size[1] // 20, params)
    return picture


def _hall(rng: np.random.Generator, size: Size, params: BackdropParams) -> Image.Image:
    """Draw a car park or a showroom: ceiling with lamps, pillars, floor."""
    width, height = size
    horizon = int(rng.uniform(0.2, 0.55) * height)
    ceiling = random_colour(rng, (0, 0.1), (0.03, 0.5) if bernoulli(rng, 0.7) else (0.7, 1.0))
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
    if bernoulli(rng, 0.6):
        high = max(4, round(horizon * rng.uniform(0.1, 0.7)))
        picture.paste(facade(rng, (width, high)), (0, horizon - high))
    picture.paste(ground_plane(rng, size, horizon), (0, horizon))
    _park_far_cars(rng, picture, horizon, params)
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(0, 4))):
        x, wide = rng.uniform(0, width), rng.uniform(0.02, 0.09) * width
        foot, paint = horizon + rng.uniform(0, 0.3) * height, random_colour(rng, (0, 0.2), (0.3, 0.9))
        draw.rectangle((x, 0, x + wide, foot), fill=paint)
        draw.rectangle((x + wide * 0.7, 0, x + wide, foot), fill=shade(paint, 0.7))
        band = random_colour(rng, (0.6, 1.0), (0.4, 0.95), (0.0, 0.14, 0.35, 0.6))
        draw.rectangle((x, foot - wide * rng.uniform(1, 3), x + wide, foot - wide * 0.5), fill=band)
    return picture


def _plain(rng: np.random.Generator, size: Size, params: BackdropParams) -> Image.Image:
    del params
    colours = [random_colour(rng, (0, 0.7), (0.05, 1)) for _ in range(int(rng.integers(2, 4)))]
    ramp = np.linspace(-1, 1, size[0], dtype=np.float32)[None] * np.float32(rng.normal())
    ramp = ramp + np.linspace(-1, 1, size[1], dtype=np.float32)[:, None] * np.float32(rng.normal())
    return colour_ramp(ramp + np.float32(0.15) * fractal_noise(rng, size, 4, 0.8), colours)


def _texture(rng: np.random.Generator, size: Size, params: BackdropParams) -> Image.Image:
    """Draw noise, a regular pattern, or shapes on top of each other."""
    del params
    colours = [random_colour(rng, (0, 0.8), (0, 1)) for _ in range(int(rng.integers(2, 6)))]
    kind = rng.random()
    if kind < 0.3:
        unit = size[0] * log_uniform(rng, (0.02, 0.3))
        return masonry(rng, size, (unit, unit * log_uniform(rng, (0.2, 3))), rng.choice([0, 0.5]), colours)
    stretch = log_uniform(rng, (0.2, 5))
    picture = colour_ramp(fractal_noise(rng, size, int(rng.integers(2, 40)), rng.uniform(0.4, 1), stretch), colours)
    if kind < 0.6:
        draw, side = ImageDraw.Draw(picture), float(min(size))
        for _ in range(int(rng.integers(5, 40))):
            (x, y), wide, high = rng.uniform(0, 1, 2) * size, *np.exp(rng.uniform(-3.5, -0.5, 2)) * side
            _draw_shape(draw, rng, (x - wide, y - high, x + wide, y + high))
    return picture


def _draw_shape(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: tuple[float, float, float, float]) -> None:
    """Draw a random shape into a box: rectangle, ellipse, polygon or arc."""
    colour, kind = random_colour(rng), int(rng.integers(4))
    if kind == 0:
        draw.rectangle(box, fill=colour)
    elif kind == 1:
        draw.ellipse(box, fill=colour)
    elif kind == 2:
        corners = zip(rng.uniform(box[0], box[2], 4), rng.uniform(box[1], box[3], 4), strict=True)
        draw.polygon([(float(x), float(y)) for x, y in corners], fill=colour)
    else:
        start, width = rng.uniform(0, 360), max(1, round((box[2] - box[0]) * rng.uniform(0.02, 0.2)))
        draw.arc(box, start, start + rng.uniform(60, 360), fill=colour, width=width)


_KINDS: dict[str, Callable[[np.random.Generator, Size, BackdropParams], Image.Image]] = {
    "street": _street, "wall": _wall, "greenery": _greenery, "pavement": _pavement, "hall": _hall,
    "plain": _plain, "texture": _texture,
}  # fmt: skip


def _darken(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """Darken a picture to night, and light a few lamps."""
    factor = log_uniform(rng, (0.12, 0.5))
    dark = picture.point([round(value * factor) for value in range(256)] * 3)
    draw = ImageDraw.Draw(dark)
    for _ in range(int(rng.integers(0, 10))):
        x, y = rng.uniform(0, 1) * dark.width, rng.uniform(0, 0.6) * dark.height
        radius = log_uniform(rng, (0.002, 0.02)) * dark.width
        lamp = random_colour(rng, (0, 0.6), (0.8, 1), (0.02, 0.1, 0.14))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=lamp)
    return dark


def _add_grain(rng: np.random.Generator, picture: Image.Image, strength: float) -> Image.Image:
    """Add fine gray grain with a standard deviation of `strength`, of 255."""
    noise = Image.frombytes("L", picture.size, rng.bytes(picture.width * picture.height))
    scale = strength / (256 / 12**0.5)  # the bytes are uniform
    noise = noise.point([round(np.clip(128 + (value - 127.5) * scale, 0, 255)) for value in range(256)])
    return ImageChops.add(picture, Image.merge("RGB", [noise] * 3), 1, -128)
