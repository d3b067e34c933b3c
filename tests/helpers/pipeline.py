"""The project in another folder, with parameters small enough to run the whole pipeline in a test."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from dvc.repo import Repo

from tests.helpers import dvc, stages
from tests.helpers.imports import ROOT
from tests.helpers.once import once

SMALL: dict[str, dict[str, Any]] = {
    "synth": {
        "val_share": 0.45,  # few digits are left for training, and that is quick
        "test_share": 0.45,
        "height": 64,
        "width": 128,
        "train": 8,
        "val": 4,
        "test": 6,
        "count": [1, 3],
        "size": [24, 40],
    },
    "detector": {
        "input_size": [64, 128],
        "backbone_width": 4,
        "pyramid_width": 8,
        "head_width": 8,
        "head_depth": 0,
        "epochs": 1,
        "steps": 2,
        "batch_size": 2,
    },
    "classifier": {"architecture": "dense", "width": 16, "epochs": 1, "batch_size": 256},
    "fuse": {"max_characters": 4, "score_threshold": 0.0},  # so little training finds boxes that score next to nothing
    "evaluate": {"pictured": 4},
}
_MADE_BY_RUNS = re.compile(r"dvc\.lock|metrics/|pipelines/|released/")  # nested pipelines are of no concern here


class Pipeline:
    """A copy of the project, a git repository of its own.

    Args:
        folder: where it is.
        warm: whether its stages start with TensorFlow imported.
    """

    def __init__(self, folder: Path, warm: bool = False) -> None:
        self.folder = folder
        self.params = folder / "params.yaml"
        self.warm = warm
        self.environment = _environment(folder.parent)
        if warm:
            self.environment["PATH"] = f"{stages.started()}{os.pathsep}{self.environment['PATH']}"

    @classmethod
    def make(cls, folder: Path) -> "Pipeline":
        """Make one, with everything that git tracks or would track, and small parameters."""
        self = cls(folder)
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        files = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in files.split("\0"):
            if (ROOT / name).is_file() and not _MADE_BY_RUNS.match(name):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        content = yaml.safe_load(self.params.read_text(encoding="utf-8"))
        for section, values in SMALL.items():
            content[section] |= values
        self.params.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        self.git("init", "-q")
        self.commit("The project")
        return self

    def copy(self, folder: Path, warm: bool = True) -> "Pipeline":
        """Copy it as it is, what runs have made and DVC's settings with it."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Pipeline(folder, warm)

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end. Its streams are files: a worker that dvc leaves behind would hold a pipe open."""
        variables = self.environment | environment
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            if Path(command[0]).name == "dvc":
                status = dvc.call(command[1:], self.folder, variables, out.fileno(), err.fileno())
            else:
                ended = subprocess.run(command, cwd=self.folder, env=variables, stdout=out, stderr=err, timeout=900)
                status = ended.returncode
            for stream in (out, err):
                stream.seek(0)
            return subprocess.CompletedProcess(command, status, out.read(), err.read())

    def git(self, *arguments: str) -> str:
        ended = self.run("git", *arguments)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "-q", "-m", message)

    def dvc(self, *arguments: str, **environment: str) -> str:
        """Run dvc, which must succeed, and give what it prints on both streams."""
        ended = self.run(DVC, *arguments, **environment)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    @contextmanager
    def repo(self) -> Iterator[Repo]:
        """DVC called here rather than started, which takes a second a time."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            with Repo() as repo:
                yield repo

    def value(self, parameter: str) -> Any:
        section, name = parameter.split(".")
        return yaml.safe_load(self.params.read_text(encoding="utf-8"))[section][name]

    def change(self, parameter: str, value: Any) -> None:
        """Change one parameter in params.yaml by its full name; others stay as they are."""
        content = yaml.safe_load(self.params.read_text(encoding="utf-8"))
        section, name = parameter.split(".")
        assert content[section][name] != value, f"{parameter} is {value} already"
        content[section][name] = value
        self.params.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def restore(self) -> None:
        """Bring every file back to the last commit, data and models of the root pipeline with it."""
        self.git("checkout", "-q", "--", ".")
        self.git("clean", "-fdq")
        with self.repo() as repo:
            repo.checkout(["dvc.yaml"], force=True)

    # --- what dvc.yaml says

    @property
    def stages(self) -> dict[str, dict[str, Any]]:
        return yaml.safe_load((self.folder / "dvc.yaml").read_text(encoding="utf-8"))["stages"]

    def outs(self, stage: str) -> list[str]:
        content = self.stages[stage]
        entries = [entry for kind in ("outs", "metrics", "plots") for entry in content.get(kind, [])]
        return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]

    def edges(self) -> set[tuple[str, str]]:
        """Pairs of a stage and one that reads what it makes."""
        makers = {out: name for name in self.stages for out in self.outs(name)}
        return {(makers[dep], name) for name, s in self.stages.items() for dep in s["deps"] if dep in makers}

    def stage_of(self, section: str) -> str:
        return next(name for name, stage in self.stages.items() if section in stage["params"])

    def followers(self, stage: str) -> set[str]:
        """The stage, and all that read what it makes, directly or through others."""
        found, pending = set(), [stage]
        while pending:
            name = pending.pop()
            found.add(name)
            pending += [reader for maker, reader in self.edges() if maker == name]
        return found


DVC = str(Path(sys.executable).parent / "dvc")


# Python runs a module of this name at its start. It notes every file of the project that a stage opens.
_NOTE_WHAT_IS_OPENED = """
import atexit, json, os, sys

opened = set()

def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.add(os.path.realpath(arguments[0]))

def write():
    folder, files = os.path.realpath(os.environ["PROJECT"]), [file for file in opened if os.path.isfile(file)]
    with open(f"{os.environ['NOTES']}/{os.path.basename(sys.argv[0])}.json", "w") as notes:
        json.dump(sorted(os.path.relpath(file, folder) for file in files if file.startswith(folder + os.sep)), notes)

if any(argument.startswith("stages/") for argument in sys.orig_argv):
    sys.addaudithook(note)
    atexit.register(write)
"""


class FirstRun(NamedTuple):
    """A pipeline that was run once and committed, what DVC printed, and the files that each stage opened."""

    pipeline: Pipeline
    output: str
    opened: dict[str, set[str]]


def run_once(home: Path) -> FirstRun:
    """Make and run a pipeline in a folder, once for all workers.

    It is for copying. Copies share DVC's cache: what one of them has run, the others have from there.
    """
    once(home, _run_first)
    notes = json.loads((home / "opened.json").read_text())
    opened = {stage: set(files) for stage, files in notes.items()}
    return FirstRun(Pipeline(home / "project"), (home / "output.txt").read_text(), opened)


def _run_first(home: Path) -> None:
    pipeline, hook = Pipeline.make(home / "project"), home / "hook"
    pipeline.dvc("config", "--local", "cache.dir", str(home / "cache"))
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(_NOTE_WHAT_IS_OPENED)
    output = pipeline.dvc("repro", PYTHONPATH=str(hook), NOTES=str(hook), PROJECT=str(pipeline.folder))
    (home / "output.txt").write_text(output)
    pipeline.commit("The first run")
    notes = {path.name.removesuffix(".py.json"): json.loads(path.read_text()) for path in hook.glob("*.json")}
    (home / "opened.json").write_text(json.dumps(notes))


def results(folder: Path) -> dict[str, bytes]:
    """The bytes of a pipeline's dvc.lock, which holds the hash of every output, and of everything in metrics/."""
    files = [folder / "dvc.lock", *sorted((folder / "metrics").rglob("*"))]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files if path.is_file()}


def ran(output: str) -> list[str]:
    """The stages that DVC says it ran, in order."""
    return re.findall(r"Running stage '(\w+)'", output)


def from_run_cache(output: str) -> list[str]:
    """The stages whose outputs DVC says it had from an earlier run."""
    return re.findall(r"Stage '(\w+)' is cached - skipping run", output)


def _environment(home: Path) -> dict[str, str]:
    """The environment without what the user's own git and DVC settings could change."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "DVC_", "PYTHON"))}
    who = {f"GIT_{role}_{what}": "test@localhost" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return (
        kept
        | who
        | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",  # so that reading a module is reading its .py file
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "DVC_NO_ANALYTICS": "1",
            "DVC_GLOBAL_CONFIG_DIR": str(home / "dvc-global"),
            "DVC_SYSTEM_CONFIG_DIR": str(home / "dvc-system"),
            "DVC_SITE_CACHE_DIR": str(home / "dvc-site"),
        }
    )
