"""Files of `platefuse score`: the images that it reads, and its outputs."""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from platefuse.cli.check import check_picture
from platefuse.cli.common import complain, models_read, on_one_line, outputs_of
from platefuse.cli.outputs import check_outputs
from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import TRUTH
from platefuse.evaluation.real import ALL
from platefuse.labels.text_only import images_without_text


class Labelled(Protocol):
    """An image that a truth.csv names; `where` is the file and line."""

    @property
    def path(self) -> Path: ...
    @property
    def where(self) -> str: ...


def check_files(arguments: argparse.Namespace, folders: Mapping[str, Sequence[Labelled]]) -> None:
    """Check names, images and outputs before any work.

    Images that no truth.csv names are named.

    Raises:
        PlatefuseError: for a folder named as the row of all folders, a truth whose image does not exist, or an output
            that would replace what is read.
    """
    if ALL in folders and len(folders) > 1:
        raise PlatefuseError(f"{arguments.folder / ALL}: rename it; `{ALL}` is the row of all folders together.")
    labelled = [image for of_folder in folders.values() for image in of_folder]
    missing = [image for image in labelled if not image.path.is_file()]
    if missing:
        more = f" Rows without an image in all: {len(missing)}." if missing[1:] else ""
        raise PlatefuseError(f"{missing[0].where}: there is no image {missing[0].path}.{more}")
    if arguments.draw:
        check_picture(arguments.draw, arguments.folder, (image.path for image in labelled))
    check_outputs(outputs_of(arguments), [arguments.folder, *models_read(arguments)])
    unscored = images_without_text(arguments.folder, (image.path for image in labelled))
    if unscored:
        more = f" and {len(unscored) - 1} more are" if unscored[1:] else " is"
        complain(on_one_line(f"{unscored[0]}{more} not scored: no {TRUTH} names {'them' if unscored[1:] else 'it'}."))


def write_outputs(outputs: Iterable[tuple[Path | None, Callable[[Path], None]]]) -> int:
    """Write the outputs that have a path; give the exit status.

    An output that cannot be written costs no other: reading may have taken hours.
    """
    status = 0
    for path, write in outputs:
        try:
            if path:
                write(path)
        except PlatefuseError as error:
            status = complain(on_one_line(error))
    return status
