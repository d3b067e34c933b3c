"""Layouts of annotations, recognised by the files of a folder."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from platefuse.core.errors import not_installed
from platefuse.data.csv_annotations import read_boxes, read_classes
from platefuse.data.plate_set import ANNOTATIONS, CLASSES
from platefuse.labels.annotations import Annotations, name_splits
from platefuse.labels.voc import BESIDE_IMAGES, IN_FOLDER, read_voc

COCO = "annotations.json"

_ROBOFLOW_COCO, _CVAT_COCO = "_annotations.coco.json", "annotations/instances_*.json"
_YOLO = "data.yaml"

Sets = dict[str, Annotations | None]


@dataclass(frozen=True)
class Layout:
    """The annotations of a folder.

    Attributes:
        description: which layout it is, in one line; "" if there is none.
        sets: the annotations of `train`, `val` and `test`, or of "" if the images are not split; None for those that
            cannot be read.
    """

    description: str
    sets: Sets


def read_layout(folder: Path, issues: list[str]) -> Layout:
    """Read a folder's annotations in whichever layout they are.

    Their files lie in the folder, or in its folders train, val (or valid, or validation) and test.

    Args:
        folder: the folder.
        issues: a sentence is appended for each issue.
    """
    here = _layouts_in(folder)
    folders = [path.name for path in sorted(folder.iterdir()) if path.is_dir()]
    splits = name_splits(folders, folder, [] if here else issues)
    below = {split: _layouts_in(folder / name) for split, name in splits.items()}
    if here and any(below.values()):
        issues.append(f"{folder} has {_listed(here)} beside {_listed(splits.values())}, which have some too: keep one.")
    elif here or not splits:
        return Layout(_listed(here), _read(folder, here, issues))
    sets = {split: _read_one(folder / name, below[split], issues) for split, name in splits.items()}
    found = dict.fromkeys(layout for layouts in below.values() for layout in layouts)
    return Layout(
        f"{_listed(found)} in {_listed(splits.values())}" if found else "",
        {split: read and replace(read, split=split) for split, read in sets.items()},
    )


def _layouts_in(folder: Path) -> list[str]:
    return [layout for layout, (pattern, _) in _LAYOUTS.items() if any(folder.glob(pattern))]


def _listed(words: Iterable[str]) -> str:
    *words, last = words or [""]
    return f"{', '.join(words)} and {last}" if words else last


def _read(folder: Path, layouts: list[str], issues: list[str]) -> Sets:
    if len(layouts) != 1:
        found = f"{_listed(layouts)}: keep one" if layouts else "none"
        issues.append(f"{folder}: expected annotations as {', '.join(_LAYOUTS)}; found {found}.")
        return {"": None}
    known = len(issues)
    sets = _LAYOUTS[layouts[0]][1](folder, issues) or {"": None}
    if len(issues) == known:
        issues += [f"{read.where} names no image." for read in sets.values() if read and not read.boxes]
    return sets


def _read_one(folder: Path, layouts: list[str], issues: list[str]) -> Annotations | None:
    sets = _read(folder, layouts, issues)
    if len(sets) > 1:
        issues.append(f"{folder} is split into {_listed(sets)}: expected the images of one split.")
    return next(iter(sets.values()))


def _read_csv(folder: Path, issues: list[str]) -> Sets:
    classes = read_classes(folder / CLASSES, issues) if (folder / CLASSES).exists() else None
    boxes = read_boxes(folder / ANNOTATIONS, classes, issues)
    if boxes is None:
        return {"": None}
    found = {box.label for of_image in boxes.values() for box in of_image}
    alphabet = "".join(sorted(found) if classes is None else classes)
    entries = {name: of_image[0].where for name, of_image in boxes.items() if of_image}
    hint = f" Paths are relative to {folder}."
    return {"": Annotations("", folder, folder / ANNOTATIONS, boxes, alphabet, entries, hint=hint)}


def _read_coco(folder: Path, issues: list[str]) -> Sets:
    with _optional(folder / COCO, "COCO"):
        from platefuse.labels.coco import read_coco
    return {"": read_coco(folder / COCO, issues)}


def _read_roboflow(folder: Path, issues: list[str]) -> Sets:
    with _optional(folder / _ROBOFLOW_COCO, "COCO"):
        from platefuse.labels.coco import read_coco
    return {"": read_coco(folder / _ROBOFLOW_COCO, issues)}


def _read_instances(folder: Path, issues: list[str]) -> Sets:
    with _optional(folder / _CVAT_COCO, "COCO"):
        from platefuse.labels.coco import read_instances
    return read_instances(folder, sorted(folder.glob(_CVAT_COCO)), issues)


def _read_yolo(folder: Path, issues: list[str]) -> Sets:
    with _optional(folder / _YOLO, "YOLO"):
        from platefuse.labels.yolo import read_yolo
    return read_yolo(folder, issues)


@contextmanager
def _optional(file: Path, layout: str) -> Iterator[None]:
    """Name the package that the base install lacks for a layout."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise not_installed(f"{file}: {layout}", [str(error.name)], '"platefuse[pipeline]"') from None


# What annotations are called; the files that they begin with; and what reads the folder that has these files.
_LAYOUTS: dict[str, tuple[str, Callable[[Path, list[str]], Sets]]] = {
    f"CSV ({ANNOTATIONS})": (ANNOTATIONS, _read_csv),
    f"COCO ({COCO})": (COCO, _read_coco),
    f"COCO ({_ROBOFLOW_COCO})": (_ROBOFLOW_COCO, _read_roboflow),
    f"COCO ({_CVAT_COCO})": (_CVAT_COCO, _read_instances),
    f"YOLO ({_YOLO})": (_YOLO, _read_yolo),
    "Pascal VOC (Annotations/*.xml)": (IN_FOLDER, read_voc),
    "Pascal VOC (*.xml)": (BESIDE_IMAGES, read_voc),
}
