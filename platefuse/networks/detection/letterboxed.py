"""Letterboxed images with their boxes, in memory or on the disk."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from platefuse.data.photograph_set import AnnotatedPhotograph
from platefuse.data.plate_set import AnnotatedPlate, ImageStore
from platefuse.networks.common.keras2 import tf
from platefuse.networks.detection.resize import letterbox, letterbox_scale

Reader = Callable[[Path], tuple[np.ndarray, tuple[int, int], float]]
"""Gives a file's image, uint8 RGB [h,w,3], letterboxed; the height and width it had, and its scale."""


class StoredImages:
    """Letterboxed images that are read each time they are needed.

    Photographs for a training would take 10 gigabytes of memory.

    Attributes:
        shape: of all images as one array, (n, h, w, 3).
        dtype: uint8.
        checksums: uint8 [n,32], SHA-256 of each image; `load_letterboxed` fills them in.
    """

    def __init__(self, paths: Sequence[Path], input_size: tuple[int, int], read: Reader) -> None:
        self.shape = (len(paths), *input_size, 3)
        self.dtype = np.dtype(np.uint8)
        self.checksums = np.zeros((len(paths), 32), np.uint8)
        self._paths = paths
        self._read = read

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Read images at indices [m]: uint8 RGB [m,h,w,3]."""
        return np.stack([self._read(self._paths[index])[0] for index in indices])


@dataclass(frozen=True)
class LetterboxedSet:
    """Letterboxed plates with their boxes, or photographs with their plates' boxes.

    Attributes:
        images: uint8 RGB [n,h,w,3], letterboxed.
        extents: int32 [n,2], rows and columns that each image covers; the rest is padding.
        boxes: float32 [n,k,4], x1,y1,x2,y2 in pixels of the letterboxed image; unused rows are 0 and come last.
        labels: int32 [n,k], the class of each box.
    """

    images: np.ndarray | StoredImages
    extents: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray

    def arrays(self) -> tuple[np.ndarray | StoredImages, ...]:
        """All four arrays, in the order of the attributes."""
        return self.images, self.extents, self.boxes, self.labels

    def content(self) -> tuple[np.ndarray, ...]:
        """Arrays that tell two sets apart.

        Stored images are represented by their checksums.
        """
        images = self.images.checksums if isinstance(self.images, StoredImages) else self.images
        return images, self.extents, self.boxes, self.labels

    def true_boxes(self) -> list[np.ndarray]:
        """Boxes of each image, float32 [<=k,4], without unused rows."""
        return [rows[rows[:, 2] > 0] for rows in self.boxes]


def load_letterboxed(
    plates: Sequence[AnnotatedPlate] | Sequence[AnnotatedPhotograph],
    input_size: tuple[int, int],
    alphabet: str,
    description: str,
    stored: bool = False,
) -> LetterboxedSet:
    """Read and letterbox plates, or photographs with their plates.

    Args:
        plates: at least one plate or photograph.
        input_size: height and width in pixels.
        alphabet: the character of each class; "" for one class for all boxes.
        description: of the progress bar.
        stored: keep no image in memory; each is read once now, so that a damaged one is found.

    Raises:
        PlatefuseError: if an image is missing or damaged.
    """
    count, most = len(plates), max(1, *(len(plate.boxes) for plate in plates))
    extents = np.empty((count, 2), np.int32)
    boxes, labels = np.zeros((count, most, 4), np.float32), np.zeros((count, most), np.int32)
    read = _reader(input_size)
    images = (
        StoredImages([plate.path for plate in plates], input_size, read)
        if stored
        else np.empty((count, *input_size, 3), np.uint8)
    )

    def load(index: int) -> None:
        plate = plates[index]
        image, size, scale = read(plate.path)
        if isinstance(images, StoredImages):
            images.checksums[index] = np.frombuffer(hashlib.sha256(image.tobytes()).digest(), np.uint8)
        else:
            images[index] = image
        extents[index] = np.ceil(np.array(size) * scale - 0.5)  # pixels whose centres are inside
        boxes[index, : len(plate.boxes)] = plate.boxes.astype(np.float32) * scale
        if alphabet and isinstance(plate, AnnotatedPlate):
            labels[index, : len(plate.boxes)] = [alphabet.index(character) for character in plate.characters]

    with ThreadPoolExecutor() as pool:
        for _ in tqdm(pool.map(load, range(count)), total=count, desc=description, unit="image", disable=None):
            pass
    return LetterboxedSet(images, extents, boxes, labels)


def _reader(input_size: tuple[int, int]) -> Reader:
    """Make a function that reads and letterboxes an image."""

    def scale_image(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        scale = letterbox_scale(tf.shape(image)[0], tf.shape(image)[1], input_size)
        return tf.cast(tf.round(letterbox(image[None], input_size)[0]), tf.uint8), scale

    store = ImageStore()
    scaled = tf.function(scale_image).get_concrete_function(tf.TensorSpec([None, None, 3], tf.uint8))

    def read(path: Path) -> tuple[np.ndarray, tuple[int, int], float]:
        image = store.read(path)
        if image.shape[:2] == input_size:
            return image, input_size, 1.0
        letterboxed, scale = scaled(tf.constant(image))
        return letterboxed.numpy(), image.shape[:2], float(scale)

    return read
