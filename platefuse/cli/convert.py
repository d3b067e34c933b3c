"""`platefuse convert`: writes annotated images in the layout of annotation tools."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from platefuse.cli.common import PIPELINE, add_command, folder_path, outputs_of, refuse_existing
from platefuse.cli.outputs import check_outputs
from platefuse.core.errors import PlatefuseError, not_installed
from platefuse.data.csv_annotations import raise_issues
from platefuse.data.plate_set import ANNOTATIONS, CLASSES, IMAGES, TRUTH, ImageStore
from platefuse.labels.folder import SOURCES, AnnotatedFolder, AnnotatedImage, read_annotated
from platefuse.labels.layouts import COCO
from platefuse.runner.atomic import atomic_write, write_csv

# An image's path, its width and height, its boxes int [n,4] and their characters.
_Described = tuple[str, tuple[int, int], np.ndarray, str]


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "convert",
        _convert,
        "write annotated images in the layout of annotation tools",
        "examples:\n"
        "  platefuse convert data/plates/test --to coco labelled     labelled/annotations.json and images/\n"
        "  platefuse convert data/plates --to coco labelled          the same in labelled/train, val and test\n"
        "  platefuse convert data/plates --to yolo labelled          data.yaml, images/train and labels/train, ...\n"
        "  platefuse convert export --to csv plates                  plates/annotations.csv and classes.csv\n\n"
        "DIR may have any layout that `platefuse check --help` lists; splits are kept. Images are copied byte\n"
        "for byte, truth.csv and sources.csv too. Check what the tool returns with `platefuse check`, and train\n"
        "on it with synth.layout: folder.",
    )
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="images and annotations, or train, val and test of them"
    )
    parser.add_argument("--to", required=True, choices=sorted(_WRITERS), help="the layout")
    parser.add_argument("out", type=folder_path, metavar="OUT", help="the folder to write; it must not exist")


def _convert(arguments: argparse.Namespace) -> int:
    check_outputs(outputs_of(arguments), [arguments.folder])
    refuse_existing(arguments.out)
    annotated = read_annotated(arguments.folder)
    raise_issues(annotated.issues, arguments.folder)
    try:
        with atomic_write(arguments.out) as draft:
            _WRITERS[arguments.to](draft, annotated)
    except ModuleNotFoundError as error:  # the base install has neither Pydantic nor PyYAML
        raise not_installed("`platefuse convert`", [str(error.name)], PIPELINE) from None
    images = [image for of_split in annotated.splits.values() for image in of_split]
    characters = sum(len(image.characters) for image in images)
    print(
        f"{arguments.out}: {len(images)} images with {characters} characters. To check: platefuse check {arguments.out}"
    )
    return 0


def _write_coco(out: Path, annotated: AnnotatedFolder) -> None:
    from platefuse.labels.coco import write_coco

    for split, images in annotated.splits.items():
        described = _copy(out / split, IMAGES, images)
        write_coco(out / split / COCO, annotated.alphabet, described)
        _write_tables(out / split, described, images)


def _write_csv(out: Path, annotated: AnnotatedFolder) -> None:
    for split, images in annotated.splits.items():
        described = _copy(out / split, IMAGES, images)
        rows: list[list[Any]] = []
        for name, _, boxes, characters in described:
            of_image = [[name, *box, c] for box, c in zip(boxes.tolist(), characters, strict=True)]
            rows += of_image or [[name, "", "", "", "", ""]]
        write_csv(out / split / ANNOTATIONS, None, rows)
        write_csv(out / split / CLASSES, None, [[c, index] for index, c in enumerate(annotated.alphabet)])
        _write_tables(out / split, described, images)


def _write_yolo(out: Path, annotated: AnnotatedFolder) -> None:
    from platefuse.labels.yolo import write_yolo

    described = {split: _copy(out, f"{IMAGES}/{split}", images) for split, images in annotated.splits.items()}
    write_yolo(out, annotated.alphabet, described)
    images = [image for of_split in annotated.splits.values() for image in of_split]
    _write_tables(out, [row for of_split in described.values() for row in of_split], images)


_WRITERS = {"coco": _write_coco, "csv": _write_csv, "yolo": _write_yolo}


def _copy(out: Path, folder: str, images: Sequence[AnnotatedImage]) -> list[_Described]:
    """Copy images into `folder` of `out`; describe them relative to `out`."""
    (out / folder).mkdir(parents=True)
    store, described = ImageStore(), []
    for index, image in enumerate(images):
        content, suffix = store.read_encoded(image.path)
        name = (Path(folder) / f"{index:06d}{suffix}").as_posix()
        (out / name).write_bytes(content)
        described.append((name, image.size, image.boxes, image.characters))
    return described


def _write_tables(folder: Path, described: Sequence[_Described], images: Sequence[AnnotatedImage]) -> None:
    """Write truth.csv and sources.csv, if images have texts and sources.

    Raises:
        PlatefuseError: if some images have texts and others have none: one truth.csv names all or none.
    """
    names = [name for name, *_ in described]
    texts = [[name, image.text] for name, image in zip(names, images, strict=True) if image.text is not None]
    if 0 < len(texts) < len(images):
        raise PlatefuseError(
            f"{len(texts)} of {len(images)} images have a text: expected {TRUTH} in all of train, val and test, or in "
            "none, since this layout has one for all."
        )
    if texts:
        write_csv(folder / TRUTH, ["image", "text"], texts)
    sources = [[name, image.source] for name, image in zip(names, images, strict=True) if image.source is not None]
    if sources:
        write_csv(folder / SOURCES, ["image", "source"], sources)
