"""Users' folders of annotated images, read completely with every issue.

A folder holds images, in any subfolder, and

- `annotations.csv`, as in a plate set (`platefuse.data.plate_set`), or `annotations.json` in COCO format;
- `classes.csv`, if some characters have no box or the order of the classes matters; with annotations.csv only;
- `truth.csv`, with the header `image,text`, if the texts do not follow from the boxes;
- `sources.csv`, with the header `image,source`, if several images show the same plate or come from one recording:
  images of one source are never split between training and test.

Or it holds three such folders, `train`, `val` and `test`. So a plate set is such a folder, and data/plates holds three.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from platefuse.core.errors import PlatefuseError, not_installed
from platefuse.data.characters import SPLITS
from platefuse.data.csv_annotations import Annotations, Box, beyond_image, read_boxes, read_classes, read_image_column
from platefuse.data.image_kinds import images_below
from platefuse.data.plate_set import ANNOTATIONS, CLASSES, TRUTH, ImageStore, missing_names

COCO, SOURCES = "annotations.json", "sources.csv"


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
    """

    splits: dict[str, list[AnnotatedImage]]
    alphabet: str
    issues: list[str]
    unannotated: list[Path] = field(default_factory=list)


def read_annotated(folder: Path) -> AnnotatedFolder:
    """Read a folder's annotations and decode every image once, collecting all issues."""
    issues: list[str] = []
    if not folder.is_dir():
        return AnnotatedFolder(
            {"": []}, "", [f"{folder} is not a folder: expected one with images and their annotations."]
        )
    found = [split for split in SPLITS if (folder / split).is_dir()]
    if found and len(found) < len(SPLITS):
        issues.append(f"{folder} has only {' and '.join(found)} of {', '.join(SPLITS)}: expected all three, or none.")
    beside = [name for name in (ANNOTATIONS, COCO) if found and (folder / name).exists()]
    issues += [f"{folder / name} is beside {', '.join(found)}: expected one in each of them." for name in beside]
    splits: dict[str, list[AnnotatedImage]] = {}
    characters: dict[str, None] = {}  # an ordered set
    unannotated: list[Path] = []
    for split in found or [""]:
        splits[split], alphabet, others = _read_set(folder / split, issues)
        characters |= dict.fromkeys(alphabet)
        unannotated += others
    issues += _shared(splits)
    return AnnotatedFolder(splits, "".join(characters), issues, unannotated)


def _read_set(folder: Path, issues: list[str]) -> tuple[list[AnnotatedImage], str, list[Path]]:
    """Read one set: its images, its alphabet, and images without annotations."""
    has_csv, has_coco = (folder / ANNOTATIONS).exists(), (folder / COCO).exists()
    if has_csv == has_coco:
        found = "both" if has_csv else "neither"
        issues.append(f"{folder}: expected {ANNOTATIONS} or {COCO}, found {found}.")
        return [], "", []
    known = len(issues)
    annotations = (_read_coco if has_coco else _read_csv)(folder, issues)
    if annotations is None:
        return [], "", []
    where = folder / (COCO if has_coco else ANNOTATIONS)
    if not annotations.boxes and len(issues) == known:
        issues.append(f"{where} names no image.")
    texts = _read_optional(folder / TRUTH, "text", issues)
    sources = _read_optional(folder / SOURCES, "source", issues)
    if texts is not None:
        issues += missing_names(where, annotations.boxes, folder / TRUTH, texts)
    unknown = [name for name in sources or () if name not in annotations.boxes]
    issues += [f"{folder / SOURCES} names {name}, which {where} does not." for name in unknown]
    names = list(dict.fromkeys([*(name for name in texts or () if name in annotations.boxes), *annotations.boxes]))
    images = []
    for name, decoded in zip(names, _decode([folder / name for name in names]), strict=True):
        if isinstance(decoded, PlatefuseError):
            issues.append(str(decoded))
            continue
        size, content = decoded
        boxes = _valid_boxes(annotations.boxes[name], size, issues)
        corners = np.array([box.corners for box in boxes], np.int32).reshape(-1, 4)
        characters = "".join(box.character for box in boxes)
        text, source = (texts or {}).get(name), (sources or {}).get(name)
        issues += _contradictions(folder, name, size, annotations, text)
        images.append(AnnotatedImage(folder / name, size, content, corners, characters, text, source or None))
    return images, annotations.alphabet, _unannotated(folder, annotations)


def _unannotated(folder: Path, annotations: Annotations) -> list[Path]:
    """List image files without annotations; hidden files and archives are skipped."""
    return [path for path in images_below(folder) if path.relative_to(folder).as_posix() not in annotations.boxes]


def _read_coco(folder: Path, issues: list[str]) -> Annotations | None:
    try:  # imported here: only COCO needs Pydantic, which the base install does not have
        from platefuse.labels.coco import read_coco
    except ModuleNotFoundError as error:
        raise not_installed(f"{folder / COCO}: COCO", [str(error.name)], '"platefuse[pipeline]"') from None
    return read_coco(folder / COCO, issues)


def _read_csv(folder: Path, issues: list[str]) -> Annotations | None:
    classes = read_classes(folder / CLASSES, issues) if (folder / CLASSES).exists() else None
    boxes = read_boxes(folder / ANNOTATIONS, classes, issues)
    if boxes is None:
        return None
    found = {box.character for of_image in boxes.values() for box in of_image}
    return Annotations(boxes, "".join(sorted(found) if classes is None else classes))


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


def _contradictions(
    folder: Path, name: str, size: tuple[int, int], annotations: Annotations, text: str | None
) -> list[str]:
    """Return issues of annotations that contradict the image or the text.

    The annotated size may not be the image's, or the text not be made of the boxes' characters.
    """
    issues = []
    where, *annotated = annotations.sizes.get(name, ("", *size))
    if tuple(annotated) != size:
        issues.append(
            f"{where}: width and height are {annotated[0]} x {annotated[1]}, but {folder / name}, rotated as its EXIF "
            f"orientation says, has {size[0]} x {size[1]} pixels."
        )
    boxed = "".join(box.character for box in annotations.boxes[name])
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
