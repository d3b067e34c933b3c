"""Light over a whole scene: dusk, infra-red, shadows, lamps, haze, drops.

Light is float32 [h,w] or [h,w,3] on a grid of size `small` (h, w), coarser than the picture by `_COARSE`.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from platefuse.synthesis.sampling import bernoulli, uniform
from platefuse.synthesis.scene.params import SceneLightParams
from platefuse.synthesis.scene.textures import fractal_noise

_COARSE = 4  # light is computed on every fourth pixel


def light_scene(
    rng: np.random.Generator,
    image: Image.Image,
    plates: Sequence[np.ndarray],
    lamps: Sequence[tuple[np.ndarray, float]],
    params: SceneLightParams,
) -> Image.Image:
    """Light a scene.

    Args:
        rng: the scene's own generator.
        image: the scene in plain light, RGB.
        plates: corners of each plate, float [4,2], in pixels; plates reflect more light at night.
        lamps: middle, float [2], and radius of each lamp, in pixels.
        params: how frequent each light is.

    Returns:
        The scene, RGB.
    """
    small = (max(2, image.height // _COARSE), max(2, image.width // _COARSE))
    light, added = np.ones((*small, 3), np.float32), np.zeros((*small, 3), np.float32)
    kind, reflected = rng.random(), 1.0
    night = kind < params.infrared + params.dusk
    if kind < params.infrared:
        light, reflected = _infrared(rng, small, plates, light)
    elif night:
        light *= rng.uniform(0.35, 0.75) * np.array([rng.uniform(0.85, 1.1), 1.0, rng.uniform(0.9, 1.2)], np.float32)
        reflected = rng.uniform(0.9, 2.2)
    elif bernoulli(rng, params.shadows):
        light *= _shadows(rng, small)[..., None]
    for middle, radius in lamps:
        if bernoulli(rng, max(params.lamps, 0.6 if night else 0)):
            added += _glow(rng, small, middle / _COARSE, radius / _COARSE)
    if bernoulli(rng, params.haze):
        light, added = _haze(rng, small, light, added)
    lit = _apply(image, light, added)
    gain = _exposure(rng, lit, params.exposure, night)
    light, added = light * gain, added * gain
    lit = _apply(image, light, added)
    if night and plates:
        lit.paste(_apply(image, light * reflected, added), (0, 0), _mask(image.size, plates))
    if bernoulli(rng, params.wet):
        _drop(rng, lit)
    return lit.convert("L").convert("RGB") if kind < params.infrared else lit


def _exposure(rng: np.random.Generator, image: Image.Image, means: tuple[float, float], night: bool) -> float:
    """Choose the factor that brings an image near a mean brightness.

    `means` is the range of mean brightness, of 255.
    """
    mean = float(np.asarray(image.convert("L").resize((24, 16), Image.Resampling.BOX)).mean())
    wanted = uniform(rng, means) * (rng.uniform(0.4, 1.0) if night else 1.0)
    return float(np.clip((wanted / max(mean, 1.0)) ** rng.uniform(0.5, 1.0), 0.7, 2.6))


def _apply(image: Image.Image, light: np.ndarray, added: np.ndarray) -> Image.Image:
    """Multiply an image by `light`, then add `added`, both float32 [h,w,3]."""
    size, bilinear = image.size, Image.Resampling.BILINEAR
    factor = np.asarray(Image.fromarray(np.clip(light * 50, 0, 255).astype(np.uint8)).resize(size, bilinear))
    pixels = np.asarray(image, np.float32) * (factor * np.float32(1 / 50))
    if added.any():
        pixels += np.asarray(Image.fromarray(np.clip(added, 0, 255).astype(np.uint8)).resize(size, bilinear))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _mask(size: tuple[int, int], plates: Sequence[np.ndarray]) -> Image.Image:
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    for corners in plates:
        draw.polygon([tuple(corner) for corner in corners.tolist()], fill=255)
    return mask


def _grid(small: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.ogrid[: small[0], : small[1]]
    return x.astype(np.float32), y.astype(np.float32)


def _infrared(
    rng: np.random.Generator, small: tuple[int, int], plates: Sequence[np.ndarray], light: np.ndarray
) -> tuple[np.ndarray, float]:
    """Light a scene with the camera's own lamp, often around a plate.

    Returns the light, and the factor by which plates are brighter.
    """
    x, y = _grid(small)
    around = rng.uniform(0, 1, 2) * small[::-1]
    if plates and bernoulli(rng, 0.7):
        around = plates[int(rng.integers(len(plates)))].mean(axis=0) / _COARSE
    reach = rng.uniform(0.4, 1.5) * small[1]
    spot = np.exp(-(((x - around[0]) ** 2 + (y - around[1]) ** 2) / reach**2))
    level = rng.uniform(0.25, 0.9)
    return light * (level * (0.25 + 0.75 * spot))[..., None].astype(np.float32), rng.uniform(0.9, 2.6) / level**0.5


def _shadows(rng: np.random.Generator, small: tuple[int, int]) -> np.ndarray:
    """Cast shadows of leaves, a straight edge or railings: float32 [h,w], 0..1."""
    depth, contrast = rng.uniform(0.2, 0.6), rng.uniform(1.5, 8)
    if bernoulli(rng, 0.5):
        cover = fractal_noise(rng, small[::-1], int(rng.integers(4, 20)), rng.uniform(0.4, 0.8))
        return 1 - depth * np.clip((cover - rng.uniform(0.3, 0.6)) * contrast + 0.5, 0, 1)
    x, y = _grid(small)
    angle, width = rng.uniform(0, np.pi), rng.uniform(0.1, 1.2) * small[1]
    across = np.cos(angle) * (x - rng.uniform(0, small[1])) + np.sin(angle) * (y - rng.uniform(0, small[0]))
    if bernoulli(rng, 0.3):  # of railings
        across = (across % (2 * width / 6)) - width / 6
        width /= 6
    return (1 - depth * np.clip((width / 2 - np.abs(across)) * contrast / 10, 0, 1)).astype(np.float32)


def _glow(rng: np.random.Generator, small: tuple[int, int], middle: np.ndarray, radius: float) -> np.ndarray:
    """Glow of a lamp: float32 [h,w,3], at least 0.

    It is added to the picture, whose channels are 0..255.
    """
    x, y = _grid(small)
    square = (x - middle[0]) ** 2 + (y - middle[1]) ** 2
    radius = max(radius, 0.6)
    core = np.exp(-square / (radius * rng.uniform(0.5, 1.2)) ** 2)
    halo = np.exp(-np.sqrt(square) / (radius * rng.uniform(1, 3))) * rng.uniform(0.1, 0.6)
    white = (255, rng.uniform(220, 255), rng.uniform(160, 255))
    colour = np.array(white if bernoulli(rng, 0.5) else (255, rng.uniform(30, 90), rng.uniform(20, 80)), np.float32)
    return (core + halo)[..., None] * colour


def _haze(
    rng: np.random.Generator, small: tuple[int, int], light: np.ndarray, added: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    x, y = _grid(small)
    angle = rng.uniform(0, 2 * np.pi)
    ramp = np.clip(np.cos(angle) * (x / small[1] - 0.5) + np.sin(angle) * (y / small[0] - 0.5) + 0.5, 0, 1)
    veil = (rng.uniform(0.05, 0.5) * ramp ** rng.uniform(0.3, 2))[..., None]
    colour = rng.uniform(150, 255) * np.array([1, rng.uniform(0.92, 1), rng.uniform(0.85, 1.05)])
    return (light * (1 - veil)).astype(np.float32), (added * (1 - veil) + colour * veil).astype(np.float32)


def _drop(rng: np.random.Generator, image: Image.Image) -> None:
    """Blur round spots of an image, like drops on the lens."""
    for _ in range(int(rng.integers(2, 10))):
        radius = max(2, round(rng.uniform(0.01, 0.08) * image.width))
        x, y = int(rng.integers(0, image.width)), int(rng.integers(0, image.height))
        box = (max(0, x - radius), max(0, y - radius), min(image.width, x + radius), min(image.height, y + radius))
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]), 0)
        ImageDraw.Draw(mask).ellipse((0, 0, mask.width - 1, mask.height - 1), fill=int(rng.integers(90, 230)))
        spot = image.crop(box).filter(ImageFilter.GaussianBlur(radius / rng.uniform(2, 6)))
        image.paste(spot.point(lambda value: min(255, int(value * 1.1 + 8))), box[:2], mask.filter(ImageFilter.BLUR))
