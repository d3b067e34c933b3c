"""`platefuse convert`: writes annotated images in the format of labelling tools."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from platefuse.cli.common import PIPELINE, add_command, folder_path, outputs_of, refuse_existing
from platefuse.cli.outputs import check_outputs
from platefuse.core.errors import not_installed
from platefuse.data.csv_annotations import raise_issues
from platefuse.data.plate_set import IMAGES, TRUTH, ImageStore
from platefuse.labels.folder import COCO, SOURCES, AnnotatedImage, read_annotated
from platefuse.runner.atomic import atomic_write, write_csv


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "convert",
        _convert,
        "write annotated images in the format of labelling tools",
        "examples:\n"
        "  platefuse convert data/plates/test --to coco labelled     labelled/annotations.json and images/\n"
        "  platefuse convert data/plates --to coco labelled          the same in labelled/train, val and test\n\n"
        "Images are copied byte for byte, truth.csv and sources.csv too. Check what the tool returns with\n"
        "`platefuse check`, and train on it with synth.layout: folder.",
    )
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="images and annotations, or train, val and test of them"
    )
    parser.add_argument("--to", required=True, choices=["coco"], help="the format")
    parser.add_argument("out", type=folder_path, metavar="OUT", help="the folder to write; it must not exist")


def _convert(arguments: argparse.Namespace) -> int:
    check_outputs(outputs_of(arguments), [arguments.folder])
    refuse_existing(arguments.out)
    try:  # imported here: only COCO needs Pydantic, which the base install does not have
        from platefuse.labels.coco import write_coco
    except ModuleNotFoundError as error:
        raise not_installed("`platefuse convert`", [str(error.name)], PIPELINE) from None
    annotated = read_annotated(arguments.folder)
    raise_issues(annotated.issues, arguments.folder)
    with atomic_write(arguments.out) as draft:
        for split, images in annotated.splits.items():
            described = _copy(draft / split, images)
            write_coco(draft / split / COCO, annotated.alphabet, described)
    images = [image for of_split in annotated.splits.values() for image in of_split]
    characters = sum(len(image.characters) for image in images)
    print(
        f"{arguments.out}: {len(images)} images with {characters} characters. To check: platefuse check {arguments.out}"
    )
    return 0


def _copy(folder: Path, images: list[AnnotatedImage]) -> list[tuple[str, tuple[int, int], np.ndarray, str]]:
    """Copy images, texts and sources; return the entries for `write_coco`."""
    (folder / IMAGES).mkdir(parents=True)
    store, names = ImageStore(), []
    for index, image in enumerate(images):
        content, suffix = store.read_encoded(image.path)
        names.append(f"{IMAGES}/{index:06d}{suffix}")
        (folder / names[-1]).write_bytes(content)
    texts = [[name, image.text] for name, image in zip(names, images, strict=True) if image.text is not None]
    if texts:
        write_csv(folder / TRUTH, ["image", "text"], texts)
    sources = [[name, image.source] for name, image in zip(names, images, strict=True) if image.source is not None]
    if sources:
        write_csv(folder / SOURCES, ["image", "source"], sources)
    return [(name, i.size, i.boxes, i.characters) for name, i in zip(names, images, strict=True)]
