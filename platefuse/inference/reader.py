"""Reading of images with a fused model.

It needs the model's runtime, and nothing that trains.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.images import as_rgb, check_size, read_image
from platefuse.inference.models import resolve
from platefuse.inference.reading import Character, Plate, Reading
from platefuse.inference.runtimes import open_model

_PIXELS_A_CALL = 2**22  # the graph holds a pixel as 12 bytes: photographs go through it one by one


class Reader:
    """A fused model, ready to read. Threads may share it.

    Args:
        model: a known name ("plates" or "digits"), or the path of a model: a SavedModel's folder, or an .onnx or
            .tflite file. Without it, models/fused of the current folder if that exists, else "plates".

    Attributes:
        model: the path of the model.

    Raises:
        PlatefuseError: if the model is missing, damaged or of another kind, or its runtime is not installed.
    """

    def __init__(self, model: str | Path | None = None) -> None:
        self.model = resolve(model)
        self._runtime = open_model(self.model)
        self._alphabet: str = self._runtime.metadata["alphabet"]

    def read(self, image: str | Path | Image.Image | npt.NDArray[Any]) -> Reading:
        """Read one image.

        Args:
            image: the path of an image file; or a PIL image; or RGB pixels, uint8 [H,W,3]. Files and PIL images are
                turned as their EXIF orientation says.

        Raises:
            PlatefuseError: if the image cannot be read, is too large, or is no such array.
        """
        if isinstance(image, (str, Path)):
            path = Path(image)
            return replace(self.read_images([read_image(path)])[0], image=path)
        return self.read_images([_pixels(image)])[0]

    def read_many(self, paths: Iterable[str | Path], batch_size: int = 16) -> Iterator[Reading]:
        """Read image files and yield a reading for each, in order.

        A file that cannot be read has a reading with `error` set; all others are read.

        Args:
            paths: the files; taken one by one, so that a generator may be endless.
            batch_size: the most images that are read in one call of the model, and held in memory.

        Raises:
            PlatefuseError: if one path is given instead of several.
        """
        if isinstance(paths, str):  # an iterable of paths to Python, one for each letter
            raise PlatefuseError(f"Reader.read_many: expected several paths, found the one path {paths!r}.")
        for path, result in self.read_files(map(Path, paths), batch_size):
            if isinstance(result, PlatefuseError):
                yield Reading(path, error=result)
            else:
                yield replace(result, image=path)

    def read_files(
        self, paths: Iterable[Path], batch_size: int = 16, decode: Callable[[Path], np.ndarray] | None = None
    ) -> Iterator[tuple[Path, Reading | PlatefuseError]]:
        """Read image files and yield each path with its reading, in order.

        No more than `batch_size` images are in memory at once, and fewer if they are large. A file that cannot be
        read yields the error that says why; all others are read. `decode` gives a file's pixels, uint8
        RGB [H,W,3]; without it image files are read.
        """
        for batch in _batches(paths, batch_size, decode):
            readings = iter(self.read_images([image for _, image in batch if isinstance(image, np.ndarray)]))
            for path, image in batch:
                yield path, image if isinstance(image, PlatefuseError) else next(readings)

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
                    readings[index] = self._reading({name: output[row] for name, output in outputs.items()}, shape)
        return [readings[index] for index in range(len(images))]

    def _reading(self, outputs: dict[str, np.ndarray], shape: tuple[int, ...]) -> Reading:
        """Make a reading of the outputs for one image of shape [H,W,3].

        It has one plate, or none without characters.
        """
        used = outputs["character_ids"] >= 0
        ids = outputs["character_ids"][used]
        if not ids.size:
            return Reading()
        if ids.max() >= len(self._alphabet):
            raise PlatefuseError(
                f"{self.model} gave character {ids.max()}, and its metadata names {len(self._alphabet)}: make it anew."
            )
        columns = (ids, outputs["character_scores"][used], outputs["scores"][used], outputs["boxes"][used])
        characters = tuple(
            Character(self._alphabet[index], confidence, score, (x1, y1, x2, y2))
            for index, confidence, score, (x1, y1, x2, y2) in zip(*(c.tolist() for c in columns), strict=True)
        )
        text = "".join(character.text for character in characters)
        box = (0.0, 0.0, float(shape[1]), float(shape[0]))
        plate = Plate(text, float(outputs["confidence"]), score=1.0, box=box, characters=characters)
        return Reading(plates=(plate,))


def _pixels(image: Any) -> np.ndarray:
    """Pixels of a PIL image or array as uint8 RGB [H,W,3]."""
    if isinstance(image, Image.Image):
        return as_rgb(image)
    if not isinstance(image, np.ndarray):
        raise PlatefuseError(f"Reader.read: expected a path, a PIL image or an array, found {type(image).__name__}.")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise PlatefuseError(f"Reader.read: expected pixels as uint8 [H,W,3], found {image.dtype} {list(image.shape)}.")
    check_size(image.shape[1], image.shape[0])
    return np.ascontiguousarray(image)  # channels that were swapped by a view, as of OpenCV's BGR, are none to ONNX


def _batches(
    paths: Iterable[Path], size: int, decode: Callable[[Path], np.ndarray] | None
) -> Iterator[list[tuple[Path, np.ndarray | PlatefuseError]]]:
    """Read the files and yield them in batches of at most `size`.

    A batch ends earlier if it holds as many pixels as one call takes.
    """
    batch: list[tuple[Path, np.ndarray | PlatefuseError]] = []
    pixels = 0
    for path in paths:
        image = _image_or_error(path, decode)
        batch.append((path, image))
        pixels += image.shape[0] * image.shape[1] if isinstance(image, np.ndarray) else 0
        if len(batch) == size or pixels >= _PIXELS_A_CALL:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch


def _image_or_error(path: Path, decode: Callable[[Path], np.ndarray] | None) -> np.ndarray | PlatefuseError:
    try:
        return (decode or read_image)(path)
    except PlatefuseError as error:
        return PlatefuseError(str(error))  # a raised error keeps alive what was decoded by then
