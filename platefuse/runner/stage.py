"""What surrounds a stage's work: one process at a time, an end that leaves nothing half done, errors as sentences."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from platefuse.core.errors import PlatefuseError
from platefuse.runner.locks import lock_folder

CHECKPOINTS = Path(".checkpoints")
_HOLDER = "process"


def run_stage(name: str, work: Callable[[], None]) -> None:
    """Do a stage's work in the working folder, and end the process with what is to be said if it fails.

    - While another process runs the same stage in the same folder, it waits.
    - SIGTERM ends it as an exception would: drafts are removed, checkpoints stay.
    - When the work is done, its checkpoints are removed.
    - An error that the user can mend, no memory and a disk that fails become a sentence and exit status 1.

    Args:
        name: the stage's; `.checkpoints/NAME` is lock meanwhile.
        work: what it does.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with _alone(name):
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
        # the second is TensorFlow's, which not every stage loads
        if not isinstance(error, MemoryError) and type(error).__name__ != "ResourceExhaustedError":
            raise
        sys.exit(f"{name}: There is not enough memory{f': {error}' * bool(str(error))}.")


def _leave(status: int) -> None:
    """End the process without waiting for its threads and workers, which have work for minutes."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Hold a stage's folder of checkpoints; remove it if the stage comes to its end, and otherwise if it is empty."""
    folder = CHECKPOINTS / name
    lock = _hold(folder, name)
    try:
        (folder / _HOLDER).write_text(str(os.getpid()), encoding="ascii")
        yield
    except BaseException:
        (folder / _HOLDER).unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()
        raise
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        with suppress(OSError):
            CHECKPOINTS.rmdir()
        if lock is not None:
            os.close(lock)


def _hold(folder: Path, name: str) -> int | None:
    waited = False
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return lock_folder(folder, wait=waited)
        except FileNotFoundError:
            pass  # whoever lock it is done, and has removed it
        except BlockingIOError:
            print(f"{name} still runs here as {_holder(folder)}: waiting for it to end.", file=sys.stderr, flush=True)
            waited = True


def _holder(folder: Path) -> str:
    try:
        return f"process {(folder / _HOLDER).read_text(encoding='ascii')}"
    except OSError:
        return "another process"
