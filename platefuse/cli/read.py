"""`platefuse read`: read images."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from platefuse.cli.common import (
    add_reading_command,
    find_model,
    models_read,
    on_one_line,
    open_reader,
    report,
    with_progress,
)
from platefuse.cli.pictures import add_pictures, pictures_of
from platefuse.core.errors import PlatefuseError
from platefuse.inference.image_files import find_images
from platefuse.inference.metadata import known_metadata, reads_photographs
from platefuse.inference.reading import Reading
from platefuse.serving.reading_json import reading_as_json


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_reading_command(
        commands,
        "read",
        _read,
        "read images, and print the path, text and confidence of each plate",
        "examples:\n"
        "  platefuse read plate.jpg                    one line: path, tab, text, tab, confidence\n"
        "  platefuse read street.jpg --model photographs          one line a plate\n"
        "  platefuse read data/plates/test/images --draw drawn    and a picture of each in drawn/\n"
        "  platefuse read photos --model photographs --blur safe  and copies whose found plates nobody can read\n"
        "  platefuse read photos --json | jq .text     one JSON object a line, with boxes, scores and regions\n"
        "  platefuse read plate.jpg --model plates     with a released model\n\n"
        "The models plates and digits read images of one plate. The model photographs finds the plates of\n"
        "whole photographs, and prints a line for each, the best first. An image without a plate has a\n"
        "line with an empty text and 0. The confidence is the smallest of the characters' confidences.\n\n"
        "Of a folder, what is named or begins like an image is read; its subfolders are not entered. Images\n"
        "that cannot be read, and pictures that cannot be written, are listed on the error output at the end,\n"
        "and the exit status is 1; all others are read. A PATH that does not exist, a folder without images,\n"
        "or a picture that would take the place of an image stops the command before any work.\n\n"
        "--blur writes every photograph, upright, in its own format (JPEG at quality 95, GIF as PNG), and none\n"
        "that cannot be read. A plate that the model does not find stays readable: look before you publish.",
    )
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="an image, or a folder of images")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object a line, with plates, characters and boxes"
    )
    add_pictures(parser)


def _read(arguments: argparse.Namespace) -> int:
    paths = find_images(arguments.paths)
    pictures = pictures_of(arguments, paths, models_read(arguments))
    model = find_model(arguments)
    if metadata := known_metadata(model):  # a file's metadata is known only once it is open
        pictures.check_model(reads_photographs(metadata), model)
    reader = open_reader(model)
    pictures.check_model(reader.reads_photographs, reader.model)
    readings = with_progress(reader.read_many(paths, arguments.batch_size), len(paths))
    unread: list[PlatefuseError] = []
    unwritten: list[PlatefuseError] = []
    for path, reading in zip(paths, readings, strict=True):
        if reading.error:
            unread.append(reading.error)
            continue
        lines = json.dumps(reading_as_json(reading, str(path), str(model))) if arguments.json else _as_lines(reading)
        tqdm.write(lines, file=sys.stdout)
        unwritten += pictures.write(path, reading, reader)
    return report(unread, len(paths), unwritten)


def _as_lines(reading: Reading) -> str:
    """Format a line for each plate.

    Without a plate there is one with an empty text.
    """
    plates = [(plate.text, plate.confidence) for plate in reading.plates] or [("", 0.0)]
    image = on_one_line(reading.image)
    return "\n".join(f"{image}\t{on_one_line(text)}\t{confidence:.4f}" for text, confidence in plates)
