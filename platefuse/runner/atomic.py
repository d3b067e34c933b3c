"""Atomic writes: a file or folder appears complete, or not at all."""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeGuard

from platefuse.core.errors import PlatefuseError
from platefuse.core.tables import csv_text, json_text

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_MAX_NAME = 64  # bytes that a draft's name repeats: no file system has a lower limit than 143 for a name


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path; rename it to `path` on success.

    The block may create a file or a folder; a folder replaces the old one as a whole. If the block fails, `path` stays
    as it was.

    A file is replaced in one step. A folder takes two: the old one is set aside, then the new one is renamed. A process
    killed between the two steps leaves nothing under the name; the next `atomic_write` to it restores the old folder
    first (`recover`). Only one process may write a path at a time; the lock of a stage ensures that for its outputs.

    Args:
        path: the final name; missing parent folders are created.

    Yields:
        A path on the same file system, with the same name, that does not exist yet.

    Raises:
        PlatefuseError: if the disk is full, or the system refuses to write there; names `path`.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        recover(path)
        _workplace(path).mkdir()
        draft = Path(tempfile.mkdtemp(dir=_workplace(path))) / path.name
    except OSError as error:
        raise PlatefuseError(f"{path} cannot be written: {error.strerror}.") from None
    try:
        yield draft
        draft.lstat()  # a block that wrote nothing must not cost the old folder
        _flush(draft, *draft.rglob("*"))
        if path.is_dir() and not path.is_symlink():
            path.rename(_workplace(path) / "old")
        draft.replace(path)
        _flush(path.parent)
    except Exception as error:
        cause = error.__cause__ or error  # a file inside a folder has raised PlatefuseError already
        if _is_lack_of_room(cause):
            raise PlatefuseError(f"{path} cannot be written: no space is left on the disk.") from cause
        if _names_draft(error, path):  # a name that says nothing to whoever gave `path`
            raise PlatefuseError(f"{path} cannot be written: {error.strerror}.") from error
        raise
    finally:  # also after a signal, which may arrive between the two renames
        recover(path)


def recover(path: Path) -> None:
    """Undo an interrupted `atomic_write`: restore the old folder, remove the draft."""
    old = _workplace(path) / "old"
    if old.exists() and not path.exists():
        old.rename(path)
    shutil.rmtree(_workplace(path), ignore_errors=True)


def _workplace(path: Path) -> Path:
    """Return the hidden folder beside `path` that holds its draft.

    A long name is replaced by its hash: a file that may have a name may be written under it.
    """
    name = os.fsencode(path.name)
    kept = path.name if len(name) <= _MAX_NAME else hashlib.sha256(name).hexdigest()[:32]
    return path.with_name(f".{kept}.draft")


def _flush(*paths: Path) -> None:
    """Flush bytes to the disk.

    A power cut may spare a rename and lose the data.
    """
    if os.name == "nt":
        return  # Windows flushes neither folders nor files that are opened for reading
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _names_draft(error: Exception, path: Path) -> TypeGuard[OSError]:
    """Tell whether the system refused to write the draft of a path.

    A draft that is not there was not written by the block.
    """
    if not isinstance(error, OSError) or isinstance(error, FileNotFoundError):
        return False
    return isinstance(error.filename, (str, Path)) and _workplace(path) in Path(error.filename).parents


def _is_lack_of_room(error: BaseException) -> bool:
    """Tell whether an error is a full disk or quota.

    TensorFlow and HDF5 report them in text only.
    """
    return getattr(error, "errno", None) in _NO_ROOM or os.strerror(errno.ENOSPC) in str(error)


def write_json(path: Path, content: Any) -> None:
    """Write `content` atomically as `json_text` formats it."""
    with atomic_write(path) as draft:
        draft.write_text(json_text(content), encoding="utf-8")


def write_csv(path: Path, header: list[str] | None, rows: list[list[Any]]) -> None:
    """Write rows atomically as `csv_text` formats them; `header` None writes no header."""
    with atomic_write(path) as draft:
        draft.write_text(csv_text(rows if header is None else [header, *rows]), encoding="utf-8", newline="")
