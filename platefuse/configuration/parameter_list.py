"""Lists every parameter as the models themselves describe it: what it may be, and what it does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from platefuse.configuration.pipeline_params import SECTIONS

# JSON Schema's words for a range; Pydantic's own where a validator stands before the type.
_BOUNDS = {
    "at least": ("minimum", "ge"),
    "above": ("exclusiveMinimum", "gt"),
    "at most": ("maximum", "le"),
    "below": ("exclusiveMaximum", "lt"),
}
_TYPES = {"integer": "a whole number", "number": "a number", "string": "a text", "boolean": "true or false"}


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        name: in full; a `*` in it stands for every place in a list.
        stage: which reads it.
        condition: when there is such a parameter, as `synth.layout = scatter`; "" for always.
        kind: type and range, or the choices, in words.
        explanation: one line.
        value: what the parameter file says, for a name with `*` of each place; None if it does not say.
        default: what it is if left out; None if it must be given.
    """

    name: str
    stage: str
    condition: str
    kind: str
    explanation: str
    value: Any
    default: Any


def list_parameters(parameters: Mapping[str, Any]) -> list[Parameter]:
    """List all parameters in the order of the models, with the values of what `read_parameters` read."""
    found = []
    for section in SECTIONS:
        chosen = _value(parameters, [section.name, section.choice])
        for choice, model in section.models.items():
            condition = f"{section.name}.{section.choice} = {choice}" if section.choice else ""
            values = parameters if not section.choice or chosen == choice else {}
            schema = model.model_json_schema()
            for name, field in _fields(section.name, schema, schema.get("$defs", {})):
                found.append(
                    Parameter(
                        name,
                        section.stage,
                        condition,
                        _kind(field),
                        field.get("description", ""),
                        _value(values, name.split(".")),
                        field.get("default"),
                    )
                )
    return found


def _fields(name: str, schema: dict[str, Any], inner: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Full names of a model's parameters and the schema of each, those of the models inside it too."""
    for key, field in schema["properties"].items():
        full, items = f"{name}.{key}", field.get("items", {})
        field = next((kind for kind in field.get("anyOf", []) if "$ref" in kind), field)  # a model, or null
        if "$ref" in field:
            yield from _fields(full, inner[field["$ref"].split("/")[-1]], inner)
        else:
            yield full, field
        if "$ref" in items:
            yield from _fields(f"{full}.*", inner[items["$ref"].split("/")[-1]], inner)


def _kind(field: dict[str, Any]) -> str:
    """Type and range, or the choices, in words."""
    if "const" in field:
        return str(field["const"])
    if "enum" in field:
        *others, last = field["enum"]
        return f"{', '.join(others)} or {last}"
    if "prefixItems" in field:
        order = f", {field['order']}" if "order" in field else ""
        return f"a list of two, each {_kind(field['prefixItems'][0])}{order}"
    if "items" in field:
        each = "each with the parameters below" if "$ref" in field["items"] else f"each {_kind(field['items'])}"
        least, most = field.get("minItems"), field.get("maxItems")
        length = f" of {least} to {most}" if most else f" of at least {least}" if least else ""
        return f"a list{length}, {each}"
    bounds = {word: field[key] for word, keys in _BOUNDS.items() for key in keys if key in field}
    if bounds.keys() == {"at least", "at most"}:
        return f"{_TYPES[field['type']]} from {bounds['at least']:,} to {bounds['at most']:,}"
    limits = " and ".join(f"{word} {bound:,}" for word, bound in bounds.items())
    return f"{_TYPES[field['type']]} {limits}".strip()


def _value(content: Any, path: list[str]) -> Any:
    """What stands in a file's content at a path of keys, `*` being every place in a list; None if nothing does."""
    if not path:
        return content
    if path[0] == "*":
        return [_value(item, path[1:]) for item in content] if isinstance(content, list) else None
    return _value(content[path[0]], path[1:]) if isinstance(content, dict) and path[0] in content else None
