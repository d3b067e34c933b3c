"""What the commands have in common. Each is a module whose `add` adds its parser, and sets what does its work."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from platefuse.core.errors import PlatefuseError
from platefuse.inference.reader import MODEL, Reader, Reading

BAD = 1


def complain(message: str) -> int:
    """Print a message on the error output, and give the exit status for it."""
    print(f"platefuse: {message}", file=sys.stderr)
    return BAD


def on_one_line(text: object) -> str:
    """Show the control characters in a text, which names of files may have, as Python writes them: `\\n`."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda match: repr(match[0])[1:-1], str(text))


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str, more: str
) -> argparse.ArgumentParser:
    """Add a command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_reading_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str, more: str
) -> argparse.ArgumentParser:
    """Add a command with what all that read have in common."""
    parser = add_command(commands, name, run, summary, more)
    parser.add_argument("--model", type=Path, default=MODEL, help=f"the fused model (default: {MODEL})")
    parser.add_argument(
        "--batch-size", type=positive, default=16, metavar="N", help="images read in one call (default: 16)"
    )
    return parser


def positive(text: str) -> int:
    """Parse a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, found {text!r}")
    return int(text)


def file_path(text: str) -> Path:
    """Parse the path of a file that is to be written."""
    if Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"expected a file to write, {text} is a folder")
    return Path(text)


def refuse_existing(folder: Path) -> None:
    """Raise PlatefuseError if there is anything of that name already, a link to nowhere too."""
    if os.path.lexists(folder):
        raise PlatefuseError(f"{folder} exists: choose another folder, or remove it.")


def read_with_progress(
    arguments: argparse.Namespace, paths: Sequence[Path]
) -> Iterable[tuple[Path, Reading | PlatefuseError]]:
    """Read files with a progress bar on the error output, if that is a terminal."""
    # With oneDNN TensorFlow keeps what it compiled for each of the last 1,024 sizes of images: half a gigabyte in all.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    files = Reader(arguments.model).read_files(paths, arguments.batch_size)
    return tqdm(files, total=len(paths), desc="reading", unit="image", disable=None, file=sys.stderr)


def report(errors: Sequence[PlatefuseError], images: int) -> int:
    """Name the images that could not be read, and give the exit status."""
    for error in errors:
        complain(on_one_line(error))
    return complain(f"{len(errors)} of {images} images could not be read.") if errors else 0
