"""Textures: fractal noise, and materials of walls, grounds and skies.

Pictures are RGB. A size is (width, height) in pixels.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from platefuse.synthesis.licence.emblems import Colour, random_colour
from platefuse.synthesis.sampling import bernoulli, log_uniform

Size = tuple[int, int]
"""Width and height, in pixels."""


def fractal_noise(
    rng: np.random.Generator, size: Size, grain: int, roughness: float, stretch: float = 1.0
) -> np.ndarray:
    """Draw noise of many octaves.

    Args:
        rng: the scene's own generator.
        size: width and height, in pixels.
        grain: number of the largest patches across the width.
        roughness: amplitude of an octave, as a share of the next coarser octave's.
        stretch: width of a patch divided by its height.

    Returns:
        Float32 [H,W] with a mean near 0 and a standard deviation near 1.
    """
    width, height = size
    columns, rows = min(width, max(2, grain)), min(height, max(2, round(grain * stretch * height / width)))
    field, amplitude = rng.random((rows, columns), np.float32), 1.0
    while columns < width or rows < height:
        columns, rows = min(2 * columns, width), min(2 * rows, height)
        field = np.asarray(Image.fromarray(field).resize((columns, rows), Image.Resampling.BILINEAR)).copy()
        amplitude *= roughness
        if amplitude > 0.02:
            field += np.float32(amplitude) * (rng.random((rows, columns), np.float32) - np.float32(0.5))
    sample = field[::3, ::3]
    return (field - sample.mean()) / max(float(sample.std()), 1e-6)


def colour_ramp(noise: np.ndarray, colours: Sequence[Colour], spread: float = 2.0) -> Image.Image:
    """Colour noise, float32 [H,W], by a ramp of colours.

    The first colour is for values up to -spread, the last for values from spread on.
    """
    levels = np.linspace(0, 255, len(colours))
    table = np.stack([np.interp(np.arange(256), levels, channel) for channel in np.array(colours, float).T], axis=1)
    index = np.clip(noise * np.float32(127.5 / spread) + np.float32(127.5), 0, 255).astype(np.uint8)
    image = Image.fromarray(index)
    image.putpalette(table.astype(np.uint8).tobytes())
    return image.convert("RGB")


def shade(colour: Colour, factor: float) -> Colour:
    """Multiply a colour's channels by a factor; clip to 0..255."""
    red, green, blue = (min(255, max(0, round(channel * factor))) for channel in colour)
    return red, green, blue


def mottled(rng: np.random.Generator, size: Size, colour: Colour, contrast: float, roughness: float) -> Image.Image:
    """Draw one material with uneven brightness.

    `contrast` is a standard deviation, as a share of the colour.
    """
    noise = fractal_noise(rng, size, int(rng.integers(2, 9)), roughness)
    dark, light = shade(colour, 1 - 2 * contrast), shade(colour, 1 + 2 * contrast)
    return colour_ramp(noise, (dark, colour, light))


def masonry(
    rng: np.random.Generator, size: Size, cell: tuple[float, float], shift: float, colours: Sequence[Colour]
) -> Image.Image:
    """Draw bricks, tiles, boards or slats with joints.

    Args:
        rng: the scene's own generator.
        size: width and height, in pixels.
        cell: width and height of one brick, in pixels.
        shift: offset of every second row, as a share of a brick.
        colours: ramp of the bricks from dark to light; joints have the first.
    """
    width, height = size
    across, down = max(2.0, cell[0]), max(2.0, cell[1])
    row, y = np.divmod(np.arange(height, dtype=np.float32), down)
    row = row.astype(np.intp)
    column, x = np.divmod(np.arange(width, dtype=np.float32)[None] + (row % 2 * shift * across)[:, None], across)
    values = rng.standard_normal((row[-1] + 1, int(column.max()) + 1), np.float32)
    joint = rng.uniform(0.04, 0.16) * min(across, down)
    relief = rng.uniform(0, 1.5) * (0.5 - y / down)[:, None]  # light from above
    noise = np.float32(rng.uniform(0.2, 0.9)) * values[row[:, None], column.astype(np.intp)] + relief
    noise += np.float32(rng.uniform(0.2, 0.7)) * fractal_noise(rng, size, 6, rng.uniform(0.6, 0.95))
    seams = (x < joint) | (y < joint)[:, None]
    noise[seams] -= np.float32(rng.uniform(0.8, 2.5))
    return colour_ramp(noise.astype(np.float32), colours)


def _paved(rng: np.random.Generator, size: Size) -> Image.Image:
    stone = random_colour(rng, (0, 0.15), (0.35, 0.8), (0.05, 0.1, 0.6))
    wide = size[0] * log_uniform(rng, (0.02, 0.15))
    colours = (shade(stone, 0.55), stone, shade(stone, 1.3))
    return masonry(rng, size, (wide, wide * rng.uniform(0.4, 1)), rng.choice([0, 0.5]), colours)


def asphalt(rng: np.random.Generator, size: Size) -> Image.Image:
    """Draw asphalt or concrete with cracks and patches."""
    gray = random_colour(rng, (0, 0.1), (0.2, 0.75), (0.08, 0.12, 0.6))
    ground = mottled(rng, size, gray, rng.uniform(0.02, 0.1), rng.uniform(0.85, 1.25))
    draw = ImageDraw.Draw(ground)
    for _ in range(int(rng.integers(0, 4))):  # cracks and seams
        points = np.cumsum(rng.normal(0, 0.1, (7, 2)), axis=0) + rng.uniform(0, 1, 2)
        line = [(float(x * size[0]), float(y * size[1])) for x, y in points]
        draw.line(line, fill=shade(gray, rng.uniform(0.4, 0.75)), width=int(rng.integers(1, 3)))
    for _ in range(int(rng.integers(0, 12))):  # stains
        x, y, wide, high = *rng.uniform(0, 1, 2), *rng.uniform(0.002, 0.04, 2)
        box = (x * size[0], y * size[1], (x + wide) * size[0], (y + high) * size[1])
        draw.ellipse(box, fill=shade(gray, rng.uniform(0.55, 1.15)))
    return ground


def ground(rng: np.random.Generator, size: Size) -> Image.Image:
    """Draw asphalt, paving or sand."""
    kind = rng.random()
    if kind < 0.65:
        return asphalt(rng, size)
    if kind < 0.85:
        return _paved(rng, size)
    return mottled(rng, size, random_colour(rng, (0.05, 0.35), (0.4, 0.8), (0.08, 0.1)), 0.14, 0.9)


def foliage(rng: np.random.Generator, size: Size) -> Image.Image:
    """Draw leaves or grass, green or in autumn colours."""
    hues = (0.22, 0.26, 0.3) if bernoulli(rng, 0.8) else (0.06, 0.1, 0.14)
    dark, middle = random_colour(rng, (0.3, 0.8), (0.03, 0.2), hues), random_colour(rng, (0.3, 0.7), (0.25, 0.5), hues)
    light = random_colour(rng, (0.2, 0.6), (0.5, 0.9), hues)
    noise = fractal_noise(rng, size, int(rng.integers(3, 14)), rng.uniform(0.75, 1.0), rng.uniform(0.5, 1.5))
    return colour_ramp(noise, (dark, middle, light), 2.2)


def sky(rng: np.random.Generator, size: Size) -> Image.Image:
    """Draw a sky, clear, clouded or white.

    It is brighter towards the horizon.
    """
    high = random_colour(rng, (0.0, 0.6), (0.55, 1.0), (0.56, 0.6))
    low = shade(random_colour(rng, (0, 0.2), (0.85, 1.0), (0.56, 0.1)), 1.0)
    noise = fractal_noise(rng, size, int(rng.integers(2, 5)), 0.55, rng.uniform(1, 4)) * np.float32(rng.uniform(0, 1))
    return colour_ramp(noise + np.linspace(-1.2, 1.2, size[1], dtype=np.float32)[:, None], (high, low, (252, 252, 252)))


def wall(rng: np.random.Generator, size: Size) -> Image.Image:
    """Draw a wall of brick, blocks, boards, plaster or concrete."""
    kind, unit = rng.random(), size[0] * log_uniform(rng, (0.02, 0.09))
    if kind < 0.3:  # bricks
        red = random_colour(rng, (0.2, 0.65), (0.35, 0.75), (0.02, 0.05))
        colours = [shade(red, rng.uniform(0.5, 1.3)), shade(red, 0.8), red, shade(red, 1.25)]
        return masonry(rng, size, (unit, unit * rng.uniform(0.25, 0.45)), 0.5, colours)
    paint = random_colour(rng, (0, 0.12) if bernoulli(rng, 0.6) else (0.12, 0.45), (0.35, 0.98))
    if kind < 0.4:  # large blocks or tiles
        colours = [shade(paint, 0.75), paint, shade(paint, 1.15)]
        return masonry(rng, size, (3 * unit, unit * rng.uniform(1, 3)), rng.choice([0, 0.5]), colours)
    if kind < 0.6:  # boards, standing or lying
        colours = [shade(paint, 0.6), paint, shade(paint, 1.2)]
        if bernoulli(rng, 0.5):
            return masonry(rng, size, (3 * size[0], unit), 0, colours)
        lying = masonry(rng, (size[1], size[0]), (3 * size[1], unit), 0, colours)
        return lying.transpose(Image.Transpose.TRANSPOSE)
    if kind < 0.85:
        return mottled(rng, size, paint, rng.uniform(0.02, 0.08), rng.uniform(0.5, 0.8))
    return mottled(rng, size, random_colour(rng, (0, 0.1), (0.3, 0.75)), rng.uniform(0.05, 0.15), 0.75)
