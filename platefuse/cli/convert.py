"""`platefuse convert`: annotated images in the form that labelling tools read."""

import argparse
from pathlib import Path
from typing import Any

from platefuse.cli.common import add_command, refuse_existing
from platefuse.data.csv_annotations import raise_issues
from platefuse.data.images import IMAGES, read_encoded
from platefuse.data.plate_set import TRUTH
from platefuse.labels.coco import write_coco
from platefuse.labels.folder import COCO, SOURCES, AnnotatedImage, read_annotated
from platefuse.runner.atomic import atomic_write, write_csv


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "convert",
        _convert,
        "write annotated images in the form that labelling tools read",
        "examples:\n"
        "  platefuse convert data/plates/test --to coco labelled     labelled/annotations.json and images/\n"
        "  platefuse convert data/plates --to coco labelled          the same in labelled/train, val and test\n\n"
        "Images are copied byte for byte; truth.csv and sources.csv come along. What comes back from the tool\n"
        "is checked by `platefuse check`, and trained on with synth.layout: folder.",
    )
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="images and annotations, or train, val and test of them"
    )
    parser.add_argument("--to", required=True, choices=["coco"], help="the form")
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder to write, which must not exist")


def _convert(arguments: argparse.Namespace) -> int:
    refuse_existing(arguments.out)
    annotated = read_annotated(arguments.folder)
    raise_issues(annotated.issues, arguments.folder)
    with atomic_write(arguments.out) as draft:
        for split, images in annotated.splits.items():
            _write(draft / split, annotated.alphabet, images)
    return 0


def _write(folder: Path, alphabet: str, images: list[AnnotatedImage]) -> None:
    (folder / IMAGES).mkdir(parents=True)
    names = []
    for index, image in enumerate(images):
        content, suffix = read_encoded(image.path)
        names.append(f"{IMAGES}/{index:06d}{suffix}")
        (folder / names[-1]).write_bytes(content)
    described = [(name, i.size, i.boxes, i.characters) for name, i in zip(names, images, strict=True)]
    write_coco(folder / COCO, alphabet, described)
    texts = [[name, image.text] for name, image in zip(names, images, strict=True) if image.text is not None]
    if texts:
        write_csv(folder / TRUTH, ["image", "text"], texts)
    sources = [[name, image.source] for name, image in zip(names, images, strict=True) if image.source is not None]
    if sources:
        write_csv(folder / SOURCES, ["image", "source"], sources)
