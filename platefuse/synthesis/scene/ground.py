"""Ground in perspective.

It has road markings, kerbs, parking bays and shadows.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from platefuse.synthesis.licence.camera import homography, warp
from platefuse.synthesis.licence.emblems import Colour, random_colour
from platefuse.synthesis.sampling import bernoulli
from platefuse.synthesis.scene import textures
from platefuse.synthesis.scene.textures import Size, fractal_noise, shade

_LARGEST = 480  # pixels; a larger ground is drawn at this width and enlarged, and gets its fine grain thereafter


def ground_plane(rng: np.random.Generator, size: Size, horizon: int) -> Image.Image:
    """Draw the ground below the horizon of a picture.

    Args:
        rng: the scene's own generator.
        size: width and height of the picture, in pixels.
        horizon: row of the horizon.

    Returns:
        The rows from the horizon to the picture's lower edge, RGB.
    """
    width, height = size[0], size[1] - horizon
    scale = min(1.0, _LARGEST / width)
    flat = textures.ground(rng, (max(8, round(width * scale)), max(8, round(size[1] * 0.8 * scale))))
    _mark(rng, flat)
    if bernoulli(rng, 0.4):
        flat = _cast_shadow(rng, flat)
    spread, shift = rng.uniform(0.3, 1.8), rng.uniform(-0.6, 0.6)
    corners = np.array([[0, 0], [flat.width, 0], [flat.width, flat.height], [0, flat.height]], float)
    left, right = min((shift - spread) * width, -0.02 * width), max((1 + shift + spread) * width, 1.02 * width)
    top, bottom = -0.04 * height, 1.02 * height
    target = np.array([[-0.02 * width, top], [1.02 * width, top], [right, bottom], [left, bottom]])
    return warp(flat, homography(corners, target), (width, height))


class _Marker:
    """Paints parallel stripes on a ground in top view.

    Each marker draws its own direction.
    """

    def __init__(self, rng: np.random.Generator, size: Size) -> None:
        turn = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.25)
        self.along, self.across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        self.middle, self.width = np.array(size) / 2, size[0]

    def stripe(
        self, draw: ImageDraw.ImageDraw, along: tuple[float, float], across: tuple[float, float], fill: Colour | int
    ) -> None:
        """Paint a stripe.

        `along` and `across` are its ends (from, to) along the direction and across, counted from the ground's middle
        in shares of its width.
        """
        (a1, a2), (c1, c2) = along, across
        corners = [(a1, c1), (a2, c1), (a2, c2), (a1, c2)]
        points = [self.middle + self.width * (self.along * a + self.across * c) for a, c in corners]
        draw.polygon([(float(x), float(y)) for x, y in points], fill=fill)


def _mark(rng: np.random.Generator, flat: Image.Image) -> None:
    """Paint a kerb with another ground behind, and road markings."""
    marker = _Marker(rng, flat.size)
    if bernoulli(rng, 0.5):
        edge, kerb = rng.uniform(0.1, 0.4), random_colour(rng, (0, 0.1), (0.5, 0.85))
        strip = textures.foliage(rng, flat.size) if bernoulli(rng, 0.5) else textures.ground(rng, flat.size)
        for begin, end, fill in (
            (edge, 2.0, strip),
            (edge - 0.02, edge, kerb),
            (edge - 0.03, edge - 0.02, shade(kerb, 0.4)),
        ):
            mask = Image.new("L", flat.size, 0)
            marker.stripe(ImageDraw.Draw(mask), (-2, 2), (begin, end), 255)
            _cover(flat, fill, mask)
    paint = ((235, 235, 230), (225, 190, 60), (200, 200, 200))[int(rng.integers(3))]
    mask, kind, begin = Image.new("L", flat.size, 0), rng.random(), rng.uniform(-0.3, 0.2)
    draw = ImageDraw.Draw(mask)
    if kind < 0.25:  # a dashed or solid line
        dash, gap, wide = rng.uniform(0.05, 0.2), rng.uniform(0, 0.2), rng.uniform(0.008, 0.015)
        for start in np.arange(-1, 1, dash + gap + 0.01):
            marker.stripe(draw, (start, start + dash), (0, wide), 255)
    elif kind < 0.5:  # parking bays
        pitch, wide, long = rng.uniform(0.12, 0.3), rng.uniform(0.008, 0.02), rng.uniform(0.2, 0.3)
        for start in np.arange(-1, 1, pitch):
            marker.stripe(draw, (start, start + wide), (begin, begin + long), 255)
    elif kind < 0.65:  # a crosswalk
        pitch = rng.uniform(0.05, 0.1)
        for start in np.arange(-1, 1, pitch):
            marker.stripe(draw, (start, start + pitch / 2), (begin, begin + 0.2), 255)
    else:
        return
    left_over = fractal_noise(rng, flat.size, 12, 0.9) * np.float32(60) + np.float32(rng.uniform(120, 260))
    worn = np.minimum(np.asarray(mask), np.clip(left_over, 0, 255).astype(np.uint8))
    _cover(flat, paint, Image.fromarray(worn))


def _cover(flat: Image.Image, fill: Image.Image | Colour, mask: Image.Image) -> None:
    """Cover a ground with a colour or a picture, with soft edges."""
    cover = fill if isinstance(fill, Image.Image) else Image.new("RGB", flat.size, fill)
    flat.paste(cover, mask=mask.filter(ImageFilter.BoxBlur(0.7)))


def _cast_shadow(rng: np.random.Generator, flat: Image.Image) -> Image.Image:
    """Cast the shadow of a tree or a house."""
    if bernoulli(rng, 0.5):
        noise = fractal_noise(rng, flat.size, int(rng.integers(2, 8)), 0.6) - rng.uniform(-0.5, 0.8)
        mask = Image.fromarray(np.clip(noise * rng.uniform(200, 900), 0, 255).astype(np.uint8))
    else:
        mask = Image.new("L", flat.size, 0)
        begin = rng.uniform(-0.4, 0.4)
        _Marker(rng, flat.size).stripe(ImageDraw.Draw(mask), (-2, 2), (begin, begin + rng.uniform(0.1, 1)), 255)
        mask = mask.filter(ImageFilter.GaussianBlur(flat.width * rng.uniform(0.001, 0.01)))
    depth = rng.uniform(0.3, 0.7)
    return Image.composite(flat.point([round(value * depth) for value in range(256)] * 3), flat, mask)
