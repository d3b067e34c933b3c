"""`platefuse check`: issues of annotated images, and counts of their contents."""

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from platefuse.cli.check_photographs import check_photographs, has_photographs
from platefuse.cli.check_rows import print_row, print_sizes
from platefuse.cli.common import PIPELINE, add_command, complain, file_path, on_one_line
from platefuse.cli.outputs import check_outputs
from platefuse.core.errors import PlatefuseError, not_installed
from platefuse.labels.folder import AnnotatedFolder, AnnotatedImage, read_annotated
from platefuse.runner.atomic import atomic_write

PARAMS = Path("params.yaml")
_SAMPLES, _COLUMNS, _SAMPLE_SIZE = 24, 4, (320, 320)


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "check",
        _check,
        "list every issue of a folder of annotated images, and count its images and characters",
        "examples:\n"
        "  platefuse check photos                               which layout, its issues and counts\n"
        "  platefuse check data/plates --draw samples.png       the same, and a picture of samples\n\n"
        "The folder holds images and their annotations, or folders train, val (or valid) and test of them:\n"
        "  CSV          annotations.csv; image paths are relative to its folder\n"
        "  COCO         annotations.json, or Roboflow's _annotations.coco.json: file_name is relative to its\n"
        "               folder, or to images beside it; CVAT's annotations/instances_*.json: file_name is\n"
        "               relative to images, or to images/SPLIT\n"
        "  YOLO         data.yaml, and the .txt files of labels/ beside images/\n"
        "  Pascal VOC   Annotations/*.xml, with JPEGImages/ or images/; or *.xml beside the images\n\n"
        "Of photographs whose truth.csv has boxes (image,x1,y1,x2,y2,text), the photographs and plates are\n"
        "counted.\n\n"
        "Every issue is a line on the error output with its file, and its line or entry; the exit status is\n"
        "then 1. Anchors are read from params.yaml, section detector, if it exists.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="images and annotations, in one of the layouts below")
    parser.add_argument("--draw", type=file_path, metavar="FILE.png", help="also draw some images with their boxes")
    parser.add_argument(
        "--params", type=Path, metavar="FILE", help=f"the anchors' parameters (default: {PARAMS}, if it exists)"
    )


def _check(arguments: argparse.Namespace) -> int:
    if arguments.params and not arguments.params.exists():
        raise PlatefuseError(f"--params {arguments.params}: no such file.")
    if has_photographs(arguments.folder):
        if arguments.draw:
            raise PlatefuseError(f"--draw {arguments.draw}: boxes of characters are drawn, not those of plates.")
        return check_photographs(arguments.folder)
    if arguments.draw:
        check_picture(arguments.draw, arguments.folder)
    annotated = read_annotated(arguments.folder)
    images = [image for of_split in annotated.splits.values() for image in of_split]
    _print_amounts(annotated, images)
    boxes = [image.boxes for image in images if len(image.boxes)]
    if boxes:
        print_sizes("images", np.array([image.size for image in images]))
        print_sizes("boxes", np.concatenate([of_image[:, 2:] - of_image[:, :2] for of_image in boxes]))
        print(f"{'anchors':<20}{_anchors(images, arguments.params or PARAMS)}")
    for issue in annotated.issues:
        complain(on_one_line(issue))
    status = complain(f"{arguments.folder}: issues: {len(annotated.issues)}.") if annotated.issues else 0
    if arguments.draw and images:  # last: a picture that cannot be written is no issue
        _draw(images, arguments.draw)
    return status


def check_picture(picture: Path, folder: Path, images: Iterable[Path] = ()) -> None:
    """Check that the picture lies outside the folder and replaces no image.

    Raises:
        PlatefuseError: if the picture would lie in the folder, or replace an image; or its name does not end in .png.
    """
    if picture.suffix.lower() != ".png":
        raise PlatefuseError(f"--draw {picture}: expected a name ending in .png.")
    check_outputs([("--draw", picture)], [folder, *images])


def _print_amounts(annotated: AnnotatedFolder, images: list[AnnotatedImage]) -> None:
    """Print the numbers of images and characters, a column for each split.

    Characters are counted by class.
    """
    splits = annotated.splits
    if not images and not annotated.layout:
        return  # no such folder, or none with annotations: the issue says so
    if annotated.layout:
        print(f"{'layout':<20}{annotated.layout}")
    if len(splits) > 1:
        print_row("", splits)
    print_row("images", map(len, splits.values()))
    print_row("without characters", (sum(not image.characters for image in of) for of in splits.values()))
    counts = [Counter("".join(image.characters for image in of_split)) for of_split in splits.values()]
    print_row("characters", (count.total() for count in counts))
    for character in annotated.alphabet:
        print_row(f"  {on_one_line(character)}", (count[character] for count in counts))
    duplicates = len(images) - len({image.content for image in images})
    if duplicates:
        print(f"{'duplicates':<20}{duplicates:>8}")
    if annotated.unannotated:
        more = f" and {len(annotated.unannotated) - 1} more" if annotated.unannotated[1:] else ""
        print(f"{'not annotated':<20}{on_one_line(annotated.unannotated[0])}{more}")


def _anchors(images: list[AnnotatedImage], path: Path) -> str:
    """Describe how well the anchors set in `path` cover the boxes.

    Errors in `path` are described too: they are no issues of the images.
    """
    if not path.exists():
        return f"not checked: {path} does not exist"
    try:  # imported here: the rest of the command does not need TensorFlow
        from platefuse.core import params
        from platefuse.networks.detection.anchors import anchor_boxes, anchor_coverage
        from platefuse.networks.detection.params import DetectorParams

        detector = params.load(DetectorParams, "detector", path)
    except ImportError as error:
        return f"not checked: {not_installed('it', [str(error.name)], PIPELINE)}"
    except PlatefuseError as error:
        return f"not checked: {error}"
    height, width = detector.input_size
    scales = [np.float32(min(width / image.size[0], height / image.size[1])) for image in images]
    boxes = [image.boxes.astype(np.float32) * scale for image, scale in zip(images, scales, strict=True)]
    coverage = anchor_coverage(anchor_boxes(detector.anchors, detector.input_size), np.concatenate(boxes))
    return f"{coverage:.1%} of the boxes are covered, letterboxed to {width} x {height} pixels as in {path}"


def _draw(images: list[AnnotatedImage], path: Path) -> None:
    """Draw a sample of images, evenly spaced, and say where."""
    from platefuse.data.plate_set import ImageStore
    from platefuse.evaluation.drawing import BoxLabel, contact_sheet, draw_plate

    chosen = np.unique(np.linspace(0, len(images) - 1, _SAMPLES).astype(int))
    store, pictures = ImageStore(), []
    for image in (images[index] for index in chosen):
        labels = [BoxLabel(box, character) for box, character in zip(image.boxes, image.characters, strict=True)]
        note = on_one_line(f"{image.path.name}: {image.text}" if image.text else image.path.name)
        pictures.append(draw_plate(store.read(image.path), labels, note=note, size=_SAMPLE_SIZE))
    title = f"{len(chosen)} of {len(images)} images with their annotations"
    with atomic_write(path) as draft:
        contact_sheet(pictures, _COLUMNS, title).save(draft, "PNG")
    print(f"{'drawn':<20}{title}: {path}")
