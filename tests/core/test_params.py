"""Parameters: what params.yaml may say, and the sentence for everything else."""

import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import Params, check, load
from platefuse.evaluation.params import EvaluateParams
from platefuse.fusion.params import FuseParams
from platefuse.fusion.photographs.params import fuse_params_of
from platefuse.networks.classification.params import ClassifierParams
from platefuse.networks.detection.params import DetectorParams, PlateDetectorParams
from platefuse.synthesis.params import SYNTH_PARAMS
from platefuse.synthesis.scatter.dataset import BoardParams, ScatterSynthParams
from tests.helpers.params import write_changed

ROOT = Path(__file__).resolve().parents[2]
MODELS = {
    "synth": ScatterSynthParams,
    "detector": DetectorParams,
    "classifier": ClassifierParams,
    "fuse": FuseParams,
    "evaluate": EvaluateParams,
}
ALL_MODELS = MODELS | {"synth": SYNTH_PARAMS, "plate_detector": PlateDetectorParams}
FILES = [ROOT / "params.yaml", *sorted(ROOT.glob("pipelines/*/params.yaml"))]


def _load(section: str, path: Path) -> Params:
    return load(ALL_MODELS[section], section, path)


def _load_of_pipeline(section: str, path: Path) -> Params:
    """Load a section of a shipped file, in which `fuse` may be of photographs."""
    written = yaml.safe_load(path.read_text())[section]
    return load(fuse_params_of(written) if section == "fuse" else ALL_MODELS[section], section, path)


def _fields(model: type[Params], name: str) -> set[str]:
    """Full names of a model's parameters, those of the models inside it too."""
    names = set()
    for field, info in model.model_fields.items():
        inner = info.annotation
        nested = isinstance(inner, type) and issubclass(inner, Params)
        names |= _fields(inner, f"{name}.{field}") if nested else {f"{name}.{field}"}
    return names


def _keys(content: object, name: str) -> set[str]:
    if not isinstance(content, dict):
        return {name}
    return {full for key, value in content.items() for full in _keys(value, f"{name}.{key}")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_the_files_of_the_pipelines_load(path):
    for section, written in yaml.safe_load(path.read_text()).items():
        assert yaml.safe_load(_load_of_pipeline(section, path).model_dump_json()) == written


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_files_and_models_name_the_same_parameters(path):
    content = yaml.safe_load(path.read_text())
    assert content.keys() <= ALL_MODELS.keys()
    for section in content:
        assert _keys(content[section], section) == _fields(type(_load_of_pipeline(section, path)), section)


def _load_with(folder: Path, changes: dict[str, object]) -> Params:
    """Load the section of the first name from params.yaml with some values changed."""
    path = folder / "params.yaml"
    write_changed(ROOT / "params.yaml", path, changes)
    section = next(iter(changes)).split(".")[0]
    return _load(section, path)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("synth.seeds", 1, "no parameter of that name"),
        ("detector.anchors.size", [1], "no parameter of that name"),
        ("synth.seed", -1, "greater than or equal to 0"),
        ("synth.seed", 2**32, "less than or equal to 4294967295"),
        ("synth.seed", True, "integer"),
        ("synth.seed", 1.0, "integer"),
        ("synth.seed", "1", "integer"),
        ("synth.seed", None, "integer"),
        ("synth.train", 0, "greater than or equal to 1"),
        ("synth.val_share", 0.5, "less than 0.5"),
        ("synth.val_share", 0, "greater than 0"),
        ("synth.max_overlap", True, "number"),
        ("synth.max_overlap", float("nan"), "finite"),
        ("synth.max_overlap", float("inf"), "finite"),
        ("synth.characters", "mnist6k", "'mnist5k' or 'mnist'"),
        ("synth.box", "Tile", "'tile' or 'ink'"),
        ("synth.count", [1], "a list of two"),
        ("synth.count", [1, 2, 3], "a list of two"),
        ("synth.count", [], "a list of two"),
        ("synth.count", 6, "a list of two"),
        ("synth.count", "16", "a list of two"),
        ("detector.input_size", [128, 16], "a multiple of 32"),
        ("detector.anchors.sizes", 26, "a list"),
        ("detector.anchors.sizes", [26, 0, 64], "greater than 0"),
        ("detector.anchors.scales", [], "at least 1 item"),
        ("classifier.augmentation.zoom", 1, "less than 1"),
        ("detector.learning_rate", 0, "greater than 0"),
        ("detector.weights", "None", "'none' or 'imagenet'"),
        ("classifier.augmentation.rotation", 181, "less than or equal to 180"),
        ("fuse.max_characters", 0, "greater than or equal to 1"),
        ("fuse.objectness_threshold", 1, "less than 1"),
        ("fuse.min_height", -0.1, "greater than or equal to 0"),
        ("fuse.min_height", 1.5, "less than or equal to 1"),
        ("fuse.temperature", 0, "fit, or a number above 0"),
        ("fuse.temperature", "fitted", "fit, or a number above 0"),
        ("fuse.temperature", True, "fit, or a number above 0"),
        ("fuse.temperature", float("inf"), "fit, or a number above 0"),
        ("fuse.round", 1, "boolean"),
        ("fuse.round", "false", "boolean"),
        ("fuse.reading_order", "columns", "'left_to_right', 'rows' or 'score'"),
        ("evaluate.iou_threshold", 1, "less than 1"),
    ],
)
def test_a_wrong_value_is_refused_with_its_full_name_its_value_and_what_is_allowed(tmp_path, name, value, expected):
    with pytest.raises(PlatefuseError) as refused:
        _load_with(tmp_path, {name: value})
    message = str(refused.value)
    assert message.count("\n") == 0
    assert name in message
    assert expected in message
    wrong = next((item for item in value if item in (0, 16)), value) if isinstance(value, list) else value
    assert repr(wrong) in message


def test_parameters_of_the_other_layout_are_refused_as_such(tmp_path):
    with pytest.raises(PlatefuseError) as refused:
        _load_with(tmp_path, {"synth.layout": "licence"})
    said = [line.removeprefix(f"{tmp_path / 'params.yaml'}: ") for line in str(refused.value).splitlines()]
    assert "synth.licence is missing." in said
    assert "synth.height = 128: there is no parameter of that name." in said


@pytest.mark.parametrize("layout", ["grid", None, 3, True, ["scatter"], {}, ""])
def test_an_unknown_layout_is_refused_with_those_that_exist(tmp_path, layout):
    with pytest.raises(PlatefuseError) as refused:
        _load_with(tmp_path, {"synth.layout": layout, "synth.seed": -1})
    said = f"synth.layout = {layout!r}: input should be 'scatter', 'licence', 'folder' or 'scene'."
    assert str(refused.value) == f"{tmp_path / 'params.yaml'}: {said}"


def test_a_missing_layout_is_named(tmp_path):
    (tmp_path / "params.yaml").write_text("synth: {seed: 1}\n")
    with pytest.raises(PlatefuseError, match=r"params\.yaml: synth\.layout is missing\.$"):
        _load("synth", tmp_path / "params.yaml")


def _with_text(folder: Path, name: str, text: str) -> Path:
    """Write params.yaml with one number replaced by characters as someone, or DVC, would type them."""
    lines = (ROOT / "params.yaml").read_text().splitlines()
    section = lines.index(f"{name.split('.')[0]}:")
    key = f"  {name.split('.')[1]}: "
    at = next(i for i in range(section, len(lines)) if lines[i].startswith(key))
    lines[at] = key + text
    path = folder / "params.yaml"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("text", ["'1e-3'", "1e-5x", "0,001", "fast", "e-5"])
def test_a_learning_rate_that_is_text_is_refused_with_a_hint(tmp_path, text):
    path = _with_text(tmp_path, "detector.learning_rate", text)
    with pytest.raises(PlatefuseError) as refused:
        load(DetectorParams, "detector", path)
    assert f"detector.learning_rate = '{text.strip(chr(39))}'" in str(refused.value)
    assert "(this is text: write a number without quotes, such as 0.001)" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1e-05", 1e-5), ("1e-3", 1e-3), ("1E-3", 1e-3), ("1.0e-5", 1e-5), ("2.5e-07", 2.5e-7), ("1", 1.0)],
)
def test_a_number_as_dvc_writes_it_is_a_number(tmp_path, text, number):
    rate = load(DetectorParams, "detector", _with_text(tmp_path, "detector.learning_rate", text)).learning_rate
    assert rate == number
    assert isinstance(rate, float)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"synth.count": [3, 2]}, ["synth.count = [3, 2]", "first number is the least"]),
        ({"synth.size": [30, 29]}, ["synth.size = [30, 29]", "first number is the least"]),
        ({"synth.size": [24, 129]}, ["synth.size = [24, 129]", "synth.height = 128", "synth.width = 256"]),
        ({"synth.count": [1, 6], "synth.spacing": 47}, ["synth.count = [1, 6]", "synth.spacing = 47"]),
        ({"synth.size": [65, 80], "synth.count": [1, 4]}, ["synth.count = [1, 4]", "without overlapping"]),
        ({"detector.weights": "imagenet"}, ["detector.weights = 'imagenet'", "backbone slim has none"]),
        ({"fuse.formats": ["0" * 9]}, ["'000000000' (9 characters) is longer than fuse.max_characters = 8"]),
        ({"detector.anchors.levels": [4, 5]}, ["detector.anchors.levels = [4, 5]", "[3, 4, 5, 6, 7]"]),
        ({"detector.anchors.sizes": [26, 40]}, ["detector.anchors.sizes = [26.0, 40.0]", "3 numbers, one a level"]),
    ],
)
def test_values_that_do_not_go_together_are_refused(tmp_path, changes, expected):
    with pytest.raises(PlatefuseError) as refused:
        _load_with(tmp_path, changes)
    assert all(words in str(refused.value) for words in expected)


def test_values_that_just_go_together_are_taken(tmp_path):
    rows = {"synth.size": [128, 128], "synth.count": [2, 2], "synth.spacing": 128}
    assert _load_with(tmp_path, rows).spacing == 128
    overlapping = {"synth.count": [3, 3], "synth.spacing": 64, "synth.max_overlap": 0.5}
    assert _load_with(tmp_path, rows | overlapping).spacing == 64


@pytest.mark.parametrize(
    ("name", "value", "suggested"),
    [
        ("detector.batch_sise", 4, "batch_size"),
        ("detector.anchors.size", [1], "sizes"),
        ("synth.sead", 1, "seed"),
        ("fuse.scoer_threshold", 0.5, "score_threshold"),
        ("synth.layout", "licnece", "licence"),
        ("detector.backbone", "resnet5", "resnet50"),
        ("synth.box", "tiel", "tile"),
        ("fuse.xyz", 1, None),
        ("fuse.head", "xyz", None),
        ("fuse.head", 3, None),
        ("synth.3", 1, None),
    ],
)
def test_a_name_or_choice_like_a_known_one_suggests_it(tmp_path, name, value, suggested):
    with pytest.raises(PlatefuseError) as refused:
        _load_with(tmp_path, {name: value})
    [said] = [line for line in str(refused.value).splitlines() if f" {name} = " in line]
    assert said.endswith(f" (did you mean {suggested}?)." if suggested else ".")
    assert ("did you mean" in said) == bool(suggested)


_OF_FOLDER = {
    "seed": 1,
    "layout": "folder",
    "folder": "x",
    "val_share": 0.1,
    "test_share": 0.1,
    "reading_order": "rows",
}


def test_a_name_in_a_list_or_a_block_suggests_what_is_known_there():
    content = yaml.safe_load((ROOT / "pipelines/plates/params.yaml").read_text())
    content["synth"]["licence"]["face"]["shapes"][1]["chracters"] = 1
    content["synth"]["licence"]["camera"]["stem"] = 1  # which synth.fonts has
    folder = {
        **_OF_FOLDER,
        "characters": "plates",
        "crops": {"siez": 3},
        "mixed": {"share": 0.1, "scatter": {"cuont": 1}},
    }
    said = [*check(SYNTH_PARAMS, "synth", content), *check(SYNTH_PARAMS, "synth", {"synth": folder})]
    unknown = ": there is no parameter of that name"
    assert [sentence for sentence in said if unknown in sentence] == [
        f"synth.licence.face.shapes.1.chracters = 1{unknown} (did you mean characters?).",
        f"synth.licence.camera.stem = 1{unknown}.",
        f"synth.crops.siez = 3{unknown} (did you mean size?).",
        f"synth.mixed.scatter.cuont = 1{unknown} (did you mean count?).",
    ]


def test_a_rule_names_the_parameters_of_the_place_that_its_model_is_in():
    board = yaml.safe_load((ROOT / "params.yaml").read_text())["synth"]
    boards = {name: board[name] for name in BoardParams.model_fields} | {"size": [10, 300]}
    folder = {
        **_OF_FOLDER,
        "characters": "mnist",
        "mixed": {"share": 0.1, "scatter": boards},
    }
    for place, section in (("synth", board | {"size": [10, 300]}), ("synth.mixed.scatter", folder)):
        [said, *_] = check(SYNTH_PARAMS, "synth", {"synth": section})
        assert said.startswith(f"{place}.size = [10, 300]: a character of 300 pixels")
        assert f" {place}.height = " in said


def test_several_faults_are_named_at_once_a_line_each(tmp_path):
    with pytest.raises(PlatefuseError) as refused:
        _load_with(tmp_path, {"detector.epochs": 0, "detector.learning_rate": "fast", "detector.anchors.size": 1})
    lines = str(refused.value).splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"{tmp_path / 'params.yaml'}: detector.") and line.endswith(".") for line in lines)
    for name in ("detector.epochs = 0", "detector.learning_rate = 'fast'", "detector.anchors.size = 1"):
        assert sum(name in line for line in lines) == 1


@pytest.mark.parametrize(("section", "model"), MODELS.items())
def test_a_missing_parameter_is_named(tmp_path, section, model):
    content = yaml.safe_load((ROOT / "params.yaml").read_text())
    name = next(field for field, info in model.model_fields.items() if info.is_required())
    del content[section][name]
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(PlatefuseError, match=rf"{section}\.{name} is missing"):
        load(model, section, path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"synth: [1, 2", "cannot be read as YAML"),
        (b"synth:\n\tseed: 1\n", "cannot be read as YAML"),
        (b"synth:\n  seed: 2024-13-45\n", "synth.seed = 2024-13-45 is a date in YAML 1.1"),
        (b"synth: \xff\n", "cannot be read as YAML"),
        (b"", "no section 'synth'"),
        (b"- synth\n", "no section 'synth'"),
        (b"synth:\n", "no section 'synth'"),
        (b"synth: 3\n", "no section 'synth'"),
        (b"detector:\n  seed: 1\n", "no section 'synth'"),
    ],
)
def test_a_file_without_the_section_is_refused(tmp_path, content, expected):
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(PlatefuseError, match=expected) as refused:
        load(ScatterSynthParams, "synth", path)
    assert str(path) in str(refused.value)


_SCALARS = (
    st.sampled_from(["", "~", "1", "-1", "0.5", "1e-05", ".nan", "true", "text", "2024-13-45", "9" * 5000])
    | st.sampled_from(["!!int ''", "!!float ''", "!!bool maybe", "!!timestamp no", "!!binary é", "!!set {1}", "!x 1"])
    | st.sampled_from(["*a", "&a 1", "&a [*a]", "<<: 1", '"\\ud800"', '"\\0"', "'", "[", "{", "? ", "- ", "%", "@"])
    | st.text(max_size=5)
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(inner, inner), max_size=2).map(lambda p: "{" + ", ".join(f"{k}: {v}" for k, v in p) + "}")
    ),
    max_leaves=4,
)


@st.composite
def _files_nearly_right(draw):
    """params.yaml with some lines' values, or whole lines, replaced."""
    lines = (ROOT / draw(st.sampled_from(["params.yaml", "pipelines/plates/params.yaml"]))).read_text().splitlines()
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(lines) - 1))
        key, colon, _ = lines[place].partition(":")
        lines[place] = draw(st.sampled_from([f"{key}{colon} ", "", "  ", f"{key}{colon} &a "])) + draw(_VALUES)
    return "\n".join(lines).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("section", MODELS)
@given(content=_files_nearly_right() | st.binary(max_size=60))
@settings(max_examples=60)
def test_any_bytes_are_read_or_refused_in_a_short_sentence(section, content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "params.yaml")
        path.write_bytes(content)
        try:
            assert isinstance(_load(section, path), Params)
        except PlatefuseError as error:
            assert str(path) in str(error)


def test_a_missing_file_says_where_to_start_stages(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlatefuseError, match="start stages in the folder that holds it") as refused:
        load(ScatterSynthParams, "synth")
    assert str(tmp_path) in str(refused.value)


@pytest.mark.parametrize(("section", "model"), MODELS.items())
def test_loaded_parameters_cannot_be_changed(section, model):
    loaded = load(model, section, ROOT / "params.yaml")
    name = next(iter(model.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(loaded, name, getattr(loaded, name))
