"""A folder of annotated images as people bring it: read whole, with everything that is wrong with it.

It holds images, anywhere inside, and

- `annotations.csv`, as a plate set has it (`platefuse.data.plate_set`), or `annotations.json`, COCO's;
- `classes.csv` if there are characters that no box is of, or the order of the classes counts; CSV only;
- `truth.csv`, with the header `image,text`, if what a plate reads does not follow from its boxes;
- `sources.csv`, with the header `image,source`, if several images show the same plate or are of one camera's walk:
  whatever must not be trained on and tested on at once has one source.

Or it holds three such folders, `train`, `val` and `test`: a plate set is such a folder, and data/plates holds three.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import SPLITS
from platefuse.data.csv_annotations import Annotations, Box, beyond, read_boxes, read_classes, read_of_images
from platefuse.data.images import SUFFIXES, read_image
from platefuse.data.plate_set import ANNOTATIONS, CLASSES, TRUTH, missing_names
from platefuse.labels.coco import read_coco

COCO, SOURCES = "annotations.json", "sources.csv"


@dataclass(frozen=True, eq=False)
class AnnotatedImage:
    """One image and what is said of it.

    Attributes:
        path: the file.
        size: width and height as it is read.
        content: a hash of its pixels.
        boxes: int32 [n,4], x1,y1,x2,y2 in its pixels, x2 and y2 exclusive.
        characters: n characters, in the order of the boxes.
        text: what it reads; None if nobody says.
        source: what it shares with images that belong into the same split; None for nothing.
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
    """What a folder of annotated images holds.

    Attributes:
        splits: the images of `train`, `val` and `test`; of a folder that is not split, all under "".
        alphabet: every character, in the order of the classes.
        issues: a sentence for each that there is; what is faulty is left out of the above.
        unnamed: image files in it that its annotations do not name; nothing is learnt from them.
    """

    splits: dict[str, list[AnnotatedImage]]
    alphabet: str
    issues: list[str]
    unnamed: list[Path] = field(default_factory=list)


def read_annotated(folder: Path) -> AnnotatedFolder:
    """Read a folder's annotations and every image once, and look for all that can be wrong with them."""
    issues: list[str] = []
    if not folder.is_dir():
        return AnnotatedFolder(
            {"": []}, "", [f"{folder} is no folder: expected one with images and their annotations."]
        )
    there = [split for split in SPLITS if (folder / split).is_dir()]
    if there and len(there) < len(SPLITS):
        issues.append(f"{folder} has only {' and '.join(there)} of {', '.join(SPLITS)}: expected all three, or none.")
    beside = [name for name in (ANNOTATIONS, COCO) if there and (folder / name).exists()]
    issues += [f"{folder / name} stands beside {', '.join(there)}: expected one in each of them." for name in beside]
    splits: dict[str, list[AnnotatedImage]] = {}
    characters: dict[str, None] = {}  # a set that keeps its order
    unnamed: list[Path] = []
    for split in there or [""]:
        splits[split], alphabet, others = _read_set(folder / split, issues)
        characters |= dict.fromkeys(alphabet)
        unnamed += others
    issues += _shared(splits)
    return AnnotatedFolder(splits, "".join(characters), issues, unnamed)


def _read_set(folder: Path, issues: list[str]) -> tuple[list[AnnotatedImage], str, list[Path]]:
    """Read images that lie in one folder; also give their alphabet, and the image files that nothing is said of."""
    has_csv, has_coco = (folder / ANNOTATIONS).exists(), (folder / COCO).exists()
    if has_csv == has_coco:
        found = "both" if has_csv else "neither"
        issues.append(f"{folder}: expected {ANNOTATIONS} or {COCO}, found {found}.")
        return [], "", []
    known = len(issues)
    annotations = read_coco(folder / COCO, issues) if has_coco else _read_csv(folder, issues)
    if annotations is None:
        return [], "", []
    where = folder / (COCO if has_coco else ANNOTATIONS)
    if not annotations.boxes and len(issues) == known:
        issues.append(f"{where} names no image.")
    texts = _of_images(folder / TRUTH, "text", annotations, issues)
    sources = _of_images(folder / SOURCES, "source", annotations, issues)
    if texts is not None:
        issues += missing_names(where, annotations.boxes, folder / TRUTH, texts)
    names = list(dict.fromkeys([*(name for name in texts or () if name in annotations.boxes), *annotations.boxes]))
    images = []
    for name, looked in zip(names, _look_at([folder / name for name in names]), strict=True):
        if isinstance(looked, PlatefuseError):
            issues.append(str(looked))
            continue
        size, content = looked
        boxes = _sound(annotations.boxes[name], size, issues)
        corners = np.array([box.corners for box in boxes], np.int32).reshape(-1, 4)
        characters = "".join(box.character for box in boxes)
        text, source = (of_images.get(name) for of_images in (texts or {}, sources or {}))
        issues += _contradictions(folder, name, size, annotations, text)
        images.append(AnnotatedImage(folder / name, size, content, corners, characters, text, source or None))
    return images, annotations.alphabet, _unnamed(folder, annotations)


def _unnamed(folder: Path, annotations: Annotations) -> list[Path]:
    """The image files that nothing is said of; those in an archive are not looked at, nor hidden ones."""
    files = (
        p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith(".") and p.is_file()
    )
    return sorted(path for path in files if path.relative_to(folder).as_posix() not in annotations.boxes)


def _read_csv(folder: Path, issues: list[str]) -> Annotations | None:
    classes = read_classes(folder / CLASSES, issues) if (folder / CLASSES).exists() else None
    boxes = read_boxes(folder / ANNOTATIONS, classes, issues)
    if boxes is None:
        return None
    found = {box.character for of_image in boxes.values() for box in of_image}
    return Annotations(boxes, "".join(sorted(found) if classes is None else classes))


def _of_images(path: Path, what: str, annotations: Annotations, issues: list[str]) -> dict[str, str] | None:
    """Read a file that a folder may have; None if it has none, or a damaged one."""
    of_images = read_of_images(path, what, issues) if path.exists() else None
    if of_images is not None and what == "source":
        unknown = [name for name in of_images if name not in annotations.boxes]
        issues += [f"{path} names {name}, which the annotations do not." for name in unknown]
    return of_images


def _look_at(paths: list[Path]) -> Iterable[tuple[tuple[int, int], str] | PlatefuseError]:
    """Give width, height and a hash of each image's pixels, or why it cannot be read."""
    with ThreadPoolExecutor() as pool:
        yield from tqdm(pool.map(_looked_at, paths), total=len(paths), desc="checking", unit="image", disable=None)


def _looked_at(path: Path) -> tuple[tuple[int, int], str] | PlatefuseError:
    try:
        image = read_image(path)
    except PlatefuseError as error:
        return error
    height, width = image.shape[:2]
    return (width, height), hashlib.sha256(b"%d %d " % (width, height) + image.tobytes()).hexdigest()


def _sound(boxes: list[Box], size: tuple[int, int], issues: list[str]) -> list[Box]:
    """Leave out boxes that reach beyond an image of that width and height, or stand there twice."""
    sound: dict[tuple[int, int, int, int], Box] = {}
    for box in boxes:
        issue = beyond(box, size)
        if not issue and box.corners in sound:
            issue = f"{box.where}: the box {','.join(map(str, box.corners))!r} stands there twice."
        if issue:
            issues.append(issue)
        else:
            sound[box.corners] = box
    return list(sound.values())


def _contradictions(
    folder: Path, name: str, size: tuple[int, int], annotations: Annotations, text: str | None
) -> list[str]:
    """Say where an image's size is not what its annotations say, or its text is not what its boxes hold."""
    issues = []
    where, *told = annotations.sizes.get(name, ("", *size))
    if tuple(told) != size:
        issues.append(
            f"{where}: width and height are given as {told[0]} x {told[1]}, but {folder / name}, turned as its EXIF "
            f"orientation says, has {size[0]} x {size[1]} pixels."
        )
    boxed = "".join(box.character for box in annotations.boxes[name])
    if text is not None and Counter(text) != Counter(boxed):
        issues.append(f"{folder / TRUTH}: {name} reads {text!r}, but its boxes are of {boxed!r}.")
    return issues


def _shared(splits: dict[str, list[AnnotatedImage]]) -> list[str]:
    """Say of each image whose content or source a split before its own has, too; empty boards look alike, and may."""
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
