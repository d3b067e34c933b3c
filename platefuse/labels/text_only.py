"""Photographs of plates whose text is known and boxes are not: what real accuracy is measured on."""

from pathlib import Path

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import TRUTH, Plate, read_truth

_NOWHERE = np.zeros((0, 4), np.int32)


def read_text_only(plates: Path) -> dict[str, list[Plate]]:
    """Read what photographs there are in a folder, and in each folder in it.

    Args:
        plates: a folder of images and a truth.csv (header `image,text`), or a folder of such folders.

    Returns:
        The plates of each of them, in the order of its truth.csv, by the folder's name, in order; without boxes.

    Raises:
        PlatefuseError: if there is no truth.csv, or one is not as it should be.
    """
    truths = sorted([*plates.glob(TRUTH), *plates.glob(f"*/{TRUTH}")])
    if not truths:
        raise PlatefuseError(f"{plates}: neither it nor a folder in it has a {TRUTH} of image,text.")
    return {
        path.parent.resolve().name: [
            Plate(path.parent / name, _NOWHERE, "", text) for name, text in read_truth(path).items()
        ]
        for path in truths
    }
