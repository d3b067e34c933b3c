"""Read the CSV files of annotated images and collect every issue.

Each issue names its file and line. Only the files themselves are checked here; whoever opens the images checks that
both agree.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from platefuse.core.errors import PlatefuseError, shortened

_MAX_COORDINATE = 2**31  # exclusive: coordinates are kept as int32
_MAX_BYTES = 2**25  # a million characters as CSV or 300,000 as COCO JSON; reading them takes less than a gigabyte
_MAX_ISSUES = 1000  # a file with more is of another kind
PLATES_HEADER = ["image", "x1", "y1", "x2", "y2", "text"]
_WHOLE_NUMBER = re.compile(r" *[+-]?[0-9]{1,20} *")  # int() also accepts 1_0 and digits of other scripts


@dataclass(frozen=True)
class Box:
    """One annotated character, or one annotated plate of a photograph.

    Attributes:
        where: the file and the line or entry of the annotation, for issues.
        corners: x1,y1,x2,y2 in pixels of the image, x2 and y2 exclusive.
        label: the character, or the text of the plate.
    """

    where: str
    corners: tuple[int, int, int, int]
    label: str


def raise_issues(issues: list[str], folder: Path) -> None:
    """Raise the first issue, if there is one.

    Raises:
        PlatefuseError: with the first issue, and the number of all.
    """
    if issues:
        more = f" Issues in all: {len(issues)}; `platefuse check {folder}` lists them." if issues[1:] else ""
        raise PlatefuseError(issues[0] + more)


def read_boxes(path: Path, classes: dict[str, int] | None, issues: list[str]) -> dict[str, list[Box]] | None:
    """Read rows `path,x1,y1,x2,y2,class`, or `path,,,,,` for an image without characters.

    Args:
        path: the file; paths of images are relative to its folder.
        classes: the known classes; None accepts any single character.
        issues: a sentence is appended for each row that breaks the contract; the row is left out.

    Returns:
        The boxes of each image in the order of the file; None if the file could not be read to its end.
    """
    expected = "'path,x1,y1,x2,y2,class' (or 'path,,,,,' for a plate without characters)"
    return _read_boxes(path, None, expected, lambda character: _known(character, classes), issues)


def read_plates(path: Path, issues: list[str]) -> dict[str, list[Box]] | None:
    """Read rows `image,x1,y1,x2,y2,text`, or `image,,,,,` for a photograph without plates.

    Args:
        path: the file; paths of images are relative to its folder.
        issues: a sentence is appended for another header and for each row that breaks the contract; the row is left
            out.

    Returns:
        The plates of each photograph in the order of the file; None if the file could not be read to its end.
    """
    expected = "'image,x1,y1,x2,y2,text' (or 'image,,,,,' for a photograph without plates)"
    return _read_boxes(path, PLATES_HEADER, expected, str, issues)


def _read_boxes(
    path: Path, header: list[str] | None, expected: str, label: Callable[[str], str], issues: list[str]
) -> dict[str, list[Box]] | None:
    """Read the boxes of images.

    `label` checks the last field of a row.
    """
    found: dict[str, list[Box]] = {}
    names: dict[str, str] = {}  # normalised, by the name in the file

    def take(row: list[str], where: str) -> None:
        if len(row) != 6:
            raise PlatefuseError(f"expected {expected}, found {_shown(row)}.")
        written, *corners, last = row
        if header is None and corners == ["x1", "y1", "x2", "y2"]:
            raise PlatefuseError("annotations.csv has no header: leave this line out.")
        if written not in names:
            names[written] = image_name(written)
        boxes = found.setdefault(names[written], [])
        if any(row[1:]):
            boxes.append(Box(where, _corners(corners), label(last)))

    return found if _take_rows(path, header, take, issues) else None


def read_classes(path: Path, issues: list[str]) -> dict[str, int] | None:
    """Read rows `class,id`, each a new character and a new whole number.

    Args:
        path: the file.
        issues: a sentence is appended for each row that breaks the contract; the row is left out.

    Returns:
        The id of each class in the order of the file; None if the file could not be read to its end.
    """
    classes: dict[str, int] = {}
    ids: set[int] = set()

    def take(row: list[str], _: str) -> None:
        if len(row) != 2 or len(row[0]) != 1 or not re.fullmatch("[0-9]{1,9}", row[1]):
            raise PlatefuseError(f"expected 'character,id', found {_shown(row)}.")
        index = int(row[1])
        if row[0] in classes or index in ids:
            raise PlatefuseError(f"the class or id of {_shown(row)} is listed twice.")
        classes[row[0]] = index
        ids.add(index)

    return classes if _take_rows(path, None, take, issues) else None


def read_image_column(
    path: Path, column: str, issues: list[str], lines: dict[str, str] | None = None
) -> dict[str, str] | None:
    """Read rows `image,COLUMN`, each of a new image inside the folder.

    Args:
        path: the file; paths of images are relative to its folder.
        column: the name of the second column.
        issues: a sentence is appended for another header and for each row that breaks the contract; the row is left
            out.
        lines: gets the file and line of each image.

    Returns:
        The value of each image in the order of the file; None if the file could not be read to its end.
    """
    values: dict[str, str] = {}

    def take(row: list[str], where: str) -> None:
        if len(row) != 2:
            raise PlatefuseError(f"expected 'image,{column}', found {_shown(row)}.")
        name = image_name(row[0])
        if name in values:
            raise PlatefuseError(f"{name} is listed twice.")
        values[name] = row[1]
        if lines is not None:
            lines[name] = where

    return values if _take_rows(path, ["image", column], take, issues) else None


def read_texts(path: Path, issues: list[str]) -> dict[str, list[tuple[str, str]]] | None:
    """Read rows `image,text`, one a plate.

    A row `image,` is a photograph without plates. The arguments are those of `read_plates`.

    Returns:
        The text, and the file and line, of each plate of each photograph, in the order of the file; None if the file
        could not be read to its end.
    """
    texts: dict[str, list[tuple[str, str]]] = {}

    def take(row: list[str], where: str) -> None:
        if len(row) != 2:
            raise PlatefuseError(f"expected 'image,text', found {_shown(row)}.")
        of_image = texts.setdefault(image_name(row[0]), [])
        if row[1]:
            of_image.append((row[1], where))

    return texts if _take_rows(path, ["image", "text"], take, issues) else None


def read_text(path: Path) -> str:
    """Read a file of annotations.

    Raises:
        PlatefuseError: if it is missing, not a regular file, not UTF-8 or too large; names the file and the line.
    """
    try:
        if path.exists() and not path.is_file():  # opening a pipe would wait for a writer
            raise PlatefuseError(f"{path} cannot be read: it is not a file.")
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        remedy = ": a plate set has annotations.csv, classes.csv and truth.csv" if path.suffix == ".csv" else ""
        raise PlatefuseError(f"{path} is missing{remedy}.") from None
    except OSError as error:
        raise PlatefuseError(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > _MAX_BYTES:
        raise PlatefuseError(f"{path} is larger than {_MAX_BYTES // 2**20} MiB: split the images into several folders.")
    try:
        return content.decode("utf-8-sig")  # spreadsheets write a byte order mark first
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PlatefuseError(f"{path}, line {line}: not UTF-8: {error.reason}.") from None


def image_name(written: str) -> str:
    """Normalise an image's path, which must lie inside its annotations' folder.

    Raises:
        PlatefuseError: if the path leads out of the folder, or is empty.
    """
    path = PurePosixPath(written)
    if not written or path.is_absolute() or ".." in path.parts:
        raise PlatefuseError(f"{shortened(written)!r} is not the path of an image inside the folder.")
    return path.as_posix()


def beyond_image(box: Box, size: tuple[int, int] | None) -> str | None:
    """Return the issue if a box reaches beyond its image.

    `size` is the image's width and height; None means an unknown size.
    """
    if size is None or (box.corners[2] <= size[0] and box.corners[3] <= size[1]):
        return None
    corners = ",".join(map(str, box.corners))
    return f"{box.where}: the box {corners!r} reaches beyond its image of {size[0]} x {size[1]} pixels."


def _corners(written: list[str]) -> tuple[int, int, int, int]:
    if not all(_WHOLE_NUMBER.fullmatch(corner) for corner in written):
        raise PlatefuseError(f"x1,y1,x2,y2 must be whole numbers of pixels, found {_shown(written)}.")
    x1, y1, x2, y2 = (int(corner) for corner in written)
    if not (0 <= x1 < x2 < _MAX_COORDINATE and 0 <= y1 < y2 < _MAX_COORDINATE):
        raise PlatefuseError(f"a box needs 0 <= x1 < x2 and 0 <= y1 < y2, found {_shown(written)}.")
    return x1, y1, x2, y2


def _known(character: str, classes: dict[str, int] | None) -> str:
    if classes is None and len(character) != 1:
        raise PlatefuseError(f"the class {shortened(character)!r} is not a single character.")
    if classes is not None and character not in classes:
        raise PlatefuseError(f"the class {shortened(character)!r} is not in classes.csv.")
    return character


def _shown(row: list[str]) -> str:
    return repr(shortened(",".join(row)))


def _take_rows(path: Path, header: list[str] | None, take: Callable[[list[str], str], None], issues: list[str]) -> bool:
    """Call `take` with each row and its file and line.

    A sentence is appended to `issues` for each row for which `take` raises PlatefuseError.

    Returns:
        Whether the file was read to its end.
    """
    try:
        rows = _rows(path)
        if header is not None:
            line, found = next(rows, (1, []))
            if found != header:
                expected = ",".join(header)
                raise PlatefuseError(f"{path}, line {line}: expected the header {expected!r}, found {_shown(found)}.")
        for line, row in rows:
            where = f"{path}, line {line}"
            try:
                take(row, where)
            except PlatefuseError as issue:
                issues.append(f"{where}: {issue}")
                if len(issues) >= _MAX_ISSUES:
                    raise PlatefuseError(
                        f"{path} is not read any further: there are {_MAX_ISSUES} issues already."
                    ) from None
    except PlatefuseError as issue:
        issues.append(str(issue))
        return False
    return True


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and fields of each row; skip empty rows.

    Raises:
        PlatefuseError: if the file cannot be read to its end; names the file and the line.
    """
    text = read_text(path)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise PlatefuseError(f"{path}, line {line}: a NUL character: the file is damaged, or not CSV.")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from ((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        raise PlatefuseError(f"{path}, line {reader.line_num}: not CSV: {error}.") from None
