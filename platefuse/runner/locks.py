"""Folders that one process holds, and that the system frees when the process ends, however it ends."""

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def lock_folder(path: Path, wait: bool) -> int | None:
    """Hold a folder for this process and those that it forks.

    Args:
        path: the folder.
        wait: until it is free; otherwise a folder that is lock is an error.

    Returns:
        The descriptor that holds it: it is free again when all processes that have it have ended or closed it. None
        where the file system, or the system, knows no locks.

    Raises:
        FileNotFoundError: if it is not there, or whoever lock it has removed it.
        BlockingIOError: if another process holds it, and `wait` is false.
    """
    if fcntl is None:
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
        raise FileNotFoundError(path)
    except (FileNotFoundError, BlockingIOError):
        os.close(descriptor)
        raise
    except OSError:
        os.close(descriptor)
        return None
