"""Image files as people have them: read as RGB, or refused in a sentence that names the file."""

import functools
import io
import stat
import threading
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from platefuse.core.errors import PlatefuseError

IMAGES, ARCHIVE = "images", "images.zip"

# How large an image may be, whether it is read from a file or decoded in the graph. A header of 30 bytes can claim any
# size, and a decoder believes it. The graph holds a pixel as 12 bytes, and an axis as a matrix of as many columns:
# within both bounds one image takes half a gigabyte at most.
MAX_PIXELS = 2**25  # a frame of 8K video has just fewer, and so has what a camera of 24 megapixels makes
MAX_SIDE = 2**15

# What is read and how its files are named. Not all that Pillow opens: some of that starts other programs.
KINDS = {
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "JPEG": (".jpg", ".jpeg"),
    "PNG": (".png",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
}
SUFFIXES = frozenset(suffix for suffixes in KINDS.values() for suffix in suffixes)

_MODES = {"1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr"}  # that Pillow turns into RGB by itself, and rightly
_MAX_BYTES = 3 * MAX_PIXELS + 2**20  # the largest image, not compressed, and what may stand around its pixels
_TURNED = range(5, 9)  # the EXIF orientations that swap height and width

# Pillow warns on the error output: of sizes that are refused here anyway, and of tags that no pixel depends on.
warnings.filterwarnings("ignore", module=r"PIL\.")


def read_image(path: Path) -> np.ndarray:
    """Read an image as uint8 RGB [H,W,3], turned as its EXIF orientation says.

    Of 16 bits a channel the upper 8 count; what is transparent shows white, as on paper; of an animation or of many
    pages the first is read. Threads may read at the same time.

    Args:
        path: a file of one of KINDS, whatever its suffix; or one in the folder `images` of a packed plate set, which
            is not there: `images.zip` beside it is read instead.

    Raises:
        PlatefuseError: for what is missing, no file, damaged, no image, of more than MAX_PIXELS or MAX_SIDE, or of
            numbers that have no white (32 bits, floats, LAB), or for such an archive; names it.
    """
    with _opened(path) as image:
        ImageOps.exif_transpose(image, in_place=True)
        return np.asarray(_as_rgb(image, path))


def as_rgb(image: Image.Image) -> np.ndarray:
    """Give a PIL image as `read_image` gives a file's: uint8 RGB [H,W,3], turned as its EXIF orientation says.

    Raises:
        PlatefuseError: as `read_image`.
    """
    with _errors_named("The image"):
        check_size(*image.size)
        return np.asarray(_as_rgb(ImageOps.exif_transpose(image), "The image"))


def image_size(path: Path) -> tuple[int, int]:
    """Give width and height of an image as `read_image` turns it, without decoding it where its kind allows that.

    Raises:
        PlatefuseError: as `read_image`, as far as the header tells.
    """
    with _opened(path) as image:
        turned = image.format != "TIFF" and image.getexif().get(ExifTags.Base.Orientation) in _TURNED
        return (image.height, image.width) if turned else image.size  # Pillow turns TIFF by itself


def read_encoded(path: Path) -> tuple[bytes, str]:
    """Give an image file's bytes as they are, and the suffix that files of its kind have.

    Raises:
        PlatefuseError: as `read_image`, as far as the header tells.
    """
    with _opened(path) as image:
        suffix = KINDS["JPEG" if image.format == "MPO" else str(image.format)][0]  # MPO: several JPEGs in a file
    file = _file_or_member(path)
    return file.read_bytes() if isinstance(file, Path) else file.getvalue(), suffix


def _as_rgb(image: Image.Image, path: Path | str) -> Image.Image:
    if image.mode.startswith("I;16"):  # convert would cut all above 255 off
        gray = (np.asarray(image) >> 8).astype(np.uint8)
        white_is_0 = getattr(image, "tag_v2", {}).get(ExifTags.Base.PhotometricInterpretation) == 0
        image = Image.fromarray(255 - gray if white_is_0 else gray)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    elif image.mode not in _MODES:
        raise PlatefuseError(
            f"{path} has pixels of Pillow's mode {image.mode}, of which nothing says what is white: expected gray or "
            "RGB of up to 16 bits, a palette, or CMYK."
        )
    return image if image.mode == "RGB" else image.convert("RGB")


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open an image, not decoded yet, and say in a sentence what fails about it in the block."""
    with _errors_named(path), Image.open(_file_or_member(path), formats=list(KINDS)) as image:
        check_size(*image.size, path)
        yield image


@contextmanager
def _errors_named(path: Path | str) -> Iterator[None]:
    try:
        yield
    except PlatefuseError:
        raise
    except FileNotFoundError:
        raise PlatefuseError(f"{path} is missing.") from None
    except UnidentifiedImageError:
        raise PlatefuseError(
            f"{path} cannot be read as an image: expected one of {', '.join(KINDS)}, found something else or damage."
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path, "too many pixels") from None
    except Exception as error:  # what decodes a damaged file raises nearly anything
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


def _file_or_member(path: Path) -> Path | io.BytesIO:
    """The file itself, or where only its archive is there what that holds under its name."""
    if path.parent.name == IMAGES and not path.parent.exists():
        return _member(path)
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # to open a pipe would wait for whoever writes into it
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, a socket or a device"
        raise PlatefuseError(f"{path} cannot be read as an image: it is {kind}, expected a file.")
    _check_bytes(path, status.st_size)
    return path


def _check_bytes(path: Path, size: int) -> None:
    if size == 0:
        raise PlatefuseError(f"{path} cannot be read as an image: it is empty.")
    if size > _MAX_BYTES:
        raise PlatefuseError(f"{path} cannot be read as an image: it has {size} bytes, at most {_MAX_BYTES} are read.")


def _member(path: Path) -> Path | io.BytesIO:
    archive = path.parent.with_name(ARCHIVE)
    try:
        with _ARCHIVE_LOCK:
            opened = _archive(archive, archive.stat().st_mtime_ns)
            member = opened.getinfo(f"{IMAGES}/{path.name}")
            _check_bytes(path, member.file_size)
            return io.BytesIO(opened.read(member))
    except (PlatefuseError, FileNotFoundError):
        raise
    except KeyError:
        raise PlatefuseError(f"{archive} has no {IMAGES}/{path.name}.") from None
    except Exception as error:  # a damaged archive raises nearly anything
        raise PlatefuseError(f"{path} cannot be read out of {archive}: {error}.") from None


_ARCHIVE_LOCK = threading.Lock()  # threads that start together would each open the archive


@functools.lru_cache(maxsize=4)
def _archive(archive: Path, modified: int) -> zipfile.ZipFile:
    """Keep an archive open, as its list of members takes long to read; `modified` tells it from a later one."""
    return zipfile.ZipFile(archive)
