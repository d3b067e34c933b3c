"""tools/compare_run.py, which compares a run with the last commit's for `make repro`, and for CI."""

import json
import re
import runpy
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helpers.imports import ROOT

main = runpy.run_path(str(ROOT / "tools" / "compare_run.py"))["main"]

METRICS = {
    "detector": {"average_precision_50": 0.99, "anchor_coverage": 1.0},
    "evaluation": {"exact_match": 0.97, "detector": {"average_precision_50": 0.995}},
}
AGREES = "The run agrees with the last commit's: "
IDENTITY = {f"GIT_{role}_{what}": "test@localhost" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def write_run(
    folder: Path,
    data: str = "aa.dir",
    model: str = "bb",
    code: str = "cc.dir",
    seed: int = 1,
    metrics: dict[str, Any] = METRICS,
    missing: tuple[str, ...] = (),
) -> None:
    """Write dvc.lock and metrics/ of a pipeline that has run; a missing metric is declared and not there."""
    (folder / "metrics").mkdir(parents=True, exist_ok=True)
    synth = {
        "deps": [{"path": "platefuse/core", "md5": code}],
        "params": {"params.yaml": {"synth": {"seed": seed}}},
        "outs": [{"path": "data/plates", "md5": data}],
    }
    train = {
        "deps": [{"path": "data/plates", "md5": data}],
        "outs": [{"path": "models/detector.h5", "md5": model}],
    }
    for name, content in metrics.items():
        text = json.dumps(content)
        (folder / "metrics" / f"{name}.json").write_text(text)
        train["outs"].append({"path": f"metrics/{name}.json", "md5": text})
    for name in missing:
        (folder / "metrics" / f"{name}.json").unlink()
    stages = {"synth": synth, "train_detector": train}
    (folder / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose only pipeline has run and is committed."""
    for name, value in (IDENTITY | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    write_run(tmp_path)
    (tmp_path / "platefuse" / "core").mkdir(parents=True)
    for name in ("params.yaml", "dvc.yaml", "platefuse/core/errors.py"):
        (tmp_path / name).touch()
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "-q", "-m", "A run")
    return tmp_path


def changed(file: str, **values: object) -> dict[str, Any]:
    return METRICS | {file: METRICS[file] | values}


def test_the_committed_run_is_recognised(project: Path, capsys: pytest.CaptureFixture[str]):
    assert main([".", "--strict"]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith("\nThis is the last commit's run, to the last byte.\n")


def test_other_models_and_metrics_that_moved_a_little_agree(project: Path, capsys: pytest.CaptureFixture[str]):
    write_run(project, model="dd", metrics=changed("evaluation", exact_match=0.955))
    assert main([".", "--strict"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^evaluation\.exact_match +0\.97 +0\.955 +-0\.01500 +0\.02$", printed, re.MULTILINE)
    assert f"{AGREES}1 of 4 metrics moved" in printed


def test_rows_are_in_the_order_of_their_names_and_fit_a_terminal(project: Path, capsys: pytest.CaptureFixture[str]):
    longest = {"detector": {"average_precision_50_95": 0.000123456}}
    write_run(project, metrics=METRICS | {"evaluation": METRICS["evaluation"] | longest})
    main(["."])
    lines = capsys.readouterr().out.splitlines()
    rows = lines[1 : lines.index("")]
    assert rows == sorted(rows) and len(rows) == 5
    assert max(map(len, rows)) <= 80


def test_a_verdict_fits_a_terminal(project: Path, capsys: pytest.CaptureFixture[str]):
    write_run(project, model="dd", code="platefuse/core" * 3)
    main(["."])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_a_run_of_other_parameters_gets_no_verdict(project: Path, capsys: pytest.CaptureFixture[str]):
    write_run(project, seed=2, data="ee.dir", metrics=changed("evaluation", exact_match=0.5))
    assert main(["."]) == 0
    printed = capsys.readouterr().out
    assert "No verdict: the last commit's run had other parameters (synth.seed)." in printed
    assert "agree with" not in printed
    assert main([".", "--strict"]) == 1


def test_a_run_of_other_data_gets_no_verdict_and_is_not_proposed(project: Path, capsys: pytest.CaptureFixture[str]):
    """Images of one's own, whose .dvc file a commit of the lock alone would leave behind."""
    write_run(project, model="dd", metrics=changed("evaluation", exact_match=0.5))
    lock = yaml.safe_load((project / "dvc.lock").read_text())
    lock["stages"]["synth"]["deps"].append({"path": "photographs", "md5": "ff.dir"})
    (project / "dvc.lock").write_text(yaml.safe_dump(lock))
    (project / "photographs.dvc").write_text("outs: []\n")
    git(project, "add", "photographs.dvc")
    assert main(["."]) == 0
    printed = capsys.readouterr().out
    assert "No verdict: the last commit's run had other data (photographs)." in printed
    assert "moved by" not in printed and "git commit" not in printed


def test_a_run_of_other_sources_is_compared_and_the_sources_are_named(
    project: Path, capsys: pytest.CaptureFixture[str]
):
    write_run(project, code="ff.dir", model="dd", data="ee.dir")
    assert main(["."]) == 0
    printed = capsys.readouterr().out
    assert AGREES in printed
    assert "The last commit's run had other sources: platefuse/core." in printed
    assert main([".", "--strict"]) == 1


@pytest.mark.parametrize(
    ("run_is", "sentence"),
    [
        ({"data": "dd.dir"}, "data/plates is aa.dir in the committed dvc.lock, and dd.dir in the run's."),
        (
            {"metrics": changed("evaluation", exact_match=0.94)},
            "evaluation.exact_match moved by -0.03000, and 0.02 is allowed.",
        ),
        (
            {"metrics": changed("evaluation", exact_match=1)},
            "evaluation.exact_match moved by +0.03000, and 0.02 is allowed.",
        ),
        (
            {"metrics": changed("evaluation", detector={"average_precision_50": 0.98})},
            "evaluation.detector.average_precision_50 moved by -0.01500, and 0.01 is allowed.",
        ),
        ({"metrics": changed("detector", anchor_coverage=0.999)}, "detector.anchor_coverage moved"),
        ({"metrics": changed("evaluation", exact_match=float("nan"))}, "evaluation.exact_match must be a number"),
        ({"missing": ("evaluation",)}, "evaluation.exact_match is committed, and the run did not write it."),
        ({"metrics": changed("detector", extra=1)}, "detector.extra was written by the run, and is not committed."),
    ],
)
def test_what_does_not_agree_is_said(
    project: Path, capsys: pytest.CaptureFixture[str], run_is: dict[str, Any], sentence: str
):
    write_run(project, **{"model": "gg", **run_is})
    assert main(["."]) == 0, "the run did not fail"
    printed = capsys.readouterr().out
    assert "The run does not agree with the last commit's:\n" in printed
    assert sentence in printed
    assert main([".", "--strict"]) == 1


def test_compare_with_nothing_does_not_pass(project: Path, capsys: pytest.CaptureFixture[str]):
    git(project, "rm", "-q", "-r", "--cached", "dvc.lock", "metrics")
    git(project, "commit", "-q", "-m", "No run")
    assert main([".", "--strict"]) == 1
    assert "The last commit has no metrics" in capsys.readouterr().out
    (project / "dvc.lock").unlink()
    assert main(["."]) == 1
    assert "dvc.lock is missing" in capsys.readouterr().err


# --- the first commit of one's own


def proposed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    main(["."])
    return re.findall(r"^  (git .+)$", capsys.readouterr().out, re.MULTILINE)


def test_a_first_run_on_another_machine_is_to_be_committed(project: Path, capsys: pytest.CaptureFixture[str]):
    assert proposed(capsys) == []
    write_run(project, model="dd", metrics=changed("evaluation", exact_match=0.955))
    [command] = proposed(capsys)
    assert command == 'git commit -m "This machine\'s run" dvc.lock metrics'
    git(project, *shlex.split(command)[1:])
    assert git(project, "status", "--porcelain") == ""
    assert proposed(capsys) == []


def test_a_run_whose_predecessor_is_in_the_cache_is_not_proposed(project: Path, capsys: pytest.CaptureFixture[str]):
    write_run(project, model="dd")
    assert len(proposed(capsys)) == 1
    (project / ".dvc" / "cache" / "files" / "md5" / "bb").mkdir(parents=True)  # where an object "bb" would lie
    assert proposed(capsys) == []


@pytest.mark.parametrize("name", ["params.yaml", "dvc.yaml", "platefuse/core/errors.py"])
def test_a_run_of_what_is_not_committed_is_not(project: Path, capsys: pytest.CaptureFixture[str], name: str):
    write_run(project, model="dd")
    (project / name).write_text("# changed\n")
    assert proposed(capsys) == []


def test_who_has_no_name_in_git_is_told_how_to_give_one(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    for name in IDENTITY:
        monkeypatch.delenv(name)
    git(project, "config", "user.useConfigOnly", "true")
    write_run(project, model="dd")
    name, email, _ = proposed(capsys)
    assert (name, email) == ('git config user.name "Your Name"', "git config user.email you@example.com")
