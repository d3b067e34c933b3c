"""Reads the CSV files of annotated images, and collects every issue in them with its file and line.

What the files say is checked here; whether it fits the images is for whoever opens them.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from platefuse.core.errors import PlatefuseError, shortened

_MAX_COORDINATE = 2**31  # no coordinate is as large: they are kept as int32
_MAX_BYTES = 2**25  # of a file: a million characters as CSV, 300,000 as COCO JSON, and memory below a gigabyte
_WHOLE = re.compile(r" *[+-]?[0-9]{1,20} *")  # int() would take 1_0 and digits of other scripts, too
_MAX_ISSUES = 1000  # that are listed: a file that has more is another kind of file


@dataclass(frozen=True)
class Box:
    """One annotated character.

    Attributes:
        where: the file and line, or entry, that says so, for whoever finds a issue in it.
        corners: x1,y1,x2,y2 in pixels of the image, x2 and y2 exclusive.
        character: what it is.
    """

    where: str
    corners: tuple[int, int, int, int]
    character: str


@dataclass(frozen=True)
class Annotations:
    """What annotation files say.

    Attributes:
        boxes: of each image, by its path inside the folder, in the order of the file; faulty ones are left out.
        alphabet: every character, in the order of the classes.
        sizes: width and height that the file gives for an image, and where it does; CSV gives none.
    """

    boxes: dict[str, list[Box]]
    alphabet: str
    sizes: dict[str, tuple[str, int, int]] = field(default_factory=dict)


def raise_issues(issues: list[str], folder: Path) -> None:
    """Do nothing without issues.

    Raises:
        PlatefuseError: the first issue, and how many there are.
    """
    if issues:
        more = f" Faults in all: {len(issues)}; `platefuse check {folder}` lists them." if issues[1:] else ""
        raise PlatefuseError(issues[0] + more)


def read_boxes(path: Path, classes: dict[str, int] | None, issues: list[str]) -> dict[str, list[Box]] | None:
    """Read rows `path,x1,y1,x2,y2,class`, or `path,,,,,` for an image without characters.

    Args:
        path: the file; images lie in its folder.
        classes: those that there are; without them any single character is one.
        issues: a sentence is added for each row that breaks the contract, and the row is left out.

    Returns:
        The boxes of each image in the order of the file; None if not all of it could be read.
    """
    found: dict[str, list[Box]] = {}
    names: dict[str, str] = {}  # as written, and as they are

    def take(row: list[str], where: str) -> None:
        if len(row) != 6:
            raise PlatefuseError(
                f"{where}: expected 'path,x1,y1,x2,y2,class' (or 'path,,,,,' for a plate without characters), "
                f"found {_shown(row)}."
            )
        written, *corners, character = row
        if written not in names:
            names[written] = inside(written, path.parent, where)
        boxes = found.setdefault(names[written], [])
        if any(row[1:]):
            boxes.append(Box(where, _corners(corners, where), _known(character, classes, where)))

    return found if _take_rows(path, None, take, issues) else None


def read_classes(path: Path, issues: list[str]) -> dict[str, int] | None:
    """Read rows `class,id`: one character and a new whole number each, in the order of the file.

    A sentence is added to `issues` for each row that is not that. None if not all of the file could be read.
    """
    classes: dict[str, int] = {}
    ids: set[int] = set()

    def take(row: list[str], where: str) -> None:
        if len(row) != 2 or len(row[0]) != 1 or not re.fullmatch("[0-9]{1,9}", row[1]):
            raise PlatefuseError(f"{where}: expected 'character,id', found {_shown(row)}.")
        index = int(row[1])
        if row[0] in classes or index in ids:
            raise PlatefuseError(f"{where}: the class or id of {_shown(row)} stands there twice.")
        classes[row[0]] = index
        ids.add(index)

    return classes if _take_rows(path, None, take, issues) else None


def read_of_images(path: Path, what: str, issues: list[str]) -> dict[str, str] | None:
    """Read rows `image,what` below that header: what stands beside each image, in the order of the file.

    A sentence is added to `issues` for another header, and for each row that is not those two, or whose image is
    named twice or lies outside the folder. None if not all of the file could be read.
    """
    of_images: dict[str, str] = {}

    def take(row: list[str], where: str) -> None:
        if len(row) != 2:
            raise PlatefuseError(f"{where}: expected 'image,{what}', found {_shown(row)}.")
        name = inside(row[0], path.parent, where)
        if name in of_images:
            raise PlatefuseError(f"{where}: {name} stands there twice.")
        of_images[name] = row[1]

    return of_images if _take_rows(path, ["image", what], take, issues) else None


def read_text(path: Path) -> str:
    """Read a file of annotations.

    Raises:
        PlatefuseError: for one that is missing, no regular file, not UTF-8 or too large; names it, and the line.
    """
    try:
        if path.exists() and not path.is_file():  # to open a pipe would wait for whoever writes into it
            raise PlatefuseError(f"{path} cannot be read: it is no file.")
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise PlatefuseError(
            f"{path} is missing: a plate set has annotations.csv, classes.csv and truth.csv."
        ) from None
    except OSError as error:
        raise PlatefuseError(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > _MAX_BYTES:
        raise PlatefuseError(f"{path} is larger than {_MAX_BYTES // 2**20} MiB: split the images into several folders.")
    try:
        return content.decode("utf-8-sig")  # spreadsheets put a byte order mark first
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PlatefuseError(f"{path}, line {line}: not UTF-8: {error.reason}.") from None


def inside(name: str, folder: Path, where: str) -> str:
    """Give the path of an image inside a folder, as it is written, without detours.

    Raises:
        PlatefuseError: for one that leads out of the folder, or is no path.
    """
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts:
        raise PlatefuseError(f"{where}: {shortened(name)!r} is not the path of an image inside {folder}.")
    return path.as_posix()


def check_corners(corners: tuple[int, int, int, int], shown: str, where: str) -> None:
    """Check that corners, `shown` as the file has them, enclose something.

    Raises:
        PlatefuseError: unless 0 <= x1 < x2 and 0 <= y1 < y2, and all fit int32.
    """
    x1, y1, x2, y2 = corners
    if not (0 <= x1 < x2 < _MAX_COORDINATE and 0 <= y1 < y2 < _MAX_COORDINATE):
        raise PlatefuseError(f"{where}: a box needs 0 <= x1 < x2 and 0 <= y1 < y2, found {shortened(shown)!r}.")


def beyond(box: Box, size: tuple[int, int] | None) -> str | None:
    """Say so if a box reaches beyond its image of that width and height; None if not, or if nobody knows the size."""
    if size is None or (box.corners[2] <= size[0] and box.corners[3] <= size[1]):
        return None
    corners = ",".join(map(str, box.corners))
    return f"{box.where}: the box {corners!r} reaches beyond its image of {size[0]} x {size[1]} pixels."


def _corners(written: list[str], where: str) -> tuple[int, int, int, int]:
    if not all(_WHOLE.fullmatch(corner) for corner in written):
        raise PlatefuseError(f"{where}: x1,y1,x2,y2 must be whole numbers of pixels, found {_shown(written)}.")
    x1, y1, x2, y2 = (int(corner) for corner in written)
    check_corners((x1, y1, x2, y2), ",".join(written), where)
    return x1, y1, x2, y2


def _known(character: str, classes: dict[str, int] | None, where: str) -> str:
    if classes is None and len(character) != 1:
        raise PlatefuseError(f"{where}: the class {shortened(character)!r} is not one character.")
    if classes is not None and character not in classes:
        raise PlatefuseError(f"{where}: the class {shortened(character)!r} is not in classes.csv.")
    return character


def _shown(row: list[str]) -> str:
    return repr(shortened(",".join(row)))


def _take_rows(path: Path, header: list[str] | None, take: Callable[[list[str], str], None], issues: list[str]) -> bool:
    """Give `take` each row of a CSV file and where it stands, and say whether all of the file could be looked at.

    A sentence is added to `issues` for each row that `take` refuses with PlatefuseError.
    """
    try:
        rows = _rows(path)
        if header is not None:
            line, found = next(rows, (1, []))
            if found != header:
                wanted = ",".join(header)
                raise PlatefuseError(f"{path}, line {line}: expected the header {wanted!r}, found {_shown(found)}.")
        for line, row in rows:
            try:
                take(row, f"{path}, line {line}")
            except PlatefuseError as issue:
                issues.append(str(issue))
                if len(issues) >= _MAX_ISSUES:
                    raise PlatefuseError(
                        f"{path} is not looked at any further: there are {_MAX_ISSUES} issues already."
                    ) from None
    except PlatefuseError as issue:
        issues.append(str(issue))
        return False
    return True


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file that are not empty, with their line numbers.

    Raises:
        PlatefuseError: if the file cannot be read, or from some line on; names it.
    """
    text = read_text(path)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise PlatefuseError(f"{path}, line {line}: a NUL character: this is not a CSV file, or a damaged one.")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from ((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        raise PlatefuseError(f"{path}, line {reader.line_num}: not CSV: {error}.") from None
