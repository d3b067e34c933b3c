"""Description of this machine, and processes pinned to some of its cores."""

import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("tensorflow", "tf-keras", "keras-retinanet", "numpy", "pillow", "onnxruntime", "tf2onnx", "rapidocr")


def cores_of(setting: str) -> list[int]:
    """Cores for the setting `one` or `all`.

    Only cores that this process may use count.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    return cores[:1] if setting == "one" else cores


def pin(cores: Sequence[int]) -> None:
    """Pin this process to cores.

    Without system support, only thread counts limit the process.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


@contextmanager
def pinned(cores: Sequence[int]) -> Iterator[None]:
    """Pin this process within a `with` block."""
    before = cores_of("all")
    pin(cores)
    try:
        yield
    finally:
        pin(before)


def thread_environment(cores: Sequence[int]) -> dict[str, str]:
    """Environment variables for one thread per core in TensorFlow and OpenMP (Tesseract)."""
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OMP_THREAD_LIMIT")
    return dict.fromkeys(names, str(len(cores)))


def describe() -> dict[str, Any]:
    """Processor, cores, memory, system and versions, without names of machine or folders."""
    return {
        "processor": _processor(),
        "cores": len(cores_of("all")),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {package: _version(package) for package in PACKAGES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
