"""`platefuse read`: what stands on each image."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from platefuse.cli.common import add_reading_command, on_one_line, read_with_progress, report
from platefuse.core.errors import PlatefuseError
from platefuse.data.images import read_image
from platefuse.inference.reader import Reading, find_images
from platefuse.runner.atomic import atomic_write


def add(commands: Any) -> None:
    parser = add_reading_command(
        commands,
        "read",
        _read,
        "read images, and print the path, text and confidence of each",
        "examples:\n"
        "  platefuse read plate.jpg                    one line: path, tab, text, tab, confidence\n"
        "  platefuse read data/plates/test/images --draw drawn    and a picture of each in drawn/\n"
        "  platefuse read photos --json | jq .text     one JSON object a line, with boxes and scores\n\n"
        "The confidence is the smallest of the characters' scores. Images that cannot be read are named on\n"
        "the error output at the end; the exit status is then 1.",
    )
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="an image, or a folder of images")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line, with the boxes")
    parser.add_argument("--draw", type=Path, metavar="DIR", help="also draw what was read, one PNG an image")


def _read(arguments: argparse.Namespace) -> int:
    paths = find_images(arguments.paths)
    pictures = _picture_paths(paths, arguments.draw) if arguments.draw else {}
    errors = []
    for path, reading in read_with_progress(arguments, paths):
        if isinstance(reading, PlatefuseError):
            errors.append(reading)
            continue
        tqdm.write(_as_json(path, reading) if arguments.json else _as_line(path, reading), file=sys.stdout)
        try:
            if pictures:
                _draw(path, reading, pictures[path])
        except PlatefuseError as error:  # the image went away since it was read
            errors.append(error)
    return report(errors, len(paths))


def _as_line(path: Path, reading: Reading) -> str:
    return f"{on_one_line(path)}\t{on_one_line(reading.text)}\t{reading.confidence:.4f}"


def _as_json(path: Path, reading: Reading) -> str:
    return json.dumps(
        {
            "image": str(path),
            "text": reading.text,
            "confidence": round(reading.confidence, 6),
            "characters": reading.characters,
            "character_scores": [round(score, 6) for score in reading.character_scores.tolist()],
            "boxes": [[round(corner, 3) for corner in box] for box in reading.boxes.tolist()],
            "scores": [round(score, 6) for score in reading.scores.tolist()],
        }
    )


def _picture_paths(paths: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Give each image a PNG of its own in the folder; images of one name get -2, -3 … in their order.

    Raises:
        PlatefuseError: if a picture would take the place of an image that is to be read, or of a folder.
    """
    if folder.exists() and not folder.is_dir():
        raise PlatefuseError(f"--draw {folder}: this is a file, expected a folder.")
    images = {os.path.realpath(path) for path in paths}  # resolve() would raise for a link in a circle
    pictures: dict[Path, Path] = {}
    taken: set[str] = set()
    for path in paths:
        name, count = path.stem, 1
        while name.lower() in taken:  # some file systems do not tell A from a
            count += 1
            name = f"{path.stem}-{count}"
        taken.add(name.lower())
        pictures[path] = folder / f"{name}.png"
        if os.path.realpath(pictures[path]) in images:
            raise PlatefuseError(f"--draw {folder}: {pictures[path]} is one of the images; choose another folder.")
        if pictures[path].is_dir():
            raise PlatefuseError(f"--draw {folder}: {pictures[path]} is a folder; choose another one to draw into.")
    return pictures


def _draw(path: Path, reading: Reading, picture: Path) -> None:
    from platefuse.evaluation.drawing import draw_plate, labels_of_reading

    with atomic_write(picture) as draft:
        draw_plate(read_image(path), labels_of_reading(reading), reading.text).save(draft)
