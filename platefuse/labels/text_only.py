"""Images labelled by text only, without boxes.

They are real plates that measure accuracy.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.data.csv_annotations import read_image_column
from platefuse.data.image_kinds import looks_like_image
from platefuse.data.plate_set import TRUTH, AnnotatedPlate

_NO_BOXES = np.zeros((0, 4), np.int32)


@dataclass(frozen=True)
class TextOnlyPlate(AnnotatedPlate):
    """A plate without boxes.

    Attributes:
        where: the file and line of its text.
    """

    where: str


def read_text_only(plates: Path) -> dict[str, list[TextOnlyPlate]]:
    """Read the images labelled by text in a folder and its subfolders.

    Args:
        plates: a folder of images with a truth.csv (header `image,text`), or a folder of such folders.

    Returns:
        The plates of each folder, by its name, sorted; plates in the order of truth.csv, without boxes.

    Raises:
        PlatefuseError: if there is no truth.csv, or one has no rows or breaks the contract.
    """
    return {name: _read(path) for name, path in truth_files(plates).items()}


def truth_files(plates: Path) -> dict[str, Path]:
    """Find the truth.csv of a folder and its subfolders, by name.

    Raises:
        PlatefuseError: if there is none, or two folders have one name.
    """
    if not plates.is_dir():
        raise PlatefuseError(f"{plates} is not a folder." if plates.exists() else f"{plates} does not exist.")
    truths = sorted([*plates.glob(TRUTH), *plates.glob(f"*/{TRUTH}")])
    if not truths:
        raise PlatefuseError(f"{plates / TRUTH} is missing: it has the header image,text and a row for each image.")
    folders = {path.parent.resolve().name: path for path in truths}
    if len(folders) < len(truths):
        raise PlatefuseError(f"{plates} and a folder in it have one name, and each has a {TRUTH}: rename one.")
    return folders


def images_without_text(plates: Path, named: Iterable[Path]) -> list[Path]:
    """List the images beside labelled ones that no truth.csv names.

    Searched are the folder, its subfolders and the folders of the images `named`. Hidden files are left out.
    """
    known = {os.path.normpath(path) for path in named}
    folders = {plates, *(path for path in plates.iterdir() if path.is_dir()), *(Path(path).parent for path in known)}
    images = (path for folder in folders if not folder.name.startswith(".") for path in folder.iterdir())
    return sorted(
        path
        for path in images
        if not path.name.startswith(".")
        and looks_like_image(path)
        and path.is_file()
        and os.path.normpath(path) not in known
    )


def _read(path: Path) -> list[TextOnlyPlate]:
    issues: list[str] = []
    lines: dict[str, str] = {}
    texts = read_image_column(path, "text", issues, lines)
    if issues:
        raise PlatefuseError(issues[0])
    if not texts:
        raise PlatefuseError(f"{path} has no rows: it has the header image,text and a row for each image.")
    return [TextOnlyPlate(path.parent / name, _NO_BOXES, "", text, lines[name]) for name, text in texts.items()]
