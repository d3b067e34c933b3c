"""True plates of photographs, for scores of a model of photographs."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.data import csv_annotations
from platefuse.data.plate_set import beyond_images
from platefuse.labels.text_only import truth_files


@dataclass(frozen=True, eq=False)
class LabelledPhotograph:
    """One photograph and its true plates.

    Attributes:
        path: the image file.
        boxes: int32 [n,4], x1,y1,x2,y2 in pixels of the photograph, x2 and y2 exclusive; None if only texts are known.
        texts: n texts; "" for a plate whose text is not known.
        wheres: the file and line of each plate.
        truth: the file that names the photograph.
    """

    path: Path
    boxes: np.ndarray | None
    texts: tuple[str, ...]
    wheres: tuple[str, ...]
    truth: Path

    @property
    def where(self) -> str:
        """The file and line of the first plate.

        Of a photograph without plates it is the file.
        """
        return self.wheres[0] if self.wheres else str(self.truth)


def read_photographs(folder: Path) -> dict[str, list[LabelledPhotograph]]:
    """Read the labelled photographs in a folder and its subfolders.

    Args:
        folder: a folder of photographs with a truth.csv, or a folder of such folders. The file has the header
            `image,x1,y1,x2,y2,text` and a row a plate, or `image,,,,,` for a photograph without plates; or, without
            boxes, the header `image,text` and a row a plate, or `image,`.

    Returns:
        The photographs of each folder, by its name, sorted; photographs in the order of truth.csv.

    Raises:
        PlatefuseError: if there is no truth.csv, or one has no rows or breaks the contract.
    """
    return {name: _read(path) for name, path in truth_files(folder).items()}


def files_with_boxes(folder: Path) -> list[Path]:
    """List each truth.csv that has boxes of plates.

    Raises:
        PlatefuseError: as `truth_files`.
    """
    return [path for path in truth_files(folder).values() if _has_boxes(path)]


def _read(path: Path) -> list[LabelledPhotograph]:
    issues: list[str] = []
    photographs = (_with_boxes if _has_boxes(path) else _with_texts)(path, issues)
    if issues:
        more = f" Issues in all: {len(issues)}." if issues[1:] else ""
        raise PlatefuseError(issues[0] + more)
    if not photographs:
        raise PlatefuseError(f"{path} has no rows: it has the header image,x1,y1,x2,y2,text and a row for each plate.")
    return photographs


def _has_boxes(path: Path) -> bool:
    """Whether the header names boxes.

    A file that cannot be read has none.
    """
    try:
        header = csv_annotations.read_text(path).lstrip().partition("\n")[0]
    except PlatefuseError:
        return False
    return next(csv.reader([header.strip()]), []) == csv_annotations.PLATES_HEADER


def _with_boxes(path: Path, issues: list[str]) -> list[LabelledPhotograph]:
    plates = csv_annotations.read_plates(path, issues) or {}
    issues += beyond_images(path.parent, plates)
    return [
        LabelledPhotograph(
            path.parent / name,
            np.array([plate.corners for plate in of_image], np.int32).reshape(-1, 4),
            tuple(plate.label for plate in of_image),
            tuple(plate.where for plate in of_image),
            path,
        )
        for name, of_image in plates.items()
    ]


def _with_texts(path: Path, issues: list[str]) -> list[LabelledPhotograph]:
    return [
        LabelledPhotograph(
            path.parent / name, None, tuple(text for text, _ in of_image), tuple(where for _, where in of_image), path
        )
        for name, of_image in (csv_annotations.read_texts(path, issues) or {}).items()
    ]
