"""The camera: perspective, scale, blur, light, noise and JPEG compression."""

import io
from typing import Annotated

import numpy as np
from PIL import Image, ImageFilter
from pydantic import Field

from platefuse.core.params import Factor, Params, Probability, Range
from platefuse.synthesis.sampling import bernoulli, log_uniform, uniform

_FILTERS = (Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
_Width = Annotated[float, Field(ge=16, le=1000)]
_Margin = Annotated[float, Field(ge=-0.1, le=0.35)]  # the car is drawn no further
_Blur = Annotated[float, Field(ge=0, le=20)]
_Enlargement = Annotated[float, Field(ge=1, le=10)]
_Noise = Annotated[float, Field(ge=0, le=255)]
_Quality = Annotated[float, Field(ge=1, le=100)]
# Even the largest values of these three together leave a plate convex, if it is at least as wide as high.
_Degrees = Annotated[float, Field(ge=-30, le=30)]
_Slant = Annotated[float, Field(ge=-0.3, le=0.3)]
_Offset = Annotated[float, Field(ge=0, le=0.2)]
_STRAIGHT = 0.25  # of tilt, yaw and pitch is left in a straight photograph
_MaxAngle = Annotated[float, Field(ge=0, le=50)]
_Distance = Annotated[float, Field(ge=1.5, le=100)]


class OpticsParams(Params):
    """How pictures are taken: light, blur, noise and compression."""

    light: Range[Probability] = Field(description="How much darker one side is than the other, 0 to 1.")
    shadow: Probability = Field(description="Share of photographs with a shadow's edge across the plate.")
    brightness: Range[Factor] = Field(description="Factor of the brightness.")
    contrast: Range[Factor] = Field(description="Factor of the contrast around mid-gray.")
    gamma: Range[Factor] = Field(description="Exponent of the gamma correction.")
    cast: Range[Factor] = Field(description="Factor of each colour channel: a colour cast.")
    gray: Probability = Field(description="Share of photographs without colour.")
    focus_blur: Range[_Blur] = Field(description="Standard deviation of the Gaussian blur, in pixels.")
    motion_blur: Range[_Blur] = Field(description="Length of the motion blur, in pixels.")
    motion: Probability = Field(description="Share of photographs with motion blur.")
    enlarged: Probability = Field(description="Share of photographs taken at a lower resolution and enlarged.")
    enlargement: Range[_Enlargement] = Field(description="Factor of the enlargement.")
    noise: Range[_Noise] = Field(description="Standard deviation of the noise, of 255.")
    sharpened: Probability = Field(description="Share of photographs sharpened by the camera.")
    jpeg_quality: Range[_Quality] = Field(description="Quality of the JPEG compression, 1 to 100.")


class CameraParams(OpticsParams):
    """How plates are photographed: pose, light, blur, noise and compression."""

    width: Range[_Width] = Field(description="Width of the photograph, in pixels.")
    margin: Range[_Margin] = Field(description="Margin on each side of the plate, as a share of its width or height.")
    tilt: Range[_Degrees] = Field(description="Rotation, in degrees.")
    shear: Range[_Slant] = Field(description="Horizontal shear, as a share of the height.")
    perspective: Range[_Offset] = Field(description="Displacement of each corner, as a share of the height.")
    yaw: _MaxAngle = Field(description="Largest angle from which a plate is seen from either side, in degrees.")
    pitch: _MaxAngle = Field(description="Largest angle from which a plate is seen from above or below, in degrees.")
    straight: Probability = Field(description="Share of photographs with a quarter of tilt, yaw and pitch.")
    distance: Range[_Distance] = Field(description="Distance of the camera, in widths of the plate; with yaw or pitch.")
    bend: float = Field(
        ge=0, le=0.5, description="Largest sagitta of a bent plate, as a share of its height, up or down."
    )
    motion_along: Probability = Field(description="Share of motion blurs along the plate, the way that a car moves.")


def random_homography(
    rng: np.random.Generator, width: float, height: float, params: CameraParams
) -> tuple[np.ndarray, tuple[int, int]]:
    """Draw the homography of a view that is cropped around the plate.

    Args:
        rng: the plate's own generator.
        width, height: of the plate, in pixels.
        params: turn, slant, perspective and margin.

    Returns:
        The homography from pixels of the plate to pixels of the view, float64 [3,3]; the view's width and height.
    """
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    strength = _STRAIGHT if params.straight and bernoulli(rng, params.straight) else 1.0
    angle = strength * np.radians(uniform(rng, params.tilt))
    shear = uniform(rng, params.shear)
    turn = np.array([[np.cos(angle), -np.sin(angle) + shear], [np.sin(angle), np.cos(angle)]])
    moved = _seen_from_aside(rng, corners, strength, params) @ turn.T
    moved += uniform(rng, params.perspective) * height * rng.uniform(-1, 1, (4, 2))
    least, most = moved.min(axis=0), moved.max(axis=0)
    left, top, right, bottom = (uniform(rng, params.margin) for _ in range(4))
    extent = most - least
    least = least - extent * [left, top]
    most = most + extent * [right, bottom]
    return homography(corners, moved - least), (max(8, round(most[0] - least[0])), max(8, round(most[1] - least[1])))


def _seen_from_aside(
    rng: np.random.Generator, corners: np.ndarray, strength: float, params: CameraParams
) -> np.ndarray:
    """Project corners [4,2] by a pinhole camera around the plate.

    `strength` is the share of the largest angles that counts. Hartley and Zisserman, *Multiple View Geometry in
    Computer Vision*, 2004, chapter 6.
    """
    if not params.yaw and not params.pitch:
        return corners
    yaw, pitch = (strength * np.radians(rng.uniform(-most, most)) for most in (params.yaw, params.pitch))
    middle, distance = corners.mean(axis=0), log_uniform(rng, params.distance) * corners[:, 0].max()
    x, y = (corners - middle).T
    x, z = x * np.cos(yaw), x * np.sin(yaw)
    y, z = y * np.cos(pitch) - z * np.sin(pitch), y * np.sin(pitch) + z * np.cos(pitch)
    return np.column_stack([x, y]) * (distance / (distance + z))[:, None] + middle


def homography(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Solve for the homography [3,3] of four point pairs, [4,2] each.

    The method is the direct linear transform.
    """
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(right)), 1.0).reshape(3, 3)


def project(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Map points [n,2] by a homography."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return mapped[:, :2] / mapped[:, 2:]


def warp(scene: Image.Image, matrix: np.ndarray, size: tuple[int, int]) -> Image.Image:
    """Warp a scene by a homography; `size` is the result's (width, height)."""
    inverse = np.linalg.inv(matrix)
    coefficients = (inverse / inverse[2, 2]).ravel()[:8]
    return scene.transform(size, Image.Transform.PERSPECTIVE, tuple(coefficients), Image.Resampling.BILINEAR)


def photograph(
    rng: np.random.Generator, view: Image.Image, size: tuple[int, int], params: CameraParams, direction: float = 0.0
) -> bytes:
    """Take a photograph of a view.

    Args:
        rng: the plate's own generator.
        view: what the camera sees, RGB, at any resolution.
        size: width and height of the photograph, in pixels.
        params: effects of light, lens, sensor and compression.
        direction: of the plate's lines in the view, in radians.

    Returns:
        The bytes of a JPEG file.
    """
    along = bool(params.motion_along) and bernoulli(rng, params.motion_along)
    most = size[0] / params.width[0]  # nobody could read a smaller one
    return take_picture(rng, view, size, params, most, direction if along else None)


def take_picture(
    rng: np.random.Generator,
    view: Image.Image,
    size: tuple[int, int],
    params: OpticsParams,
    most: float,
    direction: float | None = None,
) -> bytes:
    """Take a picture of any view.

    Args:
        rng, view, size: as for `photograph`.
        params: effects of light, lens, sensor and compression.
        most: the largest factor of an enlargement, above 0.
        direction: of any motion blur, in radians; None for a random one.

    Returns:
        The bytes of a JPEG file.
    """
    scale = view.width / size[0]
    if bernoulli(rng, params.motion):
        angle = rng.uniform(0, np.pi) if direction is None else direction
        view = _motion_blur(view, angle, uniform(rng, params.motion_blur) * scale)
    factor = log_uniform(rng, params.enlargement) if bernoulli(rng, params.enlarged) else 1.0
    factor = max(1.0, min(factor, most))
    taken = (max(8, round(size[0] / factor)), max(8, round(size[1] / factor)))
    picture = view.resize(taken, _FILTERS[int(rng.integers(len(_FILTERS)))])
    blur = uniform(rng, params.focus_blur) ** 2 / max(params.focus_blur[1], 1e-6)  # squared, so that most are sharp
    picture = picture.filter(ImageFilter.GaussianBlur(blur / factor))
    light = _adjust_colours(rng, _illuminate(rng, np.asarray(picture, np.float32), params), params)
    picture = Image.fromarray(_add_noise(rng, light, params))
    if taken != size:
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    if bernoulli(rng, params.sharpened):
        picture = picture.filter(ImageFilter.UnsharpMask(rng.uniform(0.6, 2.0), int(rng.integers(60, 250)), 0))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=round(uniform(rng, params.jpeg_quality)), subsampling=int(rng.choice([0, 2])))
    return file.getvalue()


def _motion_blur(view: Image.Image, angle: float, length: float) -> Image.Image:
    """Average shifted copies of a view along a line of `length` pixels."""
    steps = int(np.clip(length / 2, 1, 6))
    pixels = np.asarray(view)
    total = np.zeros(pixels.shape, np.float32)
    for share in np.linspace(-0.5, 0.5, steps + 1):
        x, y = round(length * share * np.cos(angle)), round(length * share * np.sin(angle))
        total += np.roll(pixels, (y, x), (0, 1))
    return Image.fromarray((total / (steps + 1)).astype(np.uint8))


def _illuminate(rng: np.random.Generator, pixels: np.ndarray, params: OpticsParams) -> np.ndarray:
    """Darken one side of pixels [H,W,3], and sometimes cast a shadow."""
    height, width, _ = pixels.shape
    angle = rng.uniform(0, 2 * np.pi)
    ramp = np.cos(angle) * np.linspace(-1, 1, width)[None] + np.sin(angle) * np.linspace(-1, 1, height)[:, None]
    light = 1 - uniform(rng, params.light) * (ramp + 1.5) / 3
    if bernoulli(rng, params.shadow):
        edge = ramp - rng.uniform(-0.7, 0.7)
        light = light * (1 - rng.uniform(0.2, 0.6) * np.clip(edge * rng.uniform(3, 40) + 0.5, 0, 1))
    return pixels * light[..., None].astype(np.float32)


def _adjust_colours(rng: np.random.Generator, pixels: np.ndarray, params: OpticsParams) -> np.ndarray:
    """Apply colour cast or gray, gamma, contrast and brightness to pixels [H,W,3]."""
    if bernoulli(rng, params.gray):
        pixels = np.repeat(pixels @ np.array([[0.299], [0.587], [0.114]], np.float32), 3, axis=2)
    else:
        pixels = pixels * rng.uniform(*params.cast, 3).astype(np.float32)
    table = 255 * np.linspace(0, 1, 256) ** log_uniform(rng, params.gamma)
    pixels = table.astype(np.float32)[np.clip(pixels, 0, 255).astype(np.uint8)]
    contrast, brightness = log_uniform(rng, params.contrast), log_uniform(rng, params.brightness)
    middle = rng.uniform(90, 165)
    return (pixels - middle) * contrast * brightness + middle * brightness


def _add_noise(rng: np.random.Generator, pixels: np.ndarray, params: OpticsParams) -> np.ndarray:
    """Add Gaussian noise, gray or in colour, and give uint8 pixels."""
    strength = uniform(rng, params.noise) ** 3 / max(params.noise[1], 1e-6) ** 2  # cubed, so that most are weak
    shape = pixels.shape if bernoulli(rng, 0.5) else (*pixels.shape[:2], 1)
    noise = rng.standard_normal(shape, np.float32) * np.float32(strength)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)
