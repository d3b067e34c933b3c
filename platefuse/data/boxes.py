"""Reading order and padding of boxes, in NumPy.

Training and the fused model share them.
"""

from typing import Any, Literal

import numpy as np

ReadingOrder = Literal["left_to_right", "rows", "score"]

# Two boxes are in different rows if the vertical distance of their centres exceeds this share of the taller height.
# Far below 0.5, a stacked pair of small letters would split a row; far above, two rows would merge.
ROW_GAP = 0.5


def order_boxes(boxes: np.ndarray, order: Literal["left_to_right", "rows"]) -> np.ndarray:
    """Return the indices of boxes in reading order; ties keep their order.

    Args:
        boxes: [n,4], x1,y1,x2,y2.
        order: from left to right, or row by row.

    Returns:
        int64 [n].
    """
    x, y = (boxes[:, :2] + boxes[:, 2:]).T / 2
    by_x = np.argsort(x, kind="stable")
    if order == "left_to_right":
        return by_x
    y, heights = y[by_x], (boxes[:, 3] - boxes[:, 1])[by_x]
    down = np.argsort(y, kind="stable")
    taller = np.maximum(heights[down][1:], heights[down][:-1])
    rows = np.zeros(len(boxes), np.int64)
    rows[down[1:]] = np.cumsum(np.diff(y[down]) > ROW_GAP * taller)
    return by_x[np.argsort(rows, kind="stable")]


def expand_box(x1: Any, y1: Any, x2: Any, y2: Any, margin: float) -> tuple[Any, Any, Any, Any]:
    """Expand a box on each side by a share of its size.

    Args:
        x1, y1, x2, y2: the box in pixels; numbers, or arrays or tensors of one shape for many boxes.
        margin: share of the box's width and height; a negative margin shrinks the box.

    Returns:
        The expanded box, x1,y1,x2,y2; it may reach beyond the image.
    """
    x, y = margin * (x2 - x1), margin * (y2 - y1)
    return x1 - x, y1 - y, x2 + x, y2 + y


def enclose_corners(corners: np.ndarray) -> np.ndarray:
    """Enclose each four corners by an upright box.

    Args:
        corners: [n,4,2], x,y.

    Returns:
        [n,4], x1,y1,x2,y2.
    """
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
