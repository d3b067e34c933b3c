"""Folders that one process holds."""

import subprocess
import sys

import pytest

from platefuse.runner.locks import lock_folder
from tests.helpers.imports import ROOT

HOLD = """
import sys, time
from pathlib import Path
from platefuse.runner.locks import lock_folder

lock_folder(Path(sys.argv[1]), wait=True)
print("held", flush=True)
time.sleep(60)
"""


def hold_elsewhere(folder) -> subprocess.Popen:
    """Start a process that holds a folder until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, folder], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def test_a_folder_is_held_until_the_process_that_holds_it_is_killed(tmp_path):
    process = hold_elsewhere(tmp_path)
    with pytest.raises(BlockingIOError):
        lock_folder(tmp_path, wait=False)
    process.kill()
    process.wait()
    assert lock_folder(tmp_path, wait=False) is not None


def test_who_waits_gets_it_when_it_is_free_and_hears_if_it_is_gone(tmp_path):
    folder = tmp_path / "held"
    folder.mkdir()
    process = hold_elsewhere(folder)
    waiting = subprocess.Popen([sys.executable, "-c", HOLD, folder], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(1)
    folder.rmdir()
    process.kill()
    process.wait()
    assert waiting.wait(30) == 1
    assert "FileNotFoundError" in waiting.stderr.read()
