"""Decoding of users' image files to RGB.

An invalid file is rejected with a sentence that names the file.
"""

import io
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from platefuse.core.errors import PlatefuseError
from platefuse.data.image_kinds import KINDS, SEVERAL_JPEGS, USUAL_SUFFIXES, kind_of

# The largest image, whether it is read from a file or decoded in the graph. A header of 30 bytes can claim any size,
# and a decoder believes it. The graph holds a pixel as 12 bytes, and an axis as a matrix with as many columns: within
# both limits an image takes at most half a gigabyte.
MAX_PIXELS = 2**25  # a frame of 8K video has slightly fewer
MAX_SIDE = 2**15

_MODES = {"1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr"}  # Pillow converts these to RGB correctly
_MAX_BYTES = 3 * MAX_PIXELS + 2**20  # the largest image without compression, and its metadata
_PREVIEW = 1  # bit of TIFF's tag NewSubfileType
_TRANSPOSED = range(5, 9)  # the EXIF orientations that swap height and width

# Pillow prints warnings: about sizes, which are rejected here anyway, and about tags that no pixel depends on.
warnings.filterwarnings("ignore", module=r"PIL\.")


def read_image(path: Path, content: bytes | None = None) -> np.ndarray:
    """Decode an image to uint8 RGB [H,W,3] in its EXIF orientation.

    Channels of 16 bits keep their upper 8. Transparent pixels are blended with white. Of an animation or a file with
    several pages, the first is read. Safe to call from several threads.

    Args:
        path: a file of one of KINDS, with any suffix.
        content: the bytes of the file, if they are not stored under `path`; it then only names them in errors.

    Raises:
        PlatefuseError: if the file is missing, not a file, not an image, damaged, larger than MAX_PIXELS or MAX_SIDE,
            or of a pixel type without a defined white (32 bits, floats, LAB); names the file.
    """
    with _opened(path, content) as image:
        ImageOps.exif_transpose(image, in_place=True)
        return np.asarray(_as_rgb(image, path))


def as_rgb(image: Image.Image) -> np.ndarray:
    """Convert a PIL image to uint8 RGB [H,W,3] in its EXIF orientation.

    The result is the same as from `read_image`.

    Raises:
        PlatefuseError: as `read_image`.
    """
    with _errors_named("The image"):
        check_size(*image.size)
        return np.asarray(_as_rgb(ImageOps.exif_transpose(image), "The image"))


def image_size(path: Path, content: bytes | None = None) -> tuple[int, int]:
    """Return the width and height of an image after its EXIF rotation.

    Where possible, only the header is decoded.

    Raises:
        PlatefuseError: as `read_image`, as far as the header tells.
    """
    with _opened(path, content) as image:
        transposed = image.format != "TIFF" and image.getexif().get(ExifTags.Base.Orientation) in _TRANSPOSED
        return (image.height, image.width) if transposed else image.size  # Pillow rotates TIFF by itself


def read_encoded(path: Path, content: bytes | None = None) -> tuple[bytes, str]:
    """Return an image file's unchanged bytes and its kind's usual suffix.

    Raises:
        PlatefuseError: as `read_image`, as far as the header tells.
    """
    with _opened(path, content) as image:
        suffix = USUAL_SUFFIXES["JPEG" if image.format == SEVERAL_JPEGS else str(image.format)]
    return path.read_bytes() if content is None else content, suffix


def check_file_size(path: Path, size: int) -> None:
    """Check the size of an image file, in bytes, before reading it.

    Raises:
        PlatefuseError: if the file is empty or too large; names it.
    """
    if size == 0:
        raise PlatefuseError(f"{path} cannot be read as an image: it is empty.")
    if size > _MAX_BYTES:
        raise PlatefuseError(f"{path} cannot be read as an image: it has {size} bytes, at most {_MAX_BYTES} are read.")


def _as_rgb(image: Image.Image, path: Path | str) -> Image.Image:
    if image.mode.startswith("I;16"):  # convert() would clip at 255
        gray = (np.asarray(image) >> 8).astype(np.uint8)
        white_is_0 = getattr(image, "tag_v2", {}).get(ExifTags.Base.PhotometricInterpretation) == 0
        image = Image.fromarray(255 - gray if white_is_0 else gray)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    elif image.mode not in _MODES:
        raise PlatefuseError(
            f"{path} has pixels of Pillow's mode {image.mode}, which does not define white: expected gray or RGB of up "
            "to 16 bits, a palette, or CMYK."
        )
    return image if image.mode == "RGB" else image.convert("RGB")


@contextmanager
def _opened(path: Path, content: bytes | None) -> Iterator[Image.Image]:
    """Open an image without decoding; turn every failure into a sentence.

    Failures in the `with` block count too.
    """
    with _errors_named(path, content):
        if content is None:
            _check_file(path)
        with Image.open(path if content is None else io.BytesIO(content), formats=KINDS) as image:
            check_size(*image.size, path)
            if getattr(image, "tag_v2", {}).get(ExifTags.Base.NewSubfileType, 0) & _PREVIEW:
                raise PlatefuseError(f"{path} begins with a small preview, as a camera's raw files do: convert it.")
            yield image


@contextmanager
def _errors_named(path: Path | str, content: bytes | None = None) -> Iterator[None]:
    try:
        yield
    except PlatefuseError:
        raise
    except FileNotFoundError:
        raise PlatefuseError(f"{path} is missing.") from None
    except UnidentifiedImageError:
        kind = kind_of(Path(path), content)
        found = "something else or damage" if kind is None or kind in KINDS else f"{kind}: convert it"
        raise PlatefuseError(
            f"{path} cannot be read as an image: expected one of {', '.join(KINDS)}, found {found}."
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path, "too many pixels") from None
    except Exception as error:  # decoders raise nearly anything on a damaged file
        reason = getattr(error, "strerror", None) or str(error) or f"it is damaged ({type(error).__name__})"
        raise PlatefuseError(f"{path} cannot be read as an image: {reason.rstrip('.')}.") from None


def check_size(width: int, height: int, path: Path | str = "The image") -> None:
    """Raise PlatefuseError if an image has more than MAX_PIXELS or MAX_SIDE."""
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise _too_large(path, f"{width} x {height} pixels")


def _too_large(path: Path | str, size: str) -> PlatefuseError:
    return PlatefuseError(
        f"{path} has {size}: at most {MAX_PIXELS} are read, and {MAX_SIDE} a side. Cut the plate out, or scale it down."
    )


def _check_file(path: Path) -> None:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for a writer
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, a socket or a device"
        raise PlatefuseError(f"{path} cannot be read as an image: it is {kind}, expected a file.")
    check_file_size(path, status.st_size)
