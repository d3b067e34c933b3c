"""Pictures that `platefuse read` writes: drawn readings, crops, blurred plates."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from platefuse.cli.common import folder_path
from platefuse.cli.outputs import check_folders, check_outputs
from platefuse.cli.picture_paths import (
    Places,
    crop_of,
    crops_in_place,
    kind_to_write,
    pictures_as_png,
    pictures_of_same_kind,
)
from platefuse.core.errors import PlatefuseError
from platefuse.data.images import read_image
from platefuse.inference.plate_pixels import cut_out, hide_plates
from platefuse.inference.reader import Reader
from platefuse.inference.reading import Reading
from platefuse.runner.atomic import atomic_write

_QUALITY = {kind: {"quality": 95} for kind in ("JPEG", "WEBP", "AVIF")}


def add_pictures(parser: argparse.ArgumentParser) -> None:
    """Add the options that write pictures."""
    parser.add_argument("--draw", type=folder_path, metavar="DIR", help="also draw the readings, one PNG an image")
    parser.add_argument(
        "--crops",
        type=folder_path,
        metavar="DIR",
        help="also save each plate of a photograph: NAME-1.png, NAME-2.png ... (models of photographs)",
    )
    parser.add_argument(
        "--blur",
        type=folder_path,
        metavar="DIR",
        help="also write each photograph with its plates made unreadable, and without metadata (models of photographs)",
    )


@dataclass(frozen=True)
class Pictures:
    """The pictures to write of each image, by kind.

    A kind that nobody asked for is empty.
    """

    drawn: Places
    crops: Places
    blurred: Places

    def check_model(self, finds_plates: bool, model: object) -> None:
        """Refuse crops and blurred plates with a model of single plates.

        Args:
            finds_plates: whether the model reads whole photographs.
            model: the model, to be named.

        Raises:
            PlatefuseError: if the model has no boxes of plates.
        """
        option = "--crops" if self.crops else "--blur" if self.blurred else None
        if option and not finds_plates:
            raise PlatefuseError(
                f"{option} needs a model that finds plates in photographs, such as --model photographs: {model} "
                "reads images of one plate."
            )

    def write(self, path: Path, shown: Reading, reading: Reading, reader: Reader) -> list[PlatefuseError]:
        """Write all pictures of one image; return the errors.

        Args:
            path: the image.
            shown: the reading with the plates to draw and to cut out.
            reading: all that was read; blurred is every plate, however doubtful its text.
            reader: the model.
        """
        if not (self.drawn or self.crops or self.blurred):
            return []
        try:
            image = read_image(path)
        except PlatefuseError as error:  # it has gone since it was read
            return [error]
        writes: list[tuple[Path, Callable[[Path], Any]]] = []
        if self.drawn:
            writes.append((self.drawn[path], lambda draft: _drawn(image, shown, reader).save(draft)))
        if self.crops:
            crops = [cut_out(image, plate.box) for plate in shown.plates]
            for number, crop in enumerate(crops, 1):
                writes.append((crop_of(self.crops[path], number), Image.fromarray(crop).save))
        if self.blurred:
            writes.append((self.blurred[path], lambda draft: _save_blurred(image, reading, reader, path, draft)))
        return [failed for picture, save in writes if (failed := _write(picture, save))]


def pictures_of(arguments: argparse.Namespace, paths: Sequence[Path], inputs: Sequence[Path]) -> Pictures:
    """Choose the pictures' names.

    Args:
        arguments: the command's.
        paths: the images.
        inputs: other files and folders that are read.

    Raises:
        PlatefuseError: if a picture would replace an input, lie in a folder of images, or be another picture.
    """
    drawn = pictures_as_png(paths, "--draw", arguments.draw) if arguments.draw else {}
    crops = pictures_as_png(paths, "--crops", arguments.crops) if arguments.crops else {}
    blurred = pictures_of_same_kind(paths, "--blur", arguments.blur) if arguments.blur else {}
    folders = [("--draw", arguments.draw), ("--crops", arguments.crops), ("--blur", arguments.blur)]
    check_folders([(option, folder) for option, folder in folders if folder])
    outputs = [("--draw", picture) for picture in drawn.values()]
    outputs += [("--blur", picture) for picture in blurred.values()]
    outputs += [("--crops", crop) for crop in (crops_in_place(crops, arguments.crops) if crops else [])]
    check_outputs(outputs, [*paths, *inputs])
    for option, folder in folders:
        _check_apart(option, folder, arguments.paths)
    return Pictures(drawn, crops, blurred)


def _check_apart(option: str, folder: Path | None, paths: Sequence[Path]) -> None:
    """Refuse pictures in a folder of images.

    The next run would read them.
    """
    if folder and folder.is_dir() and any(path.is_dir() and path.samefile(folder) for path in paths):
        raise PlatefuseError(f"{option} {folder}: its images are read; choose another folder.")


def _write(picture: Path, save: Callable[[Path], Any]) -> PlatefuseError | None:
    """Write a picture; return the error if that fails."""
    try:
        with atomic_write(picture) as draft:
            save(draft)
    except PlatefuseError as error:
        return error
    except (OSError, ValueError) as error:  # ValueError: Pillow's, of a size that the kind cannot have
        return PlatefuseError(f"{picture} cannot be written: {getattr(error, 'strerror', None) or error}.")
    return None


def _drawn(image: np.ndarray, reading: Reading, reader: Reader) -> Image.Image:
    if reader.reads_photographs:
        from platefuse.evaluation.photograph_drawing import draw_photograph, labels_of_plates

        return draw_photograph(image, labels_of_plates(reading))
    from platefuse.evaluation.drawing import draw_plate, labels_of_reading

    return draw_plate(image, labels_of_reading(reading)).joined()


def _save_blurred(image: np.ndarray, reading: Reading, reader: Reader, path: Path, draft: Path) -> None:
    try:
        hidden = hide_plates(reader, image, reading.plates)
    except PlatefuseError as error:
        raise PlatefuseError(f"{path}: {error} It is not written.") from None
    kind = kind_to_write(draft)
    Image.fromarray(hidden).save(draft, kind, **_QUALITY.get(kind, {}))
