"""Plates as the fused model reads them: inverted and level.

The classifier learns from crops of such plates, since it gets no others. What is done here to the true characters the
graph does to those that it found: `platefuse.fusion.second_reading`.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from platefuse.data.boxes import enclose_corners
from platefuse.data.views import LevelView, level_view
from platefuse.synthesis.crops import CropGeometry, letterboxed


@dataclass(frozen=True, eq=False)
class SeenPlate:
    """A plate, and where its characters are.

    Attributes:
        image: RGB, or gray if it was turned.
        boxes: of the characters, float64 [n,4], x1,y1,x2,y2 in pixels of the image.
        distractors: boxes of print that is not read, float64 [m,4].
    """

    image: Image.Image
    boxes: np.ndarray
    distractors: np.ndarray


def as_read(
    image: Image.Image, corners: np.ndarray, distractors: np.ndarray, light_on_dark: bool, geometry: CropGeometry
) -> SeenPlate:
    """Show a plate as the networks read it.

    Args:
        image: the plate, RGB.
        corners: of the characters, float64 [n,4,2], x,y in pixels of the plate, clockwise from the upper left.
        distractors: corners of print that is not read, float64 [m,4,2].
        light_on_dark: whether the number is lighter than the plate.
        geometry: the input size, the polarity, and whether plates are turned level.
    """
    wrong = {"dark_on_light": light_on_dark, "light_on_dark": not light_on_dark, "as_given": False}[geometry.polarity]
    image = ImageOps.invert(image) if wrong else image
    seen = SeenPlate(image, enclose_corners(corners), enclose_corners(distractors))
    if not geometry.deskew or not len(corners):
        return seen
    shown, scale = letterboxed(image, geometry.input_size)
    view = level_view(seen.boxes * scale, np.ones(len(corners)), geometry.input_size)
    if not view.askew:
        return seen
    level = shown.transform(shown.size, Image.Transform.AFFINE, tuple(view.matrix.ravel()), Image.Resampling.BILINEAR)
    boxes, others = (enclose_corners(_in_view(of * scale, view)) for of in (corners, distractors))
    return SeenPlate(level, boxes, others)


def _in_view(points: np.ndarray, view: LevelView) -> np.ndarray:
    """Map points [...,2] of the letterboxed image into a view."""
    return (points - view.matrix[:, 2]) @ np.linalg.inv(view.matrix[:, :2]).T
