"""Start time, memory and speed of whole processes, measured from outside.

The measuring process must stay small and without TensorFlow: after exec, Linux counts its memory towards the new
program's peak.
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

from benchmarks.machine import pinned
from benchmarks.model_under_test import TRAINED, ModelUnderTest, linked_folder
from benchmarks.timing import summarise
from benchmarks.worker import environment_of
from platefuse.core.errors import PlatefuseError

FOLDERS = (100, 1_000, 10_000)
_UNIT = 2**20 if sys.platform == "darwin" else 2**10  # of ru_maxrss per MiB


@dataclass(frozen=True)
class Run:
    """Measurements of a process that printed one line per image.

    Attributes:
        first: seconds from its start to the first line.
        rest: seconds from the first line to the last.
        lines: the number of lines.
        peak: its peak memory in MiB.
    """

    first: float
    rest: float
    lines: int
    peak: float


def run(command: Sequence[str], cores: Sequence[int]) -> Run:
    """Run a command on some cores; measure output times and memory.

    Raises:
        PlatefuseError: if it fails or prints nothing.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as errors:
        with pinned(cores):  # inherited by the new process
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=environment_of(cores))
        assert process.stdout is not None
        times = [time.perf_counter() - start for _ in process.stdout]
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode or not times:
            errors.seek(0)
            raise PlatefuseError(f"{' '.join(command[:4])} failed: {errors.read().strip()[-500:]}")
    return Run(times[0], times[-1] - times[0], len(times), usage.ru_maxrss / _UNIT)


def _platefuse_read(fused: Path, images: Path) -> list[str]:
    return [sys.executable, "-u", "-m", "platefuse", "read", str(images), "--model", str(fused)]


def measure_start(model: ModelUnderTest, cores: Sequence[int]) -> dict[str, Any]:
    """Measure seconds until the first reading, and peak memory, by row.

    Memory is in MiB.
    """
    with linked_folder(model, 1) as folder:
        [image] = folder.iterdir()
        commands = {"fused": _platefuse_read(model.fused, image)}
        if model.source == TRAINED:
            module = [sys.executable, "-u", "-m", "benchmarks.first_reading"]
            commands["predict_glue"] = [*module, str(model.pipeline), str(image)]
        runs: dict[str, list[Run]] = {name: [] for name in commands}
        turns = list(commands.items()) * (1 if model.quick else 3)
        for name, command in tqdm(turns, desc=f"{model.name}: starting", disable=None):
            runs[name].append(run(command, cores))
    return {
        name: {
            "first_reading_seconds": summarise([each.first for each in of_row]),
            "peak_memory_mib": summarise([each.peak for each in of_row]),
        }
        for name, of_row in runs.items()
    }


def measure_folders(model: ModelUnderTest, cores: Sequence[int]) -> dict[str, Any]:
    """Measure images per second and peak memory of `platefuse read` on folders."""
    result = {}
    for count in tqdm((20,) if model.quick else FOLDERS, desc=f"{model.name}: folders", disable=None):
        with linked_folder(model, count) as folder:
            measured = run(_platefuse_read(model.fused, folder), cores)
        if measured.lines != count:
            raise PlatefuseError(f"{model.name}: only {measured.lines} of {count} images were read.")
        result[str(count)] = {"images_per_second": (count - 1) / measured.rest, "peak_memory_mib": measured.peak}
    return result
