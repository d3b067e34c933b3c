"""Which box of an annotated image is read first: as the fused model has it (`platefuse.reading_order`), in NumPy.

What makes plates runs without TensorFlow, and without what fuse alone depends on.
"""

from typing import Literal

import numpy as np

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
