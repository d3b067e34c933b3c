"""Processes that end when the process they depend on ends."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

_PAUSE = 0.2  # seconds between two polls


def on_exit_of(pid: int, act: Callable[[], object]) -> None:
    """Call `act` in a separate thread when another process has ended.

    The way in which it ended does not matter.
    """

    def watch() -> None:
        with suppress(psutil.NoSuchProcess):
            other = psutil.Process(pid)
            while other.is_running() and other.status() != psutil.STATUS_ZOMBIE:
                time.sleep(_PAUSE)
        act()

    threading.Thread(target=watch, daemon=True).start()


def exit_with_parent() -> None:
    """Send this process SIGTERM when the parent DVC process ends.

    DVC itself would leave its stage running. A stage started by hand is not affected.
    """
    if "DVC_STAGE" in os.environ:
        with suppress(psutil.Error):
            ancestors = psutil.Process().parents()  # a shell in between has the variable too
            dvc = next((p.pid for p in ancestors if "DVC_STAGE" not in p.environ()), None)
            if dvc:
                on_exit_of(dvc, lambda: os.kill(os.getpid(), signal.SIGTERM))


def start_worker(parent: int) -> None:
    """Initialise a worker process: it ends at once when its parent ends."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not the handler inherited from the parent
    on_exit_of(parent, lambda: os._exit(1))
