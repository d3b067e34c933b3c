"""Read one section of params.yaml into its frozen, strict model.

The model is in the room that owns the section.
"""

from collections.abc import Iterator, Mapping
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

from platefuse.core.errors import PlatefuseError, printable, shortened
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

        Clauses name parameters in full.
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
        # In a union the place of an error begins with the tag, which is no part of the parameter's name.
        start = 1 if isinstance(model, TypeAdapter) else 0
        return [
            sentence for issue in error.errors() for sentence in _sentences([section, *issue["loc"][start:]], issue)
        ]


def _sentences(place: list[int | str], issue: Any) -> list[str]:
    if issue["type"].startswith("union_tag"):
        return [_about_tag(place, issue)]
    name = printable(shortened(".".join(map(str, place))))
    what = issue["msg"].removeprefix("Value error, ").replace("Tuple", "List")
    value = list(issue["input"]) if isinstance(issue["input"], tuple) else issue["input"]
    if issue["type"] == "extra_forbidden":
        return [f"{name} = {_shown(value)}: there is no parameter of that name."]
    if issue["type"] == "missing":
        return [f"{name} is missing."]
    if issue["type"] == "value_error" and isinstance(issue["input"], dict):
        return [f"{shortened(rule, 400)}." for rule in what.splitlines()]  # rules name their parameters themselves
    hint = " (this is text: write a number without quotes, such as 0.001)" if _is_texted_number(issue) else ""
    return [f"{name} = {_shown(value)}: {what[0].lower()}{shortened(what[1:], 400)}{hint}."]


def _about_tag(place: list[int | str], issue: Any) -> str:
    tag = issue["ctx"]["discriminator"].strip("'")
    name = ".".join(map(str, [*place, tag]))
    if tag not in issue["input"]:
        return f"{name} is missing."
    *others, last = issue["ctx"]["expected_tags"].split(", ")
    return f"{name} = {_shown(issue['input'][tag])}: input should be {', '.join(others)} or {last}."


def _is_texted_number(issue: Any) -> bool:
    return issue["type"] in ("float_type", "int_type") and isinstance(issue["input"], str)


def _shown(value: Any) -> str:
    try:
        return shortened(repr(value))
    except ValueError:  # Python does not print an integer of thousands of digits
        return "a number of thousands of digits"
