"""Malformed image files, written on request, and a part of the sentence that each gets.

`python -m tests.helpers.malformed_images FOLDER` writes them there and prints the whole sentences.
"""

import gzip
import io
import os
import random
import socket
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.images import read_image

PNG = b"\x89PNG\r\n\x1a\n"


class Malformed(NamedTuple):
    name: str
    write: Callable[[Path], object]
    said: str


def noise(height: int = 40, width: int = 60) -> np.ndarray:
    return np.random.default_rng(0).integers(256, size=(height, width, 3), dtype=np.uint8)


def encoded(image: np.ndarray | Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(stream, kind, **options)
    return stream.getvalue()


def chunk(name: bytes, content: bytes, length: int | None = None) -> bytes:
    size = len(content) if length is None else length
    return struct.pack(">I", size) + name + content + struct.pack(">I", zlib.crc32(name + content))


def header(width: int, height: int, depth: int = 8, colour: int = 0) -> bytes:
    return PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def black(width: int, height: int, rows: int | None = None) -> bytes:
    """A black PNG: a small file, however large the image; `rows` cuts it short."""
    packer = zlib.compressobj(9)
    row = bytes(width + 1)
    data = b"".join(packer.compress(row) for _ in range(height if rows is None else rows)) + packer.flush()
    return header(width, height) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _with(*chunks: bytes) -> bytes:
    """A valid PNG with more chunks after its header."""
    png = black(60, 40)
    return png[:33] + b"".join(chunks) + png[33:]


def _patched(content: bytes, place: int, patch: bytes) -> bytes:
    return content[:place] + patch + content[place + len(patch) :]


def _tiff(*tags: tuple[int, int, int, int], pixels: bytes = b"") -> bytes:
    """A TIFF of one page with tags (id, type, count, value or offset)."""
    page = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    return b"II*\0\x08\0\0\0" + page + pixels


def _gray_tiff(width: int, height: int, offset: int, size: int) -> list[tuple[int, int, int, int]]:
    one = ((258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, offset), (278, 4, 1, height), (279, 4, 1, size))
    return [(256, 4, 1, width), (257, 4, 1, height), *one]


def _sparse(start: bytes, size: int) -> Callable[[Path], object]:
    """A sparse file of `size` bytes."""

    def write(path: Path) -> None:
        path.write_bytes(start)
        os.truncate(path, size)

    return write


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        here = Path.cwd()
        os.chdir(path.parent)  # its name may have 107 bytes
        try:
            opened.bind(path.name)
        finally:
            os.chdir(here)


_PNG_, _JPG = encoded(noise(), "PNG"), encoded(noise(), "JPEG")
_GIF, _BMP = encoded(noise(), "GIF"), encoded(noise(), "BMP")
_WEBP, _TIF = encoded(noise(), "WEBP", lossless=True), encoded(noise(), "TIFF")
_PROGRESSIVE = encoded(noise(), "JPEG", progressive=True)
_AVIF, _JP2 = encoded(noise(), "AVIF"), encoded(noise(), "JPEG2000")
_SIZ = _JP2.index(b"\xff\x51")  # then 2 bytes each of length and profile, 4 each of width and height
_SOF = _JPG.index(b"\xff\xc0")  # then 2 bytes of length, 1 of precision, 2 each of height and width
_NO_IMAGE = "cannot be read as an image: expected one of AVIF, BMP, GIF"
_LARGE = "Cut the plate out, or scale it down."

_BYTES: dict[str, tuple[bytes, str]] = {
    "empty.png": (b"", "it is empty"),
    "text.png": (b"image,text\n", _NO_IMAGE),
    "page.jpg": (b"<!DOCTYPE html><title>404 Not Found</title>", _NO_IMAGE),
    "drawing.png": (b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', _NO_IMAGE),
    "printed.jpg": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", _NO_IMAGE),
    "program.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run\n", _NO_IMAGE),
    "telephone.jpg": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), _NO_IMAGE),
    "packed.png": (gzip.compress(_PNG_, mtime=0), _NO_IMAGE),
    "zeros.bmp": (bytes(5000), _NO_IMAGE),
    "random.jpg": (random.Random(0).randbytes(5000), _NO_IMAGE),
    "sent-as-text.png": (_PNG_.replace(b"\r\n", b"\n"), _NO_IMAGE),
    "two words.png": (b"text", _NO_IMAGE),
    "new\nline.png": (b"text", _NO_IMAGE),
    "Straßenschild 車.jpg": (b"text", _NO_IMAGE),
    os.fsdecode(b"latin-\xe9\xff.png"): (b"text", _NO_IMAGE),
    "signature.png": (PNG, _NO_IMAGE),
    "header.png": (_PNG_[:20], "Truncated File Read"),
    "half.png": (_PNG_[: len(_PNG_) // 2], "truncated"),
    "half.jpg": (_JPG[: len(_JPG) // 2], "truncated"),
    "half-progressive.jpg": (_PROGRESSIVE[: len(_PROGRESSIVE) // 2], "truncated"),
    "half.gif": (_GIF[: len(_GIF) // 2], "truncated"),
    "half.bmp": (_BMP[: len(_BMP) // 2], "truncated"),
    "half.webp": (_WEBP[: len(_WEBP) // 2], "could not create decoder object"),
    "half.tif": (_TIF[: len(_TIF) // 2], "truncated"),
    "start.jpg": (_JPG[:2], _NO_IMAGE),
    "start.gif": (_GIF[:6], _NO_IMAGE),
    "start.webp": (_WEBP[:16], "could not create decoder object"),
    "start.tif": (_TIF[:8], _NO_IMAGE),
    "flipped.png": (_patched(_PNG_, 3000, b"\0\0\0\0"), "broken data stream"),
    "header-sum.png": (_patched(_PNG_, 29, b"\0\0\0\0"), _NO_IMAGE),
    "no-pixels.png": (header(60, 40) + chunk(b"IEND", b""), "cannot load this image"),
    "not-packed.png": (header(60, 40) + chunk(b"IDAT", b"plain") + chunk(b"IEND", b""), "broken data stream"),
    "row-filter.png": (
        header(60, 40) + chunk(b"IDAT", zlib.compress(bytes([9]) * 61 * 40)) + chunk(b"IEND", b""),
        "unrecognized data stream contents",
    ),
    "colour-type.png": (
        _patched(black(60, 40), 8, chunk(b"IHDR", struct.pack(">IIBBBBB", 60, 40, 8, 5, 0, 0, 0))),
        _NO_IMAGE,
    ),
    "no-palette.png": (
        _patched(black(60, 40), 8, chunk(b"IHDR", struct.pack(">IIBBBBB", 60, 40, 8, 3, 0, 0, 0))),
        "it is damaged (AssertionError)",
    ),
    "no-width.png": (header(0, 40) + chunk(b"IDAT", zlib.compress(bytes(40))) + chunk(b"IEND", b""), _NO_IMAGE),
    "no-height.jpg": (_patched(_JPG, _SOF + 5, bytes(2)), _NO_IMAGE),
    "precision.jpg": (_patched(_JPG, _SOF + 4, b"\x0c"), _NO_IMAGE),
    "huge-text.png": (
        _with(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2**28), 9))),
        "Decompressed data too large",
    ),
    "huge-profile.png": (
        _with(chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(2**28), 9))),
        "Decompressed data too large",
    ),
    "many-texts.png": (
        _with(*[chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2**20), 9))] * 70),
        "Too much memory used in text chunks",
    ),
    "long-chunk.png": (_with(chunk(b"teXt", b"short", length=2**31 - 1)), "Truncated File Read"),
    "10000x10000.png": (black(10000, 10000, rows=10), "has 10000 x 10000 pixels"),
    "20000x20000.png": (black(20000, 20000), _LARGE),
    "one-row-too-wide.png": (black(2**15 + 1, 1), "has 32769 x 1 pixels: at most 33554432 are read, and 32768 a side"),
    "a-row-too-many.png": (black(8192, 4097), "has 8192 x 4097 pixels"),
    "2147483648-pixels.png": (black(2**16, 2**15, rows=1), _LARGE),
    "2147483647-wide.png": (header(2**31 - 1, 1) + chunk(b"IDAT", b""), _LARGE),
    "4294967295-wide.png": (header(2**32 - 1, 2**32 - 1) + chunk(b"IDAT", b""), _LARGE),
    "65535x65535.jpg": (_patched(_JPG, _SOF + 5, b"\xff" * 4), _LARGE),
    "65535x65535.gif": (_patched(_GIF, 6, b"\xff" * 4), _LARGE),
    "16383x16383.webp": (_patched(encoded(noise(), "WEBP"), 26, b"\xff\x3f\xff\x3f"), _LARGE),
    "2147483647-wide.bmp": (_patched(_BMP, 18, struct.pack("<i", 2**31 - 1)), _LARGE),
    "65535x65535.avif": (_patched(_AVIF, _AVIF.index(b"ispe") + 8, struct.pack(">II", 65535, 65535)), "AVIF"),
    "cut.avif": (_AVIF[:-900], _NO_IMAGE),
    "cut.jp2": (_JP2[: _SIZ + 20], _NO_IMAGE),
    "wide.jp2": (_patched(_JP2, _JP2.index(b"ihdr") + 4, struct.pack(">II", 40, 2**30)), _LARGE),
    "wide.j2k": (_patched(_JP2, _SIZ + 6, struct.pack(">I", 2**30))[_SIZ - 2 :], _LARGE),
    "photo.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "found HEIF: convert it"),
    "photo.jxl": (b"\xff\x0a" + bytes(99), "found JPEG XL: convert it"),
    "layers.psd": (b"8BPS\0\1" + bytes(99), "found Photoshop: convert it"),
    "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "found something else or damage"),
    "page.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", _NO_IMAGE),
    "camera.dng": (_tiff((254, 4, 1, 1), *_gray_tiff(2, 2, 150, 4), pixels=bytes(99)), "begins with a small preview"),
    "headless.bmp": (_patched(_BMP, 14, struct.pack("<I", 7)), "Unsupported BMP header type"),
    "2147483647-wide.tif": (_tiff(*_gray_tiff(2**31 - 1, 1, 8, 1)), _LARGE),
    "no-tags.tif": (_tiff(), _NO_IMAGE),
    "in-a-circle.tif": (_tiff((256, 4, 1, 9))[:-4] + struct.pack("<I", 8), _NO_IMAGE),
    "beyond-its-end.tif": (_tiff(*_gray_tiff(99, 99, 2**31, 99 * 99)), "truncated"),
    "float.tif": (encoded(Image.new("F", (60, 40), 0.5), "TIFF"), "mode F, which does not define white"),
    "32-bits.tif": (encoded(Image.new("I", (60, 40), 2**20), "TIFF"), "mode I, which does"),
    "lab.tif": (encoded(Image.new("LAB", (60, 40)), "TIFF"), "mode LAB, which does"),
}

_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe.png": (os.mkfifo, "it is a pipe, a socket or a device, expected a file"),
    "socket.png": (_socket, "it is a pipe, a socket or a device, expected a file"),
    "device.png": (lambda path: path.symlink_to("/dev/zero"), "it is a pipe, a socket or a device, expected a file"),
    "circle.png": (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    "nowhere.png": (lambda path: path.symlink_to("nothing"), "is missing"),
    "200-megabytes.png": (_sparse(PNG, 200_000_000), "it has 200000000 bytes, at most 101711872 are read"),
    "one-long-chunk.png": (
        _sparse(header(60, 40) + struct.pack(">I", 10**8 - 200) + b"noTe", 10**8),
        _NO_IMAGE,
    ),
}

MALFORMED = [
    *(
        Malformed(name, lambda path, content=content: path.write_bytes(content), said)
        for name, (content, said) in _BYTES.items()
    ),
    *(Malformed(name, write, said) for name, (write, said) in _FILES.items()),
]


def main(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, write, _ in MALFORMED:
        write(folder / name)
        try:
            print(f"{name!r}: {read_image(folder / name).shape}")
        except PlatefuseError as error:
            print(repr(str(error)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
