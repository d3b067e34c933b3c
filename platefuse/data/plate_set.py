"""Plate sets: images, the boxes of their characters, and their texts.

Plate sets are the contract between stages. A plate set is a folder with

- `images/`, files of any kind that `platefuse.data.images` reads; or, packed, the archive `images.zip` with the same
  files under the same names (`images/000000.jpg`), since DVC and copying are slow with tens of thousands of files;
- `annotations.csv`, keras-retinanet's rows `path,x1,y1,x2,y2,class` without a header: the path relative to the
  folder, whole pixels, x2 and y2 exclusive, the character as class; `path,,,,,` for a plate without characters;
- `classes.csv`, rows `class,id`;
- `truth.csv`, with the header `image,text`: the text of each plate, in reading order.
"""

import io
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data import csv_annotations
from platefuse.data.images import check_file_size, image_size, read_encoded, read_image
from platefuse.runner.atomic import write_csv

IMAGES, ARCHIVE = "images", "images.zip"
ANNOTATIONS, CLASSES, TRUTH = "annotations.csv", "classes.csv", "truth.csv"


@dataclass(frozen=True)
class AnnotatedPlate:
    """One annotated plate.

    Attributes:
        path: the image file.
        boxes: int32 [n,4], x1,y1,x2,y2 in pixels of the image, x2 and y2 exclusive.
        characters: n characters, in the order of the boxes.
        text: the text of the plate, in reading order.
    """

    path: Path
    boxes: np.ndarray
    characters: str
    text: str


class ImageStore:
    """Reads images of plate sets, packed or not.

    An image in a folder `images` that does not exist is read from the archive `images.zip` beside it. Archives are
    opened once and stay open as long as the store exists. Several threads may use one store.
    """

    def __init__(self) -> None:
        self._archives: dict[Path, zipfile.ZipFile] = {}
        self._lock = threading.Lock()

    def read(self, path: Path) -> np.ndarray:
        """Decode an image to uint8 RGB [H,W,3].

        Raises:
            PlatefuseError: as `images.read_image`, and if the archive is damaged or lacks the image.
        """
        return read_image(path, self._member(path))

    def read_encoded(self, path: Path) -> tuple[bytes, str]:
        """Return an image file's unchanged bytes and its kind's usual suffix.

        Raises:
            PlatefuseError: as `read`, as far as the header tells.
        """
        return read_encoded(path, self._member(path))

    def size(self, path: Path) -> tuple[int, int]:
        """Return the width and height of an image.

        Raises:
            PlatefuseError: as `read`, as far as the header tells.
        """
        return image_size(path, self._member(path))

    def _member(self, path: Path) -> bytes | None:
        """Return the bytes of a packed image; None if not packed."""
        if path.parent.name != IMAGES or path.parent.exists():
            return None
        archive = path.parent.with_name(ARCHIVE)
        try:
            with self._lock:
                if archive not in self._archives:
                    self._archives[archive] = zipfile.ZipFile(archive)
                member = self._archives[archive].getinfo(f"{IMAGES}/{path.name}")
                check_file_size(path, member.file_size)
                return self._archives[archive].read(member)
        except FileNotFoundError:
            return None
        except PlatefuseError:
            raise
        except KeyError:
            raise PlatefuseError(f"{archive} has no {IMAGES}/{path.name}.") from None
        except Exception as error:  # a damaged archive raises nearly anything
            raise PlatefuseError(f"{path} cannot be read from {archive}: {error}.") from None


def write_plate_set(
    folder: Path, alphabet: str, plates: Iterable[tuple[np.ndarray | bytes, AnnotatedPlate]], packed: bool = False
) -> None:
    """Write images and annotations into a new folder.

    Args:
        folder: where to write; use a temporary folder and rename it (`platefuse.runner.atomic.atomic_write`).
        alphabet: every character, in the order of the class ids.
        plates: pairs of an image and its annotation, whose path gives the name of the image; may be a generator. An
            image is uint8 RGB [H,W,3], or the bytes of an image file, which are written unchanged.
        packed: write the images into one archive; the same images give the same bytes.
    """
    folder.mkdir(parents=True)
    rows: list[list[object]] = []
    truth: list[list[object]] = []
    with writing_images(folder, packed) as write:
        for image, plate in plates:
            name = write(image, plate.path)
            boxes = zip(plate.boxes.tolist(), plate.characters, strict=True)
            rows += [[name, *box, character] for box, character in boxes] or [[name, "", "", "", "", ""]]
            truth.append([name, plate.text])
    write_csv(folder / ANNOTATIONS, None, rows)
    write_csv(folder / CLASSES, None, [[character, index] for index, character in enumerate(alphabet)])
    write_csv(folder / TRUTH, ["image", "text"], truth)


@contextmanager
def writing_images(folder: Path, packed: bool) -> Iterator[Callable[[np.ndarray | bytes, Path], str]]:
    """Yield a function that writes an image of a set.

    The function takes an image, uint8 RGB [H,W,3] or the bytes of an image file, and a path that gives the file's
    name. It returns the image's name in the set.

    Args:
        folder: of the set; it exists.
        packed: write the images into one archive; the same images give the same bytes.
    """
    with (_packing if packed else _filing)(folder) as write:

        def write_image(image: np.ndarray | bytes, path: Path) -> str:
            name = f"{IMAGES}/{path.name}"
            write(name, image if isinstance(image, bytes) else _encoded(image, path.suffix))
            return name

        yield write_image


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
        member = zipfile.ZipInfo(name)  # dated 1980: the bytes must not depend on the time or the system
        member.create_system, member.external_attr = 3, 0o644 << 16
        archive.writestr(member, content)

    with zipfile.ZipFile(folder / ARCHIVE, "w") as archive:  # not compressed: images are already
        yield write


def read_plate_set(folder: Path) -> list[AnnotatedPlate]:
    """Read and check a plate set's annotations.

    Only the headers of the images are read.

    Returns:
        The plates in the order of truth.csv.

    Raises:
        PlatefuseError: if a file is missing or breaks the contract: the first issue with its file and line, and the
            number of all.
    """
    issues: list[str] = []
    classes = csv_annotations.read_classes(folder / CLASSES, issues)
    boxes = csv_annotations.read_boxes(folder / ANNOTATIONS, classes, issues)
    truth = csv_annotations.read_image_column(folder / TRUTH, "text", issues)
    if boxes is not None and truth is not None:
        issues += missing_names(folder / ANNOTATIONS, boxes, folder / TRUTH, truth)
        issues += beyond_images(folder, boxes)
    csv_annotations.raise_issues(issues, folder)
    assert boxes is not None and truth is not None  # otherwise there are issues
    return [_plate(folder / name, boxes[name], text) for name, text in truth.items()]


def read_classes(path: Path) -> dict[str, int]:
    """Read classes.csv: the id of each character, in file order.

    Raises:
        PlatefuseError: unless each row is a new character and a new whole number; names the line.
    """
    issues: list[str] = []
    classes = csv_annotations.read_classes(path, issues)
    if issues:
        raise PlatefuseError(issues[0])
    return classes or {}


def read_truth(path: Path) -> dict[str, str]:
    """Read truth.csv: the text of each image, in file order.

    Raises:
        PlatefuseError: without the header `image,text`, or if a row is not an image and its text, names an image
            twice, or names one outside the folder; names the line.
    """
    issues: list[str] = []
    truth = csv_annotations.read_image_column(path, "text", issues)
    if issues:
        raise PlatefuseError(issues[0])
    return truth or {}


def missing_names(first: Path, names: Iterable[str], second: Path, others: Iterable[str]) -> list[str]:
    """Return an issue for each image that only one file names.

    More than three of one file are one issue.
    """
    names, others = set(names), set(others)
    issues = []
    for one, odd, other in ((first, sorted(names - others), second), (second, sorted(others - names), first)):
        if len(odd) > 3:
            issues.append(f"{one} names {len(odd)} images that {other} does not: {', '.join(odd[:3])} and others.")
        else:
            issues += [f"{one} names {name}, which {other} does not." for name in odd]
    return issues


def _plate(path: Path, boxes: list[csv_annotations.Box], text: str) -> AnnotatedPlate:
    corners = np.array([box.corners for box in boxes], np.int32).reshape(-1, 4)
    return AnnotatedPlate(path, corners, "".join(box.label for box in boxes), text)


def beyond_images(folder: Path, boxes: dict[str, list[csv_annotations.Box]]) -> list[str]:
    """Return an issue for each box that reaches beyond its image."""
    store, issues = ImageStore(), []
    for name, of_image in boxes.items():
        size = None
        with suppress(PlatefuseError):  # whoever reads the image is told
            size = store.size(folder / name)
        issues += [csv_annotations.beyond_image(box, size) for box in of_image]
    return [issue for issue in issues if issue]
