"""Bent plates: a view whose lines are arcs."""

import numpy as np
from PIL import Image


def bend_points(points: np.ndarray, width: float, sagitta: float) -> np.ndarray:
    """Move points as `bend` moves the pixels of a view.

    The arc is a parabola over the view's width: its ends go down by half the sagitta, its middle up by as much.

    Args:
        points: float64 [...,2], x and y in pixels of the view.
        width: of the view, in pixels.
        sagitta: height of the arc, in pixels; below 0 it opens upwards.

    Returns:
        float64 [...,2].
    """
    share = np.clip(points[..., 0] / width, 0, 1)
    return np.stack([points[..., 0], points[..., 1] + sagitta * (0.5 - 4 * share * (1 - share))], axis=-1)


def bend(view: Image.Image, sagitta: float) -> Image.Image:
    """Bend an RGB view to an arc, by linear interpolation within columns.

    Args:
        view: what the camera sees; beyond it, its border pixels are repeated.
        sagitta: as for `bend_points`.

    Returns:
        RGB, of the view's size.
    """
    pixels, (width, height) = np.asarray(view, np.float32), view.size
    centres = np.column_stack([np.arange(width) + 0.5, np.zeros(width)])
    source = np.clip(np.arange(height)[:, None] - bend_points(centres, width, sagitta)[:, 1], 0, height - 1)
    upper = np.floor(source).astype(int)
    share = (source - upper).astype(np.float32)[..., None]
    lower = np.minimum(upper + 1, height - 1)
    above, below = (np.take_along_axis(pixels, rows[..., None], axis=0) for rows in (upper, lower))
    return Image.fromarray(np.round(above + share * (below - above)).astype(np.uint8))
