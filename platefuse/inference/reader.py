"""Reading of images with a fused model.

It needs the model's runtime, and nothing that trains.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.images import read_image
from platefuse.inference.metadata import reads_photographs
from platefuse.inference.models import resolve
from platefuse.inference.outputs import Outputs, reading_of_photograph, reading_of_plate
from platefuse.inference.pixels import as_pixels
from platefuse.inference.reading import Reading
from platefuse.inference.runtimes import open_model

Decode = Callable[[Path], np.ndarray]

_PIXELS_A_CALL = 2**22  # the graph holds a pixel as 12 bytes: photographs go through it one by one


class Reader:
    """A fused model, ready to read. Threads may share it.

    Args:
        model: a known name ("plates", "photographs" or "digits"), or the path of a model: a SavedModel's folder, or an
            .onnx or .tflite file. Without it, models/fused of the current folder if that exists, else "plates".

    Attributes:
        model: the path of the model.
        reads_photographs: whether it finds the plates of whole photographs; other models read images of one plate.
        alternatives: how many of the most probable readings of a plate it gives; 0 for none.

    Raises:
        PlatefuseError: if the model is missing, damaged or of another kind, or its runtime is not installed.
    """

    def __init__(self, model: str | Path | None = None) -> None:
        self.model = resolve(model)
        self._runtime = open_model(self.model)
        self._alphabet: str = self._runtime.metadata["alphabet"]
        self.reads_photographs = reads_photographs(self._runtime.metadata)
        self.alternatives = self._runtime.alternatives

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
            return replace(self._read_pixels([read_image(path)])[0], image=path)
        return self._read_pixels([as_pixels(image, "Reader.read")])[0]

    def read_many(
        self, paths: Iterable[str | Path], batch_size: int = 16, decode: Decode | None = None
    ) -> Iterator[Reading]:
        """Read image files and yield a reading for each, in order.

        A file that cannot be read has a reading with `error` set; all others are read.

        Args:
            paths: the files; taken one by one, so that a generator may be endless.
            batch_size: the most images that are read in one call of the model, and held in memory. Large images are
                read one by one.
            decode: gives a file's pixels, uint8 RGB [H,W,3]; without it image files are decoded.

        Raises:
            PlatefuseError: if one path is given instead of several, or `batch_size` is no whole number above 0.
        """
        _check_several("Reader.read_many", "paths", paths)
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise PlatefuseError(
                f"Reader.read_many: batch_size = {batch_size!r}: expected a whole number of at least 1."
            )
        return self._read_batches(_batches(paths, int(batch_size), decode or read_image))

    def read_images(self, images: Iterable[Image.Image | npt.NDArray[Any]]) -> list[Reading]:
        """Read images, those of one shape in one call of the model.

        An image that cannot be read has a reading with `error` set, which names its index; all others are read.

        Args:
            images: each a PIL image, or RGB pixels, uint8 [H,W,3] of any size. They may be a batch, uint8 [B,H,W,3], or
                none at all.

        Returns:
            A reading for each, in the same order.

        Raises:
            PlatefuseError: if one image is given instead of several.
        """
        _check_several("Reader.read_images", "images", images)
        batch: _Batch = []
        for index, image in enumerate(images):
            where = f"Reader.read_images, index {index}"
            batch.append((None, _or_error(partial(as_pixels, image, where))))
        return list(self._read_batches([batch]))

    def _read_batches(self, batches: Iterable["_Batch"]) -> Iterator[Reading]:
        for batch in batches:
            readings = iter(self._read_pixels([pixels for _, pixels in batch if isinstance(pixels, np.ndarray)]))
            for path, pixels in batch:
                error = pixels if isinstance(pixels, PlatefuseError) else None
                yield Reading(path, error=error) if error else replace(next(readings), image=path)

    def _read_pixels(self, images: Sequence[np.ndarray]) -> list[Reading]:
        """Read images that are known to be uint8 RGB [H,W,3], not empty."""
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

    def _reading(self, outputs: Outputs, shape: tuple[int, ...]) -> Reading:
        """Make a reading of the outputs for one image of shape [H,W,3]."""
        most = max(outputs[name].max() for name in ("character_ids", "alternative_ids") if name in outputs)
        if most >= len(self._alphabet):
            raise PlatefuseError(
                f"{self.model} gave character {most}, and its metadata names {len(self._alphabet)}: make it anew."
            )
        if self.reads_photographs:
            return reading_of_photograph(outputs, self._alphabet)
        return reading_of_plate(outputs, self._alphabet, shape)


_Batch = list[tuple[Path | None, np.ndarray | PlatefuseError]]


def _check_several(door: str, name: str, values: Any) -> None:
    """Refuse one path or image in place of several."""
    one_image = isinstance(values, np.ndarray) and values.ndim < 4 and np.issubdtype(values.dtype, np.number)
    if isinstance(values, (str, bytes, Path, Image.Image)) or one_image or not isinstance(values, Iterable):
        found = f"{values.dtype} {list(values.shape)}" if isinstance(values, np.ndarray) else repr(values)
        raise PlatefuseError(f"{door}: expected several {name}, found {found}. Reader.read reads one.")


def _batches(paths: Iterable[str | Path], size: int, decode: Decode) -> Iterator[_Batch]:
    """Read the files and yield them in batches of at most `size`.

    A batch ends earlier if it holds as many pixels as one call takes.
    """
    batch: _Batch = []
    pixels = 0
    for index, path in enumerate(paths):
        if isinstance(path, (str, Path)):
            file = Path(path)
            image = _or_error(partial(_decoded, file, decode))
            batch.append((file, image))
            pixels += image.shape[0] * image.shape[1] if isinstance(image, np.ndarray) else 0
        else:
            where = f"Reader.read_many, index {index}"
            batch.append((None, PlatefuseError(f"{where}: expected a path, found {type(path).__name__}.")))
        if len(batch) == size or pixels >= _PIXELS_A_CALL:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch


def _decoded(path: Path, decode: Decode) -> np.ndarray:
    return as_pixels(decode(path), str(path))


def _or_error(pixels: Callable[[], np.ndarray]) -> np.ndarray | PlatefuseError:
    try:
        return pixels()
    except PlatefuseError as error:
        return PlatefuseError(str(error))  # a raised error keeps alive what was decoded by then
