"""Read one section of params.yaml into its frozen, strict model.

The model is in the room that owns the section.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from platefuse.core.errors import PlatefuseError, did_you_mean, printable, shortened
from platefuse.core.params_yaml import read_parameters


class Params(BaseModel):
    """Base of every room's parameters: immutable, no unknown keys, no silent conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if broken := list(self.check_rules()):
            raise ValueError("\n".join(broken))
        return self

    def check_rules(self) -> Iterator[str]:
        """Yield a clause for each rule that valid values break together.

        Within a clause `.name` is a parameter of this model: `load` puts the model's place before the dot, since a
        model may stand in several places. Parameters of other models are named in full.
        """
        yield from ()


def _as_items(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise ValueError("expected a list")
    return tuple(value)


def _as_pair(value: Any) -> Any:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("expected a list of two")
    return tuple(value)


_Item = TypeVar("_Item")
_Number = TypeVar("_Number", bound=float)
Items = Annotated[tuple[_Item, ...], BeforeValidator(_as_items)]
"""A YAML list of any length."""
Pair = Annotated[tuple[_Item, _Item], BeforeValidator(_as_pair)]
"""A YAML list of two."""

Probability = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(ge=0.1, le=10)]
"""A number to multiply with."""


def _rising(pair: tuple[_Number, _Number]) -> tuple[_Number, _Number]:
    if pair[0] > pair[1]:
        raise ValueError("expected the smaller number first")
    return pair


Range = Annotated[Pair[_Number], AfterValidator(_rising), Field(json_schema_extra={"order": "the smaller first"})]
"""Least and largest value, both included."""

_Model = TypeVar("_Model", bound=Params)
_OWN_PARAMETER = re.compile(r"(?<!\S)\.(?=[a-z])")  # the dot of `.name`
FILE = Path("params.yaml")


def load(model: type[_Model] | TypeAdapter[_Model], section: str, path: Path = FILE) -> _Model:
    """Read and check one section of a parameter file.

    Args:
        model: the room's own parameter model, or the adapter of a discriminated union of models.
        section: the name of the top-level key.
        path: the file.

    Raises:
        PlatefuseError: for an unreadable file, a missing section, or wrong values: one line for each, with
            the parameter's full name, its value and what is allowed.
    """
    checked = check(model, section, read_parameters(path))
    if isinstance(checked, list):
        raise PlatefuseError("\n".join(f"{path}: {sentence}" for sentence in checked))
    return checked


def check(model: type[_Model] | TypeAdapter[_Model], section: str, parameters: Mapping[str, Any]) -> _Model | list[str]:
    """Check one section of a file's content.

    Args:
        model, section: as for `load`.
        parameters: what `read_parameters` gave.

    Returns:
        The section as its model, or a sentence for each issue.
    """
    content = parameters.get(section)
    if not isinstance(content, dict):
        return [f"there is no section '{section}' with parameters in it."]
    try:
        if isinstance(model, TypeAdapter):
            return model.validate_python(content)
        return model.model_validate(content)
    except ValidationError as error:
        return [sentence for issue in error.errors() for sentence in _sentences(model, section, issue)]


def _sentences(model: type[Params] | TypeAdapter[Any], section: str, issue: Any) -> list[str]:
    # In a union the place of an error begins with the tag, which is no part of the parameter's name.
    tag, place = (issue["loc"][:1], issue["loc"][1:]) if isinstance(model, TypeAdapter) else ((), issue["loc"])
    full_name = ".".join(map(str, [section, *place]))
    if issue["type"].startswith("union_tag"):
        return [_about_tag(full_name, issue)]
    name = printable(shortened(full_name))
    what = issue["msg"].removeprefix("Value error, ").replace("Tuple", "List")
    value = list(issue["input"]) if isinstance(issue["input"], tuple) else issue["input"]
    if issue["type"] in ("extra_forbidden", "invalid_key"):
        beside = _names(model, [*tag, *place[:-1]])
        return [f"{name} = {_shown(value)}: there is no parameter of that name{did_you_mean(place[-1], beside)}."]
    if issue["type"] == "missing":
        return [f"{name} is missing."]
    if issue["type"] == "value_error" and isinstance(issue["input"], dict):
        return [f"{shortened(_OWN_PARAMETER.sub(f'{full_name}.', rule), 400)}." for rule in what.splitlines()]
    return [f"{name} = {_shown(value)}: {what[0].lower()}{shortened(what[1:], 400)}{_hint(issue)}."]


def _names(model: type[Params] | TypeAdapter[Any], place: Sequence[int | str]) -> list[str]:
    """List the names of the parameters at a place in a section."""
    schema = model.json_schema() if isinstance(model, TypeAdapter) else model.model_json_schema()
    found = schema
    for step in place:
        if "discriminator" in found:
            found = {"$ref": found["discriminator"]["mapping"][step]}
        else:
            found = found["items"] if isinstance(step, int) else found["properties"][step]
        for inner in (found, *found.get("anyOf", [])):
            if "$ref" in inner:
                found = schema["$defs"][inner["$ref"].split("/")[-1]]
    return list(found["properties"])


def _about_tag(section: str, issue: Any) -> str:
    tag = issue["ctx"]["discriminator"].strip("'")
    name = f"{section}.{tag}"
    if tag not in issue["input"]:
        return f"{name} is missing."
    value, tags = issue["input"][tag], issue["ctx"]["expected_tags"].split(", ")
    hint = did_you_mean(value, [expected.strip("'") for expected in tags])
    return f"{name} = {_shown(value)}: input should be {', '.join(tags[:-1])} or {tags[-1]}{hint}."


def _hint(issue: Any) -> str:
    value = issue["input"]
    if issue["type"] in ("float_type", "int_type") and isinstance(value, str):
        return " (this is text: write a number without quotes, such as 0.001)"
    if issue["type"] == "string_type" and value is not None and not isinstance(value, list | dict):
        return " (this is no text: write text in quotes)"
    if issue["type"] == "literal_error":
        return did_you_mean(value, re.findall("'(.*?)'", issue["ctx"]["expected"]))
    return ""


def _shown(value: Any) -> str:
    try:
        return shortened(repr(value))
    except ValueError:  # Python does not print an integer of thousands of digits
        return "a number of thousands of digits"
