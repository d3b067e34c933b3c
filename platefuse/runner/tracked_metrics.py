"""Metrics that git tracks, kept when a stage fails.

DVC removes a stage's outputs before it starts the stage. A stage that stops, at a wrong parameter for example, would
leave the tracked ones deleted. Outputs in DVC's cache need no such care: the next run or `dvc checkout` restores them.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

FOLDER = "metrics"


@contextmanager
def restore_if_failed() -> Iterator[None]:
    """Restore deleted metrics from git if the stage fails under DVC.

    A stage that was started by hand has lost no outputs: nothing is restored.
    """
    try:
        yield
    except BaseException:
        if "DVC_STAGE" in os.environ:
            with suppress(OSError, subprocess.CalledProcessError):  # no git, or no repository
                _restore_deleted()
        raise


def _restore_deleted() -> None:
    listed = ["git", "ls-files", "-z", "--deleted", "--", FOLDER]
    deleted = subprocess.run(listed, check=True, capture_output=True).stdout
    subprocess.run(["git", "checkout-index", "-z", "--stdin"], check=True, capture_output=True, input=deleted)
