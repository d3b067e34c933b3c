"""Runner of stages: one process at a time, clean ends, error sentences.

A stage ends cleanly after a signal too.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from platefuse.core.errors import PlatefuseError
from platefuse.runner.tracked_metrics import restore_if_failed

CHECKPOINTS = Path(".checkpoints")
_PID = "process"


def run_stage(name: str, work: Callable[[], None]) -> None:
    """Run a stage in the current folder.

    If it fails, the process ends with a sentence.

    - While another process runs the same stage in the same folder, this one waits.
    - SIGTERM ends it like an exception: drafts are removed, checkpoints stay.
    - When the work is done, its checkpoints are removed.
    - When it fails under DVC, the tracked metrics that DVC removed before come back from git.
    - Errors that the user can fix, lack of memory and disk errors become a sentence and exit status 1.

    Args:
        name: the stage's name; `.checkpoints/NAME` is its folder of checkpoints.
        work: does the stage's work.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with restore_if_failed(), _exclusive(name):
            work()
    except PlatefuseError as error:
        sys.exit(f"{name}: {error}")
    except OSError as error:
        sys.exit(f"{name}: {error.filename or 'The disk'} failed: {error.strerror or error}.")
    except KeyboardInterrupt:
        _leave(128 + signal.SIGINT)
    except SystemExit as end:
        _leave(end.code if isinstance(end.code, int) else 1)
    except Exception as error:
        # ResourceExhaustedError is TensorFlow's, which not every stage imports.
        if not isinstance(error, MemoryError) and type(error).__name__ != "ResourceExhaustedError":
            raise
        sys.exit(f"{name}: There is not enough memory{f': {error}' * bool(str(error))}.")


def _leave(status: int) -> None:
    """End the process without waiting for its threads and workers.

    They may be busy for minutes.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


@contextmanager
def _exclusive(name: str) -> Iterator[None]:
    """Hold the stage's lock.

    On success, the stage's checkpoints are removed. On failure, only an empty folder of checkpoints is removed.
    """
    folder = CHECKPOINTS / name
    lock = _acquire(name)
    try:
        folder.mkdir(exist_ok=True)
        (folder / _PID).write_text(str(os.getpid()), encoding="ascii")
        yield
    except BaseException:
        (folder / _PID).unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()
        raise
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        with suppress(OSError):  # before the release: afterwards the file may be another process's lock
            Path(lock.lock_file).unlink()
            CHECKPOINTS.rmdir()
        lock.release()


def _acquire(name: str) -> FileLock:
    """Acquire the stage's lock; wait while another process holds it.

    Waiting is announced once.
    """
    lock = FileLock(CHECKPOINTS / f"{name}.lock")
    waiting = False
    while True:
        try:
            lock.acquire(blocking=waiting)
            return lock
        except (FileNotFoundError, FileExistsError):
            # The process that held it has ended and removed the folder, perhaps while filelock was making it.
            if CHECKPOINTS.is_file():
                raise
        except Timeout:
            print(f"{name} still runs here as {_holder(name)}: waiting for it to end.", file=sys.stderr, flush=True)
            waiting = True


def _holder(name: str) -> str:
    try:
        return f"process {(CHECKPOINTS / name / _PID).read_text(encoding='ascii')}"
    except OSError:
        return "another process"
