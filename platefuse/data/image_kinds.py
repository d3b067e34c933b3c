"""Kinds of images that are read, and files taken for images."""

import os
import re
from pathlib import Path

from PIL import Image

Image.init()  # registers all that this build of Pillow can do

# Pillow opens more kinds, some by starting other programs.
USUAL_SUFFIXES = {
    "AVIF": ".avif",
    "BMP": ".bmp",
    "GIF": ".gif",
    "JPEG": ".jpg",
    "JPEG2000": ".jp2",
    "PNG": ".png",
    "TIFF": ".tif",
    "WEBP": ".webp",
}
"""The suffix with which each kind that may be read is written."""
SEVERAL_JPEGS = "MPO"
"""Pillow's name for a file of several JPEGs, which it reads as JPEG."""
KINDS = tuple(kind for kind in USUAL_SUFFIXES if kind in Image.SAVE)
"""The kinds that are read. A build of Pillow without AVIF does not register how AVIF is written."""
SUFFIXES = frozenset(
    suffix for suffix, kind in Image.registered_extensions().items() if kind in (*KINDS, SEVERAL_JPEGS)
)
"""The suffixes of these kinds that Pillow knows."""

_OTHER_SUFFIXES = """
    .avif .avifs .jp2 .jif .jfi .pjp .pjpeg .dib
    .heic .heics .heif .heifs .hif .avci .jxl .jxr .wdp .jls .jpm .jng .mng .qoi .svg .svgz
    .3fr .arw .cr2 .cr3 .dng .erf .iiq .kdc .nef .nrw .orf .pef .raf .raw .rw2 .sr2 .srw .x3f
    .cur .dcm .dds .emf .eps .exr .fits .hdr .ico .icns .pam .pbm .pcd .pcx .pfm .pgm .pnm .ppm .psb .psd .ras .sgi
    .tga .wbmp .wmf .xbm .xcf .xpm
"""
UNREAD_SUFFIXES = frozenset(_OTHER_SUFFIXES.split()) - SUFFIXES
"""The suffixes of images that are not read, unless their bytes are of a kind that is."""

# How files begin: those of the kinds that are read, and those of others that cameras and programs often write.
_STARTS = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "GIF": rb"GIF8[79]a",
    "BMP": rb"BM.{4}\0{4}",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "WEBP": rb"RIFF.{4}WEBP",
    "AVIF": rb".{4}ftypavi[fs]",
    "JPEG2000": rb"\0{3}\x0cjP  \r\n|\xff\x4f\xff\x51",
    "HEIF": rb".{4}ftyp(hei[cxms]|hev[cxms]|mif[12]|miaf|msf1)",
    "JPEG XL": rb"\0{3}\x0cJXL \r\n|\xff\x0a",
    "Photoshop": rb"8BPS",
}
_START = 32  # bytes


def images_below(folder: Path) -> list[Path]:
    """List the files at any depth that look like images, sorted.

    Hidden files and folders are left out.
    """
    found: list[Path] = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += filter(looks_like_image, (Path(parent, name) for name in files if not name.startswith(".")))
    return sorted(found)


def looks_like_image(path: Path) -> bool:
    """Tell whether a file's name or first bytes are an image's."""
    if path.suffix.lower() in SUFFIXES | UNREAD_SUFFIXES:
        return True
    try:
        return path.is_file() and kind_of(path) is not None  # opening a pipe would wait for a writer
    except OSError:
        return False


def kind_of(path: Path, content: bytes | None = None) -> str | None:
    """Return the kind of image that a file begins as.

    The kind is one of KINDS or another, and None for other files.

    Args:
        path: the file.
        content: its bytes, if they are not stored under `path`.

    Raises:
        OSError: if the file cannot be read.
    """
    if content is None:
        with path.open("rb") as stream:
            content = stream.read(_START)
    return next((kind for kind, start in _STARTS.items() if re.match(start, content, re.DOTALL)), None)
