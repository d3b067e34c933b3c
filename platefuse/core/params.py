"""Reads one section of params.yaml into the frozen, strict model of the room that owns it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from platefuse.core.errors import PlatefuseError, printable, shortened
from platefuse.core.params_yaml import read_parameters


class Params(BaseModel):
    """Base of every room's parameters: immutable, no unknown keys, no silent conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="after")
    def _keep_together(self) -> Self:
        if broken := list(self.check_rules()):
            raise ValueError("\n".join(broken))
        return self

    def check_rules(self) -> Iterator[str]:
        """Yield what is wrong with values that are right one by one: clauses that name the parameters themselves."""
        yield from ()


def _as_number(value: Any) -> Any:
    """Give back as a float what DVC writes for one.

    `dvc exp run -S detector.learning_rate=1e-5` writes `1e-05`: a float by YAML 1.2, text to PyYAML, which
    follows YAML 1.1 and wants a decimal point. Only that exact spelling is taken; any other text stays text
    and is refused, as a typing mistake should be.
    """
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value
        return number if repr(number) == value else value
    return value


Real = Annotated[float, BeforeValidator(_as_number)]
"""A float in params.yaml, with or without a decimal point."""


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

Probability = Annotated[Real, Field(ge=0, le=1)]
Factor = Annotated[Real, Field(ge=0.1, le=10)]
"""A number to multiply with."""


def _rising(pair: tuple[_Number, _Number]) -> tuple[_Number, _Number]:
    if pair[0] > pair[1]:
        raise ValueError("expected the smaller number first")
    return pair


Range = Annotated[Pair[_Number], AfterValidator(_rising), Field(json_schema_extra={"order": "the smaller first"})]
"""Least and largest value, both included."""

_Model = TypeVar("_Model", bound=Params)
FILE = Path("params.yaml")


def load(model: type[_Model], section: str, path: Path = FILE) -> _Model:
    """Read and check one section of a parameter file.

    Args:
        model: the room's own parameter model.
        section: the name of the top-level key.
        path: the file; params.yaml of the working folder unless told otherwise.

    Raises:
        PlatefuseError: for an unreadable file, a missing section, or wrong values: one line for each, with
            the parameter's full name, its value and what is allowed.
    """
    return _right_or_raise(check(model, section, read_parameters(path)), path)


def load_choice(models: Mapping[str, type[Params]], choice: str, section: str, path: Path = FILE) -> Params:
    """Read and check a section whose parameters depend on one of them.

    Args:
        models: the parameter model for each value of `choice`.
        choice: the name of the parameter that decides.
        section: the name of the top-level key.
        path: the file.

    Raises:
        PlatefuseError: as `load`, and for a choice that has no model.
    """
    return _right_or_raise(check_choice(models, choice, section, read_parameters(path)), path)


def check(model: type[_Model], section: str, parameters: Mapping[str, Any]) -> _Model | list[str]:
    """Give a section of what `read_parameters` read as its model, or a sentence for each of its issues."""
    content = parameters.get(section)
    if not isinstance(content, dict):
        return [f"there is no section '{section}' with parameters in it."]
    try:
        return model.model_validate(content)
    except ValidationError as error:
        return [sentence for issue in error.errors() for sentence in _sentences(section, issue)]


def check_choice(
    models: Mapping[str, type[Params]], choice: str, section: str, parameters: Mapping[str, Any]
) -> Params | list[str]:
    """Do as `check` for a section whose parameters depend on one of them, as `load_choice` does for `load`."""
    content = parameters.get(section)
    chosen = content.get(choice) if isinstance(content, dict) else next(iter(models))
    if not isinstance(chosen, str) or chosen not in models:
        return [f"{section}.{choice} = {shortened(repr(chosen))}: expected {' or '.join(models)}."]
    return check(models[chosen], section, parameters)


def _right_or_raise(checked: _Model | list[str], path: Path) -> _Model:
    if isinstance(checked, list):
        raise PlatefuseError("\n".join(f"{path}: {sentence}" for sentence in checked))
    return checked


def _sentences(section: str, issue: Any) -> list[str]:
    name = printable(shortened(".".join([section, *map(str, issue["loc"])])))
    what = issue["msg"].removeprefix("Value error, ").replace("Tuple", "List")
    value = list(issue["input"]) if isinstance(issue["input"], tuple) else issue["input"]
    if issue["type"] == "extra_forbidden":
        return [f"{name} = {shortened(repr(value))}: there is no parameter of that name."]
    if issue["type"] == "missing":
        return [f"{name} is missing."]
    if issue["type"] == "value_error" and isinstance(issue["input"], dict):
        return [f"{shortened(rule, 400)}." for rule in what.splitlines()]  # rules across fields name them themselves
    hint = " (to YAML this is text: write numbers plainly, 0.001 or 1.0e-5)" if _is_texted_number(issue) else ""
    return [f"{name} = {shortened(repr(value))}: {what[0].lower()}{shortened(what[1:], 400)}{hint}."]


def _is_texted_number(issue: Any) -> bool:
    return issue["type"] in ("float_type", "int_type") and isinstance(issue["input"], str)
