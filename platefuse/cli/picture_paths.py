"""Names of the pictures that `platefuse read` writes, chosen before reading."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.image_kinds import USUAL_SUFFIXES, kind_of

Places = Mapping[Path, Path]
"""The picture of each image. The pictures of crops have a number more."""

_CROP = re.compile(r"(.*)-\d+\.png", re.DOTALL)
_AS_PNG = {"GIF"}  # has too few colours for what is not one already


def pictures_as_png(paths: Sequence[Path], option: str, folder: Path) -> Places:
    """Choose a PNG in the folder for each image.

    Images of the same name get -2, -3 … in their order.

    Raises:
        PlatefuseError: if the folder is a file, or a picture's name is a folder's.
    """
    return _places(paths, option, folder, lambda path: ".png")


def pictures_of_same_kind(paths: Sequence[Path], option: str, folder: Path) -> Places:
    """Choose a picture of the image's kind and suffix for each image.

    GIF becomes PNG. A suffix of another kind than the image is replaced.

    Raises:
        PlatefuseError: as `pictures_as_png`.
    """
    return _places(paths, option, folder, _suffix_of)


def kind_to_write(picture: Path) -> str:
    """Give Pillow's name for the kind that a picture's suffix stands for."""
    return Image.registered_extensions()[picture.suffix.lower()]


def crop_of(picture: Path, number: int) -> Path:
    """Give the name of an image's crop, by its picture and number."""
    return picture.with_name(f"{picture.stem}-{number}.png")


def crops_in_place(places: Places, folder: Path) -> list[Path]:
    """List where crops may be written.

    These are the first crop of each image, and all files that are named as crops. How many plates an image has is
    not known before it is read.
    """
    crops = {crop_of(picture, 1).name.casefold(): crop_of(picture, 1) for picture in places.values()}
    names = {picture.stem.casefold() for picture in places.values()}
    with suppress(FileNotFoundError):
        for file in folder.iterdir():
            crop = _CROP.fullmatch(file.name.casefold())
            if crop and crop[1] in names:
                crops[file.name.casefold()] = file
    return list(crops.values())


def _places(paths: Sequence[Path], option: str, folder: Path, suffix_of: Callable[[Path], str]) -> Places:
    if os.path.lexists(folder) and not folder.is_dir():
        raise PlatefuseError(f"{option} {folder}: this is a file or a broken link, expected a folder.")
    places: dict[Path, Path] = {}
    taken: set[str] = set()
    for path in paths:
        suffix, name, count = suffix_of(path), path.stem, 1
        while f"{name}{suffix}".lower() in taken:  # some file systems do not tell A from a
            count += 1
            name = f"{path.stem}-{count}"
        taken.add(f"{name}{suffix}".lower())
        places[path] = folder / f"{name}{suffix}"
        if os.path.isdir(places[path]):  # noqa: PTH112 (Path.is_dir raises for a name that is too long)
            raise PlatefuseError(f"{option} {folder}: {places[path]} is a folder; choose another one to draw into.")
    return places


def _suffix_of(path: Path) -> str:
    kind = None
    with suppress(OSError):  # whoever reads the image says so
        kind = kind_of(path) if path.is_file() else None
    if kind in _AS_PNG or kind not in USUAL_SUFFIXES:
        return ".png"
    suffix = path.suffix.lower()
    return path.suffix if Image.registered_extensions().get(suffix) == kind else USUAL_SUFFIXES[kind]
