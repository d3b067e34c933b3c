"""Which image files are read: those named, and those in folders."""

import os
from collections.abc import Iterable
from pathlib import Path

from platefuse.core.errors import PlatefuseError
from platefuse.data.image_kinds import SUFFIXES, looks_like_image


def find_images(paths: Iterable[Path]) -> list[Path]:
    """Expand folders to the images directly in them, sorted by name.

    Files are taken as they are. Of a folder, whatever looks like an image and is no folder is taken, since reading it
    says what is wrong with it. Hidden files are left out, and with them the `._` files that macOS puts beside its own.
    A path that is given twice is taken once.

    Raises:
        PlatefuseError: for a path that does not exist, or a folder without images.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += _images_of(path)
        elif path.exists() or path.is_symlink():
            found.append(path)
        else:
            raise PlatefuseError(f"{path} does not exist.")
    return list(dict.fromkeys(found))


def _images_of(folder: Path) -> list[Path]:
    images, folders = _entries(folder)
    if images:
        return [folder / name for name in images]
    inside = next((folder / name for name in folders if _entries(folder / name)[0]), None)
    hint = f" Did you mean {inside}?" if inside else ""
    raise PlatefuseError(f"{folder} has no images in it ({', '.join(sorted(SUFFIXES))}).{hint}")


def _entries(folder: Path) -> tuple[list[str], list[str]]:
    """Names of the images and of the folders in a folder, sorted."""
    images, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is_folder(entry):
                folders.append(entry.name)
            elif not entry.name.startswith(".") and looks_like_image(Path(entry.path)):
                images.append(entry.name)
    return sorted(images), sorted(folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle: to read it says so
        return False
