"""Kill stages, and dvc itself, at random moments; after each kill `dvc repro` must end with the bytes of a whole run.

It works in a copy of the project with the tests' small parameters, but with epochs enough to be stopped between them.
Before each kill the stage's outputs are removed, from DVC's cache too, so that DVC has to run the stage.
"""

import argparse
import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml
from tqdm import tqdm

from platefuse.cli.common import file_path
from tests.helpers.pipeline import DVC, Pipeline

STAGES = ["synth", "train_detector", "train_classifier", "fuse", "evaluate"]
LARGER = {"detector.epochs": 10, "detector.steps": 20, "classifier.epochs": 25, "classifier.architecture": "slim"}
_POLL = 0.02  # seconds


@dataclass(frozen=True)
class Kill:
    """A victim, a signal, and the delay in seconds after the stage has started."""

    stage: str
    victim: str  # stage | dvc
    signal: signal.Signals
    after: float


@dataclass(frozen=True)
class Outcome:
    """The outcome of a kill.

    Attributes:
        kill: the kill.
        hit: the victim was still running.
        resumed: the next run went on from an epoch of this one.
        waited: the next run had to wait for this one's stage.
        different: outputs whose bytes changed, and other failures; empty after a clean recovery.
    """

    kill: Kill
    hit: bool
    resumed: bool
    waited: bool
    different: list[str]


def plan(kills: int, seconds: dict[str, float], seed: int) -> list[Kill]:
    """Spread kills over the stages' running times, each at random in a slice of its own."""
    rng = random.Random(seed)
    kinds = [(victim, number) for number in (signal.SIGKILL, signal.SIGTERM) for victim in ("stage", "dvc")]
    order = [kinds[i % len(kinds)] for i in range(kills)]
    rng.shuffle(order)
    planned = []
    for index, (victim, number) in enumerate(order):
        moment = (index + rng.random()) / kills * sum(seconds.values())
        for stage, length in seconds.items():
            if moment < length or stage == STAGES[-1]:
                planned.append(Kill(stage, victim, number, moment))
                break
            moment -= length
    rng.shuffle(planned)
    return planned


def strike(pipeline: Pipeline, kill: Kill) -> Outcome:
    """Have DVC run a stage, kill one of the two, run DVC again, and compare; the pipeline must be up to date."""
    before = _hashes(pipeline)
    _forget(pipeline, kill.stage)
    dvc = _start(pipeline, "repro")
    process = _stage_of(dvc)
    if process is None:
        return Outcome(kill, False, False, False, [f"dvc did not run the stage:\n{_log(pipeline).read_text()}"])
    time.sleep(kill.after)
    hit = dvc.poll() is None if kill.victim == "dvc" else process.is_running()
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        (dvc if kill.victim == "dvc" else process).send_signal(kill.signal)
    dvc.wait()
    ended = pipeline.run(DVC, "repro")
    said = ended.stdout + ended.stderr
    different = [] if ended.returncode == 0 else [f"dvc repro failed:\n{said}"]
    after = _hashes(pipeline)
    different += [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
    different += [f"{path.name} was left behind" for path in _debris(pipeline)]
    return Outcome(kill, hit, "Resuming after epoch" in said, "still runs here" in said, different)


def _start(pipeline: Pipeline, *arguments: str) -> subprocess.Popen:
    with _log(pipeline).open("w") as stream:
        return subprocess.Popen(
            [DVC, *arguments],
            cwd=pipeline.folder,
            env=pipeline.environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _log(pipeline: Pipeline) -> Path:
    return pipeline.folder.parent / "interrupted.txt"


def _stage_of(dvc: subprocess.Popen) -> psutil.Process | None:
    """Wait for the stage's own process; None if dvc ends without any."""
    parent = psutil.Process(dvc.pid)
    while dvc.poll() is None:
        with suppress(psutil.Error):
            for child in parent.children(recursive=True):
                # stages/start.py starts Python again with that variable set
                if any(word.startswith("stages/") for word in child.cmdline()) and "PYTHONHASHSEED" in child.environ():
                    return child
        time.sleep(_POLL)
    return None


def _forget(pipeline: Pipeline, stage: str) -> None:
    """Remove a stage's outputs, and what DVC's cache has of them."""
    cache = pipeline.folder / ".dvc" / "cache"
    shutil.rmtree(cache / "runs", ignore_errors=True)
    for out in yaml.safe_load((pipeline.folder / "dvc.lock").read_text())["stages"][stage]["outs"]:
        _object(cache, out["md5"]).unlink(missing_ok=True)
        path = pipeline.folder / out["path"]
        (shutil.rmtree if path.is_dir() else Path.unlink)(path)


def _object(cache: Path, md5: str) -> Path:
    return cache / "files" / "md5" / md5[:2] / md5[2:]


def _hashes(pipeline: Pipeline) -> dict[str, str]:
    """The SHA-256 of dvc.lock and of every file in every output."""
    outs = [pipeline.folder / out for stage in STAGES for out in pipeline.outs(stage)]
    files = [file for out in outs for file in ([out] if out.is_file() else sorted(out.rglob("*"))) if file.is_file()]
    names = [pipeline.folder / "dvc.lock", *files]
    return {str(f.relative_to(pipeline.folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in names}


def _debris(pipeline: Pipeline) -> list[Path]:
    """Drafts and checkpoints that are still there after all is done."""
    folders = [pipeline.folder, *(pipeline.folder / name for name in ("data", "data/plates", "models", "metrics"))]
    return [path for folder in folders for pattern in (".*.draft", ".checkpoints") for path in folder.glob(pattern)]


def _whole_run(pipeline: Pipeline) -> dict[str, float]:
    """Run the pipeline, and give how many seconds each stage took."""
    seconds = {}
    for stage in STAGES:
        dvc = _start(pipeline, "repro", "-s", stage)
        process = _stage_of(dvc)
        start = time.monotonic()
        while process and process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(_POLL)
        seconds[stage] = time.monotonic() - start
        if dvc.wait() != 0:
            sys.exit(f"The uninterrupted run failed in {stage}:\n{_log(pipeline).read_text()}")
    return seconds


def _row(o: Outcome) -> str:
    notes = ["hit" if o.hit else "had ended", *["went on from an epoch"] * o.resumed, *["waited"] * o.waited]
    notes.append("DIFFERENT: " + ", ".join(o.different) if o.different else "same bytes")
    return f"{o.kill.stage:<17} {o.kill.victim:<7} {o.kill.signal.name} {o.kill.after:6.1f}s  {', '.join(notes)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1, help="of which process is killed when")
    parser.add_argument("--json", type=file_path, metavar="FILE", help="file for the outcomes, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as home:
        pipeline = Pipeline.make(Path(home) / "project")
        for parameter, value in LARGER.items():
            pipeline.change(parameter, value)
        kills = plan(options.kills, _whole_run(pipeline), options.seed)
        print("stage             victim  signal   after  outcome", flush=True)
        outcomes = []
        for kill in tqdm(kills, desc="kills", unit="kill", disable=None):
            outcomes.append(strike(pipeline, kill))
            tqdm.write(_row(outcomes[-1]))
    bad = sum(bool(o.different) for o in outcomes)
    print(
        f"\n{len(outcomes)} kills, {sum(o.hit for o in outcomes)} of a running process; "
        f"{sum(o.resumed for o in outcomes)} trainings went on from an epoch, {sum(o.waited for o in outcomes)} runs "
        f"waited for an orphan; {bad} ended with other bytes."
    )
    if options.json:
        options.json.write_text(json.dumps([{**vars(o), "kill": vars(o.kill)} for o in outcomes], indent=2))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
