"""Users' folders of annotated images, read completely with every issue.

A folder holds images, in any subfolder, and annotations in one of the layouts of `platefuse.labels.layouts`, among
them `annotations.csv`, as in a plate set (`platefuse.data.plate_set`). Beside the annotations there may be

- `truth.csv`, with the header `image,text`, if the texts do not follow from the boxes;
- `sources.csv`, with the header `image,source`, if several images show the same plate or come from one recording:
  images of one source are never split between training and test.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from platefuse.core.errors import PlatefuseError
from platefuse.data.csv_annotations import Box, beyond_image, read_image_column
from platefuse.data.image_kinds import images_below
from platefuse.data.plate_set import TRUTH, ImageStore, missing_names
from platefuse.labels.annotations import Annotations
from platefuse.labels.layouts import read_layout

SOURCES = "sources.csv"

_MAX_NAMED = 3  # missing images that are named one by one


_Tables = tuple[dict[str, str], dict[str, str]]
"""The text and the source of each image that has one, by its path."""


@dataclass(frozen=True, eq=False)
class AnnotatedImage:
    """One image and its annotation.

    Attributes:
        path: the file.
        size: width and height in pixels, after EXIF rotation.
        content: a hash of the pixels.
        boxes: int32 [n,4], x1,y1,x2,y2 in pixels of the image, x2 and y2 exclusive.
        characters: n characters, in the order of the boxes.
        text: the text of the plate; None if it is not given.
        source: a name shared by images that must stay in one split; None if it is not given.
    """

    path: Path
    size: tuple[int, int]
    content: str
    boxes: np.ndarray
    characters: str
    text: str | None
    source: str | None


@dataclass(frozen=True)
class AnnotatedFolder:
    """The content of a folder of annotated images.

    Attributes:
        splits: the valid images of `train`, `val` and `test`; all under "" if the folder is not split.
        alphabet: every character, in the order of the classes.
        issues: a sentence for each issue.
        unannotated: image files in the folder that its annotations do not name.
        layout: which layout the annotations have, in one line; "" if there are none.
    """

    splits: dict[str, list[AnnotatedImage]]
    alphabet: str
    issues: list[str]
    unannotated: list[Path] = field(default_factory=list)
    layout: str = ""


def read_annotated(folder: Path) -> AnnotatedFolder:
    """Read a folder's annotations and decode every image once, collecting all issues."""
    issues: list[str] = []
    if not folder.is_dir():
        return AnnotatedFolder(
            {"": []}, "", [f"{folder} is not a folder: expected one with images and their annotations."]
        )
    layout = read_layout(folder, issues)
    read = [annotations for annotations in layout.sets.values() if annotations]
    together = {annotations.folder: [a for a in read if a.folder == annotations.folder] for annotations in read}
    tables = {place: _read_tables(place, sets, issues) for place, sets in together.items()}
    splits: dict[str, list[AnnotatedImage]] = {split: [] for split in layout.sets}
    for annotations in read:
        splits[annotations.split] = _read_images(annotations, tables[annotations.folder], issues)
    issues += _shared(splits)
    characters = dict.fromkeys(character for annotations in read for character in annotations.alphabet)
    unannotated = [path for place, sets in together.items() for path in _unannotated(place, sets)]
    return AnnotatedFolder(splits, "".join(characters), issues, unannotated, layout.description)


def _read_tables(folder: Path, sets: list[Annotations], issues: list[str]) -> _Tables:
    """Read the texts and sources beside annotations, if there are some."""
    names = {name for annotations in sets for name in annotations.boxes}
    where = sets[0].where if len({a.where for a in sets}) == 1 else sets[0].where.parent
    texts = _read_optional(folder / TRUTH, "text", issues)
    sources = _read_optional(folder / SOURCES, "source", issues)
    if texts is not None:
        issues += missing_names(where, names, folder / TRUTH, texts)
    unknown = [name for name in sources or () if name not in names]
    issues += [f"{folder / SOURCES} names {name}, which {where} does not." for name in unknown]
    return texts or {}, sources or {}


def _read_images(annotations: Annotations, tables: _Tables, issues: list[str]) -> list[AnnotatedImage]:
    """Decode the images of one split, in the order of truth.csv."""
    folder, (texts, sources) = annotations.folder, tables
    names = list(dict.fromkeys([*(name for name in texts if name in annotations.boxes), *annotations.boxes]))
    images, missing = [], []
    for name, decoded in zip(names, _decode([folder / name for name in names]), strict=True):
        if isinstance(decoded, PlatefuseError):
            if os.path.lexists(folder / name):
                issues.append(str(decoded))
            else:
                missing.append(f"{annotations.entry(name)}: {decoded}")
            continue
        size, content = decoded
        boxes = _valid_boxes(annotations.boxes[name], size, issues)
        corners = np.array([box.corners for box in boxes], np.int32).reshape(-1, 4)
        characters = "".join(box.label for box in boxes)
        text, source = texts.get(name), sources.get(name)
        issues += _contradictions(annotations, name, size, text)
        images.append(AnnotatedImage(folder / name, size, content, corners, characters, text, source or None))
    if len(missing) > _MAX_NAMED:
        missing = [f"{missing[0]} {len(missing)} of the {len(names)} images are missing.{annotations.hint}"]
    issues += missing
    return images


def _unannotated(folder: Path, sets: list[Annotations]) -> list[Path]:
    """List image files without annotations; hidden files and archives are skipped."""
    names = {name for annotations in sets for name in annotations.boxes}
    return [path for path in images_below(folder) if path.relative_to(folder).as_posix() not in names]


def _read_optional(path: Path, column: str, issues: list[str]) -> dict[str, str] | None:
    return read_image_column(path, column, issues) if path.exists() else None


def _decode(paths: list[Path]) -> Iterable[tuple[tuple[int, int], str] | PlatefuseError]:
    """Yield width, height and pixel hash of each image, or its error."""
    store = ImageStore()

    def decode(path: Path) -> tuple[tuple[int, int], str] | PlatefuseError:
        try:
            image = store.read(path)
        except PlatefuseError as error:
            return error
        height, width = image.shape[:2]
        return (width, height), hashlib.sha256(b"%d %d " % (width, height) + image.tobytes()).hexdigest()

    with ThreadPoolExecutor() as pool:
        yield from tqdm(pool.map(decode, paths), total=len(paths), desc="checking", unit="image", disable=None)


def _valid_boxes(boxes: list[Box], size: tuple[int, int], issues: list[str]) -> list[Box]:
    """Leave out boxes that reach beyond their image or occur twice.

    `size` is the image's width and height.
    """
    valid: dict[tuple[int, int, int, int], Box] = {}
    for box in boxes:
        issue = beyond_image(box, size)
        if not issue and box.corners in valid:
            issue = f"{box.where}: the box {','.join(map(str, box.corners))!r} is listed twice."
        if issue:
            issues.append(issue)
        else:
            valid[box.corners] = box
    return list(valid.values())


def _contradictions(annotations: Annotations, name: str, size: tuple[int, int], text: str | None) -> list[str]:
    """Return issues of annotations that contradict the image or the text.

    The annotated size may not be the image's, or the text not be made of the boxes' characters.
    """
    issues = []
    folder, annotated = annotations.folder, annotations.sizes.get(name, size)
    if annotated != size:
        issues.append(
            f"{annotations.entry(name)}: width and height are {annotated[0]} x {annotated[1]}, but {folder / name}, "
            f"rotated as its EXIF orientation says, has {size[0]} x {size[1]} pixels."
        )
    boxed = "".join(box.label for box in annotations.boxes[name])
    if text is not None and Counter(text) != Counter(boxed):
        issues.append(f"{folder / TRUTH}: {name} has the text {text!r}, but boxes of {boxed!r}.")
    return issues


def _shared(splits: dict[str, list[AnnotatedImage]]) -> list[str]:
    """Return an issue for each image that an earlier split shares.

    An image is shared if its pixels or its source are the same. Empty plates may have the same pixels.
    """
    issues = []
    first: dict[tuple[str, str | None], tuple[str, Path]] = {}
    for split, images in splits.items():
        for image in images:
            split_before, path = first.setdefault(("content", image.content), (split, image.path))
            if image.characters and split_before != split:
                issues.append(f"{image.path} is the same image as {path}: no image may be in two splits.")
            split_before, path = first.setdefault(("source", image.source), (split, image.path))
            if image.source is not None and split_before != split:
                issues.append(
                    f"{image.path} has the source {image.source!r}, as {path} has: no source may be in two splits."
                )
    return issues
