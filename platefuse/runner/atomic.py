"""Writing files so that a half-written one never carries the final name."""

import errno
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from platefuse.core.errors import PlatefuseError
from platefuse.core.tables import csv_text, json_text
from platefuse.runner.locks import lock_folder

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DRAFT = ".draft-"
_RANDOM = 8  # characters that tempfile.mkdtemp ends a name with


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to, and rename it to `path` if the block succeeds.

    The block may make a file or a folder of the temporary path; a folder replaces the old one whole. If the block
    fails, what it wrote is removed and `path` is as it was.

    The draft lies in a folder `.NAME.draft-…` of its own beside `path`, which this process holds (`runner.locks`).
    What a killed process has left is removed by the next one that writes into the same folder; what a living one is
    writing is let be.

    A file takes its name in one step. A folder cannot where an old one has it: the old one is set aside into the
    draft's folder, and then the new one is renamed. Both are whole and on the disk by then. A process killed between
    the two steps leaves nothing under the name, which nobody can take for finished, and the next process that writes
    into the same folder brings the old one back before it does anything else.

    Args:
        path: the final name; its parent folders are made if they are missing.

    Yields:
        A path in the same folder, with the same suffix, that does not exist yet.

    Raises:
        PlatefuseError: if there is no room for it, or no right to write there; names `path`.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _recover(path.parent.resolve())
        workplace, lock = _make_workplace(path)
    except OSError as error:
        raise PlatefuseError(f"{path} cannot be written: {error.strerror}.") from None
    try:
        draft = workplace / "new" / path.name
        yield draft
        draft.lstat()  # a block that wrote nothing must not cost the old folder
        _flush(draft)
        if path.is_dir() and not path.is_symlink():
            path.rename(workplace / "old" / path.name)
        draft.replace(path)
        _flush(path.parent, whole=False)
    except Exception as error:
        cause = error.__cause__ or error  # of a file in the folder
        if not _is_lack_of_room(cause):
            raise
        raise PlatefuseError(f"{path} cannot be written: no room is left where it is to be.") from cause
    finally:  # of a signal, too, which may come between the two renames
        _clear(workplace)
        if lock is not None:
            os.close(lock)


def _make_workplace(path: Path) -> tuple[Path, int | None]:
    """Make a folder for a draft and what it replaces; give it and what holds it."""
    while True:
        workplace = Path(tempfile.mkdtemp(prefix=f".{path.name}{_DRAFT}", dir=path.parent))
        with suppress(FileNotFoundError):  # another process that heals may be quicker
            lock = lock_folder(workplace, wait=True)
            for name in ("new", "old"):
                (workplace / name).mkdir()
            return workplace, lock


@functools.cache  # once a process: a folder may get thousands of files
def _recover(folder: Path) -> None:
    """Remove the drafts that killed processes have left in a folder, and bring back what they had set aside."""
    for workplace in folder.glob(f".*{_DRAFT}*"):
        with suppress(OSError):  # lock by a living process, or gone
            lock = lock_folder(workplace, wait=False)
            if lock is None:
                continue
            if _is_workplace(workplace):
                _clear(workplace)
            os.close(lock)


def _is_workplace(folder: Path) -> bool:
    """Tell a draft's folder from somebody's own of a like name: it holds `new` and `old`, or not even them yet."""
    random = folder.name.rpartition(_DRAFT)[2]
    return len(random) == _RANDOM and {entry.name for entry in folder.iterdir()} <= {"new", "old"}


def _clear(workplace: Path) -> None:
    """Remove a draft's folder; what was set aside into it and has not been replaced gets its name back."""
    for old in workplace.glob("old/*"):
        if not (workplace.parent / old.name).exists():
            old.rename(workplace.parent / old.name)
    shutil.rmtree(workplace, ignore_errors=True)


def _flush(path: Path, whole: bool = True) -> None:
    """Have the bytes on the disk before the name is: a rename may survive a crash that its data does not."""
    for entry in [path, *(path.rglob("*") if whole else ())]:
        descriptor = os.open(entry, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_lack_of_room(error: BaseException) -> bool:
    """Whether the disk is full, or a quota; TensorFlow and HDF5 say so in text alone."""
    return getattr(error, "errno", None) in _NO_ROOM or os.strerror(errno.ENOSPC) in str(error)


def write_json(path: Path, content: Any) -> None:
    """Write `content` as `json_text` gives it."""
    with atomic_write(path) as draft:
        draft.write_text(json_text(content), encoding="utf-8")


def write_csv(path: Path, header: list[str] | None, rows: list[list[Any]]) -> None:
    """Write rows as `csv_text` gives them; `header` may be None for a file without one."""
    with atomic_write(path) as draft:
        draft.write_text(csv_text(rows if header is None else [header, *rows]), encoding="utf-8", newline="")
