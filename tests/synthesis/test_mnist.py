"""MNIST: equal digits from every source, errors for every wrong file."""

import gzip
import http.server
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import platefuse
from platefuse.core.errors import PlatefuseError
from platefuse.synthesis import mnist

IMAGES = "train-images-idx3-ubyte"
LABELS = "train-labels-idx1-ubyte"


def _read_by_hand(folder: Path, split: str) -> tuple[np.ndarray, list[int]]:
    images = gzip.decompress((folder / f"{split}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / f"{split}-labels-idx1-ubyte.gz").read_bytes())
    count = int.from_bytes(images[4:8], "big")
    pixels = [[[images[16 + (i * 28 + y) * 28 + x] for x in range(28)] for y in range(28)] for i in range(count)]
    return np.array(pixels), list(labels[8:])


def test_the_embedded_digits_are_5000_of_500_a_class_white_on_black(embedded_digits):
    images, labels = embedded_digits
    assert (images.shape, images.dtype, labels.dtype) == ((5000, 28, 28), np.uint8, np.int64)
    assert np.bincount(labels).tolist() == [500] * 10
    assert images.max() == 255
    assert images[:, 0].max() == 0  # the frame is black
    assert (images > 127).mean() < 0.25


@pytest.mark.parametrize(("split", "count"), [("train", 200), ("t10k", 30)])
def test_a_split_holds_the_contents_of_its_files(tiny_mnist, split, count):
    images, labels = mnist.full(split)
    pixels, digits = _read_by_hand(tiny_mnist, split)
    assert (images.dtype, labels.dtype, len(labels)) == (np.uint8, np.int64, count)
    np.testing.assert_array_equal(images, pixels)
    assert labels.tolist() == digits


def test_packed_and_unpacked_files_give_the_same(tiny_mnist):
    packed = mnist.full("train")
    for name in (IMAGES, LABELS):
        archive = tiny_mnist / f"{name}.gz"
        (tiny_mnist / name).write_bytes(gzip.decompress(archive.read_bytes()))
        archive.unlink()
    unpacked = mnist.full("train")
    for one, other in zip(packed, unpacked, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_packers_settings_do_not_matter(tiny_mnist):
    archive = tiny_mnist / f"{LABELS}.gz"
    expected = mnist.full("train")[1]
    archive.write_bytes(gzip.compress(gzip.decompress(archive.read_bytes()), compresslevel=1, mtime=99))
    np.testing.assert_array_equal(mnist.full("train")[1], expected)


def _refusal() -> str:
    with pytest.raises(PlatefuseError) as refused:
        mnist.full("train")
    return str(refused.value)


def test_a_missing_file_is_named_with_the_remedy(tiny_mnist):
    (tiny_mnist / f"{LABELS}.gz").unlink()
    message = _refusal()
    assert f"MNIST_DIR is {tiny_mnist}, but {LABELS}.gz (or {LABELS}) is not in it" in message
    assert "unset MNIST_DIR" in message


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda archive: archive[:-200], "cannot be unpacked"),
        (lambda archive: archive[:5], "cannot be unpacked"),
        (lambda archive: b"", "is not MNIST's file, or is damaged"),
        (lambda archive: b"<html>", "cannot be unpacked"),
        (lambda archive: archive[:500] + bytes([archive[500] ^ 255]) + archive[501:], "cannot be unpacked"),
        (lambda archive: gzip.compress(gzip.decompress(archive)[:-1]), "is not MNIST's file, or is damaged"),
        (lambda archive: gzip.compress(gzip.decompress(archive)[:-1] + b"?"), "is not MNIST's file, or is damaged"),
    ],
    ids=["truncated", "header only", "empty", "a page", "flipped bits", "a byte short", "a byte altered"],
)
def test_a_damaged_archive_is_named_with_the_remedy(tiny_mnist, damage, expected):
    path = tiny_mnist / f"{IMAGES}.gz"
    path.write_bytes(damage(path.read_bytes()))
    message = _refusal()
    assert message.startswith(f"{path} {expected}")
    assert "replace it with the original" in message


def test_an_altered_unpacked_file_is_named(tiny_mnist):
    archive = tiny_mnist / f"{IMAGES}.gz"
    (tiny_mnist / IMAGES).write_bytes(gzip.decompress(archive.read_bytes()) + b"\0")
    archive.unlink()
    assert _refusal().startswith(f"{tiny_mnist / IMAGES} is not MNIST's file, or is damaged")


def test_a_relative_mnist_dir_counts_from_the_projects_root(tiny_mnist, tmp_path, monkeypatch):
    expected = mnist.full("train")[1]
    root = Path(platefuse.__file__).resolve().parents[1]
    monkeypatch.setenv("MNIST_DIR", os.path.relpath(tiny_mnist, root))
    elsewhere = tmp_path / "one" / "two"
    elsewhere.mkdir(parents=True)
    monkeypatch.chdir(elsewhere)
    np.testing.assert_array_equal(mnist.full("train")[1], expected)


def test_in_an_experiments_worktree_it_counts_from_the_surrounding_project(tmp_path):
    worktree = tmp_path / "project" / ".dvc" / "tmp" / "exps" / "one"
    shutil.copytree(
        Path(platefuse.__file__).parent, worktree / "platefuse", ignore=shutil.ignore_patterns("__pycache__")
    )
    run = subprocess.run(
        [sys.executable, "-c", "from platefuse.synthesis import mnist; mnist.full('train')"],
        env={**os.environ, "PYTHONPATH": str(worktree), "MNIST_DIR": "digits"},
        cwd=worktree,
        capture_output=True,
        text=True,
    )
    assert f"MNIST_DIR is {tmp_path / 'project' / 'digits'}, but" in run.stderr


@pytest.fixture
def mirror(tiny_mnist, monkeypatch):
    """Serve the tiny files as the mirror; `mirror.reply` changes the answers."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # the name http.server calls
            Handler.asked.append(self.path)
            status, length, body = Handler.reply((tiny_mnist / self.path[1:]).read_bytes())
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    Handler.asked = []
    Handler.reply = staticmethod(lambda archive: (200, len(archive), archive))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.delenv("MNIST_DIR")
    monkeypatch.setattr(mnist, "MIRROR", f"http://127.0.0.1:{server.server_port}/")
    yield Handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download_has_the_same_digits_and_is_cached(mirror, tiny_mnist, tmp_path):
    images, labels = mnist.full("train")
    pixels, digits = _read_by_hand(tiny_mnist, "train")
    np.testing.assert_array_equal(images, pixels)
    assert labels.tolist() == digits
    kept = sorted(path.name for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert kept == [f"{IMAGES}.gz", f"{LABELS}.gz"]
    mnist.full("train")
    assert mirror.asked == [f"/{IMAGES}.gz", f"/{LABELS}.gz"]  # once


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (lambda archive: (200, len(archive), archive[:-100]), "IncompleteRead"),
        (lambda archive: (200, len(archive) - 100, archive[:-100]), "does not match the known hash"),
        (lambda archive: (200, 6, b"<html>"), "does not match the known hash"),
        (lambda archive: (200, 20, gzip.compress(b"", mtime=0)), "does not match the known hash"),
        (lambda archive: (404, 0, b""), "404"),
    ],
    ids=["cut short", "shorter than the archive", "a page", "another archive", "not found"],
)
def test_a_bad_download_is_named_and_not_kept(mirror, tmp_path, reply, expected):
    mirror.reply = staticmethod(reply)
    message = _refusal()
    assert message.startswith(f"{mnist.MIRROR}{IMAGES}.gz cannot be downloaded (")
    assert expected in message
    assert "set MNIST_DIR to a folder with MNIST's four IDX files" in message
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_missing_home_folder_is_named(mirror, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "~")  # as it is expanded for a user of whom the system knows nothing
    with pytest.raises(PlatefuseError, match="no home folder to keep MNIST in: set XDG_CACHE_HOME"):
        mnist.full("train")


def test_a_failed_connection_is_named(tiny_mnist, monkeypatch):
    monkeypatch.delenv("MNIST_DIR")
    monkeypatch.setattr(mnist, "MIRROR", "http://127.0.0.1:9/")
    message = _refusal()
    assert message.startswith(f"http://127.0.0.1:9/{IMAGES}.gz cannot be downloaded (")
    assert message.endswith("set MNIST_DIR to a folder with MNIST's four IDX files.")


@pytest.mark.parametrize("damage", [lambda archive: archive[:-100], lambda archive: b""], ids=["truncated", "empty"])
def test_a_damaged_file_in_the_cache_is_downloaded_again(mirror, tmp_path, damage):
    expected = mnist.full("train")
    cached = next((tmp_path / "cache").rglob(f"{IMAGES}.gz"))
    cached.write_bytes(damage(cached.read_bytes()))
    for one, other in zip(mnist.full("train"), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert mirror.asked == [f"/{IMAGES}.gz", f"/{LABELS}.gz", f"/{IMAGES}.gz"]
