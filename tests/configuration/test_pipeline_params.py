"""params.yaml as a whole: its sections are those of dvc.yaml, and all its issues are named at once."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from platefuse.configuration.pipeline_params import SECTIONS, PipelineParams, issues_of
from platefuse.configuration.schema import list_parameters
from platefuse.core.errors import PlatefuseError
from platefuse.core.params import load
from platefuse.core.params_yaml import read_parameters
from tests.helpers.imports import ROOT
from tests.helpers.params import write_changed

FILES = [ROOT / "params.yaml", *sorted(ROOT.glob("pipelines/*/params.yaml"))]


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_the_files_of_the_pipelines_have_no_fault(path):
    assert issues_of(path) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_each_section_is_read_by_the_stage_that_dvc_gives_it_to(path):
    stages = yaml.safe_load(path.with_name("dvc.yaml").read_text(encoding="utf-8"))["stages"]
    sections = list(read_parameters(path))
    assert sections == [name for name in SECTIONS if name in sections]
    networks = ("detector", "classifier", "plate_detector")
    assert list(stages) == [f"train_{name}" if name in networks else name for name in sections]
    assert [stage["params"][0] for stage in stages.values()] == sections


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_the_model_of_the_whole_file_has_the_sections_as_their_stages_load_them(path):
    whole = PipelineParams.model_validate(read_parameters(path))
    given = {name: section for name, section in whole if section is not None}
    models = SECTIONS | {"fuse": type(given["fuse"])}
    assert {name: load(models[name], name, path) for name in given} == given


def test_the_model_of_the_whole_file_keeps_the_rules_across_sections():
    content = read_parameters(ROOT / "params.yaml")
    content["fuse"] |= {"max_characters": 2, "detector_class_weight": 1}
    with pytest.raises(ValidationError) as refused:
        PipelineParams.model_validate(content)
    assert "synth.count = [1, 6] makes plates of 6 characters" in str(refused.value)
    assert "fuse.detector_class_weight = 1.0 asks the detector" in str(refused.value)


def test_faults_of_all_sections_are_named_at_once(tmp_path):
    changes = {
        "synth.count": [6, 1],
        "synth.size": [24, 200],  # two rules of one section
        "detector.epochs": 10**30,
        "detector.anchors.sizes": [26, 40],
        "classifier.widht": 8,
        "classifer": {"width": 8},
        "fuse.score_threshold": 1,
        "evaluate.iou_threshold": 1.0,
        "evaluate.pictured": 0,
    }
    write_changed(ROOT / "params.yaml", tmp_path / "params.yaml", changes)
    issues = issues_of(tmp_path / "params.yaml")
    assert [issue.split(":")[0].split(" = ")[0].strip("'") for issue in issues] == [
        "classifer",
        "synth.count",
        "synth.size",
        "detector.epochs",
        "detector.anchors.sizes",
        "classifier.widht",
        "fuse.score_threshold",
        "evaluate.iou_threshold",
        "evaluate.pictured",
    ]
    assert all(issue.endswith(".") for issue in issues)


def test_what_is_missing_is_named_and_the_rest_is_checked(tmp_path):
    content = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    content |= {"fuse": None, "evaluate": ["iou_threshold"]}
    del content["synth"]
    content["detector"]["input_size"] = [128, 250]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    missing = {name: f"there is no section '{name}' with parameters in it." for name in ("synth", "fuse", "evaluate")}
    wrong = "detector.input_size.1 = 250: input should be a multiple of 32."
    assert issues_of(tmp_path / "params.yaml") == [missing["synth"], wrong, missing["fuse"], missing["evaluate"]]


def test_a_pipeline_of_photographs_has_a_plate_detector_in_place_of_the_other_networks(tmp_path):
    content = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "params.yaml"
    content["plate_detector"] = content.pop("detector")
    del content["classifier"]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert issues_of(path) == []
    assert PipelineParams.model_validate(read_parameters(path)).detector is None
    content["plate_detector"]["weights"] = "imagenet"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert [issue.split(" = ")[0] for issue in issues_of(path)] == ["plate_detector.weights"]
    del content["plate_detector"]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    missing = [f"there is no section '{name}' with parameters in it" for name in ("detector", "classifier")]
    assert issues_of(path) == [f"{sentence}." for sentence in missing]
    with pytest.raises(ValidationError) as refused:
        PipelineParams.model_validate(read_parameters(path))
    assert all(sentence in str(refused.value) for sentence in missing)


def test_rules_between_sections_wait_until_both_are_right(tmp_path):
    changes = {"fuse.max_characters": 2, "fuse.detector_class_weight": 1, "synth.seed": -1}
    write_changed(ROOT / "params.yaml", tmp_path / "params.yaml", changes)
    issues = issues_of(tmp_path / "params.yaml")
    assert [issue.split(" ")[0] for issue in issues] == ["synth.seed", "fuse.detector_class_weight"]


def test_a_stage_by_itself_checks_its_own_section_only(tmp_path):
    changes = {"fuse.max_characters": 2, "evaluate.pictured": 0, "other": 1}
    write_changed(ROOT / "params.yaml", tmp_path / "params.yaml", changes)
    path = tmp_path / "params.yaml"
    for name in ("synth", "detector", "classifier", "fuse"):
        load(SECTIONS[name], name, path)
    said = [issue.split(" = ")[0] for issue in issues_of(path)]
    assert said == ["'other': there is no section of that name.", "evaluate.pictured", "synth.count"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fuse.formats", ["L" * 100_000]),
        ("fuse.formats", ["x" * 100_000]),
        ("fuse.formats", [f"L{'0' * (i % 90)}?{i}" for i in range(3_000)]),
        ("fuse.max_characters", "9" * 100_000),
        ("fuse.max_characters", [[[[1] * 1000] * 5]]),
        ("fuse.max_characters", {"a": {"b": "c" * 100_000}}),
        ("fuse." + "k" * 100_000, 1),
        ("fuse.\x1b[31mred\n", 1),
        ("fuse.head", "\x1b[31mred\nand more"),
        ("detector.anchors.levels", [3] * 20_000),
        ("detector.anchors.sizes", [40] * 20_000),
        ("detector.anchors.ratios", [1e308]),
        ("detector.anchors.scales", [1.0] * 20_000),
        ("synth.layout", "l" * 100_000),
        ("s" * 100_000, 1),
        ("synth.seed", 10**39),
        ("synth.seed", -(10**38)),
        ("synth.spacing", 10**38),
        ("detector.learning_rate", 10**38),
        ("detector.steps", 10**38),
    ],
)
def test_whatever_the_value_a_fault_is_one_short_printable_line(tmp_path, name, value):
    content = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    *parents, last = name.split(".")
    place = content
    for parent in parents:
        place = place[parent]
    place[last] = value
    (tmp_path / "params.yaml").write_text(yaml.dump(content, Dumper=_NoAliases), encoding="utf-8")
    issues = issues_of(tmp_path / "params.yaml")
    assert issues
    assert all(issue.isprintable() and len(issue) < 600 for issue in issues)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(), st.text(max_size=9)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)
NAMES = sorted(parameter.name for parameter in list_parameters() if "*" not in parameter.name)


@given(st.sampled_from(FILES), st.lists(st.tuples(st.sampled_from(NAMES), VALUES), min_size=1, max_size=4))
def test_no_values_make_the_check_fail_itself(tmp_path_factory, source, changes):
    content = yaml.safe_load(source.read_text(encoding="utf-8"))
    for name, value in changes:
        *parents, last = name.split(".")
        place = content
        for parent in parents:
            place = place.get(parent, {}) if isinstance(place, dict) else {}
        if isinstance(place, dict):
            place[last] = value
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(yaml.dump(content, Dumper=_NoAliases), encoding="utf-8")
    try:
        assert all(issue.isprintable() for issue in issues_of(path))
    except PlatefuseError as error:  # such as a character that YAML does not have
        assert str(error).isprintable()


def test_a_file_that_cannot_be_read_is_one_error(tmp_path):
    with pytest.raises(PlatefuseError, match=r"params.yaml is not in .*: start stages in the folder that holds it\.$"):
        issues_of(tmp_path / "params.yaml")
