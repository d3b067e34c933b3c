"""What every stage script does first: run this checkout's own code, and repeat itself to the byte.

Importing this module puts the folder above stages/ first on the import path: a stage of an experiment's
worktree must not run the library of the workspace it was branched from, even if that one is installed.
It also starts Python again with PYTHONHASHSEED=0 unless it is that already: it can only be set before Python
starts, and the bytes of a SavedModel depend on it.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

if os.environ.get("PYTHONHASHSEED") != "0":
    os.environ["PYTHONHASHSEED"] = "0"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])

# TensorFlow chooses oneDNN by itself on some processors only; a training step takes a third less time with it. Here
# and not in the library: its convolutions cannot take a batch of no images, which a caller may give.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from platefuse.runner.processes import exit_with_parent
from platefuse.runner.stage import run_stage

exit_with_parent()  # before a stage imports what takes seconds


def run(stage: Callable[[], None]) -> None:
    """Run a stage under the name of its script."""
    run_stage(Path(sys.argv[0]).stem, stage)
