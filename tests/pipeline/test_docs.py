"""The README's commands, run word by word in a copy of the project with small parameters."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from platefuse.cli.main import main
from tests.helpers.imports import ROOT
from tests.helpers.pipeline import FirstRun, Pipeline, from_run_cache, ran

README = (ROOT / "README.md").read_text(encoding="utf-8")
ELSEWHERE = {
    "make": "CI runs make test and make repro; tests/pipeline/test_setup.py checks that each target exists",
    "MNIST_DIR": "needs the 70,000 digits, which are not part of the project",
    "released/plates": "tests/pipeline/test_release.py pulls a released model in a clone and reads with it",
}


def commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines), lines
    return [line.removeprefix("$ ").split("  #")[0].strip() for line in lines]


def first_word(command: str) -> str:
    return re.split(r"[ =]", command)[0]


@pytest.fixture(scope="module")
def pipeline(first_run: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The pipeline after its first run. Its runs share a cache with those of tests/pipeline/test_pipeline.py."""
    return first_run.pipeline.copy(tmp_path_factory.mktemp("readme") / "project")


def run(pipeline: Pipeline, command: str) -> str:
    ended = pipeline.run(*shlex.split(command))
    assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
    return ended.stdout + ended.stderr


def rerun(output: str) -> set[str]:
    """The stages that DVC ran, or had from the cache."""
    return {*ran(output), *from_run_cache(output)}


def test_every_command_works_in_the_order_given(pipeline: Pipeline) -> None:
    before_the_conflict = commands()[: commands().index("git checkout --theirs dvc.lock")]
    here = [command for command in before_the_conflict if not any(word in command for word in ELSEWHERE)]
    assert {first_word(command) for command in here} == {"dvc", "git", "platefuse"}
    printed = {command: run(pipeline, command) for command in here}
    assert "fuse.score_threshold" in printed["dvc params diff"]
    assert rerun(printed["dvc exp run -S fuse.score_threshold=0.7"]) == {"fuse", "evaluate"}
    assert rerun(printed["dvc exp run -S detector.epochs=10 -n shorter"]) == {"train_detector", "fuse", "evaluate"}
    assert "shorter" in printed["dvc exp show --only-changed"]
    assert pipeline.git("diff", "--name-only", "params.yaml"), "an applied experiment is in the workspace"
    pipeline.restore()


def test_the_serving_script_needs_tensorflow_alone(
    pipeline: Pipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (script,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in script.splitlines() if line.strip()]) <= 10
    blocked = "import sys\nfor name in ('platefuse', 'keras_retinanet', 'tf_keras'):\n    sys.modules[name] = None\n"
    (tmp_path / "serve.py").write_text(blocked + script, encoding="utf-8")
    image = pipeline.folder / "data/plates/test/images/000000.png"
    model = str(pipeline.folder / "models/fused")
    arguments = [sys.executable, "serve.py", model, str(image)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert main(["read", str(image), "--model", model]) == 0
    read = capsys.readouterr().out.split("\t")[1]
    assert ended.stdout.split(" ")[0] == read != ""


def test_a_conflict_in_dvc_lock_is_settled_as_described(pipeline: Pipeline) -> None:
    ours = pipeline.git("branch", "--show-current").strip()
    pipeline.git("branch", "other")
    for branch, parameter, value in (("other", "evaluate.iou_threshold", 0.6), (ours, "fuse.score_threshold", 0.7)):
        pipeline.git("checkout", "-q", branch)
        pipeline.restore()
        pipeline.change(parameter, value)
        pipeline.dvc("repro")
        pipeline.commit(f"Change {parameter}")
    merge = pipeline.run("git", "merge", "other")
    assert merge.returncode != 0
    assert "dvc.lock" in pipeline.git("diff", "--name-only", "--diff-filter=U")
    pipeline.git("checkout", "--theirs", "metrics")  # pictures and numbers are made anew below
    start = commands().index("git checkout --theirs dvc.lock")
    for command in commands()[start : start + 3]:
        run(pipeline, command)
    pipeline.git("add", "--all")
    pipeline.git("commit", "-q", "-m", "Merge")
    assert "up to date" in pipeline.dvc("repro")
    assert pipeline.git("status", "--short") == ""


def test_everything_the_readme_links_to_exists() -> None:
    prose = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", prose) if not link.startswith("http")]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
