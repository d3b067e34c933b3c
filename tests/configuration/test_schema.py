"""The JSON schema and docs/parameters.md: committed as generated, and true to the files of the pipelines."""

import json
import re
from typing import Any

import pytest
import yaml

from platefuse.configuration.pipeline_params import SECTIONS
from platefuse.configuration.schema import list_parameters, markdown, schema_text
from tests.helpers.imports import ROOT

FILES = [ROOT / "params.yaml", *sorted(ROOT.glob("pipelines/*/params.yaml"))]
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
SCHEMA = json.loads(schema_text())


@pytest.mark.parametrize(("file", "generated"), [("params.schema.json", schema_text), ("docs/parameters.md", markdown)])
def test_the_committed_file_is_the_generated_one(file, generated):
    assert (ROOT / file).read_text(encoding="utf-8") == generated(), f"`make parameters` writes {file}"


@each_file
def test_the_first_line_names_the_schema(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    reference = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / reference).resolve() == ROOT / "params.schema.json"


def _errors(value: Any, schema: dict[str, Any], name: str = "") -> list[str]:
    """Validate as an editor does, by the keywords that our schema uses; give the names of wrong values."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].split("/")[-1]]
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema:
            tried = [_errors(value, choice, name) for choice in schema[keyword]]
            return [] if tried.count([]) == 1 else min(tried, key=len)
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    right = {
        "type": lambda kind: (
            is_number and (kind == "number" or value == int(value))
            if kind in ("number", "integer")
            else isinstance(value, types[kind])
        ),
        "const": lambda one: value == one,
        "enum": lambda some: value in some,
        "minimum": lambda least: value >= least,
        "maximum": lambda most: value <= most,
        "exclusiveMinimum": lambda least: value > least,
        "exclusiveMaximum": lambda most: value < most,
        "multipleOf": lambda unit: value % unit == 0,
        "minItems": lambda least: len(value) >= least,
        "maxItems": lambda most: len(value) <= most,
        "minLength": lambda least: len(value) >= least,
        "required": lambda names: set(names) <= value.keys(),
    }
    assert schema.keys() - right.keys() <= {
        *("title", "description", "default", "order", "$schema", "$defs"),  # say, and do not check
        *("properties", "additionalProperties", "items", "prefixItems", "discriminator"),
    }
    if any(keyword in schema and not check(schema[keyword]) for keyword, check in right.items()):
        return [name]
    if isinstance(value, dict):
        unknown = [f"{name}.{key}" for key in value.keys() - schema["properties"].keys()]
        assert schema["additionalProperties"] is False
        known = [key for key in value if key in schema["properties"]]
        return unknown + [e for key in known for e in _errors(value[key], schema["properties"][key], f"{name}.{key}")]
    if isinstance(value, list):
        items = schema.get("prefixItems", [schema.get("items")] * len(value))
        return [e for i in range(len(value)) for e in _errors(value[i], items[i], f"{name}.{i}")]
    return []


@each_file
def test_the_schema_accepts_the_files_of_the_pipelines(path):
    assert _errors(yaml.safe_load(path.read_text(encoding="utf-8")), SCHEMA) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("synth.box", "oval"),
        ("synth.sed", 1),
        ("synth.val_share", 0.5),
        ("detector.epochs", 1.5),
        ("detector.input_size", [128]),
        ("detector.input_size.1", 250),
        ("detector.anchors.ratios", []),
        ("detector.learning_rate", "1e-3"),
        ("fuse.round", 1),
        ("evaluate.pictured", 0),
        ("fuze", {}),
    ],
)
def test_the_schema_refuses_what_is_wrong(name, value):
    content = place = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    *parents, last = (int(part) if part.isdecimal() else part for part in name.split("."))
    for parent in parents:
        place = place[parent]
    place[last] = value
    assert _errors(content, SCHEMA) == [f".{name}"]


def test_every_parameter_is_described():
    parameters = list_parameters()
    assert {parameter.name.split(".")[0] for parameter in parameters} == SECTIONS.keys()
    for parameter in parameters:
        assert re.fullmatch(r"[A-Za-z].*\.", parameter.meaning), parameter.name
        assert parameter.kind, parameter.name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("synth.seed", "a whole number from 0 to 4,294,967,295"),
        ("synth.val_share", "a number above 0 and below 0.5"),
        ("synth.count", "a list of two, each a whole number from 0 to 100"),
        ("synth.box", "tile or ink"),
        ("synth.licence.number.gap", "a list of two, each a number from 0 to 2, the smaller first"),
        ("synth.licence.face.shapes", "a list of at least 1, each with the parameters below"),
        ("synth.licence.face.shapes.*.aspect", "a list of two, each a number from 1 to 10, the smaller first"),
        ("synth.fonts.folders", "a list, each a text"),
        ("synth.fonts.alphabet", "a text"),
        ("detector.input_size", "a list of two, each a whole number from 32 to 4,096 and a multiple of 32"),
        ("detector.anchors.ratios", "a list of 1 to 20, each a number above 0 and at most 10,000"),
        ("detector.backbone", "slim, resnet50, resnet101, vgg16 or mobilenet"),
        ("fuse.round", "true or false"),
        ("fuse.nms_threshold", "a number above 0 and at most 1"),
        ("fuse.temperature", "fit or a number above 0"),
        ("synth.scene.backgrounds", "a text"),
    ],
)
def test_type_and_range_are_those_of_the_model(name, kind):
    assert {parameter.kind for parameter in list_parameters() if parameter.name == name} == {kind}


def test_what_may_be_left_out_says_its_default():
    defaults = {p.name: p.default for p in list_parameters() if p.default is not None}
    light = {
        f"{section}.augmentation.{name}"
        for section in ("detector", "classifier", "plate_detector")
        for name in ("brightness", "contrast")
    }
    others = {
        f"{section}.augmentation.{name}" for section in ("detector", "plate_detector") for name in ("colour", "gray")
    }
    fonts = {
        f"{section}.fonts.{name}": default
        for section in ("synth", "synth.mixed.licence")
        for name, default in (("stem", [0.0, 1.0]), ("small_print", []))
    }
    plates = {"regression_loss": "smooth_l1", "head_normalisation": "none", "best_overlap": 0.5}
    of_plates = {f"plate_detector.{name}": default for name, default in plates.items()}
    assert defaults == dict.fromkeys(light | others, 0.0) | fonts | of_plates


def test_the_page_has_every_parameter_and_no_dead_link():
    page = markdown()
    headings = re.findall(r"^#+ (\S+)", page, flags=re.MULTILINE)
    rows = re.findall(r"^\| `(\w+)` \| .* \|.*\| (.+) \|$", page, flags=re.MULTILINE)
    assert {name for name, _ in rows} >= {parameter.name.split(".")[-1] for parameter in list_parameters()}
    assert all(meaning.endswith(".") for _, meaning in rows)
    slugs = {re.sub(r"[^a-z0-9_-]", "", heading.lower()) for heading in headings}
    assert set(re.findall(r"\]\(#(.*?)\)", page)) <= slugs
