"""YOLO text files with a data.yaml, read and written.

Ultralytics, Roboflow and CVAT write it; the format is https://docs.ultralytics.com/datasets/detect/. data.yaml names
the classes, and for each split a folder of images, a text file that lists images, or several of them. The boxes of
`images/a.jpg` are in `labels/a.txt`: rows `class x_center y_center width height`, or `class x1 y1 x2 y2 ...` for the
points of an outline, in shares of the image as displayed. An empty file is an image without characters; an image
without a file is not annotated.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import yaml

from platefuse.core.errors import PlatefuseError, shortened
from platefuse.data.csv_annotations import Box, image_name, read_text
from platefuse.data.image_kinds import SUFFIXES
from platefuse.data.plate_set import IMAGES, ImageStore
from platefuse.labels.annotations import Annotations, not_a_character, whole_pixels
from platefuse.labels.data_yaml import DATA, DataYaml, read_data_yaml

LABELS = "labels"

_NUMBER = re.compile(r"(?=\.?[0-9])[0-9]{0,30}\.?[0-9]{0,30}(?:[eE][+-]?[0-9]{1,3})?")
_CORNER = 0.5  # pixels that a point of an upright box may be off the box's corner


def read_yolo(folder: Path, issues: list[str]) -> dict[str, Annotations | None]:
    """Read annotated images whose classes are named after their characters.

    A class without boxes may have any name.

    Args:
        folder: has the data.yaml.
        issues: a sentence is appended for each name, path and row that breaks the format; it is left out.

    Returns:
        The annotations of each split; under "" if the images are not split.
    """
    data = read_data_yaml(folder / DATA, issues)
    if data is None:
        return {"": None}
    listed = {split: _listed(folder, places, issues) for split, places in data.places.items()}
    words: set[int] = set()
    sets = {split: _read_split(folder, split, entries, data, words, issues) for split, entries in listed.items()}
    issues += [f"{data.names[index][0]}: {not_a_character(data.names[index][1])}" for index in sorted(words)]
    return dict(sets)


def _listed(folder: Path, places: list[tuple[str, str]], issues: list[str]) -> dict[str, str]:
    """Return the line that names each image, by the image's path."""
    entries: dict[str, str] = {}
    for where, place in places:
        path = folder / place
        if path.is_dir():
            found = dict.fromkeys(_images_in(folder, path), where)
            issues += _orphans(folder, place, found)
        elif path.suffix == ".txt" and path.exists():
            found = _names_in(path, issues)
        else:
            issues.append(f"{where}: {path} is missing: expected a folder of images, or a .txt file that lists them.")
            continue
        unlabelled = {name for name in found if _is_there(folder / name) and not _is_there(folder / label_of(name))}
        if len(unlabelled) == len(found):
            example = min(unlabelled, default=f"{place}/a.jpg")
            issues.append(f"{where}: no image of {path} has a file of boxes, as {folder / label_of(example)}.")
        entries |= {name: entry for name, entry in found.items() if name not in unlabelled}
    return entries


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)  # a broken link is no forgotten file


def _images_in(folder: Path, place: Path) -> list[str]:
    files = (path for path in place.rglob("*") if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))
    return sorted(path.relative_to(folder).as_posix() for path in files if path.is_file())


def _names_in(path: Path, issues: list[str]) -> dict[str, str]:
    """Read a list of images, relative to the folder of data.yaml."""
    entries = {}
    for where, line in _lines(path, issues):
        try:
            entries[image_name(line)] = where
        except PlatefuseError as issue:
            issues.append(f"{where}: {issue}")
    return entries


def _orphans(folder: Path, place: str, images: Iterable[str]) -> list[str]:
    """Return an issue for files of boxes without an image.

    Beside the images, a .txt file may be another file.
    """
    labels = PurePosixPath(label_of(f"{place}/a.jpg")).parent
    if labels.as_posix() == place:
        return []
    known = {label_of(name) for name in images}
    found = sorted(path.relative_to(folder).as_posix() for path in (folder / labels).rglob("*.txt"))
    orphans = [name for name in found if name not in known and not name.endswith("/classes.txt")]
    more = f", nor have {len(orphans) - 1} more files there" if orphans[1:] else ""
    return [f"{folder / orphans[0]} has no image in {folder / place}{more}."] if orphans else []


def label_of(name: str) -> str:
    """Return the path of an image's boxes.

    It is that of the image, with `labels` for the last folder `images`.
    """
    path = PurePosixPath(name)
    parts = list(path.parts[:-1])
    if IMAGES in parts:
        parts[len(parts) - 1 - parts[::-1].index(IMAGES)] = LABELS
    return PurePosixPath(*parts, f"{path.stem}.txt").as_posix()


def _read_split(
    folder: Path, split: str, entries: Mapping[str, str], data: DataYaml, words: set[int], issues: list[str]
) -> Annotations:
    """Read the boxes of a split's images.

    Classes that have boxes and are no characters are added to `words`.
    """
    store = ImageStore()
    boxes: dict[str, list[Box]] = {}
    for name in entries:
        boxes[name] = []
        try:
            size = store.size(folder / name)
        except PlatefuseError:  # whoever decodes the image says so
            continue
        for where, line in _lines(folder / label_of(name), issues):
            try:
                index, corners = _parse(line, size)
                if index not in data.names:
                    raise PlatefuseError(f"the class {index} has no name in {folder / DATA}.")
            except PlatefuseError as issue:
                issues.append(f"{where}: {issue}")
                continue
            character = data.names[index][1]
            if len(character) > 1:
                words.add(index)
            else:
                boxes[name].append(Box(where, corners, character))
    characters = [data.names[index][1] for index in sorted(data.names)]
    alphabet = "".join(character for character in characters if len(character) == 1)
    return Annotations(split, folder, folder / DATA, boxes, alphabet, dict(entries))


def _lines(path: Path, issues: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each line with text."""
    try:
        text = read_text(path)
        if "\0" in text:
            raise PlatefuseError(f"{path}: a NUL character: the file is damaged, or no text.")
    except PlatefuseError as issue:
        issues.append(str(issue))
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"{path}, line {number}", line.strip()


def _parse(line: str, size: tuple[int, int]) -> tuple[int, tuple[int, int, int, int]]:
    """Return the class and the corners in whole pixels of a row."""
    first, *rest = line.split()
    numbers = [float(text) for text in rest if _NUMBER.fullmatch(text)]
    points = len(rest) >= 6 and len(rest) % 2 == 0
    if (
        not re.fullmatch("[0-9]{1,9}", first)
        or len(numbers) < len(rest)
        or not (points or len(rest) == 4)
        or any(number > 1 for number in numbers)
    ):
        raise PlatefuseError(
            "expected 'class x_center y_center width height', or a class and the points of an outline, as shares of "
            f"the image from 0 to 1, found {shortened(line)!r}."
        )
    shares = np.reshape(numbers, (-1, 2)) * size
    if not points:
        return int(first), whole_pixels([*(shares[0] - shares[1] / 2), *(shares[0] + shares[1] / 2)])
    edges = np.concatenate([shares.min(axis=0), shares.max(axis=0)])
    if len(shares) == 4:
        _check_rectangle(shares, edges)
    return int(first), whole_pixels(edges)


def _check_rectangle(points: np.ndarray, edges: np.ndarray) -> None:
    """Raise PlatefuseError unless points, in pixels [4,2], are an upright box's corners."""
    corners = edges[[[0, 1], [2, 1], [2, 3], [0, 3]]]
    distances = np.abs(points[:, None] - corners[None]).max(axis=2)
    if (distances.min(axis=0) > _CORNER).any():
        raise PlatefuseError("the box is rotated, by its four points: expected an upright one.")


def write_yolo(
    folder: Path, alphabet: str, splits: Mapping[str, Sequence[tuple[str, tuple[int, int], np.ndarray, str]]]
) -> None:
    """Write data.yaml and a file of boxes for each image.

    Shares have six decimals: whole pixels come back exactly.

    Args:
        folder: a new folder.
        alphabet: every character, in the order of the classes.
        splits: for `train`, `val` and `test`, or for "", the images: for each its path, which is
            `images/SPLIT/NAME` or `images/NAME`, its width and height, its boxes int [n,4], x1,y1,x2,y2 in pixels with
            x2 and y2 exclusive, and their n characters.
    """
    for images in splits.values():
        for name, size, boxes, characters in images:
            centres, sides = (boxes[:, :2] + boxes[:, 2:]) / 2 / size, (boxes[:, 2:] - boxes[:, :2]) / size
            rows = zip(characters, np.concatenate([centres, sides], axis=1).tolist(), strict=True)
            lines = [" ".join([str(alphabet.index(c)), *(f"{share:.6f}" for share in shares)]) for c, shares in rows]
            path = folder / label_of(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    # Ultralytics needs train and val; the same folder twice is a data set that is not split.
    places = {key: f"{IMAGES}/{key}" for key in splits} if "" not in splits else {"train": IMAGES, "val": IMAGES}
    content = places | {"names": dict(enumerate(alphabet))}
    (folder / DATA).write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
