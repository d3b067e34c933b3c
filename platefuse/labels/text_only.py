"""Images labelled by text only, without boxes.

They are real plates that measure accuracy.
"""

from pathlib import Path

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import TRUTH, AnnotatedPlate, read_truth

_NO_BOXES = np.zeros((0, 4), np.int32)


def read_text_only(plates: Path) -> dict[str, list[AnnotatedPlate]]:
    """Read the images labelled by text in a folder and its subfolders.

    Args:
        plates: a folder of images with a truth.csv (header `image,text`), or a folder of such folders.

    Returns:
        The plates of each folder, by its name, sorted; plates in the order of truth.csv, without boxes.

    Raises:
        PlatefuseError: if there is no truth.csv, or one breaks the contract.
    """
    truths = sorted([*plates.glob(TRUTH), *plates.glob(f"*/{TRUTH}")])
    if not truths:
        raise PlatefuseError(f"{plates}: neither this folder nor a subfolder has a {TRUTH} (header image,text).")
    return {
        path.parent.resolve().name: [
            AnnotatedPlate(path.parent / name, _NO_BOXES, "", text) for name, text in read_truth(path).items()
        ]
        for path in truths
    }
