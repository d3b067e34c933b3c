"""The pipeline of photographs under `dvc repro`, on small parameters, in front of the networks of the digits' run."""

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from platefuse.cli.main import main
from platefuse.data.photograph_set import read_photograph_set
from tests.helpers.checksums import checksums
from tests.helpers.imports import ROOT
from tests.helpers.pipeline import DVC, FirstRun, Pipeline, ran, results

ALL = ["synth", "train_plate_detector", "fuse", "evaluate"]
FOLDER = "pipelines/photographs"
SMALL: dict[str, dict[str, Any]] = {
    "synth": {
        "train": 8,
        "val": 4,
        "test": 4,
        "tile": [64, 96],
        "photograph": {"side": [96, 160], "aspect": [1.3, 1.8], "portrait": 0.2},
        "strokes": 10,
    },
    "plate_detector": {
        "input_size": [64, 96],
        "backbone_width": 4,
        "pyramid_width": 8,
        "head_width": 8,
        "head_depth": 0,
        "epochs": 1,
        "steps": 2,
        "batch_size": 2,
    },
    "fuse": {  # so little training finds boxes that score next to nothing, and reads them with as little confidence
        "max_plates": 2,
        "candidates": 3,
        "input_sizes": [[96, 128]],
        "score_threshold": 0.0,
        "refined_size": [32, 64],
        "refined_threshold": 0.0,
        "min_confidence": 0.0,
        "min_characters": 1,
    },
    "evaluate": {"pictured": 4, "batch_size": 2},
}
FONTS = {"packages": ["pillow", "fontpkg-anton", "fontpkg-barlow"], "small_print": []}
STALE = {
    "platefuse/synthesis/scene/scene.py": ["synth"],
    "platefuse/networks/detection/retinanet.py": ["train_plate_detector", "fuse"],
    "platefuse/fusion/photographs/graph.py": ["fuse"],
    "platefuse/metrics/plates.py": ["evaluate"],
    "platefuse/cli/read.py": [],
}


@pytest.fixture(scope="module")
def pipeline(first_run: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The pipeline of photographs before its run. Where the plates reader is released lies that of the digits."""
    copy = first_run.pipeline.copy(tmp_path_factory.mktemp("photographs") / "project")
    project = copy.folder
    released = shutil.copytree(project / "models" / "fused", project / "released" / "plates")
    for network in ("detector.h5", "classifier.h5"):
        shutil.copy(project / "models" / network, released)
    with (project / ".git" / "info" / "exclude").open("a") as excluded:
        excluded.write("/released/\n")
    (project / FOLDER).mkdir(parents=True)
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / FOLDER / name, project / FOLDER)
    pipeline = Pipeline(project / FOLDER)
    pipeline.environment = copy.environment  # what DVC writes beside the project stays there
    content = yaml.safe_load(pipeline.params.read_text(encoding="utf-8"))
    for section, values in SMALL.items():
        content[section] |= values
    content["synth"]["fonts"] |= FONTS
    pipeline.params.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    pipeline.commit("Photographs")
    return pipeline


@pytest.fixture(scope="module")
def output(pipeline: Pipeline) -> str:
    """Run the pipeline, commit the run, and give what DVC printed."""
    printed = pipeline.dvc("repro", "--no-run-cache")
    pipeline.commit("The first run")
    return printed


@pytest.fixture
def made(pipeline: Pipeline, output: str) -> Pipeline:
    """The pipeline after its run, for tests that change nothing."""
    return pipeline


@pytest.fixture
def workspace(made: Pipeline) -> Iterator[Pipeline]:
    """The same, for tests that change what git tracks; it is brought back."""
    yield made
    made.git("checkout", "-q", "--", ":/")


def everything(pipeline: Pipeline) -> dict[str, str]:
    """Give the checksums of all that the stages made."""
    return {
        f"{name}/{path}": checksum
        for name in ("data", "models", "metrics")
        for path, checksum in checksums(pipeline.folder / name).items()
    }


def stale(pipeline: Pipeline) -> list[str]:
    """List the stages of this pipeline alone that a run would run."""
    with pipeline.repo() as repo:
        status = repo.status(["dvc.yaml"])
    return [stage for stage in ALL if stage in {name.split(":")[-1] for name in status}]


# --- the run


def test_a_run_executes_every_stage_and_no_other(output: str):
    assert ran(output) == ALL


def test_every_declared_output_is_there(made: Pipeline):
    assert all((made.folder / out).exists() for stage in ALL for out in made.outs(stage))


def read_metrics(pipeline: Pipeline, name: str) -> dict[str, Any]:
    return json.loads((pipeline.folder / "metrics" / f"{name}.json").read_text())


def test_the_metrics_are_those_that_others_rely_on(made: Pipeline):
    assert read_metrics(made, "plate_detector").keys() == {
        "average_precision_50",
        "average_precision_50_95",
        "anchor_coverage",
    }
    evaluation = read_metrics(made, "evaluation")
    calibration = {"expected_calibration_error", "coverage_at_99"}
    assert evaluation.keys() == {"exact_match", "character_error_rate", "plates"} | calibration
    assert evaluation["plates"].keys() == {"recall_50", "recall_75", "median_iou", "false_alarms"}
    assert evaluation["plates"]["false_alarms"] > 0, "something was found and read"


@pytest.mark.parametrize("name", ["plate_detector", "evaluation"])
def test_metrics_are_numbers_at_most_two_deep(made: Pipeline, name: str):
    for key, value in read_metrics(made, name).items():
        for number in value.values() if isinstance(value, dict) else [value]:
            assert type(number) in (int, float) and math.isfinite(number), f"{key}: {number!r}"


def test_a_second_run_is_up_to_date_and_changes_no_byte(made: Pipeline):
    before = everything(made), results(made.folder)
    printed = made.dvc("repro")
    assert not ran(printed)
    assert "Data and pipelines are up to date." in printed
    assert (everything(made), results(made.folder)) == before
    assert made.git("status", "--porcelain") == ""


# --- only what is affected reruns


@pytest.mark.parametrize("parameter", ["fuse.score_threshold", "fuse.refined_threshold"])
def test_a_changed_threshold_concerns_no_training(workspace: Pipeline, parameter: str):
    workspace.change(parameter, 0.01)
    assert stale(workspace) == ["fuse"]
    assert workspace.followers("fuse") == {"fuse", "evaluate"}


def test_a_changed_module_makes_exactly_the_stated_stages_stale(workspace: Pipeline):
    found, project = {}, workspace.folder.parents[1]
    for module in STALE:
        unchanged = (project / module).read_text(encoding="utf-8")
        (project / module).write_text(unchanged + "# touched\n", encoding="utf-8")
        found[module] = stale(workspace)
        (project / module).write_text(unchanged, encoding="utf-8")
    assert found == STALE


def test_another_plates_reader_concerns_no_training(made: Pipeline):
    metadata = made.folder / "../../released/plates/platefuse.json"
    unchanged = metadata.read_text(encoding="utf-8")
    metadata.write_text(unchanged + "\n", encoding="utf-8")
    assert stale(made) == ["fuse"]
    metadata.write_text(unchanged, encoding="utf-8")


# --- the fused model


def test_the_model_reads_and_scores_the_test_photographs(
    made: Pipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    model, folder = made.folder / "models" / "fused", made.folder / "data" / "photographs" / "test"
    photograph = read_photograph_set(folder)[0].path
    assert main(["read", str(photograph), "--model", str(model), "--json"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    plates = json.loads(line)["plates"]
    assert 1 <= len(plates) <= 2
    assert all(plate["text"].isdigit() for plate in plates)
    scores = tmp_path / "scores.json"
    assert main(["score", str(folder), "--model", str(model), "--json", str(scores)]) == 0
    scored, evaluated = json.loads(scores.read_text()), read_metrics(made, "evaluation")
    assert scored["exact"] == pytest.approx(evaluated["exact_match"], abs=1e-6)
    assert scored["false_alarms"] == pytest.approx(evaluated["plates"]["false_alarms"], abs=1e-6)


# --- what fails


def test_an_impossible_range_is_refused_by_its_full_name_before_work(workspace: Pipeline):
    before = everything(workspace)
    content = yaml.safe_load(workspace.params.read_text(encoding="utf-8"))
    content["synth"]["scene"]["placing"]["width"] = [0.8, 0.04]
    workspace.params.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    sentence = "params.yaml: synth.scene.placing.width = [0.8, 0.04]: expected the smaller number first."
    refused = workspace.run("python", "../../stages/synth.py")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.splitlines() == [f"synth: {sentence}"]
    assert everything(workspace) == before


# --- last, for it makes all again


def test_a_forced_run_makes_the_same_bytes(made: Pipeline):
    before = everything(made)
    assert any(name.startswith("models/fused/") for name in before)
    ended = made.run(DVC, "repro", "--single-item", "--force", "--no-run-cache", *ALL)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert sorted(ran(ended.stdout + ended.stderr)) == sorted(ALL)
    assert everything(made) == before
    assert made.git("status", "--porcelain") == ""
