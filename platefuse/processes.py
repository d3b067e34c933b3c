"""Processes that are not to outlive the one that started them."""

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>


def end_with_parent(by: signal.Signals) -> None:
    """Have the system send this process a signal when the one that started it ends, however it ends.

    Linux alone can; elsewhere nothing happens. A parent that has ended before the call is not noticed.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(by))


def start_worker() -> None:
    """What a worker process does first: it ends with its parent at once, whatever the parent does about signals."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent(signal.SIGKILL)
