"""Stages: one runs at a time, and killed and failed ones leave nothing half done."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.helpers.imports import ROOT

# A stage that writes "half" into a draft, prints "writing", and completes the draft once a file "go" exists.
WORK = """
import os, signal, time
from pathlib import Path
from platefuse.runner.atomic import atomic_write
from platefuse.runner.processes import exit_with_parent
from platefuse.runner.stage import run_stage

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start without it
exit_with_parent()

def work():
    Path(".checkpoints/work/kept").write_text("")
    with atomic_write(Path("out")) as draft:
        draft.mkdir()
        (draft / "a").write_text("half")
        print("writing", flush=True)
        while not Path("go").exists():
            time.sleep(0.01)
        (draft / "a").write_text("whole")

run_stage("work", work)
"""


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "DVC_STAGE"} | {"PYTHONPATH": str(ROOT)}


def start(folder: Path, code: str = WORK, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_writing(folder: Path) -> subprocess.Popen[str]:
    process = start(folder)
    assert process.stdout and process.stdout.readline() == "writing\n"
    return process


def content(folder: Path) -> dict[str, str]:
    """Every file's text by its path."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def finish(folder: Path, process: subprocess.Popen[str]) -> str:
    """Let a stage run to its end; return its error output."""
    (folder / "go").touch()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    (folder / "go").unlink()
    return said


def test_a_finished_stage_leaves_only_its_output(tmp_path):
    assert finish(tmp_path, start_writing(tmp_path)) == ""
    assert content(tmp_path) == {"out/a": "whole"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_second_stage_names_the_process_it_waits_for_and_runs_after_it(tmp_path):
    first = start_writing(tmp_path)
    second = start(tmp_path)
    assert second.stderr and second.stdout
    said = second.stderr.readline()
    assert said == f"work still runs here as process {first.pid}: waiting for it to end.\n"
    assert second.poll() is None
    (tmp_path / "go").touch()
    first.communicate(timeout=60)
    (tmp_path / "go").unlink()  # whether or not the second has seen it
    assert second.stdout.readline() == "writing\n"
    assert finish(tmp_path, second) == ""
    assert content(tmp_path) == {"out/a": "whole"}


def test_a_killed_stage_leaves_a_draft_that_the_next_removes(tmp_path):
    process = start_writing(tmp_path)
    process.kill()
    process.wait()
    left = content(tmp_path)
    assert set(left.values()) == {"", "half", str(process.pid)}
    assert not (tmp_path / "out").exists()
    finish(tmp_path, start_writing(tmp_path))
    assert content(tmp_path) == {"out/a": "whole"}


def test_a_killed_stage_frees_the_one_that_waits_for_it(tmp_path):
    first = start_writing(tmp_path)
    second = start(tmp_path)
    assert second.stderr and second.stdout
    assert "still runs here" in second.stderr.readline()
    first.kill()
    first.wait()
    assert second.stdout.readline() == "writing\n"
    assert finish(tmp_path, second) == ""
    assert content(tmp_path) == {"out/a": "whole"}


def test_stages_that_start_together_run_one_after_the_other(tmp_path):
    log = """
from pathlib import Path
from platefuse.runner.stage import run_stage

def work():
    with Path("log").open("a") as log:
        for word in ("begin", "end"):
            print(word, file=log, flush=True)

run_stage("work", work)
"""
    for process in [start(tmp_path, log) for _ in range(6)]:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert (tmp_path / "log").read_text().split() == ["begin", "end"] * 6
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_terminated_stage_removes_its_draft_and_keeps_its_checkpoints(tmp_path, number):
    process = start_writing(tmp_path)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (128 + number, "")
    assert content(tmp_path) == {".checkpoints/work/kept": ""}


def test_the_draft_of_a_running_stage_is_left_alone(tmp_path):
    process = start_writing(tmp_path)
    write = (
        "from pathlib import Path; from platefuse.runner.atomic import write_json; write_json(Path('other.json'), 1)"
    )
    subprocess.run([sys.executable, "-c", write], cwd=tmp_path, env=environment(), check=True)
    finish(tmp_path, process)
    assert content(tmp_path) == {"out/a": "whole", "other.json": "1\n"}


def test_an_old_folder_set_aside_by_a_killed_process_is_restored(tmp_path):
    between = """
import os
from pathlib import Path
from platefuse.runner.atomic import atomic_write

Path("out").mkdir()
Path("out/a").write_text("old")
Path.replace = lambda *_: os.abort()  # the second of the two renames
with atomic_write(Path("out")) as draft:
    draft.mkdir()
    (draft / "a").write_text("new")
"""
    process = start(tmp_path, between)
    assert process.wait(60) == -signal.SIGABRT
    assert not (tmp_path / "out").exists()
    fail = """
from pathlib import Path
from platefuse.runner.atomic import atomic_write

with atomic_write(Path("out")) as draft:
    print(Path("out/a").read_text())
    raise SystemExit(3)
"""
    process = start(tmp_path, fail)
    assert process.communicate(timeout=60) == ("old\n", "")
    assert process.returncode == 3
    assert content(tmp_path) == {"out/a": "old"}


def wait_until(ended: psutil.Process) -> None:
    """Wait until a process that is not our child has ended."""
    for _ in range(500):
        if not ended.is_running() or ended.status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.02)
    raise AssertionError("it still runs")


# Starts a stage, prints its process id, and waits for it, as DVC does.
PARENT = """
import os, subprocess, sys

*command, variable = sys.argv[1:]
stage = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {variable: "work"})
stage.stdout.readline()
print(stage.pid, flush=True)
stage.wait()
"""
# Some shells replace themselves with a single command; with two commands every shell waits.
COMMANDS = {
    "itself": [sys.executable, "-c", WORK],
    "a shell": ["/bin/sh", "-c", '"$0" -c "$1"; true', sys.executable, WORK],
}


def start_parent(folder: Path, command: list[str], variable: str) -> tuple[subprocess.Popen[str], psutil.Process]:
    """Start a process that starts a stage with this environment variable; return both."""
    parent = start(folder, PARENT, *command, variable)
    assert parent.stdout
    started = psutil.Process(int(parent.stdout.readline()))
    return parent, (started.children() or [started])[0]


@pytest.mark.parametrize("through", COMMANDS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stage_ends_when_dvc_is_killed(tmp_path, number, through):
    dvc, stage = start_parent(tmp_path, COMMANDS[through], "DVC_STAGE")
    dvc.send_signal(number)
    dvc.wait()
    wait_until(stage)
    assert content(tmp_path) == {".checkpoints/work/kept": ""}


def test_a_stage_that_was_started_by_hand_outlives_its_shell(tmp_path):
    shell, stage = start_parent(tmp_path, COMMANDS["itself"], "ANOTHER")
    shell.kill()
    shell.wait()
    time.sleep(0.2)
    assert stage.is_running()
    (tmp_path / "go").touch()
    wait_until(stage)
    (tmp_path / "go").unlink()
    assert content(tmp_path) == {"out/a": "whole"}


def test_workers_end_with_the_process_that_started_them(tmp_path):
    code = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from platefuse.runner.processes import start_worker

with ProcessPoolExecutor(2, initializer=start_worker, initargs=(os.getpid(),)) as pool:
    list(pool.map(abs, range(4)))
    print(*pool._processes, flush=True)
    time.sleep(60)
"""
    process = start(tmp_path, code)
    workers = [psutil.Process(int(word)) for word in process.stdout.readline().split()]
    assert workers
    process.kill()
    process.wait()
    for worker in workers:
        wait_until(worker)


FAILURES = {
    "raise MemoryError": "work: There is not enough memory.\n",
    "import numpy; numpy.empty(1 << 55)": "work: There is not enough memory: Unable to allocate 256. PiB",
    "from platefuse.core.errors import PlatefuseError; raise PlatefuseError('It is so.')": "work: It is so.\n",
    "raise OSError(5, 'Input/output error', 'images.zip')": "work: images.zip failed: Input/output error.\n",
    # No file may exceed 10,000 bytes: this acts like a full disk.
    """import resource, numpy
    from pathlib import Path
    from platefuse.runner.atomic import atomic_write
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
    with atomic_write(Path('data/set')) as folder:
        folder.mkdir()
        with atomic_write(folder / 'a.npz') as draft:
            numpy.savez(draft, a=numpy.zeros(9_000))""": (
        "work: data/set cannot be written: no space is left on the disk.\n"
    ),
}


@pytest.mark.parametrize("failing", FAILURES)
def test_a_failure_becomes_a_sentence_and_leaves_nothing(tmp_path, failing):
    code = f"from platefuse.runner.stage import run_stage\n\ndef work():\n    {failing}\n\nrun_stage('work', work)"
    process = start(tmp_path, code)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith(FAILURES[failing]), said
    assert "Traceback" not in said
    assert content(tmp_path) == {}


def test_an_output_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "data").write_text("a file where a folder should be")
    code = "from pathlib import Path; from platefuse.runner.atomic import write_json\n"
    code += "from platefuse.runner.stage import run_stage\n"
    process = start(tmp_path, code + "run_stage('work', lambda: write_json(Path('data/a.json'), 1))")
    _, said = process.communicate(timeout=60)
    assert said.startswith("work: data/a.json cannot be written: ")
