"""Runs a measurement in a process of its own, kept on its cores from the start: thread pools never change later."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.machine import pin, thread_environment
from benchmarks.subject import Subject
from platefuse.core.errors import PlatefuseError

ROOT = Path(__file__).resolve().parents[1]


def environment_of(cores: Sequence[int], **more: str) -> dict[str, str]:
    """The environment of a process that runs this folder's code with as many threads as cores."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | thread_environment(cores) | {"PYTHONPATH": path} | more


def measure(task: str, subject: Subject, cores: Sequence[int], **more: str) -> Any:
    """Run one of TASKS in a new process.

    Args:
        task: its name.
        subject: what to measure.
        cores: where to run.
        more: environment variables.

    Returns:
        What the task gave.

    Raises:
        PlatefuseError: if it failed; says why, if the user can mend it.
    """
    with TemporaryDirectory() as folder:
        order, answer = Path(folder) / "order.json", Path(folder) / "answer.json"
        order.write_text(json.dumps({"task": task, "cores": list(cores), "subject": subject.as_dict()}))
        command = [sys.executable, "-m", "benchmarks.child", str(order), str(answer)]
        ended = subprocess.run(command, env=environment_of(cores, **more))
        if ended.returncode or not answer.is_file():
            raise PlatefuseError(f"{subject.name}: measuring {task} failed; what it printed stands above.")
        return json.loads(answer.read_text())


def _main(order: Path, answer: Path) -> None:
    content = json.loads(order.read_text())
    pin(content["cores"])
    answer.write_text(json.dumps(run(content["task"], Subject.from_dict(content["subject"]), len(content["cores"]))))


def run(task: str, subject: Subject, cores: int) -> Any:
    """Run a task in this process; TensorFlow is loaded here and not before, when the process is on its cores."""
    if task == "reading":
        from benchmarks.reading import measure_reading

        return measure_reading(subject, cores)
    if task == "callers":
        from benchmarks.callers import measure_fused

        return measure_fused(subject)
    if task == "training":
        from benchmarks.training import measure_training

        return measure_training(subject)
    from benchmarks.others import measure_others

    return measure_others(subject, cores)


if __name__ == "__main__":
    try:
        _main(*map(Path, sys.argv[1:]))
    except PlatefuseError as error:
        sys.exit(f"bench: {error}")
