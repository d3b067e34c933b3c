"""COCO JSON, the format of labelling tools, read and written.

Its specification is https://cocodataset.org/#format-data. Reading collects the issues of a file. A box is
x,y,width,height in pixels of the image as displayed, rounded to the nearest pixel. CVAT and others add the angle of a
rotated box, which COCO has no place for, to the annotation or its attributes. Fields that are not named below, such as
segmentations, crowds or licences, are ignored.
"""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from platefuse.core.errors import PlatefuseError
from platefuse.data.csv_annotations import Box
from platefuse.labels.annotations import Annotations, name_splits, not_a_character
from platefuse.labels.coco_entries import CocoAnnotation, CocoCategory, CocoImage, ids_of, read_file, valid_entries
from platefuse.runner.atomic import atomic_write


def read_instances(folder: Path, files: Sequence[Path], issues: list[str]) -> dict[str, Annotations | None]:
    """Read CVAT's export, which has a file a split.

    The images of `instances_train.json` lie in `images/train` or `images`.

    Args:
        folder: paths of images will be relative to it.
        files: the files; a single one may have any name instead of a split's.
        issues: a sentence is appended for each issue.

    Returns:
        The annotations of each split; under "" if there is one. None for a file that is not COCO.
    """
    named = {path.stem.removeprefix("instances_"): path for path in files}
    splits = name_splits(named, files[0].parent, issues) if len(files) > 1 else {"": next(iter(named))}
    unknown = [path for name, path in named.items() if name not in splits.values()]
    issues += [f"{path} is beside other files: expected train, val or test behind instances_." for path in unknown]
    return {
        split: read_coco(named[name], issues, split, folder, (f"images/{name}", "images", ""))
        for split, name in splits.items()
    }


def read_coco(
    path: Path,
    issues: list[str],
    split: str = "",
    folder: Path | None = None,
    places: Sequence[str] = ("", "images"),
) -> Annotations | None:
    """Read annotated images whose categories are named after their characters.

    A category without boxes may have any name: tools add one above the others.

    Args:
        path: the file.
        issues: a sentence is appended for each entry that breaks the format; the entry is left out.
        split: the split of the images.
        folder: paths of images will be relative to it; None for that of the file.
        places: folders in `folder` that `file_name` may be relative to; the first that has the image counts.

    Returns:
        The images in the order of the file; None if it is not a COCO file.
    """
    file = read_file(path, issues)
    if file is None:
        return None
    folder = path.parent if folder is None else folder
    # Ids of invalid entries too: what refers to them is no second issue.
    ids = {"image_id": ids_of(file.images), "category_id": ids_of(file.categories)}
    images = _placed(
        dict(valid_entries(CocoImage, file.images, f"{path}, images", ids, issues)), folder, places, issues
    )
    categories = dict(valid_entries(CocoCategory, file.categories, f"{path}, categories", ids, issues))
    annotations = valid_entries(CocoAnnotation, file.annotations, f"{path}, annotations", ids, issues)
    names = {category.id: category.name for category in categories.values()}
    return Annotations(
        split,
        folder,
        path,
        boxes=_boxes(annotations, {image.id: name for name, (_, image) in images.items()}, categories, issues),
        alphabet="".join(name for name in names.values() if len(name) == 1),
        entries={name: f"{where} (id {image.id})" for name, (where, image) in images.items()},
        sizes={
            name: (image.width, image.height)
            for name, (_, image) in images.items()
            if type(image.width) is type(image.height) is int
        },
        hint=f" file_name is relative to {' or '.join(str(folder / place) for place in places)}.",
    )


def _placed(
    images: dict[str, CocoImage], folder: Path, places: Sequence[str], issues: list[str]
) -> dict[str, tuple[str, CocoImage]]:
    """Return each image and its entry, by its path in `folder`."""
    placed: dict[str, tuple[str, CocoImage]] = {}
    for where, image in images.items():
        names = [PurePosixPath(place, image.file_name).as_posix() for place in places]
        name = next((name for name in names if os.path.lexists(folder / name)), names[0])
        if name in placed:
            issues.append(f"{where}: the image {name} is listed twice, in {placed[name][0]} too.")
        else:
            placed[name] = where, image
    return placed


def _boxes(
    annotations: Iterable[tuple[str, CocoAnnotation]],
    paths: dict[int, str],
    categories: dict[str, CocoCategory],
    issues: list[str],
) -> dict[str, list[Box]]:
    """Return the boxes of each image in `paths`.

    An issue is appended for each category that has boxes and is no character.
    """
    names = {category.id: category.name for category in categories.values()}
    boxes: dict[str, list[Box]] = {image: [] for image in paths.values()}
    words = set()
    for where, annotation in annotations:
        image, name = paths.get(annotation.image_id), names.get(annotation.category_id, "")
        if len(name) > 1:
            words.add(annotation.category_id)
        elif image and name:
            try:
                boxes[image].append(Box(where, annotation.corners(), name))
            except PlatefuseError as issue:
                issues.append(f"{where}: {issue}")
    issues += [
        f"{where}: {not_a_character(category.name)}" for where, category in categories.items() if category.id in words
    ]
    return boxes


def write_coco(path: Path, alphabet: str, images: Sequence[tuple[str, tuple[int, int], Any, str]]) -> None:
    """Write annotated images.

    Args:
        path: the file.
        alphabet: every character, in the order of the category ids.
        images: for each image its path relative to the file's folder, its width and height, its boxes int [n,4],
            x1,y1,x2,y2 in pixels with x2 and y2 exclusive, and their n characters.
    """
    ids = {character: index for index, character in enumerate(alphabet, 1)}
    annotations: list[dict[str, Any]] = []
    for image, (_, _, boxes, characters) in enumerate(images, 1):
        for (x1, y1, x2, y2), character in zip(boxes.tolist(), characters, strict=True):
            width, height = x2 - x1, y2 - y1
            annotation = {"id": len(annotations) + 1, "image_id": image, "category_id": ids[character]}
            annotations.append(annotation | {"bbox": [x1, y1, width, height], "area": width * height, "iscrowd": 0})
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
