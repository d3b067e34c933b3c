"""Processes as their users start them, measured from outside: until the first reading, memory, and whole folders.

The process that measures must stay small and without TensorFlow: Linux counts what a process held before it became
another program as that program's peak.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.child import environment_of
from benchmarks.machine import pinned
from benchmarks.subject import TRAINED, Subject, linked_folder
from benchmarks.timing import summarise
from platefuse.core.errors import PlatefuseError

FOLDERS = (100, 1_000, 10_000)
_UNIT = 2**20 if sys.platform == "darwin" else 2**10  # of ru_maxrss, in a MiB


@dataclass(frozen=True)
class Run:
    """A process that printed a line for each image.

    Attributes:
        first: seconds from its start to the first line.
        rest: seconds from the first line to the last.
        lines: how many.
        peak: the most memory it held, MiB.
    """

    first: float
    rest: float
    lines: int
    peak: float


def run(command: Sequence[str], cores: Sequence[int]) -> Run:
    """Run a command on those cores, and watch what it prints and holds.

    Raises:
        PlatefuseError: if it fails or prints nothing.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as complaints:
        with pinned(cores):  # which the new process inherits
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, env=environment_of(cores))
        assert process.stdout is not None
        times = [time.perf_counter() - start for _ in process.stdout]
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode or not times:
            complaints.seek(0)
            raise PlatefuseError(f"{' '.join(command[:4])} failed: {complaints.read().strip()[-500:]}")
    return Run(times[0], times[-1] - times[0], len(times), usage.ru_maxrss / _UNIT)


def _platefuse_read(model: Path, images: Path) -> list[str]:
    return [sys.executable, "-u", "-m", "platefuse", "read", str(images), "--model", str(model)]


def measure_start(subject: Subject, cores: Sequence[int]) -> dict[str, Any]:
    """Seconds from the start of a process to its first reading, and its peak memory in MiB, by row."""
    with linked_folder(subject, 1) as folder:
        [image] = folder.iterdir()
        commands = {"fused": _platefuse_read(subject.fused, image)}
        if subject.source == TRAINED:
            glue = [sys.executable, "-u", "-m", "benchmarks.first_reading", str(subject.pipeline), str(image)]
            commands["predict_glue"] = glue
        runs: dict[str, list[Run]] = {name: [] for name in commands}
        turns = list(commands.items()) * (1 if subject.quick else 3)
        for name, command in tqdm(turns, desc=f"{subject.name}: starting", disable=None):
            runs[name].append(run(command, cores))
    return {
        name: {
            "first_reading_seconds": summarise([one.first for one in of_row]).as_dict(),
            "peak_memory_mib": summarise([one.peak for one in of_row]).as_dict(),
        }
        for name, of_row in runs.items()
    }


def measure_folders(subject: Subject, cores: Sequence[int]) -> dict[str, Any]:
    """`platefuse read` on folders of 100, 1,000 and 10,000 images: images a second after the first, peak memory."""
    result = {}
    for number in tqdm((20, 40) if subject.quick else FOLDERS, desc=f"{subject.name}: folders", disable=None):
        with linked_folder(subject, number) as folder:
            done = run(_platefuse_read(subject.fused, folder), cores)
        if done.lines != number:
            raise PlatefuseError(f"{subject.name}: of {number} images {done.lines} were read.")
        result[str(number)] = {"images_per_second": (number - 1) / done.rest, "peak_memory_mib": done.peak}
    return result
