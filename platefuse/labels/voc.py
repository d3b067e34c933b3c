"""Pascal VOC XML, a file an image, read.

The format is that of http://host.robots.ox.ac.uk/pascal/VOC/. Files lie in `Annotations`, and their images in
`JPEGImages` or `images`, or both lie side by side. Lists of images in `ImageSets/Main` are splits.

xmin, ymin, xmax and ymax are the edges of a box in pixels of the image as displayed, counted from 0, as CVAT writes
them. The data of the challenge itself count pixels from 1, and so does labelImg by its author's word
(https://github.com/HumanSignal/labelImg/issues/19). Their boxes come out a pixel narrower on the left and the top.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from platefuse.core.errors import PlatefuseError, printable, shortened
from platefuse.data.csv_annotations import Box, image_name, read_text
from platefuse.data.image_kinds import SUFFIXES
from platefuse.labels.annotations import (
    ROTATIONS,
    Annotations,
    check_upright,
    name_splits,
    not_a_character,
    whole_pixels,
)

IN_FOLDER, BESIDE_IMAGES = "[Aa]nnotations/**/*.xml", "*.xml"
"""Where the files are: in a folder of their own, or beside the images."""

_IMAGE_FOLDERS = ("JPEGImages", "images")
_SETS = "ImageSets/Main"
_MAX_CHARACTERS = 2**20  # of one image's annotations
_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,30}(?:\.[0-9]{0,30})?\s*")


@dataclass(frozen=True)
class _File:
    """One image's file; `size` is width and height, if given."""

    path: Path
    boxes: list[Box]
    size: tuple[int, int] | None


def read_voc(folder: Path, issues: list[str]) -> dict[str, Annotations | None]:
    """Read annotated images whose objects are named after their characters.

    Args:
        folder: has the files of IN_FOLDER, or of BESIDE_IMAGES.
        issues: a sentence is appended for each file and object that breaks the format; it is left out.

    Returns:
        The annotations of each split, in the order of the files' names; under "" if there are no lists of images.
    """
    in_folder = sorted(folder.glob(IN_FOLDER))
    files = in_folder or sorted(folder.glob(BESIDE_IMAGES))
    bases = sorted({folder / path.relative_to(folder).parts[0] for path in in_folder}) or [folder]
    if len(bases) > 1:
        issues.append(f"{folder} has {' and '.join(base.name for base in bases)}: expected one of them.")
        return {"": None}
    images = _read_files(folder, bases[0], files, issues)
    alphabet = "".join(sorted({box.label for file in images.values() for box in file.boxes}))
    entries = {name: str(file.path) for name, file in images.items()}
    sizes = {name: file.size for name, file in images.items() if file.size}
    splits = _splits(folder, bases[0], {_id(path, bases[0]) for path in files}, issues)
    return {
        split: Annotations(
            split,
            folder,
            bases[0],
            {name: file.boxes for name, file in images.items() if ids is None or _id(file.path, bases[0]) in ids},
            alphabet,
            entries,
            sizes,
        )
        for split, ids in splits.items()
    }


def _id(path: Path, base: Path) -> str:
    """Return the name that lists of images have for a file."""
    return path.relative_to(base).with_suffix("").as_posix()


def _read_files(folder: Path, base: Path, files: list[Path], issues: list[str]) -> dict[str, _File]:
    """Read the files, by the path of the image of each."""
    images: dict[str, _File] = {}
    words: dict[str, str] = {}
    for path in files:
        try:
            root = _parse(path)
        except PlatefuseError as issue:
            issues.append(str(issue))
            continue
        name = _image_of(folder, base, path, root.findtext("filename") or "")
        if name in images:
            issues.append(f"{path}: the image {name} is annotated twice, in {images[name].path} too.")
        else:
            images[name] = _File(path, list(_boxes(path, root, words, issues)), _size(root))
    issues += [f"{where}: {not_a_character(word)}" for word, where in words.items()]
    return images


def _parse(path: Path) -> ElementTree.Element:
    """Parse a file without entities.

    Raises:
        PlatefuseError: if it is too large, has a document type, is no XML, or another kind of XML; names it.
    """
    text = read_text(path)
    if len(text) > _MAX_CHARACTERS:
        raise PlatefuseError(f"{path} is larger than {_MAX_CHARACTERS // 2**20} MiB: expected the boxes of one image.")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # a few entities can stand for a billion characters
        raise PlatefuseError(f"{path} has a document type: expected XML without one.")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise PlatefuseError(f"{path} cannot be read as XML: {printable(shortened(str(error)))}.") from None
    if root.tag != "annotation":
        raise PlatefuseError(f"{path}: expected the element 'annotation', found {shortened(root.tag)!r}.")
    return root


def _image_of(folder: Path, base: Path, path: Path, written: str) -> str:
    """Find the image that a file names or is named like.

    Returns:
        Its path relative to `folder`; where it would be, if there is none.
    """
    beside = path.parent.relative_to(folder)
    inner = path.parent.relative_to(base)
    places = [beside] if base == folder else [*(Path(name) / inner for name in _IMAGE_FOLDERS), beside, inner]
    names = [path.stem + suffix for suffix in sorted(SUFFIXES) for suffix in (suffix, suffix.upper())]
    try:
        names.insert(0, image_name(written.strip()))
        if base != folder:
            places[:0] = [Path(name) for name in _IMAGE_FOLDERS]  # the name may have the folders of the file
    except PlatefuseError:  # the path on the machine that wrote the file, say
        pass
    candidates = [(place / name).as_posix() for name in names for place in places]
    return next((name for name in candidates if os.path.lexists(folder / name)), candidates[0])


def _boxes(path: Path, root: ElementTree.Element, words: dict[str, str], issues: list[str]) -> Iterator[Box]:
    """Yield the valid boxes.

    Names of several characters are added to `words`, with their first object.
    """
    for index, element in enumerate(root.findall("object")):
        where = f"{path}, object[{index}]"
        name = (element.findtext("name") or "").strip()
        try:
            if not name:
                raise PlatefuseError("expected a name, found none.")
            _check_upright(element)
            corners = _corners(element)
        except PlatefuseError as issue:
            issues.append(f"{where}: {issue}")
            continue
        if len(name) > 1:
            words.setdefault(name, where)
        else:
            yield Box(where, corners, name)


def _check_upright(element: ElementTree.Element) -> None:
    """Raise PlatefuseError for an angle in an element or attribute."""
    for angle in element.iter():
        if angle.tag in ROTATIONS:
            check_upright(angle.text)
        elif angle.tag == "attribute" and angle.findtext("name") in ROTATIONS:
            check_upright(angle.findtext("value"))


def _corners(element: ElementTree.Element) -> tuple[int, int, int, int]:
    written = [element.findtext(f"bndbox/{edge}") or "" for edge in ("xmin", "ymin", "xmax", "ymax")]
    if not all(_NUMBER.fullmatch(edge) for edge in written):
        raise PlatefuseError(
            "expected a bndbox of the numbers xmin, ymin, xmax and ymax, found "
            f"{shortened(', '.join(written)) if any(written) else 'nothing'}."
        )
    return whole_pixels(map(float, written))


def _size(root: ElementTree.Element) -> tuple[int, int] | None:
    """Return width and height, or None where they are missing or 0."""
    width, height = (root.findtext(f"size/{side}") or "" for side in ("width", "height"))
    if not all(re.fullmatch("[0-9]{1,9}", side) for side in (width, height)):
        return None
    return (int(width), int(height)) if int(width) and int(height) else None


def _splits(folder: Path, base: Path, ids: set[str], issues: list[str]) -> dict[str, set[str] | None]:
    """Read the lists of images; None stands for all images."""
    lists = sorted((folder / _SETS).glob("*.txt"))
    files = {path.stem: path for path in lists if not path.is_file() or path.stat().st_size}  # to read others says why
    splits: dict[str, set[str] | None] = {}
    listed: dict[str, Path] = {}
    for split, name in name_splits(files, folder / _SETS, issues).items():
        splits[split] = members = set(_members(files[name], base, ids, issues))
        issues += [
            f"{base / member}.xml is in {listed[member]} and in {files[name]}." for member in members & set(listed)
        ]
        listed |= dict.fromkeys(members, files[name])
    missing = sorted(ids - set(listed))
    if splits and missing:
        more = f", nor are {len(missing) - 1} more files" if missing[1:] else ""
        issues.append(f"{base / missing[0]}.xml is in none of the lists of {folder / _SETS}{more}.")
    return splits or {"": None}


def _members(path: Path, base: Path, ids: set[str], issues: list[str]) -> Iterator[str]:
    """Yield the names of a list.

    A number behind a name says whether a class is in the image.
    """
    try:
        lines = read_text(path).splitlines()
    except PlatefuseError as issue:
        issues.append(str(issue))
        return
    for number, line in enumerate(lines, 1):
        name = line.strip()
        name = name if name in ids else re.sub(r"\s+-?[01]$", "", name).strip('"')
        if name in ids:
            yield name
        elif name:
            issues.append(f"{path}, line {number}: there is no {base}/{shortened(name)}.xml.")
