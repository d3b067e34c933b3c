"""Readings for `platefuse score`: of one model, or without and with formats."""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from platefuse.cli.common import find_model, read_with_progress
from platefuse.cli.fuse import fuse_again
from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import AnnotatedPlate
from platefuse.evaluation.real import WITH_FORMATS
from platefuse.formats.entries import resolve_formats
from platefuse.inference.metadata import known_metadata, read_metadata, reads_photographs
from platefuse.inference.models import FUSED, resolve
from platefuse.inference.reading import Plate, Reading
from platefuse.inference.runtimes import open_model
from platefuse.labels.photographs import LabelledPhotograph, files_with_boxes

Formats = tuple[str, ...]
Reads = Mapping[Path, Reading]
"""The reading of each image; its error is set if the image could not be read."""


@dataclass(frozen=True)
class ModelReads:
    """Readings of one model, or of networks without and with formats.

    Attributes:
        alphabet: every character that can be read.
        by_suffix: the readings by the suffix of their scores' names: "" and, with --networks, WITH_FORMATS.
    """

    alphabet: str
    by_suffix: Mapping[str, Reads]


def add_networks(parser: argparse.ArgumentParser) -> None:
    """Add the options that fuse trained networks again."""
    parser.add_argument(
        "--networks",
        type=Path,
        metavar="DIR",
        help="fuse the detector.h5 and classifier.h5 of this folder, and its plate_detector.h5 if it has the networks "
        "of photographs, in place of --model",
    )
    parser.add_argument(
        "--reader",
        type=Path,
        metavar="DIR",
        help="the folder of detector.h5 and classifier.h5, if that of plate_detector.h5 lacks them; with --networks",
    )
    parser.add_argument(
        "--formats",
        nargs="*",
        default=[],
        metavar="FOLDER=LIST,LIST",
        help="the formats of a folder's plates, as fuse.formats has them; with --networks",
    )


def is_of_photographs(arguments: argparse.Namespace) -> bool:
    """Whether the model, or the networks, read whole photographs.

    Raises:
        PlatefuseError: if they read single plates, and a truth has boxes of plates.
    """
    with_boxes = files_with_boxes(arguments.folder)
    try:
        model = arguments.networks or resolve(arguments.model)
        if reads_photographs(_metadata(model)):
            return True
    except PlatefuseError:
        if with_boxes:
            raise
        return False  # whoever reads with it says so
    if with_boxes:
        raise PlatefuseError(
            f"{with_boxes[0]} has boxes, the truth of whole photographs, and {model} reads single plates: name a model "
            "of photographs, such as --model photographs."
        )
    return False


def read_folders(
    arguments: argparse.Namespace, folders: Mapping[str, Sequence[AnnotatedPlate | LabelledPhotograph]]
) -> ModelReads:
    """Read all folders' images with one model, or without and with formats.

    Raises:
        PlatefuseError: for a model or networks that cannot be read, or formats that do not fit.
    """
    formats = parse_formats(arguments.formats)
    paths = {name: [plate.path for plate in plates] for name, plates in folders.items()}
    if arguments.networks:
        return _read_with_formats(arguments, paths, formats)
    if arguments.reader:
        raise PlatefuseError("--reader needs --networks: a fused model has its reader inside.")
    if formats:
        raise PlatefuseError("--formats needs --networks: the formats of a fused model are part of its graph.")
    every = [path for of_folder in paths.values() for path in of_folder]
    model = find_model(arguments)
    reads = _read(model, every, arguments.batch_size)
    return ModelReads(_alphabet(model), {"": reads})  # in this order: reading says what is wrong with the model


def normalised_reads(reads: Reads, normal: Callable[[str], str]) -> Reads:
    """Normalise the characters of all readings, and with them the texts.

    `normal` may make none or several characters of one.
    """
    return {
        path: replace(reading, plates=tuple(_normalised(p, normal) for p in reading.plates))
        for path, reading in reads.items()
    }


def _normalised(plate: Plate, normal: Callable[[str], str]) -> Plate:
    characters = tuple(replace(c, text=text) for c in plate.characters for text in normal(c.text))
    return replace(plate, text="".join(c.text for c in characters), characters=characters)


def text_read(reads: Reads, plate: AnnotatedPlate) -> str:
    """Give the text that was read on a plate.

    An image that could not be read gets a wrong text, even if its plate is empty.
    """
    if reads[plate.path].error:
        return "" if plate.text else "\N{REPLACEMENT CHARACTER}"
    return reads[plate.path].text


def parse_formats(entries: Iterable[str]) -> dict[str, Formats]:
    """Parse entries such as "eu=sk,cz" as formats by folder name.

    Raises:
        PlatefuseError: for an entry of another form, of a folder that has one already, or of a list that is not there.
    """
    formats: dict[str, Formats] = {}
    for entry in entries:
        folder, equals, lists = entry.partition("=")
        if not (folder and equals and lists) or folder in formats:
            raise PlatefuseError(
                f"--formats {entry}: expected FOLDER=LIST,LIST, such as eu=sk,cz, and each folder once."
            )
        formats[folder] = tuple(lists.split(","))
        try:
            resolve_formats(formats[folder])
        except ValueError as error:
            raise PlatefuseError(f"--formats {entry}: {error}.") from None
    return formats


def _read_with_formats(
    arguments: argparse.Namespace, folders: Mapping[str, Sequence[Path]], formats: Mapping[str, Formats]
) -> ModelReads:
    if arguments.reader and not reads_photographs(_metadata(arguments.networks)):
        raise PlatefuseError(
            f"--reader {arguments.reader}: {arguments.networks} has the networks of single plates, which need no other."
        )
    unknown = [folder for folder in formats if folder not in folders]
    if unknown:
        print(f"platefuse: --formats: not used, no folder is named {' or '.join(unknown)}.", file=sys.stderr)
    of_folder = {name: formats.get(name, ()) for name in folders}
    wanted = sorted({(), *of_folder.values()})
    read: dict[Formats, Reads] = {}
    with TemporaryDirectory() as temporary:
        models = {entries: Path(temporary) / str(index) for index, entries in enumerate(wanted)}
        reader = {"reader": str(arguments.reader)} if arguments.reader else {}
        fuse_again(arguments.networks, {model: reader | {"formats": list(of)} for of, model in models.items()})
        alphabet = _alphabet(models[()])
        for entries, model in models.items():
            paths = [path for name, of in folders.items() if entries in ((), of_folder[name]) for path in of]
            read[entries] = _read(model, paths, arguments.batch_size)
    with_formats = {path: read[of_folder[name]][path] for name, paths in folders.items() for path in paths}
    return ModelReads(alphabet, {"": read[()], WITH_FORMATS: with_formats})


def _alphabet(model: Path) -> str:
    """Read a model's alphabet; a SavedModel is not loaded for that."""
    return str(read_metadata(model)["alphabet"] if model.is_dir() else open_model(model).metadata["alphabet"])


def _metadata(model: Path) -> dict[str, Any]:
    """Read the metadata of a model, or of the model beside networks."""
    if not model.is_dir():
        return open_model(model).metadata
    return known_metadata(model) or known_metadata(model / FUSED.name)


def _read(model: Path, paths: Sequence[Path], batch_size: int) -> Reads:
    return dict(zip(paths, read_with_progress(model, paths, batch_size), strict=True))
