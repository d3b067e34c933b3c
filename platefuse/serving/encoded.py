"""Check of an image file's header, before its turn comes."""

import io
from contextlib import suppress
from pathlib import Path

from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.image_kinds import KINDS
from platefuse.data.images import MAX_PIXELS, MAX_SIDE, image_size
from platefuse.serving.batcher import EncodedImage
from platefuse.serving.form import Upload
from platefuse.serving.refusal import Refusal


def encoded_image(upload: Upload, most: int) -> EncodedImage:
    """Check an image's kind and size, without decoding it.

    Args:
        upload: the image.
        most: pixels that it may have, at most MAX_PIXELS.

    Raises:
        Refusal: 413 if the image has too many pixels, 415 if it is none that is read.
    """
    label = Path(upload.name or "The image")
    if not upload.content:
        raise Refusal(415, f"{label} cannot be read as an image: it is empty.")
    try:
        width, height = image_size(label, upload.content)
    except PlatefuseError as error:
        raise Refusal(413 if _claims_too_much(upload.content) else 415, str(error)) from None
    if width * height > most:
        raise Refusal(413, f"{label} has {width} x {height} pixels: at most {most} are taken. Scale it down.")
    return EncodedImage(label, upload.content, (width, height))


def _claims_too_much(content: bytes) -> bool:
    """Whether a refused file is an image, but too large a one."""
    try:
        with suppress(Image.DecompressionBombWarning), Image.open(io.BytesIO(content), formats=KINDS) as image:
            return image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE
    except Image.DecompressionBombError:
        return True
    except Exception:  # decoders raise nearly anything on a damaged file
        return False
    return True
