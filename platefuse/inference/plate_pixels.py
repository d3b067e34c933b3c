"""Plates cut out of a photograph, or made unreadable in it."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.data.boxes import expand_box
from platefuse.inference.reader import Reader
from platefuse.inference.reading import Box, Plate

CROP_MARGIN = 0.1
"""Share of a box's sides that is cut out beyond each side; models of single plates read best with .1 to .15."""
BLUR_MARGIN = 0.2
"""The same share for what is made unreadable: a box may be a little too small."""

# A cell is as large as two characters or more. Its average still tells how much ink it has: whoever knows the font
# could rank the possible texts. Rounded to so few levels, it tells next to nothing.
_COLUMNS, _ROWS, _LEVEL = 4, 2, 32
_MOST_PASSES = 16


def cut_out(image: np.ndarray, box: Box, margin: float = CROP_MARGIN) -> np.ndarray:
    """Cut a box, expanded by a margin, out of an image.

    Args:
        image: uint8 RGB [H,W,3].
        box: x1,y1,x2,y2 in pixels of the image.
        margin: share of the box's width and height added on each side.

    Returns:
        A view of the image, uint8 RGB [h,w,3]; h or w is 0 if no pixel lies in the box.
    """
    x1, y1, x2, y2 = expand_box(*box, margin)
    height, width = image.shape[:2]
    rows = slice(max(0, math.floor(y1)), min(height, max(0, math.ceil(y2))))
    columns = slice(max(0, math.floor(x1)), min(width, max(0, math.ceil(x2))))
    return image[rows, columns]


def pixelate(image: np.ndarray, boxes: Iterable[Box]) -> np.ndarray:
    """Replace boxes by a few cells of one colour each.

    There are at most 4 cells across and 2 down. A cell has the average colour of its pixels, rounded to the middle
    of one of 8 levels a channel.

    Args:
        image: uint8 RGB [H,W,3].
        boxes: each x1,y1,x2,y2 in pixels of the image; expanded by BLUR_MARGIN.

    Returns:
        A copy, uint8 RGB [H,W,3].
    """
    hidden = image.copy()
    for box in boxes:
        plate = cut_out(hidden, box, BLUR_MARGIN)
        height, width = plate.shape[:2]
        side = max(width / _COLUMNS, height / _ROWS, 1)
        for top, bottom in _steps(height, side):
            for left, right in _steps(width, side):
                cell = plate[top:bottom, left:right]
                cell[:] = cell.mean((0, 1)) // _LEVEL * _LEVEL + _LEVEL // 2
    return hidden


def _steps(length: int, side: float) -> Iterable[tuple[int, int]]:
    """Divide a length into steps of about one size."""
    count = min(length, max(1, round(length / side)))
    return pairwise(round(index * length / max(1, count)) for index in range(count + 1))


def hide_plates(reader: Reader, image: np.ndarray, plates: Sequence[Plate]) -> np.ndarray:
    """Make every plate that a model reads in a photograph unreadable.

    A photograph may have more plates than a reading has room for. What was hidden is therefore read again, until the
    model finds no plate elsewhere.

    Args:
        reader: a model of photographs.
        image: uint8 RGB [H,W,3].
        plates: the plates that `reader` read in `image`.

    Returns:
        uint8 RGB [H,W,3]; `image` itself if there are no plates.

    Raises:
        PlatefuseError: if the model still reads plates after 16 passes.
    """
    hidden, done = image, list[Box]()
    for _ in range(_MOST_PASSES):
        if not plates:
            return hidden
        boxes = [plate.box for plate in plates]
        hidden = pixelate(hidden, boxes)
        done += (expand_box(*box, BLUR_MARGIN) for box in boxes)
        plates = [plate for plate in reader.read(hidden).plates if not _within(plate, done)]
    raise PlatefuseError(f"Plates are still read after all that were found were made unreadable {_MOST_PASSES} times.")


def _within(plate: Plate, boxes: Sequence[Box]) -> bool:
    """Whether the centres of all characters of a plate lie in boxes."""
    centres = [((c.box[0] + c.box[2]) / 2, (c.box[1] + c.box[3]) / 2) for c in plate.characters]
    return all(any(x1 <= x <= x2 and y1 <= y <= y2 for x1, y1, x2, y2 in boxes) for x, y in centres)
