"""Silence for what TensorFlow and LiteRT print while they load.

Their C++ code writes to file descriptor 2, and some of it before any log level counts.
"""

import faulthandler
import os
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_FATAL_ONLY = "3"  # the other errors that matter are raised as exceptions
_NOTICE = re.compile(
    rb"[IWE]\d{4} \d\d:|"  # absl's lines: severity and day, time
    rb"\d{4}-\d\d-\d\d \S+: [IWE] |"  # TensorFlow's older form
    rb"WARNING: All log messages before absl::InitializeLog|"
    rb"INFO: (Created|Initialized) TensorFlow Lite"
)
_ONE_AT_A_TIME = threading.RLock()  # two threads would restore each other's output


@contextmanager
def notices_dropped() -> Iterator[None]:
    """Drop the log lines of the block's C++ code.

    All other lines are printed at its end. If the block fails, every line is printed. If the process crashes in it,
    Python says where. Whoever sets TF_CPP_MIN_LOG_LEVEL to another level than 3 sees every line at once.
    """
    wanted = os.environ.setdefault(LEVEL, _FATAL_ONLY) == _FATAL_ONLY
    with _ONE_AT_A_TIME, ExitStack() as stack:
        try:
            if wanted:
                held = stack.enter_context(tempfile.TemporaryFile())
                errors = stack.enter_context(os.fdopen(os.dup(2), "wb"))
        except OSError:  # the error output is closed, or there is no place for temporary files
            wanted = False
        if not wanted:
            yield
            return
        if not faulthandler.is_enabled():
            faulthandler.enable(errors)
            stack.callback(faulthandler.disable)
        os.dup2(held.fileno(), 2)
        lines: Iterable[bytes] = held
        try:
            yield
            lines = (line for line in held if not _NOTICE.match(line))
        finally:
            os.dup2(errors.fileno(), 2)
            held.seek(0)
            errors.writelines(lines)
