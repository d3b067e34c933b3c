"""`platefuse read`: read images."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from platefuse.cli.common import (
    add_reading_command,
    find_model,
    folder_path,
    models_read,
    on_one_line,
    read_with_progress,
    report,
)
from platefuse.cli.outputs import check_outputs
from platefuse.core.errors import PlatefuseError
from platefuse.data.images import read_image
from platefuse.inference.image_files import find_images
from platefuse.inference.reading import Character, Plate, Reading
from platefuse.runner.atomic import atomic_write


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_reading_command(
        commands,
        "read",
        _read,
        "read images, and print the path, text and confidence of each",
        "examples:\n"
        "  platefuse read plate.jpg                    one line: path, tab, text, tab, confidence\n"
        "  platefuse read data/plates/test/images --draw drawn    and a picture of each in drawn/\n"
        "  platefuse read photos --json | jq .text     one JSON object a line, with boxes and scores\n"
        "  platefuse read plate.jpg --model plates     with a released model\n\n"
        "The confidence is the smallest of the characters' confidences. Of a folder, what is named or begins\n"
        "like an image is read; its subfolders are not entered. Images that cannot be read, and pictures that\n"
        "cannot be written, are listed on the error output at the end, and the exit status is 1; all others\n"
        "are read. A PATH that does not exist, a folder without images, or a picture that would take the\n"
        "place of an image stops the command before any work.",
    )
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="an image, or a folder of images")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object a line, with plates, characters and boxes"
    )
    parser.add_argument("--draw", type=folder_path, metavar="DIR", help="also draw the readings, one PNG an image")


def _read(arguments: argparse.Namespace) -> int:
    paths = find_images(arguments.paths)
    pictures = _picture_paths(paths, arguments.draw) if arguments.draw else {}
    check_outputs([("--draw", picture) for picture in pictures.values()], [*paths, *models_read(arguments)])
    model = find_model(arguments)
    readings = read_with_progress(model, paths, arguments.batch_size)
    unread, undrawn = [], []
    for path, reading in zip(paths, readings, strict=True):
        if reading.error:
            unread.append(reading.error)
            continue
        line = json.dumps(_as_json(reading, model)) if arguments.json else _as_line(reading)
        tqdm.write(line, file=sys.stdout)
        try:
            if pictures:
                _draw(path, reading, pictures[path])
        except PlatefuseError as error:  # also if the image has gone since it was read
            undrawn.append(error)
        except OSError as error:
            undrawn.append(PlatefuseError(f"{pictures[path]} cannot be written: {error.strerror}."))
    return report(unread, len(paths), undrawn)


def _as_line(reading: Reading) -> str:
    return f"{on_one_line(reading.image)}\t{on_one_line(reading.text)}\t{reading.confidence:.4f}"


def _as_json(reading: Reading, model: Path) -> dict[str, Any]:
    return {
        "image": str(reading.image),
        "model": str(model),
        "text": reading.text,
        "confidence": round(reading.confidence, 6),
        "plates": [
            {
                **_named(plate),
                "characters": [_named(character) for character in plate.characters],
                "truncated": plate.truncated,
            }
            for plate in reading.plates
        ],
    }


def _named(found: Plate | Character) -> dict[str, Any]:
    """Give what plates and characters share, by its names."""
    return {
        "text": found.text,
        "confidence": round(found.confidence, 6),
        "score": round(found.score, 6),
        "box": [round(corner, 3) for corner in found.box],
    }


def _picture_paths(paths: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Choose a PNG in the folder for each image.

    Images of the same name get -2, -3 … in their order.

    Raises:
        PlatefuseError: if the folder is a file, or a picture's name is a folder's.
    """
    if os.path.lexists(folder) and not folder.is_dir():
        raise PlatefuseError(f"--draw {folder}: this is a file or a broken link, expected a folder.")
    pictures: dict[Path, Path] = {}
    taken: set[str] = set()
    for path in paths:
        name, count = path.stem, 1
        while name.lower() in taken:  # some file systems do not tell A from a
            count += 1
            name = f"{path.stem}-{count}"
        taken.add(name.lower())
        pictures[path] = folder / f"{name}.png"
        if os.path.isdir(pictures[path]):  # noqa: PTH112 (Path.is_dir raises for a name that is too long)
            raise PlatefuseError(f"--draw {folder}: {pictures[path]} is a folder; choose another one to draw into.")
    return pictures


def _draw(path: Path, reading: Reading, picture: Path) -> None:
    from platefuse.evaluation.drawing import draw_plate, labels_of_reading

    with atomic_write(picture) as draft:
        draw_plate(read_image(path), labels_of_reading(reading)).joined().save(draft)
