"""Batches: images that wait together share a call of the model."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from platefuse.core.errors import PlatefuseError
from platefuse.data.images import read_image
from platefuse.inference.reader import Reader
from platefuse.inference.reading import Reading

# As many as `Reader` puts into one call of the graph, which holds a pixel as 12 bytes.
_PIXELS_A_BATCH = 2**22


@dataclass(frozen=True)
class EncodedImage:
    """An image as it was sent.

    Attributes:
        label: names the image in errors; nothing is read from that path.
        content: the bytes of the image file.
        size: width and height in pixels, as the file's header has them.
    """

    label: Path
    content: bytes
    size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class _Waiting:
    image: EncodedImage
    answer: Future[Reading] = field(default_factory=Future)


class Batcher:
    """Reads images in its own thread, those of one size together.

    The image that has waited longest is taken first, and with it others of its size that wait. Nothing waits for
    company: while a batch is read, the next one gathers.

    Args:
        reader: the model.
        most: images in one batch.
        on_batch: is told how many images each call had, in the batcher's thread.
    """

    def __init__(self, reader: Reader, most: int, on_batch: Callable[[int], object]) -> None:
        self._reader = reader
        self._most = most
        self._on_batch = on_batch
        self._queue: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="platefuse-reader", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        """Number of images that wait for a call."""
        return len(self._queue)

    def submit(self, image: EncodedImage) -> Future[Reading]:
        """Queue an image.

        Returns:
            Its reading, with `error` set if the image cannot be decoded. If the model fails the future raises. An
            image whose future is cancelled before its turn is not read.
        """
        waiting = _Waiting(image)
        with self._changed:
            self._queue.append(waiting)
            self._changed.notify()
        return waiting.answer

    def close(self) -> None:
        """Read what is queued and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while batch := self._take():
            self._read([waiting for waiting in batch if waiting.answer.set_running_or_notify_cancel()])

    def _take(self) -> list[_Waiting]:
        """Wait for images, and take those of the oldest one's size.

        There are none once the batcher is closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            if not self._queue:
                return []
            width, height = size = self._queue[0].image.size
            most = max(1, min(self._most, _PIXELS_A_BATCH // (width * height)))
            batch = list(islice((waiting for waiting in self._queue if waiting.image.size == size), most))
            taken = set(batch)
            self._queue = deque(waiting for waiting in self._queue if waiting not in taken)
            return batch

    def _read(self, batch: Iterable[_Waiting]) -> None:
        decoded: list[tuple[_Waiting, np.ndarray]] = []
        for waiting in batch:
            try:
                decoded.append((waiting, read_image(waiting.image.label, waiting.image.content)))
            except PlatefuseError as error:
                waiting.answer.set_result(Reading(error=PlatefuseError(str(error))))  # without what it was raised from
        if not decoded:
            return
        try:
            readings = self._reader.read_images([pixels for _, pixels in decoded])
            self._on_batch(len(decoded))
            for (waiting, _), reading in zip(decoded, readings, strict=True):
                waiting.answer.set_result(reading)
        except Exception as error:  # those who wait must hear of it, and the thread must go on
            for waiting, _ in decoded:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
