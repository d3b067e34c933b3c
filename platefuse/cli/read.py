"""`platefuse read`: read images."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from platefuse.cli.common import (
    add_reading_command,
    complain,
    find_model,
    models_read,
    on_one_line,
    open_reader,
    positive,
    probability,
    report,
    with_progress,
)
from platefuse.cli.pictures import add_pictures, pictures_of
from platefuse.core.errors import PlatefuseError
from platefuse.inference.image_files import find_images
from platefuse.inference.metadata import known_metadata, reads_photographs
from platefuse.inference.reader import Reader
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
        "  platefuse read plate.jpg --model plates     with a released model\n"
        "  platefuse read photos --min-confidence 0.9  without plates that are read with less confidence\n\n"
        "The models plates and digits read images of one plate. The model photographs finds the plates of\n"
        "whole photographs, and prints a line for each, the best first. An image without a plate has a\n"
        "line with an empty text and 0. The confidence is the probability that the whole text is right.\n"
        "--min-confidence leaves out the plates that are read with less: they are not printed, drawn or saved\n"
        "as crops, as if they had not been found, and their number is told on the error output at the end. An\n"
        "image of which none is left has a line with an empty text and 0; the exit status stays. --blur hides\n"
        "them all the same.\n\n"
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
    parser.add_argument(
        "--alternatives",
        type=positive,
        default=0,
        metavar="K",
        help="also give the K most probable readings of each plate, the text itself first: a line each, or in the "
        "JSON; the model must have been fused with alternatives=K or more",
    )
    parser.add_argument(
        "--min-confidence",
        type=probability,
        default=0.0,
        metavar="X",
        help="leave out plates that are read with less than this confidence, 0 to 1 (default: 0, leave out none)",
    )
    add_pictures(parser)


def _read(arguments: argparse.Namespace) -> int:
    paths = find_images(arguments.paths)
    pictures = pictures_of(arguments, paths, models_read(arguments))
    model = find_model(arguments)
    if metadata := known_metadata(model):  # a file's metadata is known only once it is open
        pictures.check_model(reads_photographs(metadata), model)
    reader = open_reader(model)
    if arguments.alternatives > reader.alternatives:
        raise PlatefuseError(_too_many(arguments.alternatives, reader))
    pictures.check_model(reader.reads_photographs, reader.model)
    readings = with_progress(reader.read_many(paths, arguments.batch_size), len(paths))
    unread: list[PlatefuseError] = []
    unwritten: list[PlatefuseError] = []
    plates = left_out = 0
    for path, reading in zip(paths, readings, strict=True):
        if reading.error:
            unread.append(reading.error)
            continue
        confident = reading.confident(arguments.min_confidence)
        plates += len(reading.plates)
        left_out += len(reading.plates) - len(confident.plates)
        most = arguments.alternatives
        if arguments.json:
            lines = json.dumps(reading_as_json(confident, str(path), str(model), most))
        else:
            lines = _as_lines(confident, most)
        tqdm.write(lines, file=sys.stdout)
        unwritten += pictures.write(path, confident, reading, reader)
    if left_out:
        least = arguments.min_confidence
        complain(f"plates left out, since they are read with a confidence below {least}: {left_out} of {plates}.")
    return report(unread, len(paths), unwritten)


def _too_many(wanted: int, reader: Reader) -> str:
    if reader.reads_photographs:
        return f"--alternatives {wanted}: {reader.model} reads photographs, and only models of single plates give them."
    return (
        f"--alternatives {wanted}: {reader.model} gives {reader.alternatives or 'none'}: fuse its networks with "
        f"--set alternatives={wanted} (platefuse fuse --help)."
    )


def _as_lines(reading: Reading, most: int) -> str:
    """Format a line for each plate, or for `most` alternatives.

    Without a plate there is one with an empty text.
    """
    texts: list[tuple[str, float]] = []
    for plate in reading.plates:
        alternatives = [(other.text, other.probability) for other in plate.alternatives[:most]]
        texts += alternatives or [(plate.text, plate.confidence)]
    image = on_one_line(reading.image)
    return "\n".join(f"{image}\t{on_one_line(text)}\t{share:.4f}" for text, share in texts or [("", 0.0)])
