"""Which files are taken for images: by name, or by their first bytes."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from platefuse.data.image_kinds import KINDS, SUFFIXES, UNREAD_SUFFIXES, images_below, looks_like_image
from platefuse.data.images import read_image
from tests.helpers.malformed_images import encoded, noise

RGB = noise(6, 7)


def test_every_suffix_that_pillow_gives_a_kind_is_an_images() -> None:
    written = {suffix for suffix, kind in Image.registered_extensions().items() if kind in (*KINDS, "MPO")}
    assert written == SUFFIXES >= {".jfif", ".jpe", ".mpo", ".avif", ".jp2", ".apng"}
    assert not SUFFIXES & UNREAD_SUFFIXES


def test_no_kind_is_read_whose_decoder_starts_a_program_or_is_not_needed() -> None:
    assert set(KINDS) <= {"AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "TIFF", "WEBP"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_is_known_by_its_first_bytes(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "scan.0001"
    path.write_bytes(encoded(RGB, kind))
    assert looks_like_image(path)
    np.testing.assert_array_equal(read_image(path).shape, RGB.shape)


@pytest.mark.parametrize("content", [b"", b"BMW of a neighbour", b"image,text\n", b"PK\3\4", b"GIF", b"\xff\xfeA\0"])
def test_other_files_do_not_look_like_images(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "notes").write_bytes(content)
    os.mkfifo(tmp_path / "pipe")
    assert not any(map(looks_like_image, [tmp_path / "notes", tmp_path / "pipe", tmp_path, tmp_path / "nothing"]))


def test_images_are_found_at_any_depth_and_hidden_ones_left_out(tmp_path: Path) -> None:
    for name in ("b.heic", "a/c.JPG", "a/notes.txt", "a/.d.png", ".cache/e.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.relative_to(tmp_path).as_posix() for path in images_below(tmp_path)] == ["a/c.JPG", "b.heic"]
