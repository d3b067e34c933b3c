"""tools/compare_run.py, by which CI compares its run with the committed one."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.helpers.imports import ROOT

METRICS = {
    "detector": {"average_precision_50": 0.99, "anchor_coverage": 1.0},
    "evaluation": {"exact_match": 0.97, "detector": {"average_precision_50": 0.995}},
}


def project(folder: Path, data: str = "aa.dir", model: str = "bb", metrics: dict | None = None) -> Path:
    (folder / "metrics").mkdir(parents=True)
    outs = {"synth": ("data/plates", data), "train_detector": ("models/detector.h5", model)}
    stages = {stage: {"outs": [{"path": path, "md5": md5}]} for stage, (path, md5) in outs.items()}
    (folder / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))
    for name, content in (METRICS if metrics is None else metrics).items():
        (folder / "metrics" / f"{name}.json").write_text(json.dumps(content))
    return folder


def compare(committed: Path, other: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "compare_run.py", committed, other],
        capture_output=True,
        text=True,
        timeout=60,
    )


def changed(file: str, **values: object) -> dict:
    return METRICS | {file: METRICS[file] | values}


def test_compare_accepts_other_models_and_metrics_that_moved_a_little(tmp_path: Path):
    moved = changed("evaluation", exact_match=0.955)
    result = compare(project(tmp_path / "a"), project(tmp_path / "b", model="cc", metrics=moved))
    assert result.returncode == 0, result.stderr
    assert re.search(r"evaluation\.exact_match +0\.97 +0\.955 +-0\.01500 +0\.02", result.stdout)
    assert "detector.anchor_coverage" not in result.stdout, "it did not move"


@pytest.mark.parametrize(
    ("run_is", "sentence"),
    [
        ({"data": "dd.dir"}, "data/plates is aa.dir in the committed dvc.lock, and dd.dir in the run's."),
        (
            {"metrics": changed("evaluation", exact_match=0.94)},
            "evaluation.exact_match moved by -0.03000, and 0.02 is allowed.",
        ),
        (
            {"metrics": changed("evaluation", exact_match=1.0)},
            "evaluation.exact_match moved by +0.03000, and 0.02 is allowed.",
        ),
        (
            {"metrics": changed("evaluation", detector={"average_precision_50": 0.98})},
            "evaluation.detector.average_precision_50 moved by -0.01500, and 0.01 is allowed.",
        ),
        ({"metrics": changed("detector", anchor_coverage=0.999)}, "detector.anchor_coverage moved"),
        (
            {"metrics": changed("evaluation", exact_match=float("nan"))},
            "evaluation.exact_match must be a number",
        ),
        (
            {"metrics": {"detector": METRICS["detector"]}},
            "evaluation.exact_match is committed, and the run did not write it.",
        ),
        (
            {"metrics": changed("detector", extra=1)},
            "detector.extra was written by the run, and is not committed.",
        ),
    ],
)
def test_compare_says_what_differs(tmp_path: Path, run_is: dict, sentence: str):
    result = compare(project(tmp_path / "a"), project(tmp_path / "b", **run_is))
    assert result.returncode == 1
    assert sentence in result.stderr


def test_compare_with_nothing_does_not_pass(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert "dvc.lock is missing" in compare(tmp_path / "empty", project(tmp_path / "a")).stderr

    bare = project(tmp_path / "bare", metrics={})
    (bare / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    result = compare(bare, bare)
    assert result.returncode == 1
    assert "no output under data/" in result.stderr
    assert "has no metrics" in result.stderr
