"""Image files of every kind: decoded as a viewer shows them, or rejected in a sentence."""

import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.images import image_size, read_encoded, read_image
from platefuse.inference.image_files import find_images
from tests.helpers.malformed_images import MALFORMED, Malformed, black, chunk, encoded, header, noise

RGB = noise(6, 7)
GRAY = RGB[..., 0]
ALPHA = RGB[..., 1]
PALETTE = np.array([[10, 20, 30], [40, 50, 60], [70, 80, 90]], np.uint8)
DEEP = RGB.astype(np.uint16) * 256 + RGB[::-1]  # of 16 bits; the upper 8 are RGB


def in_colour(gray: np.ndarray) -> np.ndarray:
    return np.stack([gray] * 3, axis=-1)


def over_white(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255
    return pixels * share + 255 * (1 - share)


def png(colour: int, depth: int, samples: np.ndarray) -> bytes:
    """A PNG made by hand, of 16 bits or of several pixels per byte."""
    height, width = samples.shape[:2]
    if depth == 16:
        rows = [row.astype(">u2").tobytes() for row in samples]
    else:
        bits = np.unpackbits(samples[..., None], axis=-1)[..., -depth:].reshape(height, -1)
        rows = [row.tobytes() for row in np.packbits(bits, axis=-1)]
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return header(width, height, depth, colour) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def in_palette(**options: object) -> bytes:
    image = Image.fromarray(GRAY % 3).convert("P")
    image.putpalette(PALETTE.ravel().tolist())
    return encoded(image, "PNG", **options)


def frames(kind: str, **options: object) -> bytes:
    others = [Image.fromarray(255 - RGB), Image.fromarray(RGB[::-1].copy())]
    return encoded(RGB, kind, save_all=True, append_images=others, **options)


def as_mode(mode: str) -> Image.Image:
    return Image.fromarray(RGB).convert(mode)


PIXELS = {
    "gray.png": (encoded(GRAY, "PNG"), in_colour(GRAY)),
    "bits.png": (encoded(Image.fromarray(GRAY > 127), "PNG"), in_colour(np.where(GRAY > 127, 255, 0))),
    "2-bits.png": (png(0, 2, GRAY % 4), in_colour(GRAY % 4 * 85)),
    "4-bits.png": (png(0, 4, GRAY % 16), in_colour(GRAY % 16 * 17)),
    "16-bits.png": (png(0, 16, DEEP[..., 0]), in_colour(GRAY)),
    "16-bits-of-rgb.png": (png(2, 16, DEEP), RGB),
    "16-bits.tif": (encoded(Image.fromarray(DEEP[..., 0]), "TIFF"), in_colour(GRAY)),
    "palette.png": (in_palette(), PALETTE[GRAY % 3]),
    "palette-with-a-hole.png": (in_palette(transparency=1), np.where(GRAY[..., None] % 3 == 1, 255, PALETTE[GRAY % 3])),
    "palette-with-alpha.png": (
        in_palette(transparency=bytes([255, 128, 0])),
        over_white(PALETTE[GRAY % 3], np.array([255, 128, 0])[GRAY % 3]),
    ),
    "gray-and-alpha.png": (
        encoded(Image.fromarray(np.stack([GRAY, ALPHA], -1), "LA"), "PNG"),
        over_white(in_colour(GRAY), ALPHA),
    ),
    "rgba.png": (encoded(np.dstack([RGB, ALPHA]), "PNG"), over_white(RGB, ALPHA)),
    "rgba.webp": (encoded(np.dstack([RGB, ALPHA]), "WEBP", lossless=True, exact=True), over_white(RGB, ALPHA)),
    "opaque.png": (encoded(np.dstack([RGB, np.full_like(ALPHA, 255)]), "PNG"), RGB),
    "key-colour.png": (
        encoded(RGB, "PNG", transparency=tuple(RGB[2, 3].tolist())),
        np.where((RGB[2, 3] == RGB).all(-1, keepdims=True), 255, RGB),
    ),
    "plain.jp2": (encoded(RGB, "JPEG2000"), RGB),
    "gray.j2k": (encoded(GRAY, "JPEG2000", no_jp2=True), in_colour(GRAY)),
    "16-bits.jp2": (encoded(Image.fromarray(DEEP[..., 0]), "JPEG2000"), in_colour(GRAY)),
    "rgba.jp2": (encoded(np.dstack([RGB, ALPHA]), "JPEG2000"), over_white(RGB, ALPHA)),
    "gray.avif": (encoded(GRAY, "AVIF", quality=100), in_colour(GRAY)),
    "rgba.avif": (
        encoded(np.dstack([in_colour(GRAY), ALPHA]), "AVIF", quality=100),
        over_white(in_colour(GRAY), ALPHA),
    ),
    "animated.avif": (
        encoded(in_colour(GRAY), "AVIF", quality=100, save_all=True, append_images=[Image.fromarray(255 - RGB)]),
        in_colour(GRAY),
    ),
    "plain.bmp": (encoded(RGB, "BMP"), RGB),
    "plain.tif": (encoded(RGB, "TIFF", compression="tiff_lzw"), RGB),
    "ycbcr.tif": (encoded(as_mode("YCbCr"), "TIFF"), np.asarray(as_mode("YCbCr").convert("RGB"))),
    "animated.png": (frames("PNG"), RGB),
    "animated.webp": (frames("WEBP", lossless=True), RGB),
    "pages.tif": (frames("TIFF"), RGB),
    "animated.gif": (frames("GIF"), RGB),  # 42 pixels: each has a colour of its own
    "a-png.jpg": (encoded(RGB, "PNG"), RGB),
    "no-suffix": (encoded(RGB, "PNG"), RGB),
    "two words.png": (encoded(RGB, "PNG"), RGB),
    "new\nline.png": (encoded(RGB, "PNG"), RGB),
    "Straßenschild 車.png": (encoded(RGB, "PNG"), RGB),
    os.fsdecode(b"latin-\xe9\xff.png"): (encoded(RGB, "PNG"), RGB),
    "one-pixel.png": (encoded(RGB[:1, :1], "PNG"), RGB[:1, :1]),
    "one-row.png": (black(20000, 1), np.zeros((1, 20000, 3))),
    "one-column.png": (black(1, 2**15), np.zeros((2**15, 1, 3))),
}


@pytest.mark.parametrize("name", PIXELS, ids=ascii)
def test_every_kind_is_decoded_as_a_viewer_shows_it(tmp_path: Path, name: str) -> None:
    content, pixels = PIXELS[name]
    (tmp_path / name).write_bytes(content)
    read = read_image(tmp_path / name)
    assert (read.dtype, read.shape) == (np.uint8, pixels.shape)
    np.testing.assert_allclose(read.astype(float), pixels, atol=1 if "alpha" in name or "rgba" in name else 0)
    assert image_size(tmp_path / name) == pixels.shape[1::-1]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"mode": "CMYK"}, {"mode": "L"}], ids=str)
def test_jpeg_of_every_kind_agrees_with_another_decoder(tmp_path: Path, options: dict) -> None:
    from platefuse.networks.common.keras2 import tf

    wave = np.indices((40, 60)).sum(0)[..., None] * 2 + [0, 40, 10]
    image = Image.fromarray(wave.astype(np.uint8)).convert(options.pop("mode", "RGB"))
    (tmp_path / "image.jpg").write_bytes(encoded(image, "JPEG", quality=95, subsampling=0, **options))
    read = read_image(tmp_path / "image.jpg").astype(int)
    # TensorFlow's decoder is another build of libjpeg with a faster transform.
    other = tf.io.decode_jpeg((tmp_path / "image.jpg").read_bytes(), channels=3).numpy().astype(int)
    assert np.abs(read - other).max() <= 4
    assert np.abs(read - np.asarray(image.convert("RGB")).astype(int)).max() <= 12


_TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG", "AVIF"])
@pytest.mark.parametrize("orientation", _TURNS)
def test_images_are_rotated_by_their_exif_orientation(tmp_path: Path, orientation: int, kind: str) -> None:
    corner = np.zeros((16, 24, 3), np.uint8)
    corner[:8, :8] = 255  # whole blocks, which JPEG keeps exactly
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned"
    exactly = {"WEBP": {"lossless": True}, "AVIF": {"quality": 100}}.get(kind, {})
    path.write_bytes(encoded(corner, kind, exif=exif, **exactly))
    np.testing.assert_array_equal(read_image(path), _TURNS[orientation](corner))
    assert image_size(path) == _TURNS[orientation](corner).shape[1::-1]


def test_a_file_of_several_jpegs_is_copied_as_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "stereo.jpg"
    views = [Image.new("RGB", (20, 10), colour) for colour in ("red", "blue")]
    views[0].save(path, "MPO", save_all=True, append_images=views[1:])
    assert read_encoded(path) == (path.read_bytes(), ".jpg")
    assert read_image(path)[5, 5, 0] > 200


def test_16_bits_where_0_is_white(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    path.write_bytes(encoded(Image.fromarray(DEEP[..., 0]), "TIFF", tiffinfo={262: 0}))
    np.testing.assert_array_equal(read_image(path), in_colour(255 - GRAY))


@pytest.mark.parametrize("malformed", MALFORMED, ids=lambda malformed: ascii(malformed.name))
def test_an_unreadable_file_is_named_in_a_sentence(tmp_path: Path, malformed: Malformed) -> None:
    path = tmp_path / malformed.name
    malformed.write(path)
    with pytest.raises(PlatefuseError) as raised:
        read_image(path)
    assert str(raised.value).startswith(f"{path} ")
    assert malformed.said in str(raised.value)
    assert str(raised.value).endswith(".") and not str(raised.value).endswith("..")


_READ_ALL = """
import sys
from pathlib import Path
from platefuse.data.images import read_image
for path in Path(sys.argv[1]).iterdir():
    try:
        read_image(path)
    except Exception as error:
        print(type(error).__name__)
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


def test_no_unreadable_file_takes_more_memory_than_the_largest_image(tmp_path: Path) -> None:
    for malformed in MALFORMED:
        malformed.write(tmp_path / malformed.name)
    read = subprocess.run([sys.executable, "-c", _READ_ALL, tmp_path], capture_output=True, text=True, timeout=120)
    *errors, kilobytes = read.stdout.split()
    assert errors == ["PlatefuseError"] * len(MALFORMED) and not read.stderr
    assert int(kilobytes) < 400_000


def test_a_folder_and_a_path_below_a_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, said in ((tmp_path, "it is a folder"), (tmp_path / "file" / "a.png", "Not a directory")):
        with pytest.raises(PlatefuseError, match=f"^{path} cannot be read as an image: {said}"):
            read_image(path)
    with pytest.raises(PlatefuseError, match=r"none\.png is missing\.$"):
        read_image(tmp_path / "none.png")


@contextmanager
def _unprivileged() -> Iterator[None]:
    """Drop root's right to read everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    path = tmp_path / "private.png"
    path.write_bytes(encoded(RGB, "PNG"))
    path.chmod(0)
    for folder in (tmp_path, *tmp_path.parents[:3]):  # pytest makes them private
        if folder.name.startswith(("test_", "pytest-")):
            folder.chmod(0o755)
    with (
        _unprivileged(),
        pytest.raises(PlatefuseError, match=r"private\.png cannot be read as an image: Permission denied\.$"),
    ):
        read_image(path)


def test_a_tag_that_no_pixel_depends_on_may_be_damaged(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content = bytearray(encoded(RGB, "TIFF", software="scanner, version 1"))
    tag = content.index(struct.pack("<HH", 305, 2))
    content[tag + 4 : tag + 8] = b"\xff" * 4  # as many characters
    (tmp_path / "scan.tif").write_bytes(content)
    reading = (
        "import sys; from pathlib import Path; from platefuse.data.images import read_image; "
        "read_image(Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", reading, tmp_path / "scan.tif"], check=True)
    assert capfd.readouterr().err == ""
    np.testing.assert_array_equal(read_image(tmp_path / "scan.tif"), RGB)


def test_a_folder_gives_every_file_with_an_image_suffix(tmp_path: Path) -> None:
    for malformed in MALFORMED:
        malformed.write(tmp_path / malformed.name)
    assert [path.name for path in find_images([tmp_path])] == sorted(malformed.name for malformed in MALFORMED)
