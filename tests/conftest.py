"""Shared set-up of tests: repeatable properties, a miniature MNIST, the pipeline's first run.

A test is marked `slow` where it trains, builds large graphs, or starts processes: `make test-quick` leaves those out.
"""

import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# As the stages have it (stages/start.py), and before TensorFlow loads: the trainings that a test runs itself use the
# stages' kernels too, with workers and without, and what a command chooses for itself reaches no stage a test starts.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from platefuse.synthesis import mnist
from tests.helpers.pipeline import FirstRun, run_once

settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("quick", settings.get_profile("repeatable"), max_examples=10)
settings.load_profile("repeatable")

# The files that take longest, so that no worker comes to one of them when the others are done. The docs' is the
# last of them: what tests/pipeline/test_pipeline.py has run by then, it takes from DVC's cache.
_LONGEST = [
    "pipeline/test_pipeline.py",
    "benchmarks/test_benchmarks.py",
    "export/test_export.py",
    "pipeline/test_soak.py",
    "networks/classification/test_training.py",
    "networks/detection/test_training.py",
    "cli/test_main.py",
    "pipeline/test_docs.py",
    "synthesis/test_folder.py",
    "fusion/test_saved_model.py",
    "fusion/test_graph.py",
    "pipeline/test_wheel.py",
]
# Folders and files whose every test is slow; elsewhere the tests themselves are marked.
_SLOW = [
    "benchmarks",
    "cli/test_main.py",
    "cli/test_read.py",
    "cli/test_score.py",
    "cli/test_serve.py",
    "examples",
    "export",
    "fusion",
    "inference",
    "networks",
    "pipeline/test_docs.py",
    "pipeline/test_pipeline.py",
    "pipeline/test_release.py",
    "pipeline/test_soak.py",
    "pipeline/test_wheel.py",
    "serving",
    "test_public_api.py",
]
_TESTS = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "slow: trains, builds large graphs or starts processes; not in `make test-quick`"
    )
    if _is_quick(config):
        settings.load_profile("quick")


def _is_quick(config: pytest.Config) -> bool:
    return config.option.markexpr == "not slow"


def _is_slow(path: Path) -> bool:
    return any(path == place or place in path.parents for place in (_TESTS / name for name in _SLOW))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no module of slow tests where none is asked for: most load TensorFlow."""
    return True if _is_quick(config) and _is_slow(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {name: rank for rank, name in enumerate(_LONGEST)}
    for item in items:
        if _is_slow(item.path) or "first_run" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: ranks.get(item.path.relative_to(_TESTS).as_posix(), len(ranks)))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what all workers share; `once` fills it."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def first_run(shared: Path) -> FirstRun:
    """The pipeline after its first run, one for all workers: copy it."""
    return run_once(shared / "first-run")


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
            archive = gzip.compress(packed, mtime=0)
            (folder / f"{name}.gz").write_bytes(archive)
            monkeypatch.setitem(mnist.CHECKSUMS, name, hashlib.sha256(packed).hexdigest())
            monkeypatch.setitem(mnist.ARCHIVE_CHECKSUMS, f"{name}.gz", hashlib.sha256(archive).hexdigest())
    monkeypatch.setenv("MNIST_DIR", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    return folder
