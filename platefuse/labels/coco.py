"""COCO JSON, the form that labelling tools speak (https://cocodataset.org/#format-data): read with its issues, written.

Of a file that has more, such as segmentations, crowds or licences, the boxes are taken: `images` with `id` and
`file_name`, `categories` with `id` and `name`, `annotations` with `id`, `image_id`, `category_id` and `bbox`, which is
x,y,width,height in pixels of the image as it is shown, fractions rounded to the nearest pixel.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from platefuse.core.errors import PlatefuseError, shortened
from platefuse.data.csv_annotations import Annotations, Box, check_corners, inside, read_text
from platefuse.runner.atomic import atomic_write

_MAX_COORDINATE = 1e9  # no image is as large; beyond 2**53 rounding a float would not give the pixel meant


def read_coco(path: Path, issues: list[str]) -> Annotations | None:
    """Read annotated images whose categories are named as their characters.

    A category that no box uses may have any name: tools put one above the others.

    Args:
        path: the file; paths of images count from its folder.
        issues: a sentence is added for each entry that is not as COCO has it, and the entry is left out.

    Returns:
        The images in the order of the file; None if it is no COCO file at all.
    """
    content = _parsed(path, issues)
    if content is None:
        return None
    images, categories, annotations = (
        _by_id(content[part], path, part, issues) for part in ("images", "categories", "annotations")
    )
    names, sizes = _named_images(images, path, issues)
    boxes: dict[str, list[Box]] = {name: [] for name in names.values()}
    characters = _names(categories, issues)
    of_words = set()  # categories that boxes are of, and that no character names
    for where, annotation in annotations.values():
        try:
            category = _reference(annotation, "category_id", categories, "categories", where)
            image = _reference(annotation, "image_id", images, "images", where)
            corners = _corners(annotation.get("bbox"), where)
        except PlatefuseError as issue:
            issues.append(str(issue))
            continue
        character = characters.get(category, "")
        if len(character) > 1:
            of_words.add(category)
        elif character and image in names:
            boxes[names[image]].append(Box(where, corners, character))
    for category in sorted(of_words):
        where, name = categories[category][0], shortened(characters[category])
        issues.append(f"{where}: there are boxes of {name!r}: expected one character.")
    return Annotations(boxes, "".join(name for name in characters.values() if len(name) == 1), sizes)


def write_coco(path: Path, alphabet: str, images: Sequence[tuple[str, tuple[int, int], Any, str]]) -> None:
    """Write annotated images.

    Args:
        path: the file.
        alphabet: every character, in the order of the category ids.
        images: of each its path from the file's folder, its width and height, its boxes int [n,4], x1,y1,x2,y2 in
            pixels with x2 and y2 exclusive, and their n characters.
    """
    ids = {character: index for index, character in enumerate(alphabet, 1)}
    annotations: list[dict[str, Any]] = []
    for image, (_, _, boxes, characters) in enumerate(images, 1):
        for (x1, y1, x2, y2), character in zip(boxes.tolist(), characters, strict=True):
            width, height = x2 - x1, y2 - y1
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": ids[character],
                    "bbox": [x1, y1, width, height],
                    "area": width * height,
                    "iscrowd": 0,
                }
            )
    content = {
        "images": [
            {"id": index, "file_name": name, "width": width, "height": height}
            for index, (name, (width, height), _, _) in enumerate(images, 1)
        ],
        "categories": [{"id": index, "name": character} for character, index in ids.items()],
        "annotations": annotations,
    }
    with atomic_write(path) as draft:
        draft.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _parsed(path: Path, issues: list[str]) -> dict[str, list[Any]] | None:
    try:
        content = json.loads(read_text(path))
    except PlatefuseError as issue:
        issues.append(str(issue))
        return None
    except RecursionError:
        issues.append(f"{path} cannot be read as JSON: it has lists in lists, too deep to follow.")
        return None
    except ValueError as error:  # not UTF-8, not JSON, or a number of thousands of digits
        issues.append(f"{path} cannot be read as JSON: {error}.")
        return None
    if not isinstance(content, dict):
        issues.append(f"{path}: expected an object with images, annotations and categories, found {_kind(content)}.")
        return None
    parts = ("images", "annotations", "categories")
    wrong = [part for part in parts if not isinstance(content.get(part), list)]
    for part in wrong:
        found = _kind(content[part]) if part in content else "nothing"
        issues.append(f"{path}: expected a list of {part} under {part!r}, found {found}.")
    return None if wrong else content


def _by_id(entries: list[Any], path: Path, part: str, issues: list[str]) -> dict[int, tuple[str, dict[str, Any]]]:
    """Give each entry, and where it stands, by its id."""
    found: dict[int, tuple[str, dict[str, Any]]] = {}
    for index, entry in enumerate(entries):
        where = f"{path}, {part}[{index}]"
        if not isinstance(entry, dict):
            issues.append(f"{where}: expected an object, found {_kind(entry)}.")
        elif not _is_whole(entry.get("id")):
            issues.append(f"{where}: expected a whole number as 'id', found {_shown(entry.get('id'))}.")
        elif entry["id"] in found:
            issues.append(f"{where}: the id {entry['id']} stands there twice.")
        else:
            found[entry["id"]] = (where, entry)
    return found


def _named_images(
    images: dict[int, tuple[str, dict[str, Any]]], path: Path, issues: list[str]
) -> tuple[dict[int, str], dict[str, tuple[str, int, int]]]:
    """Give the path of each image by its id, and by its path the size that the file tells of it."""
    names: dict[int, str] = {}
    sizes: dict[str, tuple[str, int, int]] = {}
    taken: set[str] = set()
    for image, (where, entry) in images.items():
        try:
            name = inside(_text(entry, "file_name", where), path.parent, where)
            if name in taken:
                raise PlatefuseError(f"{where}: {name} stands there twice.")
        except PlatefuseError as issue:
            issues.append(str(issue))
            continue
        taken.add(name)
        names[image] = name
        if _is_whole(entry.get("width")) and _is_whole(entry.get("height")):
            sizes[name] = (where, entry["width"], entry["height"])
    return names, sizes


def _names(categories: dict[int, tuple[str, dict[str, Any]]], issues: list[str]) -> dict[int, str]:
    """Give the name of each category that has a proper one, by its id."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for category, (where, entry) in categories.items():
        try:
            name = _text(entry, "name", where)
            if name in taken:
                raise PlatefuseError(f"{where}: the name {shortened(name)!r} stands there twice.")
            taken.add(name)
            names[category] = name
        except PlatefuseError as issue:
            issues.append(str(issue))
    return names


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value or "\0" in value or _is_surrogate(value):
        raise PlatefuseError(f"{where}: expected text as {key!r}, found {_shown(value)}.")
    return value


def _is_surrogate(text: str) -> bool:
    """JSON can spell halves of characters, which no file system or CSV file can."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _reference(
    annotation: dict[str, Any], key: str, entries: dict[int, tuple[str, dict[str, Any]]], part: str, where: str
) -> int:
    value = annotation.get(key)
    if not _is_whole(value) or value not in entries:
        raise PlatefuseError(f"{where}: expected the id of one of {part} as {key!r}, found {_shown(value)}.")
    return value


def _corners(bbox: Any, where: str) -> tuple[int, int, int, int]:
    shown = _shown(bbox)
    if not isinstance(bbox, list) or len(bbox) != 4 or not all(_is_number(value) for value in bbox):
        raise PlatefuseError(f"{where}: expected four numbers, x,y,width,height, as 'bbox', found {shown}.")
    x, y, width, height = bbox
    if width <= 0 or height <= 0:
        raise PlatefuseError(f"{where}: a box needs a width and a height above 0, found {shown}.")
    corners = (_nearest(x), _nearest(y), _nearest(x + width), _nearest(y + height))
    check_corners(corners, shown, where)
    return corners


def _nearest(value: float) -> int:
    return math.floor(value + 0.5)  # round would send halves to the even pixel, now up and now down


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MAX_COORDINATE  # nor is NaN


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")


def _shown(value: Any) -> str:
    """A value as Python has it, cut where it is long: a issue is one sentence. What holds others may be endless."""
    nested = isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict | list) for v in value))
    shown = _kind(value) if nested else repr(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"
