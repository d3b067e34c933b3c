"""Run a measurement in a separate process.

The process is pinned before any thread pool starts.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.machine import pin, thread_environment
from benchmarks.model_under_test import ModelUnderTest
from platefuse.core.errors import PlatefuseError

ROOT = Path(__file__).resolve().parents[1]


def environment_of(cores: Sequence[int], **variables: str) -> dict[str, str]:
    """Environment of a process that runs this checkout, one thread per core."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | thread_environment(cores) | {"PYTHONPATH": path} | variables


def run_worker(task: str, model: ModelUnderTest, cores: Sequence[int], **variables: str) -> Any:
    """Run a task in a new process.

    Args:
        task: `reading`, `callers`, `training` or `peers`.
        model: what to measure.
        cores: where to run.
        variables: additional environment variables.

    Returns:
        The task's result.

    Raises:
        PlatefuseError: if the process fails; its own output says why.
    """
    with TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", "benchmarks.worker", task, model.model_dump_json(), json.dumps([*cores])]
        process = subprocess.run([*command, str(result)], env=environment_of(cores, **variables))
        if process.returncode or not result.is_file():
            raise PlatefuseError(f"{model.name}: measuring {task} failed; see its output above.")
        return json.loads(result.read_text())


def run_task(task: str, model: ModelUnderTest, cores: int) -> Any:
    """Run a task in this process.

    TensorFlow is imported only here, after pinning.
    """
    return importlib.import_module(f"benchmarks.{task}").measure(model, cores)


def _main(task: str, model: str, cores: str, result: str) -> None:
    pin(json.loads(cores))
    content = run_task(task, ModelUnderTest.model_validate_json(model), len(json.loads(cores)))
    Path(result).write_text(json.dumps(content))


if __name__ == "__main__":
    try:
        _main(*sys.argv[1:])
    except PlatefuseError as error:
        sys.exit(f"bench: {error}")
