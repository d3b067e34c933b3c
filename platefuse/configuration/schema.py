"""JSON schema of the parameters.

Editors, docs/parameters.md and the command line use it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from platefuse.configuration.pipeline_params import PipelineParams

Schema = dict[str, Any]
_BOUNDS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
_TYPES = {"integer": "a whole number", "number": "a number", "string": "a text", "boolean": "true or false"}
_CONDITIONS = {"FuseParams": "no fuse.reader", "PhotographFuseParams": "fuse.reader"}
_INTRODUCTION = """\
# Parameters

One section of params.yaml belongs to each stage: `detector` to train_detector, `classifier` to train_classifier,
`plate_detector` to train_plate_detector, and the others to the stage of the same name. A pipeline of plates has
`detector` and `classifier`, a pipeline of photographs `plate_detector`. A parameter without a default must be given.
`platefuse params` prints this page beside your values, and `platefuse params --check` checks a whole file. An editor
with a YAML language server completes, explains and checks params.yaml by [params.schema.json](../params.schema.json).

`make parameters` writes this page and the schema from the parameter classes.
"""


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        name: the full name; a `*` stands for every place in a list.
        condition: where the parameter exists, such as `synth.layout = scatter`, `fuse.reader` or `no fuse.reader`; ""
            for everywhere.
        kind: type and range, or the choices, in words.
        meaning: a sentence or two.
        default: the value if the parameter is left out; None if it must be given.
    """

    name: str
    condition: str
    kind: str
    meaning: str
    default: Any


def schema_text() -> str:
    """Format params.schema.json."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(dialect | PipelineParams.model_json_schema(), indent=1) + "\n"


def list_parameters() -> list[Parameter]:
    """List every parameter, by layout those of section `synth`."""
    return [
        Parameter(f"{name}.{key}", condition, _kind(field), field["description"], field.get("default"))
        for name, condition, model in _models()
        for key, field in model["properties"].items()
        if not _reference(field) or "items" in field
    ]


def markdown() -> str:
    """Format docs/parameters.md.

    Each section has a table. Each block of parameters has one where it first occurs.
    """
    headings: dict[str, str] = {}
    models: dict[str, Schema] = {}
    for name, condition, model in _models():
        layout = f" with {condition}" if condition and "." not in name else ""
        headings.setdefault(model["title"], f"{'###' if '.' in name else '##'} {name}{layout}")
        models.setdefault(model["title"], model)
    parts = [_INTRODUCTION]
    for title, model in models.items():
        parts.append(f"{headings[title]}\n\n{model['description']}\n")
        parts.append("| name | value | default | meaning |\n| --- | --- | --- | --- |")
        for key, field in model["properties"].items():
            kind, meaning = _kind(field), field.get("description")
            if inner := _reference(field):
                kind, meaning = _link(headings[inner]), meaning or models[inner]["description"]
            default = "" if key in model.get("required", ()) else f"`{json.dumps(field['default'])}`"
            parts.append(f"| `{key}` | {kind} | {default} | {meaning} |")
        parts.append("")
    return "\n".join(parts)


def _link(heading: str) -> str:
    text = heading.lstrip("# ")
    return f"[{text}](#{re.sub(r'[^a-z0-9_ -]', '', text.lower()).replace(' ', '-')})"


def _models() -> Iterator[tuple[str, str, Schema]]:
    """Yield name, condition and schema of each section and its blocks.

    The name is the full name. A block is a group of parameters within a section.
    """
    schema = PipelineParams.model_json_schema()
    for section, field in schema["properties"].items():
        choices = field.get("oneOf") or [choice for choice in field.get("anyOf", [field]) if _reference(choice)]
        for choice in choices:
            model, condition = schema["$defs"][_reference(choice)], ""
            if "discriminator" in field:
                tag = field["discriminator"]["propertyName"]
                condition = f"{section}.{tag} = {model['properties'][tag]['const']}"
            elif len(choices) > 1:
                condition = _CONDITIONS[model["title"]]
            yield from _blocks(section, condition, model, schema["$defs"])


def _blocks(name: str, condition: str, model: Schema, models: dict[str, Schema]) -> Iterator[tuple[str, str, Schema]]:
    yield name, condition, model
    for key, field in model["properties"].items():
        if inner := _reference(field):
            yield from _blocks(f"{name}.{key}{'.*' if 'items' in field else ''}", condition, models[inner], models)


def _reference(field: Schema) -> str:
    """Title of the model in a field; "" if there is none.

    The model may stand alone, in a list, or as an alternative to null.
    """
    candidates = [field, field.get("items", {}), *field.get("anyOf", [])]
    return next((candidate["$ref"].split("/")[-1] for candidate in candidates if "$ref" in candidate), "")


def _kind(field: Schema) -> str:
    """Put type and range, or the choices, into words."""
    if "const" in field:
        return str(field["const"])
    if "enum" in field:
        return f"{', '.join(field['enum'][:-1])} or {field['enum'][-1]}"
    if "prefixItems" in field:
        order = f", {field['order']}" if "order" in field else ""
        return f"a list of two, each {_kind(field['prefixItems'][0])}{order}"
    if "items" in field:
        least, most = field.get("minItems"), field.get("maxItems")
        length = f" of {least} to {most}" if most else f" of at least {least}" if least else ""
        return f"a list{length}, each {_kind(field['items'])}"
    choices = [choice for choice in field.get("anyOf", ()) if "$ref" not in choice and choice.get("type") != "null"]
    if choices:
        return " or ".join(map(_kind, choices))
    if "type" not in field:
        return "with the parameters below"
    bounds = [f"{words} {field[bound]:,}" for bound, words in _BOUNDS.items() if bound in field]
    if {"minimum", "maximum"} <= field.keys():
        bounds = [f"from {field['minimum']:,} to {field['maximum']:,}"]
    multiple = [f"a multiple of {field['multipleOf']}"] if "multipleOf" in field else []
    return f"{_TYPES[field['type']]} {' and '.join(bounds + multiple)}".strip()
