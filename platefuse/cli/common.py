"""Shared parts of the commands.

A command is a module whose `add` adds its parser. The parser names the command's function.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from platefuse.core.errors import PlatefuseError
from platefuse.inference.metadata import METADATA_FILE
from platefuse.inference.models import DEFAULT, FUSED, KNOWN, resolve
from platefuse.inference.reader import Reader
from platefuse.inference.reading import Reading

BAD = 1
PIPELINE = '"platefuse[pipeline]"'
"""What `pip install` gets for the commands that the base install lacks something for."""


def complain(message: str) -> int:
    """Print a message on the error output; return the exit status 1."""
    print(f"platefuse: {message}", file=sys.stderr)
    return BAD


def on_one_line(text: object) -> str:
    """Escape control characters as Python does, such as `\\n`.

    Names of files may contain control characters.
    """
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda match: repr(match[0])[1:-1], str(text))


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str, more: str
) -> argparse.ArgumentParser:
    """Add a command.

    Args:
        commands: the object that `add_subparsers` gave.
        name: the command's name.
        run: the command's function, from the parsed arguments to the exit status.
        summary: a line for `platefuse --help`.
        more: examples and details for the end of the command's own help.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, parser=parser)
    return parser


def add_reading_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str, more: str
) -> argparse.ArgumentParser:
    """Add a reading command with the options that all of them share.

    The arguments are those of `add_command`.
    """
    parser = add_command(commands, name, run, summary, more)
    parser.add_argument(
        "--model",
        type=model_name,
        help=f"a released model ({', '.join(KNOWN)}), or the path of a model (default: {FUSED} if it is there, "
        f"else {DEFAULT})",
    )
    parser.add_argument(
        "--batch-size", type=positive, default=16, metavar="N", help="images read in one call (default: 16)"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="print the model's path on the error output")
    return parser


def model_name(text: str) -> str:
    """Keep a model's name as text.

    As a Path, `./plates` would become the known name `plates`.
    """
    return text


def positive(text: str) -> int:
    """Parse a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, found {text!r}")
    return int(text)


def probability(text: str) -> float:
    """Parse a number from 0 to 1."""
    with suppress(ValueError):
        if 0 <= float(text) <= 1:
            return float(text)
    raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, found {text!r}")


def file_path(text: str) -> Path:
    """Parse the path of a file to write.

    A device, such as /dev/stdout, would be replaced by a file.
    """
    if not text:
        raise argparse.ArgumentTypeError("expected a file to write, found nothing")
    if os.path.basename(text) in ("", ".", "..") or Path(text).is_dir():  # noqa: PTH119  Path drops what is behind "/"
        raise argparse.ArgumentTypeError(f"expected a file to write, {text} is a folder")
    if Path(text).exists() and not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"expected a file to write, {text} is a device or a pipe")
    _check_above(text, "file")
    return Path(text)


def folder_path(text: str) -> Path:
    """Parse the path of a folder to write.

    An empty text, such as that of a variable that is not set, would be the current folder.
    """
    if not text:
        raise argparse.ArgumentTypeError("expected a folder to write, found nothing")
    _check_above(text, "folder")
    return Path(text)


def _check_above(text: str, kind: str) -> None:
    """Refuse an output below a file or a broken link."""
    above = next((folder for folder in Path(text).parents if os.path.lexists(folder)), Path())
    if not above.is_dir():
        raise argparse.ArgumentTypeError(f"expected a {kind} to write, {above} above it is no folder")


def outputs_of(arguments: argparse.Namespace) -> list[tuple[str, Path]]:
    """List the paths that a command shall write, each with its option."""
    given = ((_label(action), getattr(arguments, action.dest)) for action in written_by(arguments.parser))
    return [(name, path) for name, path in given if path is not None]


def written_by(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """List a command's arguments that say where it writes."""
    return [action for action in parser._actions if action.type in (file_path, folder_path)]


def _label(action: argparse.Action) -> str:
    return action.option_strings[-1] if action.option_strings else str(action.metavar)


def refuse_existing(folder: Path) -> None:
    """Raise PlatefuseError if anything of that name exists, a broken link included.

    `new/..` exists as soon as `new` does.
    """
    if os.path.lexists(folder) or os.path.lexists(os.path.realpath(folder)):
        raise PlatefuseError(f"{folder} exists: choose another name.")


def models_read(arguments: argparse.Namespace) -> list[Path]:
    """Give the files of the model or networks to read with.

    There are none if there is no such model.
    """
    networks = getattr(arguments, "networks", None)
    if networks:  # whose folder may hold other files, and results too
        of_reader = arguments.reader.glob("*.h5") if arguments.reader else ()
        return [*networks.glob("*.h5"), *of_reader, networks / METADATA_FILE, networks / FUSED.name]
    with suppress(PlatefuseError):  # whoever reads with it says so
        return [resolve(arguments.model)]
    return []


def find_model(arguments: argparse.Namespace) -> Path:
    """Find the model to read with; print its path if asked to."""
    model = resolve(arguments.model)
    if arguments.verbose:
        print(f"platefuse: model {on_one_line(model)}", file=sys.stderr)
    return model


def open_reader(model: Path) -> Reader:
    """Load a model to read many images with."""
    # With oneDNN TensorFlow keeps what it compiled for each of the last 1,024 sizes of images: half a gigabyte in all.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    return Reader(model)


def read_with_progress(model: Path, paths: Sequence[Path], batch_size: int) -> Iterable[Reading]:
    """Read files with a progress bar."""
    return with_progress(open_reader(model).read_many(paths, batch_size), len(paths))


def with_progress(readings: Iterable[Reading], images: int) -> Iterable[Reading]:
    """Draw a progress bar on the error output of a terminal."""
    return tqdm(readings, total=images, desc="reading", unit="image", disable=None, leave=False, file=sys.stderr)


def print_lines(lines: Iterable[str]) -> None:
    """Print each line on the standard output; nothing without lines."""
    for line in lines:
        print(line)


def report(errors: Sequence[PlatefuseError], images: int, unwritten: Sequence[PlatefuseError] = ()) -> int:
    """Print what could not be read or written; give the exit status.

    Args:
        errors: of images that could not be read.
        images: the number of all images.
        unwritten: of pictures that could not be written.
    """
    for error in (*errors, *unwritten):
        complain(on_one_line(error))
    if errors:
        complain(f"{len(errors)} of {images} images could not be read.")
    if unwritten:
        read = f"{images - len(errors)} of {images} images were read"
        complain(f"{read}; pictures that could not be written: {len(unwritten)}.")
    return BAD if errors or unwritten else 0
