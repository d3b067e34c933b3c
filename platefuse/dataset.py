"""The plate-set contract between stages: a folder of images, their boxes and what they read.

A plate set holds

- `images/`, PNG or any other kind that `platefuse.images` reads; or, packed, `images.zip` in its place, with the same
  files under the same names (`images/000000.jpg`), since tens of thousands of files are slow to copy and to keep in
  DVC;
- `annotations.csv`, keras-retinanet's rows `path,x1,y1,x2,y2,class` without a header: the path relative to the
  folder, whole pixels, x2 and y2 exclusive, the class being the character; `path,,,,,` for a plate without any;
- `classes.csv`, rows `class,id`;
- `truth.csv`, with the header `image,text`: what each plate reads, in reading order.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from platefuse.errors import PlatefuseError
from platefuse.files import write_csv
from platefuse.images import ARCHIVE, IMAGES, image_size

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
        folder: where to; use a temporary one and rename it (`platefuse.files.replacing`).
        alphabet: every character, in the order of the class ids.
        plates: pairs of an image and its annotation; may be a generator, of any length. An image is uint8 RGB
            [H,W,3], or the bytes of an image file, which are written as they are.
        packed: put the images into one archive; the same images make the same bytes.
    """
    folder.mkdir(parents=True)
    annotations: list[list[object]] = []
    truth: list[list[object]] = []
    with (_packing if packed else _filing)(folder) as write:
        for image, plate in plates:
            name = f"{IMAGES}/{plate.path.name}"
            write(name, image if isinstance(image, bytes) else _encoded(image, plate.path.suffix))
            rows = zip(plate.boxes.tolist(), plate.characters, strict=True)
            annotations += [[name, *box, character] for box, character in rows] or [[name, "", "", "", "", ""]]
            truth.append([name, plate.text])
    write_csv(folder / ANNOTATIONS, None, annotations)
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
        PlatefuseError: for a missing file, or a row that breaks the contract: names the file and the line.
    """
    classes = read_classes(folder / CLASSES)
    annotations = _read_annotations(folder, classes)
    truth = read_truth(folder / TRUTH)
    if annotations.keys() != truth.keys():
        odd = min(annotations.keys() ^ truth.keys())
        where, missing = (ANNOTATIONS, TRUTH) if odd in annotations else (TRUTH, ANNOTATIONS)
        raise PlatefuseError(f"{folder / where} names {odd}, which {folder / missing} does not.")
    plates = []
    for name, text in truth.items():
        boxes = np.array([box for box, _ in annotations[name]], np.int32).reshape(-1, 4)
        characters = "".join(character for _, character in annotations[name])
        plates.append(Plate(folder / name, boxes, characters, text))
    return plates


def read_classes(path: Path) -> dict[str, int]:
    """Read classes.csv: the character of each row and its id, in the order of the file.

    Raises:
        PlatefuseError: unless each row is one character and a new whole number; names the line.
    """
    classes: dict[str, int] = {}
    for line, row in _rows(path):
        if len(row) != 2 or len(row[0]) != 1 or not row[1].isdecimal() or len(row[1]) > 9:
            raise PlatefuseError(f"{path}, line {line}: expected 'character,id', found {','.join(row)!r}.")
        if row[0] in classes or int(row[1]) in classes.values():
            raise PlatefuseError(f"{path}, line {line}: the class or id of {','.join(row)!r} stands there twice.")
        classes[row[0]] = int(row[1])
    return classes


def read_truth(path: Path) -> dict[str, str]:
    """Read truth.csv: the text of each image, in the order of the file.

    Raises:
        PlatefuseError: without the header `image,text`, or for a row that is not those two, or an image that
            is named twice or lies outside the folder; names the line.
    """
    rows = _rows(path)
    _, header = next(rows, (1, []))
    if header != ["image", "text"]:
        raise PlatefuseError(f"{path}, line 1: expected the header 'image,text', found {','.join(header)!r}.")
    truth: dict[str, str] = {}
    for line, row in rows:
        if len(row) != 2:
            raise PlatefuseError(f"{path}, line {line}: expected 'image,text', found {','.join(row)!r}.")
        name = _inside(row[0], path, line)
        if name in truth:
            raise PlatefuseError(f"{path}, line {line}: {name} stands there twice.")
        truth[name] = row[1]
    return truth


def _read_annotations(folder: Path, classes: dict[str, int]) -> dict[str, list[tuple[list[int], str]]]:
    path = folder / ANNOTATIONS
    found: dict[str, list[tuple[list[int], str]]] = {}
    names: dict[str, str] = {}
    sizes: dict[str, tuple[int, int] | None] = {}
    for line, row in _rows(path):
        if len(row) != 6:
            raise PlatefuseError(
                f"{path}, line {line}: expected 'path,x1,y1,x2,y2,class' (or 'path,,,,,' for a plate without "
                f"characters), found {','.join(row)!r}."
            )
        written, *corners, character = row
        if written not in names:
            names[written] = _inside(written, path, line)
        name = names[written]
        if name not in sizes:
            sizes[name] = _image_size(folder / name)
        boxes = found.setdefault(name, [])
        if any(row[1:]):
            boxes.append((_box(corners, sizes[name], path, line), _known(character, classes, path, line)))
    return found


def _image_size(image: Path) -> tuple[int, int] | None:
    """Width and height as the image is read; None if they cannot be told, as reading it will say why."""
    try:
        return image_size(image)
    except PlatefuseError:
        return None


def _box(corners: list[str], size: tuple[int, int] | None, path: Path, line: int) -> list[int]:
    try:
        x1, y1, x2, y2 = (int(corner) for corner in corners)
    except ValueError:
        raise PlatefuseError(
            f"{path}, line {line}: x1,y1,x2,y2 must be whole numbers of pixels, found {','.join(corners)!r}."
        ) from None
    if not (0 <= x1 < x2 < 2**31 and 0 <= y1 < y2 < 2**31):
        raise PlatefuseError(
            f"{path}, line {line}: a box needs 0 <= x1 < x2 and 0 <= y1 < y2, found {','.join(corners)!r}."
        )
    if size and (x2 > size[0] or y2 > size[1]):
        raise PlatefuseError(
            f"{path}, line {line}: the box {','.join(corners)!r} reaches beyond its image of "
            f"{size[0]} x {size[1]} pixels."
        )
    return [x1, y1, x2, y2]


def _known(character: str, classes: dict[str, int], path: Path, line: int) -> str:
    if character not in classes:
        raise PlatefuseError(f"{path}, line {line}: the class {character!r} is not in {CLASSES}.")
    return character


def _inside(name: str, path: Path, line: int) -> str:
    inside = PurePosixPath(name)
    if not name or inside.is_absolute() or ".." in inside.parts:
        raise PlatefuseError(f"{path}, line {line}: {name!r} is not the path of an image inside {path.parent}.")
    return inside.as_posix()


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each row of a CSV file that is not empty, with its line number."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise PlatefuseError(f"{path} is missing: a plate set has {ANNOTATIONS}, {CLASSES} and {TRUTH}.") from None
    except OSError as error:
        raise PlatefuseError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        text = content.decode("utf-8-sig")  # spreadsheets put a byte order mark first
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PlatefuseError(f"{path}, line {line}: not UTF-8: {error.reason}.") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise PlatefuseError(f"{path}, line {line}: a NUL character: this is not a CSV file, or a damaged one.")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from ((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        raise PlatefuseError(f"{path}, line {reader.line_num}: not CSV: {error}.") from None
