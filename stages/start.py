"""Set-up of every stage script: this checkout's code, reproducible outputs.

Importing this module puts the folder above stages/ first on the import path: a stage in the worktree of an experiment
must not import an installed platefuse from another checkout.

It also restarts Python with PYTHONHASHSEED=0 if necessary: the bytes of a SavedModel depend on it, and it must be set
before Python starts.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

if os.environ.get("PYTHONHASHSEED") != "0":
    os.environ["PYTHONHASHSEED"] = "0"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])

# TensorFlow enables oneDNN by default on some processors only; it makes a training step a third faster. It is not
# enabled in the library, because its convolutions fail on an empty batch, which a caller may pass.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from platefuse.runner.processes import exit_with_parent
from platefuse.runner.stage import run_stage

exit_with_parent()  # before the slow imports of a stage


def run(stage: Callable[[], None]) -> None:
    """Run a stage, named after its script."""
    run_stage(Path(sys.argv[0]).stem, stage)
