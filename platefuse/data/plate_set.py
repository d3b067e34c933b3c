"""The plate-set contract between stages: a folder of images, their boxes and what they read.

A plate set holds

- `images/`, PNG or any other kind that `platefuse.data.images` reads; or, packed, `images.zip` in its place, with
  the same files under the same names (`images/000000.jpg`), since tens of thousands of files are slow to copy and to
  keep in DVC;
- `annotations.csv`, keras-retinanet's rows `path,x1,y1,x2,y2,class` without a header: the path relative to the
  folder, whole pixels, x2 and y2 exclusive, the class being the character; `path,,,,,` for a plate without any;
- `classes.csv`, rows `class,id`;
- `truth.csv`, with the header `image,text`: what each plate reads, in reading order.
"""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data import csv_annotations
from platefuse.data.images import ARCHIVE, IMAGES, image_size
from platefuse.runner.atomic import write_csv

ANNOTATIONS, CLASSES, TRUTH = "annotations.csv", "classes.csv", "truth.csv"


@dataclass(frozen=True)
class Plate:
    """One annotated plate.

    Attributes:
        path: the image file.
        boxes: int32 [n,4], x1,y1,x2,y2 in pixels of the image, x2 and y2 exclusive.
        characters: n characters, in the order of the boxes.
        text: what the plate reads.
    """

    path: Path
    boxes: np.ndarray
    characters: str
    text: str


def write_plate_set(
    folder: Path, alphabet: str, plates: Iterable[tuple[np.ndarray | bytes, Plate]], packed: bool = False
) -> None:
    """Write images and annotations into `folder`, which is made; each plate's path gives its image's name.

    Args:
        folder: where to; use a temporary one and rename it (`platefuse.runner.atomic.atomic_write`).
        alphabet: every character, in the order of the class ids.
        plates: pairs of an image and its annotation; may be a generator, of any length. An image is uint8 RGB
            [H,W,3], or the bytes of an image file, which are written as they are.
        packed: put the images into one archive; the same images make the same bytes.
    """
    folder.mkdir(parents=True)
    rows: list[list[object]] = []
    truth: list[list[object]] = []
    with (_packing if packed else _filing)(folder) as write:
        for image, plate in plates:
            name = f"{IMAGES}/{plate.path.name}"
            write(name, image if isinstance(image, bytes) else _encoded(image, plate.path.suffix))
            boxes = zip(plate.boxes.tolist(), plate.characters, strict=True)
            rows += [[name, *box, character] for box, character in boxes] or [[name, "", "", "", "", ""]]
            truth.append([name, plate.text])
    write_csv(folder / ANNOTATIONS, None, rows)
    write_csv(folder / CLASSES, None, [[character, index] for index, character in enumerate(alphabet)])
    write_csv(folder / TRUTH, ["image", "text"], truth)


def _encoded(image: np.ndarray, suffix: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, Image.registered_extensions()[suffix.lower()])
    return stream.getvalue()


@contextmanager
def _filing(folder: Path) -> Iterator[Callable[[str, bytes], object]]:
    (folder / IMAGES).mkdir()
    yield lambda name, content: (folder / name).write_bytes(content)


@contextmanager
def _packing(folder: Path) -> Iterator[Callable[[str, bytes], object]]:
    def write(name: str, content: bytes) -> None:
        member = zipfile.ZipInfo(name)  # of 1980: the bytes must not tell when, or on what system, they were written
        member.create_system, member.external_attr = 3, 0o644 << 16
        archive.writestr(member, content)

    with zipfile.ZipFile(folder / ARCHIVE, "w") as archive:  # stored: images are compressed already
        yield write


def read_plate_set(folder: Path) -> list[Plate]:
    """Read and check a plate set's annotations; images are left on the disk.

    Returns:
        The plates in the order of truth.csv.

    Raises:
        PlatefuseError: for a missing file, or a row that breaks the contract: names the file and the line of the
            first, and how many there are.
    """
    issues: list[str] = []
    classes = csv_annotations.read_classes(folder / CLASSES, issues)
    boxes = csv_annotations.read_boxes(folder / ANNOTATIONS, classes, issues)
    truth = csv_annotations.read_of_images(folder / TRUTH, "text", issues)
    if boxes is not None and truth is not None:
        issues += missing_names(folder / ANNOTATIONS, boxes, folder / TRUTH, truth)
        issues += _beyond_images(folder, boxes)
    csv_annotations.raise_issues(issues, folder)
    assert boxes is not None and truth is not None  # or there are issues
    return [_plate(folder / name, boxes[name], text) for name, text in truth.items()]


def read_classes(path: Path) -> dict[str, int]:
    """Read classes.csv: the character of each row and its id, in the order of the file.

    Raises:
        PlatefuseError: unless each row is one character and a new whole number; names the line.
    """
    issues: list[str] = []
    classes = csv_annotations.read_classes(path, issues)
    if issues:
        raise PlatefuseError(issues[0])
    return classes or {}


def read_truth(path: Path) -> dict[str, str]:
    """Read truth.csv: the text of each image, in the order of the file.

    Raises:
        PlatefuseError: without the header `image,text`, or for a row that is not those two, or an image that
            is named twice or lies outside the folder; names the line.
    """
    issues: list[str] = []
    truth = csv_annotations.read_of_images(path, "text", issues)
    if issues:
        raise PlatefuseError(issues[0])
    return truth or {}


def missing_names(first: Path, names: Iterable[str], second: Path, others: Iterable[str]) -> list[str]:
    """Say of each image that only one of two files names that the other does not, in the order of the names."""
    names, others = set(names), set(others)
    return [
        f"{first if odd in names else second} names {odd}, which {second if odd in names else first} does not."
        for odd in sorted(names ^ others)
    ]


def _plate(path: Path, boxes: list[csv_annotations.Box], text: str) -> Plate:
    corners = np.array([box.corners for box in boxes], np.int32).reshape(-1, 4)
    return Plate(path, corners, "".join(box.character for box in boxes), text)


def _beyond_images(folder: Path, boxes: dict[str, list[csv_annotations.Box]]) -> list[str]:
    sizes = {name: _image_size(folder / name) for name in boxes}
    issues = [csv_annotations.beyond(box, sizes[name]) for name, of_image in boxes.items() for box in of_image]
    return [issue for issue in issues if issue]


def _image_size(image: Path) -> tuple[int, int] | None:
    """Width and height as the image is read; None if they cannot be told, as reading it will say why."""
    try:
        return image_size(image)
    except PlatefuseError:
        return None
