"""Limits of what the server takes."""

from dataclasses import dataclass

from platefuse.data.images import MAX_PIXELS


@dataclass(frozen=True)
class Bounds:
    """Limits of what the server takes.

    Whatever is beyond one is refused with a sentence. At most `queue` bodies of `body` bytes are held in memory, and
    the pixels of one call of the model.

    Attributes:
        body: bytes of a request's body.
        pixels: of an image, at most the reader's own limit.
        images: of one form.
        queue: requests that are taken and not yet answered.
        seconds: from a request's first byte to its answer.
        batch: images in one call of the model.
    """

    body: int = 2**24
    pixels: int = MAX_PIXELS
    images: int = 16
    queue: int = 64
    seconds: float = 30.0
    batch: int = 16
