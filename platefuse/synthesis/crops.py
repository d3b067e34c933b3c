"""Character crops of plates, and hard negatives, from which the classifier learns.

The crops equal those of the fused model's connection layer for the same boxes: `expand_box`, and Pillow's BILINEAR for
the filter of `platefuse.networks.detection.resize`. TensorFlow is not imported, so that worker processes start fast.
"""

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from PIL import Image
from pydantic import Field

from platefuse.core.params import Pair, Params
from platefuse.data.boxes import expand_box
from platefuse.data.crop_geometry import Polarity

_WIDTHS = (0.45, 0.8)  # range of a hard negative's width divided by its height
_MAX_PITCH = 1.3  # in character heights; centres farther apart have room for a character between them


class CropParams(Params):
    """How the classifier's characters are cut out of the plates."""

    size: Pair[Annotated[int, Field(ge=8, le=256)]] = Field(description="Height and width of a crop, in pixels.")
    shift: float = Field(ge=0, le=0.5, description="Largest shift of each edge of a box, as a share of the box's side.")
    hard_negatives: int = Field(ge=0, le=20, description="Most hard negatives for each plate: crops of no character.")


class RenderedCropParams(CropParams):
    """How the classifier's characters are cut out of rendered plates."""

    as_read: bool = Field(
        description="Whether rendered plates are cut as the fused model reads them, in fuse.polarity and level with "
        "fuse.deskew, and hard negatives have the height of what looks like a character."
    )


@dataclass(frozen=True)
class CropGeometry:
    """How the fused model sees a character.

    Attributes:
        input_size: height and width in pixels that plates are letterboxed to, `detector.input_size`.
        margin: padding on each side of a box as a share of the side, `fuse.crop_margin`.
        polarity: that the networks read best, `fuse.polarity`.
        deskew: whether plates are turned level, `fuse.deskew`.
    """

    input_size: tuple[int, int]
    margin: float
    polarity: Polarity
    deskew: bool

    def crops(self, params: CropParams) -> "CropSettings":
        """Combine the geometry with the parameters of a layout's crops."""
        return CropSettings(**vars(self), **dict(params))


@dataclass(frozen=True)
class CropSettings(CropGeometry):
    """All that decides how crops are cut: the geometry, and `CropParams`."""

    size: tuple[int, int]
    shift: float
    hard_negatives: int
    as_read: bool = False


def cut_characters(
    rng: np.random.Generator, image: Image.Image, boxes: np.ndarray, settings: CropSettings
) -> np.ndarray:
    """Crop characters from a plate, with randomly shifted box edges.

    Args:
        rng: the plate's own generator.
        image: the plate.
        boxes: [n,4], x1,y1,x2,y2 in pixels of the plate.
        settings: size, shift and geometry of the crops.

    Returns:
        uint8 [n,h,w], gray; beyond the plate, its border pixels are repeated.
    """
    if not len(boxes):
        return np.zeros((0, *settings.size), np.uint8)
    plate, scale = letterboxed(image, settings.input_size)
    windows = _windows(rng, boxes * scale, settings)
    pad = _padding(windows, plate.size, settings.size)
    padded = Image.fromarray(np.pad(np.asarray(plate), pad, mode="edge"))
    size = settings.size[::-1]
    cut = [padded.resize(size, Image.Resampling.BILINEAR, box=tuple(window)) for window in windows + pad]
    return np.stack([np.asarray(crop) for crop in cut])


def cut_hard_negatives(
    rng: np.random.Generator, image: Image.Image, boxes: np.ndarray, distractors: np.ndarray, settings: CropSettings
) -> np.ndarray:
    """Crop hard negatives: distractors, gaps between characters, ends of the number.

    Args:
        rng: the plate's own generator.
        image: the plate.
        boxes: boxes of the characters, [n,4], x1,y1,x2,y2 in pixels of the plate, in reading order.
        distractors: boxes of print that is not read, [m,4], such as emblems and stacked letters.
        settings: as for `cut_characters`, and the most `hard_negatives`.

    Returns:
        uint8 [<=hard_negatives,h,w], gray.
    """
    centres = np.concatenate([_centres(distractors), *_beside_characters(boxes)])
    marked = boxes if len(boxes) else distractors
    heights = np.full(len(centres), np.median(marked[:, 3] - marked[:, 1]) if len(marked) else 0.0)
    if settings.as_read:
        heights[: len(distractors)] = distractors[:, 3] - distractors[:, 1]
    chosen = rng.permutation(np.column_stack([centres, heights]))[: settings.hard_negatives]
    half = chosen[:, 2:] / 2 * np.column_stack([rng.uniform(*_WIDTHS, len(chosen)), np.ones(len(chosen))])
    return cut_characters(rng, image, np.concatenate([chosen[:, :2] - half, chosen[:, :2] + half], axis=1), settings)


def _centres(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _beside_characters(boxes: np.ndarray) -> list[np.ndarray]:
    """Give centres between neighbours, float [k,2], and beyond the ends, [2,2]."""
    centres, height = _centres(boxes), boxes[:, 3] - boxes[:, 1]
    steps = np.diff(centres, axis=0)
    touching = (steps[:, 0] > 0) & (np.abs(steps).max(axis=1) < _MAX_PITCH * height[:-1])
    between = (centres[:-1] + steps / 2)[touching]
    if len(boxes) < 2:
        return [between]
    beyond = centres[[0, -1]] + [[-height[0], 0], [height[-1], 0]]
    return [between, beyond]


def letterboxed(image: Image.Image, size: tuple[int, int]) -> tuple[Image.Image, float]:
    """Letterbox a plate to `size` (height, width), in gray; give the scale."""
    gray = image.convert("L")
    scale = min(size[0] / gray.height, size[1] / gray.width)
    shown = (round(gray.width * scale), round(gray.height * scale))
    canvas = Image.new("L", size[::-1])
    if not all(shown):  # a sliver, narrower than half a pixel of the result
        return canvas, scale
    over = math.ceil(0.5 / scale)  # the last pixel of the result may reach beyond the image
    edged = Image.fromarray(np.pad(np.asarray(gray), (0, over), mode="edge"))
    canvas.paste(edged.resize(shown, Image.Resampling.BILINEAR, box=(0, 0, shown[0] / scale, shown[1] / scale)))
    return canvas, scale


def _windows(rng: np.random.Generator, boxes: np.ndarray, settings: CropSettings) -> np.ndarray:
    """Shift and expand boxes [n,4] to crop windows, in letterboxed pixels."""
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    shifted = boxes + sides * rng.uniform(-settings.shift, settings.shift, boxes.shape)
    x1, y1, x2, y2 = shifted.T
    return np.stack(expand_box(x1, y1, x2, y2, settings.margin), axis=1)


def _padding(windows: np.ndarray, plate: tuple[int, int], size: tuple[int, int]) -> int:
    """Give the padding that windows [n,4] and the filter need, in pixels."""
    beyond = max(-windows.min(), (windows[:, 2:] - plate).max(), 0)
    filter_reach = max(((windows[:, 2:] - windows[:, :2]) / size[::-1]).max(), 1)
    return math.ceil(beyond + filter_reach)
