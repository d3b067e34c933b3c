"""Processes that are not to outlive others."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

_PAUSE = 0.2  # seconds between two looks


def on_exit_of(pid: int, act: Callable[[], object]) -> None:
    """Call a function, in a thread of its own, when another process has ended, however it ended."""

    def watch() -> None:
        with suppress(psutil.NoSuchProcess):
            other = psutil.Process(pid)
            while other.is_running() and other.status() != psutil.STATUS_ZOMBIE:
                time.sleep(_PAUSE)
        act()

    threading.Thread(target=watch, daemon=True).start()


def exit_with_parent() -> None:
    """Have this process get a SIGTERM when the DVC ends that runs it as a stage: DVC alone would leave it behind.

    A stage that was started by hand outlives its shell, if the shell lets it.
    """
    if "DVC_STAGE" in os.environ:
        with suppress(psutil.Error):
            ancestors = psutil.Process().parents()  # a shell may be between the two, and has the variable too
            dvc = next((p.pid for p in ancestors if "DVC_STAGE" not in p.environ()), None)
            if dvc:
                on_exit_of(dvc, lambda: os.kill(os.getpid(), signal.SIGTERM))


def start_worker(parent: int) -> None:
    """What a worker process does first: it ends with its parent at once, whatever the parent does about signals."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    on_exit_of(parent, lambda: os._exit(1))
