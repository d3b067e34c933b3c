"""Photograph sets: photographs, the boxes of their plates, and the plates' texts.

A photograph set is a folder with

- `images/` or `images.zip`, as plate sets have them (`platefuse.data.plate_set`);
- `truth.csv`, with the header `image,x1,y1,x2,y2,text`: one row a plate; the path relative to the folder, whole
  pixels, x2 and y2 exclusive; `image,,,,,` for a photograph without plates;
- `annotations.csv` and `classes.csv`, the same for keras-retinanet: rows `path,x1,y1,x2,y2,class` without a header,
  whose class is the plate's text, and rows `class,id`.

Whoever reads a set needs the images and truth.csv only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from platefuse.data import csv_annotations
from platefuse.data.plate_set import ANNOTATIONS, CLASSES, TRUTH, beyond_images, writing_images
from platefuse.runner.atomic import write_csv

_NO_PLATE = ["", "", "", "", ""]


@dataclass(frozen=True, eq=False)
class AnnotatedPhotograph:
    """One photograph and its plates.

    Attributes:
        path: the image file.
        boxes: int32 [n,4], x1,y1,x2,y2 in pixels of the photograph, x2 and y2 exclusive.
        texts: n texts, in the order of the boxes; "" for a plate without one.
    """

    path: Path
    boxes: np.ndarray
    texts: tuple[str, ...]


def write_photograph_set(
    folder: Path, photographs: Iterable[tuple[np.ndarray | bytes, AnnotatedPhotograph]], packed: bool = False
) -> None:
    """Write images and annotations into a new folder.

    Args:
        folder: where to write; use a temporary folder and rename it (`platefuse.runner.atomic.atomic_write`).
        photographs: pairs of an image and its annotation, whose path gives the name of the image; may be a generator.
            An image is uint8 RGB [H,W,3], or the bytes of an image file, which are written unchanged.
        packed: write the images into one archive; the same images give the same bytes.
    """
    folder.mkdir(parents=True)
    rows: list[list[object]] = []
    texts: dict[str, int] = {}
    with writing_images(folder, packed) as write:
        for image, photograph in photographs:
            name = write(image, photograph.path)
            plates = zip(photograph.boxes.tolist(), photograph.texts, strict=True)
            rows += [[name, *box, text] for box, text in plates] or [[name, *_NO_PLATE]]
            for text in photograph.texts:
                texts.setdefault(text, len(texts))
    write_csv(folder / ANNOTATIONS, None, rows)
    write_csv(folder / CLASSES, None, [[text, index] for text, index in texts.items()])
    write_csv(folder / TRUTH, ["image", "x1", "y1", "x2", "y2", "text"], rows)


def read_photograph_set(folder: Path) -> list[AnnotatedPhotograph]:
    """Read and check the plates in a set's truth.csv.

    Only the headers of the images are read.

    Returns:
        The photographs in the order of truth.csv.

    Raises:
        PlatefuseError: if truth.csv is missing or breaks the contract: the first issue with its file and line, and the
            number of all.
    """
    issues: list[str] = []
    plates = csv_annotations.read_plates(folder / TRUTH, issues) or {}
    issues += beyond_images(folder, plates)
    csv_annotations.raise_issues(issues, folder)
    return [_photograph(folder / name, boxes) for name, boxes in plates.items()]


def _photograph(path: Path, plates: list[csv_annotations.Box]) -> AnnotatedPhotograph:
    boxes = np.array([plate.corners for plate in plates], np.int32).reshape(-1, 4)
    return AnnotatedPhotograph(path, boxes, tuple(plate.label for plate in plates))
