"""One check of images that come as pixels, whatever runtime reads them."""

from typing import Any

import numpy as np
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.images import as_rgb, check_size

EXPECTED = "RGB pixels, uint8 [H,W,3] of at least 1 x 1"


def as_pixels(image: Any, where: str) -> np.ndarray:
    """Give an image's pixels as all runtimes take them.

    Args:
        image: a PIL image, or RGB pixels, uint8 [H,W,3]. Other arrays are not converted: gray ones, floats and images
            with transparency have no single meaning.
        where: where the image came from, for the error.

    Returns:
        uint8 RGB [H,W,3], contiguous. Channels that a view has swapped, as of OpenCV's BGR, are none to ONNX Runtime.

    Raises:
        PlatefuseError: if it is neither, empty or too large, or a PIL image that cannot be read.
    """
    try:
        pixels = as_rgb(image) if isinstance(image, Image.Image) else image
        if not isinstance(pixels, np.ndarray):
            raise PlatefuseError(f"expected a PIL image or {EXPECTED}, found {type(image).__name__}.")
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise PlatefuseError(f"expected {EXPECTED}, found {pixels.dtype} {list(pixels.shape)}.")
        check_size(pixels.shape[1], pixels.shape[0])
    except PlatefuseError as error:
        raise PlatefuseError(f"{where}: {error}") from None
    return np.ascontiguousarray(pixels)
