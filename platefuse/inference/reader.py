"""Reads images with a fused model. Needs the runtime that the model is for, and nothing that trains."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.data.images import SUFFIXES, read_image
from platefuse.inference.runtimes import open_model
from platefuse.inference.runtimes.base import MODEL

_PIXELS_A_CALL = 2**22  # the graph holds them as 12 bytes each: photographs go through it one by one


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read on one image; its characters stand in reading order.

    Attributes:
        text: the whole plate.
        confidence: the smallest of the character scores; 0 if nothing was read.
        boxes: float32 [count,4], x1,y1,x2,y2 in pixels of the image, x2 and y2 exclusive.
        scores: float32 [count], the detector's.
        characters: `count` characters, one for each box.
        character_scores: float32 [count], how probable each is to the model.
    """

    text: str
    confidence: float
    boxes: np.ndarray
    scores: np.ndarray
    characters: str
    character_scores: np.ndarray


class Reader:
    """A fused model, ready to read.

    Args:
        model: the folder of a SavedModel that the fuse stage made, or the .onnx or .tflite file it was exported to.

    Raises:
        PlatefuseError: if there is no such model, it is damaged or of another kind, or what runs it is not installed.
    """

    def __init__(self, model: Path = MODEL) -> None:
        self._model = model
        self._runtime = open_model(model)
        self._alphabet: str = self._runtime.metadata["alphabet"]

    def read_images(self, images: Sequence[np.ndarray]) -> list[Reading]:
        """Read images, those of one shape in one call of the model.

        Args:
            images: uint8 RGB [H,W,3] of any sizes; may be empty.

        Returns:
            A reading for each, in the same order.
        """
        by_shape: dict[tuple[int, ...], list[int]] = {}
        for index, image in enumerate(images):
            by_shape.setdefault(image.shape, []).append(index)
        readings: dict[int, Reading] = {}
        for shape, of_shape in by_shape.items():
            most = max(1, _PIXELS_A_CALL // (shape[0] * shape[1]))
            for start in range(0, len(of_shape), most):
                indices = of_shape[start : start + most]
                # A large image comes alone, and is not copied.
                one = len(indices) == 1
                outputs = self._runtime(
                    images[indices[0]][None] if one else np.stack([images[index] for index in indices])
                )
                for row, index in enumerate(indices):
                    readings[index] = self._reading({name: output[row] for name, output in outputs.items()})
        return [readings[index] for index in range(len(images))]

    def read_files(
        self, paths: Iterable[Path], batch_size: int = 16
    ) -> Iterator[tuple[Path, Reading | PlatefuseError]]:
        """Read image files, and yield each path with what was read, in the order given.

        No more than `batch_size` images are in memory at once, and fewer if they are large. A file that cannot be
        read yields the error that says why, and the others are read all the same.
        """
        for batch in _batches(paths, batch_size):
            readings = iter(self.read_images([image for _, image in batch if isinstance(image, np.ndarray)]))
            for path, image in batch:
                yield path, image if isinstance(image, PlatefuseError) else next(readings)

    def _reading(self, outputs: dict[str, Any]) -> Reading:
        """Drop the slots that are not used from the outputs for one image."""
        used = outputs["character_ids"] >= 0
        ids = outputs["character_ids"][used]
        if ids.max(initial=-1) >= len(self._alphabet):
            raise PlatefuseError(
                f"{self._model} gave character {ids.max()}, and its metadata names {len(self._alphabet)}: make it anew."
            )
        text = "".join(self._alphabet[index] for index in ids)
        return Reading(
            text=text,
            confidence=float(outputs["confidence"]),
            boxes=outputs["boxes"][used],
            scores=outputs["scores"][used],
            characters=text,
            character_scores=outputs["character_scores"][used],
        )


def _batches(paths: Iterable[Path], size: int) -> Iterator[list[tuple[Path, np.ndarray | PlatefuseError]]]:
    """Read the files, and yield them by `size`, or before that when they hold what one call of the model takes."""
    batch: list[tuple[Path, np.ndarray | PlatefuseError]] = []
    pixels = 0
    for path in paths:
        image = _image_or_error(path)
        batch.append((path, image))
        pixels += image.shape[0] * image.shape[1] if isinstance(image, np.ndarray) else 0
        if len(batch) == size or pixels >= _PIXELS_A_CALL:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch


def _image_or_error(path: Path) -> np.ndarray | PlatefuseError:
    try:
        return read_image(path)
    except PlatefuseError as error:
        return PlatefuseError(str(error))  # the one that was raised holds on to what was decoded by then


def find_images(paths: Iterable[Path]) -> list[Path]:
    """Expand folders to the images directly in them, sorted by name; files are taken as they are.

    Whatever has an image's suffix and is no folder is taken, since reading it says what is wrong with it. Hidden files
    are left out, and with them the `._` files that macOS puts beside its own. A path that is given twice is taken once.

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
            elif Path(entry.name).suffix.lower() in SUFFIXES and not entry.name.startswith("."):
                images.append(entry.name)
    return sorted(images), sorted(folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle: to read it says so
        return False
