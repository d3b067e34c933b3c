"""The pipeline as its user runs it: `dvc repro` and its relatives, in a copy of the project with small parameters.

The copy has been run once and committed; a test that changes something takes the fixture `workspace`, which brings it
back. Meanwhile a second copy repeats the run.
"""

import json
import math
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.helpers.pipeline import DVC, FirstRun, Pipeline, from_run_cache, ran, results
from tests.helpers.plots import Page, marks

ALL = ["synth", "train_detector", "train_classifier", "fuse", "evaluate"]

# A changed parameter of each stage. The run cache gives fuse's run to the docs' tests, which make the same change.
CHANGES: dict[str, Any] = {
    "synth.seed": 2,
    "detector.epochs": 2,
    "classifier.width": 8,
    "fuse.score_threshold": 0.95,
    "evaluate.iou_threshold": 0.6,
}


# A module of each room, and the stages that its change makes stale.
STALE: dict[str, list[str]] = {
    "platefuse/core/errors.py": ALL,
    "platefuse/runner/stage.py": [],
    "platefuse/data/images.py": ["synth", "train_detector", "fuse", "evaluate"],
    "platefuse/data/characters.py": ALL,
    "platefuse/labels/coco.py": ["synth"],
    "platefuse/synthesis/licence/camera.py": ["synth"],
    "platefuse/networks/common/h5.py": ["train_detector", "train_classifier", "fuse"],
    "platefuse/networks/detection/retinanet.py": ["train_detector", "fuse"],
    "platefuse/networks/classification/model.py": ["train_classifier", "fuse"],
    "platefuse/metrics/boxes.py": ["train_detector", "evaluate"],
    "platefuse/metrics/text.py": ["evaluate"],
    "platefuse/formats/regions.py": ["fuse", "evaluate"],
    "platefuse/fusion/decoding/formats.py": ["fuse"],
    "platefuse/inference/metadata.py": ["fuse", "evaluate"],
    "platefuse/inference/runtimes/onnx.py": ["evaluate"],
    "platefuse/evaluation/drawing.py": ["evaluate"],
    "platefuse/export/parity.py": [],
    "platefuse/configuration/rules.py": [],
    "platefuse/serving/app.py": [],
    "platefuse/cli/read.py": [],
}
RUNNER = "platefuse/runner"  # on no list: what waits, locks and kills cannot change a byte of an output


@pytest.fixture(scope="module")
def pipeline(first_run: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The pipeline after its first run, for tests that change nothing."""
    return first_run.pipeline.copy(tmp_path_factory.mktemp("pipeline") / "project")


class Twin(NamedTuple):
    """The second copy, the process that repeats the run in it, and where that writes what it says."""

    folder: Path
    repeating: subprocess.Popen
    log: Path


@pytest.fixture(scope="module", autouse=True)
def twin(first_run: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A second copy, of another seed and with other models, that is given the first run's seed: it has all to do."""
    copy = first_run.pipeline.copy(tmp_path_factory.mktemp("twin") / "project")
    seed = copy.value("synth.seed")
    copy.change("synth.seed", seed + 1)
    copy.dvc("repro", "synth")
    for path in (copy.folder / out for stage in ALL[1:] for out in copy.outs(stage)):
        with (path / "stray" if path.is_dir() else path).open("a") as stream:
            stream.write("\n")
    with copy.repo() as repo:
        repo.commit(force=True)  # as if the stages had made these files of that seed's data
        assert not repo.status()
    copy.change("synth.seed", seed)
    log = copy.folder.parent / "twin.txt"
    with log.open("w") as stream:
        repeating = subprocess.Popen(
            [DVC, "repro", "--no-run-cache"],
            cwd=copy.folder,
            env=copy.environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # its stages with it, should the tests end early
        )
    yield Twin(copy.folder, repeating, log)
    if repeating.poll() is None:
        os.killpg(repeating.pid, signal.SIGKILL)
        repeating.wait()


@pytest.fixture
def workspace(pipeline: Pipeline) -> Iterator[Pipeline]:
    """The same, for tests that do; it is brought back."""
    yield pipeline
    pipeline.restore()


# --- the first run


def test_the_first_run_executes_every_stage(first_run: FirstRun):
    assert sorted(ran(first_run.output)) == sorted(ALL)
    assert ran(first_run.output)[0] == "synth"
    assert ran(first_run.output)[-2:] == ["fuse", "evaluate"]


@pytest.mark.parametrize("stage", ALL)
def test_a_stage_opens_no_file_of_the_project_that_it_does_not_declare(
    first_run: FirstRun, pipeline: Pipeline, stage: str
):
    opened = first_run.opened[stage]
    declared = [*pipeline.stages[stage]["deps"], *pipeline.outs(stage), "params.yaml", "dvc.yaml", RUNNER]
    strays = {file for file in opened if not any(file == d or file.startswith(f"{d}/") for d in declared)}
    strays -= {file for file in strays if file.startswith("platefuse/") and file.endswith("/__init__.py")}
    assert not strays, f"{stage} opened {sorted(strays)}: declare them in dvc.yaml"


def test_a_second_run_is_up_to_date_and_changes_no_byte(pipeline: Pipeline):
    before = results(pipeline.folder)
    output = pipeline.dvc("repro")
    assert not ran(output)
    assert "Data and pipelines are up to date." in output
    assert results(pipeline.folder) == before
    assert pipeline.git("status", "--porcelain") == ""


def read_metrics(pipeline: Pipeline, name: str) -> dict[str, Any]:
    return json.loads((pipeline.folder / "metrics" / f"{name}.json").read_text())


def test_the_metrics_are_those_that_others_rely_on(pipeline: Pipeline):
    detection = {"average_precision_50", "average_precision_50_95"}
    assert read_metrics(pipeline, "detector").keys() == detection | {"anchor_coverage"}
    assert read_metrics(pipeline, "classifier").keys() == {"validation_accuracy", "test_accuracy"}
    evaluation = read_metrics(pipeline, "evaluation")
    assert evaluation.keys() == {
        "exact_match",
        "character_error_rate",
        "length_accuracy",
        "character_accuracy_on_crops",
        "expected_calibration_error",
        "coverage_at_99",
        "box_right_text_wrong",
        "detector",
        "exact_match_by_length",
    }
    assert evaluation["detector"].keys() == detection | {"recall", "precision"}
    assert evaluation["exact_match_by_length"].keys() <= {"1", "2", "3"}


@pytest.mark.parametrize("name", ["detector", "classifier", "evaluation"])
def test_metrics_are_numbers_at_most_two_deep(pipeline: Pipeline, name: str):
    for key, value in read_metrics(pipeline, name).items():
        for number in value.values() if isinstance(value, dict) else [value]:
            assert type(number) in (int, float) and math.isfinite(number), f"{key}: {number!r}"


# --- DVC's other commands


def test_dvc_metrics_show_has_every_metric(pipeline: Pipeline):
    shown = json.loads(pipeline.run(DVC, "metrics", "show", "--json").stdout)[""]["data"]
    names = ("detector", "classifier", "evaluation")
    assert {path: entry["data"] for path, entry in shown.items()} == {
        f"metrics/{name}.json": read_metrics(pipeline, name) for name in names
    }


def test_dvc_plots_show_makes_a_page_with_every_plot_and_everything_inside(pipeline: Pipeline):
    installed = pipeline.run(sys.executable, "tools/plots_page.py", ".dvc/tmp/plots.html")  # as make does
    assert installed.returncode == 0, installed.stderr
    output = pipeline.dvc("plots", "show")
    assert "fail" not in output.lower(), output
    file = pipeline.folder / "dvc_plots" / "index.html"
    page = Page(file.read_text(encoding="utf-8"))
    content = yaml.safe_load((pipeline.folder / "dvc.yaml").read_text(encoding="utf-8"))
    plots = [plot for part in (content, *content["stages"].values()) for plot in part.get("plots", [])]
    options = [options for plot in plots if isinstance(plot, dict) for options in plot.values()]
    titles = [option["title"] for option in options if "title" in option]
    assert len(titles) >= 6
    assert Counter(spec["title"]["text"] for spec in page.specifications) == Counter(titles), "each is there once"
    for spec in page.specifications:
        assert marks(spec, "line") or marks(spec, "text"), f"{spec['title']['text']} is empty"
    (picture,) = page.addresses
    assert picture.endswith("readings.png")
    assert (file.parent / picture).read_bytes() == (pipeline.folder / "metrics" / "readings.png").read_bytes()
    assert pipeline.git("status", "--porcelain") == ""


def test_dvc_dag_draws_the_five_stages(pipeline: Pipeline):
    drawn = {tuple(line.split('"')[1::2]) for line in pipeline.dvc("dag", "--dot").splitlines() if "->" in line}
    assert drawn == pipeline.edges()
    assert drawn == {
        ("synth", "train_detector"),
        ("synth", "train_classifier"),
        ("synth", "fuse"),
        ("synth", "evaluate"),
        ("train_detector", "fuse"),
        ("train_classifier", "fuse"),
        ("fuse", "evaluate"),
    }


# --- only what is affected reruns


def test_every_stage_has_a_changed_parameter(pipeline: Pipeline):
    assert sorted(pipeline.stage_of(parameter.split(".")[0]) for parameter in CHANGES) == sorted(ALL)


def test_a_changed_parameter_makes_exactly_its_stage_stale(workspace: Pipeline):
    expected = {parameter: {workspace.stage_of(parameter.split(".")[0])} for parameter in CHANGES}
    found, unchanged = {}, workspace.params.read_text(encoding="utf-8")
    with workspace.repo() as repo:
        for parameter, value in CHANGES.items():
            workspace.change(parameter, value)
            found[parameter] = set(repo.status())
            workspace.params.write_text(unchanged, encoding="utf-8")
        assert found == expected
        assert not repo.status()


def test_a_changed_parameter_reruns_its_stage_and_those_after_it(workspace: Pipeline):
    workspace.change("fuse.score_threshold", CHANGES["fuse.score_threshold"])
    output = workspace.dvc("repro")
    # From the cache comes what tests/pipeline/test_docs.py was the first to run with the same change.
    assert {*ran(output), *from_run_cache(output)} == workspace.followers("fuse") == {"fuse", "evaluate"}


def test_a_changed_module_makes_exactly_the_stated_stages_stale(workspace: Pipeline):
    found = {}
    with workspace.repo() as repo:
        for module in STALE:
            path = workspace.folder / module
            unchanged = path.read_text(encoding="utf-8")
            path.write_text(unchanged + "# touched\n", encoding="utf-8")
            found[module] = set(repo.status())
            path.write_text(unchanged, encoding="utf-8")
        assert found == {module: set(stages) for module, stages in STALE.items()}
        assert not repo.status()


def test_every_room_has_a_changed_module(pipeline: Pipeline):
    rooms = {path.parent.name for path in (pipeline.folder / "platefuse").glob("*/__init__.py")}
    assert {Path(module).parts[1] for module in STALE} == rooms


def test_what_is_no_python_file_makes_no_stage_stale(workspace: Pipeline):
    for name in ("README.md", ".report.py.swp", "py.typed", "__pycache__/report.pyc"):
        path = workspace.folder / "platefuse" / "evaluation" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("not code", encoding="utf-8")
    with workspace.repo() as repo:
        assert not repo.status()


def test_a_change_that_leaves_the_outputs_as_they_are_ends_at_its_stage(workspace: Pipeline):
    module = workspace.folder / "platefuse" / "synthesis" / "dataset.py"
    module.write_text(module.read_text(encoding="utf-8") + "# touched\n", encoding="utf-8")
    assert ran(workspace.dvc("repro")) == ["synth"]


# --- experiments


def test_an_experiment_reruns_what_its_parameter_concerns_and_the_diffs_show_it(workspace: Pipeline):
    output = workspace.dvc("exp", "run", "-S", "fuse.score_threshold=0.95")
    # The same change was made above, in which case its outputs are taken from that run.
    assert {*ran(output), *from_run_cache(output)} == {"fuse", "evaluate"}
    params = json.loads(workspace.run(DVC, "params", "diff", "--json").stdout)
    assert params == {"params.yaml": {"fuse.score_threshold": {"old": 0.0, "new": 0.95, "diff": 0.95}}}
    metrics = json.loads(workspace.run(DVC, "metrics", "diff", "--json").stdout)
    assert list(metrics) == ["metrics/evaluation.json"]
    assert metrics["metrics/evaluation.json"]["detector.recall"]["new"] == 0.0
    assert "detector.recall" in workspace.dvc("metrics", "diff")


def test_an_experiment_in_a_temporary_worktree_runs_that_worktrees_code(workspace: Pipeline):
    module = workspace.folder / "platefuse" / "metrics" / "text.py"
    module.write_text(module.read_text(encoding="utf-8") + '\nprint("scored by", __file__)\n', encoding="utf-8")
    before = results(workspace.folder)
    # The workspace's library is on the import path, as it is where the project was installed with `pip install -e`.
    experiment = ("exp", "run", "--temp", "-S", "evaluate.iou_threshold=0.6")
    output = Pipeline(workspace.folder).dvc(*experiment, PYTHONPATH=str(workspace.folder))
    assert ran(output) == ["evaluate"]
    [line] = [line for line in output.splitlines() if line.startswith("scored by ")]
    assert (workspace.folder / ".dvc" / "tmp") in Path(line.removeprefix("scored by ")).parents, line
    assert results(workspace.folder) == before
    assert workspace.git("status", "--porcelain").split() == ["M", "platefuse/metrics/text.py"]


# --- what fails


def test_a_wrong_parameter_fails_the_run_with_its_sentence_and_leaves_nothing_half_written(workspace: Pipeline):
    lock = results(workspace.folder)["dvc.lock"]
    workspace.change("evaluate.iou_threshold", 0)
    ended = workspace.run(DVC, "repro")
    assert ended.returncode != 0
    assert "evaluate: params.yaml: evaluate.iou_threshold = 0: input should be greater than 0." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert results(workspace.folder)["dvc.lock"] == lock
    assert left_of(workspace, "evaluate") == []


def test_a_damaged_image_is_named_and_leaves_no_model(workspace: Pipeline):
    image = "data/plates/train/images/000003.png"
    content = (workspace.folder / image).read_bytes()
    (workspace.folder / image).write_bytes(content[: len(content) // 2])
    ended = workspace.run(DVC, "repro", "--single-item", "train_detector")
    assert ended.returncode != 0
    assert f"train_detector: {image} cannot be read as an image: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert left_of(workspace, "train_detector") == []
    assert (workspace.folder / "models" / "fused" / "saved_model.pb").exists(), "another stage's output is gone"


def test_a_damaged_row_is_named_by_file_and_line(workspace: Pipeline):
    annotations = workspace.folder / "data/plates/test/annotations.csv"
    lines = annotations.read_text().splitlines()
    lines[1] = "images/000000.png,12,twelve,40,40,7"
    annotations.write_text("\n".join(lines) + "\n")
    before = results(workspace.folder)
    ended = Pipeline(workspace.folder).run("python", "stages/evaluate.py")
    assert ended.returncode == 1
    [sentence] = [line for line in ended.stderr.splitlines() if line.startswith("evaluate: ")]
    assert sentence == (
        "evaluate: data/plates/test/annotations.csv, line 2: x1,y1,x2,y2 must be whole numbers of pixels, "
        "found '12,twelve,40,40'."
    )
    assert "Traceback" not in ended.stderr
    assert results(workspace.folder) == before


def left_of(pipeline: Pipeline, stage: str) -> list[str]:
    """Remains of a stage's outputs, and drafts beside them. Tracked outputs must be as committed."""
    tracked = pipeline.git("ls-files").splitlines()
    assert pipeline.git("status", "--short", "--", "metrics") == ""
    places = [pipeline.folder / out for out in pipeline.outs(stage) if out not in tracked]
    drafts = [draft for place in places for draft in place.parent.glob(f".{place.name}.*")]
    return sorted(str(path) for path in [*drafts, *places] if path.exists())


# --- last, for it had the time of the others


def test_a_changed_seed_reruns_every_stage_and_gives_the_same_bytes_in_another_folder(pipeline: Pipeline, twin: Twin):
    assert twin.repeating.wait(timeout=900) == 0, twin.log.read_text()
    assert sorted(ran(twin.log.read_text())) == sorted(ALL)
    assert results(twin.folder) == results(pipeline.folder)
