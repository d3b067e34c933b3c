"""Boxes in plain code, to compare with."""

import numpy as np


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """The IoU of two boxes x1,y1,x2,y2."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(wide, 0) * max(high, 0)
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / (areas - shared) if areas > shared else 0.0
