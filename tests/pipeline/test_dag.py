"""dvc.yaml against the code: what each stage declares, what its script imports, and what a lone stage says."""

import ast
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import yaml

from platefuse.configuration.pipeline_params import issues_of
from platefuse.core import params
from platefuse.data.plate_set import AnnotatedPlate, write_plate_set
from platefuse.evaluation.params import EvaluateParams
from platefuse.fusion.params import FuseParams
from platefuse.inference.metadata import write_metadata
from platefuse.networks.classification.params import ClassifierParams
from platefuse.networks.detection.params import DetectorParams, PlateDetectorParams
from platefuse.synthesis.params import OF_OTHER_SECTIONS, load_params
from tests.helpers.imports import ROOT, modules_of

FOLDERS = [ROOT, *sorted(path.parent for path in ROOT.glob("pipelines/*/dvc.yaml"))]
NAMES = dict(zip(FOLDERS, ("Digits", "Article", "Photographs", "Plates"), strict=True))  # as titles of plots have them
SCRIPTS = sorted(path for path in (ROOT / "stages").glob("*.py") if path.name != "start.py")
MODULES = sorted((ROOT / "platefuse").rglob("*.py"))
MODELS: dict[str, type[params.Params]] = {  # of every section but `synth`, where the layout decides
    "detector": DetectorParams,
    "classifier": ClassifierParams,
    "plate_detector": PlateDetectorParams,
    "fuse": FuseParams,
    "evaluate": EvaluateParams,
}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# --- dvc.yaml


class Stage(NamedTuple):
    """One stage of one dvc.yaml; paths in `deps` count from the project's root."""

    folder: Path
    name: str
    content: dict[str, Any]

    @property
    def script(self) -> Path:
        return ROOT / "stages" / f"{self.name}.py"

    @property
    def prefix(self) -> str:
        """From the pipeline's folder to the root."""
        return "../" * len(self.folder.relative_to(ROOT).parts)

    @property
    def deps(self) -> set[str]:
        return {os.path.relpath(self.folder / dep, ROOT) for dep in self.content["deps"]}


def dvc_yaml(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "dvc.yaml").read_text(encoding="utf-8"))


def names(entries: list[Any]) -> list[str]:
    """The paths or ids of outs, metrics or plots, with or without options."""
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


def outs_of(stage: dict[str, Any]) -> list[str]:
    """Paths that a stage writes: DVC has three kinds of outputs."""
    return [name for kind in ("outs", "metrics", "plots") for name in names(stage.get(kind, []))]


def outs(folder: Path) -> list[str]:
    return [out for stage in dvc_yaml(folder)["stages"].values() for out in outs_of(stage)]


STAGES = [Stage(folder, name, content) for folder in FOLDERS for name, content in dvc_yaml(folder)["stages"].items()]
every_stage = pytest.mark.parametrize(
    "stage", STAGES, ids=lambda s: f"{relative(s.folder)}:{s.name}".removeprefix(".:")
)
every_pipeline = pytest.mark.parametrize("folder", FOLDERS, ids=relative)


@every_pipeline
def test_each_script_is_a_stage(folder: Path):
    stages = list(dvc_yaml(folder)["stages"])
    networks = [["train_detector", "train_classifier"], ["train_plate_detector"]]
    assert stages in [["synth", *trainings, "fuse", "evaluate"] for trainings in networks]
    assert {path.stem for path in SCRIPTS} >= set(stages)


@every_stage
def test_a_stage_runs_its_script_in_the_folder_of_its_parameters(stage: Stage):
    assert stage.content["cmd"] == f"python {stage.prefix}stages/{stage.name}.py"
    assert "wdir" not in stage.content


def ours(paths: set[str]) -> set[str]:
    return {path for path in paths if path.startswith(("platefuse/", "stages/"))}


def counts(path: str) -> bool:
    """Whether a module can change an output: the runner cannot, nor can a package's `__init__` without code."""
    is_init = path.endswith("/__init__.py") and (
        path == "platefuse/__init__.py" or not (ROOT / path).read_text().strip()
    )
    return not is_init and not path.startswith("platefuse/runner/")


@every_stage
def test_every_module_that_a_script_imports_lies_under_a_declared_path(stage: Stage):
    declared = ours(stage.deps)
    imported = {path for path in modules_of(stage.script) if counts(path)}
    strays = {path for path in imported if not any(path == d or path.startswith(f"{d}/") for d in declared)}
    assert not strays, f"{relative(stage.folder / 'dvc.yaml')}, deps of {stage.name} lack {sorted(strays)}"


@every_stage
def test_every_declared_path_holds_a_module_that_the_script_imports(stage: Stage):
    imported = {path for path in modules_of(stage.script) if counts(path)}
    idle = {d for d in ours(stage.deps) if not any(path == d or path.startswith(f"{d}/") for path in imported)}
    assert not idle, f"{relative(stage.folder / 'dvc.yaml')}, deps of {stage.name} need not name {sorted(idle)}"


@every_stage
def test_the_runner_is_a_dependency_of_no_stage(stage: Stage):
    assert not {dep for dep in stage.deps if dep.startswith("platefuse/runner")}


OF_PLATES = [folder for folder in FOLDERS[1:] if folder.name != "photographs"]


@pytest.mark.parametrize("folder", OF_PLATES, ids=lambda folder: folder.name)
def test_a_nested_pipeline_has_the_stages_of_the_root(folder: Path):
    """They may differ in synth's parameters and data, real metrics, descriptions and the name before a plot's title."""
    nested = (folder / "dvc.yaml").read_text(encoding="utf-8").replace("../../", "")
    nested = nested.replace(f'title: "{NAMES[folder]}: ', f'title: "{NAMES[ROOT]}: ')
    content, of_the_root = yaml.safe_load(nested), dvc_yaml(ROOT)
    assert content["plots"] == of_the_root["plots"]
    assert list(map(comparable, content["stages"].items())) == list(map(comparable, of_the_root["stages"].items()))


def test_the_code_of_a_stage_is_the_same_for_photographs():
    of_the_root = dvc_yaml(ROOT)["stages"]
    for name, stage in dvc_yaml(ROOT / "pipelines" / "photographs")["stages"].items():
        like = of_the_root[name.replace("plate_detector", "detector")]
        code = {dep.removeprefix("../../") for dep in stage["deps"]} - {
            dep.removeprefix("../../") for dep in data_of(stage)
        }
        assert {dep.replace("plate_detector", "detector") for dep in code} == set(like["deps"]) - set(data_of(like))


def comparable(entry: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    name, stage = entry
    kept = {key: value for key, value in stage.items() if key != "desc"}
    if name == "synth":
        kept |= {"params": "its own", "deps": [dep for dep in stage["deps"] if dep not in data_of(stage)]}
    return name, kept


@pytest.mark.parametrize(("folder", "lines"), [(FOLDERS[0], 130), *((folder, 120) for folder in FOLDERS[1:])])
def test_dvc_yaml_is_read_on_a_screen_and_a_half(folder: Path, lines: int):
    assert len((folder / "dvc.yaml").read_text(encoding="utf-8").splitlines()) <= lines


@every_stage
def test_a_stage_declares_the_packages_it_runs_on_and_no_others(stage: Stage):
    assert {dep for dep in stage.deps if dep.startswith("requirements/")} == {"requirements/pipeline.txt"}


def data_of(stage: dict[str, Any]) -> list[str]:
    """The data that a stage depends on."""
    code = ("platefuse/", "stages/", "requirements/")
    return [dep for dep in stage["deps"] if not dep.removeprefix("../../").startswith(code)]


@every_stage
def test_what_else_a_stage_reads_is_what_another_one_makes(stage: Stage):
    read = set(data_of(stage.content))
    if stage.name in ("synth", "fuse"):  # a folder of one's own fonts or plates may stand there, or a released reader
        read = {
            dep for dep in read if not (stage.folder / dep).is_dir() and not (stage.folder / f"{dep}.dvc").is_file()
        }
    made_by_others = set(outs(stage.folder)) - set(outs_of(stage.content))
    assert read <= made_by_others, f"no stage makes {sorted(read - made_by_others)}"


@every_stage
def test_a_stage_declares_the_section_of_parameters_that_it_loads(stage: Stage):
    calls = [
        node for node in ast.walk(ast.parse(stage.script.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    loaded = [
        (ast.unparse(call.args[0]).split(".")[-1], ast.literal_eval(call.args[1]))
        for call in calls
        if ast.unparse(call.func) == "params.load"
    ]
    if any(ast.unparse(call.func) == "load_params" for call in calls):  # platefuse.synthesis.params'
        _, geometry = load_params(stage.folder / "params.yaml")
        assert stage.content["params"] == ["synth", *(OF_OTHER_SECTIONS if geometry else ())]
        assert not loaded
    else:
        assert [section for _, section in loaded] == stage.content["params"]
        # The content of a section `fuse` decides on its model.
        assert all(model == MODELS[section].__name__ for model, section in loaded if section != "fuse")


@every_pipeline
def test_nothing_is_declared_twice(folder: Path):
    content = dvc_yaml(folder)
    of_the_file = [(kind, names(content.get(kind, []))) for kind in ("metrics", "plots")]
    for kind, entries in [("outputs", outs(folder)), *of_the_file]:
        twice = {entry for entry in entries if entries.count(entry) > 1}
        assert not twice, f"{kind}: {sorted(twice)}"


def plots(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Each plot that DVC shows: its file, or the id of a plot of files, and its options."""
    content = dvc_yaml(folder)
    entries = [entry for part in (*content["stages"].values(), content) for entry in part.get("plots", [])]
    return [next(iter(entry.items())) if isinstance(entry, dict) else (entry, {}) for entry in entries]


@every_pipeline
def test_plots_and_artifacts_are_outputs_of_a_stage(folder: Path):
    shown = {artifact["path"] for artifact in dvc_yaml(folder).get("artifacts", {}).values()}
    for name, options in plots(folder):
        shown |= set(options["y"]) if isinstance(options.get("y"), dict) else {name}
    assert shown <= set(outs(folder)), f"no stage makes {sorted(shown - set(outs(folder)))}"


@every_pipeline
def test_every_plot_has_a_title_that_names_its_pipeline(folder: Path):
    """DVC shows an output under a stage's `plots` by itself, with its path as title if it has none."""
    for name, options in plots(folder):
        assert name.endswith(".png") or options["title"].startswith(f"{NAMES[folder]}: "), name


@every_pipeline
def test_no_file_is_plotted_twice_as_a_whole(folder: Path):
    """A definition of a file that a stage has under `plots` would be a second plot of it, not the options of one."""
    of_a_stage = {name for name, options in plots(folder) if not isinstance(options.get("y"), dict)}
    elsewhere = {path for _, options in plots(folder) if isinstance(options.get("y"), dict) for path in options["y"]}
    assert not of_a_stage & elsewhere


@every_pipeline
def test_metrics_of_no_stage_are_those_of_real_plates(folder: Path):
    assert dvc_yaml(folder).get("metrics", []) == (
        ["metrics/real.json"] if folder.name in ("plates", "photographs") else []
    )
    assert "metrics/real.json" not in outs(folder)


@every_stage
def test_every_metric_is_in_git(stage: Stage):
    entries = [entry for kind in ("outs", "metrics") for entry in stage.content.get(kind, [])]
    for path, options in (next(iter(entry.items())) if isinstance(entry, dict) else (entry, {}) for entry in entries):
        in_git = not options.get("cache", True)
        assert in_git or not path.endswith(".json"), f"{path} needs `cache: false`: metrics are compared in bare clones"


@every_stage
def test_a_stage_keeps_the_run_cache(stage: Stage):
    for path, options in (next(iter(out.items())) for out in stage.content.get("outs", []) if isinstance(out, dict)):
        assert options.get("cache", True) and not options.get("persist"), (
            f"{path} of {stage.name}: an entry of `outs` with `cache: false` or `persist: true` turns DVC's run cache "
            "off for the whole stage; what git keeps goes under the stage's `metrics` or `plots`"
        )


@every_pipeline
def test_the_parameters_of_every_pipeline_are_valid(folder: Path):
    path = folder / "params.yaml"
    stages = dvc_yaml(folder)["stages"].values()
    assert yaml.safe_load(path.read_text(encoding="utf-8")).keys() == {stage["params"][0] for stage in stages}
    assert issues_of(path) == []


# --- imports


def imported_names(path: Path, at_module_level: bool = False) -> set[str]:
    """Full names of what a file imports anywhere, or only of what importing the file itself imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body if at_module_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{relative(path)}, line {node.lineno}: write the import with its full name"
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def packages(path: Path, at_module_level: bool = False) -> set[str]:
    return {name.split(".")[0] for name in imported_names(path, at_module_level)}


def test_no_room_imports_a_stage():
    stages = {path.stem for path in (ROOT / "stages").glob("*.py")} | {"stages"}
    guilty = {relative(path): sorted(packages(path) & stages) for path in MODULES if packages(path) & stages}
    assert not guilty


def test_only_networks_know_keras_retinanet():
    users = {relative(path) for path in [*MODULES, *SCRIPTS] if "keras_retinanet" in packages(path)}
    assert users
    assert all(user.startswith("platefuse/networks/") for user in users), sorted(users)


def test_only_keras2_and_the_readers_runtime_import_tensorflow():
    frameworks = {"tensorflow", "tf_keras", "keras"}
    users = {relative(path) for path in [*MODULES, *SCRIPTS] if packages(path) & frameworks}
    expected = {"platefuse/networks/common/keras2.py", "platefuse/inference/runtimes/tensorflow.py"}
    assert users == expected, "import them from platefuse.networks.common.keras2"


@pytest.mark.slow
def test_rooms_that_need_no_tensorflow_start_without_it():
    """Workers that make plates start in a second so, and labels are checked without the stack."""
    rooms = ("core", "runner", "data", "labels", "metrics", "synthesis")
    modules = [relative(path) for path in MODULES if path.parts[len(ROOT.parts) + 1] in rooms]
    names = [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in modules]
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(name)\n"
        "    if 'tensorflow' in sys.modules: sys.exit(f'{name} imports TensorFlow')"
    )
    ended = subprocess.run([sys.executable, "-c", code, *names], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr


def test_no_runtime_is_imported_before_a_model_needs_it():
    runtimes = {"tensorflow", "onnxruntime", "ai_edge_litert"}
    for path in (ROOT / "platefuse" / "inference" / "runtimes").glob("*.py"):
        assert not packages(path, at_module_level=True) & runtimes, "the reader tells who lacks one so"


@pytest.mark.parametrize("script", [*SCRIPTS, ROOT / "stages" / "start.py"], ids=lambda path: path.stem)
def test_a_stage_script_is_thin(script: Path):
    lines = len(script.read_text(encoding="utf-8").splitlines())
    assert lines < 40, f"{relative(script)} has {lines} lines: its work belongs into platefuse/"


# --- a stage by itself


@pytest.fixture
def run_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Run a stage's script in an empty folder, with the root's parameters and changes, and give its sentence.

    It runs in this process, which imports TensorFlow once for all of them. tests/pipeline/test_pipeline.py starts
    stages that fail.
    """
    monkeypatch.setenv("PYTHONHASHSEED", "0")  # as stages/start.py restarts Python with
    monkeypatch.syspath_prepend(ROOT / "stages")
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.chdir(tmp_path)
    handler = signal.getsignal(signal.SIGTERM)

    def run(script: str, **sections: dict[str, Any]) -> str:
        content = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
        for section, changes in sections.items():
            content[section] = content.get(section, deepcopy(content["detector"])) | changes
        Path("params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        before = set(Path().iterdir())
        monkeypatch.setattr(sys, "argv", [f"stages/{script}.py"])
        with pytest.raises(SystemExit) as end:
            runpy.run_path(str(ROOT / "stages" / f"{script}.py"), run_name="__main__")
        assert set(Path().iterdir()) == before, "something was written"
        return str(end.value)

    yield run
    signal.signal(signal.SIGTERM, handler)


NUMBER_AS_TEXT = "(this is text: write a number without quotes, such as 0.001)"
WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "synth": (
        {"sed": 1, "train": "many", "test": 0, "count": 3, "box": "oval"},
        [
            "synth.sed = 1: there is no parameter of that name (did you mean seed?).",
            "synth.train = 'many': input should be a valid integer",
            "synth.test = 0: input should be greater than or equal to 1.",
            "synth.count = 3: ",
            "synth.box = 'oval': input should be 'tile' or 'ink'.",
        ],
    ),
    "train_detector": (
        {
            "learning_rate": "0,001",
            "epochs": 1.5,
            "anchors": {"level": [3], "sizes": [32], "ratios": [1], "scales": [1]},
        },
        [
            f"detector.learning_rate = '0,001': input should be a valid number {NUMBER_AS_TEXT}.",
            "detector.epochs = 1.5: ",
            "detector.anchors.levels is missing.",
            "detector.anchors.level = [3]: there is no parameter of that name (did you mean levels?).",
        ],
    ),
    "train_classifier": (
        {"learning_rate": 0, "architecture": "rnn", "widht": 8, "dropout": None},
        [
            "classifier.learning_rate = 0: input should be greater than 0.",
            "classifier.architecture = 'rnn': input should be 'dense', 'cnn' or 'slim' (did you mean cnn?).",
            "classifier.widht = 8: there is no parameter of that name (did you mean width?).",
            "classifier.dropout = None: input should be a valid number.",
        ],
    ),
    "fuse": (
        {"max_characters": 0, "round": "no thanks", "threshold": 0.5, "reading_order": "backwards"},
        [
            "fuse.max_characters = 0: input should be greater than or equal to 1.",
            "fuse.round = 'no thanks': input should be a valid boolean.",
            "fuse.threshold = 0.5: there is no parameter of that name (did you mean nms_threshold?).",
            "fuse.reading_order = 'backwards': input should be 'left_to_right', 'rows' or 'score'.",
        ],
    ),
    "train_plate_detector": (
        {"backbone": "sllim", "weights": 1, "regression_loss": "iou"},
        [
            "plate_detector.backbone = 'sllim': input should be",
            "plate_detector.weights = 1: input should be 'none' or 'imagenet'.",
            "plate_detector.regression_loss = 'iou': input should be 'smooth_l1' or 'giou'",
        ],
    ),
    "evaluate": (
        {"iou_threshold": "half", "pictured": 0, "iou": 0.5},
        [
            "evaluate.iou_threshold = 'half': input should be a valid number",
            "evaluate.pictured = 0: input should be greater than or equal to 1.",
            "evaluate.iou = 0.5: there is no parameter of that name.",
        ],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("script", [path.stem for path in SCRIPTS])
def test_wrong_parameters_are_all_named_before_any_work(script: str, run_alone: Callable[..., str]):
    changes, sentences = WRONG[script]
    section = script.removeprefix("train_")
    said = run_alone(script, **{section: changes})
    lines = [line for line in said.splitlines() if "params.yaml: " in line]
    assert lines[0].startswith(f"{script}: params.yaml: {section}.")
    for sentence in sentences:
        assert f"params.yaml: {sentence}" in said
    assert len(lines) == len(sentences), said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "file", "made_by"),
    [
        ("train_classifier", "data/characters/train.npz", "synth"),
        ("fuse", "models/detector.h5", "train_detector"),
        ("evaluate", "models/fused", "fuse"),
    ],
)
def test_a_stage_without_its_input_names_it_and_the_stage_that_makes_it(
    script: str, file: str, made_by: str, tmp_path: Path, run_alone: Callable[..., str]
):
    plate = AnnotatedPlate(Path("1.png"), np.array([[2, 2, 9, 9]]), "7", "7")
    for split in ("val", "test"):
        write_plate_set(tmp_path / "data" / "plates" / split, "7", [(np.zeros((16, 32, 3), np.uint8), plate)])
    sentence = run_alone(script).splitlines()[-1]
    assert sentence.startswith(f"{script}: ")
    assert file in sentence
    assert f"`dvc repro {made_by}` makes" in sentence


@pytest.mark.slow
def test_a_stage_without_its_plates_names_the_file_and_what_a_plate_set_is(run_alone: Callable[..., str]):
    sentence = run_alone("evaluate").splitlines()[-1]
    assert sentence.startswith("evaluate: data/plates/test/classes.csv is missing: a plate set has ")


@pytest.mark.slow
def test_evaluate_looks_for_photographs_if_the_model_reads_them(tmp_path: Path, run_alone: Callable[..., str]):
    (tmp_path / "models" / "fused").mkdir(parents=True)
    write_metadata(tmp_path / "models" / "fused", {"reads": "photographs"})
    assert run_alone("evaluate").splitlines()[-1].startswith("evaluate: data/photographs/test/truth.csv is missing")
