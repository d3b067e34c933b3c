"""What several test modules need: repeatable property tests, and MNIST in miniature."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from platefuse.characters import mnist

settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("repeatable")


def _idx(values: np.ndarray) -> bytes:
    """Give an IDX file of unsigned bytes: two zeros, type 8, the number of axes, each axis' length, the values."""
    sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
    return bytes([0, 0, 8, values.ndim]) + sizes + values.tobytes()


def _digits(each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(10, dtype=np.uint8), each))
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 4:25, 5:22] = rng.integers(256, size=(len(labels), 21, 17))
    return images, labels


@pytest.fixture(scope="session")
def embedded_digits() -> tuple[np.ndarray, np.ndarray]:
    """The 5,000 digits, read once."""
    return mnist.embedded()


@pytest.fixture
def tiny_mnist(tmp_path, monkeypatch) -> Path:
    """A folder of four packed files that pass for MNIST's: 200 and 30 digits, noise in a black frame."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    for split, each, seed in (("train", 20, 0), ("t10k", 3, 1)):
        images, labels = _digits(each, seed)
        for name, content in ((f"{split}-images-idx3-ubyte", images), (f"{split}-labels-idx1-ubyte", labels)):
            packed = _idx(content)
            (folder / f"{name}.gz").write_bytes(gzip.compress(packed, mtime=0))
            monkeypatch.setitem(mnist.CHECKSUMS, name, hashlib.sha256(packed).hexdigest())
    monkeypatch.setenv("MNIST_DIR", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    return folder
