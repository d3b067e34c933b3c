"""Expansion of folders to image files."""

import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.inference.image_files import find_images


def _touch(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def test_find_images_expands_folders(tmp_path):
    _touch(
        tmp_path,
        "b.png",
        "a.JPG",
        "c.tiff",
        "d.webp",
        "._b.png",
        ".hidden.png",
        "notes.txt",
        "e.bmp",
        "f.Jpeg",
        "g.heic",
        "h.jfif",
    )
    (tmp_path / "i.jpg_original").write_bytes(b"\xff\xd8\xff\xe1")
    _touch(tmp_path / "deeper.png", "g.png")
    names = [path.name for path in find_images([tmp_path])]
    assert names == ["a.JPG", "b.png", "c.tiff", "d.webp", "e.bmp", "f.Jpeg", "g.heic", "h.jfif", "i.jpg_original"]


def test_find_images_takes_files_as_given_and_each_once(tmp_path):
    _touch(tmp_path, "b.png", "a.png", "photo")
    found = find_images([tmp_path / "photo", tmp_path / "b.png", tmp_path])
    assert [path.name for path in found] == ["photo", "b.png", "a.png"]


def test_find_images_names_what_is_wrong(tmp_path):
    with pytest.raises(PlatefuseError, match=r"nowhere\.png does not exist"):
        find_images([tmp_path / "nowhere.png"])
    _touch(tmp_path / "set", "truth.csv")
    with pytest.raises(PlatefuseError, match=r"set has no images in it .*\.$"):
        find_images([tmp_path / "set"])
    _touch(tmp_path / "set" / "images", "a.png")
    with pytest.raises(PlatefuseError, match=r"Did you mean .*images\?"):
        find_images([tmp_path / "set"])
