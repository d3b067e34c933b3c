"""Perspective drawing: a pinhole camera, and a painter of flat shapes.

A car's coordinates are in centimetres: x to the right, y up from the ground, z away from the camera. The face of the
car, front or rear, is near z = 0.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from platefuse.synthesis.licence.camera import homography, warp
from platefuse.synthesis.licence.emblems import Colour

_NEAREST = 8.0  # cm; points behind the camera are taken to be this far in front of it
_FAR = 8000.0  # pixels; shapes are cut off there
_TINY = 0.6  # pixels; smaller shapes are not drawn


@dataclass(frozen=True, eq=False)
class View:
    """A pinhole camera.

    Attributes:
        matrix: float64 [3,4], from homogeneous centimetres to homogeneous pixels.
        position: float64 [3], where the camera is.
    """

    matrix: np.ndarray
    position: np.ndarray

    def project(self, points: Any) -> np.ndarray:
        """Project points [n,3] to pixels, float64 [n,2]."""
        mapped = np.asarray(points, float) @ self.matrix[:, :3].T + self.matrix[:, 3]
        return np.clip(mapped[:, :2] / np.maximum(mapped[:, 2:], _NEAREST), -_FAR, _FAR)

    def placed(self, scale: float, shift: np.ndarray) -> "View":
        """Enlarge the picture by a factor, then shift it by pixels [2]."""
        change = np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1.0]])
        return View(change @ self.matrix, self.position)


def look_at(target: np.ndarray, position: np.ndarray, tilt: float) -> View:
    """Make a view from a position to a target.

    The focal length is 1 pixel.

    Args:
        target, position: float [3], in centimetres.
        tilt: rotation of the picture, in radians.
    """
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross([0.0, 1.0, 0.0], forward)
    right /= np.linalg.norm(right)
    down = -np.cross(forward, right)
    axes = np.stack([right, down, forward])
    turn = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1.0]])
    axes = turn @ axes
    return View(np.column_stack([axes, -axes @ position]), position)


@dataclass(frozen=True, eq=False)
class Painter:
    """Draws shapes of a car into a picture.

    Attributes:
        image, draw: the picture, RGB, and Pillow's drawing interface to it.
        view: the camera.
        surroundings: picture that shiny surfaces mirror, RGB.
    """

    image: Image.Image
    draw: ImageDraw.ImageDraw
    view: View
    surroundings: Image.Image

    def mirrored(self, rng: np.random.Generator, colours: np.ndarray, share: float) -> np.ndarray:
        """Blend a random part of the surroundings into colours, float [h,w,3].

        `share` is the part's weight, 0..1. Returns float32 [10,12,3].
        """
        width, height = self.surroundings.size
        x, y = rng.uniform(0, 0.5, 2) * [width, height]
        seen = self.surroundings.resize((12, 10), Image.Resampling.BILINEAR, box=(x, y, x + width / 2, y + height / 2))
        blend = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8)).resize(seen.size, Image.Resampling.BICUBIC)
        return np.asarray(blend, np.float32) * (1 - share) + np.asarray(seen, np.float32) * share

    def fill(self, points: Any, colour: Colour) -> None:
        """Fill a polygon [n,3] with a colour."""
        flat = self.view.project(points)
        if self._visible(flat):
            self.draw.polygon([tuple(point) for point in flat.tolist()], fill=colour)

    def shade(self, points: Any, colours: np.ndarray, opacity: float = 1.0) -> None:
        """Fill a polygon [n,3] with a smooth blend of colours.

        The colours, float [h,w,3] of 255, are a coarse image that is stretched over the polygon's bounding box.
        """
        flat = self.view.project(points)
        if not self._visible(flat):
            return
        least, most = flat.min(axis=0), np.maximum(flat.max(axis=0), flat.min(axis=0) + 1)
        x1, y1 = np.maximum(np.floor(least), 0).astype(int).tolist()
        x2, y2 = np.minimum(np.ceil(most), self.image.size).astype(int).tolist()
        mask = Image.new("L", (x2 - x1, y2 - y1), 0)
        ImageDraw.Draw(mask).polygon([tuple(p) for p in (flat - [x1, y1]).tolist()], fill=round(255 * opacity))
        blend = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))
        rows, columns = colours.shape[:2]
        scale = np.array([columns, rows]) / (most - least)
        window = np.concatenate([([x1, y1] - least) * scale, ([x2, y2] - least) * scale])
        window = np.clip(window, 0, [columns, rows, columns, rows])
        if (window[2:] - window[:2] > 1e-3).all():
            blend = blend.resize(mask.size, Image.Resampling.BICUBIC, box=tuple(window.tolist()))
            self.image.paste(blend, (x1, y1), mask)

    def stroke(self, points: Any, colour: Colour, width: float) -> None:
        """Draw a line through points [n,3], `width` centimetres wide."""
        flat = self.view.project(points)
        pixels = width * self.pixels_per_cm(np.asarray(points, float).mean(axis=0))
        if self._visible(flat, thin=True) and pixels > 0.25:
            self.draw.line([tuple(point) for point in flat.tolist()], fill=colour, width=max(1, round(pixels)))

    def paste(self, layer: Image.Image, corners: Any) -> None:
        """Paste a layer, RGBA, with its corners at four points [4,3].

        The points are clockwise from the upper left.
        """
        flat = self.view.project(corners)
        if not self._visible(flat):
            return
        least = np.maximum(np.floor(flat.min(axis=0)) - 1, 0).astype(int)
        most = np.minimum(np.ceil(flat.max(axis=0)) + 1, self.image.size).astype(int)
        width, height = layer.size
        source = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
        size = (int(most[0] - least[0]), int(most[1] - least[1]))
        warped = warp(layer, homography(source, flat - least), size)
        self.image.paste(warped, tuple(least.tolist()), warped.getchannel("A"))

    def pixels_per_cm(self, point: np.ndarray) -> float:
        """Give the picture's scale at a point [3], in pixels a centimetre."""
        axes = self.view.matrix[:, :3]
        focal = np.linalg.norm(np.cross(axes[0], axes[2]))
        depth = axes[2] @ point + self.view.matrix[2, 3]
        return float(focal / max(depth, _NEAREST))

    def _visible(self, points: np.ndarray, thin: bool = False) -> bool:
        """Whether points [n,2] outline a visible shape; `thin` allows lines."""
        least, most = points.min(axis=0), points.max(axis=0)
        inside = (most > 0).all() and (least < self.image.size).all()
        return bool(inside and (thin or (most - least > _TINY).all()))


def rectangle(x1: float, y1: float, x2: float, y2: float, round_by: float = 0.0) -> np.ndarray:
    """Outline of a rectangle with corners rounded by a radius, float [n,2]."""
    if round_by <= 0:
        return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], float)
    radius = min(round_by, abs(x2 - x1) / 2, abs(y2 - y1) / 2)
    middles = np.array([[x2 - radius, y2 - radius], [x1 + radius, y2 - radius], [x1 + radius, y1 + radius],
                        [x2 - radius, y1 + radius]])  # fmt: skip
    angles = np.arange(4)[:, None] * np.pi / 2 + np.linspace(0, np.pi / 2, 4)
    arcs = middles[:, None] + radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return arcs.reshape(-1, 2)


def ellipse(x: float, y: float, wide: float, high: float) -> np.ndarray:
    """Outline of an ellipse with half axes `wide` and `high`, float [20,2]."""
    angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    return np.stack([x + wide * np.cos(angles), y + high * np.sin(angles)], axis=1)
