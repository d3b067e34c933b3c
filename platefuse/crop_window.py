"""What of a plate the classifier is shown of a character's box: the same for the fused model and for training.

Arithmetic alone, of NumPy arrays as of tensors: what cuts training's characters runs without TensorFlow.
"""

from typing import Any


def crop_window(x1: Any, y1: Any, x2: Any, y2: Any, margin: float) -> tuple[Any, Any, Any, Any]:
    """Widen a box on each side by `margin` times its width or height.

    Args:
        x1, y1, x2, y2: the box, in pixels; or arrays or tensors of one shape, of many boxes.
        margin: share of the box's width and height; below 0 it narrows.

    Returns:
        The window, x1,y1,x2,y2, of the same kind; it may reach beyond the plate.
    """
    x, y = margin * (x2 - x1), margin * (y2 - y1)
    return x1 - x, y1 - y, x2 + x, y2 + y
