"""Reading order and padding of annotated boxes, in NumPy; shared by training and the fused model."""

from typing import Any, Literal

import numpy as np

ReadingOrder = Literal["left_to_right", "rows", "score"]

# Two boxes whose centres are further apart in height than this share of the taller one stand in different rows.
# Below a half a stacked pair of small letters would break a row; far above it, two rows would become one.
ROW_GAP = 0.5


def order_boxes(boxes: np.ndarray, order: Literal["left_to_right", "rows"]) -> np.ndarray:
    """Give the order, int64 [n], in which boxes [n,4], x1,y1,x2,y2, are read; of equal ones the first comes first."""
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
    """Widen a box on each side by `margin` times its width or height.

    Args:
        x1, y1, x2, y2: the box, in pixels; or arrays or tensors of one shape, of many boxes.
        margin: share of the box's width and height; below 0 it narrows.

    Returns:
        The window, x1,y1,x2,y2, of the same kind; it may reach beyond the plate.
    """
    x, y = margin * (x2 - x1), margin * (y2 - y1)
    return x1 - x, y1 - y, x2 + x, y2 + y
